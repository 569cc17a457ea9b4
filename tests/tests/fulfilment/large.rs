//! Orders of very many lines: what they cost is in proportion.

use std::time::Instant;

use reseller_hooks_tests::prelude::*;

/// The least time of some runs that an order of so many lines takes to be heard of, bought and heard of again.
fn time(lines: u32) -> Duration {
    let one = || {
        let world = World::kind();
        let mut order = Order::new(KEY);
        for line in 1..=lines {
            order = order.line(&line.to_string(), "MAIL", 1);
        }
        let order = order.paid();
        let begun = Instant::now();
        world.hears(&order);
        world.hears(&order.canceled());
        begun.elapsed()
    };
    (0..3).map(|_| one()).min().unwrap_or_default()
}

/// It was 0.11 s for 250 lines and 9.4 s for 2,000 once: 85 times as much for eight times as many.
#[test]
fn two_thousand_lines_cost_no_more_than_their_share() {
    let few = time(250);
    for (lines, times) in [(500, 2), (1_000, 4), (2_000, 8)] {
        let many = time(lines);
        // Four times their share: a machine that does something else meanwhile is not at fault.
        assert!(
            many < few * times * 4,
            "{lines} lines took {many:?}, and 250 took {few:?}"
        );
    }
}
