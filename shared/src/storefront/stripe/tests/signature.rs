//! How Stripe signs: every way to be wrong.

use super::*;

#[test]
fn the_hmac_of_the_published_vector_is_ours() {
    let tag = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"test_secret"),
        br#"{"obj1":"hello","obj2":"world"}"#,
    );
    let published = from_hex("bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363").unwrap();
    assert_eq!(tag.as_ref(), published);
    // The whole text of the secret is the key, `whsec_` included.
    assert_eq!(
        Key::new(KIND, "whsec_test").unwrap().secrets().next(),
        Some(b"whsec_test".as_slice())
    );
}

fn signature_of(time: &str, body: &[u8], secret: &str) -> String {
    let mut message = format!("{time}.").into_bytes();
    message.extend_from_slice(body);
    let tag = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes()),
        &message,
    );
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn post(header: &str) -> Result<Outcome, ReceiveError> {
    let headers = header_map(&[("stripe-signature", header)]);
    received(KIND, &headers, SESSION.as_bytes(), &shops(KIND))
}

#[test]
fn any_v1_counts_and_v0_never() {
    let now = NOW.as_secs().to_string();
    let good = signature_of(&now, SESSION.as_bytes(), secret(KIND));
    let other = signature_of(&now, SESSION.as_bytes(), "whsec_other");
    assert!(post(&format!("t={now},v1={good}")).is_ok());
    assert!(post(&format!("t={now}, v1={other}, v1={good}, v0={other}")).is_ok());
    for header in [
        format!("t={now},v0={good}"),
        format!("t={now}"),
        format!("v1={good}"),
        format!("t={now},v1={other}"),
        format!("t={now},v1={good}0"),
        format!("t={now},v1=é"),
        String::new(),
    ] {
        assert!(matches!(post(&header), Err(ReceiveError::Unverified(_))), "{header}");
    }
}

#[test]
fn old_and_future_times_are_refused_beyond_300_seconds() {
    for (offset, taken) in [(300, true), (-300, true), (301, false), (-301, false)] {
        let time = (NOW.as_secs() + offset).to_string();
        let signature = signature_of(&time, SESSION.as_bytes(), secret(KIND));
        let outcome = post(&format!("t={time},v1={signature}"));
        assert_eq!(outcome.is_ok(), taken, "{offset}");
        if !taken {
            assert_eq!(outcome, Err(ReceiveError::Unverified(VerifyError::Stale)));
        }
    }
    let signature = signature_of("soon", SESSION.as_bytes(), secret(KIND));
    assert!(post(&format!("t=soon,v1={signature}")).is_err());
}

#[test]
fn one_byte_changed_anywhere_fails() {
    let headers = signed(KIND, SESSION.as_bytes(), "");
    for at in 0..SESSION.len() {
        let mut body = SESSION.as_bytes().to_vec();
        body[at] ^= 1;
        assert_eq!(
            received(KIND, &headers, &body, &shops(KIND)),
            Err(ReceiveError::Unverified(VerifyError::BadSignature)),
            "byte {at}"
        );
    }
}
