//! Trials: given before they are paid for, as the catalog says.

use super::bodies::{changed, invoice, item, line, subscription};
use super::{DAY, MONTH, PLACED, SKUS, Shop};
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::{Value, json};

const ENDS: i64 = PLACED + 14 * DAY;

fn basic() -> Vec<Value> {
    vec![item("si_1", "price_basic", 1)]
}

fn trialing(what: &str, created: i64) -> Value {
    let trial = json!({ "trial_start": PLACED, "trial_end": ENDS });
    changed(subscription(what, created, "trialing", basic()), &trial)
}

/// The invoice of a trial: paid, and of zero.
fn zero() -> Value {
    let mut free = line("si_1", "price_basic", 1, 0);
    free["pricing"]["unit_amount_decimal"] = "0".into();
    free["description"] = "Trial period for Basic".into();
    invoice("in_1", "subscription_create", PLACED, vec![free])
}

/// The first invoice that costs something comes as a renewal.
fn after_the_trial() -> Value {
    invoice(
        "in_2",
        "subscription_cycle",
        ENDS,
        vec![line("si_1", "price_basic", 1, 1000)],
    )
}

#[test]
fn a_trial_is_bought_when_it_begins_and_not_again_when_it_is_paid() {
    for told in [
        vec![trialing("created", PLACED), zero()],
        vec![zero(), trialing("created", PLACED)],
        vec![zero()],
    ] {
        let shop = Shop::new();
        for event in &told {
            shop.told(event);
        }
        assert_eq!(shop.has("price_basic"), (1, 1), "{}", told.len());
        shop.calm("sub_1");
        if told.len() > 1 {
            shop.told(&trialing("trial_will_end", ENDS - 3 * DAY));
            // Active before its invoice is paid: what was given stays meanwhile.
            shop.told(&subscription("updated", ENDS, "active", basic()));
            shop.until(ENDS + 1_800);
            assert_eq!(shop.has("price_basic"), (1, 1));
        }
        shop.told(&after_the_trial());
        shop.until(ENDS + 2 * DAY);
        assert_eq!(shop.has("price_basic"), (1, 1));
        shop.calm("sub_1");
    }
}

#[test]
fn a_trial_waits_for_its_payment_where_the_catalog_says_wait() {
    let shop = Shop::with("on_trial = \"wait\"");
    shop.told(&trialing("created", PLACED)).told(&zero());
    shop.until(PLACED + 3 * DAY);
    assert_eq!(shop.has("price_basic"), (0, 0), "zero is no payment");
    shop.calm("sub_1");
    shop.told(&subscription("updated", ENDS, "active", basic()));
    assert_eq!(shop.has("price_basic"), (0, 0));
    shop.told(&after_the_trial());
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn a_trial_whose_first_payment_fails_keeps_what_it_has_until_it_ends() {
    let shop = Shop::new();
    shop.told(&trialing("created", PLACED)).told(&zero());
    shop.told(&subscription("updated", ENDS, "past_due", basic()));
    shop.until(ENDS + 3 * DAY);
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.told(&subscription("deleted", ENDS + 14 * DAY, "canceled", basic()));
    assert_eq!(shop.has("price_basic"), (1, 0));
}

/// Between the trial's end and its first payment lies an hour in which only the subscription was heard of.
#[test]
fn a_trial_whose_invoice_of_zero_is_lost_keeps_what_it_has() {
    let cancelling = catalog_of(&SKUS, "attention").replace("\"unassign\"", "\"cancel\"");
    for after in ["active", "past_due"] {
        let shop = Shop::selling(&cancelling);
        shop.told(&trialing("created", PLACED));
        shop.told(&subscription("updated", ENDS, after, basic()));
        assert_eq!(
            shop.has("price_basic"),
            (1, 1),
            "{after}: what is canceled at Wix cannot come back"
        );
        shop.told(&after_the_trial());
        shop.until(ENDS + 2 * DAY);
        assert_eq!(shop.has("price_basic"), (1, 1), "{after}");
        shop.calm("sub_1");
        shop.told(&subscription("deleted", ENDS + MONTH, "canceled", basic()));
        assert_eq!(shop.has("price_basic"), (0, 0), "{after}");
    }
}

#[test]
fn a_trial_that_is_paused_is_unassigned_and_comes_back() {
    let cancelling = catalog_of(&SKUS, "attention").replace("\"unassign\"", "\"cancel\"");
    let shop = Shop::selling(&cancelling);
    shop.told(&trialing("created", PLACED)).told(&zero());
    shop.told(&subscription("paused", ENDS, "paused", basic()));
    assert_eq!(shop.has("price_basic"), (1, 0), "reversible, so never canceled");
    shop.calm("sub_1");
    shop.told(&subscription("resumed", ENDS + DAY, "active", basic()));
    let resumed = invoice(
        "in_2",
        "subscription_cycle",
        ENDS + DAY,
        vec![line("si_1", "price_basic", 1, 1000)],
    );
    shop.told(&resumed);
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn a_paid_subscription_that_is_given_a_trial_keeps_what_it_has() {
    for policy in ["buy", "wait"] {
        let shop = Shop::with(&format!("on_trial = \"{policy}\""));
        shop.told(&subscription("created", PLACED, "active", basic()));
        shop.told(&invoice(
            "in_1",
            "subscription_create",
            PLACED,
            vec![line("si_1", "price_basic", 1, 1000)],
        ));
        let given = changed(subscription("updated", PLACED + MONTH, "trialing", basic()), &json!({}));
        shop.told(&given);
        let mut zero = zero();
        zero["data"]["object"]["id"] = "in_2".into();
        zero["data"]["object"]["billing_reason"] = "subscription_update".into();
        zero["data"]["object"]["created"] = (PLACED + MONTH).into();
        zero["created"] = (PLACED + MONTH + 2).into();
        shop.told(&zero);
        shop.until(PLACED + MONTH + 2 * DAY);
        assert_eq!(shop.has("price_basic"), (1, 1), "{policy}");
    }
}
