//! The converge loop: ask what is next, write down that it is begun, do it at Wix, note what came of it, and ask
//! again, until the order is settled, must wait, or needs a person.
//!
//! Every write is conditional on the revision. When another writer came first and the lease is still ours, its events
//! are merged and everything is decided anew before any call; when the lease is lost, this worker stops.

use super::attention::{Attention, attention};
use super::engine::Fulfilment;
use super::plan;
use super::ports::Wix;
use super::purchase::Holder;
use super::record::{InvalidRecord, Lease, OrderRecord};
use super::report::{Outage, Progress, Tally};
use super::settings::Settings;
use super::step::{self, Step};
use crate::catalog::Catalog;
use crate::ids::AccountId;
use crate::ledger::{Entry, Ledger, LedgerError, Stored};
use crate::order::OrderKey;
use crate::time::{Clock, Timestamp};

/// How long an order whose calls must not be made now is put off.
const CLOSED: std::time::Duration = std::time::Duration::from_secs(50);

/// How often a write is tried when the ledger does not answer; its client repeats by itself too.
const STORE_TRIES: u32 = 3;

/// One invocation's work on one order.
pub(super) struct Session {
    owner: String,
    pub(super) deadline: Timestamp,
    pub(super) tally: Tally,
    writes: u32,
    /// The wish is durable.
    pub(super) stored: bool,
}

impl Session {
    pub(super) fn new(owner: String, deadline: Timestamp) -> Self {
        Self {
            owner,
            deadline,
            tally: Tally::default(),
            writes: 0,
            stored: false,
        }
    }
}

/// A record in the hands of a worker.
pub(super) struct Work {
    pub(super) record: OrderRecord,
    pub(super) rev: u64,
    pub(super) due_at: Option<Timestamp>,
    pub(super) attention: Vec<Attention>,
    attention_since: Option<Timestamp>,
    /// What the ledger has, to write only what differs.
    body: String,
    /// The lease in the ledger is ours.
    claimed: bool,
    /// A package may be noted that the ledger does not know yet.
    unwritten: bool,
}

impl Work {
    pub(super) fn open(key: &OrderKey, entry: Option<Entry>, settings: &Settings) -> Result<Self, InvalidRecord> {
        let Some(entry) = entry else {
            return Ok(Self {
                record: OrderRecord::new(key.clone()),
                rev: 0,
                due_at: None,
                attention: Vec::new(),
                attention_since: None,
                body: String::new(),
                claimed: false,
                unwritten: false,
            });
        };
        let record = OrderRecord::from_json(&entry.body)?;
        Ok(Self {
            attention: attention(&record, settings),
            record,
            rev: entry.rev,
            due_at: entry.due_at,
            attention_since: entry.attention_since,
            body: entry.body,
            claimed: false,
            unwritten: false,
        })
    }

    /// Where the order stands if nothing is done.
    pub(super) fn standing(&self) -> Progress {
        self.due_at
            .map_or(Progress::Settled, |due_at| Progress::Waiting { due_at })
    }
}

/// What became of a write, for the loop.
enum Written {
    /// It is durable.
    Yes,
    /// Others' events came in; they are merged: decide again.
    Again,
    /// The record is another worker's now.
    Lost,
}

