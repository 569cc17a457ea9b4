//! What is asked of `reconcile`, read from an invocation's event.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ReconcileError;
use crate::fulfilment::{Adopt, AuditRequest, By, Close, Erase, Looking, Release, Retry, Switch, Tell};
use crate::ids::PackageId;
use crate::order::{LineId, OrderKey};
use crate::time::Timestamp;

/// What is asked of `reconcile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `{}`, or the event of a schedule: take up what is due.
    Sweep,
    /// `{"retry": "ORDER-KEY"}` or `{"retry": {"order": "ORDER-KEY", "replace": true, "by": "...", "reason": "..."}}`: try
    /// again what this order has in attention; only with `replace`, buy again what ended.
    Retry(OrderKey, Retry),
    /// `{"release": {"order": "ORDER-KEY", "line": "LINE", "by": "...", "reason": "..."}}`: let this order's held and
    /// not-ours lines be planned, or this one of them.
    Release(OrderKey, Release),
    /// `{"close": {"order": "ORDER-KEY", "problem": "ID", "by": "...", "reason": "..."}}`: a person has settled this problem.
    Close(OrderKey, Close),
    /// `{"tell": {"order": "ORDER-KEY", "refunded": {"LINE": 1}, "paid": true, "not_ours": ["LINE"], "by": "...",
    /// "reason": "..."}}`, with at least one of the three answers: what the storefront leaves open about this order.
    Tell(OrderKey, Tell),
    /// `{"adopt": {"order": "ORDER-KEY", "line": "LINE", "unit": 1, "package": "ID", "by": "...", "reason": "..."}}`: a
    /// package that a person bought is this unit's from now on.
    Adopt(OrderKey, Adopt),
    /// `{"erase": {"order": "ORDER-KEY", "by": "...", "reason": "..."}}`: the data of this order, which has ended, goes.
    Erase(OrderKey, Erase),
    /// `{"pause": {"by": "...", "reason": "..."}}`, or `resume`: whether anybody calls Wix.
    Switch(Switch),
    /// `{"show": "ORDER-KEY"}`: this order's record.
    Show(OrderKey),
    /// `{"packages": {"get": "ID"}}`, or with an external ID, an account, a site or times in it: packages as Wix has them.
    Packages(Box<Looking>),
    /// `{"attention": {}}`: the orders that need a person.
    Attention,
    /// `{"audit": {}}`, or with `"since"` and `"until"`, times, in it: compare Wix with the ledger.
    Audit(AuditRequest),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetryWords {
    order: OrderKey,
    #[serde(default)]
    replace: bool,
    #[serde(default)]
    by: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseWords {
    order: OrderKey,
    #[serde(default)]
    line: Option<LineId>,
    #[serde(default)]
    by: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloseWords {
    order: OrderKey,
    problem: String,
    by: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdoptWords {
    order: OrderKey,
    line: LineId,
    unit: u32,
    package: PackageId,
    by: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EraseWords {
    order: OrderKey,
    by: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchWords {
    by: String,
    reason: String,
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

    /// Whether it only asks, and changes nothing in the ledger or at Wix.
    pub const fn is_question(&self) -> bool {
        match self {
            Self::Show(_) | Self::Packages(_) | Self::Attention => true,
            Self::Sweep
            | Self::Retry(..)
            | Self::Release(..)
            | Self::Close(..)
            | Self::Tell(..)
            | Self::Adopt(..)
            | Self::Erase(..)
            | Self::Switch(_)
            | Self::Audit(_) => false,
        }
    }

    fn command(name: &str, value: &Value) -> Result<Self, ReconcileError> {
        match name {
            "retry" if value.is_string() => Ok(Self::Retry(order_key(name, value)?, Retry::default())),
            "retry" => {
                let words: RetryWords = words(name, value)?;
                let who = who(words.by, words.reason);
                let replace = words.replace;
                Ok(Self::Retry(words.order, Retry { replace, who }))
            }
            "release" => {
                let words: ReleaseWords = words(name, value)?;
                let who = who(words.by, words.reason);
                let line = words.line;
                Ok(Self::Release(words.order, Release { line, who }))
            }
            "close" => {
                let words: CloseWords = words(name, value)?;
                let problem = words.problem.parse();
                let problem = problem.map_err(|error| not_understood(&format!("\"problem\": {error}")))?;
                let who = named(name, words.by, words.reason)?;
                Ok(Self::Close(words.order, Close { problem, who }))
            }
            "adopt" => {
                let words: AdoptWords = words(name, value)?;
                let adopt = Adopt {
                    line: words.line,
                    unit: words.unit,
                    package: words.package,
                    who: named(name, words.by, words.reason)?,
                };
                Ok(Self::Adopt(words.order, adopt))
            }
            "erase" => {
                let words: EraseWords = words(name, value)?;
                let who = named(name, words.by, words.reason)?;
                Ok(Self::Erase(words.order, Erase { who }))
            }
            "tell" => tell_request(name, value),
            "show" => order_key(name, value).map(Self::Show),
            "packages" => words(name, value).map(|looking| Self::Packages(Box::new(looking))),
            "attention" => object(name, value).map(|_| Self::Attention),
            "audit" => audit_request(object(name, value)?).map(Self::Audit),
            "pause" | "resume" => {
                let words: SwitchWords = words(name, value)?;
                let By { by, reason } = named(name, words.by, words.reason)?;
                let pauses = name == "pause";
                Ok(Self::Switch(Switch { pauses, by, reason }))
            }
            other => Err(not_understood(&format!("{:?} is no command", shown(other)))),
        }
    }
}

/// The members of a command.
fn words<W: DeserializeOwned>(name: &str, value: &Value) -> Result<W, ReconcileError> {
    serde_json::from_value(object(name, value)?.clone().into())
        .map_err(|error| not_understood(&format!("{name:?}: {}", shown_long(&error.to_string()))))
}

fn who(by: String, reason: String) -> By {
    let trim = |text: String| text.trim().to_owned();
    By {
        by: trim(by),
        reason: trim(reason),
    }
}

/// A verb that settles something wants a name and a reason.
fn named(name: &str, by: String, reason: String) -> Result<By, ReconcileError> {
    let who = who(by, reason);
    if who.by.is_empty() || who.reason.is_empty() {
        return Err(not_understood(&format!(
            "{name:?} wants a name in \"by\" and a \"reason\""
        )));
    }
    Ok(who)
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

fn shown_long(text: &str) -> String {
    text.chars().take(200).collect()
}
