//! The converge loop: ask what is next, write down that it is begun, do it at Wix, note what came of it, and ask again,
//! until the order is settled, must wait, or needs a person.

use std::time::Duration;

use super::fulfilment::Fulfilment;
use super::permits::Asked;
use super::session::Session;
use super::work::{Work, Written};
use crate::catalog::Catalog;
use crate::fulfilment::attention::defect;
use crate::fulfilment::calls::{Call, Interrupt, WriteFirst};
use crate::fulfilment::decide::{Step, decide};
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::{Backoff, Lease, RecordError};
use crate::fulfilment::report::{Outage, Progress};
use crate::fulfilment::settings::Settings;
use crate::ids::AccountId;
use crate::ledger::{Ledger, LedgerError};
use crate::time::{Timer, Timestamp};

/// How long an order is put off while an outage lasts.
const OUTAGE: Duration = Duration::from_secs(50);

/// How long an order of which something is to be bought is put off while the brake is on.
const BRAKED: Duration = Duration::from_secs(300);

/// Why a deployment with `PAUSED=true` calls nobody.
pub(crate) const PAUSED: &str = "paused by the deployment with PAUSED=true";

/// What a call came to, for the loop.
enum Called {
    /// It is noted in the record: decide again.
    Noted,
    /// It failed as it would for every order.
    Outage(Outage),
    /// It was not made, because of what a write came to.
    NotMade(Written),
    /// It was not made, because Wix gets no more calls before this time.
    Later(Timestamp),
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Works on a record. `Ok(None)` means that another writer came before anything was claimed: load it again.
    pub(super) async fn work(
        &self,
        work: &mut Work,
        changed: bool,
        session: &mut Session,
    ) -> Result<Option<Progress>, LedgerError> {
        let now = self.clock.now();
        let lease = work.record.lease().filter(|_| self.settings.guards.lease);
        if let Some(until) = lease.map(|lease| lease.until).filter(|until| *until > now) {
            if !changed {
                return Ok(Some(Progress::Busy));
            }
            let due_at = work.due_at.map_or(until, |due_at| due_at.min(until));
            return Ok(self.put(work, Some(due_at), session).await?.then_some(Progress::Busy));
        }
        let (catalog, own) = match self.gate().await {
            Ok(open) => open,
            Err(outage) => {
                work.record.set_lease(None);
                let stored = self.put(work, Some(now + OUTAGE), session).await?;
                return Ok(stored.then_some(Progress::Stopped(outage)));
            }
        };
        self.converge(work, catalog, &own, session).await
    }

    /// What every call needs: the catalog, and the reseller's own account. Or what stops every order.
    pub(super) async fn gate(&self) -> Result<(&Catalog, AccountId), Outage> {
        if self.settings.paused {
            return Err(Outage::Paused(PAUSED.to_owned()));
        }
        let catalog = self.catalog.as_ref();
        let catalog = catalog.map_err(|reason| Outage::Catalog(reason.clone()))?;
        let own = self.wix.own_account().await;
        let own = own.map_err(|error| Outage::ApiKey(error.to_string()))?;
        Ok((catalog, own))
    }

    async fn converge(
        &self,
        work: &mut Work,
        catalog: &Catalog,
        own: &AccountId,
        session: &mut Session,
    ) -> Result<Option<Progress>, LedgerError> {
        let mut outage = None;
        loop {
            let now = self.clock.now();
            let restored = self.seen.restored();
            session.restored = restored;
            let is_special = session.braked.is_some() || restored.is_some();
            let special = is_special.then(|| Settings {
                braked: session.braked.is_some(),
                restored,
                ..self.settings.clone()
            });
            let settings = special.as_ref().unwrap_or(&self.settings);
            if let Some(resumed) = restored {
                work.record.read_restored(resumed);
            }
            let decided = decide(&mut work.record, catalog, own, settings, now);
            // It is read once more when somebody has resumed, even where nothing seems to be left to do.
            let looks_again = session.braked.is_some() || self.seen.awaits_resume(self.ledger.home());
            // Where no call can end in time any more, the next sweep goes on at once.
            let is_late = now + self.settings.wix_timeout >= session.deadline;
            work.watched = matches!(decided, Ok(Step::Watch(_))) && outage.is_none();
            let due_at = match decided {
                Err(error) => Some(self.hold_after_defect(work, &error)),
                Ok(_) if outage.is_some() => Some(work.record.hold().map_or(now + OUTAGE, |hold| hold.until)),
                Ok(Step::Call(_)) if is_late => Some(now),
                Ok(Step::Wait(at) | Step::Watch(at)) if looks_again => Some(at.min(now + BRAKED)),
                Ok(Step::Rest) if looks_again => Some(now + BRAKED),
                Ok(Step::Wait(at) | Step::Watch(at)) => Some(at),
                Ok(Step::Rest) => None,
                Ok(Step::Call(call)) => match self.call(work, call, own, session).await? {
                    Called::Outage(everybodys) => {
                        outage = Some(everybodys);
                        continue;
                    }
                    Called::Later(until) => Some(put_off(work, until, now)),
                    Called::Noted | Called::NotMade(Written::Yes | Written::Merged) => continue,
                    Called::NotMade(Written::Lost) => return Ok(Some(Progress::Busy)),
                    Called::NotMade(Written::Beaten) => return Ok(None),
                },
            };
            match self.give_back(work, due_at, session).await? {
                Written::Yes => {
                    let progress = due_at.map_or(Progress::Settled, |due_at| Progress::Waiting { due_at });
                    let stopped = outage.or_else(|| session.braked.clone().map(Outage::Braked));
                    return Ok(Some(stopped.map_or(progress, Progress::Stopped)));
                }
                Written::Merged => {}
                Written::Lost => return Ok(Some(Progress::Busy)),
                Written::Beaten => return Ok(None),
            }
        }
    }

