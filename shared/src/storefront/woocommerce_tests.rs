use http::HeaderMap;
use serde_json::json;

use super::super::testing::{
    NOW, deliver, event, header_map, nothing, parked, received, secret, shops, signed, snapshot, units, with,
};
use super::super::{InvalidKey, Key, OrderQueue, Outcome, Suborders, receive};
use super::*;
use crate::order::{Covers, Ended, MissingSku, Paid};

const KIND: StorefrontKind = StorefrontKind::Woocommerce;
const PROCESSING: &str = include_str!("../../../events/woocommerce/order_updated_processing.json");
const PENDING: &str = include_str!("../../../events/woocommerce/order_created_pending.json");
const BY_HAND: &str = include_str!("../../../events/woocommerce/order_updated_completed_by_hand.json");
const CASH: &str = include_str!("../../../events/woocommerce/order_updated_cash_on_delivery.json");
const CANCELLED: &str = include_str!("../../../events/woocommerce/order_updated_cancelled.json");
const REFUNDED: &str = include_str!("../../../events/woocommerce/order_updated_refunded.json");
const PARTIAL: &str = include_str!("../../../events/woocommerce/order_updated_partial_refund.json");
const DELETED: &str = include_str!("../../../events/woocommerce/order_deleted.json");
const REST_ERROR: &str = include_str!("../../../events/woocommerce/rest_error.json");
const PING: &str = include_str!("../../../events/woocommerce/ping.txt");

#[test]
fn the_published_vector_shows_the_trap_of_an_empty_secret_which_is_refused() {
    // HMAC-SHA256 of "secret" with the empty key.
    let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b""), b"secret");
    assert_eq!(
        STANDARD.encode(tag.as_ref()),
        "GBDo00G55h6IiV+6CxqivQPLbI//KzaOZm747971tPs="
    );
    assert_eq!(Key::new(KIND, "").unwrap_err(), InvalidKey::Empty);
    let headers = header_map(&[
        ("x-wc-webhook-topic", "order.updated"),
        ("x-wc-webhook-signature", "GBDo00G55h6IiV+6CxqivQPLbI//KzaOZm747971tPs="),
    ]);
    assert!(matches!(
        received(KIND, &headers, b"secret", &shops(KIND)),
        Err(ReceiveError::Unverified(VerifyError::BadSignature))
    ));
}

#[test]
fn one_byte_changed_anywhere_fails() {
    let headers = signed(KIND, PROCESSING.as_bytes(), "order.updated");
    for at in 0..PROCESSING.len() {
        let mut body = PROCESSING.as_bytes().to_vec();
        body[at] ^= 1;
        assert_eq!(
            received(KIND, &headers, &body, &shops(KIND)),
            Err(ReceiveError::Unverified(VerifyError::BadSignature)),
            "byte {at}"
        );
    }
}

#[test]
fn a_ping_is_let_through_only_without_a_signature_and_with_nothing_but_a_number() {
    let none = HeaderMap::new();
    assert_eq!(
        nothing(received(KIND, &none, PING.as_bytes(), &shops(KIND))),
        "WooCommerce's ping on activation"
    );
    let with_signature = header_map(&[
        ("x-wc-webhook-signature", "AAAA"),
        ("x-wc-webhook-topic", "order.updated"),
    ]);
    assert!(received(KIND, &with_signature, PING.as_bytes(), &shops(KIND)).is_err());
    for body in ["webhook_id=", "webhook_id=7&order=1", "webhook_id=x", "id=7", ""] {
        assert_eq!(
            received(KIND, &none, body.as_bytes(), &shops(KIND)),
            Err(ReceiveError::Unverified(VerifyError::MissingSignature)),
            "{body}"
        );
    }
}

#[test]
fn a_processing_order_is_paid() {
    let (event, trigger) = event(deliver(KIND, PROCESSING.as_bytes(), "order.updated"));
    assert_eq!(event.key.to_string(), "woocommerce/1727");
    assert_eq!(trigger, OrderQueue::OrderPaid);
    let order = event.snapshot().unwrap();
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(
        order.version.time.to_string(),
        "2026-03-02T14:14:09Z",
        "a time without Z is UTC"
    );
    assert_eq!(order.created_at.to_string(), "2026-03-02T14:14:05Z");
    assert_eq!(units(order), [2, 1]);
    assert_eq!(order.lines[0].sku.as_ref().unwrap().as_str(), "PREMIUM-1Y");
    assert_eq!(order.lines[1].sku, None, "a blank SKU is none");
    assert_eq!(
        order.fields.account.as_deref(),
        Some("2250b761-b31c-453b-885b-76e9fc04bdc6")
    );
    assert_eq!(
        order.lines[0].fields.site.as_deref(),
        Some("918aa943-ab4f-40bc-88c3-8dfd02fae7cd")
    );
    assert_eq!(order.fields.country.as_deref(), Some("US"));
}

