//! `adopt`: a package that a person bought is a unit's from now on. It is checked against the unit's plan, read and
//! compared by the audit, and taken back later like any other. Nothing is bought by it.

use super::By;
use crate::fulfilment::calls::compare::{Comparison, belongs_to_account, compare};
use crate::fulfilment::derive;
use crate::fulfilment::plan;
use crate::fulfilment::record::{
    Attempt, ComponentPlan, Draft, Entitled, HeldPackage, Holder, Instance, Item, Kind, OrderRecord, Plan, ProductRun,
    Purchase, PurchaseId, RecordError,
};
use crate::ids::{AccountId, InstanceId, PackageId, SiteId};
use crate::order::LineId;
use crate::time::Timestamp;
use crate::wix::{Package, ProductInput, ProductInstance};

/// An operator's word for which unit a package is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopt {
    /// The storefront's ID of the line.
    pub line: LineId,
    /// The number of the unit, from 1.
    pub unit: u32,
    /// Wix's ID of the package.
    pub package: PackageId,
    /// Who says so, and why.
    pub who: By,
}

/// What adopting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// The package is the unit's.
    Now,
    /// It was before.
    Before,
}

/// Why a package is not taken. What it displays is the cause and the remedy, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's sentence says what it is")]
pub enum AdoptError {
    #[error("the order has no line {line} with a unit {unit}: `show` lists its lines with their plans")]
    NoSuchUnit { line: LineId, unit: u32 },
    #[error("unit {unit} of line {line} has no plan to compare the package with ({why})")]
    NotPlanned { line: LineId, unit: u32, why: &'static str },
    #[error("unit {unit} of line {line} is not wanted, or it is not clear whether it is: nothing is taken for it")]
    NotWanted { line: LineId, unit: u32 },
    #[error("the package belongs to the Wix account {is}, and the unit's plan wants {wanted}")]
    OtherAccount { is: AccountId, wanted: AccountId },
    #[error("the package's external ID {0} is that of another order of this software")]
    OtherOrder(String),
    #[error("the ledger has the package already, for the order {0}: a package is one order's only")]
    HeldByOrder(String),
    #[error("the package is already the one of {0} in this order: a package is one unit's only")]
    HeldHere(PurchaseId),
    #[error("nothing of the package is alive at Wix: there is nothing to take")]
    Ended,
    #[error("the package has the products {has}, and what unit {unit} of line {line} lacks is {lacks}")]
    Products {
        line: LineId,
        unit: u32,
        has: String,
        lacks: String,
    },
    #[error(
        "an instance of the package is on site {is}, and the plan of the unit names {wanted}: assign it there at Wix, then adopt"
    )]
    OtherSite { is: SiteId, wanted: SiteId },
    #[error(
        "{0} of the order is in doubt, so its own package may yet appear: wait until it is found or in attention, close that problem, then adopt"
    )]
    InDoubt(PurchaseId),
    #[error("several packages may be {0} of the order, and this is none of them: close that problem, then adopt")]
    Several(PurchaseId),
    #[error(
        "the record has no room for another purchase: settle the rest of the order by hand, then close its problems"
    )]
    NoRoom,
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// The account to read the package for.
pub(crate) fn account(record: &OrderRecord, adopt: &Adopt) -> Result<AccountId, AdoptError> {
    let (_, components) = unit(record, adopt)?;
    let first = components.first().map(|component| component.account.clone());
    first.ok_or_else(|| not_planned(adopt, "its plan is empty"))
}

