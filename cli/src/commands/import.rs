//! `import`: a shop's exported orders beside the ledger. What was missed is delivered as the storefront would deliver it,
//! signed and to its address, so that there is one way in.

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::storefront::FieldNames;
use reseller_hooks::time::{Clock as _, SystemClock};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::reading::{self, Read};
use super::{as_json, send};
use crate::arguments::Import;
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::Out;
use crate::words::{count, number};

/// How an exported order stands beside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Heard,
    Newer,
    Never,
    /// Nothing for us, such as one of which nothing was ever paid.
    NotOurs,
    NotUnderstood,
}

impl Standing {
    const ALL: [Self; 5] = [
        Self::Heard,
        Self::Newer,
        Self::Never,
        Self::NotOurs,
        Self::NotUnderstood,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Newer => "newer",
            Self::Never => "never",
            Self::NotOurs => "not_ours",
            Self::NotUnderstood => "not_understood",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Heard => "heard of",
            Self::Newer => "newer than heard: this state of it was never delivered",
            Self::Never => "never heard of",
            Self::NotOurs => "nothing for us",
            Self::NotUnderstood => "not understood: a delivery of it would be parked",
        }
    }
}

struct Exported {
    body: String,
    /// Its key, or where it stands in which file.
    name: String,
    standing: Standing,
    why: String,
    would_buy: u64,
}

pub(super) async fn run(backend: &Backend, options: &Import, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let names = reading::names(backend, None).await?;
    let mut orders = Vec::new();
    for file in &options.files {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::with(Exit::NotFound, format_args!("{}: {error}", file.display())))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| {
            Failure::new(format_args!("{} is no JSON: {error}", file.display()))
                .hint("export the orders as the storefront's API gives them, not as CSV")
        })?;
        let elements = elements(value);
        let all = elements.len();
        for (at, element) in (1..).zip(elements) {
            out.progress(format_args!("{}: order {at} of {all}", file.display()));
            let place = format!("{} #{at}", file.display());
            orders.push(compared(backend, options, &names, element, place).await?);
        }
    }
    let missed: Vec<&Exported> = orders
        .iter()
        .filter(|order| matches!(order.standing, Standing::Never | Standing::Newer))
        .collect();
    let delivered = if options.deliver && !missed.is_empty() {
        if !is_sure(options, &missed, out)? {
            return Err(Failure::with(Exit::Declined, "nothing was done"));
        }
        deliver(backend, options, &missed, out).await?
    } else {
        0
    };
    said(out, &orders, delivered)?;
    if !missed.is_empty() && !options.deliver {
        out.note("nothing was delivered: repeat it with --deliver");
    }
    Ok(Exit::Done)
}

/// One order, a list of them, or a list in `orders` or `data`.
fn elements(value: Value) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements,
        Value::Object(mut members) => {
            // A delivery of Standard Webhooks and an event of Stripe have `data`, too, and it is no list.
            for name in ["orders", "data"] {
                if let Some(Value::Array(elements)) = members.get_mut(name).map(Value::take) {
                    return elements;
                }
            }
            Vec::from([Value::Object(members)])
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Vec::from([other]),
    }
}

async fn compared(
    backend: &Backend,
    options: &Import,
    names: &FieldNames,
    element: Value,
    place: String,
) -> Result<Exported, Failure> {
    let (kind, now) = (options.whose.storefront, SystemClock.now());
    let element = match kind {
        // An order by itself, as one's own shop keeps it.
        StorefrontKind::Standard if element.get("type").is_none() => {
            json!({ "type": "order.updated", "timestamp": now, "data": element })
        }
        StorefrontKind::Shopify
        | StorefrontKind::Wix
        | StorefrontKind::Woocommerce
        | StorefrontKind::Stripe
        | StorefrontKind::Standard => element,
    };
    let mut exported = Exported {
        body: element.to_string(),
        name: place,
        standing: Standing::Heard,
        why: String::new(),
        would_buy: 0,
    };
    let shop = options.whose.shop.as_deref();
    let topic = reading::usual_topic(kind);
    let events = match reading::read(kind, shop, topic, &exported.body, names, now)? {
        Read::Events(events) => events,
        Read::Nothing(why) => return Ok(exported.is(Standing::NotOurs, why)),
        Read::NotUnderstood(why) => return Ok(exported.is(Standing::NotUnderstood, why)),
    };
    if let Some(first) = events.first() {
        exported.name = first.key.to_string();
    }
    let mut keys: Vec<_> = events.iter().map(|event| event.key.clone()).collect();
    keys.dedup();
    for key in keys {
        let of_it: Vec<_> = events.iter().filter(|event| event.key == key).cloned().collect();
        let wanted = json!({ "plan": { "events": reading::as_values(&of_it)? } });
        let planned = backend.ask(&wanted).await?;
        let is = |name: &str| planned.get(name) == Some(&Value::Bool(true));
        match (is("is_known"), is("is_news")) {
            (false, _) => exported.standing = Standing::Never,
            (true, true) if exported.standing == Standing::Heard => exported.standing = Standing::Newer,
            (true, _) => {}
        }
        let buys = planned.pointer("/by_itself").map(|outlook| number(outlook, "buys"));
        exported.would_buy += buys.unwrap_or_default();
    }
    Ok(exported)
}