#[test]
fn no_name_address_or_e_mail_is_in_an_event() {
    for body in [PROCESSING, PARTIAL] {
        let json = event(deliver(KIND, body.as_bytes(), "order.updated")).0.to_json();
        for personal in ["Sample", "Buyer", "example.com", "Example Street", "Springfield"] {
            assert!(!json.contains(personal), "{personal} in {json}");
        }
    }
}

#[test]
fn completed_by_hand_is_paid_although_date_paid_is_null() {
    assert!(snapshot(deliver(KIND, BY_HAND.as_bytes(), "order.updated")).paid == Paid::Full);
}

#[test]
fn cash_on_delivery_is_not_paid_while_it_is_processing_and_is_when_it_is_completed() {
    let processing = snapshot(deliver(KIND, CASH.as_bytes(), "order.updated"));
    assert!(processing.paid != Paid::Full && processing.ended.is_none());
    let completed = with(CASH, "\"status\": \"processing\"", "\"status\": \"completed\"");
    assert!(snapshot(deliver(KIND, &completed, "order.updated")).paid == Paid::Full);
    let dated = with(
        CASH,
        "\"date_paid_gmt\": null",
        "\"date_paid_gmt\": \"2026-03-04T10:00:00\"",
    );
    assert_eq!(
        snapshot(deliver(KIND, &dated, "order.updated")).paid,
        Paid::No,
        "a date of payment is history"
    );
}

#[test]
fn without_a_payment_method_nobody_knows_whether_processing_means_paid() {
    let garbled = with(CASH, "\"payment_method\"", "\"payment_methud\"");
    let reason = parked(deliver(KIND, &garbled, "order.updated"));
    assert_eq!(reason, "at the top: missing field `payment_method`");
}

#[test]
fn another_method_is_paid_while_it_is_processing_even_without_a_date() {
    let free = with(CASH, "\"payment_method\": \"cod\"", "\"payment_method\": \"\"");
    assert!(snapshot(deliver(KIND, &free, "order.updated")).paid == Paid::Full);
}

#[test]
fn a_custom_status_is_unclear_unless_the_reseller_names_it_as_paid() {
    let custom = with(PROCESSING, "\"status\": \"processing\"", "\"status\": \"wc-packed\"");
    assert_eq!(snapshot(deliver(KIND, &custom, "order.updated")).paid, Paid::Unclear);
    let names = FieldNames {
        paid_statuses: vec!["packed".to_owned()],
        ..FieldNames::default()
    };
    let headers = signed(KIND, &custom, "order.updated");
    let delivery = Delivery {
        headers: &headers,
        body: &custom,
        received_at: NOW,
    };
    let named = receive(KIND, &delivery, &shops(KIND), &names);
    assert_eq!(snapshot(named).paid, Paid::Full);
    let prefixed = with(BY_HAND, "\"status\": \"completed\"", "\"status\": \"wc-completed\"");
    assert_eq!(snapshot(deliver(KIND, &prefixed, "order.updated")).paid, Paid::Full);
}

#[test]
fn a_pending_order_is_nothing_to_do() {
    nothing(deliver(KIND, PENDING.as_bytes(), "order.created"));
}

#[test]
fn cancelled_refunded_failed_and_trashed_orders_are_canceled() {
    for status in ["cancelled", "refunded", "failed", "trash"] {
        let body = with(
            PROCESSING,
            "\"status\": \"processing\"",
            &format!("\"status\": \"{status}\""),
        );
        let (event, trigger) = event(deliver(KIND, &body, "order.updated"));
        let order = event.snapshot().unwrap();
        assert!(order.ended.is_some() && order.paid != Paid::Full, "{status}");
        assert_eq!(trigger, OrderQueue::OrderCanceled);
    }
    assert!(
        snapshot(deliver(KIND, CANCELLED.as_bytes(), "order.updated"))
            .ended
            .is_some()
    );
    let refunded = snapshot(deliver(KIND, REFUNDED.as_bytes(), "order.updated"));
    assert!(refunded.ended.is_some() && refunded.notices.is_empty());
}

