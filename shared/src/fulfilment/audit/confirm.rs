//! Packages that no record knows: each that looks like ours is confirmed with Get, and given to its order or reported.

use super::pages::{MOMENT, Stop};
use super::progress::AuditRun;
use super::slice::Slice;
use super::stray::{self, Stray};
use super::summary::{self, Listed};
use crate::fulfilment::derive;
use crate::fulfilment::permit::Class;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::OrderRecord;
use crate::fulfilment::report::Outage;
use crate::fulfilment::run::Fulfilment;
use crate::ids::{AccountId, PackageId};
use crate::ledger::{Ledger, LedgerError};
use crate::order::OrderKey;
use crate::time::Timer;
use crate::wix::{Error, Failure, GetPackage, Package};

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// A package that carries an external ID of an order which does not know it: confirmed with Get, and given to the
    /// record. `false`: Wix could not be asked.
    pub(super) async fn stray(
        &self,
        run: &mut AuditRun,
        key: &OrderKey,
        slice: &Slice,
        at: usize,
    ) -> Result<bool, LedgerError> {
        let Some((package, account)) = slice.name(at) else {
            return Ok(true);
        };
        let shown = match self.confirm(run, &account, &package).await {
            Ok(Some(shown)) => shown,
            Ok(None) => return Ok(true),
            Err(outage) => {
                run.summary.stopped = outage;
                return Ok(false);
            }
        };
        // What was a candidate by a number is one by its name, or is somebody else's.
        let named = shown.external_id.as_deref().and_then(|text| {
            let (_, id) = derive::split(text)?;
            (derive::external_id(key, id)?.as_str() == text).then_some(id)
        });
        let (now, settings) = (self.clock.now(), &self.settings);
        let mut became = Stray::Foreign;
        if let Some(id) = named {
            let note = |record: &mut OrderRecord| match stray::note(record, id, &account, &shown, settings, now) {
                Ok(noted) => {
                    became = noted;
                    became.changes()
                }
                Err(error) => {
                    tracing::error!(order = %key, error = %error, "defect: the record does not take what it should");
                    became = Stray::Later;
                    false
                }
            };
            if !self.wake(run, key, None, note).await? {
                became = Stray::Later;
            }
        }
        tracing::warn!(order = %key, package = %package, became = ?became, "the audit found a package that its order does not know");
        match became {
            Stray::Known => {}
            Stray::Later => run.summary.busy += 1,
            Stray::Surplus => run.summary.surplus += 1,
            Stray::Found => run.summary.found += 1,
            Stray::Foreign => run.summary.unclaimed(listed(&shown, account)),
        }
        Ok(true)
    }

    /// What no record knows or claims: counted, and the first of those that look like ours confirmed.
    pub(super) async fn unknown(&self, run: &mut AuditRun, slice: &Slice) -> Result<bool, LedgerError> {
        for (at, ours, created) in slice.unknown() {
            let Some((package, account)) = slice.name(at) else {
                continue;
            };
            let listed = Listed {
                package,
                account,
                created,
            };
            if !ours {
                run.summary.foreign(Some(listed));
                continue;
            }
            if run.summary.unclaimed_listed.len() >= summary::MOST_LISTED {
                run.summary.unclaimed(None);
                continue;
            }
            match self.confirm(run, &listed.account, &listed.package).await {
                Ok(Some(_)) => run.summary.unclaimed(Some(listed)),
                Ok(None) => {}
                Err(outage) => {
                    run.summary.stopped = outage;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// A package as Get shows it; `None` where it is not there, or not that account's. An error is what stops the run,
    /// or the lack of time.
    async fn confirm(
        &self,
        run: &mut AuditRun,
        account: &AccountId,
        package: &PackageId,
    ) -> Result<Option<Package>, Option<Outage>> {
        loop {
            if self.clock.now() + self.settings.wix_timeout > run.deadline {
                return Err(None);
            }
            let call = GetPackage {
                package: package.clone(),
            };
            let port = self.metered(&run.session.held, run.deadline + MOMENT, Class::Audit);
            let answer = port.send(account, &call).await;
            run.session.tally.wix_calls += u32::from(answer.as_ref().err().is_none_or(Error::was_sent));
            let error = match answer {
                Ok(shown) => {
                    let same = shown.account_id.as_ref().is_none_or(|shown| shown == account);
                    return Ok(same.then_some(shown));
                }
                Err(error) => self.caller(&run.own, &mut run.session).classify(error, account).await,
            };
            if error.failure() == Failure::Rejected {
                if !error.is_not_found() {
                    tracing::warn!(package = %package, error = %error, "the audit cannot read a package");
                }
                return Ok(None);
            }
            match self.pause(error, run.deadline).await {
                None => {}
                Some(Stop::Outage(outage)) => return Err(Some(outage)),
                Some(Stop::Late) => return Err(None),
            }
        }
    }
}

fn listed(package: &Package, account: AccountId) -> Option<Listed> {
    Some(Listed {
        package: package.id.clone(),
        account,
        created: package.created_date?,
    })
}
