use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;

use http::HeaderMap;
use serde_json::json;

use super::super::testing::{
    INSTANCE, NOW, PRIVATE_KEY, PUBLIC_KEY, deliver, event, nothing, parked, received, shops, snapshot, units, with,
    wix_signed,
};
use super::super::{Key, OrderQueue, Outcome, receive, sign};
use super::*;

const KIND: StorefrontKind = StorefrontKind::Wix;
const PAID: &str = include_str!("../../../events/wix/order_payment_status_updated_paid.json");
const INITIALIZED: &str = include_str!("../../../events/wix/order_created_initialized.json");
const NOT_PAID: &str = include_str!("../../../events/wix/order_approved_not_paid.json");
const AS_TEXT: &str = include_str!("../../../events/wix/order_approved_as_text.json");
const REFUNDED_ONE: &str = include_str!("../../../events/wix/order_updated_refunded_one.json");
const CANCELED: &str = include_str!("../../../events/wix/order_canceled.json");
const REFERENCE: &str = include_str!("../../../events/wix/order_updated_reference.json");
const ANONYMIZED: &str = include_str!("../../../events/wix/order_updated_anonymized.json");
const IMPORTED: &str = include_str!("../../../events/wix/order_created_imported.json");
const TRANSACTIONS: &str = include_str!("../../../events/wix/order_transactions_refund_completed.json");

/// The public key and the token of Wix's published example; the token expired on 2022-02-09.
const VECTOR_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjUtCVyLGf8M0+qlYWrJvNYXpCwV2viCFuf4TJcdxoocZT0GOghRA0q9tYko5Rt4uJXARwn3khou9qKnZYC1+7+81HY3JSoY9Hc5FILrYuxhkdYEDwKd2A27x4k4MLlEV9YlU2Vugr3oGE3+smuNl6RhPn7gHvdK7cK9Ss1cZIg+icNPjUD+tHiDa4tn4I8uJOQqvA+PNXok3AntDZvYDETlQctvZVLV5cNvP81JdYOf4huItqoZkATtXwJE8Cm0cvu9vm0IqZCn4KHxjTnBkCMY5DcX4T+CyW9klcdmWINxGRQI8VAHORuvGi2gKTK0zZvk7FZHOTjLfEMdgJ/uYvwIDAQAB";
const VECTOR: &str = "eyJraWQiOiJMR3VhcGtTRCIsImFsZyI6IlJTMjU2In0.eyJkYXRhIjoie1wiZGF0YVwiOlwie1xcXCJhcHBJZFxcXCI6XFxcIjViYzIwNjJkLTAxMGItNDQ4Yy1hNjJhLWQ2YmIyNjljNWE0Y1xcXCIsIFxcXCJvcmlnaW5JbnN0YW5jZUlkXFxcIjpcXFwiMDc4NjRjMTYtM2E2Zi00ZGQyLTk5NzMtMDI4NzA1NzYyYjJjXFxcIn1cIixcImluc3RhbmNlSWRcIjpcIjNiYmNhYmM3LWViYjctNGZjOC04ODI5LTEzZWEwZTE0MjEyM1wiLFwiZXZlbnRUeXBlXCI6XCJBcHBJbnN0YWxsZWRcIn0iLCJpYXQiOjE2NDA3ODg1NTQsImV4cCI6MTY0NDM4ODU1NH0.efOBeS4YXRIFUMOQ1x8AiHX50zrzdmSg3hU03dYFtsXdcf2S_lvu2VlnvxuesEFUoqLTh3ALnMs7gQpLPkCeLscWWOwW6sEuue3ONFFizB92YUDlQGjKAg4duykz37wbFrkak38Gp1k6ghGQGN7GXmoYHRFvHpXlVxONPRn9cgt4SSxVbR4po5aUpbDOjB8VkoUzbtQPiVW2Dv4-L8E4kQSXvbXuDhMwEHWyboFNRB1W7ayQS6_TiXoy4cTu-4PLMFh3Wfg8YnfEmmL56qXbWyutLfPs94gAT2--6vSqJzNhDoauj-nzCQESwAz2VeBeldI_GoVZFt6XFVhgynPwdg";