/// Takes a package, as Get shows it, for a unit.
pub(crate) fn adopt(
    record: &mut OrderRecord,
    adopt: &Adopt,
    package: &Package,
    now: Timestamp,
) -> Result<Adopted, AdoptError> {
    let (line, components) = unit(record, adopt)?;
    if let Some(holder) = record.packages().find(|(_, held)| *held.id() == package.id) {
        let (purchase, _) = holder;
        let is_here = purchase
            .items()
            .iter()
            .any(|item| item.0 == line && item.1 == adopt.unit);
        return if is_here {
            Ok(Adopted::Before)
        } else {
            Err(AdoptError::HeldHere(purchase.id()))
        };
    }
    check(record, adopt, line, components, package, now)?;
    let Some((kind, matched)) = matched(record, line, adopt.unit, components, package) else {
        return Err(products(record, line, adopt, components, package));
    };
    // One that floats is assigned to the plan's site; one that somebody uses elsewhere is not moved by the way.
    for each in &matched {
        if let (Some(is), Some(wanted)) = (each.instance.site(), &each.product.site_id)
            && is != wanted
        {
            return Err(AdoptError::OtherSite {
                is: is.clone(),
                wanted: wanted.clone(),
            });
        }
    }
    let mut changed = record.clone();
    let id = take(&mut changed, kind, matched, package, now)?;
    if changed.purchase(id)?.is_by_hand() && plan::worst_case(&changed) > plan::MAX_PLANNED {
        return Err(AdoptError::NoRoom);
    }
    let words = format!(
        "adopted {id}: package {} for unit {} of line {} {}",
        package.id,
        adopt.unit,
        adopt.line,
        adopt.who.in_words()
    );
    changed.note(now, &words);
    *record = changed;
    Ok(Adopted::Now)
}

/// The index of the unit's line, and what is bought for the unit.
fn unit<'a>(record: &'a OrderRecord, adopt: &Adopt) -> Result<(u32, &'a [ComponentPlan]), AdoptError> {
    let mut lines = (0_u32..).zip(record.lines());
    let found = lines.find(|(_, line)| *line.id() == adopt.line);
    let plan = found.and_then(|(index, line)| Some((index, line.plan(adopt.unit)?)));
    let (index, plan) = plan.ok_or_else(|| AdoptError::NoSuchUnit {
        line: adopt.line.clone(),
        unit: adopt.unit,
    })?;
    let why = match plan {
        Plan::Buy(components) => return Ok((index, components)),
        Plan::Open => "it is planned in a moment: try again",
        Plan::NotOurs(_) => "it is not ours: release the line first, with a catalog that has its SKU",
        Plan::Held => "the order is from before not_before: release it only if it is to be bought",
        Plan::Refused { .. } => "its problem NOT_PLANNED says what to correct: then retry the order",
        Plan::Closed => "a person has closed it",
    };
    Err(not_planned(adopt, why))
}

fn not_planned(adopt: &Adopt, why: &'static str) -> AdoptError {
    AdoptError::NotPlanned {
        line: adopt.line.clone(),
        unit: adopt.unit,
        why,
    }
}

/// What must be so whatever the package has.
fn check(
    record: &OrderRecord,
    adopt: &Adopt,
    line: u32,
    components: &[ComponentPlan],
    package: &Package,
    now: Timestamp,
) -> Result<(), AdoptError> {
    if !Entitled::of(record, now).may_buy(Item(line, adopt.unit, 0)) {
        return Err(AdoptError::NotWanted {
            line: adopt.line.clone(),
            unit: adopt.unit,
        });
    }
    let wanted = components.first().map(|component| &component.account);
    if let (Some(is), Some(wanted)) = (&package.account_id, wanted)
        && is != wanted
    {
        return Err(AdoptError::OtherAccount {
            is: is.clone(),
            wanted: wanted.clone(),
        });
    }
    let named = package
        .external_id
        .as_deref()
        .and_then(|id| Some((id, derive::split(id)?.0)));
    if let Some((id, stem)) = named
        && derive::stem(record.key()).is_none_or(|own| own != stem)
    {
        return Err(AdoptError::OtherOrder(id.to_owned()));
    }
    match alive(package).next() {
        Some(_) => Ok(()),
        None => Err(AdoptError::Ended),
    }
}

fn alive(package: &Package) -> impl Iterator<Item = &ProductInstance> {
    let instances = package.product_instances.iter();
    instances.filter(|instance| !Instance::shown(instance).has_ended())
}

