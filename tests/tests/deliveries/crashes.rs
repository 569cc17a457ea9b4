//! The webhook and the workers' batches die at every effect and at every await point, found by running. Storefronts
//! deliver again what was not answered 200, queues what was not consumed.

use std::time::Duration;

use reseller_hooks::webhook::Came;
use reseller_hooks_tests::effects::{Effects, Happens};
use reseller_hooks_tests::world::{OTHER, Order, Paid, World, refund, violations};
use wix_sandbox::Idempotency;

use super::stage::{CANCELED, KEY, Message, PAID, Post, Stage};

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
fn delivered(stage: &Stage, effects: &Effects, post: &Post) {
    let first = stage.post_to(&stage.function(effects), effects, post);
    if first.is_none_or(|answer| answer.came != Came::Stored) {
        stage.world.clock.advance(Duration::from_secs(120));
        assert_eq!(stage.post(post), Came::Stored);
    }
}

fn wrong(world: &World, key: &str, paid: Paid) -> Vec<String> {
    let mut wrong = violations(world);
    if Paid::of(world, key) != paid {
        wrong.push(format!("{key}: {:?}", Paid::of(world, key)));
    }
    wrong.extend(world.attention(key));
    wrong
}

/// Twice at Wix, and it takes no notice of the key: `fulfilment::effects` has what becomes of that.
fn is_two_packages(told: &str, world: &World) -> bool {
    told.starts_with("Twice") && told.ends_with("Create Package") && world.look().config().idempotency == Idempotency::Ignore
}

#[test]
fn a_webhook_that_dies_anywhere_or_does_anything_twice_leaves_one_package() {
    for world in KINDS {
        let post = Post::shopify("orders/paid", PAID);
        let counted = Effects::counted();
        delivered(&Stage::new(world()), &counted, &post);
        assert_eq!(counted.begun(), ["fetch", "send"]);
        for (told, effects) in ways(&counted) {
            let stage = Stage::new(world());
            delivered(&stage, &effects, &post);
            stage.settle();
            assert_eq!(stage.world.packages(), (1, 1), "{told}");
            let found = wrong(&stage.world, KEY, Paid { base: 3, vouchers: 3 });
            assert_eq!(found, Vec::<String>::new(), "{told}");
            assert_eq!(stage.shelf().messages, [], "{told}");
        }
    }
}

#[test]
fn a_delivery_that_is_not_understood_is_parked_whole_wherever_the_webhook_dies() {
    let post = Post::shopify("orders/paid", r#"{"id": "not an order"}"#);
    let counted = Effects::counted();
    let parked = |stage: &Stage, effects: &Effects| {
        let answer = stage.post_to(&stage.function(effects), effects, &post);
        if answer.is_none() {
            assert_eq!(stage.post(&post), Came::Parked);
        }
        let shelf = stage.shelf();
        assert!(shelf.messages.iter().all(|message| message.queue == "parked"));
        shelf.messages.len()
    };
    assert_eq!(parked(&Stage::new(World::kind()), &counted), 1);
    for (told, effects) in ways(&counted) {
        let kept = parked(&Stage::new(World::kind()), &effects);
        assert!((1..=2).contains(&kept), "{told}: {kept}");
    }
}

#[test]
fn a_cancellation_that_overtakes_its_payment_in_the_webhook_wins_wherever_that_dies() {
    let (paid, canceled) = (
        Post::shopify("orders/paid", PAID),
        Post::shopify("orders/cancelled", CANCELED),
    );
    let counted = Effects::counted();
    delivered(&Stage::new(World::kind()), &counted, &canceled);
    for (told, effects) in ways(&counted) {
        let stage = Stage::new(World::kind());
        delivered(&stage, &effects, &canceled);
        assert_eq!(stage.post(&paid), Came::Stored);
        stage.settle();
        let on_site = stage
            .world
            .look()
            .instances()
            .filter(|(_, i)| i.site_id.is_some())
            .count();
        assert_eq!((on_site, violations(&stage.world)), (0, vec![]), "{told}");
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
    let message = |(at, event): (usize, &reseller_hooks::order::OrderEvent)| Message {
        queue: "order-paid",
        id: format!("m{at}"),
        body: event.to_json(),
    };
    events.iter().enumerate().map(message).collect()
}

#[test]
fn a_batch_of_several_orders_that_dies_anywhere_is_delivered_again_and_each_order_ends_right() {
    for world in KINDS {
        let undisturbed = Effects::counted();
        let stage = Stage::new(world());
        stage.shelf().messages = batch();
        assert_eq!(
            stage.work("order-paid", &undisturbed).unwrap().failed,
            Vec::<String>::new()
        );
        assert!(undisturbed.begun().len() > 15, "{:?}", undisturbed.begun());
        for (told, effects) in ways(&undisturbed) {
            let stage = Stage::new(world());
            if is_two_packages(&told, &stage.world) {
                continue;
            }
            stage.shelf().messages = batch();
            stage.work("order-paid", &effects);
            stage.settle();
            let world = &stage.world;
            for (key, base, vouchers) in [("1", 2, 0), ("2", 1, 1), ("3", 1, 0)] {
                let found = wrong(world, &format!("shopify/{key}"), Paid { base, vouchers });
                assert_eq!(found, Vec::<String>::new(), "{told}");
            }
            // Of the fourth one unit floats, or was never bought.
            assert_eq!(world.attention("shopify/4"), Vec::<String>::new(), "{told}");
            assert_eq!(stage.shelf().messages, [], "{told}");
        }
    }
}
