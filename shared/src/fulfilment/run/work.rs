//! A record in the hands of a worker, and how it is written.
//!
//! Every write is conditional on the revision. When another writer came first and the lease is still ours, its events are
//! merged and everything is decided again before any call; when the lease is lost, this worker stops.

use super::fulfilment::Fulfilment;
use super::metered::Metered;
use super::session::Session;
use crate::fulfilment::attention::{Attention, attention};
use crate::fulfilment::calls::Caller;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::{InvalidRecord, OrderRecord};
use crate::fulfilment::report::{OrderOutcome, Progress, Tally};
use crate::fulfilment::settings::Settings;
use crate::ids::AccountId;
use crate::ledger::{Entry, Ledger, LedgerError, Stored};
use crate::order::OrderKey;
use crate::time::{Timer, Timestamp};

/// How often a write is tried when the ledger does not answer; its client repeats by itself too.
const STORE_TRIES: u32 = 3;

/// A record in the hands of a worker.
pub(crate) struct Work {
    pub(crate) record: OrderRecord,
    pub(super) rev: u64,
    pub(crate) due_at: Option<Timestamp>,
    attention: Vec<Attention>,
    attention_since: Option<Timestamp>,
    /// What the ledger has, to write only what differs.
    pub(super) body: String,
    /// The lease in the ledger is ours.
    pub(super) claimed: bool,
    /// A package may be noted that the ledger does not know yet.
    pub(super) unwritten: bool,
    /// It only waits for a look by plan.
    pub(super) watched: bool,
}

impl Work {
    pub(crate) fn open(
        key: &OrderKey,
        entry: Option<Entry>,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, InvalidRecord> {
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
                watched: false,
            });
        };
        let record = OrderRecord::from_json(&entry.body)?;
        Ok(Self {
            attention: attention(&record, settings, now),
            record,
            rev: entry.rev,
            due_at: entry.due_at,
            attention_since: entry.attention_since,
            body: entry.body,
            claimed: false,
            unwritten: false,
            watched: false,
        })
    }

    /// The record as it is written with this time at which it is due.
    pub(super) fn body(&mut self, due_at: Option<Timestamp>, now: Timestamp) -> String {
        self.record.set_unsettled(due_at.is_some() && !self.watched, now);
        self.record.to_json()
    }

    /// Where the order stands if nothing is done.
    pub(super) fn standing(&self) -> Progress {
        self.due_at
            .map_or(Progress::Settled, |due_at| Progress::Waiting { due_at })
    }

    /// What is reported of a session's work on it.
    pub(super) fn outcome(&self, progress: Progress, session: &Session) -> OrderOutcome {
        OrderOutcome {
            progress,
            attention: self.attention.clone(),
            unsettled_since: self.record.unsettled_since().filter(|_| self.attention.is_empty()),
            tally: Tally {
                permits: session.held.asked(),
                ..session.tally
            },
        }
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|due_at| due_at <= now)
    }
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is durable.
    Yes,
    /// Others' events came in; they are merged: decide again.
    Merged,
    /// The record is another worker's now.
    Lost,
    /// Another writer came before anything was claimed: load it again.
    Beaten,
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Writes a record that nobody works on by this write; `false`: another writer came first.
    pub(crate) async fn put(
        &self,
        work: &mut Work,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<bool, LedgerError> {
        let body = work.body(due_at, self.clock.now());
        Ok(self.write(work, body, due_at, session).await? == Written::Yes)
    }

    /// Stores the record, as it is in `body`, if nobody wrote since; else takes in what they wrote.
    pub(super) async fn write(
        &self,
        work: &mut Work,
        body: String,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<Written, LedgerError> {
        let now = self.clock.now();
        let problems = attention(&work.record, &self.settings, now);
        let since = work.attention_since;
        let attention_since = (!problems.is_empty()).then(|| since.unwrap_or(now));
        session.writes += 1;
        let entry = Entry {
            key: work.record.key().to_string(),
            body,
            rev: work.rev + 1,
            write_id: format!("{}:{}", session.owner, session.writes),
            due_at,
            attention_since,
        };
        match self.store(&entry, session).await? {
            Stored::Written => {
                log_new_problems(&entry.key, &problems, &work.attention, session);
                session.stored = true;
                work.unwritten = false;
                work.rev = entry.rev;
                work.body = entry.body;
                work.due_at = due_at;
                work.attention = problems;
                work.attention_since = attention_since;
                Ok(Written::Yes)
            }
            Stored::Conflict(_) if !work.claimed => Ok(Written::Beaten),
            Stored::Conflict(theirs) => Ok(self.rebase(work, theirs.as_deref(), session)),
        }
    }

    /// What calls are sent with.
    pub(in crate::fulfilment) fn caller<'a>(
        &'a self,
        own: &'a AccountId,
        session: &'a mut Session,
    ) -> Caller<'a, Metered<'a, W, L, C>, C> {
        Caller {
            wix: self.metered(&session.held, session.deadline, session.class),
            clock: &self.clock,
            settings: &self.settings,
            own,
            deadline: session.deadline,
            tally: &mut session.tally,
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
        if theirs.lease().is_none_or(|lease| lease.owner != session.owner) {
            tracing::warn!(order = %work.record.key(), "the lease is lost: another worker goes on");
            return Written::Lost;
        }
        if self.settings.guards.merge_under_lease {
            work.record.merge_desired(&theirs);
        }
        work.rev = rev;
        Written::Merged
    }
}

fn log_new_problems(order: &str, problems: &[Attention], known: &[Attention], session: &mut Session) {
    let is_new = |problem: &&Attention| known.iter().all(|known| known.id != problem.id);
    for problem in problems.iter().filter(is_new) {
        session.tally.attention_raised += 1;
        tracing::warn!(
            order,
            problem = %problem.id,
            what = problem.what,
            code = problem.code,
            wix_request_id = problem.request_id.as_deref().unwrap_or_default(),
            advice = problem.advice,
            "attention"
        );
    }
}
