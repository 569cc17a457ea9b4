//! Orders of version 1 and 2 of the format.

use super::super::shop::Shop;
use super::{Body, KEY, Standard, paid, shop};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::json;

fn later(body: Body, updated_at: &str, payment: &str) -> Body {
    body.with("/type", "order.updated")
        .with("/data/updated_at", updated_at)
        .with("/data/payment", payment)
}

#[test]
fn an_order_of_version_1_means_what_it_always_meant() {
    for body in [paid(), paid().with("/schema", 1), paid().with("/schema", 2)] {
        shop(&["PREMIUM-1Y"]).told("", &body).has("PREMIUM-1Y", 2, 1).calm(KEY);
    }
    let newer = paid().with("/schema", 3);
    let reason = shop(&["PREMIUM-1Y"]).parked("", &newer);
    assert!(reason.starts_with("at schema"), "{reason}");
}

#[test]
fn what_is_not_paid_yet_waits_and_what_was_paid_stays() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.nothing("", &later(paid(), "2026-03-02T14:14:06Z", "unpaid"));
    shop.told("", &later(paid(), "2026-03-02T14:14:07Z", "partial"))
        .has("PREMIUM-1Y", 0, 0)
        .calm(KEY);
    shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
    let grown = later(paid(), "2026-03-03T14:14:07Z", "partial").with("/data/lines/0/units", 4);
    shop.told("", &grown).has("PREMIUM-1Y", 2, 1).calm(KEY);
}

#[test]
fn a_payment_that_is_unclear_buys_nothing_and_needs_a_person() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &later(paid(), "2026-03-02T14:14:07Z", "unclear"))
        .has("PREMIUM-1Y", 0, 0)
        .needs(KEY, &["PAYMENT_UNCLEAR"]);
    shop.told("", &paid()).has("PREMIUM-1Y", 2, 1).calm(KEY);
}

#[test]
fn an_order_refunded_in_full_is_taken_back_and_paid_again_needs_a_person() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
    shop.told("", &later(paid(), "2026-03-05T14:14:07Z", "refunded"))
        .has("PREMIUM-1Y", 2, 0)
        .calm(KEY);
    // Nothing is bought or assigned by itself, and a later change that says the same asks no other question.
    for at in ["2026-03-06T14:14:07Z", "2026-03-07T14:14:07Z"] {
        shop.told("", &later(paid(), at, "paid"))
            .has("PREMIUM-1Y", 2, 0)
            .needs(KEY, &["PAID_AGAIN"]);
    }
}

#[test]
fn a_trial_is_given_by_default_and_waits_where_the_catalog_says_so() {
    let trial = Body::of(include_str!("../../../../events/standard/order_trial.json"));
    let paid = later(trial.clone(), "2026-03-16T14:14:09Z", "paid").with("/data/lines/0/trial", false);
    let shop = shop(&["PREMIUM-1M"]);
    shop.told("", &trial).has("PREMIUM-1M", 1, 0).calm("standard/2002");
    shop.at("2026-03-16T14:14:10Z")
        .told("", &paid)
        .has("PREMIUM-1M", 1, 0)
        .calm("standard/2002");

    let waiting = Shop::with_defaults(Standard, &["PREMIUM-1M"], "on_trial = \"wait\"");
    waiting.told("", &trial).has("PREMIUM-1M", 0, 0).calm("standard/2002");
    waiting
        .at("2026-03-16T14:14:10Z")
        .told("", &paid)
        .has("PREMIUM-1M", 1, 0)
        .calm("standard/2002");
}

#[test]
fn a_trial_that_ends_unpaid_is_taken_back() {
    let trial = Body::of(include_str!("../../../../events/standard/order_trial.json")).with(
        "/data/lines/0/properties",
        json!({ "wix_site_id": super::super::shop::SITE }),
    );
    // Also where the shop says what is true of it: that nothing was ever paid. What was given is not left to the customer.
    for payment in ["partial", "unpaid"] {
        let over = later(trial.clone(), "2026-03-16T14:14:09Z", payment).with("/data/lines/0/trial", false);
        let shop = shop(&["PREMIUM-1M"]);
        shop.told("", &trial).has("PREMIUM-1M", 1, 1);
        shop.at("2026-03-16T14:14:10Z")
            .told("", &over)
            .has("PREMIUM-1M", 1, 0)
            .calm("standard/2002");
    }
}

