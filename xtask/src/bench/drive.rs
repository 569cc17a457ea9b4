//! Drives one function as Lambda would, with ordinary orders, and measures it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reseller_hooks::order::StorefrontKind;
use serde_json::{Value, json};

use super::aws::Aws;
use super::figures::Figures;
use super::tls::Tls;
use super::{instructions, process};
use crate::demo::deliver;
use crate::demo::sandbox::Sandbox;
use crate::failure::{Context, Failure};
use crate::processes::Processes;
use crate::runtime_api::Lambda;
use crate::storm::bodies::Bodies;
use crate::storm::measure::percentile;
use crate::storm::shop::{Life, Order, Sku, Told};
use crate::workspace;

mod counted;

/// A function's limit; nothing is measured against it.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How long a start may take, also under callgrind.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a start is measured.
const STARTS: usize = 9;
/// The `webhook` that makes events for the workers.
const DOOR: &str = "door";

/// What is sold in a measurement: a plan with a voucher, by a catalog of its own, so that the figures do not change with
/// the sample.
const CATALOG: &str = r#"[defaults]
not_before = "2026-01-01T00:00:00Z"
country = "US"
account_fields = ["wix_account_id"]
site_fields = ["wix_site_id"]
external_id_fields = ["wix_external_id"]

[[product]]
sku = "PREMIUM-1Y"
catalog_product_id = "00ba7923-2655-402a-852d-2b2100568bcf"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }

[product.voucher]
catalog_product_id = "040639ae-277e-4a73-a4d2-1b6801b92f45"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
"#;

/// What stands around the functions of one build.
pub(super) struct Bench {
    processes: Processes,
    folder: PathBuf,
    programs: PathBuf,
    sandbox: Sandbox,
    aws: Aws,
    /// Where the functions find AWS and Wix.
    addresses: [String; 2],
    over_tls: Option<[Tls; 2]>,
    lambda: Arc<Lambda>,
    bodies: Bodies,
    orders: u64,
    runs: usize,
}

/// A started function.
struct Running {
    /// The name by which it asks for work: each process has its own.
    name: String,
    id: u32,
    started_in: Duration,
}

impl Bench {
    /// Over TLS, or plain.
    pub(super) async fn set(name: &str, programs: &Path, over_tls: bool) -> Result<Self, Failure> {
        let folder = workspace::scratch()?.join(name);
        drop(fs::remove_dir_all(&folder));
        let mut processes = Processes::new(&folder)?;
        fs::write(folder.join("catalog.toml"), CATALOG).could_not("write the catalog")?;
        let options = ["--rate-limit", "100000", "--accept-any-product"].map(str::to_owned);
        let binaries = workspace::binaries()?;
        let sandbox = crate::demo::stage::start_sandbox(&mut processes, &binaries, &options).await?;
        let all = deliver::secret()?;
        let secret = json!({
            "wix": all.get("wix"),
            "storefronts": { "shopify": all.pointer("/storefronts/shopify") },
        });
        let aws = Aws::start(&secret).await?;
        let plain = [format!("http://127.0.0.1:{}", aws.port), sandbox.address().to_owned()];
        let over_tls = if over_tls {
            let [aws, wix] = plain
                .each_ref()
                .map(|address| Tls::before(address.replace("http://", "")));
            Some([aws.await?, wix.await?])
        } else {
            None
        };
        Ok(Self {
            processes,
            folder,
            programs: programs.to_path_buf(),
            sandbox,
            aws,
            addresses: over_tls.as_ref().map_or(plain, |tls| tls.each_ref().map(Tls::address)),
            over_tls,
            lambda: Arc::new(Lambda::start().await?),
            bodies: Bodies::read(all)?,
            orders: 0,
            runs: 0,
        })
    }