/// Why the loop cannot go on with this order now.
pub(super) enum Halt {
    Outage(Outage),
    /// A hold was set; the next decision is to wait.
    Held,
}

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    /// Works on a record. `Ok(None)` means that another writer came before anything was claimed: load it anew.
    pub(super) async fn work(
        &self,
        work: &mut Work,
        changed: bool,
        session: &mut Session,
    ) -> Result<Option<Progress>, LedgerError> {
        let now = self.clock.now();
        let lease = work
            .record
            .lease
            .clone()
            .filter(|lease| lease.until > now && self.settings.guards.lease);
        if let Some(lease) = lease {
            if changed {
                let due_at = work.due_at.map_or(lease.until, |due_at| due_at.min(lease.until));
                return Ok(self.put(work, Some(due_at), session).await?.then_some(Progress::Busy));
            }
            return Ok(Some(Progress::Busy));
        }
        let (catalog, own) = match self.gate().await {
            Ok(open) => open,
            Err(outage) => {
                work.record.lease = None;
                let stored = self.put(work, Some(now + CLOSED), session).await?;
                return Ok(stored.then_some(Progress::Stopped(outage)));
            }
        };
        self.converge(work, catalog, &own, session).await
    }

    async fn converge(
        &self,
        work: &mut Work,
        catalog: &Catalog,
        own: &AccountId,
        session: &mut Session,
    ) -> Result<Option<Progress>, LedgerError> {
        let mut stopped = None;
        loop {
            let now = self.clock.now();
            step::tidy(&mut work.record, now);
            plan::freeze(&mut work.record, catalog, own);
            let step = if stopped.is_some() {
                Step::Wait(work.record.actual.hold.as_ref().map_or(now + CLOSED, |hold| hold.until))
            } else {
                step::next_step(&work.record, &self.settings, now)
            };
            if let (Step::Resend(at), false) = (&step, self.settings.guards.stored_request) {
                work.record.rebuild(*at, catalog, own, now);
            }
            // Where no call can end in time any more, the next sweep goes on at once.
            let late = now + self.settings.wix_timeout >= session.deadline;
            let step = if late && step.is_call() { Step::Wait(now) } else { step };
            let written = match step {
                Step::Wait(at) => {
                    let progress = stopped
                        .clone()
                        .map_or(Progress::Waiting { due_at: at }, Progress::Stopped);
                    match self.release(work, Some(at), session).await? {
                        Some(Written::Yes) => return Ok(Some(progress)),
                        Some(written) => written,
                        None => return Ok(None),
                    }
                }
                Step::Rest => match self.release(work, None, session).await? {
                    Some(Written::Yes) => return Ok(Some(Progress::Settled)),
                    Some(written) => written,
                    None => return Ok(None),
                },
                Step::LookFirst(purchase) => {
                    work.record.actual.purchases.push(*purchase);
                    Written::Yes
                }
                Step::Create(_)
                | Step::Resend(_)
                | Step::LookUp(_)
                | Step::Read(_)
                | Step::Change(_)
                | Step::Tag(..) => {
                    let Some(written) = self.begin(work, &step, session).await? else {
                        return Ok(None);
                    };
                    work.unwritten |= matches!(step, Step::Create(_) | Step::Resend(_) | Step::LookUp(_));
                    if let Written::Yes = written
                        && let Err(halt) = self.perform(work, step, own, session).await
                    {
                        match halt {
                            Halt::Outage(outage) => stopped = Some(outage),
                            Halt::Held => {}
                        }
                    }
                    written
                }
            };
            match written {
                Written::Yes | Written::Again => {}
                Written::Lost => return Ok(Some(Progress::Busy)),
            }
        }
    }

    /// Writes down what is about to be done, with the claim to do it. `None`: another writer came before the claim.
    async fn begin(&self, work: &mut Work, step: &Step, session: &mut Session) -> Result<Option<Written>, LedgerError> {
        let now = self.clock.now();
        let send_before = session.deadline - self.settings.wix_timeout;
        let mut begun = work.record.clone();
        let needs_write = match step {
            Step::Create(purchase) => {
                begun.begin_create((**purchase).clone(), send_before);
                true
            }
            Step::Resend(at) => {
                begun.begin_resend(*at, send_before, now);
                true
            }
            Step::Change(changes) => {
                begun.begin_changes(changes);
                true
            }
            // A tag takes away the external ID by which a package is found: the ledger has to know the package first.
            // And while one is being changed nobody knows which it has: should the wish change back, it is set again.
            Step::Tag(at, _) => {
                let before = begun.held_mut(Holder::Purchase(*at)).and_then(|done| done.tag.take());
                !work.claimed || work.unwritten || before.is_some()
            }
            // These change nothing: to hold the lease is enough.
            Step::LookUp(_) | Step::Read(_) => !work.claimed,
            Step::LookFirst(_) | Step::Wait(_) | Step::Rest => false,
        };
        if !needs_write {
            return Ok(Some(Written::Yes));
        }
        let until = session.deadline + self.settings.lease_skew;
        begun.lease = Some(Lease {
            owner: session.owner.clone(),
            until,
        });
        let written = self.write(work, &begun, Some(until), session).await?;
        match written {
            Some(Written::Yes) => {
                work.record = begun;
                work.claimed = true;
                Ok(Some(Written::Yes))
            }
            other => Ok(other),
        }
    }

    /// Gives the record back. `None`: another writer came, and nothing was claimed.
    async fn release(
        &self,
        work: &mut Work,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<Option<Written>, LedgerError> {
        let mut released = work.record.clone();
        released.lease = None;
        if !work.claimed && due_at == work.due_at && released.to_json() == work.body {
            return Ok(Some(Written::Yes));
        }
        let written = self.write(work, &released, due_at, session).await?;
        if let Some(Written::Yes) = written {
            work.record = released;
            work.claimed = false;
        }
        Ok(written)
    }

    /// Writes a record that nobody works on by this write; `false`: another writer came first.
    pub(super) async fn put(
        &self,
        work: &mut Work,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<bool, LedgerError> {
        let record = work.record.clone();
        Ok(matches!(
            self.write(work, &record, due_at, session).await?,
            Some(Written::Yes)
        ))
    }

    /// Stores `record` if nobody wrote since; else takes in what they wrote.
    async fn write(
        &self,
        work: &mut Work,
        record: &OrderRecord,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<Option<Written>, LedgerError> {
        let now = self.clock.now();
        let problems = attention(record, &self.settings);
        let attention_since = (!problems.is_empty()).then(|| work.attention_since.unwrap_or(now));
        session.writes += 1;
        let entry = Entry {
            key: record.key.to_string(),
            body: record.to_json(),
            rev: work.rev + 1,
            write_id: format!("{}:{}", session.owner, session.writes),
            due_at,
            attention_since,
        };
        match self.store(&entry, session).await? {
            Stored::Written => {
                for problem in problems.iter().filter(|problem| !work.attention.contains(problem)) {
                    session.tally.attention_raised += 1;
                    tracing::warn!(
                        order = entry.key,
                        what = problem.what,
                        code = problem.code,
                        wix_request_id = problem.request_id.as_deref().unwrap_or_default(),
                        advice = problem.advice,
                        "attention"
                    );
                }
                session.stored = true;
                work.unwritten = false;
                work.rev = entry.rev;
                work.body = entry.body;
                work.due_at = due_at;
                work.attention = problems;
                work.attention_since = attention_since;
                Ok(Some(Written::Yes))
            }
            Stored::Conflict(_) if !work.claimed => Ok(None),
            Stored::Conflict(theirs) => Ok(Some(self.rebase(work, theirs.as_deref(), session))),
        }
    }

    async fn store(&self, entry: &Entry, session: &mut Session) -> Result<Stored, LedgerError> {
        let mut tries = 1;
        loop {
            session.tally.ledger_writes += 1;
            match self.ledger.store(entry).await {
                Err(error) if error.is_retryable() && tries < STORE_TRIES => tries += 1,
                result => return result,
            }
        }
    }

    /// After another writer: still the owner, its desired state and revision are taken in; else this worker stops.
    fn rebase(&self, work: &mut Work, theirs: Option<&Entry>, session: &Session) -> Written {
        let parsed = theirs.and_then(|entry| Some((entry.rev, OrderRecord::from_json(&entry.body).ok()?)));
        let Some((rev, theirs)) = parsed else {
            return Written::Lost;
        };
        if theirs.lease.as_ref().is_none_or(|lease| lease.owner != session.owner) {
            tracing::warn!(order = %work.record.key, "the lease is lost: another worker goes on");
            return Written::Lost;
        }
        if self.settings.guards.merge_under_lease {
            work.record.desired.merge(&theirs.desired);
        }
        work.rev = rev;
        Written::Again
    }
}
