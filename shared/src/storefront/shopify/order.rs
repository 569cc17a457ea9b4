//! An order of Shopify as it stands.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::fields::{Properties, country, hashed, number, sku};
use super::super::json::{Id, Lenient, Text, Units, Words, decode, list, not_null, nullable, text};
use super::super::{AboutOrder, FieldNames, Hints, ReceiveError, Understood, Verified};
use super::reversal::RefundBody;
use super::{TEST_NOTIFICATION, WEBHOOK_ID, key, must_be};
use crate::order::{Ended, Line, MissingSku, Notice, Paid, Refund, RefundState, Snapshot, Statement, Version};
use crate::time::Timestamp;

/// An order, as far as it matters. The keys without `default` are in every order (documented): a body that lacks one is
/// another resource under an order's topic, or something that we had better not buy for.
#[derive(Deserialize)]
struct Order {
    id: Id,
    admin_graphql_api_id: Text,
    name: Text,
    test: bool,
    #[serde(deserialize_with = "not_null")]
    cancelled_at: bool,
    #[serde(deserialize_with = "nullable")]
    financial_status: Option<String>,
    total_outstanding: Text,
    created_at: Timestamp,
    /// When it was placed; for an imported order that is long before it was created here (documented).
    processed_at: Option<Timestamp>,
    updated_at: Timestamp,
    /// Which channel made it. A subscription's renewal says so here, in one of several spellings (documented: "a
    /// String, not an enum").
    source_name: Text,
    #[serde(default)]
    tags: Words,
    billing_address: Lenient<Address>,
    shipping_address: Lenient<Address>,
    #[serde(default)]
    note_attributes: Properties,
    line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "list")]
    refunds: Vec<RefundBody>,
}

#[derive(Deserialize)]
struct Address {
    country_code: Text,
}

#[derive(Deserialize)]
struct LineItem {
    id: Id,
    sku: Text,
    quantity: Units,
    /// After edits and refunds; absent in API versions before 2024-01.
    current_quantity: Option<Units>,
    #[serde(default)]
    properties: Properties,
    gift_card: Text,
    product_exists: Text,
    /// The bundle that the line is a component of (documented, since 2025-01).
    sales_line_item_group_id: Text,
    /// Either says that the line is sold by subscription.
    selling_plan_id: Text,
    #[serde(default, deserialize_with = "not_null")]
    selling_plan_allocation: bool,
}

impl LineItem {
    /// Money, and no product that could have an SKU.
    fn is_gift_card(&self) -> bool {
        self.gift_card.as_deref() == Some("true") && sku(&self.sku).is_none()
    }

    /// Why it has no SKU that a catalog could know.
    fn missing_sku(&self) -> Option<MissingSku> {
        let is = |text: &Text, word| text.as_deref() == Some(word);
        if self.sales_line_item_group_id.as_deref().is_some() {
            // Also where it has one: the SKU of the bundle itself stands in no line.
            Some(MissingSku::BundlePart)
        } else if sku(&self.sku).is_some() {
            None
        } else if is(&self.product_exists, "false") {
            Some(MissingSku::ProductDeleted)
        } else {
            Some(MissingSku::VariantWithoutSku)
        }
    }

    /// The live units. A refund that is pending or failed has lowered `current_quantity` already: its units are put
    /// back, and what the refund means to them is told by itself.
    fn units(&self, given_back: &BTreeMap<String, u32>, undecided: &BTreeMap<String, u32>) -> u32 {
        let ordered = self.quantity.0;
        let of = |refunded: &BTreeMap<String, u32>| refunded.get(&self.id.0).copied().unwrap_or(0);
        match self.current_quantity {
            Some(current) => current.0.saturating_add(of(undecided)).min(ordered),
            None => ordered.saturating_sub(of(given_back)),
        }
    }
}

/// Reads a delivery that carries an order.
pub(super) fn read(
    verified: &Verified<'_>,
    topic_says_paid: bool,
    names: &FieldNames,
) -> Result<Understood, ReceiveError> {
    let order: Order = decode(text(verified.payload())?)?;
    must_be(&order.admin_graphql_api_id, "Order")?;
    if order.id.0 == TEST_NOTIFICATION {
        return Ok(Understood::Nothing("Shopify's test notification".into()));
    }
    if order.test && !verified.shop().accept_test {
        return Ok(Understood::Nothing("a test order".into()));
    }
    if order.line_items.is_empty() {
        // Lines that were removed stay in the list, with a current quantity of 0.
        return Err(ReceiveError::not_understood("at line_items: an order without lines"));
    }
    let hints = Hints {
        topic_says_paid,
        reduced: order
            .line_items
            .iter()
            .any(|item| item.current_quantity.is_some_and(|current| current.0 < item.quantity.0)),
        // No paid order is led back to these.
        never_paid: matches!(order.financial_status.as_deref(), Some("pending" | "authorized")),
    };
    let key = key(&order.id)?;
    let about = |says, hints| AboutOrder {
        key: key.clone(),
        says,
        hints,
    };
    // The refunds go before the snapshot, whose units are only right with them.
    let refunds = undecided_refunds(&order.refunds).map(|says| about(says, Hints::default()));
    let mut statements: Vec<_> = refunds.collect();
    statements.push(about(Statement::Snapshot(snapshot(&order, names)?), hints));
    Ok(Understood::Orders {
        delivery: verified.delivery().log_id(&WEBHOOK_ID),
        statements,
    })
}

