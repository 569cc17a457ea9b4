//! What changes an order: the verbs, what they ask before they buy, and what they say afterwards.

use reseller::{Exit, Terminal};
use serde_json::json;
use wix_sandbox::{Effect, FaultRule, Operation};

use super::questions::refused;
use super::shop::{Shop, sample};

const KEY: &str = "shopify/9007199254740993";
pub(crate) const ASKED: Terminal = Terminal {
    is_out: false,
    is_err: false,
    is_in: true,
    no_color: true,
};

#[test]
fn a_refused_order_is_mended_in_three_commands() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    shop.is_cured();
    assert_eq!(shop.types(&["attention", "--exit-code"]).exit, Exit::Attention);
    let shown = shop.types(&["order", "show", KEY]).done().out;
    assert!(shown.contains(&format!("reseller order retry {KEY}")), "{shown}");
    let retried = shop.session(&["order", "retry", KEY], ASKED, "y\n").done();
    assert!(retried.err.contains("it buys 3 units at the most"), "{}", retried.err);
    assert!(retried.out.starts_with(KEY), "{}", retried.out);
    assert!(retried.out.contains("2 packages created"), "{}", retried.out);
    assert_eq!(shop.created(), 2);
    assert_eq!(shop.types(&["attention", "--exit-code"]).done().out, "");
}

// What may buy is asked for: a no, and a pipe in which nobody can be asked, buy nothing.
#[test]
fn a_refused_confirmation_buys_nothing() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    for (terminal, answer) in [(ASKED, "n\n"), (ASKED, ""), (Terminal::default(), "y\n")] {
        let ran = shop.session(&["order", "retry", KEY], terminal, answer);
        assert_eq!(ran.exit, Exit::Declined, "{}", ran.err);
        assert!(ran.err.contains("nothing was done"), "{}", ran.err);
    }
    let ran = shop.types(&["order", "retry", KEY, "--dry-run"]).done();
    assert!(ran.err.contains("nothing was done (--dry-run)"), "{}", ran.err);
    assert_eq!(shop.created(), 0);
}

#[test]
fn several_orders_are_retried_by_their_code_and_no_more_than_is_meant() {
    let shop = Shop::new();
    shop.strike(refused());
    let body = std::fs::read_to_string(sample("shopify/orders_paid.json")).unwrap();
    for number in 1..=3 {
        let body = body.replace("9007199254740993", &format!("900719925474100{number}"));
        // A site takes one product of a kind.
        let body = body.replace("918aa943", &format!("918aa94{number}"));
        shop.sells_body(&body, "orders/paid");
    }
    shop.is_cured();
    let code = ["order", "retry", "--code", "PRODUCT_NOT_FOUND"];
    let ran = shop.types(&[&code[..], &["--max", "2", "--yes"]].concat());
    assert_eq!(ran.exit, Exit::Usage);
    assert!(
        ran.err
            .contains("these are 3 orders, more than --max 2: nothing was done"),
        "{}",
        ran.err
    );
    let ran = shop.session(&code, ASKED, "y\n").done();
    assert!(
        ran.err.contains("retry: 3 orders; it buys 9 units at the most"),
        "{}",
        ran.err
    );
    assert_eq!(ran.out, "3 of 3 orders retried\n");
    assert_eq!(shop.types(&["attention"]).done().out, "");
}

#[test]
fn a_problem_is_closed_with_a_reason_and_nothing_is_bought() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let problem = shop.types(&["attention", "-o", "json"]).done().json();
    let problem = problem["orders"][0]["items"][0]["id"].as_str().unwrap().to_owned();
    let ran = shop.types(&["order", "close", KEY, &problem]);
    assert_eq!(ran.exit, Exit::Usage, "a reason is wanted");
    assert!(ran.err.contains("--reason"), "{}", ran.err);
    let close = ["order", "close", KEY, &problem, "--reason", "bought by hand"];
    assert!(shop.types(&close).done().out.contains("is closed"));
    assert!(shop.types(&close).done().out.contains("closed before"));
    let ran = shop.types(&["order", "close", KEY, "0123456789", "--reason", "it"]);
    assert_eq!(ran.exit, Exit::Failed, "it is another problem by now");
    let shown = shop.types(&["order", "show", KEY]).done().out;
    assert!(shown.contains("by jane: bought by hand"), "{shown}");
    assert_eq!(shop.created(), 0);
}

