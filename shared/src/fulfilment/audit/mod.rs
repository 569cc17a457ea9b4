//! The audit: all packages at Wix against all records of the ledger, slice by slice in the order of their creation.
//!
//! It reads, compares, and wakes orders; what follows is the converge loop's, with Get and its ordinary rules. A query
//! that does not show a package is a reason to ask for it by its ID and no evidence. Nothing is created here, and what
//! no record knows is never touched.
//!
//! - `slice` what Wix showed, in little memory (pure);
//! - `join` a record beside it (pure);
//! - `place` where the next run goes on.

mod join;
mod place;
mod slice;
mod summary;

use std::time::Duration;

use uuid::Uuid;

use super::converge::{Session, Work};
use super::derive;
use super::engine::Fulfilment;
use super::ports::Wix;
use super::record::OrderRecord;
use super::report::Outage;
use super::stray::Stray;
use crate::ids::{AccountId, PackageId};
use crate::ledger::{Entry, Ledger, LedgerError, Stored};
use crate::order::OrderKey;
use crate::time::{Timer, Timestamp};
use crate::wix::retry::THROTTLE_WAIT;
use crate::wix::{Error, Failure, GetPackage, Package, PackageQuery, QueryPackages};

use join::{Doubt, Window};
use place::Place;
use slice::Slice;
pub use summary::{AuditRequest, AuditSummary, Listed};

/// Younger packages are left alone: a worker may not have written them down yet, and queries may not show them.
const YOUNG: Duration = Duration::from_secs(3_600);

/// A slice is full with so many packages and instances: about 10 MB. 100,000 packages of one instance fit.
const MOST_UNITS: usize = 200_000;

/// Records are read so many at a time.
const SCAN: usize = 50;

/// No more orders are woken in one slice because a query did not show their package: when so many are missing, it is
/// the query that is wrong, and asking for each would take the calls that new orders need.
const MOST_MISSING: u32 = 200;

/// So much time must be left for another slice to be begun.
const ENOUGH: Duration = Duration::from_secs(120);

/// One run of the audit.
struct Run {
    own: AccountId,
    session: Session,
    deadline: Timestamp,
    /// The end of what was asked for.
    until: Option<Timestamp>,
    summary: AuditSummary,
}

/// What reading a slice came to.
struct Read {
    slice: Slice,
    /// When the last package was created.
    last: Option<Timestamp>,
    /// What is younger was left alone.
    old: Timestamp,
    end: End,
}

enum End {
    /// There are more packages, at this cursor.
    More(String),
    /// There are none that are old enough.
    All,
    /// Time is over for reading; it goes on at this cursor.
    Late(Option<String>),
    /// Wix did not go on.
    Stopped(Outage),
}

/// Why a call is not made again.
enum Halt {
    /// There is no time for it.
    Late,
    /// Wix would not answer.
    Stopped(Outage),
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Compares the packages at Wix with the ledger until all are compared or `deadline` is near; the next run goes on
    /// where this one stopped. An error means that the ledger did not answer; nothing is lost by it.
    pub async fn audit(&self, request: AuditRequest, deadline: Timestamp) -> Result<AuditSummary, LedgerError> {
        let mut summary = AuditSummary::default();
        if self.settings.paused {
            summary.stopped = Some(Outage::Paused);
            return Ok(summary);
        }
        let own = match self.wix.own_account().await {
            Ok(own) => own,
            Err(error) => {
                summary.stopped = Some(Outage::ApiKey(error.to_string()));
                return Ok(summary);
            }
        };
        let stored = self.ledger.load(place::KEY).await?;
        summary.tally.ledger_reads += 1;
        let mut rev = stored.as_ref().map_or(0, |entry| entry.rev);
        let daily = stored.and_then(|entry| serde_json::from_str(&entry.body).ok());
        let mut at = match request.since {
            Some(since) => Place::at(since),
            None => daily.unwrap_or_default(),
        };
        summary.since = at.at;
        let session = Session::new(Uuid::new_v4().to_string(), deadline);
        let mut run = Run {
            until: request.until,
            own,
            session,
            deadline,
            summary,
        };
        let mut cursor = None;
        loop {
            let mut read = self.read_slice(&mut run, &at, cursor).await;
            let next = match (&read.end, read.last) {
                (End::All, _) => Place::default(),
                (End::More(_) | End::Late(_) | End::Stopped(_), Some(last)) => {
                    at.after(last, read.slice.created_at(last))
                }
                (End::More(_) | End::Late(_) | End::Stopped(_), None) => at.clone(),
            };
            let moved = next != at || matches!(read.end, End::All);
            let whole = !moved || self.join(&mut run, &at, &mut read).await?;
            if let End::Stopped(outage) = &read.end {
                run.summary.stopped = Some(outage.clone());
            }
            run.summary.next = at.at;
            if !whole || !moved {
                break;
            }
            if !request.is_extra() && !self.keep_place(&mut run, &next, &mut rev).await? {
                break;
            }
            run.summary.next = next.at;
            at = next;
            match read.end {
                End::More(next) => cursor = Some(next),
                End::All => {
                    run.summary.finished = true;
                    break;
                }
                End::Late(next) if self.clock.now() + ENOUGH < deadline => cursor = next,
                End::Late(_) | End::Stopped(_) => break,
            }
        }
        let mut summary = run.summary;
        summary.tally += run.session.tally;
        Ok(summary)
    }

