//! `reconcile`'s events: the schedule's, which takes up what is due, and an operator's questions and commands.

use serde_json::{Map, Value, json};

use super::{Engine, Measure, batch, measure};
use crate::fulfilment::{AttentionReport, AuditRequest, AuditSummary, Close, Closed, OrderOutcome, Sweep, Tell};
use crate::ledger::{Ledger, LedgerError};
use crate::order::OrderKey;
use crate::time::{Clock, Timestamp};

/// The most orders that `{"attention": {}}` lists, and that the gauge of orders in attention counts.
const MOST_IN_ATTENTION: usize = 1_000;

/// What is asked of `reconcile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `{}`, or the event of a schedule: take up what is due.
    Sweep,
    /// `{"retry": "ORDER-KEY"}`: try again what this order has in attention.
    Retry(OrderKey),
    /// `{"release": {"order": "ORDER-KEY"}}`: let this order's held and not-ours lines be planned.
    Release(OrderKey),
    /// `{"close": {"order": "ORDER-KEY", "problem": "ID", "by": "...", "reason": "..."}}`: a person has settled this problem.
    Close(OrderKey, Close),
    /// `{"tell": {"order": "ORDER-KEY", "refunded": {"LINE": 1}, "paid": true, "not_ours": ["LINE"], "by": "...",
    /// "reason": "..."}}`, with at least one of the three answers: what the storefront leaves open about this order.
    Tell(OrderKey, Tell),
    /// `{"show": "ORDER-KEY"}`: this order's record.
    Show(OrderKey),
    /// `{"attention": {}}`: the orders that need a person.
    Attention,
    /// `{"audit": {}}`, or with `"since"` and `"until"`, times, in it: compare Wix with the ledger.
    Audit(AuditRequest),
}

/// Why an invocation was not answered. What it displays is what the operator sees.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The event is none that is known.
    #[error(
        "{0}. Accepted are {{}} (take up what is due), {{\"retry\": \"ORDER-KEY\"}}, {{\"release\": {{\"order\": \"ORDER-KEY\"}}}}, {{\"close\": {{\"order\": \"ORDER-KEY\", \"problem\": \"ID\", \"by\": \"WHO\", \"reason\": \"WHY\"}}}}, {{\"tell\": {{\"order\": \"ORDER-KEY\", \"refunded\": {{\"LINE\": 1}}, \"paid\": true, \"not_ours\": [\"LINE\"], \"by\": \"WHO\", \"reason\": \"WHY\"}}}}, {{\"show\": \"ORDER-KEY\"}}, {{\"attention\": {{}}}} and {{\"audit\": {{}}}}; an ORDER-KEY looks like shopify/5324830114101"
    )]
    NotUnderstood(String),
    /// There is no such order.
    #[error("there is no order {0} in the ledger: check the key, or whether its delivery was parked")]
    NoSuchOrder(OrderKey),
    /// The ledger could not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The order could not be taken up.
    #[error("the order could not be taken up: {0}")]
    Retry(String),
    /// What was told was not taken.
    #[error("what was told is not taken: {0}")]
    Tell(String),
    /// The problem could not be closed.
    #[error("the problem could not be closed: {0}")]
    Close(String),
}

impl ReconcileError {
    /// What kind it is, in one word: `errorType` in Lambda's answer.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotUnderstood(_) => "NotUnderstood",
            Self::NoSuchOrder(_) => "NoSuchOrder",
            Self::Ledger(_) => "Ledger",
            Self::Retry(_) => "Retry",
            Self::Close(_) => "Close",
            Self::Tell(_) => "Tell",
        }
    }
}

impl Request {
    /// Reads an invocation's event.
    pub fn parse(event: &Value) -> Result<Self, ReconcileError> {
        let Value::Object(members) = event else {
            return Err(not_understood("the event is not a JSON object"));
        };
        if is_schedule(members) {
            return Ok(Self::Sweep);
        }
        let mut members = members.iter();
        match (members.next(), members.next()) {
            (None, _) => Ok(Self::Sweep),
            (Some((name, value)), None) => Self::command(name, value),
            (Some((first, _)), Some((second, _))) => Err(not_understood(&format!(
                "the event has several members ({:?} and {:?}): send one",
                shown(first),
                shown(second)
            ))),
        }
    }

    fn command(name: &str, value: &Value) -> Result<Self, ReconcileError> {
        match name {
            "retry" => order_key(name, value).map(Self::Retry),
            "release" => {
                let [order] = texts(name, value, ["order"])?;
                order_key("order", &order).map(Self::Release)
            }
            "close" => close_request(name, value),
            "tell" => tell_request(name, value),
            "show" => order_key(name, value).map(Self::Show),
            "attention" => object(name, value).map(|_| Self::Attention),
            "audit" => audit_request(object(name, value)?).map(Self::Audit),
            other => Err(not_understood(&format!("{:?} is no command", shown(other)))),
        }
    }
}

