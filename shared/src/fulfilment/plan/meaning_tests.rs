//! What is planned for what real shops say: composites, renewals, prices, lines without an SKU, another plan in a line.

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::fulfilment::attention::attention;
use crate::fulfilment::calls::Call;
use crate::fulfilment::decide::{Step, decide};
use crate::fulfilment::record::{NotOurs, OrderRecord, Plan, Unplannable};
use crate::fulfilment::settings::Settings;
use crate::fulfilment::testing::{NOW, buy, own, paid};
use crate::order::OrderEvent;

/// A catalog with a bundle, a product that is sold once, and one with a price.
fn catalog(more: &str) -> Catalog {
    let product = |sku: &str, more: &str| {
        format!("[[product]]\nsku = \"{sku}\"\ncatalog_product_id = \"00ba7923-2655-402a-852d-2b2100568bcf\"\n{more}\n")
    };
    let yearly = "billing = { type = \"RECURRING\", unit = \"YEAR\", count = 1 }";
    let text = [
        format!("[defaults]\nnot_before = \"2026-01-01T00:00:00Z\"\ncountry = \"US\"\n{more}\n"),
        product("PLAN", yearly),
        product("MAIL", yearly),
        product("BUNDLE", yearly),
        product("ONCE", "billing = { type = \"ONE_TIME\" }"),
        product(
            "PRICED",
            &format!("{yearly}\nprice = {{ amount = 8000, currency = \"USD\" }}"),
        ),
    ];
    Catalog::from_toml(&text.concat()).unwrap()
}

/// A snapshot at a minute, with members beside the usual ones.
fn snapshot(minute: u32, lines: Value, beside: Value) -> OrderEvent {
    let mut snapshot = json!({
        "version": { "time": format!("2026-09-21T14:{minute:02}:00Z") }, "hash": minute.to_string(),
        "created_at": "2026-09-21T14:00:00Z", "paid": "full", "lines": lines,
    });
    if let (Some(snapshot), Value::Object(beside)) = (snapshot.as_object_mut(), beside) {
        snapshot.extend(beside);
    }
    let event = json!({
        "schema": 2, "key": "shopify/5324830114101", "received_at": "2026-09-21T14:00:00Z",
        "says": { "snapshot": snapshot },
    });
    OrderEvent::from_json(&event.to_string()).unwrap()
}

fn heard(events: &[OrderEvent]) -> OrderRecord {
    let mut record = OrderRecord::new(events[0].key.clone());
    for event in events {
        record.apply(event);
    }
    record
}

fn planned(events: &[OrderEvent], catalog: &Catalog) -> OrderRecord {
    let mut record = heard(events);
    decide(&mut record, catalog, &own(), &Settings::default(), NOW).unwrap();
    record
}

fn plan(record: &OrderRecord, line: usize) -> &Plan {
    &record.lines()[line].runs()[0].plan
}

fn codes(record: &OrderRecord) -> Vec<String> {
    let shown = attention(record, &Settings::default(), NOW);
    shown.into_iter().map(|attention| attention.code).collect()
}

#[test]
fn children_of_a_line_whose_own_sku_is_sold_are_not_bought() {
    let composite = |container: &str| {
        snapshot(
            1,
            json!([
                { "id": "1", "sku": container, "units": 1 },
                { "id": "2", "sku": "PLAN", "units": 1, "part_of": "1" },
            ]),
            json!({}),
        )
    };
    let sold = planned(&[composite("BUNDLE")], &catalog(""));
    assert!(matches!(plan(&sold, 0), Plan::Buy(_)));
    assert_eq!(plan(&sold, 1), &Plan::NotOurs(NotOurs::Component));
    let foreign = planned(&[composite("GIFT-BOX")], &catalog(""));
    assert_eq!(plan(&foreign, 0), &Plan::NotOurs(NotOurs::UnknownSku));
    assert!(matches!(plan(&foreign, 1), Plan::Buy(_)));
}

#[test]
fn an_order_that_renews_buys_nothing_that_wix_renews() {
    let renewal = |sku: &str| {
        let lines = json!([{ "id": "1", "sku": sku, "units": 1 }]);
        snapshot(1, lines, json!({ "renews": "1801" }))
    };
    let recurring = planned(&[renewal("PLAN")], &catalog(""));
    assert_eq!(plan(&recurring, 0), &Plan::NotOurs(NotOurs::Renewal));
    assert!(codes(&recurring).is_empty());
    let unsaid = planned(&[renewal("ONCE")], &catalog(""));
    let cause = Unplannable::RenewalUnsaid("ONCE".parse().unwrap());
    assert!(matches!(plan(&unsaid, 0), Plan::Refused { cause: found, .. } if *found == cause));
    assert_eq!(codes(&unsaid), ["NOT_PLANNED"]);
    let nothing = planned(&[renewal("ONCE")], &catalog("on_renewal = \"nothing\""));
    assert_eq!(plan(&nothing, 0), &Plan::NotOurs(NotOurs::Renewal));
    let again = planned(&[renewal("ONCE")], &catalog("on_renewal = \"buy\""));
    assert!(matches!(plan(&again, 0), Plan::Buy(_)));
}

