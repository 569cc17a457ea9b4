use serde_json::json;

use super::*;

fn refused(value: &Value) -> String {
    StorefrontSecrets::from_json(value).unwrap_err().to_string()
}

#[test]
fn shops_are_found_by_storefront_and_by_the_name_in_the_route() {
    let secrets = StorefrontSecrets::from_json(&json!({
        "woocommerce": {
            "secrets": ["a"], "hosts": ["a.example.com"],
            "shops": {
                "north": {"secrets": ["b", "c"], "hosts": ["north.example.com"]},
                "south": {"secrets": ["d"], "hosts": ["south.example.com"]},
            },
        },
        "stripe": {"secrets": ["whsec_x"], "accept_test": true},
    }))
    .unwrap();
    let all = secrets.shops(StorefrontKind::Woocommerce, None);
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|shop| !shop.accept_test));
    let north = secrets.shops(StorefrontKind::Woocommerce, Some(&"north".parse().unwrap()));
    assert_eq!(north.len(), 1);
    assert_eq!(north[0].keys.len(), 2);
    assert!(
        secrets
            .shops(StorefrontKind::Woocommerce, Some(&"east".parse().unwrap()))
            .is_empty()
    );
    assert!(secrets.shops(StorefrontKind::Shopify, None).is_empty());
    assert!(secrets.shops(StorefrontKind::Stripe, None)[0].accept_test);
    assert!(secrets.has(StorefrontKind::Stripe) && !secrets.has(StorefrontKind::Wix));
}

#[test]
fn an_empty_secret_is_refused_and_its_place_named() {
    assert_eq!(
        refused(&json!({"shopify": {"secrets": ["x", " "]}})),
        "storefronts.shopify.secrets[1] is empty: put the secret that the storefront shows"
    );
    assert!(refused(&json!({"shopify": {"secrets": []}})).starts_with("storefronts.shopify.secrets is empty"));
    assert_eq!(
        refused(&json!({"standard": {"shops": {"north": {"secrets": ["whsec_"]}}}})),
        "storefronts.standard.shops.north.secrets[0] is empty: put the secret that the storefront shows"
    );
}

#[test]
fn unknown_storefronts_and_names_are_refused() {
    assert_eq!(
        refused(&json!({"magento": {}})),
        "storefronts.magento is no storefront: known are shopify, wix, woocommerce, stripe, standard"
    );
    assert_eq!(
        refused(&json!({"shopify": {"secret": "x", "secrets": ["y"]}})),
        "storefronts.shopify.secret is unknown: known are secrets, shops, accept_test"
    );
    assert_eq!(
        refused(&json!({"shopify": {}})),
        "storefronts.shopify has neither `secrets` nor `shops`: write \"secrets\": [\"…\"]"
    );
    assert!(refused(&json!({"stripe": {"shops": {"North": {"secrets": ["x"]}}}})).contains("shops.North"));
}

#[test]
fn one_secret_for_two_shops_is_refused_and_not_shown() {
    let message = refused(&json!({"woocommerce": {"shops": {
        "north": {"secrets": ["hush-hush"], "hosts": ["n.example.com"]},
        "south": {"secrets": ["other", "hush-hush"], "hosts": ["s.example.com"]}}}}));
    assert!(message.contains("north and south"), "{message}");
    assert!(!message.contains("hush"), "{message}");
}

#[test]
fn no_secret_is_printed() {
    let secrets = StorefrontSecrets::from_json(&json!({"shopify": {"secrets": ["hush-hush"]}})).unwrap();
    assert!(!format!("{secrets:?}").contains("hush"));
}

fn read(value: &Value, before: Option<&StorefrontSecrets>) -> StorefrontSecrets {
    StorefrontSecrets::read(value, before).unwrap()
}

fn shop(name: &str) -> ShopName {
    name.parse().unwrap()
}

#[test]
fn a_mistake_in_one_entry_leaves_all_others_in_use() {
    let secrets = read(
        &json!({
            "shopify": {"secrets": ["x"]},
            "standard": {"shops": {
                "good": {"secrets": ["whsec_Z29vZA=="]},
                "bad": {"secrets": ["whpk_YmFk"]},
                "Bad name": {"secrets": ["whsec_bmFtZQ=="]},
            }},
            "stripe": 7,
            "magento": {},
        }),
        None,
    );
    let standard = StorefrontKind::Standard;
    assert_eq!(secrets.shops(StorefrontKind::Shopify, None).len(), 1);
    assert_eq!(secrets.shops(standard, None).len(), 1);
    assert_eq!(secrets.mistake(StorefrontKind::Shopify, None), None);
    assert_eq!(secrets.mistake(standard, Some(&shop("good"))), None);
    let place = |kind, name: Option<&str>| {
        let name = name.map(shop);
        secrets
            .mistake(kind, name.as_ref())
            .map(|mistake| mistake.error.place.as_str())
    };
    assert_eq!(
        place(standard, Some("bad")),
        Some("storefronts.standard.shops.bad.secrets[0]")
    );
    assert_eq!(
        place(standard, Some("new")),
        Some("storefronts.standard.shops.Bad name")
    );
    // A delivery to the address of all shops may be one of the bad entry's.
    assert!(place(standard, None).is_some());
    assert_eq!(place(StorefrontKind::Stripe, Some("any")), Some("storefronts.stripe"));
    // The unknown name was meant for a storefront that is missing now, and not one that is there.
    assert_eq!(place(StorefrontKind::Wix, None), Some("storefronts.magento"));
    let mut metrics: Vec<_> = secrets.mistakes().iter().map(Mistake::metric).collect();
    metrics.dedup();
    assert_eq!(
        metrics,
        [
            "SecretMistakeUnknownStorefront",
            "SecretMistakeStandard",
            "SecretMistakeStripe"
        ]
    );
}

