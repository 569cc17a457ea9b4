//! A Checkout session in payment mode: a one-time order. It holds no lines, so the product is named in its metadata,
//! which only the seller can write. A subscription's session says nothing that its invoice does not.

use serde::Deserialize;

use super::super::ReceiveError;
use super::super::fields::sku;
use super::super::json::{Id, Lenient, Text, optional_unix_seconds, present};
use super::object::{
    Metadata, Reference, WithAddress, country_in, first_country, object, properties, property, stated,
};
use super::{Context, Told};
use crate::order::{Amount, Ended, Fields, Line, Paid, Snapshot, Version};
use crate::time::Timestamp;

#[derive(Deserialize)]
struct Session {
    id: Id,
    /// Older bodies have none: then the event's time serves, which is hours later at most.
    #[serde(default, deserialize_with = "optional_unix_seconds")]
    created: Option<Timestamp>,
    mode: String,
    payment_status: String,
    payment_intent: Option<Reference>,
    /// Before discounts and taxes (documented).
    amount_subtotal: Option<i64>,
    currency: Text,
    /// Adaptive Pricing before 2025-03-31: the session is in the buyer's currency, and this in the seller's.
    currency_conversion: Lenient<Conversion>,
    client_reference_id: Text,
    customer_details: Lenient<WithAddress>,
    collected_information: Lenient<Collected>,
    /// Where the shipping address stands before API version 2025-03-31.
    shipping_details: Lenient<WithAddress>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Conversion {
    amount_subtotal: i64,
    #[serde(deserialize_with = "present")]
    source_currency: Text,
}

#[derive(Deserialize)]
struct Collected {
    shipping_details: Lenient<WithAddress>,
}

/// One line, from the metadata that the seller set. What a buyer can set, such as `client_reference_id` in the address
/// of a payment link, never chooses a product.
pub(super) fn read(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let session: Session = object(context.body)?;
    match session.mode.as_str() {
        "payment" => {}
        "subscription" => return Ok(Told::Nothing("a subscription's session; its invoice says what is paid")),
        _ => return Ok(Told::Nothing("a session in which nothing is sold")),
    }
    let paid = match session.payment_status.as_str() {
        "paid" | "no_payment_required" => Paid::Full,
        // A payment that takes days, or one that is captured by hand: whether and how it ends is told later.
        "unpaid" => Paid::No,
        _ => {
            return Err(ReceiveError::not_understood(
                "at data.object.payment_status: expected paid, unpaid or no_payment_required",
            ));
        }
    };
    let Some(product) = property(&session.metadata, "wix_sku") else {
        return Ok(Told::Nothing("a session without wix_sku in its metadata"));
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
    let mut line = Line::new(
        "1".to_owned(),
        sku(&Text(Some(product.to_owned()))),
        units,
        Fields::default(),
    );
    line.amount = amount(&session);
    let made = context.event.created;
    let mut snapshot = Snapshot::new(Version::at(made), String::new(), session.created.unwrap_or(made));
    snapshot.lines = vec![line];
    snapshot.paid = paid;
    if context.event.r#type == "checkout.session.async_payment_failed" && paid == Paid::No {
        snapshot.ended = Some(Ended::PLAIN);
    }
    snapshot.fields = fields(context, &session);
    Ok(Told::one(order, stated(snapshot)))
}

/// What was charged, in the seller's currency.
fn amount(session: &Session) -> Option<Amount> {
    let (minor, currency) = match &session.currency_conversion.0 {
        Some(conversion) => (conversion.amount_subtotal, &conversion.source_currency),
        None => (session.amount_subtotal?, &session.currency),
    };
    Some(Amount {
        minor,
        currency: currency
            .as_deref()?
            .chars()
            .take(3)
            .collect::<String>()
            .to_ascii_uppercase(),
    })
}

fn fields(context: &Context<'_>, session: &Session) -> Fields {
    let reference = session
        .client_reference_id
        .as_deref()
        .map(|reference| ("client_reference_id", reference));
    let mut fields = context.names.pick(properties(&session.metadata).chain(reference));
    let collected = session.collected_information.0.as_ref();
    fields.country = first_country([
        country_in(&session.customer_details),
        collected.and_then(|collected| country_in(&collected.shipping_details)),
        country_in(&session.shipping_details),
    ]);
    fields
}
