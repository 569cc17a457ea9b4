//! What fulfilment needs of Wix, and nothing more, so that a simulation can stand in for it. The other port is
//! [`crate::ledger::Ledger`].

use std::future::Future;

use crate::ids::AccountId;
use crate::time::Timestamp;
use crate::wix::{Call, Error, Package, PackageQuery, Paging};

/// Sends fulfilment's calls.
pub trait Wix: Send + Sync {
    /// Sends a call for the account that the package belongs to. Repeats nothing that writes, save where it never left.
    fn send<K: Call>(&self, account: &AccountId, call: &K) -> impl Future<Output = Result<K::Answer, Error>> + Send;

    /// The same, not begun after a time: reading the secret, and a second send after a 401, take theirs. What would go out later
    /// is not sent, and throttled.
    fn send_until<K: Call>(
        &self,
        account: &AccountId,
        call: &K,
        _until: Option<Timestamp>,
    ) -> impl Future<Output = Result<K::Answer, Error>> + Send {
        self.send(account, call)
    }

    /// The reseller's own account: what is bought for when an order names none. An error means that there is no key.
    fn own_account(&self) -> impl Future<Output = Result<AccountId, Error>> + Send;
}

/// Every package that a query asks for, as far as Wix shows them yet: page by page.
pub(super) async fn find<W: Wix>(wix: &W, account: &AccountId, query: PackageQuery) -> Result<Vec<Package>, Error> {
    let mut paging = Paging::new(query);
    let mut found = Vec::new();
    while let Some(call) = paging.call() {
        let page = paging.follow(wix.send(account, &call).await, |page| page)?;
        found.extend(page.packages);
    }
    Ok(found)
}
