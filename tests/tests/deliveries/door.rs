//! The secret document as people write it: with a mistake in one entry, with line ends, and in another spelling.

use reseller_hooks::order::StorefrontKind::{self, Shopify, Standard, Woocommerce};
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::deployment::{Deployment, catalog_of};
use reseller_hooks_tests::effects::Effects;
use reseller_hooks_tests::post::Post;
use reseller_hooks_tests::world::violations;
use serde_json::{Value, json};

const WOO_PAID: &str = include_str!("../../../events/woocommerce/order_updated_processing.json");
const SHOPIFY_PAID: &str = include_str!("../../../events/shopify/orders_paid.json");
const STANDARD_PAID: &str = include_str!("../../../events/standard/order_paid.json");
const WOO: &str = "woo test secret";
const STANDARD: &str = "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcw==";

fn shop(storefronts: &Value) -> Deployment {
    let shop = Deployment::selling(
        &catalog_of(&["PREMIUM-1Y", "MAILBOX-12M"], "ignore"),
        "2026-03-02T14:20:00Z",
    );
    put(&shop, storefronts);
    shop
}

fn put(shop: &Deployment, storefronts: &Value) {
    shop.put_secret(Some(&json!({ "storefronts": storefronts }).to_string()));
}

fn woo(secret: &str) -> Value {
    json!({ "secrets": [secret], "hosts": ["sample.example.com"] })
}

fn signed(shop: &Deployment, kind: StorefrontKind, topic: &str, secret: &str) -> Post {
    let body = match kind {
        Woocommerce => WOO_PAID,
        Shopify => SHOPIFY_PAID,
        Standard | StorefrontKind::Stripe | StorefrontKind::Wix => STANDARD_PAID,
    };
    Post::signed_with(secret, kind, topic, body, shop.now())
}

#[test]
fn one_bad_secret_is_the_outage_of_its_own_route_only() {
    for bad in [
        json!({ "shops": { "new": { "secrets": ["whpk_c2FtcGxl"] } } }),
        json!({ "shops": { "new": { "secrets": ["not base64!"] } } }),
        json!({ "shops": { "new": { "secret": "mistyped" } } }),
        json!({ "shops": { "New Shop": { "secrets": [STANDARD] } } }),
        json!({ "secrets": [], "shops": { "new": 7 } }),
        json!(null),
    ] {
        let shop = shop(&json!({
            "shopify": { "secrets": ["shpss_test"] },
            "woocommerce": woo(WOO),
            "standard": bad,
        }));
        assert_eq!(
            shop.post(&signed(&shop, Woocommerce, "order.updated", WOO)),
            Disposition::Stored,
            "{bad}"
        );
        assert_eq!(
            shop.post(&signed(&shop, Shopify, "orders/paid", "shpss_test")),
            Disposition::Stored,
            "{bad}"
        );
        let to_the_bad_one = signed(&shop, Standard, "", STANDARD).to("/webhooks/standard/new");
        assert_eq!(
            shop.post(&to_the_bad_one),
            Disposition::Unavailable,
            "{bad}: sent again later"
        );
        let to_all = signed(&shop, Standard, "", STANDARD);
        assert_eq!(
            shop.post(&to_all),
            Disposition::Unavailable,
            "{bad}: it may be the bad one's"
        );
        shop.settle();
        assert_eq!(
            shop.world.alive("PREMIUM-1Y"),
            5,
            "{bad}: the orders of both shops are bought"
        );
        assert_eq!(violations(&shop.world), Vec::<String>::new());
    }
}

#[test]
fn a_good_shop_beside_a_bad_one_of_its_storefront_is_served() {
    let shop = shop(&json!({ "woocommerce": { "shops": {
        "north": woo(WOO),
        "south": { "secrets": ["the secret of south"] },
    } } }));
    let north = signed(&shop, Woocommerce, "order.updated", WOO);
    assert_eq!(
        shop.post(&north.clone().to("/webhooks/woocommerce/north")),
        Disposition::Stored
    );
    assert_eq!(shop.post(&north.to("/webhooks/woocommerce")), Disposition::Stored);
    // South names no hosts: its deliveries wait, and the sender of a wrong signature to north is told so.
    let south = signed(&shop, Woocommerce, "order.updated", "the secret of south");
    assert_eq!(
        shop.post(&south.clone().to("/webhooks/woocommerce/south")),
        Disposition::Unavailable
    );
    assert_eq!(
        shop.post(&south.to("/webhooks/woocommerce/north")),
        Disposition::Unverified
    );
}

