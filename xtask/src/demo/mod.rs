//! `cargo xtask demo`: signed deliveries go through the real functions to a sandbox of Wix, and a table shows what became
//! of them. It checks what it shows: too many or too few packages are an error.

use std::time::{Duration, Instant};

use reseller_hooks::order::StorefrontKind;
use serde_json::{Value, json};

use reseller_hooks::time::{Clock, SystemClock};

use crate::arguments::DemoOptions;
use crate::failure::Failure;
use crate::progress::{Line, seconds};

mod chapter;
pub(crate) mod crash;
mod deadline;
pub(crate) mod deliver;
pub(crate) mod http;
mod keep;
mod lambda;
mod orders;
pub(crate) mod pump;
pub(crate) mod sandbox;
mod sells;
mod show;
pub(crate) mod stage;
mod story;
mod stripe;
pub(crate) mod table;
pub(crate) mod watch;

use chapter::{Chapter, Need, Story};
use deliver::Delivered;
use pump::Pump;
use stage::{Settings, Stage, Variable};

/// How long the queues and what is due may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(90);

/// Instead of the minutes that production waits: nobody wants to watch a minute's settle time.
pub(crate) fn short_waits() -> Vec<Variable> {
    vec![
        ("SETTLE_SECONDS", "1".to_owned()),
        ("LEASE_SKEW_SECONDS", "1".to_owned()),
        ("WIX_TIMEOUT_SECONDS", "3".to_owned()),
        ("WIX_CALLS_PER_MINUTE", "180".to_owned()),
    ]
}

pub(crate) async fn run(options: &DemoOptions) -> Result<(), Failure> {
    let started = Instant::now();
    stage::build().await?;
    let settings = Settings {
        name: "demo",
        port: options.port,
        starts_functions: true,
        sandbox: ["--rate-limit", "none", "--enable-after-ms", "200"]
            .map(str::to_owned)
            .to_vec(),
        environment: short_waits(),
    };
    let mut stage = Stage::set(&settings).await?;
    let story = story::of(options.storefront);
    // Only Shopify's story has an SKU that the catalog does not know, to be shown.
    if options.storefront != StorefrontKind::Shopify {
        stage.sells(story.sells)?;
    }
    let secret = deliver::secret()?;
    let pump = Pump::new(&stage)?;
    let mut delivered = Vec::new();
    for chapter in &story.chapters {
        delivered.extend(tell(chapter, &mut stage, &pump, &secret).await?);
    }
    let audit = if story.audit {
        Some(audit(&mut stage, &pump).await?)
    } else {
        None
    };
    show::all(&stage, &delivered, audit.as_ref()).await?;
    check(&stage, &pump, &story, audit.as_ref()).await?;
    println!(
        "Every order has exactly the packages that the catalog says ({}).",
        seconds(started.elapsed())
    );
    if options.keep {
        keep::running(&mut stage, &pump, options.storefront, &secret).await?;
    }
    Ok(())
}

/// Delivers, then works everything off.
async fn tell(chapter: &Chapter, stage: &mut Stage, pump: &Pump, secret: &Value) -> Result<Vec<Delivered>, Failure> {
    let begun = Instant::now();
    let mut line = Line::new(chapter.title);
    let mut delivered = Vec::new();
    if let Some(fault) = &chapter.fault {
        stage.sandbox.fault(fault).await?;
    }
    for delivery in &chapter.deliveries {
        line.show(begun.elapsed(), delivery.label);
        delivered.push(delivery.send(&stage.lambda, secret).await?);
    }
    line.show(begun.elapsed(), "working it off");
    let rested = come_to_rest(stage, pump).await;
    line.end(begun.elapsed(), rested.is_ok());
    rested?;
    Ok(delivered)
}

