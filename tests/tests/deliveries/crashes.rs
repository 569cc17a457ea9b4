//! The webhook and the workers' batches die at every effect and at every await point, found by running. Storefronts
//! deliver again what was not answered 200, queues what was not consumed.

use reseller_hooks_tests::deployment::Message;
use reseller_hooks_tests::prelude::*;

use super::samples::{CANCELED, PAID, SAMPLE_KEY, shopify};

const KINDS: [fn() -> World; 2] = [World::kind, || World::unkind(Duration::from_secs(30))];

/// Every way to die in what was counted once, and to do an effect of it twice.
fn ways(counted: &Effects) -> Vec<(String, Effects)> {
    let mut ways = Vec::new();
    for (at, effect) in counted.begun().iter().enumerate() {
        for happens in Happens::ALL {
            ways.push((format!("{happens:?} at {at}, {effect}"), Effects::with(at, happens)));
        }
    }
    for at in 0..counted.await_points() {
        ways.push((format!("dropped at {at}"), Effects::dropped_at(at)));
    }
    ways
}

/// A storefront delivers until it is answered 200.
fn delivered(deployment: &Deployment, effects: &Effects, post: &Post) {
    let first = deployment.post_to(&deployment.function(effects), effects, post);
    if first.is_none_or(|answer| answer.disposition != Disposition::Stored) {
        deployment.world.clock.advance(Duration::from_secs(120));
        assert_eq!(deployment.post(post), Disposition::Stored);
    }
}

/// Twice at Wix, and it takes no notice of the key: `fulfilment::effects` has what becomes of that.
fn is_two_packages(told: &str, world: &World) -> bool {
    told.starts_with("Twice")
        && told.ends_with("Create Package")
        && world.look().config().idempotency == Idempotency::Ignore
}

#[test]
fn a_webhook_that_dies_anywhere_or_does_anything_twice_leaves_one_package() {
    for world in KINDS {
        let post = shopify("orders/paid", PAID);
        let counted = Effects::counted();
        delivered(&Deployment::new(world()), &counted, &post);
        assert_eq!(counted.begun(), ["fetch", "send"]);
        for (told, effects) in ways(&counted) {
            let deployment = Deployment::new(world());
            delivered(&deployment, &effects, &post);
            deployment.settle();
            assert_eq!(deployment.world.packages(), (1, 1), "{told}");
            let found = deployment.world.wrong(SAMPLE_KEY, paid(3, 3));
            assert_eq!(found, Vec::<String>::new(), "{told}");
            assert_eq!(deployment.shelf().messages, [], "{told}");
        }
    }
}

#[test]
fn a_delivery_not_understood_is_parked_whole_wherever_the_webhook_dies() {
    let post = shopify("orders/paid", r#"{"id": "not an order"}"#);
    let counted = Effects::counted();
    let parked = |deployment: &Deployment, effects: &Effects| {
        let answer = deployment.post_to(&deployment.function(effects), effects, &post);
        if answer.is_none() {
            assert_eq!(deployment.post(&post), Disposition::Parked);
        }
        let shelf = deployment.shelf();
        assert!(shelf.messages.iter().all(|message| message.queue == "parked"));
        shelf.messages.len()
    };
    assert_eq!(parked(&Deployment::new(World::kind()), &counted), 1);
    for (told, effects) in ways(&counted) {
        let kept = parked(&Deployment::new(World::kind()), &effects);
        assert!((1..=2).contains(&kept), "{told}: {kept}");
    }
}

#[test]
fn a_cancellation_that_overtakes_wins_wherever_the_webhook_dies() {
    let (paid, canceled) = (shopify("orders/paid", PAID), shopify("orders/cancelled", CANCELED));
    let counted = Effects::counted();
    delivered(&Deployment::new(World::kind()), &counted, &canceled);
    for (told, effects) in ways(&counted) {
        let deployment = Deployment::new(World::kind());
        delivered(&deployment, &effects, &canceled);
        assert_eq!(deployment.post(&paid), Disposition::Stored);
        deployment.settle();
        let holdings = deployment.world.holdings();
        let on_site = holdings.iter().filter(|holding| holding.site.is_some()).count();
        assert_eq!((on_site, violations(&deployment.world)), (0, vec![]), "{told}");
    }
}

/// Five messages of four orders: bought, edited up, for another account, and refunded in part.
fn batch() -> Vec<Message> {
    let edited = Order::new("shopify/1").line("1", "PREMIUM-1M", 1).paid();
    let events = [
        edited.event(),
        Order::new("shopify/2")
            .line("1", "PREMIUM-1Y", 1)
            .paid()
            .reference("SUB-7")
            .event(),
        Order::new("shopify/3")
            .line("1", "PREMIUM-1M", 1)
            .account(OTHER)
            .paid()
            .event(),
        edited.clone().line("1", "PREMIUM-1M", 2).event(),
        Order::new("shopify/4").line("1", "PREMIUM-1M", 2).paid().event(),
        refund("shopify/4", "r", &[("1", 1)]),
    ];
    let message = |(at, event): (usize, &OrderEvent)| Message {
        queue: "order-paid",
        id: format!("m{at}"),
        body: event.to_json(),
    };
    events.iter().enumerate().map(message).collect()
}

#[test]
fn a_batch_of_several_orders_that_dies_anywhere_ends_right_for_each() {
    for world in KINDS {
        let undisturbed = Effects::counted();
        let deployment = Deployment::new(world());
        deployment.shelf().messages = batch();
        assert_eq!(
            deployment.work("order-paid", &undisturbed).unwrap().failed,
            Vec::<String>::new()
        );
        assert!(undisturbed.begun().len() > 15, "{:?}", undisturbed.begun());
        for (told, effects) in ways(&undisturbed) {
            let deployment = Deployment::new(world());
            if is_two_packages(&told, &deployment.world) {
                continue;
            }
            deployment.shelf().messages = batch();
            deployment.work("order-paid", &effects);
            deployment.settle();
            let world = &deployment.world;
            for (key, base, vouchers) in [("1", 2, 0), ("2", 1, 1), ("3", 1, 0)] {
                let found = world.wrong(&format!("shopify/{key}"), paid(base, vouchers));
                assert_eq!(found, Vec::<String>::new(), "{told}");
            }
            // Of the fourth one unit floats, or was never bought.
            assert_eq!(world.attention("shopify/4"), Vec::<String>::new(), "{told}");
            assert_eq!(deployment.shelf().messages, [], "{told}");
        }
    }
}
