//! Stripe's column.

use reseller_hooks::order::StorefrontKind::Stripe;
use reseller_hooks_tests::deployment::catalog_of;
use serde_json::{Value, json};

use super::super::shop::{Body, Shop};
use super::super::stripe::bodies::{
    ACCOUNT, added, changed, charge, dispute, event, first, first_of, intent, invoice, invoice_payment, item, line,
    paid, proration, refund, session, subscription,
};
use super::super::stripe::{DAY, HOUR, MONTH, PLACED};
use super::{CHANGING, Cell, OTHER_SITE, PARKED, Word};

const SUBSCRIPTION: &str = "stripe/sub_1";
const PAYMENT: &str = "stripe/pi_1";
const BASIC: &str = "price_basic";
const OTHER: &str = "price_premium";
const ONCE: &str = "PREMIUM-1Y";
const SKUS: [&str; 3] = [BASIC, OTHER, ONCE];

fn basic(units: u32) -> Vec<Value> {
    vec![item("si_1", BASIC, units)]
}

/// The subscription some days after it began.
fn state(status: &str, days: i64, items: Vec<Value>) -> Value {
    subscription("updated", PLACED + days * DAY, status, items)
}

fn cycle(units: u32) -> Value {
    let lines = vec![line("si_1", BASIC, units, i64::from(units) * 1000)];
    invoice("in_2", "subscription_cycle", PLACED + MONTH, lines)
}

fn shop() -> Shop {
    Shop::selling(Stripe, &SKUS)
}

fn told(shop: Shop, events: &[Value]) -> Shop {
    for event in events {
        shop.told("", &Body(event.clone()));
    }
    shop
}

fn after(events: &[Value]) -> Shop {
    told(shop(), events)
}

/// What is not wanted any more is canceled there, so that it can be counted.
fn canceling(events: &[Value]) -> Shop {
    told(Shop::canceling(Stripe, &SKUS), events)
}

/// With what follows another plan and another site.
fn changing(events: &[Value]) -> Shop {
    told(Shop::with_defaults(Stripe, &SKUS, CHANGING), events)
}

/// The subscription names another site a day later.
fn elsewhere() -> Value {
    let metadata = json!({ "metadata": { "wix_account_id": ACCOUNT, "wix_site_id": OTHER_SITE } });
    changed(state("active", 1, basic(1)), &metadata)
}

fn disputed(policy: &str) -> Shop {
    told(Shop::with_defaults(Stripe, &SKUS, policy), &[paid()])
}

fn subscribed(kind: &'static str, word: Word, before: Shop) -> Told {
    Told(Cell::new(kind, word, before, SUBSCRIPTION))
}

fn bought(kind: &'static str, word: Word, before: Shop) -> Told {
    Told(Cell::new(kind, word, before, PAYMENT))
}

/// A cell of events, which have no topic.
struct Told(Cell);

impl Told {
    fn told(self, event: Value) -> Self {
        Self(self.0.told("", Body(event)))
    }

    fn holds(self, sku: &'static str, alive: usize, on_site: usize) -> Self {
        Self(self.0.holds(sku, alive, on_site))
    }
}

pub(super) fn cells() -> Vec<Cell> {
    [subscriptions(), ends(), payments(), reversals(), lines()]
        .into_iter()
        .flatten()
        .map(|told| told.0)
        .collect()
}

