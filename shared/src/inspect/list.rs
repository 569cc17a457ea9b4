//! Which orders there are: by what is to be done for them, or by a text that a person has in hand.

use serde::Serialize;
use serde_json::Value;

use super::{InspectError, Inspector, MOST, NotUnderstood, shown};
use crate::fulfilment::{OrderRecord, attention};
use crate::ledger::{Entry, Ledger};
use crate::order::OrderKey;
use crate::time::{Clock, Timestamp};

/// How many orders are listed where nobody says.
const USUAL: usize = 50;

/// How many entries are read at a time in a search.
const PAGE: usize = 200;

/// How many orders a search finds at the most: what is meant by so many is not one order.
const MOST_FOUND: usize = 20;

/// Which orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// Those that need a person.
    Attention,
    /// Those that are due and were not taken up yet.
    Due,
    /// All, in no order that means anything.
    #[default]
    All,
}

/// What a listing is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which orders.
    pub state: State,
    /// How many at the most.
    pub limit: usize,
    /// Of [`State::All`]: those after this one.
    pub after: Option<String>,
}

impl Wanted {
    pub(super) fn parse(value: &Value) -> Result<Self, NotUnderstood> {
        let members = value
            .as_object()
            .ok_or_else(|| NotUnderstood("\"list\" wants an object, which may be empty".to_owned()))?;
        let mut wanted = Self {
            state: State::All,
            limit: USUAL,
            after: None,
        };
        for (name, value) in members {
            match (name.as_str(), value) {
                ("state", Value::String(state)) => wanted.state = state_of(state)?,
                ("limit", Value::Number(limit)) => {
                    let limit = limit.as_u64().and_then(|limit| usize::try_from(limit).ok());
                    wanted.limit = limit
                        .filter(|limit| (1..=MOST).contains(limit))
                        .ok_or_else(|| NotUnderstood(format!("\"limit\" is a number from 1 to {MOST}")))?;
                }
                ("after", Value::String(after)) => wanted.after = Some(after.clone()),
                (other, _) => {
                    return Err(NotUnderstood(format!(
                        "\"list\" has no member {:?} of this kind: there are \"state\", \"limit\" and \"after\"",
                        shown(other)
                    )));
                }
            }
        }
        Ok(wanted)
    }
}

fn state_of(state: &str) -> Result<State, NotUnderstood> {
    match state {
        "attention" => Ok(State::Attention),
        "due" => Ok(State::Due),
        "all" => Ok(State::All),
        other => Err(NotUnderstood(format!(
            "there is no state {:?}: there are \"attention\", \"due\" and \"all\"",
            shown(other)
        ))),
    }
}

/// Some orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The orders.
    pub orders: Vec<Listed>,
    /// There are more than these.
    pub more: bool,
    /// Where the next listing of all orders goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One order of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The order's key.
    pub key: String,
    /// What people call it, where that is not its ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When it was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
    /// How many problems of it need a person.
    pub problems: usize,
    /// Since when they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attention_since: Option<Timestamp>,
    /// When there is something to do; nothing where it is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How many packages it has at Wix.
    pub packages: usize,
}

impl<L: Ledger, C: Clock, Q> Inspector<L, C, Q> {
    pub(super) async fn list(&self, wanted: &Wanted) -> Result<Listing, InspectError> {
        let indexed = match wanted.state {
            State::All => return self.list_all(wanted).await,
            State::Attention => self.ledger.attention(wanted.limit).await?,
            State::Due => self.ledger.due(self.clock.now(), wanted.limit).await?,
        };
        let more = indexed.len() >= wanted.limit;
        let mut orders = Vec::with_capacity(indexed.len());
        for indexed in indexed {
            if let Some(entry) = self.ledger.load(&indexed.key).await? {
                orders.push(self.listed(&entry));
            }
        }
        Ok(Listing {
            orders,
            more,
            next: None,
        })
    }

    async fn list_all(&self, wanted: &Wanted) -> Result<Listing, InspectError> {
        let mut orders = Vec::new();
        let mut after = wanted.after.clone();
        loop {
            let left = wanted.limit.saturating_sub(orders.len());
            if left == 0 {
                break;
            }
            let entries = self.ledger.scan(after.as_deref(), left).await?;
            let Some(last) = entries.last() else {
                after = None;
                break;
            };
            after = Some(last.key.clone());
            orders.extend(entries.iter().filter(|entry| is_order(entry)).map(|e| self.listed(e)));
        }
        Ok(Listing {
            more: after.is_some(),
            next: after,
            orders,
        })
    }

    /// Reads the whole ledger, page by page, and looks for the text where a person would have it from. The text of the
    /// record is searched first, because reading a record as data takes longer.
    pub(super) async fn find(&self, text: &str, deadline: Timestamp) -> Result<Listing, InspectError> {
        let needle = serde_json::to_string(text.trim_start_matches('#')).unwrap_or_default();
        let needle = needle.trim_matches('"').to_ascii_lowercase();
        let has = |text: &str| text.to_ascii_lowercase().contains(&needle);
        let mut orders = Vec::new();
        let mut after: Option<String> = None;
        let mut more = false;
        loop {
            if orders.len() >= MOST_FOUND || self.clock.now() >= deadline {
                more = true;
                break;
            }
            let entries = self.ledger.scan(after.as_deref(), PAGE).await?;
            let Some(last) = entries.last() else { break };
            after = Some(last.key.clone());
            let found = entries
                .iter()
                .filter(|entry| is_order(entry) && (has(&entry.key) || has(&entry.body)));
            orders.extend(found.filter(|entry| is_meant(entry, text)).map(|e| self.listed(e)));
        }
        Ok(Listing {
            orders,
            more,
            next: None,
        })
    }

    fn listed(&self, entry: &Entry) -> Listed {
        let record = OrderRecord::from_json(&entry.body).ok();
        let order = record.as_ref().and_then(|record| record.desired().planned_order());
        let problems = match &record {
            Some(record) => attention(record, &self.settings, self.clock.now()).len(),
            None => 1,
        };
        Listed {
            key: entry.key.clone(),
            number: order.as_ref().and_then(|order| order.number.clone()),
            placed_at: order.as_ref().map(|order| order.created_at),
            problems,
            attention_since: entry.attention_since,
            due_at: entry.due_at,
            packages: record.as_ref().map_or(0, |record| record.holdings().count()),
        }
    }
}

/// The ledger keeps other things under keys that are no orders'.
fn is_order(entry: &Entry) -> bool {
    entry.key.parse::<OrderKey>().is_ok()
}

/// Whether a text is this order's ID, number, reference, package or site.
fn is_meant(entry: &Entry, text: &str) -> bool {
    let same = |known: &str| {
        known
            .trim_start_matches('#')
            .eq_ignore_ascii_case(text.trim_start_matches('#'))
    };
    let Ok(record) = OrderRecord::from_json(&entry.body) else {
        return same(&entry.key);
    };
    let order = record.desired().planned_order();
    let number = order.as_ref().and_then(|order| order.number.as_deref());
    let is_held = |held: &crate::fulfilment::record::HeldPackage| {
        let instances = held.instances().iter();
        same(held.id().as_str())
            || instances
                .clone()
                .any(|i| same(i.id().as_str()) || i.site().is_some_and(|site| same(site.as_str())))
    };
    same(record.key().order())
        || same(&entry.key)
        || number.is_some_and(same)
        || record.reference().is_some_and(same)
        || record.holdings().any(|(_, _, held)| is_held(held))
}
