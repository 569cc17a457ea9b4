//! A slice of the packages at Wix, in little memory: of each package and instance only what is compared, in a few
//! dozen bytes. A package may have a thousand instances, so a slice is bounded by what it holds and not by its pages.

use std::hash::{DefaultHasher, Hash, Hasher};

use uuid::Uuid;

use crate::fulfilment::derive;
use crate::ids::{AccountId, CatalogProductId, PackageId, SiteId};
use crate::time::Timestamp;
use crate::wix::{BillingInfo, Package, Status};

/// A GUID in 16 bytes.
pub(super) type Id = [u8; 16];

/// The bytes of a GUID's text. Our IDs are checked where they enter, so that none ends as zeroes.
pub(super) fn id(guid: &str) -> Id {
    Uuid::try_parse(guid).unwrap_or_default().into_bytes()
}

fn text(id: Id) -> String {
    Uuid::from_bytes(id).hyphenated().to_string()
}

/// What the external IDs of one order's packages have in common, as a number: good to find candidates, no proof.
pub(super) fn stem_number(stem: &str) -> u64 {
    number(stem)
}

/// A product and its billing as a number.
pub(super) fn spec_number(product: &CatalogProductId, billing: Option<&BillingInfo>) -> u32 {
    short(&(product, billing))
}

/// A site as a number that is not 0.
pub(super) fn site_number(site: Option<&SiteId>) -> u32 {
    site.map_or(0, |site| short(site).max(1))
}

fn number<T: Hash + ?Sized>(of: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Short, because there may be a hundred thousand: two that differ are taken for equal once in four billion times.
fn short<T: Hash + ?Sized>(of: &T) -> u32 {
    u32::try_from(number(of) >> 32).unwrap_or(u32::MAX)
}

/// A package as a query showed it.
#[derive(Debug, Clone, Copy)]
struct Shown {
    id: Id,
    account: Id,
    created: Timestamp,
    /// Of its external ID, where that is one of ours.
    stem: Option<u64>,
    first: u32,
    count: u32,
    known: bool,
}

/// An instance as a query showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShownInstance {
    pub(super) id: Id,
    /// Its product and its billing, as a number: good to find a difference.
    pub(super) spec: u32,
    /// The site that it is on, likewise; 0: none.
    pub(super) site: u32,
    /// Canceled or failed.
    pub(super) ended: bool,
}

/// Packages that were created one after the other.
#[derive(Debug, Default)]
pub(super) struct Slice {
    packages: Vec<Shown>,
    instances: Vec<ShownInstance>,
    /// Packages by stem, sorted.
    stems: Vec<(u64, u32)>,
}

impl Slice {
    /// Keeps what is compared of a package. `own` is the account of one that names none.
    pub(super) fn add(&mut self, package: &Package, own: &AccountId, created: Timestamp) {
        let account = package.account_id.as_ref().unwrap_or(own);
        let stem = package.external_id.as_deref().and_then(derive::split);
        self.packages.push(Shown {
            id: id(package.id.as_str()),
            account: id(account.as_str()),
            created,
            stem: stem.map(|(stem, _)| stem_number(stem)),
            first: u32::try_from(self.instances.len()).unwrap_or(u32::MAX),
            count: u32::try_from(package.product_instances.len()).unwrap_or(u32::MAX),
            known: false,
        });
        self.instances
            .extend(package.product_instances.iter().map(|instance| ShownInstance {
                id: id(instance.instance_id.as_str()),
                spec: spec_number(&instance.catalog_product_id, instance.billing_info.as_ref()),
                site: site_number(instance.site_id.as_ref()),
                ended: match instance.status {
                    Status::Canceled | Status::Failed => true,
                    Status::Pending | Status::Enabled | Status::AwaitingAction | Status::Unknown(_) => false,
                },
            }));
    }

    /// How much it holds: packages and instances.
    pub(super) fn units(&self) -> usize {
        self.packages.len() + self.instances.len()
    }

    /// How many packages it holds.
    pub(super) fn len(&self) -> usize {
        self.packages.len()
    }

    /// Makes it ready to be searched. A package that two pages showed counts once.
    pub(super) fn seal(&mut self) {
        self.packages.sort_unstable_by_key(|package| package.id);
        self.packages.dedup_by_key(|package| package.id);
        self.stems = (0_u32..)
            .zip(&self.packages)
            .filter_map(|(at, package)| Some((package.stem?, at)))
            .collect();
        self.stems.sort_unstable();
    }

    /// The package of that ID, which is known from now on, with its instances.
    pub(super) fn know(&mut self, package: &PackageId) -> Option<&[ShownInstance]> {
        let wanted = id(package.as_str());
        let at = self.packages.binary_search_by_key(&wanted, |package| package.id).ok()?;
        self.packages.get_mut(at)?.known = true;
        Some(self.instances(at))
    }

    /// Where the packages are whose external ID has this stem.
    pub(super) fn with_stem(&self, stem: u64) -> Vec<usize> {
        let from = self.stems.partition_point(|(number, _)| *number < stem);
        let same = self.stems.iter().skip(from).take_while(|(number, _)| *number == stem);
        same.filter_map(|(_, at)| usize::try_from(*at).ok()).collect()
    }

    /// A record claims a package: it is somebody's, whatever comes of it.
    pub(super) fn claim(&mut self, at: usize) {
        if let Some(package) = self.packages.get_mut(at) {
            package.known = true;
        }
    }

    pub(super) fn instances(&self, at: usize) -> &[ShownInstance] {
        let range = self.packages.get(at).map(|package| {
            let first = usize::try_from(package.first).unwrap_or(usize::MAX);
            first..first.saturating_add(usize::try_from(package.count).unwrap_or(0))
        });
        range.and_then(|range| self.instances.get(range)).unwrap_or_default()
    }

    /// Whether anything of a package costs money or can be used.
    pub(super) fn is_alive(&self, at: usize) -> bool {
        self.instances(at).iter().any(|instance| !instance.ended)
    }

    /// The package's ID and account.
    pub(super) fn name(&self, at: usize) -> Option<(PackageId, AccountId)> {
        let package = self.packages.get(at)?;
        Some((text(package.id).parse().ok()?, text(package.account).parse().ok()?))
    }

    /// The packages that no record knows or claims: where, whether it has an external ID of ours, and when it was
    /// created; in the order of their creation.
    pub(super) fn unknown(&self) -> Vec<(usize, bool, Timestamp)> {
        let unknown = self.packages.iter().enumerate().filter(|(_, package)| !package.known);
        let mut found: Vec<_> = unknown
            .map(|(at, package)| (at, package.stem.is_some(), package.created))
            .collect();
        found.sort_unstable_by_key(|(at, _, created)| (*created, *at));
        found
    }

    /// The IDs of the packages that were created at that very time.
    pub(super) fn created_at(&self, time: Timestamp) -> Vec<Id> {
        let same = self.packages.iter().filter(|package| package.created == time);
        same.map(|package| package.id).collect()
    }
}

#[cfg(test)]
#[path = "slice_tests.rs"]
mod tests;
