//! A paid invoice of a subscription: how many units of which price each item is paid for. It lists what it bills, never
//! what the subscription has, and one change of an item is a credit and a charge: quantities are never added up.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::ReceiveError;
use super::super::json::{Id, Lenient, Text, Units, unix_seconds};
use super::object::{
    Address, List, Metadata, Price, Reference, WithAddress, country_in, country_of, first_country, object, properties,
    shown, stated, units,
};
use super::{Context, Told};
use crate::ids::Sku;
use crate::order::{
    Fields, Line, LineId, Notice, OrderKey, Paid, Payment, PaymentLine, Snapshot, Statement, StorefrontKind, Version,
};
use crate::time::Timestamp;

#[derive(Deserialize)]
struct Invoice {
    id: Id,
    /// `date` before API version 2019-03-14.
    #[serde(alias = "date", deserialize_with = "unix_seconds")]
    created: Timestamp,
    #[serde(default)]
    number: Text,
    #[serde(default)]
    status: Text,
    /// What older API versions say in place of the status.
    #[serde(default)]
    paid: Option<bool>,
    #[serde(default)]
    billing_reason: Text,
    #[serde(default)]
    period_start: Option<i64>,
    #[serde(default)]
    period_end: Option<i64>,
    #[serde(default)]
    parent: Lenient<InvoiceParent>,
    /// Where the subscription stands before API version 2025-03-31.
    #[serde(default)]
    subscription: Option<Reference>,
    #[serde(default)]
    subscription_details: Lenient<SubscriptionDetails>,
    /// Gone since API version 2025-03-31, as is the charge.
    #[serde(default)]
    payment_intent: Option<Reference>,
    #[serde(default)]
    charge: Option<Reference>,
    /// In place of the two, where it is expanded.
    #[serde(default)]
    payments: Lenient<List<InvoicePayment>>,
    #[serde(default)]
    customer_address: Lenient<Address>,
    #[serde(default)]
    customer_shipping: Lenient<WithAddress>,
    #[serde(default)]
    metadata: Metadata,
    lines: List<InvoiceLine>,
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
struct InvoiceLine {
    #[serde(default)]
    id: Text,
    amount: i64,
    /// What was added to the invoice by itself; before API version 2025-03-31.
    #[serde(default)]
    invoice_item: Option<Reference>,
    #[serde(default)]
    quantity: Option<Units>,
    #[serde(default)]
    quantity_decimal: Text,
    #[serde(default)]
    period: Lenient<Period>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    parent: Lenient<LineParent>,
    #[serde(default)]
    pricing: Lenient<Pricing>,
    // The same before API version 2025-03-31.
    #[serde(default)]
    subscription_item: Option<Reference>,
    #[serde(default)]
    subscription: Option<Reference>,
    #[serde(default)]
    proration: Option<bool>,
    #[serde(default)]
    r#type: Text,
    #[serde(default)]
    price: Option<Price>,
    #[serde(default)]
    plan: Option<Price>,
}

#[derive(Deserialize)]
struct Period {
    #[serde(default)]
    start: i64,
}

#[derive(Deserialize)]
struct LineParent {
    #[serde(default)]
    subscription_item_details: Lenient<ItemDetails>,
    /// Something that was added to the invoice by itself, such as a fee: it has no item.
    #[serde(default)]
    invoice_item_details: Lenient<ItemDetails>,
}

#[derive(Deserialize)]
struct ItemDetails {
    #[serde(default)]
    subscription_item: Option<Reference>,
    #[serde(default)]
    invoice_item: Option<Reference>,
    #[serde(default)]
    subscription: Option<Reference>,
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
    price: Option<Price>,
}

/// Which payment paid which invoice: told by itself since API version 2025-05-28.
#[derive(Deserialize)]
struct InvoicePayment {
    #[serde(default)]
    invoice: Option<Reference>,
    #[serde(default)]
    payment: Lenient<PaidBy>,
}

#[derive(Deserialize)]
struct PaidBy {
    #[serde(default)]
    payment_intent: Option<Reference>,
    #[serde(default)]
    charge: Option<Reference>,
}

impl PaidBy {
    fn key(&self) -> Option<&str> {
        self.payment_intent.as_ref().or(self.charge.as_ref()).map(Reference::id)
    }
}

impl Invoice {
    fn details(&self) -> Option<&SubscriptionDetails> {
        let parent = self.parent.0.as_ref();
        parent
            .and_then(|parent| parent.subscription_details.0.as_ref())
            .or(self.subscription_details.0.as_ref())
    }

    fn subscription(&self) -> Option<&str> {
        self.details()
            .and_then(|details| details.subscription.as_ref())
            .or(self.subscription.as_ref())
            .map(Reference::id)
    }

    fn is_paid(&self) -> bool {
        match self.status.as_deref() {
            Some(status) => status == "paid",
            None => self.paid == Some(true),
        }
    }

