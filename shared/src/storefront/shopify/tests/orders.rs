//! An order as it stands.

use super::*;

#[test]
fn an_imported_order_is_as_old_as_it_was_in_the_shop_it_comes_from() {
    let placed = "\"processed_at\": \"2026-03-02T09:14:04-05:00\"";
    let imported = with(PAID, placed, "\"processed_at\": \"2019-06-01T12:00:00-05:00\"");
    let order = snapshot(deliver(KIND, &imported, "orders/paid"));
    assert_eq!(order.created_at.to_string(), "2019-06-01T17:00:00Z");
    for later in ["\"processed_at\": \"2026-04-01T00:00:00Z\"", "\"processed_at\": null"] {
        let order = snapshot(deliver(KIND, &with(PAID, placed, later), "orders/paid"));
        assert_eq!(order.created_at.to_string(), "2026-03-02T14:14:05Z", "{later}");
    }
}

#[test]
fn a_paid_order_is_a_snapshot_with_its_lines_fields_and_country() {
    let (event, trigger) = event(deliver(KIND, PAID.as_bytes(), "orders/paid"));
    assert_eq!(trigger, OrderQueue::OrderPaid);
    let order = event.snapshot().unwrap();
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(order.version.time.to_string(), "2026-03-02T14:14:09Z");
    assert_eq!(order.created_at.to_string(), "2026-03-02T14:14:04Z");
    assert_eq!(order.hash.len(), 16);
    let skus: Vec<_> = order
        .lines
        .iter()
        .map(|line| line.sku.as_ref().map(|sku| sku.as_str()))
        .collect();
    assert_eq!(skus, [Some("PREMIUM-1Y"), None, None]);
    assert_eq!(units(order), [3, 1, 1]);
    assert_eq!(
        order.fields.account.as_deref(),
        Some("2250b761-b31c-453b-885b-76e9fc04bdc6")
    );
    assert_eq!(order.fields.country.as_deref(), Some("US"));
    assert_eq!(
        order.lines[0].fields.site.as_deref(),
        Some("918aa943-ab4f-40bc-88c3-8dfd02fae7cd")
    );
    assert!(order.lines[1].fields.is_empty());
}

#[test]
fn ids_above_2_to_the_53_are_kept_to_the_last_digit() {
    let (event, _) = event(deliver(KIND, PAID.as_bytes(), "orders/paid"));
    assert_eq!(event.key.order(), "9007199254740993");
    let ids: Vec<_> = event
        .snapshot()
        .unwrap()
        .lines
        .iter()
        .map(|line| line.id.clone())
        .collect();
    assert_eq!(ids, ["9007199254740995", "9007199254740997", "9007199254740999"]);
}

#[test]
fn no_name_address_or_e_mail_is_in_an_event() {
    for (body, topic) in [
        (PAID, "orders/paid"),
        (REFUNDED_ONE, "orders/updated"),
        (REFUND, "refunds/create"),
    ] {
        let json = event(deliver(KIND, body.as_bytes(), topic)).0.to_json();
        for personal in ["Sample", "Buyer", "example.com", "Example Street", "Springfield"] {
            assert!(!json.contains(personal), "{personal} in {json}");
        }
    }
}

#[test]
fn a_billing_address_goes_before_a_shipping_address() {
    let body = with(
        PAID,
        "\"billing_address\": null",
        "\"billing_address\": {\"country_code\": \"DE\"}",
    );
    assert_eq!(
        snapshot(deliver(KIND, &body, "orders/paid")).fields.country.as_deref(),
        Some("DE")
    );
    let body = with(PAID, "\"country_code\": \"US\",", "\"country_code\": null,");
    assert_eq!(snapshot(deliver(KIND, &body, "orders/paid")).fields.country, None);
}

#[test]
fn an_edit_up_that_is_not_paid_is_not_fully_paid_and_still_reaches_the_merge() {
    let (event, trigger) = event(deliver(KIND, EDIT_UP.as_bytes(), "orders/updated"));
    let order = event.snapshot().unwrap();
    assert_eq!(units(order), [4, 1, 1]);
    assert!(order.paid != Paid::Full);
    assert_eq!(trigger, OrderQueue::OrderPaid);
}

#[test]
fn an_order_that_is_not_paid_yet_is_nothing_to_do_whatever_the_event_that_brought_it() {
    nothing(deliver(KIND, PENDING.as_bytes(), "orders/create"));
    nothing(deliver(KIND, PENDING.as_bytes(), "orders/updated"));
}

#[test]
fn a_topic_never_makes_an_unpaid_order_paid() {
    let order = snapshot(deliver(KIND, PENDING.as_bytes(), "orders/paid"));
    assert!(order.paid != Paid::Full);
}