fn vector(token: &[u8], received_at: i64) -> Result<Outcome, ReceiveError> {
    let headers = HeaderMap::new();
    let delivery = Delivery {
        headers: &headers,
        body: token,
        received_at: Timestamp::from_secs(received_at),
    };
    let shops = [ShopKeys::new(None, vec![Key::new(KIND, VECTOR_KEY).unwrap()])];
    receive(KIND, &delivery, &shops, &FieldNames::default())
}

fn post(token: &str, shops: &[ShopKeys]) -> Result<Outcome, ReceiveError> {
    received(KIND, &HeaderMap::new(), token.as_bytes(), shops)
}

const fn unverified<T>(error: VerifyError) -> Result<T, ReceiveError> {
    Err(ReceiveError::Unverified(error))
}

#[test]
fn the_published_vector_verifies_up_to_300_seconds_past_its_exp() {
    let outcome = vector(VECTOR.as_bytes(), 1_640_788_600);
    assert_eq!(nothing(outcome), "the event AppInstalled means nothing here");
    assert!(vector(VECTOR.as_bytes(), 1_644_388_554 + 300).is_ok());
    assert_eq!(
        vector(VECTOR.as_bytes(), 1_644_388_554 + 301),
        unverified(VerifyError::Stale)
    );
    let with_newline = format!("\n{VECTOR}\r\n");
    assert!(
        vector(with_newline.as_bytes(), 1_640_788_600).is_ok(),
        "the body is trimmed"
    );
}

#[test]
fn one_byte_changed_anywhere_in_the_token_fails() {
    for at in 0..VECTOR.len() {
        let mut token = VECTOR.as_bytes().to_vec();
        token[at] ^= 1;
        let error = vector(&token, 1_640_788_600).unwrap_err();
        assert!(matches!(error, ReceiveError::Unverified(_)), "byte {at}: {error}");
    }
}

#[test]
fn the_vector_names_the_site_it_is_for() {
    let (_, rest) = VECTOR.split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let envelope: Envelope = decode(claims["data"].as_str().unwrap()).unwrap();
    assert_eq!(envelope.instance_id, "3bbcabc7-ebb7-4fc8-8829-13ea0e142123");
    assert_eq!(envelope.event_type, "AppInstalled");
}

#[test]
fn a_token_with_another_algorithm_is_refused_before_anything_else() {
    let (_, rest) = VECTOR.split_once('.').unwrap();
    for alg in ["none", "HS256", "RS512", "PS256", "rs256", ""] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg }).to_string());
        assert_eq!(
            vector(format!("{header}.{rest}").as_bytes(), 1_640_788_600),
            unverified(VerifyError::WrongAlgorithm),
            "{alg}"
        );
    }
}

#[test]
fn a_token_signed_by_hmac_with_the_public_key_as_secret_is_refused() {
    for alg in ["HS256", "RS256"] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg }).to_string());
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(r#"{"data":"{}"}"#));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, PUBLIC_KEY.as_bytes());
        let tag = ring::hmac::sign(&key, signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
        assert!(
            matches!(post(&token, &shops(KIND)), Err(ReceiveError::Unverified(_))),
            "{alg}"
        );
    }
}

#[test]
fn what_is_no_token_is_not_signed() {
    for body in ["", "a", "a.b", "{}", "..", "a.b.c"] {
        assert_eq!(
            post(body, &shops(KIND)),
            unverified(VerifyError::MissingSignature),
            "{body:?}"
        );
    }
    let headers = HeaderMap::new();
    assert_eq!(
        received(KIND, &headers, b"\xff.\xff.\xff", &shops(KIND)),
        unverified(VerifyError::MissingSignature)
    );
}

#[test]
fn neither_exp_nor_anything_but_data_is_required() {
    let data = json!({ "eventType": "AppRemoved", "instanceId": INSTANCE }).to_string();
    for claims in [json!({ "data": data }), json!({ "data": data, "exp": null, "aud": 7 })] {
        let token = sign::wix_token(PRIVATE_KEY, &claims.to_string()).unwrap();
        nothing(post(&token, &shops(KIND)));
    }
    for (exp, taken) in [(1_773_100_500.5, true), (1_773_100_499.5, false)] {
        let token = sign::wix_token(PRIVATE_KEY, &json!({ "data": data, "exp": exp }).to_string()).unwrap();
        assert_eq!(post(&token, &shops(KIND)).is_ok(), taken, "{exp}");
    }
    let token = sign::wix_token(PRIVATE_KEY, &json!({ "data": data, "exp": "soon" }).to_string()).unwrap();
    assert_eq!(post(&token, &shops(KIND)), unverified(VerifyError::Stale));
}

