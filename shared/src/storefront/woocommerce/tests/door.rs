//! Signatures, shops, and bodies that are no order.

use super::*;

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
