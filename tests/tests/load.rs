//! A burst of a thousand orders over simulated time; `cargo run --profile sim -p reseller-hooks-tests --bin hours` measures
//! ten thousand, as `docs/performance.md` says.

use std::time::Duration;

use reseller_hooks_tests::hours::{A_MINUTE, Burst, Figures};

fn is_as_promised(figures: &Figures, most_in_a_minute: usize) {
    assert!(figures.a_minute() >= 0.9 * A_MINUTE, "{figures:?}");
    assert!(figures.most_in_a_minute <= most_in_a_minute, "{figures:?}");
    assert!(figures.throttled * 100 < figures.calls, "{figures:?}");
    assert!(figures.longest_fresh <= Duration::from_secs(120), "{figures:?}");
}

#[test]
fn a_burst_of_orders_uses_what_wix_allows() {
    let figures = Burst::of(1_000).blow();
    println!("10,000 orders at once: {figures}");
    is_as_promised(&figures, 182);
    assert!(figures.minutes <= 13.5, "{figures:?}");
    // A voucher's call is made when its base is answered, or in the next window, which begins within a second.
    assert!(figures.longest_voucher <= Duration::from_secs(2), "{figures:?}");
    assert_eq!(figures.overtaken, 0, "{figures:?}");
}

#[test]
fn beside_a_burst_fresh_orders_wait_two_minutes_at_the_most() {
    let figures = Burst {
        fresh_a_minute: 20,
        ..Burst::of(1_000)
    }
    .blow();
    println!("with 20 fresh orders a minute: {figures}");
    is_as_promised(&figures, 182);
    assert!(figures.minutes <= 17.5, "{figures:?}");
    assert_eq!(figures.overtaken, 0, "{figures:?}");
}

#[test]
fn clocks_apart_use_what_wix_allows() {
    let figures = Burst {
        fresh_a_minute: 20,
        skew: Duration::from_secs(5),
        ..Burst::of(1_000)
    }
    .blow();
    println!("clocks 5 s apart: {figures}");
    is_as_promised(&figures, 196);
}

/// A sweep that died leaves the rest of its minute without one: only a burst of ten thousand with fewer deaths uses its 90 %.
#[test]
fn a_storm_of_deaths_with_clocks_apart_never_passes_the_limit() {
    let figures = Burst {
        fresh_a_minute: 20,
        skew: Duration::from_secs(5),
        seconds_a_death: 40,
        ..Burst::of(1_000)
    }
    .blow();
    println!("clocks 5 s apart, a process dies every 40 s: {figures}");
    assert!(figures.most_in_a_minute <= 196, "{figures:?}");
    assert_eq!(figures.over_two_minutes, 0, "{figures:?}");
    assert!(figures.throttled * 100 < figures.calls, "{figures:?}");
    assert!(figures.died > 3, "{figures:?}");
}

/// The limit of a contract account is another one, and nobody has said so: Wix lets 90 calls a minute through.
#[test]
fn a_limit_that_was_guessed_too_high_mends_itself() {
    let figures = Burst {
        allowed: 90,
        ..Burst::of(300)
    }
    .blow();
    println!("Wix allows 90 a minute: {figures}");
    assert!(figures.throttled * 20 < figures.calls, "{figures:?}");
    assert!(figures.a_minute() > 45.0, "{figures:?}");
}
