//! What `reconcile` answers, and which errors are answers and not failures.

use serde_json::{Value, json};

use super::{MOST_IN_ATTENTION, batch, measure};
use crate::fulfilment::{
    AcceptError, Adopt, Adopted, AttentionReport, AuditSummary, Close, Closed, ErasedNow, OperatorError, OrderOutcome,
    Progress, Standing, Switch, Switched,
};
use crate::ledger::LedgerError;
use crate::order::OrderKey;
use crate::wix::PackagePage;
use crate::worker::Measure;

/// Why an invocation was not answered. What it displays is what the operator sees.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The event is none that is known.
    #[error("{0}. {ACCEPTED}")]
    NotUnderstood(String),
    /// There is no such order.
    #[error("there is no order {0} in the ledger: check the key, or whether its delivery was parked")]
    NoSuchOrder(String),
    /// The ledger could not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The verb was not carried out.
    #[error(transparent)]
    Operator(OperatorError),
}

const ACCEPTED: &str = "Accepted are {} (take up what is due), \
    {\"retry\": \"ORDER-KEY\"}, {\"retry\": {\"order\": \"ORDER-KEY\", \"replace\": true, \"by\": \"WHO\", \"reason\": \"WHY\"}}, \
    {\"release\": {\"order\": \"ORDER-KEY\", \"line\": \"LINE\", \"by\": \"WHO\", \"reason\": \"WHY\"}}, \
    {\"close\": {\"order\": \"ORDER-KEY\", \"problem\": \"ID\", \"by\": \"WHO\", \"reason\": \"WHY\"}}, \
    {\"tell\": {\"order\": \"ORDER-KEY\", \"refunded\": {\"LINE\": 1}, \"paid\": true, \"not_ours\": [\"LINE\"], \"by\": \"WHO\", \"reason\": \"WHY\"}}, \
    {\"adopt\": {\"order\": \"ORDER-KEY\", \"line\": \"LINE\", \"unit\": 1, \"package\": \"ID\", \"by\": \"WHO\", \"reason\": \"WHY\"}}, \
    {\"erase\": {\"order\": \"ORDER-KEY\", \"by\": \"WHO\", \"reason\": \"WHY\"}}, \
    {\"pause\": {\"by\": \"WHO\", \"reason\": \"WHY\"}}, {\"resume\": {\"by\": \"WHO\", \"reason\": \"WHY\"}}, \
    {\"show\": \"ORDER-KEY\"}, {\"packages\": {\"get\": \"ID\"}}, {\"attention\": {}} and {\"audit\": {}}; an ORDER-KEY looks like shopify/5324830114101";

impl From<OperatorError> for ReconcileError {
    fn from(error: OperatorError) -> Self {
        if let OperatorError::NotFound(key) = error {
            return Self::NoSuchOrder(key);
        }
        match error {
            OperatorError::Accept(AcceptError::Ledger(error)) => Self::Ledger(error),
            OperatorError::Accept(
                AcceptError::Record { .. } | AcceptError::Panicked(_) | AcceptError::Contended(_),
            )
            | OperatorError::NotFound(_)
            | OperatorError::Busy { .. }
            | OperatorError::Changed { .. }
            | OperatorError::NoSuchLine { .. }
            | OperatorError::Adopt { .. }
            | OperatorError::Wix(_)
            | OperatorError::NotShown(_)
            | OperatorError::NotAsked(_)
            | OperatorError::NotSearched(_)
            | OperatorError::Outage(_)
            | OperatorError::NotEnded(_)
            | OperatorError::Told { .. }
            | OperatorError::Record { .. } => Self::Operator(error),
        }
    }
}

impl ReconcileError {
    /// What kind it is, in one word: `kind` in the answer, or `errorType` of a failed invocation.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotUnderstood(_) => "not_understood",
            Self::NoSuchOrder(_) => "not_found",
            Self::Ledger(_) => "ledger",
            Self::Operator(error) => match error {
                OperatorError::NotFound(_) => "not_found",
                OperatorError::NotShown(error) if matches!(error.status(), Some(404)) => "not_found",
                OperatorError::Busy { .. }
                | OperatorError::NotAsked(_)
                | OperatorError::Accept(AcceptError::Contended(_)) => "busy",
                OperatorError::Changed { .. } => "changed",
                OperatorError::Outage(_) => "stopped",
                OperatorError::NoSuchLine { .. }
                | OperatorError::Adopt { .. }
                | OperatorError::NotEnded(_)
                | OperatorError::Told { .. }
                | OperatorError::NotSearched(_)
                | OperatorError::Wix(_)
                | OperatorError::NotShown(_) => "refused",
                OperatorError::Record { .. } | OperatorError::Accept(_) => "record",
            },
        }
    }

    /// Whether it is an answer to the operator. A failed invocation would ring an alarm, for nothing that is wrong here.
    pub const fn is_answer(&self) -> bool {
        match self {
            Self::NotUnderstood(_) | Self::NoSuchOrder(_) => true,
            Self::Ledger(_) => false,
            Self::Operator(error) => !matches!(
                error,
                OperatorError::Record { .. } | OperatorError::Accept(AcceptError::Ledger(_))
            ),
        }
    }

    /// The answer that it is.
    pub fn body(&self) -> Value {
        json!({ "error": self.to_string(), "kind": self.kind() })
    }
}