fn subscriptions() -> Vec<Told> {
    let trial = || subscription("created", PLACED, "trialing", basic(1));
    let setup = first(BASIC);
    let with_setup = |mut invoice: Value| {
        let lines = invoice["data"]["object"]["lines"]["data"].as_array_mut();
        lines.expect("a list").push(added("ii_1", ONCE, 1, 8000));
        invoice
    };
    let changed_plan = vec![
        proration("si_1", BASIC, 1, -900, PLACED + DAY),
        proration("si_1", OTHER, 1, 1900, PLACED + DAY),
    ];
    let refunded = charge("refunded", PLACED + MONTH + DAY, "pi_sub", 8000, 8000);
    vec![
        subscribed("first payment of a subscription", Word::Done, shop())
            .told(subscription("created", PLACED, "incomplete", basic(1)))
            .told(first(BASIC))
            .told(state("active", 0, basic(1)))
            .holds(BASIC, 1, 1),
        subscribed("renewal", Word::Recorded, after(&[first(BASIC)]))
            .told(cycle(1))
            .holds(BASIC, 1, 1),
        subscribed(
            "first heard of by a renewal",
            Word::Person(&["FIRST_HEARD_BY_RENEWAL"]),
            shop(),
        )
        .told(cycle(1))
        .holds(BASIC, 0, 0),
        subscribed("trial", Word::Done, shop()).told(trial()).holds(BASIC, 1, 1),
        subscribed("trial that ends unpaid", Word::Done, after(&[trial()]))
            .told(subscription("paused", PLACED + DAY, "paused", basic(1)))
            .holds(BASIC, 1, 0),
        subscribed(
            "payment that failed or is overdue",
            Word::Recorded,
            after(&[first(BASIC)]),
        )
        .told(state("past_due", 30, basic(1)))
        .holds(BASIC, 1, 1),
        subscribed("paused", Word::Person(&["COLLECTION_PAUSED"]), after(&[first(BASIC)]))
            .told(changed(
                state("active", 1, basic(1)),
                &json!({ "pause_collection": { "behavior": "void" } }),
            ))
            .holds(BASIC, 1, 1),
        subscribed("more units, paid", Word::Done, after(&[first(BASIC)]))
            .told(state("active", 1, basic(2)))
            .told(invoice(
                "in_2",
                "subscription_update",
                PLACED + DAY,
                vec![proration("si_1", BASIC, 2, 1900, PLACED + DAY)],
            ))
            .holds(BASIC, 2, 1),
        subscribed("fewer units", Word::Done, canceling(&[first_of(BASIC, 2)]))
            .told(state("active", 1, basic(1)))
            .holds(BASIC, 1, 1),
        subscribed(
            "another product in the same line, paid",
            Word::Person(&["PLAN_CHANGED"]),
            after(&[first(BASIC)]),
        )
        .told(state("active", 1, vec![item("si_1", OTHER, 1)]))
        .told(invoice(
            "in_2",
            "subscription_update",
            PLACED + DAY,
            changed_plan.clone(),
        ))
        .holds(BASIC, 1, 1)
        .holds(OTHER, 0, 0),
        subscribed(
            "another product in the same line, `on_plan_change = \"adjust\"`",
            Word::Done,
            changing(&[first(BASIC)]),
        )
        .told(state("active", 1, vec![item("si_1", OTHER, 1)]))
        .told(invoice("in_2", "subscription_update", PLACED + DAY, changed_plan))
        .holds(BASIC, 0, 0)
        .holds(OTHER, 1, 1),
        subscribed(
            "another site than before",
            Word::Person(&["SITE_CHANGED"]),
            after(&[first(BASIC)]),
        )
        .told(elsewhere())
        .holds(BASIC, 1, 1),
        subscribed(
            "another site than before, `on_site_change = \"move\"`",
            Word::Done,
            changing(&[first(BASIC)]),
        )
        .told(elsewhere())
        .holds(BASIC, 1, 1),
        subscribed(
            "another product in the same line, unpaid",
            Word::Person(&["UNPAID_CHANGE"]),
            after(&[first(BASIC)]),
        )
        .told(subscription(
            "updated",
            PLACED + HOUR,
            "active",
            vec![item("si_1", OTHER, 1)],
        ))
        .holds(BASIC, 1, 1)
        .holds(OTHER, 0, 0),
        subscribed(
            "refund of one cycle",
            Word::Person(&["REFUND_UNCLEAR"]),
            after(&[first(BASIC), cycle(1), invoice_payment("pi_sub", "in_2")]),
        )
        .told(refunded)
        .holds(BASIC, 1, 1),
        Told(Cell::new(
            "product that is sold once, beside a subscription",
            Word::Done,
            shop(),
            "stripe/ii_1",
        ))
        .told(with_setup(setup))
        .holds(BASIC, 1, 1)
        .holds(ONCE, 1, 1),
    ]
}

fn ends() -> Vec<Told> {
    let late = |mut invoice: Value| {
        invoice["created"] = (PLACED + 2 * MONTH).into();
        invoice
    };
    let planned = json!({ "cancel_at_period_end": true, "cancel_at": PLACED + MONTH });
    vec![
        subscribed("end of a subscription", Word::Done, after(&[first(BASIC)]))
            .told(subscription("deleted", PLACED + DAY, "canceled", basic(1)))
            .holds(BASIC, 1, 0),
        subscribed(
            "end that comes back",
            Word::Done,
            after(&[first(BASIC), state("unpaid", 1, basic(1))]),
        )
        .told(state("active", 2, basic(1)))
        .holds(BASIC, 1, 1),
        subscribed(
            "end that comes only at the period's end",
            Word::Recorded,
            after(&[first(BASIC)]),
        )
        .told(changed(state("active", 1, basic(1)), &planned))
        .holds(BASIC, 1, 1),
        subscribed(
            "paid after the end",
            Word::Person(&["PAID_AFTER_END"]),
            canceling(&[
                first(BASIC),
                subscription("deleted", PLACED + DAY, "canceled", basic(1)),
            ]),
        )
        .told(late(cycle(1)))
        .holds(BASIC, 0, 0),
    ]
}

