//! A purchase: what goes into it, the request that it sends, and which package is its own.

use std::collections::HashSet;

use super::derive;
use super::record::{Done, Instance, Item, Kind, OrderRecord, ProductRun, Purchase, PurchaseState, Unknown};
use crate::ids::{AccountId, InstanceId};
use crate::time::Timestamp;
use crate::wix::{CreatePackage, Package, ProductInput, ProductInstance, Status};

impl OrderRecord {
    /// The instance of an item that is bought, with its purchase's package.
    pub fn instance(&self, kind: Kind, item: Item) -> Option<&Instance> {
        self.packages()
            .filter(|(purchase, _)| purchase.kind == kind)
            .find_map(|(purchase, done)| {
                purchase
                    .items
                    .iter()
                    .zip(&done.instances)
                    .find(|(held, instance)| **held == item && !instance.given_up)
                    .map(|(_, instance)| instance)
            })
    }

    /// The items that a purchase of this kind stands for already, whatever became of it.
    pub(crate) fn taken(&self, kind: Kind) -> HashSet<Item> {
        let mut taken = HashSet::new();
        for purchase in self.actual.purchases.iter().filter(|purchase| purchase.kind == kind) {
            match &purchase.state {
                PurchaseState::Done(done) => taken.extend(
                    purchase
                        .items
                        .iter()
                        .zip(&done.instances)
                        .filter(|(_, i)| !i.given_up)
                        .map(|(item, _)| *item),
                ),
                PurchaseState::Unknown(_)
                | PurchaseState::Refused(_)
                | PurchaseState::Ambiguous
                | PurchaseState::Dropped { .. } => taken.extend(purchase.items.iter().copied()),
            }
        }
        taken
    }

    /// The next purchase of a kind to begin, if there is one: the items that are wanted and ready, of the account of
    /// the first of them, grouped by equal products.
    pub(crate) fn draft(&self, kind: Kind, now: Timestamp, earliest: Timestamp) -> Option<Purchase> {
        let taken = self.taken(kind);
        let mut account = None;
        let mut items: Vec<(ProductInput, Item)> = Vec::new();
        let mut references = Vec::new();
        for item in self.wanted_items() {
            if taken.contains(&item) {
                continue;
            }
            let Some(component) = self.component(item) else {
                continue;
            };
            let product = match kind {
                Kind::Base => &component.product,
                Kind::Voucher => match &component.voucher {
                    Some(voucher) => &voucher.product,
                    None => continue,
                },
            };
            let reference = match kind {
                Kind::Base => None,
                Kind::Voucher => match self
                    .instance(Kind::Base, item)
                    .filter(|base| is_alive_reference(base) && !self.is_gone(Kind::Base, item))
                {
                    Some(base) => Some(base.id.clone()),
                    None => continue,
                },
            };
            if *account.get_or_insert_with(|| component.account.clone()) != component.account {
                continue;
            }
            let other = items.first().is_some_and(|(first, _)| first != product);
            if other && self.actual.products_apart {
                continue;
            }
            items.push((product.clone(), item));
            references.extend(reference);
            let alone = kind == Kind::Voucher && self.actual.vouchers_apart;
            if alone || items.len() == CreatePackage::MAX_PRODUCTS {
                break;
            }
        }
        let account = account?;
        if items.is_empty() {
            return None;
        }
        let (ordinal, generation) = self.next_ordinal(kind);
        let mut products: Vec<ProductRun> = Vec::new();
        for (product, _) in &items {
            match products.last_mut().filter(|run| run.product == *product) {
                Some(run) => run.count += 1,
                None => products.push(ProductRun {
                    count: 1,
                    product: product.clone(),
                }),
            }
        }
        Some(Purchase {
            kind,
            ordinal,
            generation,
            account,
            items: items.into_iter().map(|(_, item)| item).collect(),
            products,
            references,
            state: PurchaseState::Unknown(Unknown {
                earliest,
                send_before: now,
                sends: 0,
                renewed: false,
                empty: 0,
                farewells: 0,
                look_at: now,
                last: None,
                put_off: None,
            }),
        })
    }

    /// The first ordinal that no purchase has, and the generation that it was not used with.
    fn next_ordinal(&self, kind: Kind) -> (u32, u32) {
        let used: HashSet<u32> = self
            .actual
            .purchases
            .iter()
            .filter(|p| p.kind == kind)
            .map(|purchase| purchase.ordinal)
            .collect();
        let ordinal = (1..).find(|ordinal| !used.contains(ordinal)).unwrap_or(u32::MAX);
        let retired = self
            .actual
            .retired
            .iter()
            .filter(|retired| retired.kind == kind && retired.ordinal == ordinal);
        (
            ordinal,
            retired.map(|retired| retired.generation).max().unwrap_or(0) + 1,
        )
    }