/// Pumps the queues and calls `reconcile`, as event source and schedule would, until no message is left and nothing is
/// due.
pub(crate) async fn come_to_rest(stage: &mut Stage, pump: &Pump) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        stage.processes.check()?;
        let moved = pump.round().await?;
        if moved.received > moved.failed {
            continue;
        }
        stage.lambda.invoke("reconcile", &json!({})).await?;
        let (orders, _) = orders::read(stage).await?;
        let due: Vec<&str> = orders
            .iter()
            .filter(|order| order.is_due)
            .map(|order| order.key.as_str())
            .collect();
        let left = pump.left().await?;
        if due.is_empty() && left == 0 {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new(format!(
                "after {} s there are still {left} messages in the queues, and these orders are not settled: {}. What the functions said is in {}",
                PATIENCE.as_secs(),
                if due.is_empty() {
                    "none".to_owned()
                } else {
                    due.join(", ")
                },
                stage.folder.display()
            )));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// One instance fails and a package appears that nobody here bought: the audit must find both.
async fn audit(stage: &mut Stage, pump: &Pump) -> Result<Value, Failure> {
    let begun = Instant::now();
    let line = Line::new("an instance fails at Wix, a foreign package appears, and an audit looks for both");
    let (orders, _) = orders::read(stage).await?;
    let instance = orders
        .iter()
        .flat_map(|order| &order.packages)
        .flat_map(|package| &package.instances)
        .find(|instance| instance.on_site());
    if let Some(instance) = instance {
        stage.sandbox.set_status(&instance.id, "FAILED").await?;
    }
    let foreign = json!({
        "accountId": stage::reseller_account(),
        "externalId": "bought-by-hand",
        "createdMs": 1_772_461_445_000_i64,
        "instances": [{ "catalogProductId": "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c" }],
    });
    stage.sandbox.foreign_package(&foreign).await?;
    // By itself the audit leaves alone what is younger than an hour, and nothing here is older.
    let soon = SystemClock.now() + Duration::from_secs(1);
    let outcome = stage
        .lambda
        .invoke("reconcile", &json!({ "audit": { "until": soon } }))
        .await;
    line.end(begun.elapsed(), outcome.is_ok());
    let summary = outcome?;
    come_to_rest(stage, pump).await?;
    Ok(summary)
}

/// What the table shows must be what the story says, and nothing may be there twice.
async fn check(stage: &Stage, pump: &Pump, story: &Story, audit: Option<&Value>) -> Result<(), Failure> {
    let (orders, unknown) = orders::read(stage).await?;
    let mut wrong = Vec::new();
    for end in &story.ends {
        let Some(order) = orders.iter().find(|order| order.key.ends_with(end.order)) else {
            wrong.push(format!("the order …{} is not in the ledger", end.order));
            continue;
        };
        if order.count() != end.count {
            wrong.push(format!(
                "{} ends with {:?} and not {:?}",
                order.key,
                order.count(),
                end.count
            ));
        }
        let needs_a_person = match end.needs {
            Need::Nobody => false,
            Need::Person => true,
        };
        if order.needs_a_person != needs_a_person {
            let word = if order.needs_a_person { "needs" } else { "does not need" };
            wrong.push(format!("{} {word} a person", order.key));
        }
    }
    if orders.len() != story.ends.len() {
        wrong.push(format!(
            "the ledger has {} orders and not {}",
            orders.len(),
            story.ends.len()
        ));
    }
    let foreign = usize::from(story.audit);
    if unknown.len() != foreign {
        wrong.push(format!(
            "Wix has {} packages that no order knows, and not {foreign}",
            unknown.len()
        ));
    }
    for finding in ["ended", "foreign"] {
        let found = audit.map(|summary| summary.get(finding).and_then(Value::as_u64));
        if found.is_some_and(|found| found != Some(1)) {
            wrong.push(format!("the audit found {found:?} {finding} and not 1"));
        }
    }
    for (operation, expected) in &story.calls {
        let (_, changed) = stage.sandbox.calls(operation).await?;
        if changed != *expected {
            wrong.push(format!(
                "{changed} calls of {operation} changed something, and not {expected}"
            ));
        }
    }
    let dead = pump.dead().await?;
    if dead > 0 {
        wrong.push(format!("{dead} messages were given up"));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "this is not how it must end: {}. What the functions said is in {}",
        wrong.join("; "),
        stage.folder.display()
    )))
}
