//! A paid invoice of a subscription: how many units of which price each item is paid for. It lists what it bills, never
//! what the subscription has, and one change of an item is a credit and a charge: quantities are never added up.

mod body;

use std::collections::BTreeMap;

use self::body::{Invoice, InvoiceLine, InvoicePayment, PaidBy};
use super::super::ReceiveError;
use super::object::{
    Price, Reference, country_in, country_of, first_country, object, properties, shown, stated, units,
};
use super::{Context, Told};
use crate::ids::Sku;
use crate::order::{
    Fields, Line, LineId, Notice, OrderKey, Paid, Payment, PaymentLine, Snapshot, Statement, StorefrontKind, Version,
};
use crate::time::Timestamp;

/// An invoice that says it is paid.
pub(super) fn read(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let invoice: Invoice = object(context.body)?;
    let Some(subscription) = invoice.subscription() else {
        return Ok(Told::Nothing("an invoice without a subscription"));
    };
    if !invoice.is_paid() {
        return Ok(Told::Nothing("an invoice that is not paid changes nothing"));
    }
    let created = invoice.created()?;
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
        version: Version::at(created),
        paid_at: context.event.created,
        first,
        lines,
        created_at: first.then_some(created),
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
    statements.extend(sold_beside(context, &invoice, created, &fields));
    Ok(Told::Statements(statements))
}

/// The one-time prices that the invoice bills beside the subscription, each an order of its own.
fn sold_beside(
    context: &Context<'_>,
    invoice: &Invoice,
    created: Timestamp,
    fields: &Fields,
) -> Vec<(String, Statement)> {
    let sold = invoice.lines.data.iter().filter_map(|line| {
        let order = line.one_time()?;
        let sku = line.price()?.id().parse().ok()?;
        let units = units(line.quantity, line.quantity_decimal.as_deref())?;
        let of_line = context.names.pick(properties(&line.metadata));
        let mut snapshot = Snapshot::new(Version::at(created), String::new(), created);
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
