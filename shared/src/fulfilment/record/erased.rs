//! An order whose data was erased: what is kept of it is that it was, so that no later delivery brings the data back and
//! nothing is bought for it again. And when a record may end altogether.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Attempt, Kind, OrderRecord, derive};
use crate::ids::{ExternalId, PackageId};
use crate::time::Timestamp;

/// The mark. Nothing of the buyer is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// When.
    pub at: Timestamp,
    /// Who erased it, cut.
    pub by: String,
    /// Why, cut.
    pub reason: String,
    /// The packages that it had, so that the audit knows whose they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageId>,
    /// How many base products of them were alive then: they are paid for until a person cancels them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alive: BTreeMap<PackageId, u32>,
}

impl OrderRecord {
    /// The mark, where its data was erased.
    pub const fn erased(&self) -> Option<&Erased> {
        self.erased.as_ref()
    }

    /// Whether nothing is under way.
    fn is_certain(&self) -> bool {
        let is_open = |attempt: &Attempt| matches!(attempt, Attempt::InDoubt(_) | Attempt::Ambiguous);
        !self.purchases().iter().any(|purchase| is_open(purchase.attempt()))
    }

    /// Whether a package was found that does not fit its purchase, or several, and a person is shown that because the purchase
    /// is wanted.
    pub(crate) fn has_unclear_purchase(&self, entitled: &super::Entitled) -> bool {
        let mut purchases = self.purchases().iter();
        purchases.any(|purchase| *purchase.attempt() == Attempt::Ambiguous && entitled.may_buy_any(purchase))
    }

    /// Whether nothing is under way, and nothing that was bought is wanted any more: what was to be taken back is. What is
    /// unclear may be wanted, or be to be taken back, and its record is needed for both.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.has_ended_by(&super::Entitled::of(self, now))
    }

    /// The same, where it is known already what is wanted.
    pub(crate) fn has_ended_by(&self, entitled: &super::Entitled) -> bool {
        let wants = |(at, line): (usize, &super::Line)| {
            let units = entitled.keep(at);
            let mut wanted = line.numbered_runs().filter(|(first, _)| *first <= units);
            wanted.any(|(_, run)| matches!(run.plan, super::Plan::Buy(_) | super::Plan::Open))
        };
        self.is_certain() && !self.lines().iter().enumerate().any(wants)
    }

    /// Whether anything that it bought is alive at Wix, as far as is known.
    pub fn holds_something(&self) -> bool {
        let was_alive = self.erased().is_some_and(|erased| !erased.alive.is_empty());
        was_alive || self.holdings().any(|(_, _, held)| held.is_alive())
    }

    /// When something of it was told or done last.
    pub fn last_heard_of(&self) -> Timestamp {
        let happened = self.history().lines().iter().map(super::Happened::at).max();
        let told = self.desired().latest().map(|latest| latest.version.time);
        let erased = self.erased().map(|erased| erased.at);
        let times = [happened, told, erased, self.desired().first_seen_at()];
        times.into_iter().flatten().max().unwrap_or(Timestamp::EPOCH)
    }

    /// Whether its record may end: it was settled so long ago, and nothing at Wix hangs on it.
    pub fn may_end(&self, retention: Duration, now: Timestamp) -> bool {
        self.lease().is_none()
            && self.is_certain()
            && !self.holds_something()
            && self.last_heard_of() + retention <= now
    }

    /// The external ID that a package is to get back before its order's data goes; `None` where it has that. Whether one was
    /// ever tagged is not asked: while a tag is being set nobody knows which external ID the package has.
    pub(crate) fn id_without_reference(&self, id: super::PurchaseId, tag: Option<&str>) -> Option<ExternalId> {
        derive::external_id(self.key(), id).filter(|own| tag != Some(own.as_str()))
    }

    /// Whether Wix may have the storefront's reference on one of its packages.
    pub(crate) fn may_be_tagged(&self) -> bool {
        let may_be = |(purchase, held): (&super::Purchase, &super::HeldPackage)| {
            let is_known = self.reference().is_some() || held.tag().is_some();
            is_known && !held.is_gone() && self.id_without_reference(purchase.id(), held.tag()).is_some()
        };
        self.packages().any(may_be)
    }

    /// The record without anything that was said of the order.
    pub(crate) fn erase(&mut self, by: String, reason: String, at: Timestamp) {
        let packages = self.holdings().map(|(_, _, held)| held.id().clone()).collect();
        let bases = self.packages().filter(|(purchase, _)| purchase.id().kind == Kind::Base);
        let surplus = self.surplus().iter().filter(|surplus| surplus.of().kind == Kind::Base);
        let held = bases.map(|(_, held)| held).chain(surplus.map(super::Surplus::held));
        let alive = held.filter_map(|held| Some((held.id().clone(), held.count_alive()?)));
        let alive = alive.collect();
        *self = Self {
            erased: Some(Erased {
                at,
                by,
                reason,
                packages,
                alive,
            }),
            ..Self::new(self.key().clone())
        };
    }
}
