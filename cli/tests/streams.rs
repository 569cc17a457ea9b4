//! Each command on a terminal, in a pipe, and for a program: the same words, colours and progress only for those who look,
//! JSON that is nothing but JSON; and what Ctrl-C leaves behind.

use std::sync::PoisonError;
use std::time::Duration;

use reseller::{Exit, Terminal};
use wix_sandbox::{Effect, FaultRule, Operation};

use super::questions::refused;
use super::shop::{Shop, normal, sample};

const KEY: &str = "shopify/9007199254740993";
const SOMEBODY: Terminal = Terminal {
    is_out: true,
    is_err: true,
    is_in: true,
    no_color: false,
};

/// The text without what a terminal takes as a command.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, after) = part.split_at(
            part.find(|c: char| c.is_ascii_alphabetic())
                .map_or(part.len(), |at| at + 1),
        );
        plain.push_str(after);
    }
    plain
}

/// Ages change from one second to the next.
fn timeless(text: &str) -> String {
    let words = normal(text);
    let numbers = words
        .split(' ')
        .map(|word| if word.parse::<f64>().is_ok() { "N" } else { word });
    numbers.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_question_has_one_answer_on_a_terminal_in_a_pipe_and_for_a_program() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    shop.dies("order-paid");
    let paid = sample("shopify/orders_paid.json");
    let paid = paid.to_str().unwrap();
    let questions: [&[&str]; 15] = [
        &["status"],
        &["attention"],
        &["order", "list"],
        &["order", "show", KEY],
        &["order", "plan", KEY],
        &["order", "plan", "--event", paid, "--storefront", "shopify"],
        &["packages", "query"],
        &["paid-for"],
        &["parked", "list"],
        &["dead", "list"],
        &["audit", "show"],
        &["secrets", "check"],
        &["doctor", "--no-delivery"],
        &["import", paid, "--storefront", "shopify"],
        &["order", "wait", KEY],
    ];
    for words in questions {
        let piped = shop.types(words);
        assert!(
            !piped.out.contains('\u{1b}') && !piped.err.contains('\u{1b}'),
            "{words:?}: {}",
            piped.out
        );
        assert!(
            !piped.err.contains('\r'),
            "{words:?}: nobody looks at progress: {}",
            piped.err
        );
        let seen = shop.session(words, SOMEBODY, "");
        assert_eq!(piped.exit, seen.exit, "{words:?}");
        assert_eq!(timeless(&plain(&seen.out)), timeless(&piped.out), "{words:?}");
        let colourless = shop.session(
            words,
            Terminal {
                no_color: true,
                ..SOMEBODY
            },
            "",
        );
        assert!(!colourless.out.contains('\u{1b}'), "{words:?}: {}", colourless.out);
        let json = shop.types(&[words, &["-o", "json"]].concat());
        assert_eq!(json.exit, piped.exit, "{words:?}");
        assert!(
            json.json()["schema"] == 1 || json.json()["key"].is_string(),
            "{words:?}: {}",
            json.out
        );
    }
}

#[test]
fn what_takes_long_says_on_a_terminal_what_it_is_at() {
    let shop = Shop::new();
    let ran = shop.session(&["audit", "run"], SOMEBODY, "").done();
    assert!(
        ran.err.contains("Ctrl-C stops it, and the next run goes on there"),
        "{}",
        ran.err
    );
    assert!(ran.err.ends_with("\r\u{1b}[K"), "it is gone afterwards: {:?}", ran.err);
}

#[test]
fn what_ctrl_c_leaves_behind_is_said_and_an_audit_goes_on() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    shop.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(
            Operation::QueryPackages,
            Effect::Stall {
                ms: 60_000,
                commit: false,
            },
        )
    });
    let queries = || {
        let wix = shop.wix.lock().unwrap_or_else(PoisonError::into_inner);
        wix.count(Operation::QueryPackages).calls
    };
    let before = queries();
    let ran = shop.interrupted(&["audit", "run"], async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        while queries() == before {
            ticks.tick().await;
        }
    });
    assert_eq!((ran.exit, ran.exit.code()), (Exit::Interrupted, 130));
    assert!(ran.err.contains("`reseller audit run` goes on there"), "{}", ran.err);
    assert!(
        shop.types(&["audit", "show"])
            .done()
            .out
            .contains("none has come to its end yet")
    );
    shop.is_cured();
    shop.types(&["audit", "run"]).done();
    let shown = shop.types(&["audit", "show"]).done().out;
    assert!(shown.contains("the last one came to its end at"), "{shown}");
    let status = shop.types(&["status"]).done().out;
    assert!(status.contains("ok  the last audit came to its end"), "{status}");
    let ran = shop.interrupted(&["order", "wait", KEY], std::future::ready(()));
    assert!(
        ran.err.contains("the order goes on without being waited for"),
        "{}",
        ran.err
    );
}
