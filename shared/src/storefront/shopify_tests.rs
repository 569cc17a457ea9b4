use super::super::testing::{deliver, event, header_map, nothing, parked, received, shops, snapshot, units, with};
use super::super::{Key, OrderQueue, Outcome};
use super::*;

const KIND: StorefrontKind = StorefrontKind::Shopify;
const PAID: &str = include_str!("../../../events/shopify/orders_paid.json");
const REFUNDED_ONE: &str = include_str!("../../../events/shopify/orders_updated_refunded_one.json");
const OLD_API: &str = include_str!("../../../events/shopify/orders_updated_old_api.json");
const EDIT_UP: &str = include_str!("../../../events/shopify/orders_updated_edit_up_unpaid.json");
const PENDING: &str = include_str!("../../../events/shopify/orders_create_pending.json");
const CANCELLED: &str = include_str!("../../../events/shopify/orders_cancelled.json");
const REFUND: &str = include_str!("../../../events/shopify/refunds_create.json");
const REFUND_AMOUNT: &str = include_str!("../../../events/shopify/refunds_create_amount_only.json");
const EDITED: &str = include_str!("../../../events/shopify/orders_edited.json");
const TEST_NOTIFICATION_BODY: &str = include_str!("../../../events/shopify/test_notification.json");
const TEST_ORDER: &str = include_str!("../../../events/shopify/orders_paid_test_order.json");
const REFERENCE: &str = include_str!("../../../events/shopify/orders_updated_reference.json");

#[test]
fn the_published_vector_verifies_and_one_byte_changed_anywhere_fails() {
    let shops = [ShopKeys::new(None, vec![Key::new(KIND, "test_secret_key").unwrap()])];
    let body = br#"{"foo": "bar"}"#;
    let headers = header_map(&[
        ("X-Shopify-Hmac-Sha256", "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="),
        ("X-Shopify-Topic", "products/update"),
    ]);
    assert!(matches!(
        received(KIND, &headers, body, &shops),
        Ok(Outcome::Nothing(_))
    ));
    for at in 0..body.len() {
        let mut changed = body.to_vec();
        changed[at] ^= 1;
        assert_eq!(
            received(KIND, &headers, &changed, &shops),
            Err(ReceiveError::Unverified(VerifyError::BadSignature)),
            "byte {at}"
        );
    }
}

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
fn a_missing_or_unreadable_signature_fails_closed() {
    for headers in [
        header_map(&[("x-shopify-topic", "orders/paid")]),
        header_map(&[("x-shopify-topic", "orders/paid"), ("x-shopify-hmac-sha256", "")]),
        header_map(&[
            ("x-shopify-topic", "orders/paid"),
            ("x-shopify-hmac-sha256", "not base64!"),
        ]),
    ] {
        let error = received(KIND, &headers, PAID.as_bytes(), &shops(KIND)).unwrap_err();
        assert!(matches!(error, ReceiveError::Unverified(_)), "{error}");
    }
}

#[test]
fn without_a_configured_key_nothing_is_taken() {
    let headers = super::super::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
    for shops in [vec![], vec![ShopKeys::new(None, vec![])]] {
        assert_eq!(
            received(KIND, &headers, PAID.as_bytes(), &shops),
            Err(ReceiveError::Unverified(VerifyError::NoKeys))
        );
    }
}

#[test]
fn both_secrets_count_during_a_rotation() {
    let headers = super::super::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
    let keys = ["the new secret", "shpss_test"].map(|secret| Key::new(KIND, secret).unwrap());
    let both = [ShopKeys::new(None, keys.to_vec())];
    assert!(received(KIND, &headers, PAID.as_bytes(), &both).is_ok());
    let new_only = [ShopKeys::new(None, keys[..1].to_vec())];
    assert_eq!(
        received(KIND, &headers, PAID.as_bytes(), &new_only),
        Err(ReceiveError::Unverified(VerifyError::BadSignature))
    );
}

