//! The audit: all packages at Wix against all records of the ledger, slice by slice in the order of their creation.
//!
//! It reads, compares, and wakes orders; what follows is the converge loop's, with Get and its ordinary rules. A query
//! that does not show a package is a reason to ask for it by its ID and no evidence. Nothing is created here, and what
//! no record knows is never touched.
//!
//! - `slice` what Wix showed, in little memory, and `pages` how it is read;
//! - `join` a record beside it (pure), and `scan` all records, which are woken where they differ;
//! - `stray` whose a package is that its order does not know (pure), and `confirm` how it is asked for;
//! - `bookmark` where the next run goes on.

mod bookmark;
mod confirm;
mod join;
mod pages;
mod progress;
mod scan;
mod slice;
mod stray;
mod summary;

use std::time::Duration;

use super::permit::Class;
use super::ports::Wix;
use super::report::Outage;
use super::run::{Fulfilment, PAUSED, Session};
use crate::ledger::{Ledger, LedgerError};
use crate::time::{Timer, Timestamp};

pub use bookmark::Found;
use bookmark::{Bookmark, Kept};
use pages::End;
use progress::AuditRun;
pub use summary::{AuditRequest, AuditSummary, Listed};

/// How far the daily audit is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stands {
    /// Up to which time of creation the packages were compared by the run that is not at its end; `None` when the last
    /// one came to the end, or there was none.
    pub until: Option<Timestamp>,
    /// When a run came to the end last.
    pub finished: Option<Timestamp>,
    /// What that one found.
    pub found: Found,
}

/// Where the daily audit stands.
pub async fn stands_at(ledger: &impl Ledger) -> Result<Stands, LedgerError> {
    let stored = ledger.load(bookmark::KEY).await?;
    let kept: Option<Kept> = stored.and_then(|entry| serde_json::from_str(&entry.body).ok());
    let Kept { bookmark, found, .. } = kept.unwrap_or_default();
    let Bookmark { at, finished, .. } = bookmark;
    Ok(Stands {
        until: at,
        finished,
        found,
    })
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Compares the packages at Wix with the ledger until all are compared or `deadline` is near; the next run goes on
    /// where this one stopped. An error means that the ledger did not answer; nothing is lost by it.
    pub async fn audit(&self, request: AuditRequest, deadline: Timestamp) -> Result<AuditSummary, LedgerError> {
        let mut summary = AuditSummary::default();
        if self.settings.paused {
            summary.stopped = Some(Outage::Paused(PAUSED.to_owned()));
            return Ok(summary);
        }
        let own = match self.wix.own_account().await {
            Ok(own) => own,
            Err(error) => {
                summary.stopped = Some(Outage::ApiKey(error.to_string()));
                return Ok(summary);
            }
        };
        let stored = self.ledger.load(bookmark::KEY).await?;
        summary.tally.ledger_reads += 1;
        let mut rev = stored.as_ref().map_or(0, |entry| entry.rev);
        let daily = stored.and_then(|entry| serde_json::from_str(&entry.body).ok());
        let mut kept: Kept = daily.unwrap_or_default();
        // A ledger that was restored does not know what was bought since: everything is compared.
        let here = self.ledger.home();
        let home = match self.ledger.limit().await? {
            Some(limit) if limit.home != here => format!("{} restored as {here}", limit.home),
            Some(_) | None => here.to_owned(),
        };
        if kept.home != home {
            kept = Kept {
                home,
                ..Kept::default()
            };
        }
        let before = kept.so_far;
        let mut at = match request.since {
            Some(since) => Bookmark::at(since),
            None => kept.bookmark.clone(),
        };
        summary.since = at.at;
        let session = Session::of(Class::Audit, deadline);
        let mut run = AuditRun {
            until: request.until,
            own,
            session,
            deadline,
            summary,
            ledger_took: Duration::from_secs(kept.ledger_secs),
        };
        let mut cursor = None;
        loop {
            let mut read = self.read_slice(&mut run, &at, cursor).await;
            let next = match (&read.end, read.last) {
                (End::All, _) => Bookmark::end(self.clock.now()),
                (End::More(_) | End::Late(_) | End::Outage(_), Some(last)) => {
                    at.after(last, read.slice.created_at(last))
                }
                (End::More(_) | End::Late(_) | End::Outage(_), None) => at.clone(),
            };
            let moved = next != at || matches!(read.end, End::All);
            let whole = !moved || self.join(&mut run, &at, &mut read).await?;
            if let End::Outage(outage) = &read.end {
                run.summary.stopped = Some(outage.clone());
            }
            run.summary.next = at.at;
            kept.ledger_secs = run.ledger_took.as_secs();
            if !whole || !moved {
                // Where the time was not enough for the ledger, the next run leaves it more.
                if !whole && !request.is_extra() {
                    self.keep_bookmark(&mut run, &kept, &mut rev).await?;
                }
                break;
            }
            let has_ended = matches!(read.end, End::All);
            kept = kept.after(next.clone(), before, run.summary.to_tell(), has_ended);
            if !request.is_extra() && !self.keep_bookmark(&mut run, &kept, &mut rev).await? {
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
                End::Late(next) if self.clock.now() + run.enough() < deadline => cursor = next,
                End::Late(_) | End::Outage(_) => break,
            }
        }
        let mut summary = run.summary;
        summary.tally += run.session.tally;
        Ok(summary)
    }
}