    /// Reads pages into a slice: until it is full, the packages are too young, or half of the time that is left has
    /// gone; the other half is for the ledger.
    async fn read_slice(&self, run: &mut Run, at: &Place, cursor: Option<String>) -> Read {
        let begun = self.clock.now();
        let until = begun + run.deadline.since(begun) / 2;
        let old = run.until.unwrap_or(begun - YOUNG);
        let done = at.done();
        let (mut from, mut cursor) = (at.at, cursor);
        let mut read = Read {
            slice: Slice::default(),
            last: None,
            old,
            end: End::All,
        };
        loop {
            let now = self.clock.now();
            if now + self.settings.wix_timeout > until {
                read.end = End::Late(cursor);
                return read;
            }
            run.session.tally.wix_calls += 1;
            let call = QueryPackages {
                query: PackageQuery::created_since(from),
                cursor: cursor.clone(),
            };
            let page = match self.wix.send(&run.own, &call).await {
                Ok(page) => page,
                // How long a cursor lives is not documented: the time of creation leads on as well.
                Err(error) if error.failure() == Failure::Rejected && cursor.is_some() => {
                    cursor = None;
                    from = read.last.or(at.at);
                    continue;
                }
                Err(error) => {
                    match self.pause(error, until).await {
                        None => continue,
                        Some(Halt::Late) => read.end = End::Late(cursor),
                        Some(Halt::Stopped(outage)) => read.end = End::Stopped(outage),
                    }
                    return read;
                }
            };
            run.summary.pages += 1;
            for package in &page.packages {
                let last = read.last.or(at.at).unwrap_or(Timestamp::EPOCH);
                let created = package.created_date.map_or(last, |created| created.max(last));
                if created > old {
                    return read;
                }
                if at.at != Some(created) || !done.contains(&slice::id(package.id.as_str())) {
                    read.slice.add(package, &run.own, created);
                }
                read.last = Some(created);
            }
            match page.next {
                None => return read,
                Some(next) if cursor.as_ref() == Some(&next) => {
                    let why = "Wix named the cursor of this very page as that of the next one".to_owned();
                    read.end = End::Stopped(Outage::WixAway(why));
                    return read;
                }
                Some(next) if read.slice.units() >= MOST_UNITS => {
                    read.end = End::More(next);
                    return read;
                }
                Some(next) => cursor = Some(next),
            }
        }
    }

    /// Waits where a call was held back and there is time; else says why it is not made again.
    async fn pause(&self, error: Error, until: Timestamp) -> Option<Halt> {
        match error.failure() {
            Failure::Throttled(after) => {
                let pause = after.unwrap_or(THROTTLE_WAIT).max(Duration::from_millis(100));
                if self.clock.now() + pause + self.settings.wix_timeout > until {
                    return Some(Halt::Late);
                }
                self.clock.sleep(pause).await;
                None
            }
            Failure::Unauthorized | Failure::Forbidden => Some(Halt::Stopped(Outage::ApiKey(error.to_string()))),
            Failure::NotSent | Failure::Unknown | Failure::Rejected => {
                Some(Halt::Stopped(Outage::WixAway(error.to_string())))
            }
        }
    }

