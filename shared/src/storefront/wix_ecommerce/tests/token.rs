//! The signed token: what is refused, and whose it is.

use super::*;

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
fn a_shop_takes_the_deliveries_of_its_own_sites_only() {
    let of = |site: &str| ShopKeys {
        sites: Sites::Only(std::iter::once(site.to_owned()).collect()),
        ..ShopKeys::new(None, vec![Key::new(KIND, PUBLIC_KEY).unwrap()])
    };
    let token = wix_signed(PAID);
    let other = of("00000000-0000-4000-8000-000000000000");
    assert_eq!(
        post(&token, std::slice::from_ref(&other)),
        unverified(VerifyError::OtherShop)
    );
    assert!(post(&token, &[other, of("3bbcabc7-ebb7-4fc8-8829-13ea0e142123")]).is_ok());
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
    let now = snapshot(deliver(KIND, PAID.as_bytes(), ""));
    assert_eq!((one.version, one.hash), (now.version, now.hash));
}
