//! A subscription as it stands: its items are the order's lines, and its status says whether it goes on. It never says
//! what is paid; invoices do.

use serde::Deserialize;

use super::super::ReceiveError;
use super::super::json::{Id, Text, Units, unix_seconds};
use super::object::{List, Metadata, Price, object, properties, stated, units};
use super::{Context, Told};
use crate::order::{Ended, Line, Notice, Paid, Snapshot, Version};
use crate::time::Timestamp;

#[derive(Deserialize)]
struct Subscription {
    id: Id,
    #[serde(deserialize_with = "unix_seconds")]
    created: Timestamp,
    status: String,
    items: List<Item>,
    pause_collection: Option<serde::de::IgnoredAny>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Item {
    id: Id,
    price: Option<Price>,
    /// Before API version 2020-08-27.
    plan: Option<Price>,
    quantity: Option<Units>,
    quantity_decimal: Text,
    metadata: Metadata,
}

/// What a status means for the products.
enum Standing {
    /// It goes on, paid or not: what is not paid is not bought, and what was paid stays.
    Alive,
    /// Given before it is paid for.
    Trial,
    /// It does not go on.
    Ended(Ended),
}

fn standing(status: &str) -> Option<Standing> {
    Some(match status {
        "active" | "past_due" | "incomplete" => Standing::Alive,
        "trialing" => Standing::Trial,
        // Paying the latest invoice makes an unpaid one active again, and a paused trial can be resumed (documented).
        "unpaid" | "paused" => Standing::Ended(Ended::REVERSIBLE),
        "canceled" | "incomplete_expired" => Standing::Ended(Ended::TERMINAL),
        _ => return None,
    })
}

/// The subscription of any event that holds one.
pub(super) fn read(context: &Context<'_>) -> Result<Told, ReceiveError> {
    let subscription: Subscription = object(context.body)?;
    let standing = if context.event.r#type == "customer.subscription.deleted" {
        Standing::Ended(Ended::TERMINAL)
    } else {
        standing(&subscription.status).ok_or_else(|| {
            ReceiveError::not_understood("at data.object.status: expected a status of a subscription that is known")
        })?
    };
    let order = subscription.id.0.as_str();
    let mut snapshot = Snapshot::new(Version::at(context.event.created), String::new(), subscription.created);
    snapshot.paid = Paid::ByPayments;
    let trial = matches!(standing, Standing::Trial);
    if let Standing::Ended(ended) = standing {
        snapshot.ended = Some(ended);
    }
    // A subscription has at least one item: a list that is empty is a part of it.
    snapshot.incomplete = subscription.items.has_more || subscription.items.data.is_empty();
    for item in &subscription.items.data {
        let price = item.price.as_ref().or(item.plan.as_ref());
        let Some(units) = units(item.quantity, item.quantity_decimal.as_deref()) else {
            if !price.is_some_and(Price::is_metered) {
                // Without its units the line would be taken back: what invoices say of it counts.
                snapshot.incomplete = true;
            }
            continue;
        };
        let sku = price.and_then(|price| price.id().parse().ok());
        let mut line = Line::new(
            item.id.0.clone(),
            sku,
            units,
            context.names.pick(properties(&item.metadata)),
        );
        line.trial = trial;
        line.subscription = true;
        if snapshot.lines.iter().any(|other| other.id == line.id) {
            return Err(ReceiveError::not_understood(
                "at data.object.items: two items have one ID",
            ));
        }
        snapshot.lines.push(line);
    }
    if snapshot.ended.is_none() {
        snapshot.notices = notices(&snapshot, &subscription);
    }
    snapshot.fields = context.names.pick(properties(&subscription.metadata));
    snapshot.fields.external_id.get_or_insert_with(|| order.to_owned());
    Ok(Told::one(order, stated(snapshot)))
}

/// What of the state a person must look at.
fn notices(snapshot: &Snapshot, subscription: &Subscription) -> Vec<Notice> {
    let mut notices = Vec::new();
    if snapshot.incomplete {
        notices.push(Notice::new(
            "subscription:items",
            "ITEMS_NOT_READ",
            "Stripe's event does not show all items of the subscription with whole quantities: compare what was bought with the subscription at Stripe.",
        ));
    }
    if subscription.pause_collection.is_some() {
        notices.push(Notice::new(
            "subscription:pause_collection",
            "COLLECTION_PAUSED",
            "Stripe does not collect this subscription's payments (pause_collection), and its products stay: cancel it at Stripe if they are to be taken back.",
        ));
    }
    notices
}
