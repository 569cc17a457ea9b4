//! The body of an invoice, in the shapes of all API versions since 2018, and what a line of it is.

use serde::Deserialize;

use super::super::super::ReceiveError;
use super::super::super::json::{Id, Lenient, Text, Units, optional_unix_seconds};
use super::super::object::{Address, List, Metadata, Price, Reference, WithAddress};
use crate::time::Timestamp;

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) id: Id,
    #[serde(default, deserialize_with = "optional_unix_seconds")]
    pub(super) created: Option<Timestamp>,
    /// The same in API versions before 2019-03-14. As Stripe renders them today they have both (observed).
    #[serde(default, deserialize_with = "optional_unix_seconds")]
    pub(super) date: Option<Timestamp>,
    pub(super) number: Text,
    pub(super) status: Text,
    /// What older API versions say in place of the status.
    pub(super) paid: Option<bool>,
    pub(super) billing_reason: Text,
    pub(super) period_start: Option<i64>,
    pub(super) period_end: Option<i64>,
    pub(super) parent: Lenient<InvoiceParent>,
    /// Where the subscription stands before API version 2025-03-31.
    pub(super) subscription: Option<Reference>,
    pub(super) subscription_details: Lenient<SubscriptionDetails>,
    /// Gone since API version 2025-03-31, as is the charge.
    pub(super) payment_intent: Option<Reference>,
    pub(super) charge: Option<Reference>,
    /// In place of the two, where it is expanded.
    pub(super) payments: Lenient<List<InvoicePayment>>,
    pub(super) customer_address: Lenient<Address>,
    pub(super) customer_shipping: Lenient<WithAddress>,
    pub(super) metadata: Metadata,
    pub(super) lines: List<InvoiceLine>,
}

#[derive(Deserialize)]
pub(super) struct InvoiceParent {
    pub(super) subscription_details: Lenient<SubscriptionDetails>,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionDetails {
    pub(super) subscription: Option<Reference>,
    pub(super) metadata: Metadata,
}

#[derive(Deserialize)]
pub(super) struct InvoiceLine {
    pub(super) id: Text,
    pub(super) amount: i64,
    /// What was added to the invoice by itself; before API version 2025-03-31.
    pub(super) invoice_item: Option<Reference>,
    pub(super) quantity: Option<Units>,
    pub(super) quantity_decimal: Text,
    pub(super) period: Lenient<Period>,
    pub(super) metadata: Metadata,
    pub(super) parent: Lenient<LineParent>,
    pub(super) pricing: Lenient<Pricing>,
    // The same before API version 2025-03-31.
    pub(super) subscription_item: Option<Reference>,
    pub(super) subscription: Option<Reference>,
    pub(super) proration: Option<bool>,
    pub(super) r#type: Text,
    pub(super) price: Option<Price>,
    pub(super) plan: Option<Price>,
}

#[derive(Deserialize)]
pub(super) struct Period {
    #[serde(default)]
    pub(super) start: i64,
}

#[derive(Deserialize)]
pub(super) struct LineParent {
    pub(super) subscription_item_details: Lenient<ItemDetails>,
    /// Something that was added to the invoice by itself, such as a fee: it has no item.
    pub(super) invoice_item_details: Lenient<ItemDetails>,
}

#[derive(Deserialize)]
pub(super) struct ItemDetails {
    pub(super) subscription_item: Option<Reference>,
    pub(super) invoice_item: Option<Reference>,
    pub(super) subscription: Option<Reference>,
    pub(super) proration: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Pricing {
    pub(super) price_details: Lenient<PriceDetails>,
}

#[derive(Deserialize)]
pub(super) struct PriceDetails {
    pub(super) price: Option<Price>,
}

/// Which payment paid which invoice: told by itself since API version 2025-05-28.
#[derive(Deserialize)]
pub(super) struct InvoicePayment {
    pub(super) invoice: Option<Reference>,
    pub(super) payment: Lenient<PaidBy>,
}

#[derive(Deserialize)]
pub(super) struct PaidBy {
    pub(super) payment_intent: Option<Reference>,
    pub(super) charge: Option<Reference>,
}

impl PaidBy {
    pub(super) fn key(&self) -> Option<&str> {
        self.payment_intent.as_ref().or(self.charge.as_ref()).map(Reference::id)
    }
}

impl Invoice {
    pub(super) fn details(&self) -> Option<&SubscriptionDetails> {
        let parent = self.parent.0.as_ref();
        parent
            .and_then(|parent| parent.subscription_details.0.as_ref())
            .or(self.subscription_details.0.as_ref())
    }