/// EventBridge's own event, which a schedule without an input sends.
fn is_schedule(members: &Map<String, Value>) -> bool {
    let text = |name| members.get(name).and_then(Value::as_str);
    text("detail-type") == Some("Scheduled Event") && matches!(text("source"), Some("aws.events" | "aws.scheduler"))
}

fn order_key(name: &str, value: &Value) -> Result<OrderKey, ReconcileError> {
    let text = value
        .as_str()
        .ok_or_else(|| not_understood(&format!("{name:?} wants an order key")))?;
    text.parse()
        .map_err(|error| not_understood(&format!("{name:?} wants an order key: {error}")))
}

fn object<'a>(name: &str, value: &'a Value) -> Result<&'a Map<String, Value>, ReconcileError> {
    value
        .as_object()
        .ok_or_else(|| not_understood(&format!("{name:?} wants an object, which may be empty")))
}

/// The members of a command, each a text; no other member is taken.
fn texts<const N: usize>(name: &str, value: &Value, members: [&str; N]) -> Result<[Value; N], ReconcileError> {
    let object = object(name, value)?;
    if let Some(other) = object.keys().find(|member| !members.contains(&member.as_str())) {
        return Err(not_understood(&format!("{name:?} has no member {:?}", shown(other))));
    }
    if let Some(missing) = members
        .iter()
        .find(|member| !object.get(**member).is_some_and(Value::is_string))
    {
        return Err(not_understood(&format!("{name:?} wants a text {missing:?}")));
    }
    Ok(members.map(|member| object.get(member).cloned().unwrap_or_default()))
}

fn close_request(name: &str, value: &Value) -> Result<Request, ReconcileError> {
    let [order, problem, by, reason] = texts(name, value, ["order", "problem", "by", "reason"])?;
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    let problem = text(&problem).parse();
    let close = Close {
        problem: problem.map_err(|error| not_understood(&format!("\"problem\": {error}")))?,
        by: text(&by),
        reason: text(&reason),
    };
    if close.by.is_empty() || close.reason.is_empty() {
        return Err(not_understood("\"close\" wants a name in \"by\" and a \"reason\""));
    }
    Ok(Request::Close(order_key("order", &order)?, close))
}

fn tell_request(name: &str, value: &Value) -> Result<Request, ReconcileError> {
    let mut members = object(name, value)?.clone();
    let order = members.remove("order").unwrap_or_default();
    let key = order_key("order", &order)?;
    let tell: Tell = serde_json::from_value(Value::Object(members))
        .map_err(|error| not_understood(&format!("{name:?}: {error}")))?;
    Ok(Request::Tell(key, tell))
}

fn audit_request(options: &Map<String, Value>) -> Result<AuditRequest, ReconcileError> {
    let mut request = AuditRequest::default();
    for (name, value) in options {
        let slot = match name.as_str() {
            "since" => &mut request.since,
            "until" => &mut request.until,
            _ => {
                return Err(not_understood(&format!(
                    "\"audit\" has no option {:?}: there are \"since\" and \"until\", each a time",
                    shown(name)
                )));
            }
        };
        let time: Result<Timestamp, String> = match value.as_str() {
            Some(text) => text
                .parse()
                .map_err(|error: crate::time::InvalidTimestamp| error.to_string()),
            None => Err("a time such as \"2026-01-31T09:30:00Z\" is wanted".to_owned()),
        };
        *slot = Some(time.map_err(|error| not_understood(&format!("{name:?}: {error}")))?);
    }
    Ok(request)
}

fn not_understood(what: &str) -> ReconcileError {
    ReconcileError::NotUnderstood(what.to_owned())
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
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
    const fn plain(body: Value) -> Self {
        Self {
            body,
            measures: Vec::new(),
        }
    }
}

