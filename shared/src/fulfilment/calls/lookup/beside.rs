//! What an order may have at Wix beside the purchase that is looked up: a ledger that was lost, or another one, may have
//! bought the same units under other numbers than this record gives them now (it was refused before, edited, or bought
//! from another catalog). So before anything is bought that the record never sent, the order's packages are asked for by
//! every external ID that they could have.

use super::{Begun, Found, NoAnswer, may_be_bought_before};
use crate::fulfilment::calls::caller::Caller;
use crate::fulfilment::ports::{self, Wix};
use crate::fulfilment::problem::Problem;
use crate::fulfilment::record::{
    Absence, Attempt, HeldPackage, InDoubt, Kind, OrderRecord, PurchaseId, Surplus, derive,
};
use crate::fulfilment::view::View;
use crate::ids::{AccountId, ExternalId};
use crate::time::{Clock, Timestamp};
use crate::wix::{GetPackage, Package, PackageQuery};

/// Up to which number an order's purchases of one kind are asked for. Two lists of them go into one query.
const NUMBERS: u32 = 49;

/// A package of the order that no purchase of the record stands for.
pub(crate) struct Beside {
    pub(super) of: PurchaseId,
    pub(super) account: AccountId,
    pub(super) package: Package,
}

/// The external IDs that other purchases of the order could have.
pub(super) struct Sought {
    derived: Vec<(ExternalId, PurchaseId)>,
    /// With the storefront's reference, which need not be this order's alone: this purchase's own first.
    tags: Vec<ExternalId>,
}

impl Sought {
    /// Of a restored record all that could stand for units of the purchase's kind, of an old order's that was never sent its
    /// own reference.
    pub(super) fn of(record: &OrderRecord, id: PurchaseId, never_sent: bool) -> Option<Self> {
        let reference = record.reference().filter(|_| !record.switches().reference_is_anothers);
        if !record.is_restored() {
            let tag = reference.filter(|_| never_sent)?;
            return Some(Self {
                derived: Vec::new(),
                tags: derive::tag(tag, id).into_iter().collect(),
            });
        }
        let numbers = || (1..=NUMBERS).map(|number| id.kind.number(number));
        // What has a package, or may have one, looks after it itself. What an operator adopted has another one than its number's.
        let looks = |other: PurchaseId| {
            let other = record.purchase(other).ok().filter(|other| !other.is_by_hand());
            other.is_some_and(|other| !matches!(other.attempt(), Attempt::Refused(_) | Attempt::Closed))
        };
        let derived = numbers().filter(|other| *other != id && !looks(*other));
        Some(Self {
            derived: derived
                .filter_map(|other| Some((derive::external_id(record.key(), other)?, other)))
                .collect(),
            tags: reference
                .into_iter()
                .flat_map(|text| {
                    let others = numbers().filter(|other| *other != id);
                    std::iter::once(id)
                        .chain(others)
                        .filter_map(|each| derive::tag(text, each).ok())
                })
                .collect(),
        })
    }

    fn query(&self) -> PackageQuery {
        PackageQuery::with_external_ids(self.derived.iter().map(|(id, _)| id).chain(&self.tags))
    }

    /// Which purchase of the order a package was made for, by its external ID.
    fn purchase_of(&self, package: &Package) -> Option<PurchaseId> {
        let named = package.external_id.as_deref()?;
        let mut derived = self.derived.iter();
        let found = derived.find(|(id, _)| id.as_str().eq_ignore_ascii_case(named));
        found.map(|(_, purchase)| *purchase)
    }

    fn has_tag(&self, package: &Package) -> bool {
        // What a query shows without its external ID was asked for by it.
        let named = package.external_id.as_deref();
        named.is_none_or(|named| self.tags.iter().any(|tag| tag.as_str().eq_ignore_ascii_case(named)))
    }
}