#[test]
fn another_amount_than_the_price_is_not_bought() {
    let charged = |minor: i64, currency: &str| {
        let amount = json!({ "minor": minor, "currency": currency });
        let lines = json!([{ "id": "1", "sku": "PRICED", "units": 1, "amount": amount }]);
        planned(&[snapshot(1, lines, json!({}))], &catalog(""))
    };
    assert!(matches!(plan(&charged(8_000, "USD"), 0), Plan::Buy(_)));
    for differs in [charged(24_000, "USD"), charged(8_000, "EUR")] {
        let is_price = |cause: &Unplannable| matches!(cause, Unplannable::PriceDiffers { .. });
        assert!(matches!(plan(&differs, 0), Plan::Refused { cause, .. } if is_price(cause)));
        assert_eq!(codes(&differs), ["NOT_PLANNED"]);
    }
}

#[test]
fn a_line_without_an_sku_is_attention_where_it_had_one_or_where_the_catalog_says_so() {
    let blank = |minute| {
        let lines = json!([{ "id": "1", "units": 1, "missing_sku": "product_deleted" }]);
        snapshot(minute, lines, json!({}))
    };
    let unpaid = snapshot(
        1,
        json!([{ "id": "1", "sku": "PLAN", "units": 1 }]),
        json!({ "paid": "no" }),
    );
    assert_eq!(
        plan(&planned(&[blank(2)], &catalog("")), 0),
        &Plan::NotOurs(NotOurs::BlankSku)
    );
    let told = planned(&[blank(2)], &catalog("unknown_sku = \"attention\""));
    assert!(matches!(
        plan(&told, 0),
        Plan::Refused {
            cause: Unplannable::NoSku(Some(_)),
            ..
        }
    ));
    let lost = planned(&[unpaid, blank(2)], &catalog(""));
    assert!(matches!(
        plan(&lost, 0),
        Plan::Refused {
            cause: Unplannable::LostSku(Some(_)),
            ..
        }
    ));
    assert_eq!(codes(&lost), ["NOT_PLANNED"]);
}

#[test]
fn a_line_that_is_paid_as_another_plan_keeps_its_products_and_buys_no_more() {
    let mut record = paid(&[("PLAN", 1, false)]);
    assert!(buy(&mut record).is_some());
    let packages = record.packages().count();
    let changed =
        |minute, units: u32| snapshot(minute, json!([{ "id": "1", "sku": "MAIL", "units": units }]), json!({}));
    record.apply(&changed(30, 1));
    while buy(&mut record).is_some() {}
    assert_eq!(codes(&record), ["PLAN_CHANGED"]);
    record.apply(&changed(31, 3));
    let is_new = |record: &OrderRecord| {
        let bases = record
            .packages()
            .filter(|(purchase, _)| purchase.id().kind == crate::fulfilment::record::Kind::Base);
        bases.count() > packages
    };
    while buy(&mut record).is_some() {}
    assert!(!is_new(&record), "more was bought");
    assert_eq!(codes(&record), ["NOT_PLANNED", "PLAN_CHANGED"]);
}

#[test]
fn a_line_of_which_nothing_was_bought_takes_the_plan_that_is_paid() {
    let of = |minute, sku: &str| snapshot(minute, json!([{ "id": "1", "sku": sku, "units": 2 }]), json!({}));
    let mut record = planned(&[of(1, "PLAN")], &catalog(""));
    record.apply(&of(2, "MAIL"));
    let step = decide(&mut record, &catalog(""), &own(), &Settings::default(), NOW).unwrap();
    assert!(matches!(step, Step::Call(Call::Create(_))));
    let run = &record.lines()[0].runs()[0];
    assert_eq!((run.count, run.sku.as_ref().unwrap().as_str()), (2, "MAIL"));
    assert!(codes(&record).is_empty());
}

#[test]
fn a_refused_line_is_planned_again_when_a_state_of_the_same_second_brings_the_site() {
    let catalog = catalog("account = \"required\"\naccount_fields = [\"wix_account_id\"]");
    let lines = json!([{ "id": "1", "sku": "PLAN", "units": 1 }]);
    let bare = snapshot(1, lines.clone(), json!({}));
    let named = snapshot(
        1,
        lines,
        json!({ "hash": "other", "fields": { "account": "2250b761-b31c-453b-885b-76e9fc04bdc6" } }),
    );
    let mut record = planned(&[bare], &catalog);
    assert_eq!(codes(&record), ["NOT_PLANNED"]);
    record.apply(&named);
    decide(&mut record, &catalog, &own(), &Settings::default(), NOW).unwrap();
    assert!(matches!(plan(&record, 0), Plan::Buy(_)));
    assert!(codes(&record).is_empty());
}

#[test]
fn a_subscription_of_which_only_its_first_invoice_was_heard_is_bought() {
    let event = json!({
        "schema": 2, "key": "stripe/sub_1", "received_at": "2026-09-21T14:00:00Z", "says": { "payment": {
            "id": "in_1", "version": { "time": "2026-09-21T14:00:00Z" }, "paid_at": "2026-09-21T14:00:00Z", "first": true,
            "lines": [{ "line": "si_1", "sku": "PLAN", "units": 2 }],
        } },
    });
    let record = planned(&[OrderEvent::from_json(&event.to_string()).unwrap()], &catalog(""));
    assert!(matches!(plan(&record, 0), Plan::Buy(_)));
    assert_eq!(record.lines()[0].planned(), 2);
}
