//! Order events: those that a delivery became, and the JSON that comes out of a queue. What is understood survives the
//! queue, fits its limits, and merges into a record that can be planned and kept.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use reseller_hooks::catalog::Catalog;
use reseller_hooks::fulfilment::{OrderRecord, Settings, decide};
use reseller_hooks::ids::AccountId;
use reseller_hooks::order::{Fields, Line, Notice, OrderEvent, OrderKey, Paid, SCHEMA, Statement, StorefrontKind};
use reseller_hooks::queue::parked;
use reseller_hooks::storefront::OrderQueue;

use crate::taint;

/// The most lines of an order.
const MAX_LINES: usize = 2_000;
/// The longest ID of a line: of most storefronts 200 bytes; of Wix 100 characters and an SKU of 255, each of at most
/// four bytes, with signs between and a number behind.
const MAX_LINE_ID: usize = 4 * 355 + 13;

/// Any text out of a queue.
pub fn order_event(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match OrderEvent::from_json(text) {
        Ok(event) => {
            assert_eq!(event.schema, SCHEMA, "an unknown schema was read");
            survives(&event);
        }
        Err(error) => one_line(&error.to_string()),
    }
    match parked::decode(&[text.to_owned()]) {
        Ok(delivery) => {
            let again = parked::decode(&parked::encode(&delivery)).expect("a parked delivery is read back");
            assert_eq!(again.body, delivery.body, "a parked delivery lost its body");
        }
        Err(error) => one_line(&error.to_string()),
    }
    if let Some(marked) = taint::marked(text, &|_| true)
        && let Err(error) = OrderEvent::from_json(&marked)
    {
        taint::assert_unmarked(&error.to_string(), "an error");
    }
}

/// An error is a line in the logs.
fn one_line(error: &str) {
    assert!(!error.is_empty(), "an error says nothing");
    assert!(
        !error.chars().any(char::is_control),
        "an error breaks its line: {error:?}"
    );
    assert!(error.chars().count() <= 600, "an error is too long: {error}");
}

/// An event that a delivery of this storefront became.
pub(crate) fn received(kind: StorefrontKind, event: &OrderEvent, queue: OrderQueue) {
    assert_eq!(event.schema, SCHEMA, "another schema was written");
    assert_eq!(event.key.storefront(), kind, "another storefront's order");
    assert_eq!(
        event.key.shop().is_some(),
        kind == StorefrontKind::Wix,
        "a shop that nobody signed"
    );
    let key: OrderKey = event.key.to_string().parse().expect("a key is read back");
    assert_eq!(key, event.key, "a key changed on its way through text");
    assert!(event.delivery.chars().count() <= 100, "the delivery's ID is too long");
    assert!(
        !event.delivery.chars().any(char::is_control),
        "the delivery's ID breaks its line"
    );
    within_limits(event, queue);
    survives(event);
}

fn within_limits(event: &OrderEvent, queue: OrderQueue) {
    match &event.says {
        Statement::Snapshot(snapshot) => {
            assert!(snapshot.lines.len() <= MAX_LINES, "too many lines");
            let ids: BTreeSet<&str> = snapshot.lines.iter().map(|line| line.id.as_str()).collect();
            assert_eq!(ids.len(), snapshot.lines.len(), "two lines have one ID: {snapshot:?}");
            assert!(
                ids.iter().all(|id| id.len() <= MAX_LINE_ID),
                "the ID of a line is too long"
            );
            fields(&snapshot.fields, Fields::MAX_CHARS);
            for line in &snapshot.lines {
                fields(&line.fields, 100);
            }
            assert_eq!(snapshot.hash.len(), 16, "the hash is cut");
            let number = snapshot.number.as_deref().unwrap_or_default();
            assert!(number.chars().count() <= 40, "the number is too long");
            snapshot.notices.iter().for_each(notice);
            let takes_back = snapshot.ended.is_some() || !snapshot.refunds.is_empty() || !snapshot.notices.is_empty();
            assert!(
                !takes_back || queue == OrderQueue::OrderCanceled,
                "what takes back went to {queue:?}"
            );
        }
        Statement::Refund(refund) => {
            assert_eq!(queue, OrderQueue::OrderCanceled, "a refund went elsewhere");
            let lines = refund.lines.iter().flatten();
            for (id, units) in lines {
                assert!(*units > 0, "a refund of no unit");
                assert!(id.len() <= MAX_LINE_ID, "the ID of a line is too long");
            }
            assert!(
                refund.whole || refund.lines.as_ref().is_none_or(|lines| !lines.is_empty()),
                "a refund of nothing"
            );
        }
        Statement::Payment(payment) => {
            assert!(payment.lines.len() <= MAX_LINES, "too many lines");
            fields(&payment.fields, Fields::MAX_CHARS);
            for line in &payment.lines {
                assert!(line.line.len() <= MAX_LINE_ID, "the ID of a line is too long");
                fields(&line.fields, 100);
            }
        }
        Statement::Notice(told) => notice(told),
        Statement::Dispute(_) | Statement::End(_) | Statement::Trashed => {
            assert_eq!(queue, OrderQueue::OrderCanceled, "an end went elsewhere");
        }
        Statement::BelongsTo(_) => {}
        Statement::Told(told) => panic!("a storefront spoke for the operator: {told:?}"),
    }
}