/// Looks for packages of the order under other IDs than the purchase's own.
pub(super) async fn look<W: Wix, C: Clock>(
    begun: &Begun,
    sought: &Sought,
    record: &OrderRecord,
    caller: &mut Caller<'_, W, C>,
) -> Result<Found, NoAnswer> {
    let purchase = record.purchase(begun.id)?;
    caller.tally.wix_calls += 1;
    let shown = ports::find(&caller.wix, &begun.account, sought.query()).await?;
    let (mut beside, mut has_tagged) = (Vec::new(), false);
    for package in shown.into_iter().filter(|package| !record.knows(&package.id)) {
        if let Some(of) = sought.purchase_of(&package) {
            let account = package.account_id.clone().unwrap_or_else(|| begun.account.clone());
            caller.tally.wix_calls += 1;
            // As Get shows it, because queries are stale. What has ended is in nobody's way.
            let get = GetPackage { package: package.id };
            let package = caller.wix.send(&account, &get).await?;
            if HeldPackage::whole(&package, caller.clock.now()).is_alive() {
                beside.push(Beside { of, account, package });
            }
        } else if sought.has_tag(&package) {
            has_tagged |= may_be_bought_before(record, purchase, &package, caller.settings);
        }
    }
    Ok(match (beside.is_empty(), has_tagged) {
        (false, _) => Found::Beside(beside),
        (true, true) => Found::PerhapsBefore,
        (true, false) => Found::Nothing,
    })
}

/// Whether the order has a package of a purchase's kind, under another number, of which nobody knows what it stands for: as
/// long as it is alive nothing more of the kind is bought, because the package may be just that. Closing its problem changes
/// nothing: that never buys.
pub(crate) fn is_unsettled(view: &View<'_>, id: PurchaseId) -> bool {
    let mut odd = odd(view).filter(|of| of.kind == id.kind);
    odd.any(|of| of != id)
}

/// Whether such a package has the purchase's own number: the lookup says whether it is what the purchase asks for.
pub(crate) fn has_own(view: &View<'_>, id: PurchaseId) -> bool {
    odd(view).any(|of| of == id)
}

fn odd<'a>(view: &View<'a>) -> impl Iterator<Item = PurchaseId> + use<'a> {
    let surplus = view.record.surplus().iter();
    let odd = surplus.filter(|surplus| surplus.is_odd() && surplus.held().is_alive());
    odd.map(Surplus::of)
}

/// Whether it is yet to be seen what became of a purchase of this kind that a lost record may have bought with other units:
/// one that was never sent, or that was sent before the restored ledger was resumed.
pub(crate) fn is_open(view: &View<'_>, kind: Kind, resumed: Timestamp) -> bool {
    let mut purchases = view.record.purchases().iter();
    purchases.any(|purchase| {
        let doubt = purchase.attempt().doubt().filter(|doubt| !doubt.is_closed());
        let is_unseen = |doubt: &InDoubt| doubt.absence() != Absence::Proven;
        let is_lost = |doubt: &InDoubt| {
            let was_sent = doubt.stage().was_sent();
            !was_sent || doubt.send_before() <= resumed
        };
        // What nobody wants and is not asked for any more is not shown either: it holds up nothing.
        let is_asked = |doubt: &InDoubt| !doubt.is_given_up() || view.entitled.may_buy_any(purchase);
        purchase.id().kind == kind && doubt.is_some_and(|doubt| is_unseen(doubt) && is_lost(doubt) && is_asked(doubt))
    })
}

/// A package of the order that no purchase stands for.
pub(super) fn problem(held: &HeldPackage, of: PurchaseId) -> Problem {
    let what = match of.kind {
        Kind::Base => "packages",
        Kind::Voucher => "voucher packages",
    };
    let advice = format!(
        "Wix has this package of the order and the record does not know what it was bought for (a restored ledger lacks what came after its backup): no more {what} are bought for the order. Adopt it for its unit, or cancel it at Wix, then retry the order; or close this if nothing more is to be bought"
    );
    // Another problem than that of a package beside its purchase's own: closing one does not close the other.
    let stands_on = ["without a purchase"];
    Problem::new(format!("package {}", held.id()), "SURPLUS_PACKAGE", &stands_on, advice)
}
