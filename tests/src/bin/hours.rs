//! Measures hours of a burst of ten thousand orders in simulated time, and prints the table of `docs/performance.md`:
//! all of its rows, or those whose name has the argument in it.

use std::time::Duration;

use reseller_hooks_tests::hours::{Burst, HEADING};

fn main() {
    let all = Burst::of(10_000);
    let fresh = Burst {
        fresh_a_minute: 20,
        ..all.clone()
    };
    let apart = Burst {
        skew: Duration::from_secs(5),
        ..fresh.clone()
    };
    let dying = Burst {
        seconds_a_death: 300,
        ..apart.clone()
    };
    let storm = Burst {
        seconds_a_death: 40,
        ..apart.clone()
    };
    let less = Burst {
        allowed: 90,
        ..Burst::of(3_000)
    };
    println!("{HEADING}");
    for (name, burst) in [
        ("10,000 orders at once", all),
        ("with 20 fresh orders a minute", fresh),
        ("and clocks up to 5 s apart", apart),
        ("and a process dies every 5 min", dying),
        ("a process dies every 40 s", storm),
        ("3,000 orders, and Wix allows 90 calls a minute", less),
    ] {
        if std::env::args().nth(1).is_some_and(|only| !name.contains(&only)) {
            continue;
        }
        println!("{}", burst.blow().row(name));
    }
}