fn snapshot(order: &Order, names: &FieldNames) -> Result<Snapshot, ReceiveError> {
    let (given_back, undecided): (Vec<_>, Vec<_>) = order
        .refunds
        .iter()
        .partition(|refund| refund.state() == RefundState::Succeeded);
    let units_of = |refunds: &[&RefundBody]| -> BTreeMap<String, u32> {
        let mut units = BTreeMap::new();
        for (line, refunded) in refunds.iter().flat_map(|refund| refund.units()) {
            let sum: &mut u32 = units.entry(line).or_default();
            *sum = sum.saturating_add(refunded);
        }
        units
    };
    let (back, open) = (units_of(&given_back), units_of(&undecided));
    let mut seen = BTreeSet::new();
    if !order.line_items.iter().all(|item| seen.insert(&item.id)) {
        return Err(ReceiveError::not_understood("at line_items: two lines have one ID"));
    }
    // The earlier one, so that an import of old orders does not pass the catalog's `not_before`.
    let created_at = order
        .processed_at
        .map_or(order.created_at, |placed| placed.min(order.created_at));
    let mut snapshot = Snapshot::new(Version::at(order.updated_at), String::new(), created_at);
    snapshot.number = number(&order.name);
    snapshot.lines = order
        .line_items
        .iter()
        .filter(|item| !item.is_gift_card())
        .map(|item| Line {
            missing_sku: item.missing_sku(),
            subscription: item.selling_plan_id.as_deref().is_some() || item.selling_plan_allocation,
            ..Line::new(
                item.id.0.clone(),
                sku(&item.sku),
                item.units(&back, &open),
                names.pick(item.properties.iter()),
            )
        })
        .collect();
    snapshot.paid = paid(order);
    snapshot.refunded_all = order.financial_status.as_deref() == Some("refunded");
    // Documented as final.
    snapshot.ended = order.cancelled_at.then_some(Ended::TERMINAL);
    for refund in &order.refunds {
        match (refund.state(), refund.names_no_line()) {
            (RefundState::Succeeded, false) => snapshot.refunds.insert(refund.id.0.clone()),
            (RefundState::Succeeded | RefundState::Pending, true) => {
                snapshot.unmapped_refunds.insert(refund.id.0.clone())
            }
            (RefundState::Pending, false) | (RefundState::Failed, _) => false,
        };
    }
    if renews(order) {
        // The order does not name the contract.
        snapshot.renews = Some("a subscription".to_owned());
    } else if tagged_as_renewal(order) {
        snapshot.paid = Paid::Unclear;
        snapshot.notices.push(Notice::new(
            "renewal-by-tag",
            "RENEWAL_UNCLEAR",
            "A tag says that the order renews a subscription, and its source does not: nothing is bought for it by \
             itself. If it is the first order of a subscription, take the tag away or tell that it is paid; if it is a \
             renewal, close the order.",
        ));
    }
    snapshot.fields = names.pick(order.note_attributes.iter());
    let of = |address: &Lenient<Address>| address.0.as_ref().and_then(|address| address.country_code.0.clone());
    snapshot.fields.country = country([
        of(&order.billing_address).as_deref(),
        of(&order.shipping_address).as_deref(),
    ]);
    Ok(hashed(snapshot))
}

/// What the payment's status says: paid, not paid, or unclear.
fn paid(order: &Order) -> Paid {
    match order.financial_status.as_deref() {
        Some("paid") => Paid::Full,
        // Paid before, and perhaps edited since.
        Some("partially_refunded") => match order.total_outstanding.as_deref().map(is_zero) {
            Some(true) => Paid::Full,
            Some(false) => Paid::No,
            None => Paid::Unclear,
        },
        Some("pending" | "authorized" | "partially_paid" | "unpaid" | "voided" | "expired" | "refunded") => Paid::No,
        Some(_) | None => Paid::Unclear,
    }
}

/// The channel of a subscription made the order: it renews one, or bills it once more (documented).
fn renews(order: &Order) -> bool {
    let source = order.source_name.as_deref().map(str::to_ascii_lowercase);
    source.is_some_and(|source| source.starts_with("subscription_contract"))
}

/// A hint, and no more: apps that bill subscriptions by themselves tag what renews, and anybody can set a tag.
fn tagged_as_renewal(order: &Order) -> bool {
    order.tags.iter().any(|tag| {
        let tag = tag.to_lowercase();
        ["recurring order", "renewal order", "subscription renewal"]
            .iter()
            .any(|word| tag.contains(word))
    })
}

/// Refunds that are not through, or failed: what they mean is a lattice of its own, and the snapshot has not counted them.
fn undecided_refunds(refunds: &[RefundBody]) -> impl Iterator<Item = Statement> {
    refunds
        .iter()
        .filter(|refund| match refund.state() {
            RefundState::Pending => !refund.names_no_line(),
            RefundState::Failed => true,
            RefundState::Succeeded => false,
        })
        .map(|refund| Statement::Refund(Refund::from(refund)))
}

/// Whether an amount, which may be text or a number, is nothing.
fn is_zero(amount: &str) -> bool {
    amount.contains('0') && amount.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}
