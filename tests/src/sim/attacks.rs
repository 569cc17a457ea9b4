//! What others send: orders that nobody placed, and what was seen on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::rng::Rng;
use super::shop::{Delivery, Sender};
use super::words::{self, Past, STOREFRONTS};
use crate::world::{Order, START};

/// A forged order, and something that the shop sent, seen on the way and sent once more.
pub(super) fn attacks(rng: &mut Rng, seen: &[Delivery]) -> Vec<Delivery> {
    let kind = rng.pick(&STOREFRONTS);
    let key = words::key(kind, &FORGED_ORDER.to_string());
    let order = Order::new(&key).line("1", "PLAN", 1).paid();
    let most = BTreeMap::new();
    let past = Past {
        most: &most,
        ever_paid: true,
        says_paid: true,
        refunds: &BTreeMap::new(),
        subscribed: &BTreeSet::new(),
        renews: false,
        amounts: &BTreeSet::new(),
        may_be_paid_again: false,
        clock_is_ahead: Duration::ZERO,
        cycle: None,
        odd: None,
        trial: None,
        parts: &BTreeSet::new(),
        beside: None,
    };
    let forged = Delivery {
        at: START + rng.delay(),
        message: Arc::new(words::order(kind, &order, &past)),
        key,
        words: "forged".to_owned(),
        sender: Sender::Forger,
    };
    let seen = seen
        .get(rng.index(seen.len()))
        .filter(|delivery| delivery.sender == Sender::Storefront);
    let replayed = seen.map(|delivery| Delivery {
        at: delivery.at + rng.delay(),
        words: format!("replayed: {}", delivery.words),
        sender: Sender::Replayer(0, delivery.at),
        ..delivery.clone()
    });
    replayed.into_iter().chain([forged]).collect()
}

/// An order that nobody has placed.
pub(super) const FORGED_ORDER: u32 = 66_600;
