//! How a slice is compared with every record of the ledger, and how a record that differs is woken.

use uuid::Uuid;

use super::bookmark::{self, Bookmark, Kept};
use super::join::{self, Doubt, Window};
use super::pages::{End, Read};
use super::progress::AuditRun;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::record::OrderRecord;
use crate::fulfilment::run::{Fulfilment, Work};
use crate::ledger::{Entry, Ledger, LedgerError, Stored};
use crate::order::OrderKey;
use crate::time::{Timer, Timestamp};

/// Records are read so many at a time.
const SCAN: usize = 50;

/// No more orders are woken in one slice because a query did not show their package: when so many are missing, it is
/// the query that is wrong, and asking for each would take the calls that new orders need.
const MOST_MISSING: u32 = 200;

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Compares a slice with every record, and wakes those that have to be looked at. `false`: it did not come to its
    /// end, and the slice has to be read again.
    pub(super) async fn join(&self, run: &mut AuditRun, at: &Bookmark, read: &mut Read) -> Result<bool, LedgerError> {
        let window = Window {
            from: at.at.unwrap_or(Timestamp::EPOCH),
            to: match read.end {
                End::All => read.old,
                End::More(_) | End::Late(_) | End::Outage(_) => read.last.unwrap_or(Timestamp::EPOCH),
            },
            before: at.done(),
        };
        read.slice.seal();
        run.summary.packages += u64::try_from(read.slice.len()).unwrap_or(u64::MAX);
        let mut strays: Vec<(OrderKey, usize)> = Vec::new();
        let mut missing = 0;
        let mut orders = 0;
        let mut after: Option<String> = None;
        let begun = self.clock.now();
        loop {
            if self.clock.now() >= run.deadline {
                run.ledger_took = run.ledger_took.max(self.clock.now().since(begun));
                tracing::error!(
                    "the audit could not read the ledger in time, and will begin this part again: give its function more time"
                );
                return Ok(false);
            }
            let entries = self.ledger.scan(after.as_deref(), SCAN).await?;
            run.session.tally.ledger_reads += 1;
            let Some(last) = entries.last() else { break };
            after = Some(last.key.clone());
            for entry in entries {
                let Ok(key) = entry.key.parse::<OrderKey>() else {
                    continue;
                };
                let record = match OrderRecord::from_json(&entry.body) {
                    Ok(record) => record,
                    Err(error) => {
                        run.summary.unreadable += 1;
                        tracing::error!(order = %key, error = %error, "the audit cannot read a record");
                        continue;
                    }
                };
                if self.has_ended(&entry, &record) {
                    if self.ledger.remove(&entry.key, entry.rev).await? {
                        run.summary.ended_records += 1;
                    }
                    continue;
                }
                orders += 1;
                let compared = join::compare(&record, &mut read.slice, &window, self.clock.now());
                strays.extend(compared.strays.into_iter().map(|at| (key.clone(), at)));
                let mut doubtful = Vec::new();
                for (package, doubt) in compared.doubts {
                    missing += u32::from(doubt == Doubt::Missing);
                    if doubt != Doubt::Missing || missing <= MOST_MISSING {
                        tracing::warn!(order = %key, package = %package, doubt = ?doubt, "the audit doubts a package");
                        doubtful.push(package);
                    }
                    run.summary.count(doubt);
                }
                if !doubtful.is_empty() {
                    let woken = self
                        .wake(run, &key, Some(entry), |record| join::doubt(record, &doubtful))
                        .await?;
                    run.summary.busy += u32::from(!woken);
                }
            }
        }
        run.ledger_took = self.clock.now().since(begun);
        run.summary.orders = run.summary.orders.max(orders);
        if missing > MOST_MISSING {
            tracing::error!(
                missing,
                woken = MOST_MISSING,
                "Wix's query did not show so many packages that the query itself is doubtful: see whether Wix shows them"
            );
        }
        for (key, at) in strays {
            if !self.stray(run, &key, &read.slice, at).await? {
                return Ok(false);
            }
        }
        self.unknown(run, &read.slice).await
    }

    /// Whether a record ends: it was settled longer ago than records are kept, and nothing at Wix hangs on it.
    fn has_ended(&self, entry: &Entry, record: &OrderRecord) -> bool {
        let is_settled = entry.due_at.is_none() && entry.attention_since.is_none();
        let kept = self.settings.retention.filter(|_| is_settled);
        kept.is_some_and(|kept| record.may_end(kept, self.clock.now()))
    }

    /// Changes a record and makes it due, unless the change says that there is nothing to change. `false`: a worker
    /// holds it, or others write it all the time.
    pub(super) async fn wake(
        &self,
        run: &mut AuditRun,
        key: &OrderKey,
        mut entry: Option<Entry>,
        mut change: impl FnMut(&mut OrderRecord) -> bool,
    ) -> Result<bool, LedgerError> {
        let text = key.to_string();
        for _ in 0..3 {
            let loaded = match entry.take() {
                Some(entry) => entry,
                None => {
                    run.session.tally.ledger_reads += 1;
                    match self.ledger.load(&text).await? {
                        Some(entry) => entry,
                        None => return Ok(false),
                    }
                }
            };
            let Ok(mut work) = Work::open(key, Some(loaded), &self.settings, self.clock.now()) else {
                break;
            };
            let now = self.clock.now();
            // The actual state is the lease holder's to write.
            if work.record.lease().is_some_and(|lease| lease.until > now) {
                break;
            }
            if !change(&mut work.record) {
                return Ok(true);
            }
            work.record.set_lease(None);
            let due_at = work.due_at.map_or(now, |due_at| due_at.min(now));
            if self.put(&mut work, Some(due_at), &mut run.session).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Stores where the next run goes on; `false`: another audit runs at the same time.
    pub(super) async fn keep_bookmark(
        &self,
        run: &mut AuditRun,
        kept: &Kept,
        rev: &mut u64,
    ) -> Result<bool, LedgerError> {
        let entry = Entry {
            key: bookmark::KEY.to_owned(),
            // Strings and times always serialise.
            body: serde_json::to_string(kept).unwrap_or_default(),
            rev: *rev + 1,
            write_id: Uuid::new_v4().to_string(),
            due_at: None,
            attention_since: None,
        };
        run.session.tally.ledger_writes += 1;
        match self.ledger.store(&entry).await? {
            Stored::Written => {
                *rev = entry.rev;
                Ok(true)
            }
            Stored::Conflict(_) => {
                tracing::warn!("another audit runs at the same time: this one stops");
                Ok(false)
            }
        }
    }
}
