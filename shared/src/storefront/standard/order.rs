//! An order in our own format.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::fields::{country, hashed, number, sku};
use super::super::json::{Id, Lenient, Text, Units, decode, list};
use super::super::{FieldNames, Hints, ReceiveError, Understood, Verified};
use super::{Body, ID, key, properties};
use crate::order::{Amount, Ended, Line, Paid, Snapshot, Statement, Version};
use crate::time::Timestamp;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    id: Id,
    number: Text,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default)]
    sequence: u64,
    status: Status,
    payment: PaymentStatus,
    /// The subscription that this order renews.
    renews: Option<Id>,
    #[serde(default)]
    test: bool,
    country: Text,
    properties: Lenient<BTreeMap<String, Text>>,
    #[serde(default, deserialize_with = "list")]
    refunds: Vec<Id>,
    lines: Vec<OrderLine>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Canceled,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaymentStatus {
    Unpaid,
    Partial,
    Paid,
    Unclear,
    Refunded,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderLine {
    id: Id,
    sku: Text,
    units: Units,
    properties: Lenient<BTreeMap<String, Text>>,
    #[serde(default)]
    subscription: bool,
    /// Whether it is given before it is paid for. Who says `false` may have said `true` before.
    trial: Option<bool>,
    /// The line that this one is a component of.
    part_of: Option<Id>,
    amount: Option<LineAmount>,
}

/// What was charged for the line, in the currency's smallest unit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineAmount {
    minor: i64,
    currency: String,
}

/// Reads an event that carries an order.
pub(super) fn read(
    verified: &Verified<'_>,
    body: &str,
    kind: &str,
    names: &FieldNames,
) -> Result<Understood, ReceiveError> {
    let order = decode::<Body<Order>>(body)?.data;
    if let Some(mistake) = mistake(&order, kind) {
        return Err(ReceiveError::not_understood(mistake));
    }
    if order.test && !verified.shop().accept_test {
        return Ok(Understood::Nothing("a test order".into()));
    }
    let hints = Hints {
        topic_says_paid: kind == "order.paid",
        reduced: false,
        // The format defines `unpaid` as "nothing was ever paid"; a trial is given all the same, and one that is over is taken
        // back.
        never_paid: order.payment == PaymentStatus::Unpaid && order.lines.iter().all(|line| line.trial.is_none()),
    };
    let key = key(verified, &order.id)?;
    let says = Statement::Snapshot(snapshot(order, names));
    Ok(Understood::order(key, verified.delivery().log_id(&ID), says, hints))
}

/// What contradicts itself is parked, and not guessed at.
fn mistake(order: &Order, kind: &str) -> Option<&'static str> {
    let ids: BTreeSet<_> = order.lines.iter().map(|line| &line.id).collect();
    let part_of_none = |line: &OrderLine| {
        line.part_of
            .as_ref()
            .is_some_and(|whole| !ids.contains(whole) || *whole == line.id)
    };
    let currency =
        |amount: &LineAmount| amount.currency.len() == 3 && amount.currency.bytes().all(|b| b.is_ascii_uppercase());
    if kind == "order.paid" && order.payment != PaymentStatus::Paid {
        Some("at data.payment: order.paid of an order that is not paid")
    } else if kind == "order.canceled" && order.status != Status::Canceled {
        Some("at data.status: order.canceled of an order that is not canceled")
    } else if order.lines.is_empty() && order.status == Status::Open {
        Some("at data.lines: an open order without lines; list them with 0 units, or cancel the order")
    } else if ids.len() < order.lines.len() {
        Some("at data.lines: two lines have one ID")
    } else if order.lines.iter().any(part_of_none) {
        Some("at data.lines: part_of is no other line of the order")
    } else if order
        .lines
        .iter()
        .filter_map(|line| line.amount.as_ref())
        .any(|amount| !currency(amount))
    {
        Some("at data.lines: the currency of an amount is three capital letters (ISO 4217)")
    } else {
        None
    }
}

fn snapshot(order: Order, names: &FieldNames) -> Snapshot {
    let version = Version {
        time: order.updated_at,
        sequence: order.sequence,
    };
    let mut snapshot = Snapshot::new(version, String::new(), order.created_at);
    snapshot.number = number(&order.number);
    let is_all_trial = order.lines.iter().all(|line| line.trial == Some(true));
    snapshot.paid = match order.payment {
        PaymentStatus::Paid => Paid::Full,
        // Nothing is owed for it yet; what is on trial counts as given, and never as paid for.
        PaymentStatus::Unpaid | PaymentStatus::Partial if is_all_trial => Paid::Full,
        PaymentStatus::Unpaid | PaymentStatus::Partial | PaymentStatus::Refunded => Paid::No,
        PaymentStatus::Unclear => Paid::Unclear,
    };
    snapshot.refunded_all = order.payment == PaymentStatus::Refunded;
    snapshot.ended = (order.status == Status::Canceled).then_some(Ended::PLAIN);
    snapshot.renews = order.renews.map(|subscription| subscription.0);
    snapshot.refunds = order.refunds.into_iter().map(|id| id.0).collect();
    snapshot.fields = names.pick(properties(&order.properties));
    snapshot.fields.country = country([order.country.as_deref()]);
    snapshot.lines = order.lines.into_iter().map(|line| of(line, names)).collect();
    hashed(snapshot)
}

fn of(line: OrderLine, names: &FieldNames) -> Line {
    Line {
        trial: line.trial == Some(true),
        subscription: line.subscription,
        part_of: line.part_of.map(|whole| whole.0),
        amount: line.amount.map(|amount| Amount {
            minor: amount.minor,
            currency: amount.currency,
        }),
        ..Line::new(
            line.id.0,
            sku(&line.sku),
            line.units.0,
            names.pick(properties(&line.properties)),
        )
    }
}
