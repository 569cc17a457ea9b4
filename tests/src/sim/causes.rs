//! Why a person may be shown something: each problem must have a cause in the shop's book, at Wix, or in what went wrong.

use reseller_hooks::fulfilment::attention;
use reseller_hooks::time::Clock;

use super::book::Trash;
use super::check::{Book, Stage};
use super::oddities::BAD_REFERENCE;

impl Book<'_> {
    /// I5: nothing is in attention without a cause, and after a retry only what nobody has cured.
    pub(super) fn attention(&self, stage: Stage) -> Vec<String> {
        let wix = self.world.look();
        let problems = attention(self.record, &self.world.settings, self.world.clock.now());
        let is_retried = matches!(stage, Stage::Retried | Stage::Replaced);
        let unexplained = |code: &str| match code {
            // The order itself asks for what cannot be.
            "NOT_PLANNED" => {
                let in_bundle = |(line, sku): (&String, &String)| sku == "T-SHIRT" && self.order.parts.contains(line);
                !self.order.skus.values().any(|sku| sku == "SITED") && !self.order.skus.iter().any(in_bundle)
            }
            // Two orders, or two lines, on one site.
            "PRODUCT_TYPE_ALREADY_ASSIGNED" | "MULTIPLE_PRODUCT_ASSIGNMENTS" | "INSTANCE_CANCELED" => false,
            // A reference can be named once: what replaces a canceled voucher has none.
            "INVALID_REFERENCE_PRODUCT_INSTANCE_ID" if is_retried => !wix
                .instances()
                .any(|(_, i)| i.reference.is_some() && !i.status.is_alive()),
            "REFUND_UNCLEAR" => !self.order.is_amount_refunded(),
            "TRASH_UNCLEAR" => !matches!(self.order.trash(), Trash::Unclear | Trash::Any),
            "UNPAID_CHANGE" => !self.order.is_unbilled(),
            // In the end every state that was told has come.
            "ITEM_NOT_HEARD" => true,
            "PAID_AGAIN" => !self.order.is_paid_again(),
            "PAYMENT_UNCLEAR" => !self.order.is_payment_unclear(),
            "REFUND_FAILED" => self.order.meaning.failed.is_empty() && !self.order.billing.is_refund_failed(),
            "RENEWAL_UNCLEAR" | "QUANTITY_UNCLEAR" | "SUBSCRIPTION_UNNAMED" | "LINES_LOST" | "ITEMS_NOT_READ" => {
                !self.order.shows(code)
            }
            "FIRST_HEARD_BY_RENEWAL" => !self.order.is_beginning_unheard(),
            "REFERENCE_REFUSED" => self.order.reference.as_deref() != Some(BAD_REFERENCE),
            "COLLECTION_PAUSED"
            | "CYCLE_REVERSED"
            | "DISPUTE_INQUIRY"
            | "INVOICE_NOT_READ"
            | "PAID_IN_PART"
            | "REFUND_OF_UNKNOWN_SUBSCRIPTION" => !self.order.meaning.notices.contains(code),
            "DISPUTE_OPEN" | "DISPUTE_LOST" => !self.order.meaning.is_disputed(),
            "STATES_DISAGREE" => !self.order.disagrees(),
            // No line of the order is left that it could mean.
            "END_UNCLEAR" => self.order.meaning.is_alive(),
            // The subscription was told alive, and with more than the order has by now.
            "SUBSCRIPTION_CHANGED" => !self.order.meaning.is_alive(),
            // What WooCommerce cancels can come back, and is over until then.
            "PAID_AFTER_END" if self.order.key.starts_with("woocommerce/") => self.order.meaning.is_alive(),
            "PAID_AFTER_END" => {
                !self.order.meaning.has_ended() && !self.order.meaning.notices.contains("PAID_AFTER_END")
            }
            // A line that is planned by the retry is looked up first, and careless queries show what is anybody's.
            "PERHAPS_BOUGHT_BEFORE" => is_retried && !self.world.careless,
            // A plain retry replaces nothing.
            "INSTANCE_FAILED" => stage == Stage::Replaced,
            "AWAITING_ACTION" => {
                let is_waiting = |status: &str| !matches!(status, "PENDING" | "ENABLED" | "CANCELED" | "FAILED");
                // After a month it is read when somebody retries.
                let is_given_up = !is_retried && self.world.entry(&self.order.key).due_at.is_none();
                !is_given_up && !wix.instances().any(|(_, i)| is_waiting(i.status.as_str()))
            }
            "SITE_CHANGED" => self.order.old_sites.is_empty(),
            "SEVERAL_PACKAGES" | "SURPLUS_PACKAGE" | "PACKAGE_GONE" | "NOT_MAPPED" => true,
            _ => is_retried || stage == Stage::Closed,
        };
        problems
            .iter()
            .filter(|problem| unexplained(&problem.code))
            .map(|problem| format!("I5: attention without a cause: {problem:?}"))
            .collect()
    }
}
