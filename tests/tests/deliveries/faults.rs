//! Deliveries that come twice, late, from elsewhere, or cannot be kept: one package in the end.

use reseller_hooks::ledger::Entry;
use reseller_hooks_tests::effects::worker;
use reseller_hooks_tests::prelude::*;

use super::samples::{CANCELED, PAID, SAMPLE_KEY, shopify};

const TEST_ORDER: &str = include_str!("../../../events/shopify/orders_paid_test_order.json");
const IMPORTED: &str = include_str!("../../../events/wix/order_created_imported.json");
const ANONYMIZED: &str = include_str!("../../../events/wix/order_updated_anonymized.json");

fn unkind() -> Deployment {
    Deployment::new(World::unkind(Duration::from_secs(30)))
}

fn bought() -> Post {
    shopify("orders/paid", PAID)
}

/// Three plans in one package, their vouchers in another.
fn is_bought_once(deployment: &Deployment) {
    assert_eq!(deployment.world.packages(), (1, 1));
    assert_eq!(deployment.world.wrong(SAMPLE_KEY, paid(3, 3)), Vec::<String>::new());
    assert_eq!(deployment.shelf().messages, []);
}

#[test]
fn a_signed_paid_order_becomes_its_packages() {
    let deployment = unkind();
    assert_eq!(deployment.post(&bought()), Disposition::Stored);
    deployment.settle();
    is_bought_once(&deployment);
}

#[test]
fn a_webhook_that_dies_after_enqueueing_is_delivered_to_again() {
    let deployment = unkind();
    let dies = Effects::with(1, Happens::DiesAfter);
    assert_eq!(deployment.post_to(&deployment.function(&dies), &dies, &bought()), None);
    assert_eq!(dies.begun(), ["fetch", "send"]);
    // Work may be done before the storefront delivers again, or after.
    assert_eq!(deployment.shelf().messages.len(), 1);
    assert_eq!(deployment.post(&bought()), Disposition::Stored);
    assert_eq!(deployment.shelf().messages.len(), 2);
    deployment.settle();
    is_bought_once(&deployment);
}

#[test]
fn an_enqueueing_that_fails_is_503_and_the_retry_succeeds() {
    let deployment = unkind();
    let effects = Effects::counted();
    let function = deployment.function(&effects);
    deployment.shelf().away = true;
    let answer = deployment.post_to(&function, &effects, &bought()).unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.disposition),
        (503, Disposition::Unavailable)
    );
    assert_eq!(deployment.shelf().messages, []);
    deployment.settle();
    assert_eq!(deployment.world.ledger.entries(), []);
    assert_eq!(deployment.world.look().calls().count(), 0);
    // The same instance of the function goes on.
    deployment.shelf().away = false;
    let answer = deployment.post_to(&function, &effects, &bought()).unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    deployment.settle();
    is_bought_once(&deployment);
}

#[test]
fn a_retry_because_our_200_came_too_late_is_one_package_at_any_moment() {
    for steps in 0..40 {
        let deployment = unkind();
        assert_eq!(deployment.post(&bought()), Disposition::Stored);
        let first = deployment.shelf().messages.pop().unwrap();
        let event = OrderEvent::from_json(&first.body).unwrap();
        let working = worker(&deployment.world, &Effects::counted());
        let mut run = Run::new(working.accept(&event, deployment.world.deadline()));
        let mut done = run.steps(steps).is_some();
        let last = done;
        // The storefront did not wait for it, and delivers again; another worker gets that.
        assert_eq!(deployment.post(&bought()), Disposition::Stored);
        deployment.work("order-paid", &Effects::counted()).unwrap();
        while !done {
            done = run.step().is_some();
        }
        deployment.settle();
        is_bought_once(&deployment);
        if last {
            return;
        }
    }
    panic!("a worker is done within 40 await points");
}

#[test]
fn a_body_replayed_under_another_shops_header_buys_nothing() {
    let deployment = unkind();
    deployment.post(&bought());
    deployment.settle();
    let calls = deployment.world.look().calls().count();
    let replayed = bought().header("x-shopify-shop-domain", "other.myshopify.com");
    assert_eq!(deployment.post(&replayed), Disposition::Stored);
    deployment.settle();
    assert_eq!(deployment.world.look().calls().count(), calls);
    is_bought_once(&deployment);
}

#[test]
fn a_paid_delivery_replayed_after_the_cancellation_gives_nothing_back() {
    let deployment = unkind();
    deployment.post(&bought());
    deployment.post(&shopify("orders/cancelled", CANCELED));
    deployment.settle();
    deployment.world.clock.advance(Duration::from_secs(14 * 86_400));
    assert_eq!(deployment.post(&bought()), Disposition::Stored);
    deployment.settle();
    let holdings = deployment.world.holdings();
    assert_eq!(holdings.iter().filter(|holding| holding.site.is_some()).count(), 0);
    deployment.world.holds();
}

