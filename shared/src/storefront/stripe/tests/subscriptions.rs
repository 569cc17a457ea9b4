//! Subscriptions: what they have, and what their invoices say is paid.

use super::*;
use crate::order::{Ended, Payment, PaymentLine};

const OLD_INVOICE: &str = sample!("invoice_paid_first_old_api");
const CREATED: &str = sample!("customer_subscription_created");
const KEY: &str = "stripe/sub_1SampleSubscription";

/// What an invoice says is paid; its other statements are left out.
fn payment(body: &[u8]) -> Payment {
    let (event, queue) = told(body).remove(0);
    assert_eq!(queue, OrderQueue::OrderPaid);
    assert_eq!(event.key.to_string(), KEY);
    let Statement::Payment(payment) = event.says else {
        panic!("no payment")
    };
    payment
}

fn paid_units(payment: &Payment) -> Vec<(&str, &str, u32)> {
    let lines = payment.lines.iter();
    lines
        .map(|line| (line.line.as_str(), line.sku.as_str(), line.units))
        .collect()
}

#[test]
fn the_first_invoice_says_what_is_paid_in_every_version() {
    let succeeded = with(INVOICE, "\"invoice.paid\"", "\"invoice.payment_succeeded\"");
    nothing(deliver(
        KIND,
        sample!("checkout_session_completed_subscription").as_bytes(),
        "",
    ));
    let samples = [
        INVOICE.as_bytes(),
        sample!("invoice_paid_first_dahlia").as_bytes(),
        sample!("invoice_paid_first_2018").as_bytes(),
        &succeeded,
    ];
    for body in samples {
        let payment = payment(body);
        assert!(payment.first);
        assert_eq!(payment.id, "in_1SampleFirst");
        assert_eq!(paid_units(&payment), [("si_SampleItem", "price_1SamplePremium1Y", 2)]);
        assert_eq!(payment.created_at.unwrap().to_string(), "2026-03-02T14:14:05Z");
        let fields = &payment.fields;
        assert_eq!(fields.account.as_deref(), Some("2250b761-b31c-453b-885b-76e9fc04bdc6"));
        assert_eq!(fields.country.as_deref(), Some("US"));
        assert_eq!(fields.external_id.as_deref(), Some("sub_1SampleSubscription"));
    }
    // A line that names no item: its price stands for it.
    let old = payment(OLD_INVOICE.as_bytes());
    let named = [("price_1SamplePremium1Y", "price_1SamplePremium1Y", 2)];
    assert_eq!((old.first, paid_units(&old).as_slice()), (true, named.as_slice()));
}

#[test]
fn only_one_reason_makes_an_invoice_the_first() {
    for reason in [
        "subscription_cycle",
        "subscription_update",
        "subscription_threshold",
        "manual",
    ] {
        let body = with(INVOICE, "\"subscription_create\"", &format!("{reason:?}"));
        assert!(!payment(&body).first, "{reason}");
    }
    assert!(!payment(sample!("invoice_paid_renewal").as_bytes()).first);
    let alone = with(
        INVOICE,
        "\"subscription\": \"sub_1SampleSubscription\"",
        "\"subscription\": null",
    );
    nothing(deliver(KIND, &alone, ""));
}

#[test]
fn a_charge_counts_and_its_credit_does_not() {
    let update = payment(sample!("invoice_paid_update").as_bytes());
    assert_eq!(paid_units(&update), [("si_SampleItem", "price_1SamplePremium1Y", 3)]);
    let credit = with(INVOICE, "\"amount\": 16000", "\"amount\": -16000");
    assert_eq!(paid_units(&payment(&credit)), []);
    // On the first invoice a proration is what was bought.
    let prorated = with(INVOICE, "\"proration\": false", "\"proration\": true");
    assert_eq!(paid_units(&payment(&prorated)).len(), 1);
}

#[test]
fn of_several_lines_of_one_item_the_whole_period_counts_then_the_latest() {
    let lines = |lines: &[(bool, i64, u32)]| {
        let mut event: serde_json::Value = serde_json::from_str(INVOICE).unwrap();
        let object = &mut event["data"]["object"];
        object["billing_reason"] = "subscription_cycle".into();
        let line = object["lines"]["data"][0].clone();
        let made = lines.iter().map(|(proration, start, quantity)| {
            let mut line = line.clone();
            line["parent"]["subscription_item_details"]["proration"] = (*proration).into();
            line["period"]["start"] = (*start).into();
            line["quantity"] = (*quantity).into();
            line
        });
        object["lines"]["data"] = made.collect();
        payment(event.to_string().as_bytes()).lines[0].units
    };
    assert_eq!(lines(&[(true, 10, 5), (false, 20, 2)]), 2);
    assert_eq!(lines(&[(false, 20, 2), (true, 30, 5)]), 2);
    assert_eq!(lines(&[(true, 10, 5), (true, 15, 3)]), 3);
    // Two of one second: nothing is bought that may not be paid.
    assert_eq!(lines(&[(true, 10, 5), (true, 10, 3)]), 3);
}