#[test]
fn any_topic_of_a_paid_order_says_that_it_is_paid() {
    for topic in [
        "orders/create",
        "orders/updated",
        "orders/fulfilled",
        "orders/partially_fulfilled",
    ] {
        let (event, trigger) = event(deliver(KIND, PAID.as_bytes(), topic));
        assert!(event.snapshot().unwrap().paid == Paid::Full, "{topic}");
        assert_eq!(trigger, OrderQueue::OrderPaid, "{topic}");
    }
}

#[test]
fn a_missing_sku_says_why_and_a_gift_card_needs_none() {
    let missing = |body: &str| -> Vec<Option<MissingSku>> {
        let events = says(body, "orders/paid");
        events[0]
            .snapshot()
            .unwrap()
            .lines
            .iter()
            .map(|line| line.missing_sku)
            .collect()
    };
    assert_eq!(
        missing(BUNDLE),
        [Some(MissingSku::BundlePart), Some(MissingSku::BundlePart)]
    );
    assert_eq!(missing(LOOSE), [None, None]);
    let none = Some(MissingSku::VariantWithoutSku);
    assert_eq!(missing(PAID), [None, none, none]);
    let deleted = PAID.replacen("\"sku\": null", "\"sku\": null, \"product_exists\": false", 1);
    assert_eq!(missing(&deleted), [None, Some(MissingSku::ProductDeleted), none]);
}

#[test]
fn what_people_call_the_order_is_kept() {
    for (name, number) in [
        ("\"#2001\"", Some("#2001")),
        ("2001", Some("2001")),
        ("null", None),
        ("{}", None),
    ] {
        let body = PAID.replace("\"#2001\"", name);
        assert_eq!(
            says(&body, "orders/paid")[0].snapshot().unwrap().number.as_deref(),
            number,
            "{name}"
        );
    }
}

#[test]
fn an_order_without_lines_is_parked() {
    let mut order: serde_json::Value = serde_json::from_str(PAID).unwrap();
    order["line_items"] = serde_json::json!([]);
    let reason = parked(deliver(KIND, order.to_string().as_bytes(), "orders/updated"));
    assert_eq!(reason, "at line_items: an order without lines");
}

#[test]
fn orders_edited_is_ignored_because_orders_updated_says_it_whole() {
    nothing(deliver(KIND, EDITED.as_bytes(), "orders/edited"));
}

#[test]
fn test_notifications_and_test_orders_are_answered_and_ignored() {
    for topic in ["orders/paid", "orders/cancelled", "orders/updated"] {
        nothing(deliver(KIND, TEST_NOTIFICATION_BODY.as_bytes(), topic));
    }
    assert_eq!(
        nothing(deliver(KIND, TEST_ORDER.as_bytes(), "orders/paid")),
        "a test order"
    );
}

#[test]
fn test_orders_count_where_the_secret_says_so_but_never_a_test_notification() {
    let mut shops = shops(KIND);
    shops[0].accept_test = true;
    let signed = |body: &str| crate::storefront::testing::signed(KIND, body.as_bytes(), "orders/paid");
    let outcome = received(KIND, &signed(TEST_ORDER), TEST_ORDER.as_bytes(), &shops);
    assert!(matches!(outcome, Ok(Outcome::Events(_))));
    nothing(received(
        KIND,
        &signed(TEST_NOTIFICATION_BODY),
        TEST_NOTIFICATION_BODY.as_bytes(),
        &shops,
    ));
}

#[test]
fn a_reference_goes_to_tag_external_id_and_with_the_topic_paid_to_order_paid() {
    let (event_of_update, trigger) = event(deliver(KIND, REFERENCE.as_bytes(), "orders/updated"));
    assert_eq!(trigger, OrderQueue::TagExternalId);
    let fields = &event_of_update.snapshot().unwrap().fields;
    assert_eq!(fields.external_id.as_deref(), Some("PO-2026-117"));
    let (_, trigger) = event(deliver(KIND, REFERENCE.as_bytes(), "orders/paid"));
    assert_eq!(trigger, OrderQueue::OrderPaid);
}

#[test]
fn two_lines_with_one_id_are_parked() {
    let body = with(PAID, "\"id\": 9007199254740997", "\"id\": 9007199254740995");
    assert_eq!(
        parked(deliver(KIND, &body, "orders/paid")),
        "at line_items: two lines have one ID"
    );
}

#[test]
fn an_unknown_financial_status_is_allowed_and_unclear() {
    for status in ["\"settled_later\"", "null"] {
        let body = with(
            PAID,
            "\"financial_status\": \"paid\"",
            &format!("\"financial_status\": {status}"),
        );
        assert_eq!(snapshot(deliver(KIND, &body, "orders/updated")).paid, Paid::Unclear);
    }
}
