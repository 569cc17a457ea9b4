//! A lookup: Query Packages by external ID, for a purchase of which nobody knows whether the package exists. Which
//! package is adopted, what proves an absence, and what is ambiguous.

mod beside;

use beside::{Beside, Sought};
pub(crate) use beside::{has_own, is_open, is_unsettled};

use super::caller::{Caller, Interrupt};
use super::compare::{Comparison, belongs_to_account, compare, is_over};
use crate::fulfilment::ports::{self, Wix};
use crate::fulfilment::problem::{OnClose, Problem, name};
use crate::fulfilment::record::{
    Attempt, Entitled, HeldPackage, Holder, Instance, OrderRecord, Purchase, PurchaseId, RecordError, Refusal,
};
use crate::fulfilment::settings::Settings;
use crate::fulfilment::view::View;
use crate::fulfilment::wake::Wake;
use crate::ids::{AccountId, ExternalId};
use crate::time::{Clock, Timestamp};
use crate::wix::{CreatePackage, Error, GetPackage, Operation, Package, PackageQuery};

/// An old order that the ledger does not know, and a package that has its reference.
pub(crate) const PERHAPS_BOUGHT_BEFORE: &str = "PERHAPS_BOUGHT_BEFORE";

/// A purchase in doubt that is to be looked up: until its absence is proven while it is wanted, else a few times more.
pub(crate) fn due(view: &View<'_>, settings: &Settings, wake: &mut Wake) -> Option<PurchaseId> {
    for purchase in view.record.purchases() {
        let Some(doubt) = purchase.attempt().doubt() else {
            continue;
        };
        let at = if doubt.is_given_up() {
            None
        } else if !view.entitled.may_buy_any(purchase) {
            if doubt.next_final_lookup().is_some_and(|at| wake.is_due_by_plan(at)) {
                return Some(purchase.id());
            }
            None
        } else if doubt.is_absent(settings) {
            None
        } else {
            Some(doubt.next_lookup())
        };
        if at.is_some_and(|at| wake.is_due(at)) {
            return Some(purchase.id());
        }
    }
    None
}

/// A lookup that is begun.
pub(crate) struct Begun {
    id: PurchaseId,
    account: AccountId,
    request: CreatePackage,
    external_id: ExternalId,
    /// What a lost record could have bought instead.
    sought: Option<Sought>,
}

/// Begins a lookup.
pub(crate) fn begin(record: &OrderRecord, id: PurchaseId) -> Result<Begun, RecordError> {
    let purchase = record.purchase(id)?;
    let request = purchase.request(record.key())?;
    let external_id = request.external_id.clone().ok_or(RecordError::NoRequest(id))?;
    let doubt = purchase.attempt().doubt();
    let never_sent = doubt.is_some_and(|doubt| !doubt.stage().was_sent());
    Ok(Begun {
        id,
        account: purchase.account().clone(),
        external_id,
        sought: Sought::of(record, id, never_sent),
        request,
    })
}

/// What a lookup showed.
enum Found {
    /// Nothing of this purchase.
    Nothing,
    /// Exactly one package that fits, as Get shows it, with its instances in the purchase's order.
    One(Box<Package>, Vec<Instance>),
    /// Nothing by our own ID, and something by the storefront's reference, which need not be this order's.
    PerhapsBefore,
    /// Several that fit, or one that fits in part.
    Unclear(Vec<Package>),
    /// Nothing by our own ID, and packages of this order under the IDs of purchases that the record does not have.
    Beside(Vec<Beside>),
}

/// Looks.
pub(crate) async fn send<W: Wix, C: Clock>(
    begun: Begun,
    record: &mut OrderRecord,
    caller: &mut Caller<'_, W, C>,
) -> Result<(), Interrupt> {
    let looked_at = caller.clock.now();
    match look(&begun, record, caller, looked_at).await {
        Ok(found) => {
            record.set_hold(None);
            caller.tally.packages_created += u32::from(matches!(found, Found::One(..)));
            log(record, &begun, &found);
            Ok(note(record, begun.id, found, caller.settings, looked_at)?)
        }
        Err(NoAnswer::Defect(error)) => Err(error.into()),
        Err(NoAnswer::Wix(error)) => {
            let error = caller.unanswered(record, error, &begun.account).await?;
            let now = caller.clock.now();
            Ok(record.purchase_mut(begun.id)?.back_off(Refusal::of(&error, now), now)?)
        }
    }
}

enum NoAnswer {
    Wix(Error),
    Defect(RecordError),
}

impl From<Error> for NoAnswer {
    fn from(error: Error) -> Self {
        Self::Wix(error)
    }
}

impl From<RecordError> for NoAnswer {
    fn from(error: RecordError) -> Self {
        Self::Defect(error)
    }
}