#[test]
fn an_invoice_that_is_cut_or_has_no_quantity_says_so() {
    let cut = with(INVOICE, "\"has_more\": false", "\"has_more\": true");
    let none = with(INVOICE, "\"quantity\": 2", "\"quantity\": null");
    for (body, lines) in [(cut, 1), (none, 0)] {
        let says = statements(std::str::from_utf8(&body).unwrap());
        assert!(matches!(&says[0].1, Statement::Payment(payment) if payment.lines.len() == lines));
        assert!(matches!(&says[1].1, Statement::Notice(notice) if notice.code == "INVOICE_NOT_READ"));
    }
}

#[test]
fn an_invoice_that_is_not_paid_pays_nothing() {
    let open = with(INVOICE, "\"status\": \"paid\"", "\"status\": \"open\"");
    nothing(deliver(KIND, &open, ""));
    let old = sample!("invoice_paid_first_2018");
    nothing(deliver(KIND, &with(old, "\"paid\": true", "\"paid\": false"), ""));
}

#[test]
fn an_invoice_of_a_trial_is_free() {
    let trial = payment(sample!("invoice_paid_trial").as_bytes());
    let free = |line: &PaymentLine| line.free;
    assert!(trial.first && trial.lines.iter().all(free));
    assert!(!payment(INVOICE.as_bytes()).lines.iter().any(free));
}

#[test]
fn a_payment_is_joined_to_its_subscription() {
    let belongs = |key: &str, to: &str| (format!("stripe/{key}"), Statement::BelongsTo(to.parse().unwrap()));
    let joined = statements(sample!("invoice_payment_paid"));
    assert_eq!(joined, [belongs("pi_3SampleSubPayment", "stripe/in_1SampleFirst")]);
    assert_eq!(statements(INVOICE)[1..], [belongs("in_1SampleFirst", KEY)]);
    // In 2018 the invoice names its charge itself.
    let old = statements(sample!("invoice_paid_first_2018"));
    assert_eq!(
        old[1..],
        [belongs("in_1SampleFirst", KEY), belongs("ch_3SampleSubCharge", KEY)]
    );
}

#[test]
fn a_subscription_states_its_items_and_no_payment() {
    let order = snapshot(CREATED.as_bytes());
    assert_eq!((order.paid, order.ended), (Paid::ByPayments, None));
    assert_eq!(units(&order), [2]);
    let line = &order.lines[0];
    assert_eq!(
        (line.id.as_str(), line.sku.as_ref().unwrap().as_str()),
        ("si_SampleItem", "price_1SamplePremium1Y")
    );
    assert!(line.subscription && !line.trial);
    assert_eq!(order.fields.external_id.as_deref(), Some("sub_1SampleSubscription"));
    for trial in [
        sample!("customer_subscription_created_trialing"),
        sample!("customer_subscription_trial_will_end"),
    ] {
        assert!(snapshot(trial.as_bytes()).lines[0].trial);
    }
    assert_eq!(
        units(&snapshot(sample!("customer_subscription_updated_quantity").as_bytes())),
        [3]
    );
    let paused = snapshot(sample!("customer_subscription_updated_collection_paused").as_bytes());
    assert_eq!(paused.notices[0].code, "COLLECTION_PAUSED");
}

#[test]
fn a_status_says_whether_the_subscription_goes_on() {
    for (status, ended) in [
        ("active", None),
        ("past_due", None),
        ("incomplete", None),
        ("trialing", None),
        ("unpaid", Some(Ended::REVERSIBLE)),
        ("paused", Some(Ended::REVERSIBLE)),
        ("canceled", Some(Ended::TERMINAL)),
        ("incomplete_expired", Some(Ended::TERMINAL)),
    ] {
        let body = with(CREATED, "\"incomplete\"", &format!("{status:?}"));
        assert_eq!(snapshot(&body).ended, ended, "{status}");
    }
    for (sample, ended) in [
        (sample!("customer_subscription_deleted"), Some(Ended::TERMINAL)),
        (sample!("customer_subscription_paused"), Some(Ended::REVERSIBLE)),
        (sample!("customer_subscription_updated_unpaid"), Some(Ended::REVERSIBLE)),
        (sample!("customer_subscription_resumed"), None),
        (sample!("customer_subscription_updated_active"), None),
    ] {
        assert_eq!(snapshot(sample.as_bytes()).ended, ended);
    }
}

#[test]
fn the_queue_is_that_of_what_an_event_states() {
    let queue = |body: &str| told(body.as_bytes())[0].1;
    assert_eq!(
        queue(sample!("customer_subscription_deleted")),
        OrderQueue::OrderCanceled
    );
    assert_eq!(queue(CREATED), OrderQueue::TagExternalId);
    assert_eq!(queue(REFUND), OrderQueue::OrderCanceled);
    assert_eq!(queue(SESSION), OrderQueue::OrderPaid);
}