#[test]
fn the_new_header_names_without_x_are_taken() {
    let old = super::super::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
    let new: Vec<(String, String)> = old
        .iter()
        .map(|(name, value)| {
            let name = name.as_str();
            (
                name.strip_prefix("x-").unwrap_or(name).to_owned(),
                value.to_str().unwrap().to_owned(),
            )
        })
        .collect();
    let new: Vec<(&str, &str)> = new
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let (event, trigger) = event(received(KIND, &header_map(&new), PAID.as_bytes(), &shops(KIND)));
    assert_eq!(event.key.to_string(), "shopify/9007199254740993");
    assert!(event.delivery.starts_with("wh-"), "{}", event.delivery);
    assert_eq!(trigger, OrderQueue::OrderPaid);
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
fn current_quantity_after_a_refund_is_the_live_units_and_the_refund_is_counted() {
    let (event, trigger) = event(deliver(KIND, REFUNDED_ONE.as_bytes(), "orders/updated"));
    let order = event.snapshot().unwrap();
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    assert_eq!(units(order), [2, 1, 1]);
    assert_eq!(order.refunds.iter().collect::<Vec<_>>(), ["1099511627776123"]);
    assert!(
        order.paid == Paid::Full && order.ended.is_none(),
        "partially refunded with nothing outstanding is fully paid"
    );
}

#[test]
fn without_current_quantity_the_refunds_in_the_order_are_taken_off() {
    let order = snapshot(deliver(KIND, OLD_API.as_bytes(), "orders/updated"));
    assert_eq!(units(&order), [2, 1, 1]);
    assert!(
        order.paid != Paid::Full,
        "without total_outstanding it is not known that all is paid"
    );
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
fn partially_refunded_with_something_outstanding_is_not_fully_paid() {
    let body = with(
        REFUNDED_ONE,
        "\"total_outstanding\": \"0.00\"",
        "\"total_outstanding\": \"10.00\"",
    );
    assert!(snapshot(deliver(KIND, &body, "orders/updated")).paid != Paid::Full);
    let body = with(
        REFUNDED_ONE,
        "\"total_outstanding\": \"0.00\"",
        "\"total_outstanding\": 0.0",
    );
    assert!(
        snapshot(deliver(KIND, &body, "orders/updated")).paid == Paid::Full,
        "a price may be a number"
    );
}

#[test]
fn an_edit_down_goes_to_order_canceled() {
    let body = with(PAID, "\"current_quantity\": 3", "\"current_quantity\": 1");
    let (event, trigger) = event(deliver(KIND, &body, "orders/updated"));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    assert_eq!(units(event.snapshot().unwrap()), [1, 1, 1]);
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
fn a_canceled_order_goes_to_order_canceled_under_any_topic() {
    for topic in ["orders/cancelled", "orders/updated", "orders/paid"] {
        let (event, trigger) = event(deliver(KIND, CANCELLED.as_bytes(), topic));
        let order = event.snapshot().unwrap();
        assert!(order.ended.is_some(), "{topic}");
        assert_eq!(units(order), [0, 0, 0]);
        assert_eq!(trigger, OrderQueue::OrderCanceled, "{topic}");
    }
}

#[test]
fn an_order_canceled_before_it_was_paid_is_told_too() {
    let body = with(
        PENDING,
        "\"cancelled_at\": null",
        "\"cancelled_at\": \"2026-03-02T09:20:00-05:00\"",
    );
    let (event, trigger) = event(deliver(KIND, &body, "orders/cancelled"));
    assert!(event.snapshot().unwrap().ended.is_some());
    assert_eq!(trigger, OrderQueue::OrderCanceled);
}

#[test]
fn wholly_refunded_counts_as_canceled() {
    let body = with(
        PAID,
        "\"financial_status\": \"paid\"",
        "\"financial_status\": \"refunded\"",
    );
    assert!(snapshot(deliver(KIND, &body, "orders/updated")).ended.is_some());
}

#[test]
fn a_refund_names_its_order_by_order_id_and_its_lines() {
    let (event, trigger) = event(deliver(KIND, REFUND.as_bytes(), "refunds/create"));
    assert_eq!(event.key.to_string(), "shopify/9007199254740993");
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let Statement::Refund(refund) = event.says else {
        panic!("not a refund")
    };
    assert_eq!(refund.id, "1099511627776123");
    assert_eq!(
        refund.lines.unwrap(),
        BTreeMap::from([("9007199254740995".to_owned(), 1)])
    );
}

#[test]
fn a_refund_of_an_amount_only_takes_nothing_back() {
    nothing(deliver(KIND, REFUND_AMOUNT.as_bytes(), "refunds/create"));
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
fn a_refund_of_the_test_notifications_order_is_ignored() {
    let body = with(
        REFUND,
        "\"order_id\": 9007199254740993",
        "\"order_id\": 820982911946154508",
    );
    assert_eq!(
        nothing(deliver(KIND, &body, "refunds/create")),
        "Shopify's test notification"
    );
}

#[test]
fn test_orders_count_where_the_secret_says_so_but_never_a_test_notification() {
    let mut shops = shops(KIND);
    shops[0].accept_test = true;
    let signed = |body: &str| super::super::testing::signed(KIND, body.as_bytes(), "orders/paid");
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
fn a_body_that_does_not_fit_the_unsigned_topic_is_parked() {
    let reason = parked(deliver(KIND, REFUND.as_bytes(), "orders/paid"));
    assert!(reason.contains("missing field"), "{reason}");
    parked(deliver(KIND, PAID.as_bytes(), "refunds/create"));
    parked(deliver(KIND, EDITED.as_bytes(), "orders/updated"));
    let draft = with(
        PAID,
        "gid:\\/\\/shopify\\/Order\\/",
        "gid:\\/\\/shopify\\/DraftOrder\\/",
    );
    let reason = parked(deliver(KIND, &draft, "orders/paid"));
    assert!(reason.contains("admin_graphql_api_id"), "{reason}");
}

#[test]
fn a_body_without_what_would_forbid_buying_is_parked() {
    for key in [
        "test",
        "cancelled_at",
        "financial_status",
        "line_items",
        "updated_at",
        "created_at",
    ] {
        let body = with(PAID, &format!("\"{key}\""), "\"something_else\"");
        assert_eq!(
            parked(deliver(KIND, &body, "orders/paid")),
            format!("at the top: missing field `{key}`")
        );
    }
}

#[test]
fn a_body_replayed_under_another_shops_header_is_the_same_order() {
    let mut headers = super::super::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
    headers.insert("x-shopify-shop-domain", "other.myshopify.com".parse().unwrap());
    let (event, _) = event(received(KIND, &headers, PAID.as_bytes(), &shops(KIND)));
    assert_eq!(event.key.to_string(), "shopify/9007199254740993");
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
fn an_unknown_financial_status_is_allowed_and_not_paid() {
    for status in ["\"expired\"", "null"] {
        let body = with(
            PAID,
            "\"financial_status\": \"paid\"",
            &format!("\"financial_status\": {status}"),
        );
        assert!(snapshot(deliver(KIND, &body, "orders/updated")).paid != Paid::Full);
    }
}

#[test]
fn a_missing_topic_is_malformed() {
    let mut headers = super::super::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
    headers.remove("x-shopify-topic");
    let error = received(KIND, &headers, PAID.as_bytes(), &shops(KIND)).unwrap_err();
    assert_eq!(error.outward(), "The header X-Shopify-Topic is missing.");
}

#[test]
fn bodies_that_are_no_json_not_utf_8_or_nested_ten_thousand_deep_are_parked() {
    let deep = format!(
        "{}{}{}",
        PAID.trim_end().trim_end_matches('}'),
        ", \"cancelled_at\": ",
        "[".repeat(10_000)
    );
    for body in [
        b"".as_slice(),
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{\"id\": \"\xff\"}",
        deep.as_bytes(),
    ] {
        parked(deliver(KIND, body, "orders/paid"));
    }
}
