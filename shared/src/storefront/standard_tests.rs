use super::super::testing::{
    NOW, deliver, event, header_map, nothing, parked, received, secret, shops, signed, snapshot, units, with,
};
use super::super::{Delivery, Key, OrderQueue, Outcome, receive};
use super::*;

const KIND: StorefrontKind = StorefrontKind::Standard;
const PAID: &str = include_str!("../../../events/standard/order_paid.json");
const UNPAID: &str = include_str!("../../../events/standard/order_created_unpaid.json");
const REFERENCE: &str = include_str!("../../../events/standard/order_updated_reference.json");
const REFUNDED_ONE: &str = include_str!("../../../events/standard/order_updated_refunded_one.json");
const REFUND: &str = include_str!("../../../events/standard/order_refunded.json");
const CANCELED: &str = include_str!("../../../events/standard/order_canceled.json");
const BIGCOMMERCE: &str = include_str!("../../../events/standard/bigcommerce_order_created.json");

const VECTOR_BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const VECTOR_SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

fn vector(id: &str, time: &str, signature: &str, body: &[u8], received_at: i64) -> Result<Outcome, ReceiveError> {
    let key = Key::new(KIND, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    let headers = header_map(&[
        ("webhook-id", id),
        ("webhook-timestamp", time),
        ("webhook-signature", signature),
    ]);
    let delivery = Delivery {
        headers: &headers,
        body,
        received_at: Timestamp::from_secs(received_at),
    };
    receive(
        KIND,
        &delivery,
        &[ShopKeys::new(None, vec![key])],
        &FieldNames::default(),
    )
}

#[test]
fn the_published_vector_verifies() {
    let outcome = vector(
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        "1649367553",
        VECTOR_SIGNATURE,
        VECTOR_BODY,
        1_649_367_553,
    );
    // Verified, and not an order.
    assert!(
        matches!(outcome, Err(ReceiveError::NotUnderstood { .. })),
        "{outcome:?}"
    );
}

#[test]
fn one_byte_changed_in_body_id_or_time_fails() {
    let id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    let bad = Err(ReceiveError::Unverified(VerifyError::BadSignature));
    for at in 0..VECTOR_BODY.len() {
        let mut body = VECTOR_BODY.to_vec();
        body[at] ^= 1;
        assert_eq!(vector(id, "1649367553", VECTOR_SIGNATURE, &body, 1_649_367_553), bad);
    }
    assert_eq!(
        vector(id, "1649367554", VECTOR_SIGNATURE, VECTOR_BODY, 1_649_367_553),
        bad
    );
    assert_eq!(
        vector("msg_2", "1649367553", VECTOR_SIGNATURE, VECTOR_BODY, 1_649_367_553),
        bad
    );
}

#[test]
fn old_and_future_timestamps_are_refused_beyond_300_seconds() {
    let at = |received_at| {
        let id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
        vector(id, "1649367553", VECTOR_SIGNATURE, VECTOR_BODY, received_at)
    };
    let stale = Err(ReceiveError::Unverified(VerifyError::Stale));
    assert_eq!(at(1_649_367_553 + 301), stale);
    assert_eq!(at(1_649_367_553 - 301), stale);
    assert!(matches!(
        at(1_649_367_553 + 300),
        Err(ReceiveError::NotUnderstood { .. })
    ));
}

#[test]
fn any_of_several_signatures_counts_and_other_schemes_do_not() {
    let id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    let at = |signature: &str| vector(id, "1649367553", signature, VECTOR_BODY, 1_649_367_553);
    let several = format!("v1a,AAAA v1,AAAA {VECTOR_SIGNATURE} v2,x");
    assert!(matches!(at(&several), Err(ReceiveError::NotUnderstood { .. })));
    let other_scheme = VECTOR_SIGNATURE.replace("v1,", "v1a,");
    for signature in ["", "v1,", "v1", &other_scheme] {
        assert!(
            matches!(at(signature), Err(ReceiveError::Unverified(_))),
            "{signature:?}"
        );
    }
}

#[test]
fn a_paid_order_is_a_snapshot() {
    let (event, trigger) = event(deliver(KIND, PAID.as_bytes(), ""));
    assert_eq!(event.key.to_string(), "standard/1001");
    assert!(event.delivery.starts_with("msg_"));
    assert_eq!(trigger, OrderQueue::OrderPaid);
    let order = event.snapshot().unwrap();
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(order.version.sequence, 2);
    assert_eq!(units(order), [2, 1]);
    assert_eq!(order.lines[0].sku.as_ref().unwrap().as_str(), "PREMIUM-1Y");
    assert_eq!(order.lines[1].sku, None);
    assert_eq!(
        order.fields.account.as_deref(),
        Some("2250b761-b31c-453b-885b-76e9fc04bdc6")
    );
    assert_eq!(order.fields.country.as_deref(), Some("US"));
    assert_eq!(
        order.lines[0].fields.site.as_deref(),
        Some("918aa943-ab4f-40bc-88c3-8dfd02fae7cd")
    );
}

#[test]
fn the_shop_in_the_key_is_the_one_whose_secret_verified() {
    let key = |text: &str| vec![Key::new(KIND, text).unwrap()];
    let shops = [
        ShopKeys::new(Some("south".parse().unwrap()), key("whsec_c291dGggc291dGg=")),
        ShopKeys::new(Some("north".parse().unwrap()), key(secret(KIND))),
    ];
    let headers = signed(KIND, PAID.as_bytes(), "");
    let (event, _) = event(received(KIND, &headers, PAID.as_bytes(), &shops));
    assert_eq!(event.key.to_string(), "standard/north/1001");
    assert_eq!(
        received(KIND, &headers, PAID.as_bytes(), &shops[..1]),
        Err(ReceiveError::Unverified(VerifyError::BadSignature)),
        "signed for another shop"
    );
}

#[test]
fn an_update_with_a_reference_goes_to_tag_external_id() {
    let (event, trigger) = event(deliver(KIND, REFERENCE.as_bytes(), ""));
    assert_eq!(trigger, OrderQueue::TagExternalId);
    assert_eq!(
        event.snapshot().unwrap().fields.external_id.as_deref(),
        Some("PO-2026-118")
    );
}

#[test]
fn a_snapshot_with_a_counted_refund_and_the_refund_itself_go_to_order_canceled() {
    let (of_order, trigger) = event(deliver(KIND, REFUNDED_ONE.as_bytes(), ""));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let order = of_order.snapshot().unwrap();
    assert_eq!(units(order), [1, 1]);
    assert!(order.refunds.contains("r-1"));
    let (event, trigger) = event(deliver(KIND, REFUND.as_bytes(), ""));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    assert_eq!(event.key, of_order.key);
    assert_eq!(
        event.says,
        Statement::Refund(Refund {
            id: "r-1".to_owned(),
            state: RefundState::Succeeded,
            lines: Some(BTreeMap::from([("1".to_owned(), 1)])),
            whole: false,
        })
    );
}

#[test]
fn a_refund_of_an_amount_only_takes_nothing_back() {
    let body = with(REFUND, "\"units\": 1", "\"units\": 0");
    nothing(deliver(KIND, &body, ""));
}

#[test]
fn a_canceled_order_goes_to_order_canceled() {
    let (event, trigger) = event(deliver(KIND, CANCELED.as_bytes(), ""));
    assert!(event.snapshot().unwrap().ended.is_some());
    assert_eq!(trigger, OrderQueue::OrderCanceled);
}

#[test]
fn an_unpaid_order_is_nothing_to_do_and_a_partly_paid_one_reaches_the_merge() {
    nothing(deliver(KIND, UNPAID.as_bytes(), ""));
    let partial = with(UNPAID, "\"unpaid\"", "\"partial\"");
    assert!(snapshot(deliver(KIND, &partial, "")).paid != Paid::Full);
}

#[test]
fn a_type_that_contradicts_the_data_is_parked() {
    let reason = parked(deliver(KIND, &with(UNPAID, "order.created", "order.paid"), ""));
    assert_eq!(reason, "at data.payment: order.paid of an order that is not paid");
    let reason = parked(deliver(KIND, &with(PAID, "order.paid", "order.canceled"), ""));
    assert_eq!(
        reason,
        "at data.status: order.canceled of an order that is not canceled"
    );
}

#[test]
fn a_misspelt_name_is_parked_and_named() {
    let reason = parked(deliver(KIND, &with(PAID, "\"units\": 2", "\"unit\": 2"), ""));
    assert_eq!(
        reason,
        "at data.lines[0].unit: expected one of `id`, `sku`, `units`, `properties`"
    );
}

#[test]
fn an_unknown_type_and_a_test_order_mean_nothing() {
    assert_eq!(
        nothing(deliver(KIND, &with(PAID, "order.paid", "ping"), "")),
        "the type ping means nothing here"
    );
    let test = with(PAID, "\"status\": \"open\"", "\"test\": true, \"status\": \"open\"");
    assert_eq!(nothing(deliver(KIND, &test, "")), "a test order");
}

#[test]
fn bigcommerce_sends_an_id_and_no_order_which_is_said() {
    let reason = parked(deliver(KIND, BIGCOMMERCE.as_bytes(), ""));
    assert!(reason.starts_with("a BigCommerce webhook"), "{reason}");
}

#[test]
fn a_signed_time_that_is_no_number_is_refused() {
    let mut message = b"msg_1.soon.".to_vec();
    message.extend_from_slice(PAID.as_bytes());
    // Signed rightly over a time that is none.
    let bytes = super::super::keys::standard_secret(secret(KIND)).unwrap();
    let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &bytes), &message);
    let signature = format!("v1,{}", STANDARD.encode(tag.as_ref()));
    let headers = header_map(&[
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", "soon"),
        ("webhook-signature", &signature),
    ]);
    assert_eq!(
        received(KIND, &headers, PAID.as_bytes(), &shops(KIND)),
        Err(ReceiveError::Unverified(VerifyError::MissingSignature))
    );
    assert_eq!(NOW.to_string(), "2026-03-10T00:00:00Z");
}
