//! How a permit is asked for: what [`crate::fulfilment::permit`] says is tried, until there is an answer. The item as it
//! was seen last is kept, so that an order costs one conditional update, and none at all while a window is full.

use std::time::Duration;

use super::fulfilment::Fulfilment;
use super::held::Held;
use super::session::Session;
use crate::catalog::Catalog;
use crate::fulfilment::calls::Need;
use crate::fulfilment::permit::{self, Ask, Class, Pause, Permit, Spend, Terms, Verdict};
use crate::fulfilment::ports::Wix;
use crate::ledger::limit::{Change, Changed, Limit, Turned, Window};
use crate::ledger::{Ledger, LedgerError};
use crate::time::{Clock, Timer, Timestamp};

/// How often a change is tried that others are quicker with. In a crowd of many processes each refusal means that others
/// took something.
const TRIES: u32 = 20;

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// There is a permit.
    Given,
    /// There may be one at this time.
    Full(Timestamp),
    /// Nobody calls Wix.
    Paused(Pause),
    /// Nothing is bought.
    Braked(Turned),
}

/// The longest that a worker waits for the permit of an order that is begun. It never waits for a fresh order: the sweep
/// takes it up when its turn comes.
const SHORT: Duration = Duration::from_secs(2);

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// A permit for a call that is due. A sweep waits for it as long as the call could still end in time; a worker waits
    /// for two seconds at the most, and only where the order is begun.
    pub(super) async fn permit(&self, need: Need, session: &Session) -> Result<Asked, LedgerError> {
        if !self.settings.guards.permit {
            return Ok(Asked::Given);
        }
        let class = if need.follows { Class::Begun } else { session.class };
        let ask = Ask {
            calls: need.calls,
            then: need.then,
            units: need.units,
            class,
        };
        let last = match (session.class, class) {
            (Class::Sweep | Class::Audit, _) => session.deadline - self.settings.wix_timeout,
            (Class::Begun | Class::Fresh, Class::Begun) => self.clock.now() + SHORT,
            (Class::Begun | Class::Fresh, _) => self.clock.now(),
        };
        loop {
            let now = self.clock.now();
            // What is bought is counted with its own permit.
            let held = if need.units > 0 {
                Spend::Lapsed
            } else {
                session.held.allows(now)
            };
            let until = match held {
                Spend::Now => return Ok(Asked::Given),
                Spend::At(at) if at <= now + SHORT => at,
                Spend::At(_) | Spend::Lapsed => match self.ask(&ask, &session.held).await? {
                    Asked::Full(until) if until < last => until,
                    asked @ (Asked::Given | Asked::Full(_) | Asked::Paused(_) | Asked::Braked(_)) => return Ok(asked),
                },
            };
            self.clock.sleep(until.since(self.clock.now())).await;
        }
    }
}

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    pub(super) fn terms(&self) -> Terms {
        let most = |catalog: &Catalog| catalog.defaults.max_purchases_per_hour;
        Terms {
            top: permit::calls_per_window(self.settings.calls_per_minute),
            most: self.catalog.as_ref().map_or(u32::MAX, most),
        }
    }

    /// Keeps the item, which start-up or a sweep has read, for the first permit.
    pub fn learn(&self, limit: Option<&Limit>) {
        if let Some(limit) = limit {
            self.seen.keep(limit);
        }
    }

    /// Asks for a permit, once; it does not wait for a window.
    pub(crate) async fn ask(&self, ask: &Ask, held: &Held) -> Result<Asked, LedgerError> {
        let terms = self.terms();
        let home = self.ledger.home();
        let (mut seen, mut fresh) = (self.seen.get(), false);
        for _ in 0..TRIES {
            let now = self.clock.now();
            let (change, permit) = match permit::verdict(ask, seen.as_ref(), fresh, &terms, home, now) {
                Verdict::Try(change, permit) => (change, Some(permit)),
                Verdict::Brake(change) => (change, None),
                Verdict::Full(until) => return Ok(Asked::Full(until)),
                Verdict::Paused(pause) => return Ok(Asked::Paused(pause)),
                Verdict::Braked(turned) => return Ok(Asked::Braked(turned)),
            };
            held.count();
            let item = match self.ledger.change_limit(&change).await? {
                Changed::Done(item) => {
                    self.seen.keep(&item);
                    if let (None, Some(braked)) = (&permit, &item.braked) {
                        tracing::error!(
                            reason = braked.reason,
                            "the brake is on: nothing is bought until an operator resumes"
                        );
                    }
                    if let Some(permit) = permit.filter(|permit| *permit != Permit::default()) {
                        held.give(permit);
                        return Ok(Asked::Given);
                    }
                    Some(*item)
                }
                Changed::Refused(item) => item.map(|item| *item),
            };
            if let Some(item) = &item {
                self.seen.keep(item);
            }
            (seen, fresh) = (item, true);
        }
        // Everybody else was quicker so often that this window is full by now, or nearly so.
        Ok(Asked::Full(Window::of(self.clock.now()).ends()))
    }

    /// Wix answered 429: the whole stack slows down. It does not matter much if this fails: the next 429 tells again.
    pub(super) async fn slow_down(&self, retry_after: Option<Duration>) {
        let mut seen = self.seen.get();
        for _ in 0..TRIES {
            let Some(item) = &seen else { return };
            let Some(slower) = permit::after_throttling(item, retry_after, self.clock.now()) else {
                return;
            };
            let change = Change::Put {
                seen: Some(item.rev),
                item: Box::new(slower),
            };
            match self.ledger.change_limit(&change).await {
                Ok(Changed::Done(item)) => {
                    self.seen.keep(&item);
                    tracing::warn!(
                        calls_per_window = item.cap,
                        "wix throttled: the limit of calls is halved"
                    );
                    return;
                }
                Ok(Changed::Refused(item)) => seen = item.map(|item| *item),
                Err(error) => {
                    tracing::warn!(error = %error, "the limit of calls could not be halved");
                    return;
                }
            }
        }
    }
}
