//! Every value of every sample body changed, and bytes at random, delivered to the real webhook; and its headers and its
//! path. What must hold is said in `mutations`. `cargo xtask mutations --cases 100000` does a hundred thousand of each
//! sample, and more other values.

use reseller_hooks::order::StorefrontKind;
use reseller_hooks_tests::mutations::{SAMPLES, random, structural};

/// So few that a storefront takes seconds in a debug build.
const CASES: u64 = 100;
const VALUES: usize = 3;
/// Of Wix fewer: a token is three JSONs in each other.
const CASES_OF_WIX: u64 = 40;
const VALUES_OF_WIX: usize = 1;

fn check(kind: StorefrontKind) {
    let (cases, values) = if kind == StorefrontKind::Wix {
        (CASES_OF_WIX, VALUES_OF_WIX)
    } else {
        (CASES, VALUES)
    };
    let samples: Vec<_> = SAMPLES.iter().filter(|sample| sample.kind == kind).collect();
    assert!(samples.len() >= 7, "the samples of {kind} are not found");
    for sample in samples {
        let (every, chance) = (structural(sample, values), random(sample, 0..cases));
        assert_eq!(chance.counts.cases, cases, "{}", sample.name);
        assert!(
            every.counts.deliveries > 5,
            "{}: hardly anything was delivered",
            sample.name
        );
        let findings = [every.findings, chance.findings].concat();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}

/// A sample that is not changed is one whose misreading nobody looks for. The ping is not signed, and has no values.
#[test]
fn every_sample_of_a_storefront_is_among_those_that_are_changed() {
    let events = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let mut unchanged = Vec::new();
    for kind in StorefrontKind::ALL {
        for entry in std::fs::read_dir(events.join(kind.as_str())).expect("the storefront has samples") {
            let path = entry.expect("a file").path();
            let name = format!(
                "{kind}/{}",
                path.file_name().and_then(|name| name.to_str()).expect("a name")
            );
            let is_body = path.extension().is_some_and(|extension| extension == "json");
            if is_body && !SAMPLES.iter().any(|sample| sample.name == name) {
                unchanged.push(name);
            }
        }
    }
    assert_eq!(unchanged, Vec::<String>::new());
}

#[test]
fn changed_bodies_of_shopify_never_panic_and_never_buy_more() {
    check(StorefrontKind::Shopify);
}

#[test]
fn changed_bodies_of_standard_webhooks_never_panic_and_never_buy_more() {
    check(StorefrontKind::Standard);
}

#[test]
fn changed_bodies_of_woocommerce_never_panic_and_never_buy_more() {
    check(StorefrontKind::Woocommerce);
}

#[test]
fn changed_bodies_of_stripe_never_panic_and_never_buy_more() {
    check(StorefrontKind::Stripe);
}

#[test]
fn changed_bodies_of_wix_never_panic_and_never_buy_more() {
    check(StorefrontKind::Wix);
}