// A shop refunds an amount and no lines: only a person knows what it was for, and until then nothing is bought or taken back.
#[test]
fn a_question_of_the_shop_is_answered_by_tell() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    shop.sells("shopify/refunds_create_amount_only.json", "refunds/create");
    let asked = shop.types(&["attention", "-o", "json"]).done().json();
    let command = asked["orders"][0]["items"][0]["command"].as_str().unwrap().to_owned();
    assert!(command.starts_with("reseller order tell"), "{command}");
    for (words, said) in [
        (vec![], "nothing is told"),
        (vec!["--refunded", "12=1", "--dry-run"], "the order has no line 12"),
        (
            vec!["--refunded", "9007199254740995=7", "--dry-run"],
            "has 3 units, and not 7",
        ),
        (vec!["--refunded", "it"], "\"it\" is no line and number"),
    ] {
        let ran = shop.types(&[&["order", "tell", KEY], words.as_slice()].concat());
        assert_eq!(ran.exit, Exit::Usage);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    let told = [
        "order",
        "tell",
        KEY,
        "--refunded",
        "none",
        "--reason",
        "it was the shipping",
    ];
    shop.types(&told).done();
    assert_eq!(shop.types(&["attention"]).done().out, "");
    assert_eq!(shop.created(), 2);
}

#[test]
fn waiting_for_an_order_ends_when_it_is_settled_or_needs_a_person() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let ran = shop.types(&["order", "wait", KEY]).done();
    assert!(ran.out.contains("fulfilled"), "{}", ran.out);
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    assert_eq!(shop.types(&["order", "wait", KEY]).exit, Exit::Attention);
    let shop = Shop::new();
    shop.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(
            Operation::CreatePackage,
            Effect::ErrorBefore {
                status: 500,
                code: None,
            },
        )
    });
    shop.sells("shopify/orders_paid.json", "orders/paid");
    assert_eq!(
        shop.types(&["order", "wait", KEY, "--timeout", "0"]).exit,
        Exit::Waiting
    );
}

#[test]
fn the_audit_says_what_it_compared_and_found() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let ran = shop.types(&["audit", "run"]).done();
    assert!(ran.out.contains("packages compared with"), "{}", ran.out);
    assert!(ran.out.contains("nothing found"), "{}", ran.out);
    let until = shop
        .types(&["audit", "run", "--until", "2999-01-01T00:00:00Z", "-o", "json"])
        .done()
        .json();
    assert_eq!(until["packages"], json!(2));
    assert!(
        shop.types(&["audit", "show"])
            .done()
            .out
            .contains("no audit is in the middle")
    );
}

#[test]
fn a_delivery_that_is_sent_says_how_it_was_answered() {
    let shop = Shop::new();
    let paid = sample("shopify/orders_paid.json");
    let words = ["send", paid.to_str().unwrap(), "--topic", "orders/paid", "--storefront"];
    let ran = shop.types(&[&words[..], &["shopify"]].concat()).done();
    assert!(ran.out.starts_with("200 "), "{}", ran.out);
    let ran = shop.types(&[&words[..], &["wix"]].concat());
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("Wix's own key"), "{}", ran.err);
    let ran = shop.types(&["send", "/nowhere.json", "--storefront", "shopify"]);
    assert_eq!(ran.exit, Exit::NotFound);
}

#[test]
fn who_did_what_and_why_is_in_the_orders_history() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    shop.is_cured();
    let retry = [
        "order",
        "retry",
        KEY,
        "--yes",
        "--by",
        "ann",
        "--reason",
        "Wix sells it now",
    ];
    shop.types(&retry).done();
    let shown = shop.types(&["order", "show", KEY]).done().out;
    assert!(shown.contains("What happened"), "{shown}");
    assert!(shown.contains("ann") && shown.contains("Wix sells it now"), "{shown}");
}

