//! Signatures, headers, and bodies that are no order.

use super::*;

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
    let headers = crate::storefront::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
    for shops in [vec![], vec![ShopKeys::new(None, vec![])]] {
        assert_eq!(
            received(KIND, &headers, PAID.as_bytes(), &shops),
            Err(ReceiveError::Unverified(VerifyError::NoKeys))
        );
    }
}

#[test]
fn both_secrets_count_during_a_rotation() {
    let headers = crate::storefront::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
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
    let old = crate::storefront::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
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
    let mut headers = crate::storefront::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
    headers.insert("x-shopify-shop-domain", "other.myshopify.com".parse().unwrap());
    let (event, _) = event(received(KIND, &headers, PAID.as_bytes(), &shops(KIND)));
    assert_eq!(event.key.to_string(), "shopify/9007199254740993");
}

#[test]
fn a_missing_topic_is_malformed() {
    let mut headers = crate::storefront::testing::signed(KIND, PAID.as_bytes(), "orders/paid");
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
