//! How a slice of Wix's packages is read: page after page, until it is full, the packages are too young, or half of the
//! time that is left has gone; the other half is for the ledger, and more where that takes longer.

use std::time::Duration;

use super::bookmark::Bookmark;
use super::progress::AuditRun;
use super::slice::{self, Slice};
use crate::fulfilment::permit::Class;
use crate::fulfilment::ports::Wix;
use crate::fulfilment::report::Outage;
use crate::fulfilment::run::Fulfilment;
use crate::ledger::Ledger;
use crate::time::{Timer, Timestamp};
use crate::wix::retry::THROTTLE_WAIT;
use crate::wix::{Error, Failure, PackageQuery, QueryPackages};

/// Younger packages are left alone: a worker may not have written them down yet, and queries may not show them.
const YOUNG: Duration = Duration::from_secs(3_600);

/// A slice is full with so many packages and instances: about 10 MB. 100,000 packages of one instance fit.
const MOST_UNITS: usize = 200_000;

/// A call may still be made in the very moment after which none may.
pub(super) const MOMENT: Duration = Duration::from_millis(1);

/// What reading a slice came to.
pub(super) struct Read {
    pub(super) slice: Slice,
    /// When the last package was created.
    pub(super) last: Option<Timestamp>,
    /// What is younger was left alone.
    pub(super) old: Timestamp,
    pub(super) end: End,
}

/// Why reading ended.
pub(super) enum End {
    /// There are more packages, at this cursor.
    More(String),
    /// There are none that are old enough.
    All,
    /// Time is over for reading; it goes on at this cursor.
    Late(Option<String>),
    /// Wix did not go on.
    Outage(Outage),
}

/// Why a call is not made again.
pub(super) enum Stop {
    /// There is no time for it.
    Late,
    /// Wix would not answer.
    Outage(Outage),
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Reads pages into a slice.
    pub(super) async fn read_slice(&self, run: &mut AuditRun, at: &Bookmark, cursor: Option<String>) -> Read {
        let begun = self.clock.now();
        let until = begun + run.for_pages(run.deadline.since(begun));
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
            let call = QueryPackages {
                query: PackageQuery::created_since(from),
                cursor: cursor.clone(),
            };
            let port = self.metered(&run.session.held, until + MOMENT, Class::Audit);
            let answer = port.send(&run.own, &call).await;
            run.session.tally.wix_calls += u32::from(answer.as_ref().err().is_none_or(Error::was_sent));
            let page = match answer {
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
                        Some(Stop::Late) => read.end = End::Late(cursor),
                        Some(Stop::Outage(outage)) => read.end = End::Outage(outage),
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
                    read.end = End::Outage(Outage::WixAway(why));
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
    pub(super) async fn pause(&self, error: Error, until: Timestamp) -> Option<Stop> {
        match error.failure() {
            Failure::Throttled(after) => {
                let pause = after.unwrap_or(THROTTLE_WAIT).max(Duration::from_millis(100));
                if self.clock.now() + pause + self.settings.wix_timeout > until {
                    return Some(Stop::Late);
                }
                self.clock.sleep(pause).await;
                None
            }
            Failure::Unauthorized | Failure::Forbidden => Some(Stop::Outage(Outage::ApiKey(error.to_string()))),
            Failure::NotSent | Failure::Unknown | Failure::Rejected => {
                Some(Stop::Outage(Outage::WixAway(error.to_string())))
            }
        }
    }
}
