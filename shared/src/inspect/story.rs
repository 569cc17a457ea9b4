//! One order as a person reads it: a verdict, what the shop said, what became of each unit, what is next, and what needs
//! somebody. Made from the record alone.

use serde::Serialize;

use super::{ShownProblem, command, problems_of};
use crate::fulfilment::record::{Attempt, Happened, Kind};
use crate::fulfilment::{OrderRecord, Settings};
use crate::ids::Sku;
use crate::ledger::Entry;
use crate::order::Paid;
use crate::time::Timestamp;

mod units;

pub(super) use units::of as units_of;
pub use units::{InstanceShown, Purchased, UnitGroup};

/// An order as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderStory {
    /// The order's key.
    pub key: String,
    /// What people call it, where that is not its ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The storefront's own reference, which its packages are tagged with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
    /// How it stands, in one word and one sentence.
    pub verdict: Verdict,
    /// What the shop said last.
    pub said: Said,
    /// What became of each unit; equal ones together.
    pub units: Vec<UnitGroup>,
    /// Packages that were created for the order and that no unit has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub surplus: Vec<SurplusShown>,
    /// How many products may still be bought for it at the most, if somebody retried it: those that are wanted and that
    /// nothing at Wix stands for.
    pub could_buy: u32,
    /// How many products more would be bought, if somebody retried it with replacing: those that ended at Wix.
    pub could_replace: u32,
    /// How many units may be bought for it, if somebody released it: those that are held, or were not ours.
    pub could_release: u32,
    /// What needs a person, each with the command that ends it.
    pub problems: Vec<ShownProblem>,
    /// Since when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attention_since: Option<Timestamp>,
    /// What happened to it, the newest lines, the oldest of them first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Happened>,
    /// Problems that a person has settled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<ClosedShown>,
    /// When it is taken up again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// What happens then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How often the record was written.
    pub rev: u64,
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// In one word.
    pub word: Word,
    /// In one sentence.
    pub sentence: String,
}

/// How an order stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// A person must do something.
    Attention,
    /// Something is to be done, and will be by itself.
    Waiting,
    /// All that is paid for is at Wix.
    Fulfilled,
    /// Nothing is to be bought, and nothing was.
    Nothing,
    /// What was bought is not wanted any more, and was taken back as the catalog says.
    Ended,
    /// It is only another name of an order.
    Alias,
}

/// What the shop said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Whether it is paid: `full`, `no`, `unclear`, `by_payments`; nothing while no order was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<Paid>,
    /// Whether it is over.
    pub ended: bool,
    /// Its lines.
    pub lines: Vec<SaidLine>,
}

/// A line as the shop said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SaidLine {
    /// The storefront's ID of the line.
    pub line: String,
    /// What is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// Live units, as the shop says.
    pub units: u32,
    /// So many may be bought.
    pub buy: u32,
    /// So many are left as they are; what is above is taken back.
    pub keep: u32,
    /// The account that it names, or its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The site that it names, or its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

/// A package beside the one that a purchase holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurplusShown {
    /// Its ID.
    pub package: String,
    /// The purchase that it was created for, such as `b1`.
    pub of: String,
    /// Something of it is alive at Wix.
    pub alive: bool,
}

