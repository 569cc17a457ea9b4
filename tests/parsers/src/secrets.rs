//! The secret document. One that is taken can be used; and whatever becomes of it, no error and no Debug form tells a
//! value of it.

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::secrets::SecretDocument;
use reseller_hooks::storefront::{StorefrontSecrets, VerificationGuards};
use secrecy::SecretString;

use crate::taint;

/// Any document.
pub fn secret(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    read(text);
    let text = text.trim_start_matches('\u{feff}').trim();
    // The account is no secret. With it marked the rest is not reached, so that is done once each.
    for all in [true, false] {
        let chosen = |path: &[&str]| all || path.last() != Some(&"account_id");
        for told in taint::marked(text, &chosen).iter().flat_map(|text| read(text)) {
            taint::assert_unmarked(&told, "what is said of the secret");
            taint::assert_unmarked_bytes(&told, "what is said of the secret");
        }
    }
}

/// Reads a document to its end, and answers with everything that is said of it.
fn read(text: &str) -> Vec<String> {
    let document = match SecretDocument::parse(SecretString::from(text)) {
        Ok(document) => document,
        Err(error) => return vec![error.to_string(), format!("{error:?}")],
    };
    let mut told = vec![format!("{document:?}"), format!("{document:#?}")];
    assert!(
        document.wix().is_some() || document.storefronts_json().is_some(),
        "a document without anything in it was taken"
    );
    match document.require_wix() {
        Ok(wix) => {
            let key = wix.api_key.expose();
            assert!(!key.is_empty(), "an empty key was taken");
            assert!(
                key.bytes().all(|byte| byte.is_ascii_graphic()),
                "a key that no header can carry was taken"
            );
            told.push(format!("{wix:?}"));
        }
        Err(error) => told.push(error.to_string()),
    }
    let Some(storefronts) = document.storefronts_json() else {
        return told;
    };
    match StorefrontSecrets::read(storefronts, None) {
        Ok(secrets) => {
            told.push(format!("{secrets:?}"));
            told.extend(secrets.mistakes().iter().map(|mistake| mistake.error.to_string()));
            for kind in StorefrontKind::ALL {
                let shops = secrets.shops(kind, None);
                assert_eq!(
                    !shops.is_empty(),
                    secrets.has(kind),
                    "{kind}: two answers to one question"
                );
                for shop in &shops {
                    assert!(!shop.keys.is_empty(), "{kind}: a shop without keys was taken");
                    let hosts = !shop.hosts.is_empty();
                    assert_eq!(hosts, kind == StorefrontKind::Woocommerce, "{kind}: hosts, or none");
                    assert_eq!(
                        shop.guards,
                        VerificationGuards::default(),
                        "{kind}: a document turned a guard off"
                    );
                    if shop.shop.is_some() {
                        let named = secrets.shops(kind, shop.shop.as_ref());
                        assert_eq!(
                            named.len(),
                            1,
                            "{kind}: the shop {:?} is not found by its name",
                            shop.shop
                        );
                    }
                }
            }
        }
        Err(error) => told.extend([error.to_string(), format!("{error:?}")]),
    }
    told
}
