//! An operator's questions, asked of real records: what a person is told of an order in each state that it can be in.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail it"
)]

use reseller_hooks::fulfilment::desired::Tell;
use reseller_hooks::fulfilment::{By, Erase, ErasedNow};
use reseller_hooks::inspect::status::NoQueues;
use reseller_hooks::inspect::{Inspector, answer};
use reseller_hooks::order::{Refund, RefundState, Statement};
use reseller_hooks_tests::prelude::*;
use serde_json::{Value, json};

fn ask(world: &World, question: &Value) -> Value {
    let inspector = Inspector {
        ledger: Arc::clone(&world.ledger),
        queues: NoQueues,
        clock: world.clock.clone(),
        settings: world.settings.clone(),
        catalog_problem: None,
        catalog_text: String::new(),
    };
    let deadline = world.clock.now() + HOUR;
    poll_through(answer(&inspector, question, deadline)).expect("an answer")
}

fn story(world: &World) -> Value {
    ask(world, &json!({ "story": KEY }))
}

fn verdict(world: &World) -> String {
    let story = story(world);
    let text = |name: &str| story["verdict"][name].as_str().unwrap_or_default().to_owned();
    format!("{}: {}", text("word"), text("sentence"))
}

#[test]
fn an_ordinary_order_is_told_in_one_line_for_each_kind_of_unit() {
    let world = World::kind();
    world.hears(&ordered("PLAN", 3));
    world.settle();
    assert_eq!(
        verdict(&world),
        "fulfilled: 3 products at Wix, in 1 package and 1 voucher package; 3 of them on no site, because the order names none"
    );
    let story = story(&world);
    let units = story["units"].as_array().expect("units");
    assert_eq!(units.len(), 1, "equal ones are told together: {units:#?}");
    assert_eq!((&units[0]["count"], &units[0]["sku"]), (&json!(3), &json!("PLAN")));
    assert_eq!(units[0]["bought"]["purchase"], "b1");
    assert_eq!(units[0]["bought"]["instances"].as_array().map(Vec::len), Some(3));
    assert_eq!(units[0]["voucher"]["purchase"], "v1");
    assert_eq!(story["said"]["lines"][0]["buy"], 3);
    assert_eq!(story["problems"], json!([]));
    assert_eq!(story["schema"], 1);
}