/// A problem that a person has settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosedShown {
    /// The problem's ID.
    pub id: String,
    /// What it was about.
    pub what: String,
    /// Its code.
    pub code: String,
    /// Who closed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl OrderStory {
    /// The story of an entry at `now`. An entry that cannot be read is a story of that one problem.
    pub fn of(entry: &Entry, settings: &Settings, now: Timestamp) -> Self {
        let problems = problems_of(entry, settings, now);
        match OrderRecord::from_json(&entry.body) {
            Ok(record) => Self::of_record(entry, &record, problems, now),
            Err(_) => Self::unreadable(entry, problems),
        }
    }

    fn unreadable(entry: &Entry, problems: Vec<ShownProblem>) -> Self {
        Self {
            key: entry.key.clone(),
            number: None,
            reference: None,
            placed_at: None,
            verdict: Verdict {
                word: Word::Attention,
                sentence: "the record cannot be read".to_owned(),
            },
            said: Said::default(),
            units: Vec::new(),
            surplus: Vec::new(),
            could_buy: 0,
            could_replace: 0,
            could_release: 0,
            problems,
            attention_since: entry.attention_since,
            history: Vec::new(),
            closed: Vec::new(),
            due_at: entry.due_at,
            next: None,
            rev: entry.rev,
        }
    }

    fn of_record(entry: &Entry, record: &OrderRecord, problems: Vec<ShownProblem>, now: Timestamp) -> Self {
        let order = record.desired().planned_order();
        let order = order.as_deref();
        let units = units::of(record, now);
        let sum = |of: fn(&UnitGroup) -> u32| units.iter().map(of).fold(0, u32::saturating_add);
        let (could_buy, could_release) = (sum(UnitGroup::could_buy), sum(UnitGroup::could_release));
        let verdict = verdict(entry, record, &problems, &units);
        let closed = record.closed().iter().map(|(id, closing)| ClosedShown {
            id: id.to_string(),
            what: closing.what.clone(),
            code: closing.code.clone(),
            by: closing.by.clone(),
            at: closing.at,
            reason: closing.reason.clone(),
        });
        let surplus = record.surplus().iter().map(|surplus| SurplusShown {
            package: surplus.held().id().to_string(),
            of: surplus.of().to_string(),
            alive: surplus.held().is_alive(),
        });
        Self {
            key: entry.key.clone(),
            number: order.and_then(|order| order.number.clone()),
            reference: record.reference().map(str::to_owned),
            placed_at: order.map(|order| order.created_at),
            verdict,
            said: said(record, now),
            surplus: surplus.collect(),
            history: record.history().lines().to_vec(),
            closed: closed.collect(),
            attention_since: entry.attention_since,
            due_at: entry.due_at,
            next: next(entry, record, now),
            rev: entry.rev,
            could_buy,
            could_replace: sum(UnitGroup::could_replace),
            could_release,
            units,
            problems,
        }
    }
}

fn said(record: &OrderRecord, now: Timestamp) -> Said {
    let Some(order) = record.desired().planned_order() else {
        return Said::default();
    };
    let entitled = record.desired().entitlements(now, &record.policy());
    let lines = order.lines.iter().map(|line| {
        let of_line = entitled.of(&line.id);
        SaidLine {
            line: line.id.clone(),
            sku: line.sku.clone(),
            units: line.units,
            buy: of_line.buy,
            keep: of_line.keep,
            account: line.fields.account.clone().or_else(|| order.fields.account.clone()),
            site: line.fields.site.clone().or_else(|| order.fields.site.clone()),
        }
    });
    Said {
        paid: Some(order.paid),
        ended: order.ended.is_some(),
        lines: lines.collect(),
    }
}