    /// Whether it is the first of its subscription. Before API version 2018-10-31 that is called `subscription_update`
    /// (documented), and earlier there is no reason at all: then the first is the one that no period has gone before.
    fn is_first(&self, api_version: Option<&str>) -> bool {
        let nothing_before = self.period_start.is_some() && self.period_start == self.period_end;
        let bills_a_change = || {
            self.lines
                .data
                .iter()
                .any(|line| line.is_proration() || line.amount < 0)
        };
        match self.billing_reason.as_deref() {
            Some("subscription_create") => true,
            Some("subscription_update") => {
                let old = api_version.is_some_and(|version| version < "2018-10-31");
                old && !bills_a_change() && (nothing_before || self.period_start.is_none())
            }
            Some(_) => false,
            None => nothing_before && !bills_a_change(),
        }
    }
}

impl InvoiceLine {
    fn item(&self) -> Option<&ItemDetails> {
        self.parent.0.as_ref()?.subscription_item_details.0.as_ref()
    }

    fn extra(&self) -> Option<&ItemDetails> {
        self.parent.0.as_ref()?.invoice_item_details.0.as_ref()
    }

    fn is_proration(&self) -> bool {
        let details = self.item().or(self.extra());
        details.and_then(|details| details.proration).or(self.proration) == Some(true)
    }

    fn price(&self) -> Option<&Price> {
        let details = self
            .pricing
            .0
            .as_ref()
            .and_then(|pricing| pricing.price_details.0.as_ref());
        details
            .and_then(|details| details.price.as_ref())
            .or(self.price.as_ref())
            .or(self.plan.as_ref())
    }

    /// Of another subscription of the same customer.
    fn is_of_another_than(&self, subscription: &str) -> bool {
        let details = self.item().or(self.extra());
        let named = details.and_then(|details| details.subscription.as_ref());
        named
            .or(self.subscription.as_ref())
            .is_some_and(|named| named.id() != subscription)
    }

    /// The order of a one-time price that was added to the invoice by itself: what a checkout sells beside a subscription.
    /// `None` for a part of a period, which is a line like it.
    fn one_time(&self) -> Option<&str> {
        let added = self.extra().is_some() || self.r#type.as_deref() == Some("invoiceitem");
        let is_part = self.is_proration() || self.plan.is_some() || self.price().is_some_and(Price::recurs);
        // What names an item of the subscription is a line of it, whatever else it says.
        if !added || is_part || self.amount <= 0 || self.line().is_some() {
            return None;
        }
        let item = self.extra().and_then(|extra| extra.invoice_item.as_ref());
        let item = item.or(self.invoice_item.as_ref()).map(Reference::id);
        item.or(self.id.as_deref())
    }

    /// The subscription item; where an old line names none, the price stands for it.
    fn line(&self) -> Option<&str> {
        let item = self.item().and_then(|item| item.subscription_item.as_ref());
        let item = item.or(self.subscription_item.as_ref()).map(Reference::id);
        let added_by_itself = self.extra().is_some() || self.r#type.as_deref() == Some("invoiceitem");
        match item {
            Some(item) => Some(item),
            None if added_by_itself => None,
            None => self.price().map(Price::id),
        }
    }

