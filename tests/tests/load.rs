//! Hours of a burst in simulated time: ten thousand orders at once, at a Wix that answers 200 calls a minute. The batches,
//! the sweep, fulfilment and the client are the real ones; the ledger and Wix take their time; clocks are apart, and
//! processes die. What is counted is Wix's own count of calls.

mod stack;
mod wix;

use std::time::Duration;

use stack::{Burst, Figures};

/// What the windows let through.
const A_MINUTE: f64 = 168.0;

fn show(name: &str, figures: &Figures) {
    println!(
        "{name}: {} calls in {:.1} min, {:.1} a minute = {:.1} % of {A_MINUTE}; most in any 60 s: {}; 429: {}; \
         permits asked: {:.2} an order; longest wait of a fresh order: {:.1} s; of a voucher: {:.1} s; bases before a \
         voucher that was due: {}; processes that died: {}",
        figures.calls,
        figures.minutes,
        figures.a_minute(),
        figures.a_minute() / A_MINUTE * 100.0,
        figures.most_in_a_minute,
        figures.throttled,
        figures.permits_an_order,
        figures.longest_fresh.as_secs_f64(),
        figures.longest_voucher.as_secs_f64(),
        figures.overtaken,
        figures.died,
    );
}

fn is_as_promised(figures: &Figures, most_in_a_minute: usize) {
    assert!(figures.a_minute() >= 0.9 * A_MINUTE, "{figures:?}");
    assert!(figures.most_in_a_minute <= most_in_a_minute, "{figures:?}");
    assert!(figures.throttled * 100 < figures.calls, "{figures:?}");
    assert!(figures.longest_fresh <= Duration::from_secs(120), "{figures:?}");
}

#[test]
fn ten_thousand_orders_at_once_use_what_wix_allows() {
    let figures = Burst::of(10_000).blow();
    show("10,000 orders at once", &figures);
    is_as_promised(&figures, 182);
    assert!(figures.minutes <= 135.0, "{figures:?}");
    // A voucher's call is made when its base is answered, or in the next window, which begins within a second.
    assert!(figures.longest_voucher <= Duration::from_secs(2), "{figures:?}");
    assert_eq!(figures.overtaken, 0, "{figures:?}");
}

#[test]
fn beside_a_burst_fresh_orders_wait_two_minutes_at_the_most() {
    let figures = Burst {
        fresh_a_minute: 20,
        ..Burst::of(10_000)
    }
    .blow();
    show("with 20 fresh orders a minute", &figures);
    is_as_promised(&figures, 182);
    assert!(figures.minutes <= 175.0, "{figures:?}");
    assert_eq!(figures.overtaken, 0, "{figures:?}");
}

#[test]
fn clocks_apart_and_processes_that_die_never_pass_the_limit() {
    let figures = Burst {
        fresh_a_minute: 20,
        skew: Duration::from_secs(5),
        deaths: true,
        ..Burst::of(3_000)
    }
    .blow();
    show("clocks 5 s apart, processes die", &figures);
    assert!(figures.most_in_a_minute <= 196, "{figures:?}");
    assert!(figures.throttled * 100 < figures.calls, "{figures:?}");
    assert!(figures.died > 20, "{figures:?}");
}

/// The limit of a contract account is another one, and nobody has said so: Wix lets 90 calls a minute through.
#[test]
fn a_limit_that_was_guessed_too_high_mends_itself() {
    let figures = Burst {
        allowed: 90,
        ..Burst::of(1_000)
    }
    .blow();
    show("Wix allows 90 a minute", &figures);
    assert!(figures.throttled * 20 < figures.calls, "{figures:?}");
    assert!(figures.a_minute() > 45.0, "{figures:?}");
}
