//! The byte strings that the text of a secret may stand for. Secrets are pasted from forms, and senders differ in what
//! they sign with, so a text can stand for several; every one of them comes from the text alone.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::invalid_key::InvalidKey;
use crate::order::StorefrontKind;

/// Base64 with or without padding at its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What HMAC takes, most likely first: at least one, and none of them empty.
pub(super) fn secrets(kind: StorefrontKind, text: &str) -> Result<Vec<Vec<u8>>, InvalidKey> {
    // No storefront makes secrets with spaces or line ends around them; files and forms add them.
    let text = text.trim();
    // Nor with quotes, which shells and other files put around them. What is typed into WordPress may have some.
    let text = match kind {
        StorefrontKind::Woocommerce => text,
        StorefrontKind::Shopify | StorefrontKind::Stripe | StorefrontKind::Standard | StorefrontKind::Wix => {
            unquoted(text)
        }
    };
    if text.is_empty() {
        return Err(InvalidKey::Empty);
    }
    if let Some(other) = other_credential(kind, text) {
        return Err(other);
    }
    match kind {
        StorefrontKind::Standard => standard(text),
        StorefrontKind::Woocommerce => Ok(wordpress(text)),
        StorefrontKind::Shopify | StorefrontKind::Stripe | StorefrontKind::Wix => Ok(vec![text.as_bytes().to_vec()]),
    }
}

fn unquoted(text: &str) -> &str {
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).map_or(text, str::trim)
}

/// What people paste in place of a signing secret: each storefront shows several things that look like one.
fn other_credential(kind: StorefrontKind, text: &str) -> Option<InvalidKey> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    let (is, wanted) = match kind {
        StorefrontKind::Stripe if begins(&["sk_", "rk_", "pk_"]) => (
            "an API key of Stripe",
            "the endpoint's signing secret, which begins with whsec_",
        ),
        StorefrontKind::Stripe if begins(&["we_"]) => (
            "the ID of an endpoint",
            "the endpoint's signing secret, which begins with whsec_",
        ),
        StorefrontKind::Shopify if begins(&["shpat_", "shpca_", "shppa_", "shpua_"]) => {
            ("an access token of Shopify", "the app's client secret")
        }
        StorefrontKind::Woocommerce if begins(&["ck_", "cs_"]) && text.len() == 43 => (
            "a key of WooCommerce's REST API",
            "the secret that is shown at the webhook",
        ),
        StorefrontKind::Shopify
        | StorefrontKind::Woocommerce
        | StorefrontKind::Stripe
        | StorefrontKind::Standard
        | StorefrontKind::Wix => return None,
    };
    Some(InvalidKey::OtherCredential { is, wanted })
}

/// Standard Webhooks: one secret or several with `|` between them, each with or without its version `v1,` and its prefix
/// `whsec_`. The decoded rest signs; some senders sign with the bytes of the whole text.
fn standard(text: &str) -> Result<Vec<Vec<u8>>, InvalidKey> {
    let mut keys = Vec::new();
    for part in text.split('|').map(str::trim).filter(|part| !part.is_empty()) {
        let bare = ["v1,", "v1a,"]
            .iter()
            .find_map(|version| part.strip_prefix(version))
            .unwrap_or(part);
        if bare.starts_with("whpk_") || bare.starts_with("whsk_") {
            return Err(InvalidKey::KeyPair);
        }
        let decoded = base64(bare.strip_prefix("whsec_").unwrap_or(bare)).ok_or(InvalidKey::NotBase64)?;
        if decoded.is_empty() {
            return Err(InvalidKey::Empty);
        }
        add(&mut keys, decoded);
        add(&mut keys, bare.as_bytes().to_vec());
        add(&mut keys, part.as_bytes().to_vec());
    }
    if keys.is_empty() {
        return Err(InvalidKey::Empty);
    }
    Ok(keys)
}

/// Base64 in either alphabet.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    BASE64.decode(plain).ok()
}

/// `WordPress` stores what is typed without `%41` and doubled spaces, and signs with HTML entities decoded (its source).
fn wordpress(text: &str) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    let sanitised = sanitised(text);
    for stored in [text, &sanitised] {
        for signed_with in [Cow::Borrowed(stored), decoded(stored)] {
            if !signed_with.trim().is_empty() {
                add(&mut keys, signed_with.as_bytes().to_vec());
            }
        }
    }
    keys
}

