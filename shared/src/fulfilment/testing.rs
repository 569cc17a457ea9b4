//! Orders, catalogs and packages for the unit tests of fulfilment.

use serde_json::{Value, json};

use super::calls::Call;
use super::decide::{Step, decide};
use super::record::{HeldPackage, Instance, OrderRecord, PurchaseId};
use super::settings::Settings;
use crate::catalog::Catalog;
use crate::ids::AccountId;
use crate::order::OrderEvent;
use crate::time::Timestamp;
use crate::wix::Package;

/// The time of every test.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

const CATALOG: &str = r#"
[defaults]
not_before = "2026-01-01T00:00:00Z"
country = "US"

[[product]]
sku = "PLAN"
catalog_product_id = "00ba7923-2655-402a-852d-2b2100568bcf"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }

[product.voucher]
catalog_product_id = "040639ae-277e-4a73-a4d2-1b6801b92f45"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }

[[product]]
sku = "MAIL"
catalog_product_id = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
"#;

pub(crate) fn catalog() -> Catalog {
    Catalog::from_toml(CATALOG).unwrap()
}

pub(crate) fn own() -> AccountId {
    "5a5db0c5-0000-4000-8000-000000000001".parse().unwrap()
}

/// A record of a paid order with these lines: (SKU, units, whether it names a site of its own).
pub(crate) fn paid(lines: &[(&str, u32, bool)]) -> OrderRecord {
    let lines: Vec<Value> = (1..)
        .zip(lines)
        .map(|(number, (sku, units, sited)): (u32, _)| {
            let site = sited.then(|| format!("{number:08x}-ab4f-40bc-88c3-8dfd02fae7cd"));
            json!({ "id": number.to_string(), "sku": sku, "units": units, "fields": { "site": site } })
        })
        .collect();
    let event = json!({
        "schema": 2, "key": "shopify/5324830114101", "received_at": "2026-09-21T14:13:20Z", "says": { "snapshot": {
            "version": { "time": "2026-09-21T14:13:20Z" }, "hash": "3",
            "created_at": "2026-09-21T14:12:20Z", "paid": "full", "lines": lines,
            "fields": { "external_id": "S".repeat(90) },
        } },
    });
    let event = OrderEvent::from_json(&event.to_string()).unwrap();
    let mut record = OrderRecord::new(event.key.clone());
    record.apply(&event);
    record
}

pub(crate) fn next(record: &mut OrderRecord) -> Step {
    decide(record, &catalog(), &own(), &Settings::default(), NOW).unwrap()
}

/// Begins and creates the next purchase of a record, with instances whose status is as long as can be.
pub(crate) fn buy(record: &mut OrderRecord) -> Option<PurchaseId> {
    let Step::Call(Call::Create(draft)) = next(record) else {
        return None;
    };
    let (id, purchase) = (draft.id, draft.begun(NOW, NOW));
    let request = purchase.request(record.key()).unwrap();
    record.add_purchase(purchase);
    let number = u32::from(id.kind.letter()) * 1_000 + id.ordinal;
    let instances: Vec<Value> = (0_u32..)
        .zip(&request.products)
        .map(|(at, product)| {
            json!({
                "instanceId": format!("{number:08x}-0000-4000-8000-{at:012x}"),
                "catalogProductId": product.catalog_product_id, "siteId": product.site_id, "status": "ENABLED",
            })
        })
        .collect();
    let package = json!({ "id": format!("{number:08x}-1111-4000-8000-000000000000"), "productInstances": instances });
    let package: Package = serde_json::from_value(package).unwrap();
    let instances: Vec<Instance> = package.product_instances.iter().map(Instance::shown).collect();
    let held = HeldPackage::new(&package, instances, NOW);
    record.purchase_mut(id).unwrap().created(held).unwrap();
    Some(id)
}
