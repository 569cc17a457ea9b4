//! The same calls at the same times end the same, and a Wix costs next to nothing.

use serde_json::json;
use wix_sandbox::{Config, Idempotency, Wix};

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
fn a_configuration_survives_being_written_as_json() {
    let mut config = Config {
        idempotency: Idempotency::Forget { after_ms: 5 },
        accounts: [(SUB.parse().unwrap(), MAIN.parse().unwrap())].into(),
        pending_to_enabled_ms: None,
        ..Config::default()
    };
    config.catalog[0].limit_per_account = Some(3);
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), Config::default());
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