#[test]
fn any_of_several_public_keys_counts_and_without_one_nothing_is_taken() {
    let token = wix_signed(PAID);
    let vector_key = Key::new(KIND, VECTOR_KEY).unwrap();
    let keys = vec![
        vector_key.clone(),
        Key::new(KIND, &STANDARD.encode(PUBLIC_KEY)).unwrap(),
    ];
    assert!(post(&token, &[ShopKeys::new(None, keys)]).is_ok());
    assert_eq!(
        post(&token, &[ShopKeys::new(None, vec![vector_key])]),
        unverified(VerifyError::BadSignature)
    );
    assert_eq!(post(&token, &[]), unverified(VerifyError::NoKeys));
}

#[test]
fn a_shop_named_by_an_instance_id_takes_that_site_only() {
    let named = |name: &str| {
        let keys = vec![Key::new(KIND, PUBLIC_KEY).unwrap()];
        ShopKeys::new(Some(name.parse().unwrap()), keys)
    };
    let token = wix_signed(PAID);
    let other = named("00000000-0000-4000-8000-000000000000");
    assert_eq!(
        post(&token, std::slice::from_ref(&other)),
        unverified(VerifyError::OtherShop)
    );
    assert!(post(&token, &[other, named("3bbcabc7-ebb7-4fc8-8829-13ea0e142123")]).is_ok());
    assert!(
        post(&token, &[named("north")]).is_ok(),
        "any other name is the reseller's own"
    );
}

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
fn line_ids_are_made_unique_and_stay_the_same_in_any_order_of_the_lines() {
    let ids = |order: &Snapshot| order.lines.iter().map(|line| line.id.clone()).collect::<BTreeSet<_>>();
    let first = snapshot(deliver(KIND, PAID.as_bytes(), ""));
    let expected = [
        "00000000-0000-0000-0000-000000000001",
        "00000000-0000-0000-0000-000000000001#EMAIL-1Y",
        "00000000-0000-0000-0000-000000000001#PREMIUM-1Y",
    ];
    assert_eq!(ids(&first), expected.map(str::to_owned).into());
    let mut reordered: serde_json::Value = serde_json::from_str(PAID).unwrap();
    reordered["actionEvent"]["body"]["order"]["lineItems"]
        .as_array_mut()
        .unwrap()
        .reverse();
    let second = snapshot(deliver(KIND, reordered.to_string().as_bytes(), ""));
    assert_eq!(second.lines, first.lines);
}

#[test]
fn a_line_added_later_does_not_rename_the_others() {
    let mut event: serde_json::Value = serde_json::from_str(PAID).unwrap();
    let lines = event["actionEvent"]["body"]["order"]["lineItems"]
        .as_array_mut()
        .unwrap();
    lines.retain(|line| line["physicalProperties"]["sku"] == "PREMIUM-1Y");
    let alone = snapshot(deliver(KIND, event.to_string().as_bytes(), ""));
    assert_eq!(alone.lines.len(), 1);
    let all = snapshot(deliver(KIND, PAID.as_bytes(), ""));
    assert!(all.lines.contains(&alone.lines[0]));
}

#[test]
fn lines_with_one_id_and_one_sku_are_counted_and_none_is_lost() {
    let mut event: serde_json::Value = serde_json::from_str(PAID).unwrap();
    let lines = event["actionEvent"]["body"]["order"]["lineItems"]
        .as_array_mut()
        .unwrap();
    let mut again = lines[0].clone();
    again["quantity"] = json!(1);
    lines.insert(0, again);
    let order = snapshot(deliver(KIND, event.to_string().as_bytes(), ""));
    let premium: Vec<_> = order
        .lines
        .iter()
        .filter(|line| line.id.contains("#PREMIUM-1Y"))
        .map(|line| (line.id.rsplit_once("PREMIUM-1Y").unwrap().1, line.units))
        .collect();
    assert_eq!(premium, [("", 2), ("##2", 1)]);
}

