//! A purchase: one Create Package call, what it is for, the request that it sends, and the checked moves of its life.

use serde::{Deserialize, Serialize};

use super::{Attempt, HeldPackage, InDoubt, Item, PurchaseId, RecordError, Refusal, Stage, derive};
use crate::fulfilment::settings::Settings;
use crate::ids::{AccountId, InstanceId};
use crate::order::OrderKey;
use crate::time::Timestamp;
use crate::wix::{CreatePackage, ProductInput};

/// One Create Package call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    pub(super) id: PurchaseId,
    #[serde(rename = "gen")]
    pub(super) generation: u32,
    pub(super) account: AccountId,
    pub(super) items: Vec<Item>,
    products: Vec<ProductRun>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    references: Vec<InstanceId>,
    /// It was bought by a person, and an operator said which unit it is for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_hand: bool,
    #[serde(rename = "state")]
    pub(super) attempt: Attempt,
}

/// Equal products of a request that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRun {
    /// How many.
    pub count: u32,
    /// Each of them, without its reference.
    #[serde(flatten)]
    pub product: ProductInput,
}

/// What a purchase would be, before it is begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its ID.
    pub id: PurchaseId,
    /// Raised when the same purchase must be a new call to Wix.
    pub generation: u32,
    /// The account that the package belongs to.
    pub account: AccountId,
    /// What is bought for which unit, in the order of the request's products.
    pub items: Vec<Item>,
    /// The request's products.
    pub products: Vec<ProductRun>,
    /// Of a voucher: the instance that each product names as its reference, in the order of the items.
    pub references: Vec<InstanceId>,
}

impl Draft {
    /// The purchase, about to be sent for the first time.
    pub(crate) fn begun(self, send_before: Timestamp, now: Timestamp) -> Purchase {
        self.into_purchase(InDoubt::new(Stage::FirstSend, Some(now), send_before, now))
    }

    /// The purchase, to be looked up before it is sent: a package that was created since then may be its own.
    pub(crate) fn looked_up_first(self, created_after: Option<Timestamp>, now: Timestamp) -> Purchase {
        self.into_purchase(InDoubt::new(Stage::LookedUpOnly, created_after, now, now))
    }

    fn into_purchase(self, doubt: InDoubt) -> Purchase {
        Purchase {
            id: self.id,
            generation: self.generation,
            account: self.account,
            items: self.items,
            products: self.products,
            references: self.references,
            by_hand: false,
            attempt: Attempt::InDoubt(doubt),
        }
    }

    /// A package that a person bought, as if it had been bought for the draft.
    pub(crate) fn adopted(self, held: HeldPackage, now: Timestamp) -> Purchase {
        let mut purchase = self.into_purchase(InDoubt::new(Stage::FirstSend, Some(now), now, now));
        purchase.by_hand = true;
        purchase.attempt = Attempt::Created(held);
        purchase
    }
}

impl Purchase {
    /// Its ID.
    pub const fn id(&self) -> PurchaseId {
        self.id
    }

    /// Raised when the same purchase must be a new call to Wix.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// The account that the package belongs to.
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// What is bought for which unit, in the order of the request's products.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// How many runs of equal products the request has.
    pub const fn distinct_products(&self) -> usize {
        self.products.len()
    }

    /// What was bought for the item at an index: it never changes.
    pub fn bought(&self, at: usize) -> Option<&ProductInput> {
        let mut before = 0_usize;
        let mut runs = self.products.iter();
        let run = runs.find(|run| {
            before = before.saturating_add(usize::try_from(run.count).unwrap_or(usize::MAX));
            at < before
        });
        run.map(|run| &run.product)
    }

    /// Of a voucher: the instance that each product names as its reference, in the order of the items.
    pub fn references(&self) -> &[InstanceId] {
        &self.references
    }

    /// Whether a person bought it, and an operator said which unit it is for.
    pub const fn is_by_hand(&self) -> bool {
        self.by_hand
    }

    /// What became of it.
    pub const fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// The request, the same whenever it is built: it comes from what was stored when the purchase was begun.
    pub fn request(&self, order: &OrderKey) -> Result<CreatePackage, RecordError> {
        let each = self
            .products
            .iter()
            .flat_map(|run| (0..run.count).map(|_| &run.product));
        let references = self.references.iter().map(Some).chain(std::iter::repeat(None));
        let products = each.zip(references).map(|(product, reference)| ProductInput {
            reference_product_instance_id: reference.cloned(),
            ..product.clone()
        });
        let key = derive::create_key(order, self);
        let external_id = derive::external_id(order, self.id);
        let (Some(idempotency_key), Some(external_id)) = (key, external_id) else {
            return Err(RecordError::NoRequest(self.id));
        };
        Ok(CreatePackage {
            idempotency_key,
            external_id: Some(external_id),
            products: products.collect(),
        })
    }

    /// The request goes out (again), the next time with a later generation where the same one was sent twice.
    pub(crate) fn send_again(&mut self, send_before: Timestamp, now: Timestamp) -> Result<(), RecordError> {
        let from = self.attempt.name();
        let renewed = self
            .attempt
            .doubt_mut()
            .and_then(|doubt| doubt.sent_again(send_before, now));
        match renewed {
            Some(renewed) => {
                self.generation += u32::from(renewed);
                Ok(())
            }
            None => Err(self.illegal(from, "sent again")),
        }
    }

    /// The package exists.
    pub(crate) fn created(&mut self, held: HeldPackage) -> Result<(), RecordError> {
        self.doubt_mut("created")?;
        self.attempt = Attempt::Created(held);
        Ok(())
    }

