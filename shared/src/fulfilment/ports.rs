//! What fulfilment needs of Wix, and nothing more, so that a simulation can stand in for it. The other port is
//! [`crate::ledger::Ledger`].

use std::future::Future;
use std::time::Duration;

use crate::ids::{AccountId, ExternalId, IdempotencyKey, InstanceId, PackageId, SiteId};
use crate::time::Timestamp;
use crate::wix::{CreatePackage, Error, Package, PackagePage};

/// The calls that fulfilment makes. Implementations repeat nothing that writes by themselves, save where it never
/// left; `account` is the account that the package belongs to.
pub trait Wix: Send + Sync {
    /// Create Package V2.
    fn create(
        &self,
        account: &AccountId,
        request: &CreatePackage,
    ) -> impl Future<Output = Result<Package, Error>> + Send;

    /// Get Package.
    fn get(&self, account: &AccountId, package: &PackageId) -> impl Future<Output = Result<Package, Error>> + Send;

    /// Query Packages by external ID: every package that has it, as far as Wix shows them yet.
    fn find(
        &self,
        account: &AccountId,
        external_id: &ExternalId,
    ) -> impl Future<Output = Result<Vec<Package>, Error>> + Send;

    /// Query Packages, one page: the packages of all accounts that were created at `from` or later, the oldest first,
    /// as far as Wix shows them. With a cursor: the page at that cursor, whatever `from` says.
    fn created_since(
        &self,
        own: &AccountId,
        from: Option<Timestamp>,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<PackagePage, Error>> + Send;

    /// Lets time pass after a call was held back. Only the audit waits: it has an invocation of its own.
    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// Assign Product Instance To Site.
    fn assign(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        site: &SiteId,
        key: &IdempotencyKey,
    ) -> impl Future<Output = Result<Package, Error>> + Send;

    /// Unassign Product Instance From Site.
    fn unassign(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        key: &IdempotencyKey,
    ) -> impl Future<Output = Result<Package, Error>> + Send;

    /// Cancel Product Instance.
    fn cancel_instance(
        &self,
        account: &AccountId,
        instance: &InstanceId,
        key: &IdempotencyKey,
    ) -> impl Future<Output = Result<Package, Error>> + Send;

    /// Update Package External ID.
    fn set_external_id(
        &self,
        account: &AccountId,
        package: &PackageId,
        external_id: &ExternalId,
    ) -> impl Future<Output = Result<Package, Error>> + Send;

    /// The reseller's own account: what is bought for when an order names none. An error means that there is no key.
    fn own_account(&self) -> impl Future<Output = Result<AccountId, Error>> + Send;

    /// Whether the API key works at all, asked with the cheapest read on the reseller's own account.
    fn probe(&self) -> impl Future<Output = Result<(), Error>> + Send;
}