    /// Compares a slice with every record, and wakes those that have to be looked at. `false`: it did not come to its
    /// end, and the slice has to be read again.
    async fn join(&self, run: &mut Run, at: &Place, read: &mut Read) -> Result<bool, LedgerError> {
        let window = Window {
            from: at.at.unwrap_or(Timestamp::EPOCH),
            to: match read.end {
                End::All => read.old,
                End::More(_) | End::Late(_) | End::Stopped(_) => read.last.unwrap_or(Timestamp::EPOCH),
            },
            before: at.done(),
        };
        read.slice.seal();
        run.summary.packages += u64::try_from(read.slice.len()).unwrap_or(u64::MAX);
        let mut strays: Vec<(OrderKey, usize)> = Vec::new();
        let mut missing = 0;
        let mut orders = 0;
        let mut after: Option<String> = None;
        loop {
            if self.clock.now() >= run.deadline {
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
                orders += 1;
                let compared = join::compare(&record, &mut read.slice, &window);
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
                        .wake(run, &key, Some(entry), |record| record.doubt(&doubtful))
                        .await?;
                    run.summary.busy += u32::from(!woken);
                }
            }
        }
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

    /// A package that carries an external ID of an order which does not know it: confirmed with Get, and given to the
    /// record. `false`: Wix could not be asked.
    async fn stray(&self, run: &mut Run, key: &OrderKey, slice: &Slice, at: usize) -> Result<bool, LedgerError> {
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
            let (_, kind, ordinal) = derive::split(text)?;
            (derive::external_id(key, kind, ordinal)?.as_str() == text).then_some((kind, ordinal))
        });
        let (now, settings) = (self.clock.now(), &self.settings);
        let mut became = Stray::Foreign;
        if let Some((kind, ordinal)) = named {
            let note = |record: &mut OrderRecord| {
                became = record.note_stray(kind, ordinal, &account, &shown, settings, now);
                became.changes()
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
    async fn unknown(&self, run: &mut Run, slice: &Slice) -> Result<bool, LedgerError> {
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
        run: &mut Run,
        account: &AccountId,
        package: &PackageId,
    ) -> Result<Option<Package>, Option<Outage>> {
        loop {
            if self.clock.now() + self.settings.wix_timeout > run.deadline {
                return Err(None);
            }
            run.session.tally.wix_calls += 1;
            let call = GetPackage {
                package: package.clone(),
            };
            let error = match self.wix.send(account, &call).await {
                Ok(shown) => {
                    let same = shown.account_id.as_ref().is_none_or(|shown| shown == account);
                    return Ok(same.then_some(shown));
                }
                Err(error) => self.weigh(error, account, &run.own, &mut run.session).await,
            };
            if error.failure() == Failure::Rejected {
                if !error.is_not_found() {
                    tracing::warn!(package = %package, error = %error, "the audit cannot read a package");
                }
                return Ok(None);
            }
            match self.pause(error, run.deadline).await {
                None => {}
                Some(Halt::Stopped(outage)) => return Err(Some(outage)),
                Some(Halt::Late) => return Err(None),
            }
        }
    }

    /// Changes a record and makes it due, unless the change says that there is nothing to change. `false`: a worker
    /// holds it, or others write it all the time.
    async fn wake(
        &self,
        run: &mut Run,
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
            let Ok(mut work) = Work::open(key, Some(loaded), &self.settings) else {
                break;
            };
            let now = self.clock.now();
            // Facts are the lease holder's to write.
            if work.record.lease.as_ref().is_some_and(|lease| lease.until > now) {
                break;
            }
            if !change(&mut work.record) {
                return Ok(true);
            }
            work.record.lease = None;
            let due_at = work.due_at.map_or(now, |due_at| due_at.min(now));
            if self.put(&mut work, Some(due_at), &mut run.session).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Stores where the next run goes on; `false`: another audit runs at the same time.
    async fn keep_place(&self, run: &mut Run, place: &Place, rev: &mut u64) -> Result<bool, LedgerError> {
        let entry = Entry {
            key: place::KEY.to_owned(),
            // Strings and times always serialise.
            body: serde_json::to_string(place).unwrap_or_default(),
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

fn listed(package: &Package, account: AccountId) -> Option<Listed> {
    Some(Listed {
        package: package.id.clone(),
        account,
        created: package.created_date?,
    })
}