#[test]
fn a_line_is_taken_for_no_other_whatever_stands_in_its_sku() {
    let mut event: serde_json::Value = serde_json::from_str(PAID).unwrap();
    let lines = event["actionEvent"]["body"]["order"]["lineItems"]
        .as_array_mut()
        .unwrap();
    let with_sku = |sku: serde_json::Value| {
        let mut line = lines[0].clone();
        line["physicalProperties"]["sku"] = sku;
        line
    };
    // Two lines without an SKU, and those whose SKUs look like what the second of two is called.
    let skus = [
        json!(null),
        json!(null),
        json!("2"),
        json!("#2"),
        json!("A"),
        json!("A"),
        json!("A#2"),
        json!("A##2"),
    ];
    let like: Vec<_> = skus.map(with_sku).into();
    *lines = like;
    let order = snapshot(deliver(KIND, event.to_string().as_bytes(), ""));
    let ids: BTreeSet<_> = order.lines.iter().map(|line| &line.id).collect();
    assert_eq!(ids.len(), 8, "{ids:?}");
}

#[test]
fn objects_and_texts_of_json_are_read_under_either_name() {
    let text = snapshot(deliver(KIND, AS_TEXT.as_bytes(), ""));
    let object = snapshot(deliver(KIND, PAID.as_bytes(), ""));
    assert_eq!(text.lines, object.lines);
    for (name, other) in [
        ("updatedEvent", "currentEntity"),
        ("updatedEvent", "currentEntityAsJson"),
        ("createdEvent", "entity"),
        ("createdEvent", "entityAsJson"),
    ] {
        let mut event: serde_json::Value = serde_json::from_str(PAID).unwrap();
        let order = event["actionEvent"]["body"]["order"].clone();
        event.as_object_mut().unwrap().remove("actionEvent");
        for value in [order.clone(), json!(order.to_string())] {
            event[name] = json!({ other: value });
            let read = snapshot(deliver(KIND, event.to_string().as_bytes(), ""));
            assert_eq!(read.lines, object.lines, "{name}.{other}");
        }
    }
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
    for status in ["INITIALIZED", "PENDING", "SOMETHING_NEW"] {
        let body = with(PAID, "\"status\": \"APPROVED\"", &format!("\"status\": \"{status}\""));
        let order = snapshot(deliver(KIND, &body, ""));
        assert!(order.paid != Paid::Full && order.ended.is_none(), "{status}");
    }
}

#[test]
fn refund_quantity_is_taken_off_the_line() {
    let (event, trigger) = event(deliver(KIND, REFUNDED_ONE.as_bytes(), ""));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let order = event.snapshot().unwrap();
    assert!(order.paid != Paid::Full && order.ended.is_none());
    let mut all = units(order);
    all.sort_unstable();
    assert_eq!(all, [1, 1, 1]);
}

#[test]
fn a_canceled_order_is_canceled_although_it_still_says_paid() {
    let (event, trigger) = event(deliver(KIND, CANCELED.as_bytes(), ""));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let order = event.snapshot().unwrap();
    assert!(order.ended.is_some() && order.paid != Paid::Full);
    assert_eq!(units(order), [0, 0, 0]);
    let refunded = with(PAID, "\"PAID\"", "\"FULLY_REFUNDED\"");
    assert!(snapshot(deliver(KIND, &refunded, "")).ended.is_some());
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
fn properties_are_also_read_from_extended_fields_and_old_custom_fields() {
    let body = with(
        PAID,
        "\"customFields\": [",
        "\"extendedFields\": {\"namespaces\": {\"@sample/app\": {\"wix_site_id\": \"from-extended\"}}}, \"customFields\": [{\"title\": \"wix_external_id\", \"value\": {\"stringValue\": \"PO-7\"}},",
    );
    let fields = snapshot(deliver(KIND, &body, "")).fields;
    assert_eq!(fields.site.as_deref(), Some("from-extended"));
    assert_eq!(fields.external_id.as_deref(), Some("PO-7"));
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
fn the_hash_of_a_version_does_not_depend_on_when_the_token_was_made() {
    let later = sign::wix_jwt(
        PRIVATE_KEY,
        "wix.ecom.v1.order_payment_status_updated",
        INSTANCE,
        PAID,
        NOW + std::time::Duration::from_secs(60),
    )
    .unwrap();
    let one = snapshot(post(&later, &shops(KIND)));
    assert_eq!(one.version, snapshot(deliver(KIND, PAID.as_bytes(), "")).version);
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