    fn starts(&self) -> i64 {
        self.period.0.as_ref().map_or(0, |period| period.start)
    }
}

/// An invoice that says it is paid.
pub(super) fn read(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let invoice: Invoice = object(context.body)?;
    let Some(subscription) = invoice.subscription() else {
        return Ok(Told::Nothing("an invoice without a subscription"));
    };
    if !invoice.is_paid() {
        return Ok(Told::Nothing("an invoice that is not paid changes nothing"));
    }
    let first = invoice.is_first(context.event.api_version.as_deref());
    let mut fields = context.names.pick(
        invoice
            .details()
            .into_iter()
            .flat_map(|details| properties(&details.metadata))
            .collect::<Vec<_>>()
            .into_iter()
            .chain(properties(&invoice.metadata)),
    );
    fields.country = first_country([
        country_of(&invoice.customer_address),
        country_in(&invoice.customer_shipping),
    ]);
    fields.external_id.get_or_insert_with(|| subscription.to_owned());
    let (lines, unclear) = paid_lines(context, &invoice, subscription, first);
    let payment = Payment {
        id: invoice.id.0.clone(),
        version: Version::at(invoice.created),
        paid_at: context.event.created,
        first,
        lines,
        created_at: first.then_some(invoice.created),
        fields: fields.clone(),
        number: invoice
            .number
            .as_deref()
            .map(|number| number.chars().take(Snapshot::MAX_NUMBER_CHARS).collect()),
    };
    let mut statements = vec![(subscription.to_owned(), Statement::Payment(payment))];
    if invoice.lines.has_more || unclear {
        let id = shown(&invoice.id.0);
        let notice = Notice::new(
            &format!("invoice:{id}:lines"),
            "INVOICE_NOT_READ",
            &format!(
                "Stripe's event does not show all lines of the paid invoice {id} with whole quantities: what it shows was bought, look there for the rest."
            ),
        );
        statements.push((subscription.to_owned(), Statement::Notice(notice)));
    }
    for payment in aliases(&invoice) {
        statements.push((payment.to_owned(), belongs_to(subscription)?));
    }
    statements.extend(sold_beside(context, &invoice, &fields));
    Ok(Told::Statements(statements))
}

/// The one-time prices that the invoice bills beside the subscription, each an order of its own.
fn sold_beside(context: &Context<'_>, invoice: &Invoice, fields: &Fields) -> Vec<(String, Statement)> {
    let sold = invoice.lines.data.iter().filter_map(|line| {
        let order = line.one_time()?;
        let sku = line.price()?.id().parse().ok()?;
        let units = units(line.quantity, line.quantity_decimal.as_deref())?;
        let of_line = context.names.pick(properties(&line.metadata));
        let mut snapshot = Snapshot::new(Version::at(invoice.created), String::new(), invoice.created);
        snapshot.lines = vec![Line::new("1".to_owned(), Some(sku), units, of_line)];
        snapshot.paid = Paid::Full;
        snapshot.fields = fields.clone();
        Some((order.to_owned(), stated(snapshot)))
    });
    sold.collect()
}

/// Under which keys refunds and disputes of this invoice may come.
fn aliases(invoice: &Invoice) -> impl Iterator<Item = &str> {
    let named = invoice
        .payment_intent
        .as_ref()
        .or(invoice.charge.as_ref())
        .map(Reference::id);
    let listed = invoice.payments.0.iter().flat_map(|payments| payments.data.iter());
    let paid_by = listed.filter_map(|payment| payment.payment.0.as_ref()?.key());
    [invoice.id.0.as_str()].into_iter().chain(named).chain(paid_by)
}

fn belongs_to(order: &str) -> Result<Statement, ReceiveError> {
    Ok(Statement::BelongsTo(OrderKey::new(
        StorefrontKind::Stripe,
        None,
        order,
    )?))
}

/// One line of the invoice, among others of the same item and price.
struct Listed<'a> {
    line: &'a InvoiceLine,
    units: u32,
    proration: bool,
}

/// How many units of each price each item is paid for, and whether that is unclear for any of them.
fn paid_lines(context: &Context<'_>, invoice: &Invoice, subscription: &str, first: bool) -> (Vec<PaymentLine>, bool) {
    let mut unclear = false;
    let mut listed: BTreeMap<(LineId, Sku), Listed<'_>> = BTreeMap::new();
    for line in &invoice.lines.data {
        // A credit gives back what the charge beside it replaces.
        if line.amount < 0 || line.is_of_another_than(subscription) {
            continue;
        }
        let (Some(item), Some(price)) = (line.line(), line.price()) else {
            continue;
        };
        let Ok(sku) = price.id().parse::<Sku>() else { continue };
        let Some(units) = units(line.quantity, line.quantity_decimal.as_deref()) else {
            unclear |= !price.is_metered();
            continue;
        };
        let new = Listed {
            line,
            units,
            // All of the first invoice is what was bought, also where it is less than a period.
            proration: !first && line.is_proration(),
        };
        match listed.entry((item.to_owned(), sku)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(new);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                if new.states_more_than(entry.get()) {
                    entry.insert(new);
                }
            }
        }
    }
    let lines = listed.into_iter().map(|((line, sku), listed)| PaymentLine {
        line,
        sku,
        units: listed.units,
        fields: context.names.pick(properties(&listed.line.metadata)),
        free: listed.line.amount == 0 && !listed.line.price().is_some_and(Price::is_free),
    });
    (lines.collect(), unclear)
}

impl Listed<'_> {
    /// Which of two lines of one item and price says how many units it has now: the whole period before a part of one,
    /// then the later beginning, then the fewer units, since nothing is bought that may not be paid.
    fn states_more_than(&self, other: &Self) -> bool {
        let rank = |listed: &Self| (!listed.proration, listed.line.starts(), std::cmp::Reverse(listed.units));
        rank(self) > rank(other)
    }
}

/// Which invoice a payment was for.
pub(super) fn read_payment(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let paid: InvoicePayment = object(context.body)?;
    let key = paid.payment.0.as_ref().and_then(PaidBy::key);
    Ok(match (key, &paid.invoice) {
        (Some(payment), Some(invoice)) => Told::one(payment, belongs_to(invoice.id())?),
        (Some(_) | None, _) => Told::Nothing("a payment of an invoice that was not made through Stripe"),
    })
}