    /// The request of a purchase, the same whenever it is built: it comes from what was stored when it was begun.
    /// `None` only where no ID can be derived, which no order key leads to.
    pub fn request(&self, purchase: &Purchase) -> Option<CreatePackage> {
        let each = purchase
            .products
            .iter()
            .flat_map(|run| (0..run.count).map(|_| &run.product));
        let references = purchase.references.iter().map(Some).chain(std::iter::repeat(None));
        let products = each.zip(references).map(|(product, reference)| ProductInput {
            reference_product_instance_id: reference.cloned(),
            ..product.clone()
        });
        Some(CreatePackage {
            idempotency_key: derive::create_key(&self.key, purchase)?,
            external_id: Some(derive::external_id(&self.key, purchase.kind, purchase.ordinal)?),
            products: products.collect(),
        })
    }

    /// Whether any unit of a purchase is wanted.
    pub fn wants_any(&self, purchase: &Purchase) -> bool {
        purchase.items.iter().any(|item| self.wants(*item))
    }

    /// How a package looks beside what a purchase asked for.
    pub(crate) fn compare(&self, purchase: &Purchase, request: &CreatePackage, package: &Package) -> Comparison {
        if package
            .account_id
            .as_ref()
            .is_some_and(|account| *account != purchase.account)
        {
            return Comparison::Foreign;
        }
        match match_instances(request, &package.product_instances) {
            Some(instances) => Comparison::Fits(instances),
            None => Comparison::Differs,
        }
    }
}

impl Purchase {
    /// Whether an operator had it looked up again after several packages were found, or an odd one: then any age will do.
    pub(crate) fn was_unclear(&self) -> bool {
        matches!(&self.state, PurchaseState::Unknown(unknown) if unknown.earliest == Timestamp::EPOCH)
    }
}

/// How a package looks beside what was asked for.
pub(crate) enum Comparison {
    /// It belongs to another account.
    Foreign,
    /// The account agrees, the products do not.
    Differs,
    /// It is what was asked for: the instances in the order of the request's products.
    Fits(Vec<Instance>),
}

/// Whether an instance can be named as a reference now: `PENDING` or `ENABLED` (documented; prose says "ACTIVE").
pub(crate) fn is_alive_reference(instance: &Instance) -> bool {
    match instance.status {
        Status::Pending | Status::Enabled => true,
        Status::Canceled | Status::Failed | Status::AwaitingAction | Status::Unknown(_) => false,
    }
}

/// Gives each product of a request one of the package's instances: equal as multisets of products (and of references,
/// where the answer names them). Among equal ones those that agree on the site come first.
fn match_instances(request: &CreatePackage, shown: &[ProductInstance]) -> Option<Vec<Instance>> {
    if request.products.len() != shown.len() {
        return None;
    }
    let mut by_product: std::collections::HashMap<&str, Vec<&ProductInstance>> = std::collections::HashMap::new();
    for instance in shown {
        by_product
            .entry(instance.catalog_product_id.as_str())
            .or_default()
            .push(instance);
    }
    let mut matched: Vec<Option<Instance>> = vec![None; request.products.len()];
    // The picky ones choose first: references, then sites, then whoever is left.
    type Rule = fn(&ProductInput, &ProductInstance) -> bool;
    let rules: [Rule; 3] = [
        |wanted, shown| {
            wanted.reference_product_instance_id.is_some()
                && shown.reference_product_instance_id == wanted.reference_product_instance_id
        },
        |wanted, shown| reference_agrees(wanted, shown) && shown.site_id == wanted.site_id,
        reference_agrees,
    ];
    for rule in rules {
        for (product, slot) in request
            .products
            .iter()
            .zip(matched.iter_mut())
            .filter(|(_, slot)| slot.is_none())
        {
            let candidates = by_product.get_mut(product.catalog_product_id.as_str())?;
            // From the end, so that a run of equal ones costs one comparison each.
            if let Some(at) = candidates.iter().rposition(|shown| rule(product, shown)) {
                *slot = Some(instance_of(candidates.swap_remove(at)));
            }
        }
    }
    matched.into_iter().collect()
}

fn reference_agrees(wanted: &ProductInput, shown: &ProductInstance) -> bool {
    shown.reference_product_instance_id.is_none()
        || shown.reference_product_instance_id == wanted.reference_product_instance_id
}