/// The answer to an invocation, and its metrics.
#[derive(Debug)]
pub struct Answer {
    /// What the invoker gets.
    pub body: Value,
    /// The metrics of the invocation.
    pub measures: Vec<Measure>,
}

impl Answer {
    pub(super) const fn plain(body: Value) -> Self {
        Self {
            body,
            measures: Vec::new(),
        }
    }
}

pub(super) fn audited(summary: &AuditSummary) -> Answer {
    if let Some(outage) = &summary.stopped {
        batch::log_outage(outage);
    }
    tracing::info!(
        finished = summary.finished,
        next = summary.next.map(|next| next.to_string()),
        pages = summary.pages,
        packages = summary.packages,
        orders = summary.orders,
        foreign = summary.foreign,
        unclaimed = summary.unclaimed,
        surplus = summary.surplus,
        found = summary.found,
        missing = summary.missing,
        instances_missing = summary.instances_missing,
        ended = summary.ended,
        alive = summary.alive,
        assigned = summary.assigned,
        changed = summary.changed,
        busy = summary.busy,
        unreadable = summary.unreadable,
        ended_records = summary.ended_records,
        wix_calls = summary.tally.wix_calls,
        "audit ended"
    );
    let mut measures = vec![
        Measure::new("AuditedPackages", summary.packages),
        Measure::new("AuditFindings", summary.findings()),
        Measure::new("ForeignPackages", summary.foreign),
    ];
    measures.extend(measure::tally(summary.tally));
    measures.extend(measure::outage(summary.stopped.as_ref()));
    Answer {
        body: json!(summary),
        measures,
    }
}

/// A problem was closed, now or before.
pub(super) fn closed(key: &OrderKey, close: &Close, closed: Closed) -> Answer {
    let closed = match closed {
        Closed::Now => "now",
        Closed::Before => "before",
        Closed::Moved => "moved",
    };
    Answer::plain(json!({ "order": key, "problem": close.problem, "closed": closed }))
}

/// An order's data is erased, now or before, or Wix has not taken the reference back yet.
pub(super) fn erased(key: &OrderKey, erased: ErasedNow) -> Answer {
    let erased = match erased {
        ErasedNow::Now => "now",
        ErasedNow::Before => "before",
        ErasedNow::Waiting => "waiting",
    };
    Answer::plain(json!({ "order": key, "erased": erased }))
}

/// A package was adopted, now or before.
pub(super) fn adopted(key: &OrderKey, adopt: &Adopt, adopted: Adopted, outcome: &OrderOutcome) -> Answer {
    let mut answer = worked("adopt", key, outcome);
    let adopted = match adopted {
        Adopted::Now => "now",
        Adopted::Before => "before",
    };
    if let Value::Object(members) = &mut answer.body {
        members.insert("adopted".to_owned(), adopted.into());
        members.insert("package".to_owned(), adopt.package.as_str().into());
    }
    answer
}

/// How far an order came after a verb, and what of it still needs a person.
pub(super) fn worked(verb: &'static str, key: &OrderKey, outcome: &OrderOutcome) -> Answer {
    let (progress, due_at) = batch::progress_words(&outcome.progress);
    let stopped = match &outcome.progress {
        Progress::Stopped(outage) => Some(outage.to_string()),
        Progress::Settled | Progress::Waiting { .. } | Progress::Busy => None,
    };
    tracing::info!(order = %key, verb, progress, due_at, attention = outcome.attention.len(), "order worked on for an operator");
    Answer {
        body: json!({
            "order": key,
            "progress": progress,
            "due_at": due_at,
            "stopped": stopped,
            "attention": outcome.attention.len(),
            "problems": outcome.attention,
            "packages_created": outcome.tally.packages_created,
        }),
        measures: measure::tally(outcome.tally).to_vec(),
    }
}

/// Packages as Wix has them.
pub(super) fn packages(page: &PackagePage) -> Answer {
    Answer::plain(json!({ "schema": 1, "packages": page.packages, "next": page.next }))
}

/// The orders that need a person; and what keeps every order from being bought, once.
pub(super) fn attention(reports: &[AttentionReport], standing: &Standing) -> Answer {
    let more = reports.len() >= MOST_IN_ATTENTION;
    let Standing { paused, braked } = standing;
    Answer::plain(json!({ "orders": reports, "more": more, "paused": paused, "braked": braked }))
}

pub(super) fn switched(switch: &Switch, switched: Switched) -> Answer {
    let switched = match switched {
        Switched::Now => "now",
        Switched::Before => "before",
    };
    let verb = if switch.pauses { "paused" } else { "resumed" };
    Answer::plain(json!({ verb: switched }))
}
