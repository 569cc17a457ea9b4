//! Orders, contracts and their cycles.

use super::*;

#[test]
fn a_paid_and_approved_order_is_a_snapshot_of_the_signed_site() {
    let (event, trigger) = event(deliver(KIND, PAID.as_bytes(), ""));
    assert_eq!(
        event.key.to_string(),
        "wix/3bbcabc7-ebb7-4fc8-8829-13ea0e142123/6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c2e77"
    );
    assert_eq!(trigger, OrderQueue::OrderPaid);
    assert_eq!(event.delivery, "00000000-aaaa-4aaa-8aaa-000000000003");
    let order = event.snapshot().unwrap();
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(order.version.time.to_string(), "2026-03-02T14:14:09.31Z");
    assert_eq!(order.version.sequence, 3);
    assert_eq!(order.created_at.to_string(), "2026-03-02T14:14:05.12Z");
    assert_eq!(
        order.fields.account.as_deref(),
        Some("2250b761-b31c-453b-885b-76e9fc04bdc6")
    );
    assert_eq!(order.fields.country.as_deref(), Some("US"));
    let premium = order
        .lines
        .iter()
        .find(|line| line.id.ends_with("#PREMIUM-1Y"))
        .unwrap();
    assert_eq!(premium.units, 2);
    assert_eq!(
        premium.fields.site.as_deref(),
        Some("918aa943-ab4f-40bc-88c3-8dfd02fae7cd")
    );
}

#[test]
fn any_event_that_shows_a_paid_order_counts() {
    for slug in ["created", "approved", "updated", "committed"] {
        let body = with(
            PAID,
            "\"slug\": \"payment_status_updated\"",
            &format!("\"slug\": \"{slug}\""),
        );
        let (event, trigger) = event(deliver(KIND, &body, ""));
        assert!(event.snapshot().unwrap().paid == Paid::Full, "{slug}");
        assert_eq!(trigger, OrderQueue::OrderPaid, "{slug}");
    }
}

#[test]
fn an_order_that_is_approved_or_created_and_not_paid_is_nothing_to_do() {
    nothing(deliver(KIND, INITIALIZED.as_bytes(), ""));
    nothing(deliver(KIND, NOT_PAID.as_bytes(), ""));
}

#[test]
fn paid_but_not_approved_is_not_fully_paid() {
    for status in ["INITIALIZED", "PENDING"] {
        let body = with(PAID, "\"status\": \"APPROVED\"", &format!("\"status\": \"{status}\""));
        let order = snapshot(deliver(KIND, &body, ""));
        assert!(order.paid != Paid::Full && order.ended.is_none(), "{status}");
    }
}

#[test]
fn a_canceled_order_is_canceled_although_it_still_says_paid() {
    let (event, trigger) = event(deliver(KIND, CANCELED.as_bytes(), ""));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let order = event.snapshot().unwrap();
    assert!(order.ended.is_some() && order.paid != Paid::Full);
    let refunded = with(PAID, "\"PAID\"", "\"FULLY_REFUNDED\"");
    assert!(snapshot(deliver(KIND, &refunded, "")).refunded_all);
}

#[test]
fn privacy_rewrites_and_imported_orders_never_fulfil() {
    assert_eq!(
        nothing(deliver(KIND, ANONYMIZED.as_bytes(), "")),
        "a privacy rewrite of an order"
    );
    assert_eq!(nothing(deliver(KIND, IMPORTED.as_bytes(), "")), "an imported order");
}

#[test]
fn the_event_of_a_refund_holds_no_order_and_means_nothing() {
    nothing(deliver(KIND, TRANSACTIONS.as_bytes(), ""));
}

#[test]
fn a_reference_goes_to_tag_external_id() {
    let (event, trigger) = event(deliver(KIND, REFERENCE.as_bytes(), ""));
    assert_eq!(trigger, OrderQueue::TagExternalId);
    assert_eq!(
        event.snapshot().unwrap().fields.external_id.as_deref(),
        Some("PO-2026-119")
    );
}

#[test]
fn a_known_event_that_holds_no_order_or_a_site_that_is_none_is_parked() {
    parked(deliver(KIND, &with(PAID, "\"actionEvent\"", "\"otherEvent\""), ""));
    let reason = parked(deliver(KIND, &with(PAID, "\"lineItems\"", "\"items\""), ""));
    assert!(reason.contains("missing field `lineItems`"), "{reason}");
    let token = sign::wix_jwt(PRIVATE_KEY, "wix.ecom.v1.order_approved", "../../x", PAID, NOW).unwrap();
    assert!(parked(post(&token, &shops(KIND))).contains("instanceId"));
    let token = sign::wix_token(PRIVATE_KEY, r#"{"data": "{}"}"#).unwrap();
    parked(post(&token, &shops(KIND)));
}

#[test]
fn no_name_address_or_e_mail_is_in_an_event() {
    for body in [PAID, CANCELED] {
        let json = event(deliver(KIND, body.as_bytes(), "")).0.to_json();
        for personal in ["Sample", "Buyer", "example.com", "Example Street", "Springfield"] {
            assert!(!json.contains(personal), "{personal} in {json}");
        }
    }
}

#[test]
fn one_checkout_tells_of_its_order_and_of_each_contract() {
    let events = says(include_str!("../../../../../events/wix/order_paid_mixed.json"));
    let keys: Vec<&str> = events.iter().map(|event| event.key.order()).collect();
    assert_eq!(
        keys,
        [
            "6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3010",
            "7c1f0a52-3f0e-4a7d-9c55-90b1c2d3e401"
        ]
    );
    let skus: Vec<_> = events
        .iter()
        .map(|event| event.snapshot().unwrap().lines[0].sku.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(skus, ["BUSINESS-EMAIL-1Y", "PREMIUM-1M"]);
    let contract = events[1].snapshot().unwrap();
    assert!(contract.lines[0].subscription && !contract.renewal);
}

#[test]
fn a_cycle_that_was_refunded_is_a_notice_and_keeps_its_units() {
    let events = says(include_str!(
        "../../../../../events/wix/order_updated_cycle_refunded.json"
    ));
    let cycle = events[0].snapshot().unwrap();
    assert_eq!((units(cycle), cycle.refunded_all, cycle.ended), (vec![1], false, None));
    let Statement::Notice(notice) = &events[1].says else {
        panic!("not a notice")
    };
    assert_eq!(notice.id, "cycle:6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3002:refunded");
}
