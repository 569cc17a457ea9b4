//! The same calls at the same times end the same, and a Wix costs next to nothing.

use serde_json::json;
use wix_sandbox::{Config, Wix};

use super::*;

fn history(seed: u64) -> Vec<Got> {
    let mut world = World::new(Config {
        seed,
        ..Config::default()
    });
    let paid = world.buy("a", on(SITE, plan()));
    world.now += 1_500;
    let voucher = world.buy("v", voucher_of(&paid.instance_id(0)));
    let all = world.query(json!({}));
    vec![paid, voucher, all]
}

#[test]
fn the_same_seed_gives_the_same_answers_and_another_gives_other_ids() {
    assert_eq!(history(7), history(7));
    assert_ne!(history(7)[0].id(), history(8)[0].id());
}

#[test]
fn ids_are_all_different() {
    let mut seen = std::collections::HashSet::new();
    for seed in 0..10 {
        let mut wix = Wix::new(Config {
            seed,
            ..Config::default()
        });
        let template = serde_json::from_value(json!({
            "accountId": MAIN, "instances": [{"catalogProductId": PLAN}, {"catalogProductId": PLAN}],
        }))
        .unwrap();
        wix.insert_packages(NOON, 1_000, &template);
        for (package, instance) in wix.instances() {
            seen.insert(package.id);
            seen.insert(instance.id);
        }
    }
    assert_eq!(seen.len(), 10 * 3 * 1_000);
}