#[test]
fn test_orders_anonymised_events_and_imported_orders_buy_nothing() {
    let deployment = unkind();
    assert_eq!(
        deployment.post(&shopify("orders/paid", TEST_ORDER)),
        Disposition::Nothing
    );
    for sample in [IMPORTED, ANONYMIZED] {
        let post = Post::sample(StorefrontKind::Wix, "", sample, START);
        assert_eq!(deployment.post(&post), Disposition::Nothing);
    }
    assert_eq!(deployment.shelf().messages, []);
    // Shopify does not say that an order is imported, but when it was placed.
    let imported = PAID.replace("2026-03-02T09:14:04-05:00", "2024-03-02T09:14:04-05:00");
    assert_eq!(deployment.post(&shopify("orders/paid", &imported)), Disposition::Stored);
    deployment.settle();
    assert_eq!(deployment.world.calls(Operation::CreatePackage), 0);
    assert_eq!(deployment.world.attention(SAMPLE_KEY), Vec::<String>::new());
}

#[test]
fn nine_of_ten_in_a_batch_succeed_and_the_tenth_alone_comes_again() {
    let deployment = unkind();
    let key = |number: usize| format!("shopify/{number}");
    let unreadable = Entry {
        key: key(7),
        body: r#"{"schema":99}"#.to_owned(),
        rev: 1,
        write_id: "newer".to_owned(),
        due_at: None,
        attention_since: None,
    };
    poll_through(deployment.world.ledger.store(&unreadable)).unwrap();
    for number in 1..=10 {
        let event = Order::new(&key(number)).line("1", "PREMIUM-1M", 1).paid().event();
        deployment.put(&format!("m{number}"), event.to_json());
    }
    let report = deployment.work("order-paid", &Effects::counted()).unwrap();
    assert_eq!((report.failed, report.settled), (vec!["m7".to_owned()], 9));
    assert_eq!(deployment.world.packages(), (9, 0));
    // It is mended: the newer version is deployed again, and had bought nothing.
    let readable = Entry {
        body: format!(r#"{{"schema":1,"key":"{}","desired":{{}}}}"#, key(7)),
        rev: 2,
        write_id: "mended".to_owned(),
        ..unreadable
    };
    poll_through(deployment.world.ledger.store(&readable)).unwrap();
    deployment.settle();
    assert_eq!(deployment.shelf().messages, []);
    assert_eq!(deployment.world.packages(), (10, 0));
    deployment.world.holds();
}

#[test]
fn a_poison_message_goes_back_each_time_and_holds_up_nobody() {
    let deployment = unkind();
    let good = |number: u32| {
        Order::new(&format!("shopify/{number}"))
            .line("1", "PREMIUM-1M", 1)
            .paid()
    };
    for (at, poison) in ["", "{", "[]", r#"{"schema":99}"#].into_iter().enumerate() {
        deployment.put(&format!("p{at}"), poison.to_owned());
    }
    for received in 1..=5 {
        deployment.put(&format!("m{received}"), good(received).event().to_json());
        let report = deployment.work("order-paid", &Effects::counted()).unwrap();
        assert_eq!(report.failed, ["p0", "p1", "p2", "p3"]);
    }
    assert_eq!(deployment.world.packages(), (5, 0));
    assert_eq!(deployment.world.ledger.entries().len(), 5);
}

#[test]
fn a_ledger_that_is_away_sends_the_whole_batch_back() {
    let deployment = unkind();
    deployment.post(&bought());
    deployment.world.next_writes(&[Fault::Before; 3]);
    let report = deployment.work("order-paid", &Effects::counted()).unwrap();
    assert_eq!(report.failed, ["m1"]);
    assert_eq!(deployment.world.look().calls().count(), 0);
    assert!(deployment.world.clock.now() < START + Duration::from_secs(60));
    deployment.settle();
    is_bought_once(&deployment);
}

#[test]
fn a_revoked_key_is_one_alarm_for_a_whole_batch() {
    let deployment = unkind();
    deployment.world.look().revoke_api_key(DEFAULT_API_KEY);
    for number in 1..=10 {
        let event = Order::new(&format!("shopify/{number}"))
            .line("1", "PREMIUM-1M", 1)
            .paid()
            .event();
        deployment.put(&format!("m{number}"), event.to_json());
    }
    let report = deployment.work("order-paid", &Effects::counted()).unwrap();
    assert_eq!(report.failed, Vec::<String>::new(), "the queue has done its part");
    let measures = report.measures();
    let measured = |name| {
        measures
            .iter()
            .find(|measure| measure.name == name)
            .map(|measure| measure.value)
    };
    assert_eq!((measured("Outage"), measured("AttentionRaised")), (Some(1), Some(0)));
    deployment.world.clock.advance(Duration::from_secs(3_600));
    deployment.world.look().add_api_key(DEFAULT_API_KEY);
    deployment.settle();
    assert_eq!(deployment.world.packages(), (10, 0));
    deployment.world.holds();
}