/// The entities that `WordPress` decodes before it signs.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        decoded.push_str(before);
        match from
            .find(';')
            .and_then(|end| Some((entity(from.get(1..end)?)?, from.get(end + 1..)?)))
        {
            Some((character, after)) => {
                decoded.push(character);
                rest = after;
            }
            None => {
                decoded.push('&');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// `amp`, `#038`, `#x26` and the like.
fn entity(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        _ => name.strip_prefix('#')?,
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|character| "&<>\"'".contains(*character))
}

/// Without tags and `%41`, and with one space where there were several.
fn sanitised(text: &str) -> String {
    let mut text = without_tags(text).split_whitespace().collect::<Vec<_>>().join(" ");
    while let Some(at) = text.find('%').and_then(|first| {
        let escapes = |at: &usize| {
            let digits = text.get(at + 1..at + 3).unwrap_or_default();
            digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        (first..text.len())
            .filter(|at| text.get(*at..*at + 1) == Some("%"))
            .find(escapes)
    }) {
        text.replace_range(at..at + 3, "");
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without what PHP takes for a tag: from `<`, which no space follows, to `>`.
fn without_tags(text: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, from)) = rest.split_once('<') {
        kept.push_str(before);
        match from.split_once('>').filter(|_| !from.starts_with(char::is_whitespace)) {
            Some((_, after)) => rest = after,
            None => {
                kept.push('<');
                rest = from;
            }
        }
    }
    kept.push_str(rest);
    kept
}

fn add(keys: &mut Vec<Vec<u8>>, key: Vec<u8>) {
    if !keys.contains(&key) {
        keys.push(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(kind: StorefrontKind, text: &str) -> Vec<String> {
        let secrets = secrets(kind, text).unwrap();
        secrets.into_iter().map(|key| String::from_utf8(key).unwrap()).collect()
    }

    #[test]
    fn line_ends_and_spaces_around_a_secret_are_no_part_of_it() {
        for kind in [
            StorefrontKind::Shopify,
            StorefrontKind::Woocommerce,
            StorefrontKind::Stripe,
        ] {
            assert_eq!(texts(kind, "\tmy secret \r\n"), ["my secret"], "{kind}");
        }
        assert_eq!(
            texts(StorefrontKind::Standard, " whsec_bm9ydGg=\n"),
            ["north", "whsec_bm9ydGg="]
        );
    }

    #[test]
    fn quotes_around_a_secret_are_no_part_of_it() {
        assert_eq!(texts(StorefrontKind::Stripe, "\"whsec_test\""), ["whsec_test"]);
        assert_eq!(texts(StorefrontKind::Shopify, " 'shpss_test'\n"), ["shpss_test"]);
        assert_eq!(
            texts(StorefrontKind::Standard, "\"whsec_bm9ydGg=\""),
            ["north", "whsec_bm9ydGg="]
        );
        assert_eq!(texts(StorefrontKind::Stripe, "it's"), ["it's"]);
        assert_eq!(texts(StorefrontKind::Woocommerce, "\"mine\""), ["\"mine\""]);
        assert_eq!(secrets(StorefrontKind::Stripe, "\" \"").unwrap_err(), InvalidKey::Empty);
    }

    #[test]
    fn another_credential_of_the_storefront_is_named_with_what_to_put() {
        let said = |kind, text: &str| secrets(kind, text).unwrap_err().to_string();
        assert_eq!(
            said(StorefrontKind::Stripe, "sk_live_1"),
            "is an API key of Stripe, which signs no deliveries: put the endpoint's signing secret, which begins with whsec_"
        );
        assert!(said(StorefrontKind::Stripe, "we_1Q").starts_with("is the ID of an endpoint"));
        assert!(said(StorefrontKind::Shopify, "shpat_1").ends_with("put the app's client secret"));
        let rest = format!("cs_{}", "0".repeat(40));
        assert!(said(StorefrontKind::Woocommerce, &rest).contains("REST API"));
        // Somebody may type what only begins so.
        assert_eq!(texts(StorefrontKind::Woocommerce, "cs_mine"), ["cs_mine"]);
    }

    #[test]
    fn a_standard_secret_signs_decoded_or_as_its_whole_text() {
        const KIND: StorefrontKind = StorefrontKind::Standard;
        assert_eq!(texts(KIND, "whsec_bm9ydGg"), ["north", "whsec_bm9ydGg"]);
        assert_eq!(
            texts(KIND, "v1,whsec_bm9ydGg="),
            ["north", "whsec_bm9ydGg=", "v1,whsec_bm9ydGg="]
        );
        assert_eq!(
            texts(KIND, "whsec_Pz8_|v1,whsec_Pj4-"),
            ["???", "whsec_Pz8_", ">>>", "whsec_Pj4-", "v1,whsec_Pj4-"]
        );
        assert_eq!(texts(KIND, "bm9ydGg="), ["north", "bm9ydGg="]);
    }

    #[test]
    fn a_standard_secret_that_cannot_sign_is_refused() {
        for (text, error) in [
            ("whpk_bm9ydGg=", InvalidKey::KeyPair),
            ("v1a,whpk_bm9ydGg=", InvalidKey::KeyPair),
            ("whsk_bm9ydGg=", InvalidKey::KeyPair),
            ("whsec_", InvalidKey::Empty),
            ("|", InvalidKey::Empty),
            ("whsec_bm9ydGg=|whsec_", InvalidKey::Empty),
            ("whsec_not base64", InvalidKey::NotBase64),
            ("v2,whsec_bm9ydGg=", InvalidKey::NotBase64),
        ] {
            assert_eq!(secrets(StorefrontKind::Standard, text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_woocommerce_secret_also_signs_with_its_entities_decoded() {
        const KIND: StorefrontKind = StorefrontKind::Woocommerce;
        assert_eq!(texts(KIND, "a&amp;b"), ["a&amp;b", "a&b"]);
        assert_eq!(texts(KIND, "&lt;&#039;&#x22;&gt;"), ["&lt;&#039;&#x22;&gt;", "<'\">"]);
        assert_eq!(
            texts(KIND, "a & b &eacute; &;"),
            ["a & b &eacute; &;"],
            "WordPress decodes no others"
        );
        assert_eq!(texts(KIND, "&amp;lt;"), ["&amp;lt;", "&lt;"], "decoded once");
    }

    #[test]
    fn a_woocommerce_secret_is_tried_as_wordpress_stores_it() {
        const KIND: StorefrontKind = StorefrontKind::Woocommerce;
        assert_eq!(texts(KIND, "my  se%41cret"), ["my  se%41cret", "my secret"]);
        assert_eq!(texts(KIND, "100%"), ["100%"]);
        assert_eq!(texts(KIND, "a<b>c</b>d"), ["a<b>c</b>d", "acd"]);
        assert_eq!(texts(KIND, "1 < 2 > 1 <"), ["1 < 2 > 1 <"]);
        // What would become an empty secret, with which anybody can sign, is not tried.
        assert_eq!(texts(KIND, "%41%42"), ["%41%42"]);
    }
}