impl Exported {
    fn is(self, standing: Standing, why: String) -> Self {
        Self { standing, why, ..self }
    }
}

fn is_sure(options: &Import, missed: &[&Exported], out: &mut Out<'_>) -> Result<bool, Failure> {
    if options.whose.storefront == StorefrontKind::Wix {
        return Err(Failure::with(
            Exit::Usage,
            "a delivery of Wix is signed with Wix's own key, which nobody else has",
        )
        .hint("change these orders in the Wix shop, such as by a note: Wix then sends them"));
    }
    if missed.len() > options.max {
        let what = format!(
            "these are {} orders, more than --max {}: nothing was done",
            missed.len(),
            options.max
        );
        return Err(Failure::with(Exit::Usage, what).hint("raise --max if that is meant"));
    }
    let buys = missed.iter().map(|order| order.would_buy).sum::<u64>();
    for order in missed.iter().take(10) {
        out.note(format_args!("  {}", order.name));
    }
    if missed.len() > 10 {
        out.note(format_args!("  and {} more", missed.len() - 10));
    }
    out.note(format_args!(
        "deliver: {}; it buys {}",
        count(missed.len(), "order"),
        count(usize::try_from(buys).unwrap_or(usize::MAX), "product")
    ));
    if options.yes {
        return Ok(true);
    }
    out.confirms("Go on?")
}

async fn deliver(
    backend: &Backend,
    options: &Import,
    missed: &[&Exported],
    out: &mut Out<'_>,
) -> Result<usize, Failure> {
    let kind = options.whose.storefront;
    let document = backend.storefront_secrets().await?;
    let document: Value = serde_json::from_str(document.expose_secret())
        .map_err(|_| Failure::new("the storefronts' secret is no JSON document: `reseller` cannot sign with it"))?;
    let signer = send::Signer::of(&document, kind, options.whose.shop.as_deref())?;
    for (at, order) in (1..).zip(missed) {
        out.progress(format_args!("delivered: {at} of {}", missed.len()));
        let topic = reading::usual_topic(kind);
        let (status, line) = signer.deliver(backend, topic, &order.body, SystemClock.now()).await?;
        if status != 200 {
            let what = format!(
                "{} was answered {status} ({line}): {} of {} were delivered before",
                order.name,
                at - 1,
                missed.len()
            );
            return Err(
                Failure::new(what).hint("remove the cause, then repeat it: what was delivered is heard of by then")
            );
        }
    }
    Ok(missed.len())
}

fn said(out: &mut Out<'_>, orders: &[Exported], delivered: usize) -> Result<(), Failure> {
    let shown = |order: &Exported| json!({ "order": order.name, "standing": order.standing.word(), "why": order.why, "would_buy": order.would_buy });
    let all: Vec<Value> = orders.iter().map(shown).collect();
    if as_json(out, &json!({ "schema": 1, "orders": all, "delivered": delivered }))? {
        return Ok(());
    }
    let to_show = orders.iter().filter(|order| match order.standing {
        Standing::Newer | Standing::Never | Standing::NotUnderstood => true,
        Standing::Heard | Standing::NotOurs => false,
    });
    let rows: Vec<Vec<String>> = to_show
        .map(|order| {
            let why = if order.why.is_empty() {
                order.standing.sentence()
            } else {
                &order.why
            };
            vec![order.name.clone(), why.to_owned(), order.would_buy.to_string()]
        })
        .collect();
    if !rows.is_empty() {
        out.table(&["ORDER", "STANDS", "WOULD BUY"], &rows)?;
        out.line("")?;
    }
    out.line(count(orders.len(), "order"))?;
    for standing in Standing::ALL {
        let many = orders.iter().filter(|order| order.standing == standing).count();
        if many > 0 {
            out.line(format_args!("{many:>6}  {}", standing.sentence()))?;
        }
    }
    if delivered > 0 {
        out.line(format_args!("{delivered:>6}  delivered now"))?;
    }
    Ok(())
}
