//! The sweep: every order that is due, from three ends in turn: the longest due, the shortest due, and those that will soon
//! have waited for long. So a backlog does not keep new orders waiting, nor new orders the backlog. Several orders are worked
//! on at a time: Wix's limit is what bounds the work, and one order after the other would not use it.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::accept::AcceptError;
use super::converge::PAUSED;
use super::fulfilment::Fulfilment;
use super::session::Session;
use crate::fulfilment::permit::{Class, pause_of};
use crate::fulfilment::ports::Wix;
use crate::fulfilment::report::{OrderOutcome, Outage, Sweep};
use crate::ledger::{Indexed, Ledger, LedgerError};
use crate::order::OrderKey;
use crate::time::{Timer, Timestamp};

/// How many orders are worked on at a time: as many as use up a window while Wix takes seconds to answer. The first goes
/// alone, and then twice as many each time, so that what fails for every order is met by one.
const AT_A_TIME: usize = 12;

/// How many due orders are asked for at each end. Few, so that what is due now is seen soon.
const DUE_AT_ONCE: usize = 5;

/// What came due within this time has not waited for long. The longest due of these come in their turn, or those that newer
/// ones have overtaken would wait for the end of a backlog.
const LONG: Duration = Duration::from_secs(90);

/// After so many orders in a row whose create got no clear answer, Wix is taken to be down.
const UNCLEAR_IN_A_ROW: u32 = 3;

/// The ends of what is due.
#[derive(Debug, Clone, Copy)]
enum End {
    Oldest,
    Newest,
    /// The longest due of those that have not waited for long.
    SoonLong,
}

/// What is due, as it is taken up.
#[derive(Default)]
struct Line {
    next: VecDeque<String>,
    /// What this sweep has taken up already.
    seen: HashSet<String>,
    /// How many of these were still due at each end when it looked last. They are asked for again, because they stand before
    /// all others.
    again: [usize; 3],
}

impl Line {
    /// From each end in turn.
    fn fill(&mut self, ends: Vec<Vec<Indexed>>) {
        let mut ends: Vec<_> = ends.into_iter().map(Vec::into_iter).collect();
        loop {
            let turn: Vec<Indexed> = ends.iter_mut().filter_map(Iterator::next).collect();
            if turn.is_empty() {
                return;
            }
            for due in turn {
                if self.seen.insert(due.key.clone()) {
                    self.next.push_back(due.key);
                }
            }
        }
    }
}

impl<W: Wix, L: Ledger, C: Timer> Fulfilment<W, L, C> {
    /// Goes on with every order that is due until nothing is due, the deadline is near, or something fails that would
    /// fail for every order.
    pub async fn sweep(&self, deadline: Timestamp) -> Result<Sweep, LedgerError> {
        let mut sweep = Sweep::default();
        sweep.stopped = self.switched_off(&mut sweep).await?;
        if is_over(&sweep) {
            return Ok(sweep);
        }
        let mut line = Line::default();
        let mut running = FuturesUnordered::new();
        let mut unclear = 0;
        let mut at_a_time = 1;
        let mut ended = false;
        loop {
            while !ended && running.len() < at_a_time {
                if self.clock.now() + self.settings.wix_timeout > deadline {
                    // With something in the line, or nobody knows.
                    sweep.left = true;
                    ended = true;
                    break;
                }
                if line.next.is_empty() {
                    self.look(&mut line, &mut sweep).await?;
                }
                let Some(key) = line.next.pop_front() else { break };
                // Tens of kilobytes each, which would be copied several times on their way into what runs.
                running.push(Box::pin(self.resume_one(key, deadline)));
            }
            let Some((key, resumed)) = running.next().await else {
                return Ok(sweep);
            };
            let is_unclear = note(&mut sweep, &key, resumed);
            if is_unclear == Some(false) {
                at_a_time = (at_a_time * 2).min(AT_A_TIME);
            }
            unclear = match is_unclear {
                Some(true) => unclear + 1,
                Some(false) => 0,
                None => unclear,
            };
            if unclear >= UNCLEAR_IN_A_ROW {
                let why = format!("{unclear} orders in a row got no clear answer");
                sweep.stopped = Some(Outage::WixAway(why));
            }
            ended |= is_over(&sweep);
        }
    }