    /// Wix plainly refused it.
    pub(crate) fn refused(&mut self, refusal: Refusal) -> Result<(), RecordError> {
        self.doubt_mut("refused")?;
        self.attempt = Attempt::Refused(refusal);
        Ok(())
    }

    /// Several packages fit, or one that half fits.
    pub(crate) fn ambiguous(&mut self) -> Result<(), RecordError> {
        self.doubt_mut("ambiguous")?;
        self.attempt = Attempt::Ambiguous;
        Ok(())
    }

    /// The answer to a send says nothing certain.
    pub(crate) fn unclear(&mut self, last: Refusal, sent_at: Timestamp, look_at: Timestamp) -> Result<(), RecordError> {
        self.doubt_mut("in doubt after a send")?.unclear(last, sent_at, look_at);
        Ok(())
    }

    /// A lookup was empty.
    pub(crate) fn found_nothing(
        &mut self,
        wanted: bool,
        looked_at: Timestamp,
        settings: &Settings,
    ) -> Result<(), RecordError> {
        let dropped = self.doubt_mut("absent")?.found_nothing(wanted, looked_at, settings);
        if let Some(dropped) = dropped {
            self.attempt = dropped;
        }
        Ok(())
    }

    /// It is looked up again, whatever earlier lookups proved.
    pub(crate) fn look_again(&mut self, now: Timestamp) -> Result<(), RecordError> {
        self.doubt_mut("looked up")?.look_again(now);
        Ok(())
    }

    /// A lookup was not answered.
    pub(crate) fn back_off(&mut self, last: Refusal, now: Timestamp) -> Result<(), RecordError> {
        self.doubt_mut("put off")?.back_off(last, now);
        Ok(())
    }

    /// Some of it is wanted: the lookups of an unwanted purchase are over, and what was dropped is looked for.
    pub(crate) fn wanted(&mut self, now: Timestamp) {
        match &mut self.attempt {
            Attempt::InDoubt(doubt) => doubt.wanted(now),
            Attempt::Dropped { created_after } => {
                self.attempt = Attempt::InDoubt(InDoubt::new(Stage::FirstSend, *created_after, now, now));
            }
            Attempt::Created(_) | Attempt::Refused(_) | Attempt::Ambiguous | Attempt::Closed => {}
        }
    }

    /// An operator's retry of what is unclear: it is looked up again. After several packages, any age will do.
    pub(crate) fn retried(&mut self, replace: bool, now: Timestamp) {
        match &mut self.attempt {
            Attempt::InDoubt(doubt) if !doubt.is_closed() => doubt.retried(now),
            Attempt::Ambiguous => self.attempt = Attempt::InDoubt(InDoubt::new(Stage::SecondSend, None, now, now)),
            Attempt::Created(held) => held.retried(replace),
            Attempt::InDoubt(_) | Attempt::Refused(_) | Attempt::Dropped { .. } | Attempt::Closed => {}
        }
    }

    /// An item of which nothing exists at Wix is another purchase's from now on; whether that was the last one. Only a
    /// request that is never sent again may lose one.
    pub(crate) fn give_up(&mut self, item: Item) -> Result<bool, RecordError> {
        match self.attempt {
            Attempt::Refused(_) | Attempt::Closed => {}
            Attempt::InDoubt(_) | Attempt::Created(_) | Attempt::Ambiguous | Attempt::Dropped { .. } => {
                return Err(self.illegal(self.attempt.name(), "without an item"));
            }
        }
        let Some(at) = self.items.iter().position(|known| *known == item) else {
            return Ok(self.items.is_empty());
        };
        self.items.remove(at);
        if at < self.references.len() {
            self.references.remove(at);
        }
        let mut before = at;
        for run in &mut self.products {
            let count = usize::try_from(run.count).unwrap_or(usize::MAX);
            if before < count {
                run.count -= 1;
                break;
            }
            before -= count;
        }
        self.products.retain(|run| run.count > 0);
        Ok(self.items.is_empty())
    }

    /// One of several packages that could not be told apart, or that of a purchase in doubt, is this purchase's.
    pub(crate) fn adopt(&mut self, held: HeldPackage) -> Result<(), RecordError> {
        match self.attempt {
            Attempt::InDoubt(_) | Attempt::Ambiguous => {
                self.attempt = Attempt::Created(held);
                Ok(())
            }
            Attempt::Created(_) | Attempt::Refused(_) | Attempt::Closed | Attempt::Dropped { .. } => {
                Err(self.illegal(self.attempt.name(), "adopted"))
            }
        }
    }

    /// A person has settled it. What is in doubt stays so, to be looked up when nothing of it is wanted any more.
    pub(crate) fn close(&mut self) -> Result<(), RecordError> {
        match &mut self.attempt {
            Attempt::InDoubt(doubt) => doubt.close(),
            Attempt::Refused(_) | Attempt::Ambiguous | Attempt::Closed => self.attempt = Attempt::Closed,
            Attempt::Created(_) | Attempt::Dropped { .. } => {
                return Err(self.illegal(self.attempt.name(), "closed"));
            }
        }
        Ok(())
    }

    /// What the guard `stored_request` is there to prevent: a request of unknown outcome is built from today's catalog.
    pub(crate) fn rebuild(&mut self, products: Vec<ProductRun>) {
        self.products = products;
    }

    fn doubt_mut(&mut self, to: &'static str) -> Result<&mut InDoubt, RecordError> {
        let (id, from) = (self.id, self.attempt.name());
        let doubt = self.attempt.doubt_mut();
        doubt.ok_or(RecordError::IllegalMove { id, from, to })
    }

    const fn illegal(&self, from: &'static str, to: &'static str) -> RecordError {
        RecordError::IllegalMove { id: self.id, from, to }
    }
}