#[test]
fn the_old_value_of_a_bad_entry_serves_while_the_process_lives() {
    let shop = shop(&json!({ "woocommerce": woo(WOO), "shopify": { "secrets": ["shpss_test"] } }));
    let effects = Effects::counted();
    let function = shop.function(&effects);
    let post = |post: &Post| shop.post_to(&function, &effects, post).unwrap();
    let old = signed(&shop, Woocommerce, "order.updated", WOO);
    let answer = post(&old);
    assert_eq!(answer.disposition, Disposition::Stored);
    assert_eq!(answer.metrics().collect::<Vec<_>>(), ["AnsweredStored"]);

    // The hosts were forgotten when the secret was rotated.
    put(
        &shop,
        &json!({ "woocommerce": { "secrets": ["rotated"] }, "shopify": { "secrets": ["rotated too"] } }),
    );
    shop.world.clock.advance(std::time::Duration::from_secs(301));
    let shopify = signed(&shop, Shopify, "orders/paid", "rotated too");
    let answer = post(&shopify);
    assert_eq!(
        answer.disposition,
        Disposition::Stored,
        "what is good of the new document counts"
    );
    assert_eq!(
        answer.metrics().collect::<Vec<_>>(),
        ["AnsweredStored", "SecretMistakes", "SecretMistakeWoocommerce"],
        "one for the alarm, and one that names the storefront"
    );
    assert_eq!(
        post(&old).disposition,
        Disposition::Stored,
        "the old value stays in use"
    );
    let new = signed(&shop, Woocommerce, "order.updated", "rotated");
    assert_eq!(
        post(&new).disposition,
        Disposition::Unavailable,
        "the new one is not lost"
    );

    put(&shop, &json!({ "woocommerce": woo("rotated") }));
    shop.world.clock.advance(std::time::Duration::from_secs(301));
    assert_eq!(post(&new).disposition, Disposition::Stored);
    assert_eq!(post(&old).disposition, Disposition::Unverified);
}

#[test]
fn secrets_with_line_ends_or_spaces_around_them_verify() {
    for written in ["woo test secret\n", " woo test secret\r\n", "woo test secret\t"] {
        let shop = shop(&json!({ "woocommerce": woo(written), "shopify": { "secrets": ["shpss_test\n"] } }));
        let post = signed(&shop, Woocommerce, "order.updated", WOO);
        assert_eq!(shop.post(&post), Disposition::Stored, "{written:?}");
        let post = signed(&shop, Shopify, "orders/paid", "shpss_test");
        assert_eq!(shop.post(&post), Disposition::Stored, "{written:?}");
        shop.settle();
        assert_eq!(shop.world.alive("PREMIUM-1Y"), 5, "both orders");
    }
}

#[test]
fn a_woocommerce_secret_verifies_as_wordpress_signs_with_it() {
    for (written, signs) in [
        ("a&amp;b &lt;c", "a&b <c"),
        ("it&#039;s", "it's"),
        ("q %41 r", "q r"),
        ("q  r", "q r"),
    ] {
        let shop = shop(&json!({ "woocommerce": woo(written) }));
        for secret in [written, signs] {
            let post = signed(&shop, Woocommerce, "order.updated", secret);
            assert_eq!(shop.post(&post), Disposition::Stored, "{written} signs as {secret}");
        }
        let other = signed(&shop, Woocommerce, "order.updated", "another");
        assert_eq!(shop.post(&other), Disposition::Unverified);
    }
}

#[test]
fn a_standard_secret_may_be_written_in_every_spelling_of_senders() {
    let bare = STANDARD.trim_start_matches("whsec_");
    let rotated = format!("v1,whsec_b2xk|v1,{STANDARD}");
    for written in [
        STANDARD,
        bare,
        STANDARD.trim_end_matches('='),
        &format!("v1,{STANDARD}"),
        &format!("{STANDARD}\n"),
        &rotated,
    ] {
        let shop = shop(&json!({ "standard": { "secrets": [written] } }));
        let post = signed(&shop, Standard, "", STANDARD);
        assert_eq!(shop.post(&post), Disposition::Stored, "{written}");
    }
    // Some senders sign with the bytes of the whole text.
    let shop = shop(&json!({ "standard": { "secrets": ["whsec_Pz8_Pj4-"] } }));
    for signs in ["whsec_Pz8/Pj4+", "d2hzZWNfUHo4X1BqNC0="] {
        let post = signed(&shop, Standard, "", signs);
        assert_eq!(shop.post(&post), Disposition::Stored, "{signs}");
    }
}
