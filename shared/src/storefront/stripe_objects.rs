//! Stripe's objects as orders. The order key is the subscription's ID, else the payment intent's: the two that every
//! event of one purchase agrees on. References may be an ID or, expanded, the object (documented).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::fields::{country, sku};
use super::json::{Id, Lenient, Text, Units, decode, unix_seconds};
use super::keys::hash;
use super::stripe::Context;
use super::{Hints, ReceiveError, Understood};
use crate::order::{Ended, Fields, Line, Notice, OrderKey, Paid, Snapshot, Statement, StorefrontKind, Version};
use crate::time::Timestamp;

#[derive(Deserialize)]
struct Body<T> {
    data: Data<T>,
}

#[derive(Deserialize)]
struct Data<T> {
    object: T,
}

type Metadata = Lenient<BTreeMap<String, Text>>;

/// An ID, or an object that has one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Id(Id),
    Object { id: Id },
}

impl Reference {
    fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id } => &id.0,
        }
    }
}

#[derive(Deserialize)]
struct Session {
    id: Id,
    #[serde(deserialize_with = "unix_seconds")]
    created: Timestamp,
    mode: String,
    payment_status: String,
    #[serde(default)]
    payment_intent: Option<Reference>,
    #[serde(default)]
    client_reference_id: Text,
    #[serde(default)]
    customer_details: Lenient<WithAddress>,
    #[serde(default)]
    collected_information: Lenient<Collected>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Collected {
    #[serde(default)]
    shipping_details: Lenient<WithAddress>,
}

#[derive(Deserialize)]
struct WithAddress {
    #[serde(default)]
    address: Lenient<Address>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    country: Text,
}

#[derive(Deserialize)]
struct Invoice {
    #[serde(deserialize_with = "unix_seconds")]
    created: Timestamp,
    #[serde(default)]
    status: Text,
    #[serde(default)]
    billing_reason: Text,
    #[serde(default)]
    parent: Lenient<InvoiceParent>,
    /// Where the subscription stands before API version 2025-03-31.
    #[serde(default)]
    subscription: Option<Reference>,
    #[serde(default)]
    subscription_details: Lenient<SubscriptionDetails>,
    #[serde(default)]
    customer_address: Lenient<Address>,
    #[serde(default)]
    customer_shipping: Lenient<WithAddress>,
    #[serde(default)]
    metadata: Metadata,
    lines: InvoiceLines,
}

#[derive(Deserialize)]
struct InvoiceParent {
    #[serde(default)]
    subscription_details: Lenient<SubscriptionDetails>,
}

#[derive(Deserialize)]
struct SubscriptionDetails {
    #[serde(default)]
    subscription: Option<Reference>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct InvoiceLines {
    data: Vec<InvoiceLine>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct InvoiceLine {
    id: Id,
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    quantity: Option<Units>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    parent: Lenient<LineParent>,
    #[serde(default)]
    pricing: Lenient<Pricing>,
    // The same three before API version 2025-03-31.
    #[serde(default)]
    proration: Option<bool>,
    #[serde(default)]
    price: Option<Reference>,
    #[serde(default)]
    plan: Option<Reference>,
}

#[derive(Deserialize)]
struct LineParent {
    #[serde(default)]
    subscription_item_details: Lenient<Proration>,
    #[serde(default)]
    invoice_item_details: Lenient<Proration>,
}

#[derive(Deserialize)]
struct Proration {
    #[serde(default)]
    proration: Option<bool>,
}

#[derive(Deserialize)]
struct Pricing {
    #[serde(default)]
    price_details: Lenient<PriceDetails>,
}

#[derive(Deserialize)]
struct PriceDetails {
    #[serde(default)]
    price: Option<Reference>,
}

#[derive(Deserialize)]
struct Subscription {
    id: Id,
    #[serde(deserialize_with = "unix_seconds")]
    created: Timestamp,
    status: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Charge {
    id: Id,
    #[serde(deserialize_with = "unix_seconds")]
    created: Timestamp,
    refunded: bool,
    #[serde(default)]
    payment_intent: Option<Reference>,
    /// Gone since API version 2025-03-31.
    #[serde(default)]
    invoice: Option<Reference>,
    #[serde(default)]
    description: Text,
}

fn properties(metadata: &Metadata) -> impl Iterator<Item = (&str, &str)> + Clone {
    metadata
        .0
        .iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
}

fn property<'a>(metadata: &'a Metadata, name: &str) -> Option<&'a str> {
    metadata.0.as_ref()?.get(name)?.as_deref()
}

fn country_of(address: &Lenient<Address>) -> Option<&str> {
    address.0.as_ref()?.country.as_deref()
}

fn country_in(with: &Lenient<WithAddress>) -> Option<&str> {
    country_of(&with.0.as_ref()?.address)
}

/// A session in payment mode: one line, from the metadata that the seller set. What a buyer can set, such as
/// `client_reference_id` in the address of a payment link, never chooses a product.
pub(super) fn session(context: &Context<'_>) -> Result<Understood, ReceiveError> {
    let session = decode::<Body<Session>>(context.body)?.data.object;
    match session.mode.as_str() {
        "payment" => {}
        "subscription" => {
            return Ok(Understood::Nothing(
                "a subscription's session; its invoice brings the lines".into(),
            ));
        }
        _ => return Ok(Understood::Nothing("a session in which nothing is sold".into())),
    }
    match session.payment_status.as_str() {
        "paid" | "no_payment_required" => {}
        _ => {
            return Ok(Understood::Nothing(
                "not paid yet; checkout.session.async_payment_succeeded follows".into(),
            ));
        }
    }
    let Some(product) = property(&session.metadata, "wix_sku") else {
        return Ok(Understood::Nothing("a session without wix_sku in its metadata".into()));
    };
    let units = match property(&session.metadata, "wix_quantity") {
        None => 1,
        Some(quantity) => quantity.parse().map_err(|_| {
            ReceiveError::not_understood("at data.object.metadata.wix_quantity: expected a whole number of units")
        })?,
    };
    let order = session
        .payment_intent
        .as_ref()
        .map_or(session.id.0.as_str(), Reference::id);
    let reference = session
        .client_reference_id
        .as_deref()
        .map(|reference| ("client_reference_id", reference));
    let mut fields = context.names.pick(properties(&session.metadata).chain(reference));
    let shipping = session
        .collected_information
        .0
        .as_ref()
        .and_then(|collected| country_in(&collected.shipping_details));
    fields.country = country([country_in(&session.customer_details), shipping]);
    let sku = sku(&Text(Some(product.to_owned())));
    let line = Line::new("1".to_owned(), sku, units, Fields::default());
    said(context, order, session.created, |snapshot| {
        snapshot.lines = vec![line];
        snapshot.paid = Paid::Full;
        snapshot.fields = fields;
    })
}

/// The first invoice of a subscription: its lines, with the price as SKU. Renewals and changes create nothing.
pub(super) fn invoice(context: &Context<'_>) -> Result<Understood, ReceiveError> {
    let invoice = decode::<Body<Invoice>>(context.body)?.data.object;
    let details = invoice
        .parent
        .0
        .as_ref()
        .and_then(|parent| parent.subscription_details.0.as_ref())
        .or(invoice.subscription_details.0.as_ref());
    let subscription = details
        .and_then(|details| details.subscription.as_ref())
        .or(invoice.subscription.as_ref());
    let Some(subscription) = subscription else {
        return Ok(Understood::Nothing("an invoice without a subscription".into()));
    };
    if invoice.billing_reason.as_deref() != Some("subscription_create") {
        return Ok(Understood::Nothing(
            "a renewal or change of a subscription creates nothing".into(),
        ));
    }
    let mut notices = BTreeSet::new();
    if invoice.lines.has_more {
        notices.insert(Notice::new(
            "invoice:has_more",
            "NOT_MAPPED",
            "The invoice has more lines than Stripe sends in an event: look there for what else was bought.",
        ));
    }
    let mut lines = Vec::new();
    let mut seen = BTreeSet::new();
    for line in invoice
        .lines
        .data
        .iter()
        .filter(|line| !is_proration(line) && line.amount >= 0)
    {
        if !seen.insert(&line.id) {
            return Err(ReceiveError::not_understood(
                "at data.object.lines: two lines have one ID",
            ));
        }
        if line.quantity.is_none() {
            notices.insert(Notice::new(
                "invoice:no_quantity",
                "NOT_MAPPED",
                "A line of the invoice has no quantity: nothing was bought for it.",
            ));
        }
        lines.push(Line::new(
            line.id.0.clone(),
            price(line).and_then(|price| price.parse().ok()),
            line.quantity.unwrap_or_default().0,
            context.names.pick(properties(&line.metadata)),
        ));
    }
    let of_subscription = details.map(|details| properties(&details.metadata));
    let mut fields = context.names.pick(
        of_subscription
            .into_iter()
            .flatten()
            .chain(properties(&invoice.metadata)),
    );
    fields.country = country([
        country_of(&invoice.customer_address),
        country_in(&invoice.customer_shipping),
    ]);
    let order = subscription.id();
    fields.external_id.get_or_insert_with(|| order.to_owned());
    let fully_paid = invoice.status.as_deref() == Some("paid");
    said(context, order, invoice.created, |snapshot| {
        snapshot.lines = lines;
        snapshot.paid = if fully_paid { Paid::Full } else { Paid::No };
        snapshot.fields = fields;
        snapshot.notices = notices.into_iter().collect();
    })
}

fn is_proration(line: &InvoiceLine) -> bool {
    let of = |details: &Lenient<Proration>| details.0.as_ref().and_then(|details| details.proration);
    let parent = line.parent.0.as_ref();
    line.proration == Some(true)
        || parent.and_then(|parent| of(&parent.subscription_item_details)) == Some(true)
        || parent.and_then(|parent| of(&parent.invoice_item_details)) == Some(true)
}

fn price(line: &InvoiceLine) -> Option<&str> {
    let details = line
        .pricing
        .0
        .as_ref()
        .and_then(|pricing| pricing.price_details.0.as_ref());
    details
        .and_then(|details| details.price.as_ref())
        .or(line.price.as_ref())
        .or(line.plan.as_ref())
        .map(Reference::id)
}

/// The end of a subscription.
pub(super) fn subscription(context: &Context<'_>) -> Result<Understood, ReceiveError> {
    let subscription = decode::<Body<Subscription>>(context.body)?.data.object;
    if context.event.r#type != "customer.subscription.deleted" && subscription.status != "canceled" {
        return Ok(Understood::Nothing(
            "a change of a subscription that does not end it".into(),
        ));
    }
    let order = subscription.id.0.as_str();
    let mut fields = context.names.pick(properties(&subscription.metadata));
    fields.external_id.get_or_insert_with(|| order.to_owned());
    said(context, order, subscription.created, |snapshot| {
        snapshot.ended = Some(Ended::PLAIN);
        snapshot.fields = fields;
    })
}

/// A refund of a one-time payment, where it is whole. A part names no lines; a subscription's charge does not say of
/// which subscription it was.
pub(super) fn charge(context: &Context<'_>) -> Result<Understood, ReceiveError> {
    let charge = decode::<Body<Charge>>(context.body)?.data.object;
    if !charge.refunded {
        return Ok(Understood::Nothing(
            "a refund of an amount only takes nothing back".into(),
        ));
    }
    let Some(payment) = &charge.payment_intent else {
        return Ok(Understood::Nothing("a charge that no checkout session made".into()));
    };
    let created = charge.created;
    // Stripe describes such charges so by itself (observed); the invoice is in older API versions only.
    let of_subscription = charge.invoice.is_some()
        || charge
            .description
            .as_deref()
            .is_some_and(|text| text.starts_with("Subscription "));
    let id: String = charge
        .id
        .0
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .take(60)
        .collect();
    said(context, payment.id(), created, |snapshot| {
        if of_subscription {
            let sentence = format!(
                "Charge {id} of a subscription was refunded, and Stripe does not say which: cancel the subscription in Stripe if its products are to be taken back."
            );
            snapshot
                .notices
                .push(Notice::new(&format!("charge:{id}:refunded"), "NOT_MAPPED", &sentence));
        } else {
            snapshot.ended = Some(Ended::PLAIN);
        }
    })
}

/// A snapshot of this event: not paid, not ended, without lines, unless `fill` says so.
fn said(
    context: &Context<'_>,
    order: &str,
    created_at: Timestamp,
    fill: impl FnOnce(&mut Snapshot),
) -> Result<Understood, ReceiveError> {
    let version = Version::at(context.event.created);
    let mut snapshot = Snapshot::new(version, hash(context.body.as_bytes()), created_at);
    fill(&mut snapshot);
    let hints = Hints {
        topic_says_paid: snapshot.paid == Paid::Full,
        ..Hints::default()
    };
    Ok(Understood::order(
        OrderKey::new(StorefrontKind::Stripe, None, order)?,
        super::log_id(&context.event.id),
        Statement::Snapshot(snapshot),
        hints,
    ))
}