#[test]
fn a_composite_is_bought_by_its_own_sku_or_by_its_components() {
    let composite = Body::of(include_str!("../../../../events/standard/order_composite.json"));
    let whole = shop(&["BUNDLE-START", "PREMIUM-1Y", "BUSINESS-EMAIL-1Y"]);
    whole
        .told("", &composite)
        .has("BUNDLE-START", 1, 0)
        .has("PREMIUM-1Y", 0, 0)
        .has("BUSINESS-EMAIL-1Y", 0, 0)
        .calm("standard/2003");
    let parts = Shop::with_catalog(Standard, &catalog_of(&["PREMIUM-1Y", "BUSINESS-EMAIL-1Y"], "ignore"));
    parts
        .told("", &composite)
        .has("PREMIUM-1Y", 1, 0)
        .has("BUSINESS-EMAIL-1Y", 1, 0)
        .calm("standard/2003");
}

#[test]
fn an_amount_that_is_not_the_catalogs_price_buys_nothing_and_needs_a_person() {
    let priced = |minor: i64| {
        catalog_of(&["PREMIUM-1Y"], "ignore").replace(
            "sku = \"PREMIUM-1Y\"\n",
            &format!("sku = \"PREMIUM-1Y\"\nprice = {{ amount = {minor}, currency = \"USD\" }}\n"),
        )
    };
    let charged = paid().with("/data/lines/0/amount", json!({ "minor": 16_000, "currency": "USD" }));
    Shop::with_catalog(Standard, &priced(8_000))
        .told("", &charged)
        .has("PREMIUM-1Y", 2, 1)
        .calm(KEY);
    Shop::with_catalog(Standard, &priced(9_000))
        .told("", &charged)
        .has("PREMIUM-1Y", 0, 0)
        .needs(KEY, &["NOT_PLANNED"]);
}

#[test]
fn a_line_that_lost_its_sku_before_it_was_paid_is_always_shown() {
    let shop = Shop::with_catalog(Standard, &catalog_of(&["PREMIUM-1Y"], "ignore"));
    let waiting = paid().with("/type", "order.updated").with("/data/payment", "partial");
    shop.told("", &waiting).has("PREMIUM-1Y", 0, 0).calm(KEY);
    let lost = paid()
        .with("/data/updated_at", "2026-03-03T14:14:09Z")
        .without("/data/lines/0/sku");
    shop.told("", &lost)
        .has("PREMIUM-1Y", 0, 0)
        .needs(KEY, &["NOT_PLANNED"]);
    // A line that never had one is shown where unknown ones are, and only there.
    for (unknown, codes) in [("attention", &["NOT_PLANNED"][..]), ("ignore", &[])] {
        let shop = Shop::with_catalog(Standard, &catalog_of(&["PREMIUM-1Y"], unknown));
        shop.told("", &paid().without("/data/lines/0/sku")).needs(KEY, codes);
    }
}

#[test]
fn an_open_order_without_lines_is_parked_and_nothing_is_taken_back() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid());
    let empty = later(paid(), "2026-03-05T14:14:07Z", "paid").with("/data/lines", json!([]));
    assert!(
        shop.parked("", &empty)
            .starts_with("at data.lines: an open order without lines")
    );
    shop.has("PREMIUM-1Y", 2, 1).calm(KEY);
    let canceled = empty.with("/data/status", "canceled");
    shop.told("", &canceled).has("PREMIUM-1Y", 2, 0).calm(KEY);
}

#[test]
fn what_is_misspelt_or_contradicts_itself_is_parked() {
    let trial = Body::of(include_str!("../../../../events/standard/order_trial.json"));
    let composite = Body::of(include_str!("../../../../events/standard/order_composite.json"));
    for wrong in [
        trial.clone().with("/data/lines/0/trail", true),
        trial.clone().with("/data/lines/0/trial", "yes"),
        trial.with("/data/renewal", "sub-7"),
        composite.clone().with("/data/lines/1/part_of", "9"),
        composite.clone().with("/data/lines/1/part_of", "2"),
        composite.with("/data/lines/0/amount/currency", "usd"),
    ] {
        shop(&["PREMIUM-1M"]).parked("", &wrong);
    }
}

#[test]
fn a_test_order_is_answered_and_no_more() {
    shop(&["PREMIUM-1Y"]).nothing("", &paid().with("/data/test", true));
}
