//! Create Package: which purchase is next, its first send and its repetitions, and what the answer, or the lack of one,
//! makes of it.
//!
//! *What is a voucher refused for its reference?* It is `INVALID_REFERENCE_PRODUCT_INSTANCE_ID`: see `not_created` and
//! [`replan_refused_vouchers`].

mod problem;

use std::time::Duration;

pub(crate) use problem::problem;

use super::caller::{Caller, Interrupt};
use super::compare::{Comparison, compare};
use super::{lookup, shift};
use crate::catalog::Catalog;
use crate::fulfilment::plan;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::{
    Draft, HeldPackage, Kind, OrderRecord, ProductRun, Purchase, PurchaseId, RecordError, Refusal, entitlements,
};
use crate::fulfilment::settings::Settings;
use crate::fulfilment::view::View;
use crate::ids::AccountId;
use crate::time::{Clock, Timestamp};
use crate::wix::{CreatePackage, Error, Failure, Operation, Package, ProductInput};

/// A voucher's reference is not valid, not alive, or used already (documented).
const INVALID_REFERENCE: &str = "INVALID_REFERENCE_PRODUCT_INSTANCE_ID";

/// Answers to a repeated create that a Wix which ignored the key gives *because the first one won*.
const FIRST_ONE_WON: [&str; 3] = [
    "PRODUCT_TYPE_ALREADY_ASSIGNED",
    "PRODUCT_LIMIT_EXCEEDED",
    INVALID_REFERENCE,
];

/// How soon after a create of unknown outcome the first lookup is tried: finding it early saves the settle time, not
/// finding it says nothing yet.
const FIRST_LOOKUP: Duration = Duration::from_secs(5);

/// Up to how many vouchers are bought one by one after Wix refused them together.
const MOST_APART: usize = 20;

/// What is next of a kind.
pub(crate) enum Due {
    /// To be bought.
    Now(Box<Draft>),
    /// To be looked up before it is bought, because the order is old, or the ledger was restored, and a lost record may have
    /// bought it. A package that was created since the time may be its own.
    AfterLookup(Draft, Timestamp),
}

/// The purchase of a kind to begin, if there is one.
pub(crate) fn due(view: &View<'_>, settings: &Settings, kind: Kind, now: Timestamp) -> Option<Due> {
    let draft = draft(view, kind)?;
    let desired = view.record.desired();
    let created = desired.created_at();
    let is_from_before = settings
        .restored
        .is_some_and(|at| created.is_none_or(|created| created < at));
    // A lost ledger may have bought other units in one package: what it bought is somewhere in the one that does not fit, and
    // nothing more is bought for the order until a person has looked.
    if is_from_before && view.record.has_unclear_purchase(&view.entitled) || lookup::is_unsettled(view, draft.id) {
        return None;
    }
    let may_be_bought =
        is_from_before || desired.first_seen_late(settings.look_first_after) || lookup::has_own(view, draft.id);
    // As long as Wix has not said what one purchase came to, its package may have what another would buy.
    let resumed = settings.restored.filter(|_| is_from_before);
    if resumed.is_some_and(|resumed| lookup::is_open(view, kind, resumed)) {
        return None;
    }
    Some(if settings.guards.lookup && may_be_bought {
        Due::AfterLookup(
            draft,
            created.unwrap_or(if is_from_before { Timestamp::EPOCH } else { now }),
        )
    } else {
        Due::Now(Box::new(draft))
    })
}

/// A purchase in doubt whose absence is proven, and that may be sent (again).
pub(crate) fn due_again(view: &View<'_>, settings: &Settings) -> Option<PurchaseId> {
    let mut purchases = view.record.purchases().iter();
    let due = purchases.find(|purchase| {
        let doubt = purchase.attempt().doubt();
        let sendable = doubt.is_some_and(|doubt| doubt.is_absent(settings) && doubt.may_be_sent());
        let is_braked = settings.braked && purchase.id().kind == Kind::Base;
        let may_be_sent = sendable && !is_braked && view.entitled.may_buy_any(purchase);
        may_be_sent && !lookup::is_unsettled(view, purchase.id())
    });
    due.map(Purchase::id)
}

