//! What was told, and what is news against it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::EVERY;
use super::text::{Fact, Message, News, Problem};
use crate::fulfilment::AttentionReport;
use crate::inspect::command;
use crate::ledger::Indexed;
use crate::time::Timestamp;

/// More problems than these are not told one by one: a message says how many more there are.
const MOST_TOLD: usize = 500;

/// The item of the ledger: what people know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Since when somebody looks.
    pub(super) began: Timestamp,
    /// Of the last message.
    pub(super) number: u64,
    /// When the last message was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<Timestamp>,
    /// A message that is begun and not known to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waiting: Option<Waiting>,
    /// Since when Wix is not called because somebody says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) paused: Option<Timestamp>,
    /// When the orders were read last, and which they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    looked: Option<(Timestamp, u64)>,
    /// By order and ID, the code of each problem.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    problems: BTreeMap<String, BTreeMap<String, String>>,
    /// How many problems there were beside those, when it was told.
    #[serde(default, skip_serializing_if = "is_zero")]
    more: usize,
    /// By name, the sentence of each fact.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, String>,
}

/// A message that is begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) at: Timestamp,
    pub(super) message: Message,
}

impl Told {
    /// Nothing is told yet.
    pub(super) const fn begin(now: Timestamp) -> Self {
        Self {
            began: now,
            number: 0,
            sent: None,
            waiting: None,
            paused: None,
            looked: None,
            problems: BTreeMap::new(),
            more: 0,
            facts: BTreeMap::new(),
        }
    }

    /// Whether the orders have to be read: where others need a person than before, and now and then, because a second
    /// problem of an order moves no index. Where there is none and none was told, there is nothing to read.
    pub(super) fn is_to_be_looked_at(&self, in_attention: &[Indexed], number: u64, now: Timestamp) -> bool {
        if in_attention.is_empty() && self.problems.is_empty() {
            return false;
        }
        self.looked.is_none_or(|(at, seen)| seen != number || at + EVERY <= now)
    }

    /// What is news, which is told from now on. `seen` is missing where the orders were not read.
    pub(super) fn news(&mut self, seen: Option<&Seen<'_>>, facts: &[Fact], now: Timestamp) -> News {
        let mut news = News::default();
        if let Some(seen) = seen {
            self.looked = Some((now, seen.number));
            self.problems(seen, &mut news);
        }
        let known = std::mem::take(&mut self.facts);
        for fact in facts {
            if known.get(fact.name) != Some(&fact.sentence) {
                news.facts.push(fact.clone());
            }
            self.facts.insert(fact.name.to_owned(), fact.sentence.clone());
        }
        let over = known.into_iter().filter(|(name, _)| !self.facts.contains_key(name));
        news.facts_over.extend(over.map(|(_, sentence)| sentence));
        news
    }

    fn problems(&mut self, seen: &Seen<'_>, news: &mut News) {
        let reports = seen.reports;
        let read: BTreeSet<&str> = reports.iter().map(|report| report.key.as_str()).collect();
        // What stands behind those that were read is neither news nor gone.
        let is_behind = |order: &String| !seen.all && !read.contains(order.as_str());
        let (behind, known): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.problems)
            .into_iter()
            .partition(|(order, _)| is_behind(order));
        let mut told = behind.values().map(BTreeMap::len).sum::<usize>();
        self.problems = behind;
        let mut now_there: BTreeSet<(&str, String)> = BTreeSet::new();
        for report in reports {
            for problem in &report.items {
                let id = problem.id.to_string();
                let is_known = known.get(&report.key).is_some_and(|ids| ids.contains_key(&id));
                now_there.insert((&report.key, id.clone()));
                // What was told stays known: it has its place already.
                if !is_known && told >= MOST_TOLD {
                    news.more += 1;
                    continue;
                }
                told += 1;
                if !is_known {
                    news.problems.push(Problem {
                        order: report.key.clone(),
                        code: problem.code.clone(),
                        what: problem.what.clone(),
                        sentence: problem.advice.clone(),
                        request_id: problem.request_id.clone(),
                        command: command::ending(&report.key, problem, None),
                    });
                }
                let ids = self.problems.entry(report.key.clone()).or_default();
                ids.insert(id, problem.code.clone());
            }
        }
        for (order, ids) in known {
            let gone = ids
                .into_iter()
                .filter(|(id, _)| !now_there.contains(&(order.as_str(), id.clone())));
            news.resolved.extend(gone.map(|(_, code)| (order.clone(), code)));
        }
        // A flood is told when it has doubled: not with every problem more, and not in silence.
        news.more_is_new = news.more > 2 * self.more;
        if news.more_is_new || news.more < self.more {
            self.more = news.more;
        }
    }
}

/// The orders that need a person, as they were read.
pub(super) struct Seen<'a> {
    pub(super) reports: &'a [AttentionReport],
    /// Tells whether there are others than before.
    pub(super) number: u64,
    /// There are no more of them.
    pub(super) all: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde's skip_serializing_if wants"
)]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}