async fn look<W: Wix, C: Clock>(
    begun: &Begun,
    record: &OrderRecord,
    caller: &mut Caller<'_, W, C>,
    looked_at: Timestamp,
) -> Result<Found, NoAnswer> {
    let purchase = record.purchase(begun.id)?;
    caller.tally.wix_calls += 1;
    let query = PackageQuery::with_external_id(&begun.external_id);
    let shown = ports::find(&caller.wix, &begun.account, query).await?;
    let sorted = sort(record, purchase, &begun.external_id, shown, caller.settings);
    // As Get shows them, because queries are stale: of several, those of which anything is alive.
    let several = sorted.candidates.len() > 1;
    let mut alive = Vec::new();
    for package in sorted.candidates {
        caller.tally.wix_calls += 1;
        let package = caller
            .wix
            .send(&begun.account, &GetPackage { package: package.id })
            .await?;
        if !(several && is_over(&package)) {
            alive.push(package);
        }
    }
    if alive.is_empty() && !sorted.others {
        if let Some(sought) = &begun.sought {
            return beside::look(begun, sought, record, caller).await;
        }
        return Ok(Found::Nothing);
    }
    Ok(judge(purchase, &begun.request, alive, caller.settings, looked_at))
}

/// What the packages that are alive, or the lack of one, mean.
fn judge(
    purchase: &Purchase,
    request: &CreatePackage,
    alive: Vec<Package>,
    settings: &Settings,
    looked_at: Timestamp,
) -> Found {
    let [package] = alive.as_slice() else {
        return Found::Unclear(alive);
    };
    match compare(purchase, request, package) {
        Comparison::Fits(instances) => Found::One(Box::new(package.clone()), instances),
        Comparison::Differs if !settings.guards.adoption_check => {
            let instances = HeldPackage::whole(package, looked_at).instances().to_vec();
            Found::One(Box::new(package.clone()), instances)
        }
        // An operator has looked at what did not fit, and canceled it: it is in nobody's way any more.
        Comparison::Differs if was_reviewed(purchase) && is_over(package) => Found::Nothing,
        Comparison::Differs => Found::Unclear(alive),
        Comparison::Foreign => Found::Unclear(Vec::new()),
    }
}

/// Whether a package that carries a purchase's external ID is not what the purchase asks for.
pub(crate) fn is_odd(record: &OrderRecord, purchase: &Purchase, package: &Package) -> Result<bool, RecordError> {
    let request = purchase.request(record.key())?;
    Ok(!matches!(compare(purchase, &request, package), Comparison::Fits(_)))
}

/// Whether an operator had several packages, or an odd one, looked up again.
fn was_reviewed(purchase: &Purchase) -> bool {
    let doubt = purchase.attempt().doubt();
    doubt.is_some_and(|doubt| doubt.created_after().is_none())
}

fn is_young_enough(purchase: &Purchase, package: &Package, settings: &Settings) -> bool {
    let oldest = purchase.attempt().doubt().and_then(|doubt| doubt.created_after());
    let (Some(oldest), Some(created)) = (oldest, package.created_date) else {
        return true;
    };
    created >= oldest - settings.lease_skew
}

/// A package with the storefront's reference may be an old order's, which the ledger lost: its own external ID went when
/// it was tagged.
fn may_be_bought_before(record: &OrderRecord, purchase: &Purchase, package: &Package, settings: &Settings) -> bool {
    belongs_to_account(purchase, package) && is_young_enough(purchase, package, settings) && !record.knows(&package.id)
}

/// The packages with a purchase's external ID that nothing of the order holds.
pub(crate) struct Sorted {
    /// Those that may be the purchase's: of its account, and not older than it.
    pub(crate) candidates: Vec<Package>,
    /// Whether there are others. Nobody but us makes such an ID, so they are no proof of absence.
    others: bool,
}

/// Sorts what a query showed.
pub(crate) fn sort(
    record: &OrderRecord,
    purchase: &Purchase,
    external_id: &ExternalId,
    shown: Vec<Package>,
    settings: &Settings,
) -> Sorted {
    let mut sorted = Sorted {
        candidates: Vec::new(),
        others: false,
    };
    for package in shown {
        // A query that shows more than it was asked for: what names another ID was not made for this purchase.
        let named = package.external_id.as_deref();
        let is_anothers = named.is_some_and(|named| !named.eq_ignore_ascii_case(external_id.as_str()));
        if is_anothers && settings.guards.adoption_check {
            continue;
        }
        if is_held_elsewhere(record, purchase, &package) && settings.guards.one_package_one_purchase {
            continue;
        }
        let ours = belongs_to_account(purchase, &package) && is_young_enough(purchase, &package, settings);
        if ours || !settings.guards.adoption_check {
            sorted.candidates.push(package);
        } else {
            sorted.others |= !package.product_instances.is_empty() && !is_over(&package);
        }
    }
    sorted
}