fn notice(notice: &Notice) {
    assert!(
        notice.id.chars().count() <= Notice::MAX_ID_CHARS,
        "the ID of a notice is too long"
    );
    assert!(
        notice.sentence.chars().count() <= Notice::MAX_CHARS,
        "a notice is too long"
    );
    assert!(
        !notice.id.is_empty() && !notice.code.is_empty(),
        "a notice that nothing can be told of: {notice:?}"
    );
    one_line(&notice.sentence);
}

fn fields(fields: &Fields, longest_reference: usize) {
    for value in [&fields.account, &fields.site, &fields.country].into_iter().flatten() {
        assert!(value.len() <= Fields::MAX_BYTES, "a field is too long: {value}");
        assert!(!value.trim().is_empty(), "a field is blank");
    }
    if let Some(reference) = &fields.external_id {
        assert!(
            reference.chars().count() <= longest_reference,
            "a reference is too long: {reference}"
        );
        assert!(!reference.trim().is_empty(), "a reference is blank");
    }
}

/// Through the queue, into a record, twice, and through the ledger.
fn survives(event: &OrderEvent) {
    let json = event.to_json();
    match OrderEvent::from_json(&json) {
        Ok(again) => assert_eq!(again, *event, "an event changed in the queue"),
        Err(error) => panic!("an event is not read back from the queue: {error}: {json}"),
    }
    let mut record = OrderRecord::new(event.key.clone());
    record.apply(event);
    let once = record.clone();
    assert!(!record.apply(event), "telling an event twice changes something");
    assert_eq!(record, once, "telling an event twice changes something");
    only_what_was_said(event, &record);
    let own: AccountId = "2250b761-b31c-453b-885b-76e9fc04bdc6".parse().expect("a GUID");
    let decided = decide(&mut record, catalog(), &own, &Settings::default(), event.received_at);
    assert!(decided.is_ok(), "a new record cannot be decided on: {decided:?}");
    match OrderRecord::from_json(&record.to_json()) {
        Ok(again) => assert_eq!(again, record, "a record changed in the ledger"),
        Err(error) => panic!("a record is not read back from the ledger: {error}"),
    }
}

/// Never more is wanted than the order says, and nothing of an order that is canceled or was never paid.
fn only_what_was_said(event: &OrderEvent, record: &OrderRecord) {
    let wanted: u64 = record.desired().live_lines().map(|(_, units)| u64::from(units)).sum();
    let said = match &event.says {
        Statement::Snapshot(snapshot) if snapshot.ended.is_none() => {
            let counts = |line: &&Line| snapshot.paid == Paid::Full || line.trial;
            let lines = snapshot.lines.iter().filter(counts);
            lines.map(|line| u64::from(line.units)).sum()
        }
        Statement::Payment(payment) => payment.lines.iter().map(|line| u64::from(line.units)).sum(),
        Statement::Snapshot(_)
        | Statement::Refund(_)
        | Statement::Dispute(_)
        | Statement::End(_)
        | Statement::Trashed
        | Statement::BelongsTo(_)
        | Statement::Notice(_)
        | Statement::Told(_) => 0,
    };
    assert!(wanted <= said, "{wanted} units are wanted, and {said} were said");
}

fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        Catalog::from_toml(include_str!("../../../catalog/catalog.toml")).expect("the sample is a working catalog")
    })
}