/// What the next purchase of a kind would be: the items that may be bought and are ready, of the account of the first
/// of them, grouped by equal products.
pub(crate) fn draft(view: &View<'_>, kind: Kind) -> Option<Draft> {
    let switches = view.record.switches();
    let mut account: Option<&AccountId> = None;
    let mut first: Option<&ProductInput> = None;
    let (mut items, mut references) = (Vec::new(), Vec::new());
    let mut products: Vec<ProductRun> = Vec::new();
    for (item, component) in view.items_to_buy() {
        let (product, reference) = match kind {
            Kind::Base => (&component.product, None),
            Kind::Voucher => {
                let voucher = component.voucher.as_ref();
                let named = voucher.and_then(|voucher| Some((&voucher.product, view.reference(item)?)));
                let Some((product, reference)) = named else { continue };
                if !shift::is_as_planned(view, item, component) {
                    continue;
                }
                (product, Some(reference.id().clone()))
            }
        };
        if view.is_taken(kind, item) || *account.get_or_insert(&component.account) != &component.account {
            continue;
        }
        if switches.products_apart && *first.get_or_insert(product) != product {
            continue;
        }
        items.push(item);
        references.extend(reference);
        match products.last_mut().filter(|run| run.product == *product) {
            Some(run) => run.count += 1,
            None => products.push(ProductRun {
                count: 1,
                product: product.clone(),
            }),
        }
        let alone = kind == Kind::Voucher && switches.vouchers_apart;
        if alone || items.len() == CreatePackage::MAX_PRODUCTS {
            break;
        }
    }
    let account = account.filter(|_| !items.is_empty())?.clone();
    let (id, generation) = view.record.next_id(kind);
    Some(Draft {
        id,
        generation,
        account,
        items,
        products,
        references,
    })
}

/// What the guard `stored_request` is there to prevent: a request of unknown outcome is built from today's catalog.
pub(crate) fn rebuild(
    record: &mut OrderRecord,
    id: PurchaseId,
    catalog: &Catalog,
    own: &AccountId,
    now: Timestamp,
) -> Result<(), RecordError> {
    let mut bare = record.clone();
    bare.forget(id)?;
    plan::replan::open_unbought(&mut bare);
    let entitlements = entitlements(&bare, now);
    let _ = plan::freeze(&mut bare, catalog, own, &entitlements, false);
    if let Some(draft) = draft(&View::of(&bare, now), id.kind) {
        record.purchase_mut(id)?.rebuild(draft.products);
    }
    Ok(())
}

/// A create that is begun in the record.
pub(crate) struct Begun {
    id: PurchaseId,
    account: AccountId,
    request: CreatePackage,
    /// What the purchase was before; `None` for a first send.
    before: Option<Box<Purchase>>,
}

impl Begun {
    /// Takes it back: nothing reached Wix.
    pub(crate) fn undo(self, record: &mut OrderRecord) -> Result<(), RecordError> {
        record.take_back(&self.in_words());
        match self.before {
            Some(before) => record.restore(*before),
            None => record.forget(self.id).map(|_| ()),
        }
    }

    /// For a line of the history.
    fn in_words(&self) -> String {
        format!("sending {}: {} products", self.id, self.request.products.len())
    }

    /// Whether the request may have reached Wix before.
    fn is_repetition(&self) -> bool {
        let before = self.before.as_ref().and_then(|before| before.attempt().doubt());
        before.is_some_and(|doubt| doubt.stage().was_sent())
    }
}

/// Begins a purchase.
pub(crate) fn begin(
    record: &mut OrderRecord,
    draft: Draft,
    send_before: Timestamp,
    now: Timestamp,
) -> Result<Begun, RecordError> {
    let purchase = draft.begun(send_before, now);
    let begun = Begun {
        id: purchase.id(),
        account: purchase.account().clone(),
        request: purchase.request(record.key())?,
        before: None,
    };
    record.add_purchase(purchase);
    record.note(now, &begun.in_words());
    Ok(begun)
}

/// Begins a repetition of a purchase that is proven to be absent.
pub(crate) fn begin_again(
    record: &mut OrderRecord,
    id: PurchaseId,
    send_before: Timestamp,
    now: Timestamp,
) -> Result<Begun, RecordError> {
    let before = record.purchase(id)?.clone();
    record.purchase_mut(id)?.send_again(send_before, now)?;
    let begun = Begun {
        id,
        account: before.account().clone(),
        request: record.purchase(id)?.request(record.key())?,
        before: Some(Box::new(before)),
    };
    record.note(now, &begun.in_words());
    Ok(begun)
}

/// Sends a create.
pub(crate) async fn send<W: Wix, C: Clock>(
    mut begun: Begun,
    record: &mut OrderRecord,
    caller: &mut Caller<'_, W, C>,
) -> Result<(), Interrupt> {
    if caller.is_too_late() {
        return Ok(begun.undo(record)?);
    }
    if !caller.settings.guards.derived_key
        && let Ok(random) = uuid::Uuid::new_v4().to_string().parse()
    {
        begun.request.idempotency_key = random;
    }
    caller.tally.wix_calls += 1;
    let result = caller.wix.send(&begun.account, &begun.request).await;
    let now = caller.clock.now();
    let order = record.key().clone();
    match result {
        Ok(package) => {
            record.set_hold(None);
            if created(record, &begun, &package, now, now)? {
                caller.tally.packages_created += 1;
                tracing::info!(order = %order, package = %package.id, account = %begun.account, products = begun.request.products.len(), "package created");
            } else {
                caller.tally.unclear += 1;
                tracing::warn!(order = %order, package = %package.id, "Wix answered another package than was asked for");
            }
            Ok(())
        }
        Err(error) => {
            let error = caller.classify(error, &begun.account).await;
            tracing::warn!(order = %order, account = %begun.account, error = %error, failure = ?error.failure(), "package not created");
            // The secret may have been read, and a second send made after a 401, since `sent_at`: nothing of it went out
            // later than now.
            not_created(record, begun, &error, now, now)?;
            match error.failure() {
                Failure::Rejected => Ok(()),
                Failure::Unknown => {
                    caller.tally.unclear += 1;
                    Ok(())
                }
                Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                    Err(caller.hold(record, &error))
                }
            }
        }
    }
}

