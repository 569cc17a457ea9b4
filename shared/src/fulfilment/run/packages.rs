//! Packages as Wix has them, for an operator's eyes: read with the key that only a function has, at the pace of the whole
//! stack. Nothing is changed, at Wix or in the ledger.

use serde::Deserialize;
use uuid::Uuid;

use super::accept::AcceptError;
use super::fulfilment::Fulfilment;
use super::operator::OperatorError;
use super::session::Session;
use crate::fulfilment::permit::Standing;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::report::Outage;
use crate::ids::{AccountId, ExternalId, PackageId, SiteId};
use crate::ledger::Ledger;
use crate::time::{Timer, Timestamp};
use crate::wix::{Error, Failure, GetPackage, PackagePage, PackageQuery, QueryPackages, SortField, SortOrder, field};

/// How many packages are shown where nobody says.
const USUAL: u8 = 20;

/// Which packages an operator wants to see: one by its ID, or those to which all that is said applies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Looking {
    /// This one.
    pub get: Option<PackageId>,
    /// Of this account.
    pub account: Option<AccountId>,
    /// With this external ID.
    pub external_id: Option<ExternalId>,
    /// With something on this site.
    pub site: Option<SiteId>,
    /// Created at this time or later.
    pub since: Option<Timestamp>,
    /// Created before this time.
    pub until: Option<Timestamp>,
    /// How many at the most; a page of Wix has a hundred.
    pub limit: Option<u8>,
    /// From where an answer before stopped.
    pub cursor: Option<String>,
}

impl Looking {
    fn call(&self) -> QueryPackages {
        let mut query = PackageQuery::new()
            .sort(SortField::CreatedDate, SortOrder::Desc)
            .limit(self.limit.unwrap_or(USUAL));
        if let Some(id) = &self.get {
            query = query.filter(field::ID.eq(id));
        }
        if let Some(account) = &self.account {
            query = query.filter(field::ACCOUNT_ID.eq(account));
        }
        if let Some(id) = &self.external_id {
            query = query.filter(field::EXTERNAL_ID.eq(id));
        }
        if let Some(site) = &self.site {
            query = query.filter(field::SITE_ID.has_some([site]));
        }
        if let Some(since) = &self.since {
            query = query.filter(field::CREATED_DATE.gte(since));
        }
        if let Some(until) = &self.until {
            query = query.filter(field::CREATED_DATE.lt(until));
        }
        QueryPackages {
            query,
            cursor: self.cursor.clone(),
        }
    }
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Packages as Wix has them.
    pub async fn packages(&self, looking: &Looking, deadline: Timestamp) -> Result<PackagePage, OperatorError> {
        self.gate().await.map_err(OperatorError::Outage)?;
        let limit = self.ledger.limit().await.map_err(AcceptError::from)?;
        if let Some(why) = Standing::of(limit.as_ref(), self.ledger.home()).paused {
            return Err(OperatorError::Outage(Outage::Paused(why)));
        }
        let own = self.wix.own_account().await;
        let own = own.map_err(|error| OperatorError::Outage(Outage::ApiKey(error.to_string())))?;
        let session = Session::new(Uuid::new_v4().to_string(), deadline);
        let port = self.metered(&session.held, deadline, session.class);
        let Some(package) = looking.get.clone() else {
            return port.send(&own, &looking.call()).await.map_err(not_shown);
        };
        let call = GetPackage { package };
        let account = looking.account.as_ref().unwrap_or(&own);
        let refused = match port.send(account, &call).await {
            Ok(package) => return Ok(one(package)),
            Err(error) if error.failure() == Failure::Rejected && looking.account.is_none() => error,
            Err(error) => return Err(not_shown(error)),
        };
        // Wix gives a package to its own account only, and a query knows which that is.
        let found = port.send(&own, &looking.call()).await.map_err(not_shown)?;
        match found.packages.first().and_then(|package| package.account_id.as_ref()) {
            Some(account) => port.send(account, &call).await.map(one).map_err(not_shown),
            None => Err(not_shown(refused)),
        }
    }
}

fn not_shown(error: Error) -> OperatorError {
    match error.failure() {
        Failure::NotSent => OperatorError::NotAsked(Box::new(error)),
        Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden | Failure::Unknown | Failure::Rejected => {
            OperatorError::NotShown(Box::new(error))
        }
    }
}

fn one(package: crate::wix::Package) -> PackagePage {
    PackagePage {
        packages: vec![package],
        next: None,
    }
}
