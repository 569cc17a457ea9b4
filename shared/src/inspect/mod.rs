//! An operator's questions: what is known of an order, what needs a person, what is stuck. Everything here reads; no
//! secret is opened and nothing is written, so that a right to ask is not a right to buy.
//!
//! - [`Question`] what can be asked, and [`answer`] what is answered;
//! - [`story`] one order as a person wants to read it, from the record (pure);
//! - [`command`] the command that ends a problem (pure);
//! - `list` which orders there are, and [`status`] how the whole stands;
//! - `plan` what would be done and bought, from this catalog or another one.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::fulfilment::{Attention, OrderRecord, Settings, attention_of};
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::order::OrderKey;
use crate::time::{Clock, Timestamp};

pub mod command;
mod list;
mod paid_for;
mod plan;
#[cfg(feature = "inspect-runtime")]
pub mod run;
pub mod status;
pub mod story;

pub use list::{Listed, Listing, State};
pub use paid_for::{Holding, PaidFor, Why};
pub use plan::{Outlook, Planned, Planning};
pub use status::{QueueStatus, Queues, Status};
pub use story::OrderStory;

/// The version of all answers. It is raised when a field changes its meaning or goes; a new field does not raise it.
pub const SCHEMA: u32 = 1;

/// The most orders of an answer.
pub const MOST: usize = 1_000;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// `{"status": {}}`: how the whole stands.
    Status,
    /// `{"attention": {}}`: the orders that need a person, the oldest first, each problem with its command.
    Attention,
    /// `{"story": "ORDER-KEY"}`: an order as a person reads it.
    Story(OrderKey),
    /// `{"show": "ORDER-KEY"}`: an order's record as the ledger has it.
    Show(OrderKey),
    /// `{"list": {"state": "due", "limit": 50, "after": "ORDER-KEY"}}`: orders, all three optional.
    List(list::Wanted),
    /// `{"paid_for": {}}`: what is paid for at Wix and no live order covers.
    PaidFor,
    /// `{"plan": {"order": "ORDER-KEY", "catalog": "TEXT"}}`: what would be done and bought; with `events` instead of an
    /// order, what would be if they came now.
    Plan(Box<Planning>),
    /// `{"catalog": {}}`: the text of the catalog that is deployed.
    Catalog,
    /// `{"find": "#2001"}`: orders by the number that people know, an external ID, a package or a site.
    Find(String),
}

/// Why a question was not answered. What it displays is what the operator sees.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The event is none that is known.
    #[error(
        "{0}. Accepted are {{\"status\": {{}}}}, {{\"attention\": {{}}}}, {{\"story\": \"ORDER-KEY\"}}, {{\"show\": \"ORDER-KEY\"}}, {{\"list\": {{\"state\": \"due\"}}}}, {{\"plan\": {{\"order\": \"ORDER-KEY\"}}}}, {{\"catalog\": {{}}}}, {{\"paid_for\": {{}}}} and {{\"find\": \"#2001\"}}; an ORDER-KEY looks like shopify/5324830114101"
    )]
    NotUnderstood(String),
    /// There is no such order.
    #[error("there is no order {0} in the ledger: check the key, or whether its delivery was parked")]
    NoSuchOrder(OrderKey),
    /// The catalog, the deployed one or the one that was sent, cannot be used.
    #[error("nothing can be planned, because the catalog cannot be used: {0}")]
    Catalog(String),
    /// The order's record does not allow for it.
    #[error("the record cannot be planned from: {0}")]
    Record(String),
    /// The ledger could not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl InspectError {
    /// What kind it is, in one word: `kind` in the answer, and `errorType` where the invocation fails.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotUnderstood(_) => "not_understood",
            Self::NoSuchOrder(_) => "not_found",
            Self::Catalog(_) => "catalog",
            Self::Record(_) => "record",
            Self::Ledger(_) => "ledger",
        }
    }

    /// Whether the one who asked must ask something else. That is answered; anything else fails the invocation.
    pub const fn is_answered(&self) -> bool {
        match self {
            Self::NotUnderstood(_) | Self::NoSuchOrder(_) | Self::Catalog(_) | Self::Record(_) => true,
            Self::Ledger(_) => false,
        }
    }
}

impl Question {
    /// Reads an invocation's event.
    pub fn parse(event: &Value) -> Result<Self, InspectError> {
        let members = event.as_object().filter(|members| members.len() == 1);
        let Some((name, value)) = members.and_then(|members| members.iter().next()) else {
            return Err(not_understood("the event is not a JSON object with one member"));
        };
        match name.as_str() {
            "status" => nothing(name, value).map(|()| Self::Status),
            "attention" => nothing(name, value).map(|()| Self::Attention),
            "paid_for" => nothing(name, value).map(|()| Self::PaidFor),
            "plan" => Planning::parse(value).map(|planning| Self::Plan(Box::new(planning))),
            "catalog" => nothing(name, value).map(|()| Self::Catalog),
            "story" => key(name, value).map(Self::Story),
            "show" => key(name, value).map(Self::Show),
            "list" => list::Wanted::parse(value).map(Self::List).map_err(NotUnderstood::into),
            "find" => match value.as_str().map(str::trim).filter(|text| !text.is_empty()) {
                Some(text) => Ok(Self::Find(text.to_owned())),
                None => Err(not_understood("\"find\" wants a text")),
            },
            other => Err(not_understood(&format!("{:?} is no question", shown(other)))),
        }
    }
}

struct NotUnderstood(String);

impl From<NotUnderstood> for InspectError {
    fn from(NotUnderstood(what): NotUnderstood) -> Self {
        Self::NotUnderstood(what)
    }
}

