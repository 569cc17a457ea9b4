//! Subscriptions of the plugin WooCommerce Subscriptions. What they gave was bought by the order that began them, so a
//! subscription says one thing here: whether what that order began is over.

use std::collections::{BTreeMap, BTreeSet};

use super::body::{Deleted, Subscription, nonzero, product};
use super::payment::bare;
use super::source::Origin;
use super::{DELIVERY_ID, key};
use crate::order::{Covers, End, Ended, Item, Notice, OrderKey, Statement, Version};
use crate::storefront::fields::sku;
use crate::storefront::json::decode;
use crate::storefront::{AboutOrder, Hints, ReceiveError, Understood, Verified};

/// What the status of a subscription means for what its first order bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// It runs, waits for a payment or for its end.
    Alive,
    Over(Ended),
    /// All of it went into another subscription.
    Switched,
    Unknown,
}

fn meaning(status: &str) -> Meaning {
    match status {
        // `on-hold` is every renewal for a moment, an overdue payment and a pause; `pending-cancel` runs to its end.
        "pending" | "active" | "on-hold" | "pending-cancel" => Meaning::Alive,
        // It can become active again while its end is ahead.
        "cancelled" | "trash" => Meaning::Over(Ended::PLAIN),
        "expired" => Meaning::Over(Ended::TERMINAL),
        "switched" => Meaning::Switched,
        _ => Meaning::Unknown,
    }
}

/// What is known of a subscription under a key of its own, so that what names only the subscription finds the order.
fn own_key(verified: &Verified<'_>, id: &str) -> Result<OrderKey, ReceiveError> {
    key(verified, &format!("subscription-{id}"))
}

pub(super) fn subscription(verified: &Verified<'_>, body: &str, origin: Origin) -> Result<Understood, ReceiveError> {
    let subscription: Subscription = decode(body)?;
    let id = &subscription.id.0;
    let meaning = meaning(bare(&subscription.status));
    if origin == Origin::Unnamed && meaning == Meaning::Alive {
        return Ok(Understood::Nothing("a subscription that runs".into()));
    }
    let own = own_key(verified, id)?;
    let parent = nonzero(&subscription.parent_id)
        .map(|parent| key(verified, parent))
        .transpose()?;
    let about = parent.clone().unwrap_or_else(|| own.clone());
    let says = match meaning {
        Meaning::Unknown => {
            return Ok(Understood::Nothing(
                "a status of a subscription that means nothing here".into(),
            ));
        }
        Meaning::Alive => end(&subscription, None)?,
        Meaning::Over(ended) if origin == Origin::Own && parent.is_some() => end(&subscription, Some(ended))?,
        Meaning::Over(_) => notice(
            id,
            "ended",
            "has ended, and the delivery does not say of which shop or order: look at it there, and take back by hand what it gave",
        ),
        Meaning::Switched => notice(
            id,
            "switched",
            "was switched to another plan, which is not done automatically: change the package at Wix by hand",
        ),
    };
    let mut statements = vec![statement(about, says)];
    if let Some(parent) = parent
        && origin == Origin::Own
    {
        statements.push(statement(own, Statement::BelongsTo(parent)));
    }
    Ok(Understood::Orders {
        delivery: verified.delivery().log_id(&DELIVERY_ID),
        statements,
    })
}

/// It names no order, and no lines. A subscription that runs is canceled before it is moved to the trash, and that is told.
pub(super) fn deleted(verified: &Verified<'_>, body: &str, origin: Origin) -> Result<Understood, ReceiveError> {
    let deleted: Deleted = decode(body)?;
    origin.known()?;
    let says = notice(
        &deleted.id.0,
        "trashed",
        "was moved to the trash: if its products were not taken back when it was canceled, take them back by hand",
    );
    Ok(Understood::Orders {
        delivery: verified.delivery().log_id(&DELIVERY_ID),
        statements: vec![statement(own_key(verified, &deleted.id.0)?, says)],
    })
}

fn statement(key: OrderKey, says: Statement) -> AboutOrder {
    AboutOrder {
        key,
        says,
        hints: Hints::default(),
    }
}

/// Whether it is over. Its lines are matched by product and SKU; where the body lists none (reported), all of the order's
/// lines end.
fn end(subscription: &Subscription, ended: Option<Ended>) -> Result<Statement, ReceiveError> {
    let time = subscription
        .date_modified_gmt
        .or(subscription.date_created_gmt)
        .ok_or_else(|| ReceiveError::not_understood("at date_modified_gmt: the subscription has no date"))?;
    let items = subscription.line_items.0.iter().filter_map(|item| item.0.as_ref());
    // Two items of one product and SKU are one, with the units of both.
    let mut units: BTreeMap<_, u32> = BTreeMap::new();
    for item in items {
        let of = (product(&item.variation_id, &item.product_id), sku(&item.sku));
        let sum = units.entry(of).or_default();
        let whole = item.quantity.as_deref().and_then(|text| text.split('.').next());
        *sum = sum.saturating_add(whole.and_then(|units| units.parse().ok()).unwrap_or(0));
    }
    let items: BTreeSet<_> = units
        .into_iter()
        .map(|((product, sku), units)| Item { product, sku, units })
        .collect();
    Ok(Statement::End(End {
        cause: format!("subscription {}", subscription.id.0),
        version: Version::at(time),
        ended,
        of: match items.is_empty() {
            true => Covers::All,
            // An item without either was deleted, and means no line.
            false => Covers::Items(items),
        },
    }))
}

fn notice(id: &str, what: &str, sentence: &str) -> Statement {
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    Statement::Notice(Notice::new(
        &format!("subscription:{id}:{what}"),
        "SUBSCRIPTION_CHANGED",
        &format!("Subscription {id} {sentence}."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_over_ends_anything() {
        for status in ["pending", "active", "on-hold", "pending-cancel"] {
            assert_eq!(meaning(status), Meaning::Alive, "{status}");
        }
        assert_eq!(meaning("cancelled"), Meaning::Over(Ended::PLAIN));
        assert_eq!(meaning("expired"), Meaning::Over(Ended::TERMINAL));
        assert_eq!(meaning("switched"), Meaning::Switched);
        assert_eq!(meaning("frozen-by-a-plugin"), Meaning::Unknown);
    }
}