/// What the record keeps of an instance that Wix shows.
pub(crate) fn instance_of(shown: &ProductInstance) -> Instance {
    Instance {
        id: shown.instance_id.clone(),
        site: shown.site_id.clone(),
        status: short(shown.status.clone()),
        changes: 0,
        begun: None,
        refused: None,
        given_up: false,
    }
}

/// An unknown status is cut, so that the record's size stays within what was computed for it.
pub(crate) fn short(status: Status) -> Status {
    match status {
        Status::Unknown(text) => Status::Unknown(text.chars().take(16).collect()),
        known @ (Status::Pending | Status::Enabled | Status::Canceled | Status::Failed | Status::AwaitingAction) => {
            known
        }
    }
}

/// Whether nothing of a package costs money or can be used any more. An answer that shows no instances says nothing.
pub(crate) fn is_over(package: &Package) -> bool {
    let mut instances = package.product_instances.iter();
    instances.len() > 0 && instances.all(|instance| instance_of(instance).ended())
}

/// A package that was found or answered, as a purchase holds it.
pub(crate) fn done(package: &Package, instances: Vec<Instance>, now: Timestamp) -> Done {
    Done {
        package: package.id.clone(),
        instances,
        tag: None,
        tag_refused: None,
        recheck: None,
        created_at: package.created_date.unwrap_or(now),
        read: false,
        doubt: None,
        gone: false,
        put_off: None,
        replace: false,
    }
}

/// A package that no purchase holds, with all that it has.
pub(crate) fn whole(package: &Package, now: Timestamp) -> Done {
    done(
        package,
        package.product_instances.iter().map(instance_of).collect(),
        now,
    )
}

/// Where an instance stands in the actual state: in a purchase or in a surplus package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Index into the purchases, or into the surplus packages.
    pub holder: Holder,
    /// Index into its instances.
    pub at: usize,
    /// The account to call for.
    pub account: AccountId,
    /// The instance.
    pub instance: InstanceId,
}

/// Who holds a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A purchase, by its index.
    Purchase(usize),
    /// A surplus package, by its index.
    Surplus(usize),
}

impl OrderRecord {
    /// The package of a holder.
    pub(crate) fn held(&self, holder: Holder) -> Option<&Done> {
        match holder {
            Holder::Purchase(at) => match &self.actual.purchases.get(at)?.state {
                PurchaseState::Done(done) => Some(done),
                PurchaseState::Unknown(_)
                | PurchaseState::Refused(_)
                | PurchaseState::Ambiguous
                | PurchaseState::Dropped { .. } => None,
            },
            Holder::Surplus(at) => self.actual.surplus.get(at).map(|surplus| &surplus.done),
        }
    }

    /// The same, to be changed.
    pub(crate) fn held_mut(&mut self, holder: Holder) -> Option<&mut Done> {
        match holder {
            Holder::Purchase(at) => match &mut self.actual.purchases.get_mut(at)?.state {
                PurchaseState::Done(done) => Some(done),
                PurchaseState::Unknown(_)
                | PurchaseState::Refused(_)
                | PurchaseState::Ambiguous
                | PurchaseState::Dropped { .. } => None,
            },
            Holder::Surplus(at) => self.actual.surplus.get_mut(at).map(|surplus| &mut surplus.done),
        }
    }

    /// Every holder of a package, with the account to call for.
    pub(crate) fn holders(&self) -> Vec<(Holder, AccountId)> {
        let purchases = self.actual.purchases.iter().enumerate().filter_map(|(at, purchase)| {
            let holder = Holder::Purchase(at);
            self.held(holder).map(|_| (holder, purchase.account.clone()))
        });
        let surplus = self
            .actual
            .surplus
            .iter()
            .enumerate()
            .map(|(at, surplus)| (Holder::Surplus(at), surplus.account.clone()));
        purchases.chain(surplus).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_shows_no_instances_is_not_taken_for_one_that_is_over() {
        let shown = |instances: &str| -> Package {
            let json = format!(r#"{{"id":"6e789e6a-a1b9-45f4-9ea5-9f2878e51fb5","productInstances":[{instances}]}}"#);
            serde_json::from_str(&json).unwrap()
        };
        let instance = |status: &str| {
            format!(
                r#"{{"instanceId":"da9b5a2b-1f58-4edc-945a-bef83710ec97","catalogProductId":"00ba7923-2655-402a-852d-2b2100568bcf","status":"{status}"}}"#
            )
        };
        assert!(is_over(&shown(&instance("CANCELED"))));
        assert!(!is_over(&shown(&instance("ENABLED"))));
        assert!(!is_over(&shown("")));
    }
}
