//! First orders, renewals and ends of subscriptions.

use super::super::shop::{SITE, Shop};
use super::{Body, Standard, shop};
use serde_json::json;

const FIRST: &str = "standard/2001";
const SKUS: [&str; 2] = ["PREMIUM-1M", "BUSINESS-EMAIL-1Y"];

fn first() -> Body {
    Body::of(include_str!("../../../../events/standard/subscription_first.json"))
        .with("/data/properties", json!({ "wix_site_id": SITE }))
}

fn renewal() -> Body {
    Body::of(include_str!("../../../../events/standard/subscription_renewal.json"))
}

fn state(status: &str, updated_at: &str) -> Body {
    Body::of(include_str!("../../../../events/standard/subscription_ended.json"))
        .with("/data/status", status)
        .with("/data/updated_at", updated_at)
}

fn bought() -> Shop {
    let shop = shop(&SKUS);
    shop.told("", &first())
        .has("PREMIUM-1M", 1, 1)
        .has("BUSINESS-EMAIL-1Y", 1, 1);
    shop
}

#[test]
fn a_renewal_buys_no_recurring_product() {
    let shop = bought();
    shop.at("2026-04-02T14:14:10Z")
        .told("", &renewal())
        .has("PREMIUM-1M", 1, 1)
        .calm("standard/2044");
    let unrelated = renewal().with("/data/renews", json!(null)).with("/data/id", "2045");
    shop.told("", &unrelated).has("PREMIUM-1M", 2, 1).calm("standard/2045");
}

#[test]
fn the_end_of_a_subscription_takes_its_lines_back_for_good() {
    let shop = bought();
    shop.at("2026-06-20T14:00:05Z")
        .told("", &state("ended", "2026-06-20T14:00:00Z"))
        .has("PREMIUM-1M", 1, 0)
        .has("BUSINESS-EMAIL-1Y", 1, 1)
        .calm(FIRST);
    shop.told("", &state("active", "2026-06-21T14:00:00Z"))
        .has("PREMIUM-1M", 1, 0);
}

#[test]
fn an_end_can_name_its_products_by_sku() {
    let shop = bought();
    let of_mailbox = state("ended", "2026-06-20T14:00:00Z").with("/data/skus", json!(["BUSINESS-EMAIL-1Y"]));
    shop.at("2026-06-20T14:00:05Z")
        .told("", &of_mailbox)
        .has("PREMIUM-1M", 1, 1)
        .has("BUSINESS-EMAIL-1Y", 1, 0)
        .calm(FIRST);
}

#[test]
fn a_suspended_subscription_comes_back_in_whatever_order_it_is_told() {
    let suspended = state("suspended", "2026-05-04T14:00:00Z");
    let active = state("active", "2026-05-06T14:00:00Z");
    let shop = bought();
    shop.at("2026-05-06T14:00:05Z")
        .told("", &suspended)
        .has("PREMIUM-1M", 1, 0);
    shop.told("", &active).has("PREMIUM-1M", 1, 1);
    shop.told("", &suspended).has("PREMIUM-1M", 1, 1).calm(FIRST);
}

#[test]
fn a_state_that_the_format_does_not_know_is_parked() {
    let shop = Shop::selling(Standard, &SKUS);
    shop.parked("", &state("paused", "2026-06-20T14:00:00Z"));
    shop.parked("", &state("ended", "2026-06-20T14:00:00Z").without("/data/order_id"));
}

#[test]
fn an_order_paid_after_its_subscription_was_over_is_shown() {
    let shop = shop(&["PREMIUM-1M", "BUSINESS-EMAIL-1Y"]);
    let ended = Body::of(include_str!("../../../../events/standard/subscription_ended.json"));
    shop.told("", &ended.with("/data/updated_at", "2026-03-02T14:00:00Z"));
    shop.told("", &first())
        .has("PREMIUM-1M", 0, 0)
        .needs("standard/2001", &["PAID_AFTER_END"]);
}

#[test]
fn a_subscription_told_in_two_states_of_one_moment_is_shown() {
    let shop = bought();
    let state = |status: &str, at: &str| {
        Body::of(include_str!("../../../../events/standard/subscription_ended.json"))
            .with("/data/status", status)
            .with("/data/updated_at", at)
    };
    shop.told("", &state("suspended", "2026-04-01T10:00:00Z"));
    shop.told("", &state("active", "2026-04-01T10:00:00Z"))
        .needs("standard/2001", &["STATES_DISAGREE"]);
    shop.told("", &state("active", "2026-04-01T10:00:01Z"))
        .calm("standard/2001");
}