/// One instance of the package for an item of the unit, with the product that its plan says.
struct Match {
    item: Item,
    product: ProductInput,
    instance: Instance,
    reference: Option<InstanceId>,
}

/// What of a kind the unit lacks: each item, its product, and for a voucher the instance that it names.
fn lacking(
    record: &OrderRecord,
    line: u32,
    unit: u32,
    components: &[ComponentPlan],
    kind: Kind,
) -> Vec<(Item, ProductInput, Option<InstanceId>)> {
    let each = (0_u32..).zip(components).filter_map(|(at, component)| {
        let item = Item(line, unit, at);
        let (product, reference) = match kind {
            Kind::Base => (&component.product, None),
            Kind::Voucher => (
                &component.voucher.as_ref()?.product,
                Some(living(record, Kind::Base, item)?),
            ),
        };
        living(record, kind, item)
            .is_none()
            .then(|| (item, product.clone(), reference))
    });
    each.collect()
}

/// The instance that is alive for an item, if there is one.
fn living(record: &OrderRecord, kind: Kind, item: Item) -> Option<InstanceId> {
    let mut of_kind = record.packages().filter(|(purchase, _)| purchase.id().kind == kind);
    of_kind.find_map(|(purchase, held)| {
        let mut pairs = purchase.items().iter().zip(held.instances());
        let found = pairs.find(|(known, i)| **known == item && !i.is_replaced() && !i.has_ended() && !held.is_gone());
        found.map(|(_, instance)| instance.id().clone())
    })
}

/// Every instance that is alive is one of what the unit lacks, each of another: all base products, or all vouchers.
fn matched(
    record: &OrderRecord,
    line: u32,
    unit: u32,
    components: &[ComponentPlan],
    package: &Package,
) -> Option<(Kind, Vec<Match>)> {
    [Kind::Base, Kind::Voucher].into_iter().find_map(|kind| {
        let mut lacking = lacking(record, line, unit, components, kind);
        let mut matched = Vec::new();
        for instance in alive(package) {
            let names = instance.reference_product_instance_id.as_ref();
            let at = lacking.iter().position(|(_, product, reference)| {
                product.catalog_product_id == instance.catalog_product_id
                    && names.is_none_or(|named| Some(named) == reference.as_ref())
            })?;
            let (item, product, reference) = lacking.remove(at);
            matched.push(Match {
                item,
                product,
                instance: Instance::shown(instance),
                reference,
            });
        }
        matched.sort_by_key(|matched| matched.item);
        (!matched.is_empty()).then_some((kind, matched))
    })
}

fn products(
    record: &OrderRecord,
    line: u32,
    adopt: &Adopt,
    components: &[ComponentPlan],
    package: &Package,
) -> AdoptError {
    let has: Vec<&str> = alive(package).map(|i| i.catalog_product_id.as_str()).take(5).collect();
    let lacks = [Kind::Base, Kind::Voucher].into_iter();
    let lacks = lacks.flat_map(|kind| lacking(record, line, adopt.unit, components, kind));
    let lacks: Vec<String> = lacks
        .map(|(_, product, _)| product.catalog_product_id.to_string())
        .collect();
    let lacks = if lacks.is_empty() {
        "nothing".to_owned()
    } else {
        lacks.join(", ")
    };
    AdoptError::Products {
        line: adopt.line.clone(),
        unit: adopt.unit,
        has: has.join(", "),
        lacks,
    }
}

