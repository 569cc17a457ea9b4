//! Measures hours of a burst of ten thousand orders in simulated time, and prints the figures of `docs/guarantees.md`.

use std::time::Duration;

use reseller_hooks_tests::hours::Burst;

fn main() {
    let all = Burst::of(10_000);
    let fresh = Burst {
        fresh_a_minute: 20,
        ..all.clone()
    };
    let apart = Burst {
        skew: Duration::from_secs(5),
        deaths: true,
        ..fresh.clone()
    };
    let less = Burst {
        allowed: 90,
        ..Burst::of(3_000)
    };
    for (name, burst) in [
        ("10,000 orders at once", all),
        ("with 20 fresh orders a minute", fresh),
        ("the same with clocks 5 s apart and processes that die", apart),
        ("3,000 orders, and Wix allows 90 calls a minute", less),
    ] {
        println!("{name}: {}", burst.blow());
    }
}
