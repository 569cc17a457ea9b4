//! An order of Wix. What is sold by subscription belongs to its contract, which every cycle's order tells again; the rest
//! belongs to the checkout's order. So one delivery can tell of several orders.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::fields::{country, hashed, number};
use super::super::json::{Id, Lenient, Text, decode, list};
use super::super::{AboutOrder, FieldNames, Hints, ReceiveError, Understood};
use super::lines::{self, LineItem, Price};
use super::refunds;
use super::{Envelope, Header, Json};
use crate::ids::Sku;
use crate::order::{Ended, Fields, Notice, OrderKey, Paid, Snapshot, Statement, Version};
use crate::time::Timestamp;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DomainEvent {
    created_event: Option<CreatedEvent>,
    updated_event: Option<UpdatedEvent>,
    action_event: Option<ActionEvent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatedEvent {
    #[serde(alias = "entityAsJson")]
    entity: Json<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedEvent {
    #[serde(alias = "currentEntityAsJson")]
    current_entity: Json<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionEvent {
    #[serde(alias = "bodyAsJson")]
    body: Json<ActionBody>,
}

#[derive(Deserialize)]
struct ActionBody {
    order: Json<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: Id,
    number: Text,
    status: String,
    payment_status: String,
    created_date: Timestamp,
    updated_date: Timestamp,
    /// Brought in from another platform: paid there, and delivered there.
    imported: Option<bool>,
    balance_summary: Lenient<BalanceSummary>,
    price_summary: Lenient<PriceSummary>,
    billing_info: Lenient<WithAddress>,
    shipping_info: Lenient<ShippingInfo>,
    recipient_info: Lenient<WithAddress>,
    #[serde(default, deserialize_with = "list")]
    custom_fields: Vec<Lenient<CustomField>>,
    extended_fields: Lenient<ExtendedFields>,
    line_items: Vec<LineItem>,
}

/// What is still to be paid, and what was given back.
#[derive(Deserialize)]
struct BalanceSummary {
    balance: Lenient<Price>,
    refunded: Lenient<Price>,
}

/// What the whole order cost.
#[derive(Deserialize)]
struct PriceSummary {
    total: Lenient<Price>,
}

#[derive(Deserialize)]
struct WithAddress {
    address: Lenient<Address>,
}

#[derive(Deserialize)]
struct Address {
    country: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShippingInfo {
    logistics: Lenient<Logistics>,
    /// Older orders.
    shipment_details: Lenient<WithAddress>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logistics {
    shipping_destination: Lenient<WithAddress>,
}

#[derive(Deserialize)]
struct CustomField {
    title: Text,
    value: Text,
}

#[derive(Deserialize)]
struct ExtendedFields {
    namespaces: Lenient<BTreeMap<String, Lenient<BTreeMap<String, Text>>>>,
}

impl Order {
    fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "CANCELED" | "REJECTED")
    }

    /// What the two statuses say: paid, not paid, or unclear.
    fn paid(&self) -> Paid {
        match (self.payment_status.as_str(), self.status.as_str()) {
            ("PAID", "APPROVED") => Paid::Full,
            // Not for the shop to deliver yet, or not any more.
            ("PAID", "INITIALIZED" | "PENDING" | "CANCELED" | "REJECTED") => Paid::No,
            // Paid before, and perhaps edited since.
            ("PARTIALLY_REFUNDED", "APPROVED") => match self.amount(|summary| &summary.balance).map(is_zero) {
                Some(true) => Paid::Full,
                Some(false) | None => Paid::No,
            },
            (
                "NOT_PAID" | "PENDING" | "PENDING_MERCHANT" | "AUTHORIZED" | "PARTIALLY_PAID" | "CANCELED" | "DECLINED"
                | "PARTIALLY_REFUNDED" | "FULLY_REFUNDED",
                _,
            ) => Paid::No,
            _ => Paid::Unclear,
        }
    }

    fn amount(&self, of: impl Fn(&BalanceSummary) -> &Lenient<Price>) -> Option<&str> {
        let summary = self.balance_summary.0.as_ref()?;
        of(summary).0.as_ref()?.amount.as_deref()
    }

    /// What of its money was given back and belongs to no unit.
    fn refunded_beyond_units(&self) -> Option<String> {
        let refunded = self.amount(|summary| &summary.refunded);
        let total = self.price_summary.0.as_ref();
        let total = total.and_then(|summary| summary.total.0.as_ref()?.amount.as_deref());
        refunds::beyond_units(&self.line_items, refunded, total)
    }
}

/// Reads a delivery that carries an order.
pub(super) fn read(envelope: &Envelope, names: &FieldNames) -> Result<Understood, ReceiveError> {
    let header = envelope.header()?;
    let event: DomainEvent = decode(envelope.data()?)?;
    if header.is_privacy_rewrite() {
        return Ok(Understood::Nothing("a privacy rewrite of an order".into()));
    }
    let order = match (event.created_event, event.updated_event, event.action_event) {
        (Some(created), None, None) => created.entity.0,
        (None, Some(updated), None) => updated.current_entity.0,
        (None, None, Some(action)) => action.body.0.order.0,
        _ => {
            return Err(ReceiveError::not_understood(
                "at data: the event holds no order, or several",
            ));
        }
    };
    if order.imported == Some(true) {
        return Ok(Understood::Nothing("an imported order".into()));
    }
    if order.line_items.is_empty() {
        return Err(ReceiveError::not_understood("at lineItems: an order without lines"));
    }
    let hints = Hints {
        topic_says_paid: order.paid() == Paid::Full && envelope.event_type.ends_with("_payment_status_updated"),
        reduced: refunds::units(&order.line_items) > 0,
        // No paid order is led back to these.
        never_paid: matches!(order.payment_status.as_str(), "NOT_PAID" | "PENDING"),
    };
    let parts = Parts::of(&order);
    let mut snapshots: Vec<(OrderKey, Snapshot)> = Vec::new();
    if !parts.plain.is_empty() || !parts.unnamed.is_empty() {
        snapshots.push((envelope.key(&order.id.0)?, parts.checkout(&order, &header, names)));
    }
    for (contract, items) in &parts.contracts {
        snapshots.push((envelope.key(contract)?, of_contract(&order, &header, items, names)));
    }
    second_floats(&mut snapshots);
    let mut statements = Vec::new();
    for (at, (key, snapshot)) in snapshots.into_iter().enumerate() {
        let is_contract = at > 0 || (parts.plain.is_empty() && parts.unnamed.is_empty());
        let notice = is_contract.then(|| cycle_notice(&order)).flatten();
        statements.push(AboutOrder {
            key: key.clone(),
            says: Statement::Snapshot(hashed(snapshot)),
            hints,
        });
        statements.extend(notice.map(|notice| AboutOrder {
            key,
            says: Statement::Notice(notice),
            hints: Hints::default(),
        }));
    }
    // What is told of this order's payment (a chargeback, a refund that failed) is about the contract.
    if parts.plain.is_empty()
        && parts.unnamed.is_empty()
        && !hints.never_paid
        && let Some(contract) = parts.contracts.keys().next()
    {
        statements.push(AboutOrder {
            key: envelope.key(&order.id.0)?,
            says: Statement::BelongsTo(envelope.key(contract)?),
            hints,
        });
    }
    Ok(Understood::Orders {
        delivery: header.delivery(),
        statements,
    })
}

/// The lines of an order by what they belong to.
struct Parts<'a> {
    /// Sold once.
    plain: Vec<&'a LineItem>,
    /// Sold by subscription, by its contract.
    contracts: BTreeMap<String, Vec<&'a LineItem>>,
    /// Sold by a subscription that the line does not name.
    unnamed: Vec<&'a LineItem>,
}

impl<'a> Parts<'a> {
    fn of(order: &'a Order) -> Self {
        let mut parts = Self {
            plain: Vec::new(),
            contracts: BTreeMap::new(),
            unnamed: Vec::new(),
        };
        for item in &order.line_items {
            match item.subscription().map(|subscription| subscription.id.as_deref()) {
                None => parts.plain.push(item),
                Some(None) => parts.unnamed.push(item),
                Some(Some(contract)) => parts.contracts.entry(contract.to_owned()).or_default().push(item),
            }
        }
        parts
    }

    /// The checkout's order.
    fn checkout(&self, order: &Order, header: &Header, names: &FieldNames) -> Snapshot {
        let version = Version {
            time: order.updated_date,
            // The event's own time stays out: with it the order of versions would be intransitive where only some
            // have a sequence.
            sequence: header.sequence(),
        };
        let mut snapshot = base(order, version, names);
        snapshot.paid = order.paid();
        snapshot.ended = order.is_over().then_some(Ended::PLAIN);
        snapshot.refunded_all = order.payment_status == "FULLY_REFUNDED";
        if order.payment_status == "PARTIALLY_REFUNDED" {
            snapshot.unmapped_refunds = order.refunded_beyond_units().into_iter().collect();
        }
        if !self.unnamed.is_empty() {
            // Its contract may be named by a later event, and the line would be bought once for each.
            snapshot.notices.push(Notice::new(
                "subscription-unnamed",
                "SUBSCRIPTION_UNNAMED",
                "A line is sold by subscription and does not say by which (subscriptionInfo.id): nothing is bought for \
                 it. Wait for the next event of the order, or buy by hand and close the order.",
            ));
        }
        snapshot.lines = lines::of_order(self.plain.iter().copied(), names);
        snapshot
            .lines
            .extend(lines::unnamed(self.unnamed.iter().copied(), names));
        snapshot
    }
}

/// A contract as one of its cycles shows it.
fn of_contract(order: &Order, header: &Header, items: &[&LineItem], names: &FieldNames) -> Snapshot {
    let cycles: Option<Vec<u32>> = items.iter().map(|item| item.subscription()?.cycle()).collect();
    let is_known = cycles.is_some();
    let cycle = cycles.unwrap_or_default().into_iter().max().unwrap_or(1);
    let mut snapshot = base(order, of_cycle(order, cycle, header.sequence()), names);
    snapshot.renewal = cycle > 1;
    snapshot.paid = match (order.paid(), cycle) {
        // What a cycle gives back or calls off is a notice: for the first nothing is bought any more, a later one
        // leaves what the cycles before it have paid for.
        _ if cycle_notice(order).is_some() && cycle == 1 => Paid::Unclear,
        _ if cycle_notice(order).is_some() => Paid::No,
        // Perhaps a renewal, of which nothing is bought.
        _ if !is_known => Paid::Unclear,
        (paid, _) => paid,
    };
    snapshot.lines = lines::of_contract(items.iter().copied(), names);
    snapshot
}

/// (cycle, time of the change): each cycle has an order of its own, which is made later than those before it, and can
/// change after the next one is made.
fn of_cycle(order: &Order, cycle: u32, sequence: u64) -> Version {
    // Milliseconds have 42 bits until the year 2109.
    let millis = u64::try_from(order.updated_date.as_millis()).unwrap_or(0) & ((1 << 42) - 1);
    Version {
        time: order.created_date,
        sequence: (u64::from(cycle.min(1023)) << 54) | (millis << 12) | sequence.min(4095),
    }
}

/// What a person must see of one cycle's order: only the contract itself ends a subscription.
fn cycle_notice(order: &Order) -> Option<Notice> {
    let (word, what) = if order.is_over() {
        ("canceled", "canceled")
    } else if matches!(order.payment_status.as_str(), "FULLY_REFUNDED" | "PARTIALLY_REFUNDED") {
        ("refunded", "refunded, wholly or in part")
    } else {
        return None;
    };
    let id: String = order.id.0.chars().take(60).collect();
    Some(Notice::new(
        &format!("cycle:{id}:{word}"),
        "CYCLE_REVERSED",
        &format!(
            "The order of one cycle of the subscription was {what}, and the subscription goes on: nothing was taken \
             back. If it is to end, cancel the subscription at Wix and the order here."
        ),
    ))
}

fn base(order: &Order, version: Version, names: &FieldNames) -> Snapshot {
    let mut snapshot = Snapshot::new(version, String::new(), order.created_date);
    snapshot.number = number(&order.number);
    snapshot.fields = fields(order, names);
    snapshot
}

/// Wix takes a product once for a site. Within an order the second unit floats; this holds the same for the orders that
/// one checkout is split into.
fn second_floats(snapshots: &mut [(OrderKey, Snapshot)]) {
    let mut taken: BTreeSet<(Sku, String)> = BTreeSet::new();
    for (_, snapshot) in snapshots {
        let of_order = snapshot.fields.site.clone();
        let mut own = BTreeSet::new();
        for line in &mut snapshot.lines {
            let site = line.fields.site.clone().or_else(|| of_order.clone());
            let Some((sku, site)) = line.sku.clone().zip(site) else {
                continue;
            };
            if taken.contains(&(sku.clone(), site.clone())) {
                line.fields.site = None;
                // The order's own would count for the line.
                snapshot.fields.site = None;
            } else {
                own.insert((sku, site));
            }
        }
        if snapshot.fields.site.is_none() {
            for line in &mut snapshot.lines {
                let named = line.sku.clone().zip(of_order.clone());
                if line.fields.site.is_none() && named.is_some_and(|named| own.contains(&named)) {
                    line.fields.site.clone_from(&of_order);
                }
            }
        }
        taken.append(&mut own);
    }
}

fn fields(order: &Order, names: &FieldNames) -> Fields {
    let custom = order
        .custom_fields
        .iter()
        .filter_map(|field| field.0.as_ref())
        .filter_map(|field| Some((field.title.as_deref()?, field.value.as_deref()?)));
    let extended = order
        .extended_fields
        .0
        .iter()
        .flat_map(|fields| fields.namespaces.0.iter().flatten())
        .flat_map(|(_, namespace)| namespace.0.iter().flatten())
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    let mut fields = names.pick(custom.chain(extended));
    let of = |address: &Lenient<Address>| address.0.as_ref().and_then(|address| address.country.0.clone());
    let with = |with: &Lenient<WithAddress>| with.0.as_ref().and_then(|with| of(&with.address));
    let shipping = order.shipping_info.0.as_ref().and_then(|info| {
        let logistics = info.logistics.0.as_ref();
        logistics
            .and_then(|logistics| with(&logistics.shipping_destination))
            .or_else(|| with(&info.shipment_details))
    });
    fields.country = country([
        with(&order.billing_info).as_deref(),
        shipping.as_deref(),
        with(&order.recipient_info).as_deref(),
    ]);
    fields
}

/// Whether an amount, which may be text or a number, is nothing.
fn is_zero(amount: &str) -> bool {
    amount.contains('0') && amount.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}