    /// Whether anybody may call Wix, and buy: asked at each run, so that a pause is seen also while nothing is due.
    async fn switched_off(&self, sweep: &mut Sweep) -> Result<Option<Outage>, LedgerError> {
        if self.settings.paused {
            return Ok(Some(Outage::Paused(PAUSED.to_owned())));
        }
        let limit = self.ledger.limit().await?;
        sweep.tally.ledger_reads += 1;
        self.learn(limit.as_ref());
        Ok(limit.and_then(|limit| {
            let pause = pause_of(&limit, self.ledger.home()).map(|pause| Outage::Paused(pause.to_string()));
            pause.or_else(|| limit.braked.map(|braked| Outage::Braked(braked.reason)))
        }))
    }

    /// Looks for what is due, at each end. Where there is little, the oldest are all there are.
    async fn look(&self, line: &mut Line, sweep: &mut Sweep) -> Result<(), LedgerError> {
        let now = self.clock.now();
        let mut again = line.again;
        let mut ends = Vec::new();
        for (end, again) in [End::Oldest, End::Newest, End::SoonLong].into_iter().zip(&mut again) {
            let (due, is_all) = self.look_at(end, now, &line.seen, again, sweep).await?;
            ends.push(due);
            if is_all {
                break;
            }
        }
        line.again = again;
        line.fill(ends);
        Ok(())
    }

    /// Some of what is due at an end and was not taken up yet, and whether it is all of it.
    async fn look_at(
        &self,
        end: End,
        now: Timestamp,
        seen: &HashSet<String>,
        again: &mut usize,
        sweep: &mut Sweep,
    ) -> Result<(Vec<Indexed>, bool), LedgerError> {
        loop {
            let limit = DUE_AT_ONCE + *again;
            sweep.tally.ledger_reads += 1;
            let mut due = match end {
                End::Oldest => self.ledger.due(now, limit).await?,
                End::Newest => self.ledger.newly_due(now, limit).await?,
                End::SoonLong => self.ledger.due_since(now - LONG, now, limit).await?,
            };
            let found = due.len();
            due.retain(|due| !seen.contains(&due.key));
            *again = found - due.len();
            if found < limit || !due.is_empty() {
                due.truncate(DUE_AT_ONCE);
                return Ok((due, found < limit));
            }
            // Twice as many, so that this ends soon however many there are.
            *again = limit * 2;
        }
    }

    /// Goes on with one order; `None` where its key is none.
    async fn resume_one(
        &self,
        text: String,
        deadline: Timestamp,
    ) -> (String, Option<Result<OrderOutcome, AcceptError>>) {
        let resumed = match text.parse::<OrderKey>() {
            Ok(key) => {
                let resumed = self.resume_as(&key, Session::of(Class::Sweep, deadline));
                Some(self.or_put_off(&text, resumed).await)
            }
            Err(_) => None,
        };
        (text, resumed)
    }
}

/// Whether something stands in the way of every order. What is to be taken back goes on while the brake is on.
fn is_over(sweep: &Sweep) -> bool {
    let outage = sweep.stopped.as_ref();
    outage.is_some_and(|outage| !matches!(outage, Outage::Braked(_)))
}

/// Counts what came of one order; whether Wix gave it an unclear answer.
fn note(sweep: &mut Sweep, key: &str, resumed: Option<Result<OrderOutcome, AcceptError>>) -> Option<bool> {
    match resumed {
        None => {
            tracing::error!(
                order = key,
                "the ledger has a due entry whose key is no order key: delete it"
            );
            None
        }
        Some(Ok(outcome)) => {
            sweep.orders += 1;
            sweep.add(&outcome);
            Some(outcome.tally.unclear > 0)
        }
        Some(Err(error)) => {
            sweep.failed += 1;
            tracing::error!(order = key, error = %error, "the order could not be worked on");
            None
        }
    }
}
