//! Whether all is as it must be: what is at Wix against the shops' own book, and what is left in ledger and queues.

use std::collections::BTreeMap;
use std::path::Path;

use reseller_hooks::ledger::Ledger;
use reseller_hooks::ledger::sqlite::SqliteLedger;
use serde_json::Value;

use super::shop::{Life, Order};
use crate::failure::{Context, Failure};

/// What one account has at Wix.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Held {
    packages: u64,
    vouchers: u64,
    alive: u64,
    on_site: u64,
    external_ids: Vec<String>,
}

/// How many orders have how many packages in all, for the table.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) packages: u64,
    pub(super) vouchers: u64,
    /// One sentence for each thing that is not as it must be.
    pub(super) wrong: Vec<String>,
}

/// `packages` as the sandbox shows them.
pub(super) fn wix(orders: &[Order], packages: &[Value]) -> Found {
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    let mut found = Found::default();
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |of: &Value, name: &str| of.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for package in packages {
        let held = held.entry(text(package, "accountId")).or_default();
        let instances = list(package, "productInstances");
        let is_voucher = instances
            .iter()
            .any(|of| of.get("referenceProductInstanceId").is_some_and(Value::is_string));
        let on_site = instances
            .iter()
            .filter(|of| of.get("siteId").is_some_and(Value::is_string));
        if is_voucher {
            held.vouchers += 1;
            found.vouchers += 1;
        } else {
            held.packages += 1;
            found.packages += 1;
            let over = ["CANCELED", "FAILED"];
            let alive = instances
                .iter()
                .filter(|of| !over.contains(&text(of, "status").as_str()));
            held.alive += u64::try_from(alive.count()).unwrap_or(u64::MAX);
            held.on_site += u64::try_from(on_site.count()).unwrap_or(u64::MAX);
        }
        held.external_ids.push(text(package, "externalId"));
    }
    for order in orders {
        let held = held.remove(&order.account()).unwrap_or_default();
        if let Some(what) = differs(order, &held) {
            found
                .wrong
                .push(format!("{} ({:?}) has {what}", order.key(), order.life));
        }
    }
    found.wrong.extend(
        held.into_keys()
            .map(|account| format!("account {account} is no order's and has packages")),
    );
    found
}

fn differs(order: &Order, held: &Held) -> Option<String> {
    let owed = order.owed();
    let within = |(least, most): (u64, u64), number: u64| (least..=most).contains(&number);
    let tagged = order.life != Life::PaidAndReferenced || held.external_ids.contains(&order.reference());
    let fits = within(owed.packages, held.packages)
        && within(owed.vouchers, held.vouchers)
        && within(owed.alive, held.alive)
        && held.on_site == owed.on_site
        && tagged;
    (!fits).then(|| format!("{held:?}, where it is owed {owed:?}"))
}

/// Every order is in the ledger and settled, needs nobody, and there is none that nobody placed.
pub(super) async fn ledger(orders: &[Order], file: &Path) -> Result<Vec<String>, Failure> {
    let mut expected: BTreeMap<String, &Order> = orders.iter().map(|order| (order.key(), order)).collect();
    let mut wrong = Vec::new();
    let ledger = SqliteLedger::open(file).could_not("open the ledger")?;
    let mut after: Option<String> = None;
    loop {
        let page = ledger.scan(after.as_deref(), 500).await.could_not("read the ledger")?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        // An order's key has its storefront before a slash; the other entries are reconcile's own notes.
        for entry in page.into_iter().filter(|entry| entry.key.contains('/')) {
            if expected.remove(&entry.key).is_none() {
                wrong.push(format!("the ledger has {}, which nobody placed", entry.key));
            }
            if entry.due_at.is_some() {
                wrong.push(format!("{} is not settled", entry.key));
            }
            if entry.attention_since.is_some() {
                wrong.push(format!("{} needs a person", entry.key));
            }
        }
    }
    wrong.extend(expected.into_keys().map(|key| format!("{key} is not in the ledger")));
    Ok(wrong)
}

/// Whether anything has a due time.
pub(super) async fn is_due(ledger: &SqliteLedger) -> Result<bool, Failure> {
    let far = reseller_hooks::time::Timestamp::from_millis(i64::MAX / 2);
    let due = ledger.due(far, 1).await.could_not("read what is due")?;
    Ok(!due.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paid_plan() -> Order {
        let number = (7_000_000_001..).find(|number| {
            let order = Order::new(*number);
            order.life == Life::Paid && order.owed().vouchers == (1, 1) && order.on_site && order.units == 1
        });
        Order::new(number.unwrap())
    }

    fn package(order: &Order, voucher: bool) -> Value {
        json!({
            "accountId": order.account(),
            "externalId": "x",
            "productInstances": [{
                "status": "ENABLED",
                "siteId": order.site(),
                "referenceProductInstanceId": voucher.then_some("i"),
            }],
        })
    }

    #[test]
    fn what_is_owed_is_fine_and_one_more_or_less_is_not() {
        let order = paid_plan();
        let (base, voucher) = (package(&order, false), package(&order, true));
        let wrong = |packages: &[&Value]| wix(&[order], &packages.iter().copied().cloned().collect::<Vec<_>>()).wrong;
        assert_eq!(wrong(&[&base, &voucher]), Vec::<String>::new());
        let cases: [&[&Value]; 4] = [&[&base], &[&base, &base, &voucher], &[&base, &voucher, &voucher], &[]];
        for packages in cases {
            assert_eq!(wrong(packages).len(), 1, "{packages:?}");
        }
    }

    #[test]
    fn a_package_of_nobody_is_found() {
        let order = paid_plan();
        let packages = [
            package(&order, false),
            package(&order, true),
            json!({ "accountId": "another" }),
        ];
        assert_eq!(wix(&[order], &packages).wrong.len(), 1);
    }
}
