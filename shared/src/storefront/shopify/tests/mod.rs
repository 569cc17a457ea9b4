//! What becomes of Shopify's bodies, one by one.

mod door;
mod orders;
mod refunds;

use super::super::testing::{deliver, event, header_map, nothing, parked, received, shops, snapshot, units, with};
use std::collections::BTreeMap;

use super::super::{Key, OrderQueue, Outcome};
use super::*;
use crate::order::{Ended, MissingSku, OrderEvent, Paid, RefundState, Statement};

const KIND: StorefrontKind = StorefrontKind::Shopify;
const PAID: &str = include_str!("../../../../../events/shopify/orders_paid.json");
const REFUNDED_ONE: &str = include_str!("../../../../../events/shopify/orders_updated_refunded_one.json");
const OLD_API: &str = include_str!("../../../../../events/shopify/orders_updated_old_api.json");
const EDIT_UP: &str = include_str!("../../../../../events/shopify/orders_updated_edit_up_unpaid.json");
const PENDING: &str = include_str!("../../../../../events/shopify/orders_create_pending.json");
const CANCELLED: &str = include_str!("../../../../../events/shopify/orders_cancelled.json");
const REFUND: &str = include_str!("../../../../../events/shopify/refunds_create.json");
const REFUND_AMOUNT: &str = include_str!("../../../../../events/shopify/refunds_create_amount_only.json");
const REFUND_SHIPPING: &str = include_str!("../../../../../events/shopify/refunds_create_shipping_only.json");
const REFUND_FAILED: &str = include_str!("../../../../../events/shopify/orders_updated_refund_failed.json");
const FIRST: &str = include_str!("../../../../../events/shopify/orders_paid_subscription_first.json");
const RENEWAL: &str = include_str!("../../../../../events/shopify/orders_paid_subscription_renewal.json");
const BUNDLE: &str = include_str!("../../../../../events/shopify/orders_paid_bundle.json");
const LOOSE: &str = include_str!("../../../../../events/shopify/orders_paid_loose_shapes.json");
const EDITED: &str = include_str!("../../../../../events/shopify/orders_edited.json");
const TEST_NOTIFICATION_BODY: &str = include_str!("../../../../../events/shopify/test_notification.json");
const TEST_ORDER: &str = include_str!("../../../../../events/shopify/orders_paid_test_order.json");
const REFERENCE: &str = include_str!("../../../../../events/shopify/orders_updated_reference.json");

/// What each event of one delivery says.
fn says(body: &str, topic: &str) -> Vec<OrderEvent> {
    match deliver(KIND, body.as_bytes(), topic).unwrap() {
        Outcome::Events(events) => events.into_iter().map(|(event, _)| event).collect(),
        Outcome::Nothing(reason) => panic!("nothing: {reason}"),
    }
}