#[test]
fn a_package_that_wix_does_not_have_is_not_adopted() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    shop.is_cured();
    let line = shop.types(&["order", "show", KEY, "-o", "json"]).done().json();
    let line = line["units"][0]["line"].as_str().unwrap().to_owned();
    let package = "6e789e6a-a1b9-45f4-9ea5-9f2878e51fb5";
    let adopt = ["order", "adopt", KEY, "--line", &line, "--package", package];
    assert_eq!(shop.types(&adopt).exit, Exit::Usage, "a reason is wanted");
    let ran = shop.types(&[&adopt[..], &["--reason", "bought by hand"]].concat());
    assert_eq!(ran.exit, Exit::Failed, "{}", ran.out);
    assert!(ran.err.starts_with("error: "), "{}", ran.err);
    assert_eq!(shop.created(), 0);
}

// Without --replace nothing that ended at Wix is bought again, and the question says so.
#[test]
fn what_ended_is_bought_again_only_where_that_is_said() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    shop.ends_everything();
    shop.types(&["audit", "run", "--until", "2999-01-01T00:00:00Z"]).done();
    shop.sweeps();
    let plain = shop.types(&["order", "retry", KEY, "--dry-run"]).done();
    assert!(plain.err.contains("it buys 0 units at the most"), "{}", plain.err);
    let replaced = shop.types(&["order", "retry", KEY, "--replace", "--dry-run"]).done();
    assert!(replaced.err.contains("it buys 3 units at the most"), "{}", replaced.err);
}

// A pause is effective without a deployment, and what was paid for meanwhile is bought once it is over.
#[test]
fn a_pause_lets_nobody_buy_until_somebody_resumes() {
    let shop = Shop::new();
    assert_eq!(shop.types(&["pause"]).exit, Exit::Usage, "a reason is wanted");
    let paused = shop.types(&["pause", "--reason", "a storm"]).done();
    assert!(paused.out.starts_with("paused:"), "{}", paused.out);
    let again = shop.types(&["pause", "--reason", "again"]).done();
    assert!(again.out.contains("paused before"), "{}", again.out);
    shop.sells("shopify/orders_paid.json", "orders/paid");
    assert_eq!(shop.created(), 0);
    let status = shop.types(&["status", "--exit-code"]);
    assert_eq!(status.exit, Exit::Stopped);
    assert!(
        status.out.contains("jane") && status.out.contains("a storm"),
        "{}",
        status.out
    );
    assert!(status.out.contains("reseller resume --reason WHY"), "{}", status.out);
    let audit = shop.types(&["audit", "run"]);
    assert_eq!(
        audit.exit,
        Exit::Stopped,
        "nothing is compared, and asking again would have no end"
    );
    assert!(audit.out.contains("`reseller status` says why"), "{}", audit.out);
    shop.types(&["resume", "--reason", "it is over"]).done();
    let again = shop.types(&["resume", "--reason", "twice"]).done();
    assert!(again.out.contains("nothing was paused"), "{}", again.out);
    shop.types(&["order", "retry", KEY, "--yes"]).done();
    assert_eq!(shop.created(), 2);
    assert_eq!(shop.types(&["status", "--exit-code"]).exit, Exit::Done);
}

/// A code is what a person has in mind; of one problem it is as good as its ID.
#[test]
fn a_problem_is_closed_by_its_code_where_one_has_it() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    for code in ["NOT_THIS", "PRODUCT_NOT_FOUND"] {
        let ran = shop.types(&["order", "close", KEY, code, "--reason", "it"]);
        assert_eq!(ran.exit, Exit::Usage, "two have it, or none");
        assert!(ran.err.contains("(PRODUCT_NOT_FOUND), "), "{}", ran.err);
    }
    shop.sells("shopify/refunds_create_amount_only.json", "refunds/create");
    shop.types(&["order", "close", KEY, "refund_unclear", "--reason", "it"])
        .done();
    let left = shop.types(&["attention", "--code", "REFUND_UNCLEAR"]).done();
    assert!(left.out.is_empty(), "{}", left.out);
}

/// Who retries what Wix refuses again must not read that all is well.
#[test]
fn a_retry_that_is_refused_again_says_so_and_fails() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let ran = shop.types(&["order", "retry", KEY, "--yes"]);
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.out.contains("nothing was bought, 2 problems left"), "{}", ran.out);
    assert!(
        ran.out.contains(&format!("    reseller order retry {KEY}\n")),
        "{}",
        ran.out
    );
}