fn payments() -> Vec<Told> {
    let unpaid = || session("completed", PLACED + 9, "unpaid");
    let priced = catalog_of(&SKUS, "attention").replace(
        "count = 1 }\n",
        "count = 1 }\nprice = { amount = 8000, currency = \"USD\" }\n",
    );
    let thin = json!({ "id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found",
        "created": "2026-03-02T10:00:00Z", "livemode": true });
    let mut without_site = paid();
    without_site["data"]["object"]["metadata"]
        .as_object_mut()
        .expect("an object")
        .remove("wix_site_id");
    let mut in_test_mode = paid();
    in_test_mode["livemode"] = false.into();
    vec![
        bought("first payment", Word::Done, shop())
            .told(paid())
            .holds(ONCE, 1, 1),
        bought("authorisation", Word::Recorded, shop()).told(unpaid()),
        bought("deposit, partial payment", Word::Person(&["PAID_IN_PART"]), shop())
            .told(unpaid())
            .told(intent("succeeded", PLACED + DAY, 4000))
            .holds(ONCE, 0, 0),
        bought("payment status that nobody knows", PARKED, shop()).told(session(
            "completed",
            PLACED + 9,
            "paid_in_kind",
        )),
        bought("test order", Word::Recorded, shop()).told(in_test_mode),
        bought(
            "amount that is not the catalog's price",
            Word::Person(&["NOT_PLANNED"]),
            Shop::with_catalog(Stripe, &priced),
        )
        .told(changed(paid(), &json!({ "amount_subtotal": 24000 })))
        .holds(ONCE, 0, 0),
        bought("two states of one moment that agree", Word::Done, shop())
            .told(without_site)
            .told(paid())
            .holds(ONCE, 1, 1),
        subscribed(
            "two states of one moment that disagree",
            Word::Person(&["STATES_DISAGREE"]),
            after(&[first_of(BASIC, 2), state("active", 1, basic(2))]),
        )
        .told(state("active", 1, basic(1)))
        .holds(BASIC, 2, 1),
        bought("event that is none of our business", Word::Recorded, after(&[paid()]))
            .told(event("customer.created", PLACED, json!({ "id": "cus_1" })))
            .told(thin),
    ]
}

fn reversals() -> Vec<Told> {
    let refunded = |amount| charge("refunded", PLACED + DAY, "pi_1", 8000, amount);
    let open = || dispute("created", PLACED + DAY, "pi_1", "needs_response");
    let lost = || dispute("closed", PLACED + 2 * DAY, "pi_1", "lost");
    let disputes = told(disputed("on_dispute = \"attention\""), &[open()]);
    vec![
        bought("refund in full", Word::Done, canceling(&[paid()]))
            .told(refunded(8000))
            .holds(ONCE, 0, 0),
        bought(
            "refund of an amount",
            Word::Person(&["REFUND_UNCLEAR"]),
            canceling(&[paid()]),
        )
        .told(refunded(2000))
        .holds(ONCE, 1, 1),
        bought(
            "first heard of with a refund of an amount",
            Word::Person(&["REFUND_UNCLEAR"]),
            shop(),
        )
        .told(refunded(2000))
        .told(paid())
        .holds(ONCE, 0, 0),
        bought(
            "refund that is pending",
            Word::Person(&["REFUND_UNCLEAR"]),
            canceling(&[paid()]),
        )
        .told(refund("created", PLACED + DAY, "pi_1", "pending"))
        .holds(ONCE, 1, 1),
        bought(
            "refund that fails later",
            Word::Person(&["REFUND_FAILED"]),
            after(&[paid(), refund("created", PLACED + DAY, "pi_1", "pending")]),
        )
        .told(refund("failed", PLACED + 2 * DAY, "pi_1", "failed"))
        .holds(ONCE, 1, 1),
        bought(
            "dispute, `on_dispute = \"attention\"`",
            Word::Person(&["DISPUTE_OPEN"]),
            disputed("on_dispute = \"attention\""),
        )
        .told(open())
        .holds(ONCE, 1, 1),
        bought(
            "dispute, `on_dispute = \"take_back\"`",
            Word::Person(&["DISPUTE_LOST"]),
            disputed("on_dispute = \"take_back\""),
        )
        .told(open())
        .told(lost())
        .holds(ONCE, 1, 0),
        bought("dispute that is won", Word::Recorded, disputes)
            .told(dispute("closed", PLACED + 2 * DAY, "pi_1", "won"))
            .holds(ONCE, 1, 1),
        bought("canceled before it is paid", Word::Recorded, shop())
            .told(session("completed", PLACED + 9, "unpaid"))
            .told(session("async_payment_failed", PLACED + DAY, "unpaid"))
            .holds(ONCE, 0, 0),
        bought("refund, dispute or end of what is not ours", Word::Recorded, shop())
            .told(refunded(8000))
            .told(lost())
            .told(subscription("deleted", PLACED + DAY, "canceled", basic(1))),
    ]
}

fn lines() -> Vec<Told> {
    let mut nothing_listed = state("active", 1, Vec::new());
    nothing_listed["data"]["object"]["items"]["has_more"] = true.into();
    vec![
        subscribed(
            "list of lines that is empty",
            Word::Person(&["ITEMS_NOT_READ"]),
            canceling(&[first(BASIC)]),
        )
        .told(nothing_listed)
        .told(state("active", 2, Vec::new()))
        .holds(BASIC, 1, 1),
    ]
}