#[test]
fn a_unit_that_failed_is_never_hidden_among_its_equals() {
    let world = World::kind();
    world.hears(&ordered("MAIL", 3));
    world.change(world.base(), becomes(Status::Failed));
    world.clock.advance(DAY);
    world.audit();
    world.settle();
    let story = story(&world);
    let units = story["units"].as_array().expect("units");
    let states: Vec<(&str, u64)> = units
        .iter()
        .map(|unit| {
            (
                unit["state"].as_str().unwrap_or_default(),
                unit["count"].as_u64().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(states.iter().map(|(_, count)| count).sum::<u64>(), 3, "{states:?}");
    assert!(states.contains(&("failed", 1)), "{states:?}");
    assert_eq!(story["verdict"]["word"], "attention");
    assert_eq!(
        story["problems"][0]["command"],
        format!("reseller order retry {KEY} --replace")
    );
}

#[test]
fn each_way_an_order_can_stand_has_its_verdict() {
    let world = World::kind();
    world.hears(&ordered("UNKNOWN-SKU", 1));
    let said = verdict(&world);
    assert!(
        said.starts_with("nothing: ") || said.starts_with("attention: "),
        "{said}"
    );

    let world = World::kind();
    world.strike(always(Operation::CreatePackage, fails(500)));
    world.hears(&ordered("MAIL", 1));
    assert_eq!(
        verdict(&world),
        "waiting: something is still to be done, and will be by itself"
    );
    let next = story(&world)["next"].as_str().unwrap_or_default().to_owned();
    assert_eq!(next, "Wix is asked what became of b1, of which the answer was lost");

    let world = World::kind();
    world.strike(always(Operation::CreatePackage, refused("PRODUCT_NOT_FOUND")));
    world.hears(&ordered("MAIL", 1));
    assert_eq!(
        verdict(&world),
        "attention: a person must look at one problem: PRODUCT_NOT_FOUND"
    );

    let world = World::kind();
    world.hears(&ordered("ENDS", 1));
    world.hears(&ordered("ENDS", 1).canceled());
    world.settle();
    assert_eq!(verdict(&world), "ended: it is over: of 1 package nothing is left");

    let world = World::kind();
    let before_going_live = "2025-12-31T23:59:59Z".parse().expect("a time");
    world.hears(&ordered("MAIL", 1).placed(before_going_live));
    assert_eq!(
        verdict(&world),
        format!("nothing: it is held, and bought when a person releases it: reseller order release {KEY}")
    );
}

/// "Not wanted any more" would make a person take back what may be paid for.
#[test]
fn units_of_which_it_is_unclear_whether_they_are_wanted_say_so() {
    let world = World::kind();
    world.hears(&ordered("ENDS", 2));
    let refund = OrderEvent {
        says: Statement::Refund(Refund {
            id: "7".to_owned(),
            state: RefundState::Succeeded,
            lines: None,
            whole: false,
        }),
        ..refund(KEY, "7", &[])
    };
    world.deliver(&refund).expect("it is taken");
    let units = story(&world)["units"].clone();
    assert_eq!(
        (&units[0]["wanted"], &units[0]["unclear"]),
        (&json!(false), &json!(true))
    );
    world.hears(&ordered("ENDS", 2).canceled());
    world.settle();
    let units = story(&world)["units"].clone();
    assert_eq!(
        (&units[0]["wanted"], &units[0]["unclear"]),
        (&json!(false), &json!(null))
    );
}

/// A person has told that the newest state is not paid; the shop had called an older one paid, too. Nothing is taken back, and
/// "fulfilled" alone would say that all is well.
#[test]
fn what_is_kept_because_an_older_state_was_paid_too_says_so() {
    let world = World::kind();
    world.hears(&ordered("ENDS", 2));
    world.hears(&ordered("ENDS", 2).line("1", "ENDS", 2));
    let tell = Tell {
        paid: Some(false),
        by: "a tester".to_owned(),
        ..Tell::default()
    };
    poll_through(
        world
            .worker()
            .tell(&KEY.parse().expect("a key"), &tell, world.deadline()),
    )
    .expect("it is taken");
    world.settle();
    let verdict = verdict(&world);
    assert!(verdict.contains("2 of them kept, because it is not clear"), "{verdict}");
    assert!(verdict.contains("cancel the order in the shop"), "{verdict}");
}

#[test]
fn an_order_is_found_by_what_a_person_has_in_hand() {
    let world = World::kind();
    world.hears(&ordered("MAIL", 1).site(SITE).reference("PO-7"));
    world.settle();
    let base = world.base();
    let package = world.held(KEY).remove(0);
    for text in ["5324830114101", KEY, "PO-7", "po-7", SITE, &base.to_string(), &package] {
        let found = ask(&world, &json!({ "find": text }));
        assert_eq!(found["orders"][0]["key"], KEY, "{text}: {found}");
    }
    // A text that only stands somewhere in the record is no answer.
    for text in ["532483", "MAIL", "nobody's"] {
        assert_eq!(ask(&world, &json!({ "find": text }))["orders"], json!([]), "{text}");
    }
}

#[test]
fn the_status_counts_what_needs_a_person_and_what_is_late() {
    let world = World::kind();
    world.strike(always(Operation::CreatePackage, refused("PRODUCT_NOT_FOUND")));
    world.hears(&ordered("MAIL", 1));
    let status = ask(&world, &json!({ "status": {} }));
    assert_eq!((&status["in_attention"], &status["due"]), (&json!(1), &json!(0)));
    let attention = ask(&world, &json!({ "attention": {} }));
    assert_eq!(attention["orders"][0]["key"], KEY);
    let listed = ask(&world, &json!({ "list": { "state": "attention" } }));
    assert_eq!(
        (&listed["orders"][0]["problems"], &listed["more"]),
        (&json!(1), &json!(false))
    );
}

#[test]
fn a_list_of_all_orders_goes_on_where_it_stopped_and_knows_orders_only() {
    let world = World::kind();
    for at in 0..5 {
        world.hears(&Order::new(&format!("shopify/{at}")).line("1", "MAIL", 1).paid());
    }
    world.clock.advance(DAY);
    world.audit();
    let mut keys = Vec::new();
    let mut after = Value::Null;
    loop {
        let mut wanted = json!({ "limit": 2 });
        if after.is_string() {
            wanted["after"] = after;
        }
        let listed = ask(&world, &json!({ "list": wanted }));
        keys.extend(
            listed["orders"]
                .as_array()
                .expect("orders")
                .iter()
                .map(|order| order["key"].clone()),
        );
        if listed["more"] == json!(false) {
            break;
        }
        after = listed["next"].clone();
    }
    keys.sort_by_key(ToString::to_string);
    let all: Vec<Value> = (0..5).map(|at| json!(format!("shopify/{at}"))).collect();
    assert_eq!(keys, all);
}

// Asking is for people who may not buy: whatever is asked, the ledger is as it was.
#[test]
fn no_question_writes_anything() {
    let world = World::kind();
    world.strike(always(Operation::CreatePackage, refused("PRODUCT_NOT_FOUND")));
    world.hears(&ordered("MAIL", 1));
    let before = world.entry(KEY);
    for question in [
        json!({ "status": {} }),
        json!({ "attention": {} }),
        json!({ "story": KEY }),
        json!({ "show": KEY }),
        json!({ "list": {} }),
        json!({ "find": "1" }),
    ] {
        ask(&world, &question);
    }
    assert_eq!(world.entry(KEY), before);
}

// Wix's services have no end until somebody cancels them: what is kept after an order's end is paid for month by month.
#[test]
fn what_is_kept_after_the_end_is_paid_for_and_listed() {
    let world = World::kind();
    world.hears(&ordered("KEPT", 2).site(SITE));
    world.settle();
    let kept = |world: &World| ask(world, &json!({ "paid_for": {} }))["holdings"].clone();
    let floating = kept(&world);
    assert_eq!(
        (&floating[0]["why"], &floating[0]["products"]),
        (&json!("floating"), &json!(1))
    );
    world.hears(&ordered("KEPT", 2).site(SITE).canceled());
    world.settle();
    let after = kept(&world);
    let all: u64 = after
        .as_array()
        .expect("holdings")
        .iter()
        .filter_map(|one| one["products"].as_u64())
        .sum();
    assert_eq!(
        (&after[0]["why"], &after[0]["order"], all),
        (&json!("kept_after_the_end"), &json!(KEY), 2)
    );
    // It costs the same when nobody knows any more what it was for.
    let erase = Erase {
        who: By {
            by: "jane".to_owned(),
            reason: "the buyer asked for it".to_owned(),
        },
    };
    let erased = poll_through(world.worker().erase(&KEY.parse().unwrap(), &erase, world.deadline()));
    assert_eq!(erased.unwrap(), ErasedNow::Now);
    let verdict = verdict(&world);
    assert!(
        verdict.contains("its data was erased at") && verdict.contains("paid-for"),
        "{verdict}"
    );
    let after = kept(&world);
    assert_eq!((&after[0]["why"], &after[0]["products"]), (&json!("erased"), &json!(2)));
    let world = World::kind();
    world.hears(&ordered("ENDS", 1));
    world.hears(&ordered("ENDS", 1).canceled());
    world.settle();
    assert_eq!(kept(&world), json!([]), "what was canceled costs nothing");
}
