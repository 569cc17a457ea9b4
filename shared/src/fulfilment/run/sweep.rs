//! The sweep: every order that is due, the longest and the shortest due in turn, so that neither waits for the whole of
//! the other end. Several orders are worked on at a time: Wix's limit is what bounds the work, and one order after the
//! other would not use it.

use std::collections::{HashSet, VecDeque};

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::accept::AcceptError;
use super::converge::PAUSED;
use super::fulfilment::Fulfilment;
use super::work::Session;
use crate::fulfilment::permit::{Class, pause_of};
use crate::fulfilment::ports::Wix;
use crate::fulfilment::report::{OrderOutcome, Outage, Sweep};
use crate::ledger::{Indexed, Ledger, LedgerError};
use crate::order::OrderKey;
use crate::time::{Timer, Timestamp};

/// How many orders are worked on at a time: as many as use up a window while Wix takes seconds to answer.
const AT_A_TIME: usize = 12;

/// How many due orders are asked for at each end. Few, so that what is due now is seen soon.
const DUE_AT_ONCE: usize = 12;

/// After so many orders in a row whose create got no clear answer, Wix is taken to be down.
const UNCLEAR_IN_A_ROW: u32 = 3;

/// What is due, as it is taken up.
#[derive(Default)]
struct Line {
    next: VecDeque<String>,
    /// What this sweep has taken up already.
    seen: HashSet<String>,
}

impl Line {
    /// The oldest and the newest in turn.
    fn fill(&mut self, oldest: Vec<Indexed>, newest: Vec<Indexed>) {
        let (mut oldest, mut newest) = (oldest.into_iter(), newest.into_iter());
        loop {
            let pair = [oldest.next(), newest.next()];
            if pair.iter().all(Option::is_none) {
                return;
            }
            for due in pair.into_iter().flatten() {
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
        if sweep.stopped.is_some() {
            return Ok(sweep);
        }
        let mut line = Line::default();
        let mut running = FuturesUnordered::new();
        let mut unclear = 0;
        let mut is_over = false;
        loop {
            while !is_over && running.len() < AT_A_TIME {
                if self.clock.now() + self.settings.wix_timeout > deadline {
                    // With something in the line, or nobody knows.
                    sweep.left = true;
                    is_over = true;
                    break;
                }
                if line.next.is_empty() {
                    self.look(&mut line, &mut sweep).await?;
                }
                let Some(key) = line.next.pop_front() else { break };
                running.push(self.resume_one(key, deadline));
            }
            let Some((key, resumed)) = running.next().await else {
                return Ok(sweep);
            };
            let is_unclear = note(&mut sweep, &key, resumed);
            unclear = match is_unclear {
                Some(true) => unclear + 1,
                Some(false) => 0,
                None => unclear,
            };
            if unclear >= UNCLEAR_IN_A_ROW {
                let why = format!("{unclear} orders in a row got no clear answer");
                sweep.stopped = Some(Outage::WixAway(why));
            }
            // What is to be taken back goes on while the brake is on.
            is_over |= matches!(&sweep.stopped, Some(outage) if !matches!(outage, Outage::Braked(_)));
        }
    }

    /// Whether anybody may call Wix: asked at each run, so that a pause is seen also while nothing is due.
    async fn switched_off(&self, sweep: &mut Sweep) -> Result<Option<Outage>, LedgerError> {
        if self.settings.paused {
            return Ok(Some(Outage::Paused(PAUSED.to_owned())));
        }
        let limit = self.ledger.limit().await?;
        sweep.tally.ledger_reads += 1;
        self.learn(limit.as_ref());
        sweep.braked = limit.as_ref().is_some_and(|limit| limit.braked.is_some());
        let pause = limit.and_then(|limit| pause_of(&limit, self.ledger.home()));
        Ok(pause.map(|pause| Outage::Paused(pause.to_string())))
    }

    /// Looks for what is due at both ends. Where there is little, the oldest are all there are.
    async fn look(&self, line: &mut Line, sweep: &mut Sweep) -> Result<(), LedgerError> {
        let limit = DUE_AT_ONCE + line.seen.len();
        let now = self.clock.now();
        let oldest = self.ledger.due(now, limit).await?;
        sweep.tally.ledger_reads += 1;
        let newest = if oldest.len() < limit {
            Vec::new()
        } else {
            sweep.tally.ledger_reads += 1;
            self.ledger.newly_due(now, limit).await?
        };
        let is_fresh = |due: &Indexed| !line.seen.contains(&due.key);
        let fresh = |due: Vec<Indexed>| due.into_iter().filter(is_fresh).take(DUE_AT_ONCE).collect();
        let (oldest, newest) = (fresh(oldest), fresh(newest));
        line.fill(oldest, newest);
        Ok(())
    }

    /// Goes on with one order; `None` where its key is none.
    async fn resume_one(
        &self,
        text: String,
        deadline: Timestamp,
    ) -> (String, Option<Result<OrderOutcome, AcceptError>>) {
        let resumed = match text.parse::<OrderKey>() {
            Ok(key) => Some(self.resume_as(&key, Session::of(Class::Sweep, deadline)).await),
            Err(_) => None,
        };
        (text, resumed)
    }
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