fn is_held_elsewhere(record: &OrderRecord, purchase: &Purchase, package: &Package) -> bool {
    let mut surplus = record.surplus().iter();
    record.packages().any(|(_, held)| *held.id() == package.id)
        || surplus.any(|surplus| *surplus.held().id() == package.id && surplus.of() != purchase.id())
}

fn log(record: &OrderRecord, begun: &Begun, found: &Found) {
    let (order, external_id) = (record.key(), &begun.external_id);
    match found {
        Found::Nothing => tracing::info!(order = %order, external_id = %external_id, "no package found"),
        Found::One(package, _) => {
            tracing::info!(order = %order, package = %package.id, external_id = %external_id, "package adopted");
        }
        Found::PerhapsBefore => tracing::warn!(order = %order, "a package with the order's reference was found"),
        Found::Unclear(packages) => {
            tracing::warn!(order = %order, external_id = %external_id, packages = packages.len(), "several packages found");
        }
        Found::Beside(packages) => {
            tracing::warn!(order = %order, packages = packages.len(), "packages of the order were found that its record does not know");
        }
    }
}

/// Notes what a lookup showed.
fn note(
    record: &mut OrderRecord,
    id: PurchaseId,
    found: Found,
    settings: &Settings,
    looked_at: Timestamp,
) -> Result<(), RecordError> {
    match found {
        Found::One(package, instances) => {
            let mut held = HeldPackage::new(&package, instances, looked_at);
            held.carry_changes(&record.take_surplus(id, std::slice::from_ref(&*package)));
            record.note(looked_at, &format!("found {id}: package {}", held.id()));
            record.purchase_mut(id)?.created(held)
        }
        Found::Unclear(packages) => {
            let purchase = record.purchase_mut(id)?;
            purchase.ambiguous()?;
            record.note(looked_at, &format!("several packages, or an odd one, for {id}"));
            let before = record.take_surplus(id, &packages);
            for package in packages {
                let purchase = record.purchase(id)?;
                let (account, odd) = (purchase.account().clone(), is_odd(record, purchase, &package)?);
                let mut held = HeldPackage::whole(&package, looked_at);
                held.carry_changes(&before);
                record.add_surplus(id, &account, held, odd);
            }
            Ok(())
        }
        Found::Beside(packages) => {
            let never_sent = {
                let doubt = record.purchase(id)?.attempt().doubt();
                doubt.is_some_and(|doubt| !doubt.stage().was_sent())
            };
            record.note(
                looked_at,
                &format!("packages that the record does not know, instead of {id}"),
            );
            for Beside { of, account, package } in packages {
                record.add_surplus(of, &account, HeldPackage::whole(&package, looked_at), true);
            }
            // Nothing binds: once they are settled, what is wanted by then is drafted from scratch.
            if never_sent {
                record.forget(id).map(|_| ())
            } else {
                record.purchase_mut(id)?.ambiguous()
            }
        }
        Found::PerhapsBefore => {
            record.note(looked_at, &format!("perhaps bought before: {id}"));
            record.purchase_mut(id)?.refused(Refusal {
                operation: Operation::QueryPackages.as_str().to_owned(),
                code: PERHAPS_BOUGHT_BEFORE.to_owned(),
                request_id: None,
                at: looked_at,
            })
        }
        Found::Nothing => {
            let wanted = Entitled::of(record, looked_at).may_buy_any(record.purchase(id)?);
            record.purchase_mut(id)?.found_nothing(wanted, looked_at, settings)
        }
    }
}

/// Packages that cannot be told apart.
pub(crate) fn problem(view: &View<'_>, purchase: &Purchase) -> Option<Problem> {
    (*purchase.attempt() == Attempt::Ambiguous && view.entitled.may_buy_any(purchase)).then(|| {
        let id = purchase.id();
        let advice = "packages exist at Wix that may be this purchase and cannot be told apart, do not fit, or are another account's: see them at Wix, cancel those that are not meant, then retry the order";
        let generation = purchase.generation().to_string();
        let problem = Problem::new(name(id), "SEVERAL_PACKAGES", &[&generation], advice.to_owned());
        problem.closing(OnClose::Purchase(id))
    })
}

/// A package beside the one that a purchase holds. Without its purchase nobody can tell whether it is to be taken back.
pub(crate) fn surplus_problem(view: &View<'_>, holder: &Holder, held: &HeldPackage, of: PurchaseId) -> Option<Problem> {
    let Some(purchase) = view.record.purchase_of(holder) else {
        return held.is_alive().then(|| beside::problem(held, of));
    };
    (view.entitled.keeps_any(purchase) && held.is_alive()).then(|| {
        let advice = format!(
            "this package was created for {} of the order beside another: cancel all but one at Wix, then retry the order, or close this to keep it while the order lives",
            name(of)
        );
        Problem::new(format!("package {}", held.id()), "SURPLUS_PACKAGE", &[], advice)
    })
}
