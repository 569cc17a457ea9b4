use http::HeaderMap;

use super::super::testing::{
    NOW, deliver, event, header_map, nothing, parked, received, secret, shops, signed, snapshot, units, with,
};
use super::super::{InvalidKey, Key, OrderQueue};
use super::*;

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
    assert!(snapshot(deliver(KIND, &dated, "order.updated")).paid == Paid::Full);
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
fn a_date_paid_counts_and_a_custom_status_changes_nothing() {
    let custom = with(
        PROCESSING,
        "\"status\": \"processing\"",
        "\"status\": \"packed-by-robot\"",
    );
    assert!(snapshot(deliver(KIND, &custom, "order.updated")).paid == Paid::Full);
    let custom = with(PENDING, "\"status\": \"pending\"", "\"status\": \"packed-by-robot\"");
    assert!(snapshot(deliver(KIND, &custom, "order.updated")).paid != Paid::Full);
    let prefixed = with(BY_HAND, "\"status\": \"completed\"", "\"status\": \"wc-completed\"");
    assert!(snapshot(deliver(KIND, &prefixed, "order.updated")).paid == Paid::Full);
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
fn a_partial_refund_names_no_lines_and_becomes_one_sentence_with_the_amount() {
    let (event, trigger) = event(deliver(KIND, PARTIAL.as_bytes(), "order.updated"));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let order = event.snapshot().unwrap();
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(units(order), [2, 1]);
    assert!(order.refunds.is_empty(), "the lines have counted none");
    assert_eq!(
        order
            .notices
            .iter()
            .map(|notice| notice.sentence.as_str())
            .collect::<Vec<_>>(),
        ["WooCommerce reports refund 1730 of 80.00 USD without saying of what: take back by hand what it was for."]
    );
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
    let key = |text: &str| vec![Key::new(KIND, text).unwrap()];
    let shops = [
        ShopKeys::new(Some("north".parse().unwrap()), key("another secret")),
        ShopKeys::new(Some("south".parse().unwrap()), key(secret(KIND))),
    ];
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