#[test]
fn a_partial_refund_names_no_lines_and_is_shown_once() {
    let (event, trigger) = event(deliver(KIND, PARTIAL.as_bytes(), "order.updated"));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let order = event.snapshot().unwrap();
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(units(order), [2, 1]);
    assert!(order.refunds.is_empty(), "the lines have counted none");
    let unmapped: Vec<&str> = order.unmapped_refunds.iter().map(String::as_str).collect();
    assert_eq!(unmapped, ["1730"], "the merge tells a person of it, once");
}

#[test]
fn a_deleted_order_is_in_the_trash_as_of_the_time_of_receipt() {
    let (event, trigger) = event(deliver(KIND, DELETED.as_bytes(), "order.deleted"));
    assert_eq!(event.key.to_string(), "woocommerce/1727");
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    assert_eq!(event.says, Statement::Trashed);
    assert_eq!(event.received_at, NOW);
}

#[test]
fn a_body_that_does_not_fit_the_unsigned_topic_is_parked() {
    parked(deliver(KIND, PROCESSING.as_bytes(), "order.deleted"));
    parked(deliver(KIND, DELETED.as_bytes(), "order.updated"));
}

#[test]
fn a_rest_error_in_a_signed_body_is_parked_with_what_to_do() {
    for topic in ["order.updated", "order.deleted"] {
        let reason = parked(deliver(KIND, REST_ERROR.as_bytes(), topic));
        assert!(
            reason.starts_with("a REST error (woocommerce_rest_cannot_view)"),
            "{reason}"
        );
    }
}