fn not_understood(what: &str) -> InspectError {
    InspectError::NotUnderstood(what.to_owned())
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

fn nothing(name: &str, value: &Value) -> Result<(), InspectError> {
    match value.as_object().map(Map::is_empty) {
        Some(true) => Ok(()),
        Some(false) | None => Err(not_understood(&format!("{name:?} wants an empty object"))),
    }
}

fn key(name: &str, value: &Value) -> Result<OrderKey, InspectError> {
    let text = value.as_str().unwrap_or_default();
    text.parse()
        .map_err(|error| not_understood(&format!("{name:?} wants an order key: {error}")))
}

/// What the answers are made from.
#[derive(Debug)]
pub struct Inspector<L, C, Q> {
    /// The ledger, of which only the reads are used.
    pub ledger: L,
    /// The queues, for their depths.
    pub queues: Q,
    /// The clock.
    pub clock: C,
    /// The durations that fulfilment works with, which decide when something is a problem.
    pub settings: Settings,
    /// Why the catalog cannot be used, if it cannot.
    pub catalog_problem: Option<String>,
    /// The catalog as it is written; blank where it cannot be read.
    pub catalog_text: String,
}

/// Answers a question. `deadline` ends a search, which then says that there is more.
pub async fn answer<L: Ledger, C: Clock, Q: Queues>(
    inspector: &Inspector<L, C, Q>,
    event: &Value,
    deadline: Timestamp,
) -> Result<Value, InspectError> {
    let Inspector { ledger, clock, .. } = inspector;
    match Question::parse(event)? {
        Question::Status => Ok(with_schema(&inspector.status().await?)),
        Question::Attention => {
            let (orders, more) = inspector.in_attention().await?;
            Ok(json!({ "schema": SCHEMA, "orders": orders, "more": more }))
        }
        Question::Story(key) => {
            let entry = load(ledger, key).await?;
            Ok(with_schema(&OrderStory::of(&entry, &inspector.settings, clock.now())))
        }
        Question::Show(key) => {
            let entry = load(ledger, key).await?;
            Ok(inspector.record(&entry))
        }
        Question::List(wanted) => Ok(with_schema(&inspector.list(&wanted).await?)),
        Question::Plan(planning) => Ok(with_schema(&inspector.plan(&planning).await?)),
        Question::Catalog => Ok(json!({
            "schema": SCHEMA,
            "catalog": inspector.catalog_text,
            "problem": inspector.catalog_problem,
        })),
        Question::PaidFor => Ok(with_schema(&inspector.paid_for(deadline).await?)),
        Question::Find(text) => Ok(with_schema(&inspector.find(&text, deadline).await?)),
    }
}

async fn load(ledger: &impl Ledger, key: OrderKey) -> Result<Entry, InspectError> {
    let entry = ledger.load(&key.to_string()).await?;
    entry.ok_or(InspectError::NoSuchOrder(key))
}

fn with_schema(answer: &impl Serialize) -> Value {
    let mut value = json!(answer);
    if let Some(members) = value.as_object_mut() {
        members.insert("schema".to_owned(), json!(SCHEMA));
    }
    value
}

/// An order that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InAttention {
    /// The order's key.
    pub key: String,
    /// What people call it, where that is not its ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Each problem.
    pub items: Vec<ShownProblem>,
}

/// A problem with the command that ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownProblem {
    /// The problem.
    #[serde(flatten)]
    pub problem: Attention,
    /// What to type once its cause is removed.
    pub command: String,
}

/// What people call an order, where that is not its ID.
fn number_of(record: &OrderRecord) -> Option<String> {
    record.desired().planned_order()?.number.clone()
}

/// All problems of an entry. A record that cannot be read is one.
fn problems_of(entry: &Entry, settings: &Settings, now: Timestamp) -> Vec<ShownProblem> {
    let problems = attention_of(entry, settings, now);
    let lines = only_line(entry);
    let with_command = |problem: Attention| ShownProblem {
        command: command::ending(&entry.key, &problem, lines.as_deref()),
        problem,
    };
    problems.into_iter().map(with_command).collect()
}

/// The line of an order that has a single one.
fn only_line(entry: &Entry) -> Option<String> {
    let record = OrderRecord::from_json(&entry.body).ok()?;
    let order = record.desired().planned_order()?;
    match order.lines.as_slice() {
        [only] => Some(only.id.clone()),
        _ => None,
    }
}

impl<L: Ledger, C: Clock, Q> Inspector<L, C, Q> {
    async fn in_attention(&self) -> Result<(Vec<InAttention>, bool), InspectError> {
        let indexed = self.ledger.attention(MOST).await?;
        let more = indexed.len() >= MOST;
        let mut orders = Vec::with_capacity(indexed.len());
        for indexed in indexed {
            let Some(entry) = self.ledger.load(&indexed.key).await? else {
                continue;
            };
            let items = problems_of(&entry, &self.settings, self.clock.now());
            if !items.is_empty() {
                let record = OrderRecord::from_json(&entry.body).ok();
                orders.push(InAttention {
                    key: indexed.key,
                    number: record.as_ref().and_then(number_of),
                    since: indexed.at,
                    items,
                });
            }
        }
        Ok((orders, more))
    }

    fn record(&self, entry: &Entry) -> Value {
        let record: Value = serde_json::from_str(&entry.body).unwrap_or_default();
        json!({
            "schema": SCHEMA,
            "rev": entry.rev,
            "due_at": entry.due_at,
            "attention_since": entry.attention_since,
            "attention": problems_of(entry, &self.settings, self.clock.now()),
            "record": record,
        })
    }
}

#[cfg(test)]
mod tests;