fn verdict(entry: &Entry, record: &OrderRecord, problems: &[ShownProblem], units: &[UnitGroup]) -> Verdict {
    let said = |word, sentence: String| Verdict { word, sentence };
    if let Some(erased) = record.erased() {
        let (at, by, why) = (erased.at, &erased.by, &erased.reason);
        let left = match erased.alive.values().sum() {
            0_u32 => String::new(),
            _ => "; what was alive at Wix then: reseller paid-for".to_owned(),
        };
        return said(
            Word::Nothing,
            format!("its data was erased at {at} by {by}: {why}{left}"),
        );
    }
    if let Some(of) = record.desired().belongs_to() {
        return said(Word::Alias, format!("this is another name of {of}: look there"));
    }
    if let Some(first) = problems.first() {
        let code = &first.problem.code;
        return said(
            Word::Attention,
            match problems.len() {
                1 => format!("a person must look at one problem: {code}"),
                many => format!("a person must look at {many} problems, the first is {code}"),
            },
        );
    }
    let packages = record.packages().count();
    let alive: u32 = units.iter().filter(|unit| unit.is_alive()).map(|unit| unit.count).sum();
    // What waits only to be read again at Wix is done, as far as the customer is concerned.
    let is_open = record
        .purchases()
        .iter()
        .any(|purchase| matches!(purchase.attempt(), Attempt::InDoubt(doubt) if !doubt.is_closed()))
        || units.iter().any(UnitGroup::is_open);
    if entry.due_at.is_some() && is_open {
        return said(
            Word::Waiting,
            "something is still to be done, and will be by itself".to_owned(),
        );
    }
    let noun = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    };
    match (packages, alive) {
        (0, _) if units.iter().any(|unit| unit.could_release() > 0) => said(
            Word::Nothing,
            format!(
                "it is held, and bought when a person releases it: {}",
                command::release(&entry.key)
            ),
        ),
        (0, _) => said(Word::Nothing, "nothing is to be bought for it".to_owned()),
        (_, 0) => said(
            Word::Ended,
            format!("it is over: of {} nothing is left", noun(packages, "package")),
        ),
        (_, alive)
            if !units
                .iter()
                .any(|unit| unit.is_alive() && (unit.wanted || unit.unclear)) =>
        {
            said(
                Word::Ended,
                format!(
                    "it is over: {} still at Wix, as on_cancel in the catalog says, and paid for until somebody cancels there",
                    match alive {
                        1 => "1 product is".to_owned(),
                        many => format!("{many} products are"),
                    }
                ),
            )
        }
        (_, alive) => {
            let vouchers = record
                .packages()
                .filter(|(purchase, _)| purchase.id().kind == Kind::Voucher)
                .count();
            let products = noun(usize::try_from(alive).unwrap_or(usize::MAX), "product");
            let bought = noun(packages - vouchers, "package");
            let with = match vouchers {
                0 => String::new(),
                some => format!(" and {}", noun(some, "voucher package")),
            };
            let given_back = units
                .iter()
                .filter(|unit| unit.is_alive() && !unit.wanted && !unit.unclear);
            let kept = match given_back.map(|unit| unit.count).sum() {
                0_u32 => String::new(),
                kept => {
                    format!("; {kept} of them not wanted any more, and kept as the catalog says: reseller paid-for")
                }
            };
            let unclear = units.iter().filter(|unit| unit.is_alive() && unit.unclear);
            let unclear = match unclear.map(|unit| unit.count).sum() {
                0_u32 => String::new(),
                some => format!(
                    "; {some} of them kept, because it is not clear whether they are paid for: cancel the order in the shop where they are not"
                ),
            };
            let names_a_site = record.desired().planned_order().is_some_and(|order| {
                let lines = order.lines.iter().map(|line| &line.fields);
                lines.chain([&order.fields]).any(|fields| fields.site.is_some())
            });
            let floating = units.iter().filter(|unit| unit.is_alive() && unit.wanted);
            let floating = match floating.map(UnitGroup::floating).sum() {
                0_usize => String::new(),
                some if names_a_site => format!("; {some} of them on no site yet"),
                some => format!("; {some} of them on no site, because the order names none"),
            };
            said(
                Word::Fulfilled,
                format!("{products} at Wix, in {bought}{with}{floating}{kept}{unclear}"),
            )
        }
    }
}

/// What happens at `due_at`, by what waits first.
fn next(entry: &Entry, record: &OrderRecord, now: Timestamp) -> Option<String> {
    if let Some(lease) = record.lease().filter(|lease| lease.until > now) {
        return Some(format!("a worker is on it, until {} at the latest", lease.until));
    }
    entry.due_at?;
    if let Some(hold) = record.hold() {
        let (code, operation) = (&hold.last.code, &hold.last.operation);
        return Some(format!("{operation} is tried again (the last time: {code})"));
    }
    let doubtful = record
        .purchases()
        .iter()
        .find(|purchase| matches!(purchase.attempt(), Attempt::InDoubt(doubt) if !doubt.is_closed()));
    if let Some(purchase) = doubtful {
        return Some(format!(
            "Wix is asked what became of {}, of which the answer was lost",
            purchase.id()
        ));
    }
    let waits = record.holdings().any(|(_, _, held)| {
        held.instances()
            .iter()
            .any(|i| *i.status() == crate::wix::Status::Pending)
    });
    Some(if waits {
        "the package is read at Wix, which has not delivered all of it".to_owned()
    } else {
        "the order is taken up".to_owned()
    })
}