#[test]
fn other_topics_mean_nothing_and_a_missing_one_is_malformed() {
    nothing(deliver(KIND, br#"{"id": 5}"#, "customer.updated"));
    let mut headers = signed(KIND, DELETED.as_bytes(), "order.deleted");
    headers.remove("x-wc-webhook-topic");
    assert!(matches!(
        received(KIND, &headers, DELETED.as_bytes(), &shops(KIND)),
        Err(ReceiveError::Malformed { .. })
    ));
}

#[test]
fn the_shop_is_the_one_whose_secret_verified() {
    let shop = |name: &str, text: &str| ShopKeys {
        hosts: vec!["sample.example.com".parse().unwrap()],
        ..ShopKeys::new(Some(name.parse().unwrap()), vec![Key::new(KIND, text).unwrap()])
    };
    let shops = [shop("north", "another secret"), shop("south", secret(KIND))];
    let mut headers = signed(KIND, PROCESSING.as_bytes(), "order.updated");
    headers.insert("x-wc-webhook-source", "https://north.example.com/".parse().unwrap());
    let (event, _) = event(received(KIND, &headers, PROCESSING.as_bytes(), &shops));
    assert_eq!(event.key.to_string(), "woocommerce/south/1727");
}

#[test]
fn addresses_may_be_empty_lists_and_the_country_blank() {
    let body = with(PROCESSING, "\"shipping\": {", "\"shipping\": [], \"old_shipping\": {");
    assert_eq!(
        snapshot(deliver(KIND, &body, "order.updated"))
            .fields
            .country
            .as_deref(),
        Some("US")
    );
    let body = with(PROCESSING, "\"country\": \"US\"", "\"country\": \"\"");
    assert_eq!(snapshot(deliver(KIND, &body, "order.updated")).fields.country, None);
}

#[test]
fn an_order_without_any_date_is_parked() {
    let body = String::from_utf8(with(
        PROCESSING,
        "\"date_modified_gmt\": \"2026-03-02T14:14:09\"",
        "\"date_modified_gmt\": null",
    ))
    .unwrap();
    let order = snapshot(deliver(KIND, body.as_bytes(), "order.updated"));
    assert_eq!(order.version.time.to_string(), "2026-03-02T14:14:05Z");
    let body = with(
        &body,
        "\"date_created_gmt\": \"2026-03-02T14:14:05\"",
        "\"date_created_gmt\": null",
    );
    parked(deliver(KIND, &body, "order.updated"));
}

/// A sample with members replaced, as JSON.
fn edited(sample: &str, edits: &[(&str, serde_json::Value)]) -> Vec<u8> {
    let mut body: serde_json::Value = serde_json::from_str(sample).unwrap();
    for (pointer, value) in edits {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    body.to_string().into_bytes()
}

fn changed(pointer: &str, value: serde_json::Value) -> Vec<u8> {
    edited(PROCESSING, &[(pointer, value)])
}

#[test]
fn a_body_of_another_host_or_of_none_is_parked() {
    let copy = with(PROCESSING, "sample.example.com", "staging.example.com");
    let reason = parked(deliver(KIND, &copy, "order.updated"));
    assert!(
        reason.starts_with("it comes from staging.example.com, which is none"),
        "{reason}"
    );
    // One address of a copy is enough, and the unsigned header does not outweigh it.
    let page = changed("/payment_url", json!("https://staging.example.com/checkout/"));
    parked(deliver(KIND, &page, "order.updated"));
    // Without an address in it, the header says where it is from.
    let silent = edited(PROCESSING, &[("/_links", json!([])), ("/payment_url", json!(""))]);
    assert_eq!(snapshot(deliver(KIND, &silent, "order.updated")).paid, Paid::Full);
    let mut headers = signed(KIND, &silent, "order.updated");
    headers.insert("x-wc-webhook-source", "https://staging.example.com/".parse().unwrap());
    parked(received(KIND, &headers, &silent, &shops(KIND)));
    headers.remove("x-wc-webhook-source");
    let reason = parked(received(KIND, &headers, &silent, &shops(KIND)));
    assert!(reason.starts_with("it does not say which shop"), "{reason}");
}

#[test]
fn a_deletion_counts_only_from_a_source_that_is_the_shops() {
    let mut headers = signed(KIND, DELETED.as_bytes(), "order.deleted");
    headers.insert("x-wc-webhook-source", "https://staging.example.com/".parse().unwrap());
    parked(received(KIND, &headers, DELETED.as_bytes(), &shops(KIND)));
    headers.remove("x-wc-webhook-source");
    parked(received(KIND, &headers, DELETED.as_bytes(), &shops(KIND)));
}

#[test]
fn older_versions_of_the_webhook_are_parked_with_what_to_choose() {
    const REASON: &str = "the webhook's API version is too old: choose WP REST API Integration v3";
    let link = |version: &str| json!({"self": [{"href": format!("https://sample.example.com/wp-json/wc/{version}/orders/1727")}]});
    let without_utc = {
        let mut body: serde_json::Value = serde_json::from_str(PROCESSING).unwrap();
        let members = body.as_object_mut().unwrap();
        members.retain(|name, _| !name.ends_with("_gmt"));
        members.insert("date_created".to_owned(), json!("2026-03-02T14:14:05"));
        body.to_string().into_bytes()
    };
    for body in [
        changed("/_links", link("v1")),
        changed("/_links", link("v2")),
        without_utc,
        br#"{"order":{"id":1,"status":"processing","line_items":[]}}"#.to_vec(),
    ] {
        assert_eq!(parked(deliver(KIND, &body, "order.updated")), REASON);
    }
}

#[test]
fn an_order_that_lost_its_lines_is_parked() {
    let lost = changed("/line_items", json!([]));
    let reason = parked(deliver(KIND, &lost, "order.updated"));
    assert!(
        reason.starts_with("at line_items: the order has a total and no lines"),
        "{reason}"
    );
    parked(deliver(KIND, &changed("/line_items", json!(null)), "order.updated"));
    parked(deliver(
        KIND,
        &edited(PROCESSING, &[("/line_items", json!({})), ("/total", json!(null))]),
        "order.updated",
    ));
    // A fee alone explains its total, and nothing is lost of an order that is free.
    let total = json!("10.00");
    let fee = edited(
        PROCESSING,
        &[
            ("/line_items", json!([])),
            ("/total", total.clone()),
            ("/total_tax", json!("0")),
            ("/shipping_total", json!("0")),
            ("/fee_lines", json!([{"id": 7, "total": total}])),
        ],
    );
    assert!(snapshot(deliver(KIND, &fee, "order.updated")).lines.is_empty());
    let free = edited(PROCESSING, &[("/line_items", json!([])), ("/total", json!("0.00"))]);
    assert!(snapshot(deliver(KIND, &free, "order.updated")).lines.is_empty());
    // A cancellation is one, with lines or without.
    let canceled = edited(CANCELLED, &[("/line_items", json!([]))]);
    assert!(snapshot(deliver(KIND, &canceled, "order.updated")).ended.is_some());
}

#[test]
fn refunds_that_come_to_the_total_are_all_of_it() {
    let refunds = |amounts: &[&str]| {
        let refunds: Vec<_> = (1..)
            .zip(amounts)
            .map(|(id, total): (u32, _)| json!({"id": id, "total": total}))
            .collect();
        snapshot(deliver(
            KIND,
            &edited(PROCESSING, &[("/total", json!("80.00")), ("/refunds", json!(refunds))]),
            "order.updated",
        ))
    };
    let some = refunds(&["-30.00", "-49.99"]);
    assert!(!some.refunded_all);
    assert_eq!(some.unmapped_refunds.len(), 2);
    let all = refunds(&["-30.00", "-50"]);
    assert!(all.refunded_all && all.unmapped_refunds.is_empty());
    assert!(
        !refunds(&["-30.00", "lots"]).refunded_all,
        "what cannot be read is not all"
    );
    assert!(
        refunds(&[]).unmapped_refunds.is_empty(),
        "a refund that was deleted is gone"
    );
}

#[test]
fn test_orders_are_ignored_unless_the_shop_takes_them() {
    for (name, value) in [
        ("_wcpay_mode", "test"),
        ("_ppcp_paypal_payment_mode", "sandbox"),
        ("_mollie_payment_mode", "Test"),
        ("_wc_stripe_mode", "test"),
    ] {
        let body = changed("/meta_data", json!([{"id": 1, "key": name, "value": value}]));
        assert_eq!(nothing(deliver(KIND, &body, "order.updated")), "a test order", "{name}");
        let mut shops = shops(KIND);
        shops[0].accept_test = true;
        let headers = signed(KIND, &body, "order.updated");
        assert_eq!(snapshot(received(KIND, &headers, &body, &shops)).paid, Paid::Full);
    }
    for (name, value) in [
        ("_wcpay_mode", "prod"),
        ("_other_mode", "test"),
        ("_ppcp_paypal_payment_mode", "live"),
    ] {
        let body = changed("/meta_data", json!([{"id": 1, "key": name, "value": value}]));
        assert_eq!(
            snapshot(deliver(KIND, &body, "order.updated")).paid,
            Paid::Full,
            "{name}"
        );
    }
}

#[test]
fn a_renewal_names_its_subscription_and_created_via_says_nothing() {
    let with = |metas: serde_json::Value| {
        let edits = [("/meta_data", metas), ("/created_via", json!("subscription"))];
        snapshot(deliver(KIND, &edited(PROCESSING, &edits), "order.updated")).renews
    };
    let meta = |key: &str, value: serde_json::Value| json!([{"id": 1, "key": key, "value": value}]);
    assert_eq!(
        with(meta("_subscription_renewal", json!("1801"))).as_deref(),
        Some("1801")
    );
    assert_eq!(
        with(meta("_subscription_renewal", json!(1801))).as_deref(),
        Some("1801")
    );
    assert_eq!(
        with(json!({"3": {"key": "_subscription_renewal", "value": 1801}})).as_deref(),
        Some("1801")
    );
    assert_eq!(
        with(meta("_subscription_resubscribe", json!("1801"))),
        None,
        "a new subscription's first payment"
    );
    assert_eq!(with(json!([])), None);
}

#[test]
fn a_switched_plan_is_not_bought_and_is_a_notice_once_it_is_paid() {
    let switch = json!([{"id": 1, "key": "_subscription_switch", "value": "1801"}]);
    let order = snapshot(deliver(KIND, &changed("/meta_data", switch.clone()), "order.updated"));
    assert!(order.lines.is_empty());
    assert_eq!(order.notices[0].code, "PLAN_CHANGED");
    let waiting = edited(
        PROCESSING,
        &[("/meta_data", switch.clone()), ("/status", json!("on-hold"))],
    );
    assert!(snapshot(deliver(KIND, &waiting, "order.updated")).notices.is_empty());
    // Where lines say which of them change a plan, the others are bought.
    let marked = edited(
        PROCESSING,
        &[
            ("/meta_data", switch),
            (
                "/line_items/0/meta_data",
                json!([{"key": "_switched_subscription_item_id", "value": 7}]),
            ),
        ],
    );
    assert_eq!(snapshot(deliver(KIND, &marked, "order.updated")).lines.len(), 1);
}

#[test]
fn parts_of_bundles_and_composites_name_their_whole() {
    let item = |id: u32, more: serde_json::Value| {
        let mut item = json!({"id": id, "sku": format!("S{id}"), "product_id": 9, "quantity": 1, "meta_data": []});
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let meta = |key: &str, value: &str| json!({"meta_data": [{"key": key, "value": value}]});
    let parts = |items: Vec<serde_json::Value>| -> Vec<Option<String>> {
        let order = snapshot(deliver(KIND, &changed("/line_items", json!(items)), "order.updated"));
        order.lines.into_iter().map(|line| line.part_of).collect()
    };
    let of_first = [None, Some("1".to_owned())];
    assert_eq!(
        parts(vec![
            item(1, json!({"bundled_by": ""})),
            item(2, json!({"bundled_by": 1}))
        ]),
        of_first
    );
    assert_eq!(
        parts(vec![item(1, json!({})), item(2, json!({"bundled_by": "1"}))]),
        of_first
    );
    assert_eq!(
        parts(vec![item(1, json!({})), item(2, json!({"composite_parent": 1}))]),
        of_first
    );
    assert_eq!(
        parts(vec![
            item(1, meta("_bundle_cart_key", "ab")),
            item(2, meta("_bundled_by", "ab"))
        ]),
        of_first
    );
    assert_eq!(
        parts(vec![
            item(1, meta("_composite_cart_key", "cd")),
            item(2, meta("_composite_parent", "cd"))
        ]),
        of_first
    );
    assert_eq!(
        parts(vec![item(1, json!({})), item(2, json!({"bundled_by": 7}))]),
        [None, None]
    );
}

#[test]
fn a_line_whose_product_was_deleted_says_so() {
    let why = |sku: serde_json::Value, product: serde_json::Value| {
        let edits = [("/line_items/0/sku", sku), ("/line_items/0/product_id", product)];
        snapshot(deliver(KIND, &edited(PROCESSING, &edits), "order.updated")).lines[0].missing_sku
    };
    assert_eq!(why(json!(null), json!(0)), Some(MissingSku::ProductDeleted));
    assert_eq!(why(json!(""), json!(93)), Some(MissingSku::VariantWithoutSku));
    assert_eq!(why(json!("A"), json!(0)), None, "a product in the trash keeps its SKU");
}

#[test]
fn fractions_of_a_unit_are_a_notice_and_their_whole_part_counts() {
    let order = |quantity: serde_json::Value| {
        snapshot(deliver(
            KIND,
            &changed("/line_items/0/quantity", quantity),
            "order.updated",
        ))
    };
    for (quantity, units, notices) in [
        (json!(2.5), 2, 1),
        (json!("0.75"), 0, 1),
        (json!(3.0), 3, 0),
        (json!("2"), 2, 0),
    ] {
        let order = order(quantity.clone());
        assert_eq!(
            (order.lines[0].units, order.notices.len()),
            (units, notices),
            "{quantity}"
        );
    }
    for wrong in [json!(-1), json!("x"), json!(null), json!(1e300)] {
        parked(deliver(
            KIND,
            &changed("/line_items/0/quantity", wrong),
            "order.updated",
        ));
    }
}

#[test]
fn custom_data_may_be_an_object_and_its_values_any_json() {
    let site = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
    for metas in [
        json!({"0": {"key": "wix_site_id", "value": site}, "2": {"key": "colour", "value": "green"}}),
        json!([{"key": "many", "value": [1, {"a": []}]}, 7, null, "x", {"key": "wix_site_id", "value": site}]),
        json!([{"key": {"a": 1}, "value": site}, {"key": "wix_site_id", "value": site}]),
    ] {
        let body = changed("/line_items/0/meta_data", metas.clone());
        let order = snapshot(deliver(KIND, &body, "order.updated"));
        assert_eq!(order.lines[0].fields.site.as_deref(), Some(site), "{metas}");
    }
    for none in [json!(null), json!(""), json!({})] {
        assert_eq!(
            snapshot(deliver(KIND, &changed("/meta_data", none), "order.updated")).paid,
            Paid::Full
        );
    }
}

#[test]
fn a_number_of_its_own_is_what_people_call_the_order() {
    let number =
        |number: serde_json::Value| snapshot(deliver(KIND, &changed("/number", number), "order.updated")).number;
    assert_eq!(number(json!("1727")), None);
    assert_eq!(number(json!("2026-0042")).as_deref(), Some("#2026-0042"));
    assert_eq!(number(json!("#77")).as_deref(), Some("#77"));
    assert_eq!(number(json!("9".repeat(100))).unwrap().len(), 40);
}

const SUBSCRIPTION: &str = include_str!("../../../events/woocommerce/subscription_updated_cancelled.json");

/// The statements of a subscription's delivery, each with its key.
fn statements(body: &[u8], topic: &str) -> Vec<(String, Statement)> {
    match deliver(KIND, body, topic).unwrap() {
        Outcome::Events(events) => events
            .into_iter()
            .map(|(event, _)| (event.key.to_string(), event.says))
            .collect(),
        Outcome::Nothing(reason) => panic!("{reason}"),
    }
}

fn subscription(edits: &[(&str, serde_json::Value)]) -> Vec<(String, Statement)> {
    statements(&edited(SUBSCRIPTION, edits), "subscription.updated")
}

#[test]
fn a_subscription_that_is_over_ends_its_skus_of_its_first_order() {
    for (status, ended) in [
        ("cancelled", Some(Ended::PLAIN)),
        ("trash", Some(Ended::PLAIN)),
        ("expired", Some(Ended::TERMINAL)),
        ("active", None),
        ("on-hold", None),
        ("pending-cancel", None),
    ] {
        let told = subscription(&[("/status", json!(status))]);
        assert_eq!(told.len(), 2, "{status}");
        let (key, Statement::End(end)) = &told[0] else {
            panic!("{told:?}")
        };
        assert_eq!((key.as_str(), end.ended), ("woocommerce/1727", ended), "{status}");
        assert_eq!(
            end.of,
            Covers::Skus(std::iter::once("PREMIUM-1Y".parse().unwrap()).collect())
        );
        let belongs = Statement::BelongsTo("woocommerce/1727".parse().unwrap());
        assert_eq!(told[1], ("woocommerce/subscription-1728".to_owned(), belongs));
    }
}

#[test]
fn a_subscription_without_lines_means_all_of_its_first_order() {
    for lines in [json!([]), json!(null), json!([{"sku": ""}])] {
        let told = subscription(&[("/line_items", lines)]);
        assert!(
            matches!(&told[0].1, Statement::End(end) if end.of == Covers::All),
            "{told:?}"
        );
    }
}

#[test]
fn a_subscription_whose_order_or_shop_is_not_known_needs_a_person() {
    let told = subscription(&[("/parent_id", json!(0))]);
    assert_eq!(told[0].0, "woocommerce/subscription-1728");
    assert!(matches!(&told[0].1, Statement::Notice(_)), "{told:?}");
    let told = subscription(&[("/status", json!("switched"))]);
    assert!(
        matches!(&told[0].1, Statement::Notice(notice) if notice.id == "subscription:1728:switched"),
        "{told:?}"
    );
    // Neither the body nor a header names the shop.
    let body = edited(SUBSCRIPTION, &[("/_links", json!([])), ("/payment_url", json!(""))]);
    let mut headers = signed(KIND, &body, "subscription.updated");
    headers.remove("x-wc-webhook-source");
    let (event, _) = event(received(KIND, &headers, &body, &shops(KIND)));
    assert!(matches!(event.says, Statement::Notice(_)));
    let told = statements(br#"{"id": 1728}"#, "subscription.deleted");
    assert!(matches!(&told[0].1, Statement::Notice(_)), "{told:?}");
    let copy = with(SUBSCRIPTION, "sample.example.com", "staging.example.com");
    parked(deliver(KIND, &copy, "subscription.updated"));
}

#[test]
fn parts_that_a_marketplace_makes_of_an_order_do_not_count_twice() {
    let part = changed("/parent_id", json!(1700));
    nothing(deliver(KIND, &part, "order.updated"));
    let names = FieldNames {
        suborders: Suborders::Only,
        ..FieldNames::default()
    };
    for (body, taken) in [(part.as_slice(), true), (PROCESSING.as_bytes(), false)] {
        let headers = signed(KIND, body, "order.updated");
        let delivery = Delivery {
            headers: &headers,
            body,
            received_at: NOW,
        };
        let outcome = receive(KIND, &delivery, &shops(KIND), &names).unwrap();
        assert_eq!(matches!(outcome, Outcome::Events(_)), taken);
    }
}
