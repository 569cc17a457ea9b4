//! What became of the orders: the ledger's records beside what Wix holds.

use std::time::Duration;

use reseller_hooks::ledger::Ledger;
use reseller_hooks::ledger::sqlite::SqliteLedger;
use reseller_hooks::time::{Clock, SystemClock};
use serde_json::Value;

use super::sandbox::{Instance, Package};
use super::stage::Stage;
use crate::failure::{Context, Failure};

/// One order of the ledger with its packages.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// `shopify/9007199254740993`.
    pub(crate) key: String,
    /// Whether it has something left to do by itself.
    pub(crate) is_due: bool,
    pub(crate) needs_a_person: bool,
    pub(crate) packages: Vec<Package>,
    pub(crate) vouchers: Vec<Package>,
}

/// What must be true of an order at the end of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Count {
    pub(crate) packages: usize,
    pub(crate) instances: usize,
    /// Instances that are on a site.
    pub(crate) on_site: usize,
    pub(crate) voucher_packages: usize,
    pub(crate) voucher_instances: usize,
}

impl Order {
    pub(crate) fn count(&self) -> Count {
        let instances = |packages: &[Package]| packages.iter().map(|package| package.instances.len()).sum();
        let on_site = |instance: &&Instance| instance.on_site();
        let all = self.packages.iter().flat_map(|package| &package.instances);
        Count {
            packages: self.packages.len(),
            instances: instances(&self.packages),
            on_site: all.filter(on_site).count(),
            voucher_packages: self.vouchers.len(),
            voucher_instances: instances(&self.vouchers),
        }
    }
}

/// All orders of the ledger, and the packages that none of them knows.
pub(crate) async fn read(stage: &Stage) -> Result<(Vec<Order>, Vec<Package>), Failure> {
    let packages = stage.sandbox.packages().await?;
    let path = stage.folder.join("ledger.db");
    if !path.is_file() {
        return Ok((Vec::new(), packages));
    }
    let ledger = SqliteLedger::open(&path).could_not("open the ledger")?;
    let mut orders = Vec::new();
    // Whether a change of a subscription is billed within an hour is asked then, and nobody waits for it here.
    let soon = SystemClock.now() + Duration::from_secs(1_800);
    let mut after = None;
    loop {
        let entries = ledger.scan(after.as_deref(), 500).await.could_not("read the ledger")?;
        let Some(last) = entries.last() else { break };
        after = Some(last.key.clone());
        // The audit keeps its place beside the orders, under a key that is no order's.
        for entry in entries.into_iter().filter(|entry| entry.key.contains('/')) {
            let record: Value = serde_json::from_str(&entry.body).could_not("read a record of the ledger")?;
            // Another name of an order, such as the payment of a subscription, is none itself.
            if record.pointer("/desired/belongs_to").is_some() {
                continue;
            }
            let mut own: Vec<Package> = packages
                .iter()
                .filter(|package| mentions(&record, &package.id))
                .cloned()
                .collect();
            let vouchers = own.extract_if(.., |package| package.is_voucher()).collect();
            orders.push(Order {
                key: entry.key,
                is_due: entry.due_at.is_some_and(|due| due < soon),
                needs_a_person: entry.attention_since.is_some(),
                packages: own,
                vouchers,
            });
        }
    }
    let unknown = packages
        .into_iter()
        .filter(|package| {
            let knows = |order: &Order| order.packages.contains(package) || order.vouchers.contains(package);
            !orders.iter().any(knows)
        })
        .collect();
    Ok((orders, unknown))
}

/// Whether a text stands anywhere in a record: the demo need not know where a record keeps a package's ID.
fn mentions(record: &Value, text: &str) -> bool {
    match record {
        Value::String(found) => found == text,
        Value::Array(values) => values.iter().any(|value| mentions(value, text)),
        Value::Object(members) => members.values().any(|value| mentions(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_package_is_found_wherever_a_record_keeps_it() {
        let record = json!({ "purchases": [{ "state": { "done": { "package": "p-1" } } }] });
        assert!(mentions(&record, "p-1"));
        assert!(!mentions(&record, "p-2"));
    }
}
