//! What storefronts and others post, how it must be answered, and what is sent again when it was not.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method};
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::Timestamp;
use reseller_hooks::webhook::{Answer, Disposition, Request};

use super::book::ShopOrder;
use super::jobs::{Done, Job, Process};
use super::scheduler::Sim;
use super::shop::{Delivery, Sender};
use super::words::{self, FORGED, SECRETS};
use crate::world::Run;

/// How long a storefront waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How old a signature with a time in it may be, and what clocks may be apart.
const TOLERANCE: Duration = Duration::from_secs(300 + 5);

impl Sim {
    /// A storefront, or somebody else, posts.
    pub(super) fn post(&mut self, at: usize) {
        self.workers += 1;
        let number = self.workers;
        let now = self.now();
        let delivery = &self.deliveries[at];
        if !delivery.sender.is_outside() && self.is_switched_off(delivery.message.kind) {
            self.tell(|| "WooCommerce has switched its webhook off, and sends nothing".to_owned());
            return;
        }
        let message = Arc::clone(&delivery.message);
        let (words, key, sender) = (delivery.words.clone(), delivery.key.clone(), delivery.sender);
        let (secret, signed_at) = match sender {
            Sender::Storefront | Sender::Useless => (SECRETS[self.keys.used(message.kind)], now),
            Sender::Forger => (FORGED, now),
            Sender::Replayer(secret, signed_at) => (SECRETS[secret], signed_at),
        };
        let (mut headers, body) = message.signed(secret, signed_at);
        if let (Sender::Replayer(..), StorefrontKind::Shopify) = (sender, message.kind) {
            headers.insert(
                "x-shopify-shop-domain",
                HeaderValue::from_static("another.myshopify.com"),
            );
        }
        self.tell(|| format!("webhook {number} gets a delivery of {key}: {words}"));
        let hook = self.hook();
        let process = Process::Hook(Arc::clone(&hook));
        let run = Run::new(async move {
            let path = message.path();
            let request = Request {
                method: &Method::POST,
                path: &path,
                headers: &headers,
                body: body.as_bytes(),
                request_id: "an-invocation",
                received_at: None,
            };
            Done::Answered(Box::new(hook.handle(request).await))
        });
        self.spawn(Job::Post(at, signed_at), 10, process, run);
    }

    pub(super) fn answered(&mut self, at: usize, answer: &Answer, begun: Timestamp, signed_at: Timestamp) {
        self.result.deliveries += 1;
        self.watch.read(&answer.line, "an answer");
        let delivery = &self.deliveries[at];
        let (sender, kind) = (delivery.sender, delivery.message.kind);
        let is_taken = answer.status().as_u16() == 200;
        if sender == Sender::Storefront && answer.disposition == Disposition::Nothing {
            delivery.message.says_nothing();
        }
        match sender {
            Sender::Storefront => {
                let is_late = begun + PATIENCE < self.now();
                let fails = if self.calm { 0 } else { self.trouble.lost_answers };
                if is_late || !is_taken || self.rng.permille(fails) {
                    self.post_again(at);
                } else if kind == StorefrontKind::Woocommerce {
                    self.failed_in_a_row = 0;
                }
                if answer.disposition == Disposition::Stored && !self.deliveries[at].message.is_heard() {
                    self.broken(format!("I7: delivery {at} is answered 200, and no queue has it"));
                }
                if !matches!(
                    answer.disposition,
                    Disposition::Stored | Disposition::Nothing | Disposition::Unverified | Disposition::Unavailable
                ) {
                    self.broken(format!(
                        "I7: the shop's delivery {at} is answered {:?}",
                        answer.disposition
                    ));
                }
            }
            Sender::Forger if is_taken => self.broken("a forged delivery is taken".to_owned()),
            Sender::Replayer(..) if is_taken && words::signs_time(kind) && signed_at + TOLERANCE < begun => {
                self.broken("a replayed delivery is taken".to_owned());
            }
            Sender::Useless
                if !matches!(
                    answer.disposition,
                    Disposition::Parked | Disposition::Unverified | Disposition::Unavailable
                ) =>
            {
                self.broken(format!(
                    "what nobody can understand is answered {:?}",
                    answer.disposition
                ));
            }
            Sender::Forger | Sender::Replayer(..) | Sender::Useless => {}
        }
    }

    /// Whether a shop sends nothing until its owner looks: after five failures in a row.
    fn is_switched_off(&self, kind: StorefrontKind) -> bool {
        kind == StorefrontKind::Woocommerce && self.failed_in_a_row >= 5 && !self.calm
    }

    /// After an outage the owner of a shop that sends nothing twice saves each order of that time once more, and moves what
    /// lay in the trash there again.
    pub(super) fn save_again(&mut self) {
        self.failed_in_a_row = 0;
        let lost: Vec<ShopOrder> = self
            .orders
            .iter()
            .filter(|order| order.has_lost_any())
            .cloned()
            .collect();
        for order in lost {
            self.tell(|| format!("the shop's owner saves {} again", order.key));
            let at = self.now() + self.rng.delay();
            let mut told: Vec<_> = order.saved_again().into_iter().map(|message| (at, message)).collect();
            let deletion = order.deletions.last().filter(|_| order.in_trash);
            told.extend(deletion.map(|deletion| (at + Duration::from_secs(600), Arc::clone(deletion))));
            for (at, message) in told {
                self.deliveries.push(Delivery {
                    at,
                    message,
                    key: order.key.clone(),
                    words: "saved again".to_owned(),
                    sender: Sender::Storefront,
                });
                self.redeliver(self.deliveries.len() - 1, at);
            }
        }
    }

    /// The storefront delivers again, after a while.
    pub(super) fn post_again(&mut self, at: usize) {
        let delivery = &self.deliveries[at];
        if delivery.sender != Sender::Storefront {
            return;
        }
        // Once all is well the owner of the shop sees to what did not come through.
        if delivery.message.kind == StorefrontKind::Woocommerce && !self.calm {
            self.failed_in_a_row += 1;
            self.tell(|| "WooCommerce does not send it again".to_owned());
            return;
        }
        let after = if self.calm {
            Duration::from_secs(90)
        } else {
            Duration::from_secs(self.rng.pick(&[1, 60, 600, 4 * 3_600]))
        };
        let again = self.now() + after;
        self.redeliver(at, again);
    }
}