#[test]
fn the_old_value_of_a_bad_entry_stays_in_use() {
    let before = read(
        &json!({"standard": {"shops": {"a": {"secrets": ["whsec_YQ=="]}, "b": {"secrets": ["whsec_Yg=="]}}}}),
        None,
    );
    let kind = StorefrontKind::Standard;
    let changed = json!({"standard": {"shops": {"a": {"secrets": ["whsec_!"]}, "b": {"secrets": ["whsec_Yw=="]}}}});
    let after = read(&changed, Some(&before));
    assert!(after.mistake(kind, Some(&shop("a"))).unwrap().kept);
    assert!(after.shops(kind, Some(&shop("a")))[0].keys[0].is_same(&before.shops(kind, Some(&shop("a")))[0].keys[0]));
    assert!(!after.shops(kind, Some(&shop("b")))[0].keys[0].is_same(&before.shops(kind, Some(&shop("b")))[0].keys[0]));
    assert!(!read(&changed, None).has(kind) || read(&changed, None).shops(kind, Some(&shop("a"))).is_empty());

    // What was taken out is out, and a secret that moved to another shop is that shop's.
    let moved = json!({"standard": {"shops": {"a": {"secrets": ["whsec_!"]}, "b": {"secrets": ["whsec_YQ=="]}}}});
    assert!(read(&moved, Some(&before)).shops(kind, Some(&shop("a"))).is_empty());
    assert!(!read(&json!({}), Some(&before)).has(kind));
    let whole = read(&json!({"standard": []}), Some(&before));
    assert_eq!(whole.shops(kind, None).len(), 2);
}

#[test]
fn woocommerce_without_hosts_is_told_what_to_write() {
    let message = refused(&json!({"woocommerce": {"secrets": ["x"]}}));
    assert!(
        message.starts_with("storefronts.woocommerce has no `hosts`: write the shop's own host, such as \"hosts\": [\"shop.example.com\"]"),
        "{message}"
    );
    let message = refused(&json!({"woocommerce": {"secrets": ["x"], "hosts": ["a.example.com", "*"]}}));
    assert!(
        message.starts_with("storefronts.woocommerce.hosts[1] is not a host"),
        "{message}"
    );
    // Another storefront has none.
    assert!(refused(&json!({"shopify": {"secrets": ["x"], "hosts": []}})).contains("shopify.hosts is unknown"));
}

#[test]
fn wix_names_its_sites_or_takes_any_and_never_both() {
    const SITE: &str = "3BBCABC7-ebb7-4fc8-8829-13ea0e142123";
    let key = super::super::testing::PUBLIC_KEY;
    let wix = |entry: Value| json!({ "wix": entry });
    let sites = |value: &Value| {
        let secrets = StorefrontSecrets::from_json(value).unwrap();
        secrets
            .shops(StorefrontKind::Wix, None)
            .into_iter()
            .map(|shop| shop.sites)
            .collect::<Vec<_>>()
    };
    let only = Sites::Only(std::iter::once(SITE.to_ascii_lowercase()).collect());
    assert_eq!(
        sites(&wix(json!({"public_keys": [key], "sites": [SITE]}))),
        std::slice::from_ref(&only)
    );
    assert_eq!(
        sites(&wix(json!({"public_keys": [key], "any_site": true}))),
        [Sites::Any]
    );
    let named = json!({"shops": {SITE.to_ascii_lowercase(): {"public_keys": [key]}}});
    assert_eq!(sites(&wix(named)), [only]);
    for (entry, sentence) in [
        (json!({"public_keys": [key]}), "says of no site whose orders it takes"),
        (
            json!({"public_keys": [key], "sites": []}),
            "says of no site whose orders it takes",
        ),
        (
            json!({"public_keys": [key], "sites": [SITE], "any_site": true}),
            "write one of the two",
        ),
        (
            json!({"public_keys": [key], "sites": ["north"]}),
            "is not a site's instance ID",
        ),
        (
            json!({"public_keys": [key], "any_site": true, "shops": {SITE.to_ascii_lowercase(): {"public_keys": [key]}}}),
            "names sites in one entry and takes any site in another",
        ),
    ] {
        let document = json!({ "wix": entry, "shopify": {"secrets": ["x"]} });
        assert!(refused(&document).contains(sentence), "{}", refused(&document));
        assert!(
            read(&document, None).has(StorefrontKind::Shopify),
            "only Wix is refused"
        );
        assert!(!read(&document, None).has(StorefrontKind::Wix), "{sentence}");
    }
}