    pub(super) fn subscription(&self) -> Option<&str> {
        self.details()
            .and_then(|details| details.subscription.as_ref())
            .or(self.subscription.as_ref())
            .map(Reference::id)
    }

    /// When it was made.
    pub(super) fn created(&self) -> Result<Timestamp, ReceiveError> {
        let made = self.created.or(self.date);
        made.ok_or_else(|| {
            ReceiveError::not_understood("at data.object: the invoice does not say when it was made (`created`)")
        })
    }

    pub(super) fn is_paid(&self) -> bool {
        match self.status.as_deref() {
            Some(status) => status == "paid",
            None => self.paid == Some(true),
        }
    }

    /// Whether it is the first of its subscription. Before API version 2018-10-31 that is called `subscription_update`
    /// (documented), and earlier there is no reason at all: then the first is the one that no period has gone before.
    pub(super) fn is_first(&self, api_version: Option<&str>) -> bool {
        let nothing_before = self.period_start.is_some() && self.period_start == self.period_end;
        let bills_a_change = || {
            self.lines
                .data
                .iter()
                .any(|line| line.is_proration() || line.amount < 0)
        };
        match self.billing_reason.as_deref() {
            Some("subscription_create") => true,
            Some("subscription_update") => {
                let old = api_version.is_some_and(|version| version < "2018-10-31");
                old && !bills_a_change() && (nothing_before || self.period_start.is_none())
            }
            Some(_) => false,
            None => nothing_before && !bills_a_change(),
        }
    }
}

impl InvoiceLine {
    pub(super) fn item(&self) -> Option<&ItemDetails> {
        self.parent.0.as_ref()?.subscription_item_details.0.as_ref()
    }

    pub(super) fn extra(&self) -> Option<&ItemDetails> {
        self.parent.0.as_ref()?.invoice_item_details.0.as_ref()
    }

    pub(super) fn is_proration(&self) -> bool {
        let details = self.item().or(self.extra());
        details.and_then(|details| details.proration).or(self.proration) == Some(true)
    }

    pub(super) fn price(&self) -> Option<&Price> {
        let details = self
            .pricing
            .0
            .as_ref()
            .and_then(|pricing| pricing.price_details.0.as_ref());
        details
            .and_then(|details| details.price.as_ref())
            .or(self.price.as_ref())
            .or(self.plan.as_ref())
    }

    /// Of another subscription of the same customer.
    pub(super) fn is_of_another_than(&self, subscription: &str) -> bool {
        let details = self.item().or(self.extra());
        let named = details.and_then(|details| details.subscription.as_ref());
        named
            .or(self.subscription.as_ref())
            .is_some_and(|named| named.id() != subscription)
    }

    /// The order of a one-time price that was added to the invoice by itself: what a checkout sells beside a subscription.
    /// `None` for a part of a period, which is a line like it.
    pub(super) fn one_time(&self) -> Option<&str> {
        let added = self.extra().is_some() || self.r#type.as_deref() == Some("invoiceitem");
        let is_part = self.is_proration() || self.plan.is_some() || self.price().is_some_and(Price::recurs);
        // What names an item of the subscription is a line of it, whatever else it says.
        if !added || is_part || self.amount <= 0 || self.line().is_some() {
            return None;
        }
        let item = self.extra().and_then(|extra| extra.invoice_item.as_ref());
        let item = item.or(self.invoice_item.as_ref()).map(Reference::id);
        item.or(self.id.as_deref())
    }

    /// The subscription item; where an old line names none, the price stands for it.
    pub(super) fn line(&self) -> Option<&str> {
        let item = self.item().and_then(|item| item.subscription_item.as_ref());
        let item = item.or(self.subscription_item.as_ref()).map(Reference::id);
        let added_by_itself = self.extra().is_some() || self.r#type.as_deref() == Some("invoiceitem");
        match item {
            Some(item) => Some(item),
            None if added_by_itself => None,
            None => self.price().map(Price::id),
        }
    }

    pub(super) fn starts(&self) -> i64 {
        self.period.0.as_ref().map_or(0, |period| period.start)
    }
}