/// Gives the items to the package: to the purchase whose own it is, else to one of its own, which was bought by hand.
fn take(
    record: &mut OrderRecord,
    kind: Kind,
    matched: Vec<Match>,
    package: &Package,
    now: Timestamp,
) -> Result<PurchaseId, AdoptError> {
    let stands_for = |purchase: &&Purchase| {
        purchase.id().kind == kind
            && purchase
                .items()
                .iter()
                .any(|item| matched.iter().any(|m| m.item == *item))
    };
    let standing: Vec<PurchaseId> = record.purchases().iter().filter(stands_for).map(Purchase::id).collect();
    for id in standing {
        if let Some(instances) = own_instances(record, id, package)? {
            let mut held = HeldPackage::new(package, instances, now);
            let before: Vec<_> = record.take_surplus_package(&package.id).into_iter().collect();
            held.carry_changes(&before);
            held.set_tag(package.external_id.clone());
            record.purchase_mut(id)?.adopt(held)?;
            return Ok(id);
        }
        let items = matched.iter().map(|matched| matched.item);
        give_up(record, id, items)?;
    }
    let before: Vec<_> = record.take_surplus_package(&package.id).into_iter().collect();
    let account = package.account_id.clone();
    let account = account.or_else(|| Some(record.component(matched.first()?.item)?.account.clone()));
    let (id, generation) = record.next_id(kind);
    let account = account.ok_or(RecordError::NoRequest(id))?;
    let (mut items, mut products, mut instances, mut references) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Match {
        item,
        product,
        instance,
        reference,
    } in matched
    {
        items.push(item);
        products.push(ProductRun { count: 1, product });
        instances.push(instance);
        references.extend(reference);
    }
    let mut held = HeldPackage::new(package, instances, now);
    held.carry_changes(&before);
    held.set_tag(package.external_id.clone());
    let draft = Draft {
        id,
        generation,
        account,
        items,
        products,
        references,
    };
    record.add_purchase(draft.adopted(held, now));
    Ok(id)
}

/// The package's instances in the order of a purchase that is in doubt or unclear and whose own package this is; `None`
/// where it is another one, which such a purchase stands in the way of unless a person has closed it.
fn own_instances(record: &OrderRecord, id: PurchaseId, package: &Package) -> Result<Option<Vec<Instance>>, AdoptError> {
    let purchase = record.purchase(id)?;
    let fits = || -> Result<Option<Vec<Instance>>, AdoptError> {
        let request = purchase.request(record.key())?;
        let is_ours = belongs_to_account(purchase, package);
        Ok(match compare(purchase, &request, package) {
            Comparison::Fits(instances) if is_ours => Some(instances),
            Comparison::Fits(_) | Comparison::Differs | Comparison::Foreign => None,
        })
    };
    match purchase.attempt() {
        Attempt::InDoubt(doubt) => {
            let own = derive::external_id(record.key(), id);
            let named = own.is_some_and(|own| package.external_id.as_deref() == Some(own.as_str()));
            match if named { fits()? } else { None } {
                Some(instances) => Ok(Some(instances)),
                None if doubt.is_closed() => Ok(None),
                None => Err(AdoptError::InDoubt(id)),
            }
        }
        Attempt::Ambiguous => {
            let mut surplus = record.surplus().iter();
            let is_candidate = surplus.any(|surplus| surplus.of() == id && *surplus.held().id() == package.id);
            match if is_candidate { fits()? } else { None } {
                Some(instances) => Ok(Some(instances)),
                None => Err(AdoptError::Several(id)),
            }
        }
        Attempt::Dropped { .. } => Err(AdoptError::InDoubt(id)),
        Attempt::Created(_) | Attempt::Refused(_) | Attempt::Closed => Ok(None),
    }
}

/// The items are another package's from now on: what was refused for them is not asked for again, and instances that
/// ended are not replaced by anything else.
fn give_up(record: &mut OrderRecord, id: PurchaseId, items: impl Iterator<Item = Item>) -> Result<(), AdoptError> {
    for item in items {
        let purchase = record.purchase(id)?;
        let Some(at) = purchase.items().iter().position(|known| *known == item) else {
            continue;
        };
        match purchase.attempt() {
            Attempt::Created(_) => record.held_mut(&Holder::Purchase(id))?.replace(at),
            Attempt::Refused(_) | Attempt::Closed => {
                if record.purchase_mut(id)?.give_up(item)? {
                    record.retire(id)?;
                    return Ok(());
                }
            }
            Attempt::InDoubt(_) | Attempt::Ambiguous | Attempt::Dropped { .. } => {}
        }
    }
    Ok(())
}