    /// Measures `webhook`, then `order-paid` with what `webhook` sent.
    pub(super) async fn figures(&mut self, events: usize) -> Result<Vec<Figures>, Failure> {
        let mut figures = Vec::new();
        for function in super::FUNCTIONS {
            figures.push(self.measure(function, events).await?);
        }
        Ok(figures)
    }

    async fn measure(&mut self, function: &'static str, events: usize) -> Result<Figures, Failure> {
        let mut starts = Vec::new();
        let mut firsts = Vec::new();
        let mut running = None;
        for _ in 0..STARTS {
            if let Some(last) = running.take() {
                self.stop(&last)?;
            }
            let event = self.event(function).await?;
            let started = self.start(function, None).await?;
            starts.push(started.started_in);
            firsts.push(self.invoke(&started, &event).await?);
            running = Some(started);
        }
        let Some(warm) = running else {
            return Err(Failure::new("nothing was started"));
        };
        let mut all = Vec::new();
        for _ in 0..events {
            all.push(self.event(function).await?);
        }
        self.aws.take_asked();
        let calls = self.sandbox.all_calls().await?;
        let opened = self.opened();
        let cpu = process::cpu(warm.id)?;
        let mut times = Vec::new();
        for event in &all {
            times.push(self.invoke(&warm, event).await?);
        }
        let count = u32::try_from(events).unwrap_or(u32::MAX).max(1);
        let cpu = (process::cpu(warm.id)? - cpu) / count;
        let opened = self.opened() - opened;
        let asked = self.aws.take_asked();
        let calls = self.sandbox.all_calls().await? - calls;
        let peak = process::peak(warm.id).unwrap_or_default();
        self.stop(&warm)?;
        let per_event = |operations: &[&str]| {
            let asked: u64 = operations.iter().filter_map(|name| asked.get(*name)).sum();
            super::figures::hundredths(asked, u64::from(count))
        };
        let (to_first_request, instructions) = if instructions::can_be_counted() {
            self.instructions(function).await?
        } else {
            (None, None)
        };
        Ok(Figures {
            function: if self.over_tls.is_some() {
                super::figures::over_tls(function)
            } else {
                function.to_owned()
            },
            start_us: micros(percentile(&mut starts, 50)),
            first_answer_us: micros(percentile(&mut firsts, 50)),
            warm_p50_us: micros(percentile(&mut times, 50)),
            warm_p99_us: micros(percentile(&mut times, 99)),
            cpu_us: micros(cpu),
            peak_kib: peak,
            zip_bytes: process::zipped(&self.programs.join(function))?,
            reads: per_event(&["GetItem", "Query"]),
            writes: per_event(&["PutItem", "UpdateItem"]),
            messages: per_event(&["SendMessage"]),
            wix_calls: super::figures::hundredths(calls, u64::from(count)),
            connections: opened,
            instructions_to_first_request: to_first_request,
            instructions_per_event: instructions,
        })
    }

    /// How many connections the stand-ins saw opened so far: those to AWS, and over TLS those to Wix too.
    fn opened(&self) -> u64 {
        let plain = self.aws.opened();
        self.over_tls
            .as_ref()
            .map_or(plain, |tls| tls.iter().map(Tls::opened).sum())
    }