/// Wix answered a package. `true` when it is what was asked for.
pub(crate) fn created(
    record: &mut OrderRecord,
    begun: &Begun,
    package: &Package,
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<bool, RecordError> {
    let purchase = record.purchase(begun.id)?;
    let asked = begun.request.external_id.as_ref().map(|id| id.as_str());
    let same_id = package.external_id.is_none() || package.external_id.as_deref() == asked;
    match compare(purchase, &begun.request, package) {
        Comparison::Fits(instances) if same_id && !record.knows(&package.id) => {
            let mut held = HeldPackage::new(package, instances, now);
            if begun.is_repetition() {
                // A Wix that honours the key may answer what it answered the first time, and what became of it since shows in
                // Get alone.
                held.must_be_read();
            }
            record.purchase_mut(begun.id)?.created(held)?;
            record.note(now, &format!("created {}: package {}", begun.id, package.id));
            Ok(true)
        }
        Comparison::Fits(_) | Comparison::Differs | Comparison::Foreign => {
            let odd = Error::unknown(Operation::CreatePackage, "another package was answered");
            let refusal = Refusal {
                code: "ANOTHER_PACKAGE_ANSWERED".to_owned(),
                ..Refusal::of(&odd, now)
            };
            let purchase = record.purchase_mut(begun.id)?;
            purchase.unclear(refusal, sent_at, now + FIRST_LOOKUP)?;
            Ok(false)
        }
    }
}

/// Wix created nothing, or nobody knows.
pub(crate) fn not_created(
    record: &mut OrderRecord,
    begun: Begun,
    error: &Error,
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<(), RecordError> {
    let refusal = Refusal::of(error, now);
    match error.failure() {
        Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
            return begun.undo(record);
        }
        Failure::Unknown => {}
        Failure::Rejected if begun.is_repetition() && FIRST_ONE_WON.contains(&refusal.code.as_str()) => {}
        Failure::Rejected => {
            let purchase = record.purchase_mut(begun.id)?;
            let is_mixed = purchase.distinct_products() > 1;
            let names_an_invalid_reference = begun.id.kind == Kind::Voucher && refusal.code == INVALID_REFERENCE;
            let line = format!("refused {}: {}", begun.id, refusal.code);
            purchase.refused(refusal)?;
            record.note(now, &line);
            if names_an_invalid_reference {
                read_references(record, begun.id)?;
            } else if is_mixed && !record.switches().products_apart {
                record.switches_mut().products_apart = true;
                record.retire(begun.id)?;
            }
            return Ok(());
        }
    }
    record.note(now, &format!("no clear answer to {}: {}", begun.id, refusal.code));
    let purchase = record.purchase_mut(begun.id)?;
    purchase.unclear(refusal, sent_at, now + FIRST_LOOKUP)
}

/// The packages of a voucher purchase's references are read: one of them may be over.
fn read_references(record: &mut OrderRecord, id: PurchaseId) -> Result<(), RecordError> {
    let named = record.purchase(id)?.references().to_vec();
    for held in record.all_held_mut() {
        if held.instances().iter().any(|instance| named.contains(instance.id())) {
            held.must_be_read();
        }
    }
    Ok(())
}

/// A voucher purchase that was refused for its references is planned again once their packages were read: without those
/// that turned out to be over, or, where all seem alive (one may have been used already), each apart.
pub(crate) fn replan_refused_vouchers(record: &mut OrderRecord, now: Timestamp) -> Result<(), RecordError> {
    let is_refused = |purchase: &&Purchase| {
        let refusal = purchase.attempt().refusal();
        purchase.id().kind == Kind::Voucher && refusal.is_some_and(|refusal| refusal.code == INVALID_REFERENCE)
    };
    if !record.purchases().iter().any(|purchase| is_refused(&purchase)) {
        return Ok(());
    }
    let view = View::of(record, now);
    let mut retired = Vec::new();
    let mut apart = false;
    for purchase in record.purchases().iter().filter(is_refused) {
        let packages = record.packages().filter(|(_, held)| {
            let mut instances = held.instances().iter();
            instances.any(|instance| purchase.references().contains(instance.id()))
        });
        if packages.into_iter().any(|(_, held)| held.is_unread()) {
            continue;
        }
        let over = purchase.items().iter().any(|item| view.reference(*item).is_none());
        let several = (2..=MOST_APART).contains(&purchase.items().len());
        if over || several {
            apart |= !over;
            retired.push(purchase.id());
        }
    }
    record.switches_mut().vouchers_apart |= apart;
    retired.into_iter().try_for_each(|id| record.retire(id))
}