    /// Begins a call, writes that down with the claim to make it where the call needs that, and makes it.
    async fn call(
        &self,
        work: &mut Work,
        call: Call,
        own: &AccountId,
        session: &mut Session,
    ) -> Result<Called, LedgerError> {
        match self.permit(call.need(&work.record), session).await? {
            // The first answer of a restored ledger says that it is one: then the order is looked up before it is bought.
            Asked::Given if self.seen.restored() != session.restored => return Ok(Called::Noted),
            Asked::Given => {}
            Asked::Full(until) => return Ok(Called::Later(until)),
            Asked::Paused(pause) => return Ok(Called::Outage(Outage::Paused(pause.to_string()))),
            Asked::Braked(turned) => {
                session.braked = Some(turned.reason);
                return Ok(Called::Noted);
            }
        }
        let send_before = session.deadline - self.settings.wix_timeout;
        let begun = match call.begin(&mut work.record, self.clock.now(), send_before) {
            Ok(begun) => begun,
            Err(error) => {
                self.hold_after_defect(work, &error);
                return Ok(Called::Noted);
            }
        };
        let must_write = match begun.write_first {
            WriteFirst::Always => true,
            WriteFirst::Lease => !work.claimed,
            WriteFirst::LeaseAndPackages => !work.claimed || work.unwritten,
        };
        if must_write {
            let until = session.deadline + self.settings.lease_skew;
            let owner = session.owner.clone();
            let before = work.record.set_lease(Some(Lease { owner, until }));
            let body = work.body(Some(until), self.clock.now());
            let written = self.write(work, body, Some(until), session).await?;
            if written != Written::Yes {
                work.record.set_lease(before);
                if let Err(error) = begun.undo(&mut work.record) {
                    self.hold_after_defect(work, &error);
                }
                return Ok(Called::NotMade(written));
            }
            work.claimed = true;
        }
        work.unwritten |= begun.may_find_package;
        let sent = begun.send(&mut work.record, &mut self.caller(own, session)).await;
        Ok(match sent {
            Ok(()) | Err(Interrupt::Held) => Called::Noted,
            Err(Interrupt::Outage(outage)) => Called::Outage(outage),
            Err(Interrupt::Defect(error)) => {
                self.hold_after_defect(work, &error);
                Called::Noted
            }
        })
    }

    /// Gives the record back, if anything of it is news.
    async fn give_back(
        &self,
        work: &mut Work,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<Written, LedgerError> {
        let lease = work.record.set_lease(None);
        let body = work.body(due_at, self.clock.now());
        if !work.claimed && due_at == work.due_at && body == work.body {
            return Ok(Written::Yes);
        }
        let written = self.write(work, body, due_at, session).await?;
        if written == Written::Yes {
            work.claimed = false;
        } else {
            work.record.set_lease(lease);
        }
        Ok(written)
    }

    /// The record does not take what it should: that is logged and shown, and the order waits; until when.
    fn hold_after_defect(&self, work: &mut Work, error: &RecordError) -> Timestamp {
        tracing::error!(order = %work.record.key(), error = %error, "defect: the record does not take what it should");
        let now = self.clock.now();
        let hold = Backoff::after(work.record.hold(), defect(error, now), now);
        let until = hold.until;
        work.record.set_hold(Some(hold));
        until
    }
}

/// When an order is taken up that gets no permit. One that is due already stays due: its place in the line is kept, and
/// nothing is written.
fn put_off(work: &Work, until: Timestamp, now: Timestamp) -> Timestamp {
    let due = work.due_at.filter(|due| *due <= now && !work.claimed);
    due.unwrap_or(until)
}