/// Does what an event asks for. `ledger` is only counted in: the gauges that alarms look at.
pub async fn handle(
    engine: &impl Engine,
    ledger: &impl Ledger,
    clock: &impl Clock,
    event: &Value,
    deadline: Timestamp,
) -> Result<Answer, ReconcileError> {
    match Request::parse(event)? {
        Request::Sweep => sweep(engine, ledger, clock, deadline).await,
        Request::Retry(key) => {
            let retried = engine.retry(&key, deadline).await;
            let outcome = retried.map_err(|error| ReconcileError::Retry(error.to_string()))?;
            Ok(retry_answer("order retried", &key, &outcome))
        }
        Request::Release(key) => {
            let released = engine.release(&key, deadline).await;
            let outcome = released.map_err(|error| ReconcileError::Retry(error.to_string()))?;
            Ok(retry_answer("order released", &key, &outcome))
        }
        Request::Close(key, close) => {
            let closed = engine.close(&key, &close).await;
            let closed = closed.map_err(|error| ReconcileError::Close(error.to_string()))?;
            Ok(Answer::plain(close_answer(&key, &close, closed)))
        }
        Request::Tell(key, tell) => {
            let told = engine.tell(&key, &tell, deadline).await;
            let outcome = told.map_err(|error| ReconcileError::Tell(error.to_string()))?;
            Ok(retry_answer("order told", &key, &outcome))
        }
        Request::Show(key) => match engine.show(&key).await? {
            Some(record) => Ok(Answer::plain(record)),
            None => Err(ReconcileError::NoSuchOrder(key)),
        },
        Request::Attention => {
            let reports = engine.attention(MOST_IN_ATTENTION).await?;
            Ok(Answer::plain(attention_answer(&reports)))
        }
        Request::Audit(request) => {
            let summary = engine.audit(request, deadline).await?;
            Ok(audit_answer(&summary))
        }
    }
}

async fn sweep(
    engine: &impl Engine,
    ledger: &impl Ledger,
    clock: &impl Clock,
    deadline: Timestamp,
) -> Result<Answer, ReconcileError> {
    let sweep = engine.sweep(deadline).await?;
    if let Some(outage) = &sweep.stopped {
        batch::log_outage(outage);
    }
    tracing::info!(
        orders = sweep.orders,
        settled = sweep.settled,
        waiting = sweep.waiting,
        failed = sweep.failed,
        left = sweep.left,
        wix_calls = sweep.tally.wix_calls,
        packages_created = sweep.tally.packages_created,
        "sweep ended"
    );
    let mut measures = sweep_measures(&sweep);
    measures.extend(gauges(ledger, clock).await?);
    let body = json!({
        "orders": sweep.orders,
        "settled": sweep.settled,
        "waiting": sweep.waiting,
        "failed": sweep.failed,
        "left": sweep.left,
        "stopped": sweep.stopped.as_ref().map(ToString::to_string),
    });
    Ok(Answer { body, measures })
}

fn audit_answer(summary: &AuditSummary) -> Answer {
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

fn sweep_measures(sweep: &Sweep) -> Vec<Measure> {
    let mut measures = vec![
        Measure::new("OrdersDue", sweep.orders.into()),
        Measure::new("OrdersSettled", sweep.settled.into()),
        Measure::new("OrdersWaiting", sweep.waiting.into()),
        Measure::new("OrdersFailed", sweep.failed.into()),
    ];
    measures.extend(measure::tally(sweep.tally));
    measures.extend(measure::outage(sweep.stopped.as_ref()));
    measures
}

/// How things stand, not what this run did: so an alarm stays until its cause is gone.
async fn gauges(ledger: &impl Ledger, clock: &impl Clock) -> Result<[Measure; 2], LedgerError> {
    let in_attention = ledger.attention(MOST_IN_ATTENTION).await?.len();
    let now = clock.now();
    let oldest = ledger.due(now, 1).await?.first().map(|indexed| now.since(indexed.at));
    Ok([
        Measure::new("OrdersInAttention", u64::try_from(in_attention).unwrap_or(u64::MAX)),
        Measure::new("OldestDueSeconds", oldest.unwrap_or_default().as_secs()),
    ])
}

fn close_answer(key: &OrderKey, close: &Close, closed: Closed) -> Value {
    let closed = match closed {
        Closed::Now => "now",
        Closed::Before => "before",
        Closed::Moved => "moved",
    };
    json!({ "order": key, "problem": close.problem, "closed": closed })
}

fn retry_answer(what: &'static str, key: &OrderKey, outcome: &OrderOutcome) -> Answer {
    let (progress, due_at) = batch::progress_words(&outcome.progress);
    let stopped = match &outcome.progress {
        crate::fulfilment::Progress::Stopped(outage) => Some(outage.to_string()),
        crate::fulfilment::Progress::Settled
        | crate::fulfilment::Progress::Waiting { .. }
        | crate::fulfilment::Progress::Busy => None,
    };
    tracing::info!(order = %key, progress, due_at, attention = outcome.attention, "{what}");
    Answer {
        body: json!({
            "order": key,
            "progress": progress,
            "due_at": due_at,
            "stopped": stopped,
            "attention": outcome.attention,
            "packages_created": outcome.tally.packages_created,
        }),
        measures: measure::tally(outcome.tally).to_vec(),
    }
}

fn attention_answer(reports: &[AttentionReport]) -> Value {
    json!({ "orders": reports, "more": reports.len() >= MOST_IN_ATTENTION })
}

#[cfg(test)]
mod tests;