    /// A process of the function that has asked for work.
    async fn start(&mut self, function: &str, counted: Option<&Path>) -> Result<Running, Failure> {
        self.runs += 1;
        let name = format!("{function}-{}", self.runs);
        let mut command = self.command(function, &name, counted);
        let begun = Instant::now();
        let id = self.processes.start(&name, &mut command)?;
        let asked = loop {
            if let Some(asked) = self.lambda.asked(&name) {
                break asked;
            }
            self.processes.check()?;
            if begun.elapsed() > PATIENCE {
                return Err(Failure::new(format!(
                    "{function} did not ask for work; what it said is in {}",
                    self.processes.log(&name).display()
                )));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        Ok(Running {
            name,
            id,
            started_in: asked.duration_since(begun),
        })
    }

    fn command(&self, function: &str, name: &str, counted: Option<&Path>) -> Command {
        let program = self.programs.join(function);
        let mut command = match counted {
            None => Command::new(program),
            Some(output) => {
                let [valgrind, arguments @ ..] = instructions::counted(output);
                let mut command = Command::new(valgrind);
                command.args(arguments).arg(program);
                command
            }
        };
        let queue = |name: &str| format!("https://sqs.us-east-1.amazonaws.com/000000000000/{name}");
        let [aws, wix] = &self.addresses;
        // Nothing of this process's own environment: the figures are the same on every machine.
        command
            .env_clear()
            .env(
                "AWS_LAMBDA_RUNTIME_API",
                format!("http://127.0.0.1:{}/.rt/{name}", self.lambda.port),
            )
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
            .env("AWS_SESSION_TOKEN", "session")
            .env("AWS_ENDPOINT_URL", aws)
            .env("SECRET_URL", "secretsmanager://bench")
            .env(
                "CATALOG_URL",
                format!("file://{}", self.folder.join("catalog.toml").display()),
            )
            .env("LEDGER_URL", "dynamodb://bench")
            .env("WIX_API_BASE_URL", wix)
            .env("WIX_CALLS_PER_MINUTE", "60000")
            .env("ORDER_PAID_QUEUE_URL", queue("order-paid"))
            .env("ORDER_CANCELED_QUEUE_URL", queue("order-canceled"))
            .env("TAG_EXTERNAL_ID_QUEUE_URL", queue("tag-external-id"))
            .env("PARKED_QUEUE_URL", queue("parked"));
        command
    }

    async fn invoke(&self, running: &Running, event: &Value) -> Result<Duration, Failure> {
        let answered = self.lambda.invoke(&running.name, event, TIMEOUT).await?;
        let is_fine = !answered.failed
            && answered.body.get("statusCode").is_none_or(|status| status == 200)
            && answered
                .body
                .get("batchItemFailures")
                .and_then(Value::as_array)
                .is_none_or(Vec::is_empty);
        if is_fine {
            return Ok(answered.took);
        }
        let log = self.processes.log(&running.name);
        Err(Failure::new(format!(
            "{} answered {}; what it said is in {}",
            running.name,
            answered.body,
            log.display()
        )))
    }

    /// An event of another ordinary order: for a worker it is made by `webhook` of the same build, with whatever words
    /// that has.
    async fn event(&mut self, function: &str) -> Result<Value, Failure> {
        self.orders += 1;
        let order = Order {
            number: self.orders,
            storefront: StorefrontKind::Shopify,
            sku: Sku::Plan,
            units: 1,
            on_site: true,
            life: Life::Paid,
        };
        let delivery = self.bodies.request(&order, Told::Paid)?;
        if function == "webhook" {
            return Ok(delivery);
        }
        if !self.processes.is_running(DOOR) {
            let mut command = self.command("webhook", DOOR, None);
            self.processes.start(DOOR, &mut command)?;
        }
        self.aws.take_sent();
        self.lambda.invoke(DOOR, &delivery, TIMEOUT).await?;
        let sent = self.aws.take_sent();
        let [message] = sent.as_slice() else {
            return Err(Failure::new(format!(
                "webhook sent {} messages for one order",
                sent.len()
            )));
        };
        Ok(json!({ "Records": [{
            "messageId": format!("message-{}", self.orders),
            "receiptHandle": "receipt",
            "body": message,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1772460850000",
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{function}"),
            "awsRegion": "us-east-1",
        }] }))
    }

    /// Ends a process at once.
    fn stop(&mut self, running: &Running) -> Result<(), Failure> {
        self.processes.kill(&running.name)
    }

    /// Ends a process politely, so that callgrind writes down what it counted.
    async fn end(&mut self, running: &Running) -> Result<(), Failure> {
        self.processes.terminate(&running.name)?;
        self.processes.end_of(&running.name).await?;
        self.processes.forget(&running.name);
        Ok(())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
