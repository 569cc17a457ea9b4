//! What becomes of WooCommerce's bodies, one by one.

mod door;
mod lines;
mod payment;
mod subscriptions;

use http::HeaderMap;
use serde_json::json;

use super::super::testing::{
    NOW, deliver, event, header_map, nothing, parked, received, secret, shops, signed, snapshot, units, with,
};
use super::super::{InvalidKey, Key, OrderQueue, Outcome, Suborders, receive};
use super::*;
use crate::order::{Covers, Ended, Item, MissingSku, Paid};

const KIND: StorefrontKind = StorefrontKind::Woocommerce;
const PROCESSING: &str = include_str!("../../../../../events/woocommerce/order_updated_processing.json");
const PENDING: &str = include_str!("../../../../../events/woocommerce/order_created_pending.json");
const BY_HAND: &str = include_str!("../../../../../events/woocommerce/order_updated_completed_by_hand.json");
const CASH: &str = include_str!("../../../../../events/woocommerce/order_updated_cash_on_delivery.json");
const CANCELLED: &str = include_str!("../../../../../events/woocommerce/order_updated_cancelled.json");
const REFUNDED: &str = include_str!("../../../../../events/woocommerce/order_updated_refunded.json");
const PARTIAL: &str = include_str!("../../../../../events/woocommerce/order_updated_partial_refund.json");
const DELETED: &str = include_str!("../../../../../events/woocommerce/order_deleted.json");
const REST_ERROR: &str = include_str!("../../../../../events/woocommerce/rest_error.json");
const PING: &str = include_str!("../../../../../events/woocommerce/ping.txt");

/// A sample with members replaced, as JSON.
fn edited(sample: &str, edits: &[(&str, serde_json::Value)]) -> Vec<u8> {
    let mut body: serde_json::Value = serde_json::from_str(sample).unwrap();
    for (pointer, value) in edits {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    body.to_string().into_bytes()
}

fn changed(pointer: &str, value: serde_json::Value) -> Vec<u8> {
    edited(PROCESSING, &[(pointer, value)])
}

const SUBSCRIPTION: &str = include_str!("../../../../../events/woocommerce/subscription_updated_cancelled.json");

/// The statements of a subscription's delivery, each with its key.
fn statements(body: &[u8], topic: &str) -> Vec<(String, Statement)> {
    match deliver(KIND, body, topic).unwrap() {
        Outcome::Events(events) => events
            .into_iter()
            .map(|(event, _)| (event.key.to_string(), event.says))
            .collect(),
        Outcome::Nothing(reason) => panic!("{reason}"),
    }
}

fn subscription(edits: &[(&str, serde_json::Value)]) -> Vec<(String, Statement)> {
    statements(&edited(SUBSCRIPTION, edits), "subscription.updated")
}
