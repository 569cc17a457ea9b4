//! Orders of version 1 and 2 of the format.

use super::{Body, KEY, paid, shop};
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
fn an_order_refunded_in_full_is_taken_back_and_paid_again_needs_a_person() {
    let shop = shop(&["PREMIUM-1Y"]);
    shop.told("", &paid()).has("PREMIUM-1Y", 2, 1);
    shop.told("", &later(paid(), "2026-03-05T14:14:07Z", "refunded"))
        .has("PREMIUM-1Y", 2, 0)
        .calm(KEY);
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
