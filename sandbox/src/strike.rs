//! How faults strike a call: some before anything is done, some in how it is done, some in its answer.

use serde_json::Value;

use crate::access::{TOKEN, too_many};
use crate::call::{Answer, Prepared, Twist};
use crate::calls::Call;
use crate::config::Idempotency;
use crate::fault::{ArmedRule, Effect, FaultRule};
use crate::guid::Guid;
use crate::message::{Fate, Reply};
use crate::refusal::Refusal;
use crate::route::Route;
use crate::store::later;
use crate::wix::Wix;

/// An account that no configuration has.
const NOBODY: Guid = Guid::from_u128(0xdead_dead_dead_4ead_8ead_dead_dead_dead);

impl Wix {
    /// Adds a fault. Rules are tried in the order they were added; one call is struck by one of them.
    pub fn add_fault(&mut self, rule: FaultRule) {
        self.faults.push(ArmedRule {
            rule,
            seen: 0,
            struck: 0,
        });
    }

    /// Takes all faults away; late requests that are still on their way arrive nevertheless.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// The faults that can still strike.
    pub fn faults(&self) -> impl Iterator<Item = &FaultRule> {
        self.faults
            .iter()
            .filter(|armed| armed.struck < armed.rule.times)
            .map(|armed| &armed.rule)
    }

    pub(crate) fn answer(&mut self, now: i64, prepared: Prepared, call: &mut Call) -> Reply {
        let Some(effect) = self.pick(&prepared) else {
            let answer = self.perform(now, &prepared, &Twist::default());
            return self.reply(answer, call);
        };
        call.fault = Some(effect.name());
        if let Effect::Late { ms } = effect {
            self.defer(later(now, ms), prepared);
            let reply = self.reply(Refusal::plain(504, "").into(), call);
            return with_fate(reply, Fate::Close, call);
        }
        let mut twist = Twist::default();
        if let Some(answer) = self.instead(&effect) {
            // A Wix that remembers failures remembers its own, or a retry would never meet one; what came from the network or a
            // gateway in front never reached its memory.
            let its_own =
                matches!(effect, Effect::ErrorBefore { .. } | Effect::RejectCode { .. }) && answer.status != 429;
            if its_own
                && self.config.idempotency == Idempotency::ReplayFailures
                && self.remembered(now, &prepared).is_none()
            {
                self.remember(now, &prepared, &answer);
            }
            let reply = self.reply(answer, call);
            return with_fate(reply, fate_of(&effect, 0), call);
        }
        match &effect {
            Effect::NewInstances {
                status,
                failure,
                after_ms,
            } => twist.new_instances = Some((status.clone(), failure.clone(), *after_ms)),
            Effect::StaleQuery { ms } => twist.stale_ms = *ms,
            Effect::HalfAssign { status } => twist.half_assign = Some(*status),
            Effect::LoseAnswer
            | Effect::DropBefore
            | Effect::Late { .. }
            | Effect::ErrorBefore { .. }
            | Effect::ErrorAfter { .. }
            | Effect::Stall { .. }
            | Effect::StallBody { .. }
            | Effect::Truncate { .. }
            | Effect::CutJson
            | Effect::Html { .. }
            | Effect::EmptyBody { .. }
            | Effect::Throttle { .. }
            | Effect::RejectCode { .. }
            | Effect::WrongAccountInAnswer => {}
        }
        let half_assigns = twist.half_assign.is_some();
        let floated = half_assigns && self.floats_after(&prepared);
        let mut answer = self.perform(now, &prepared, &twist);
        answer.committed |= floated && answer.status != 200;
        let (package, committed, replayed) = (answer.package, answer.committed, answer.replayed);
        let spoiled = spoil(answer, &effect);
        if spoiled.status != 200 && !replayed && self.config.idempotency == Idempotency::ReplayFailures {
            self.remember(now, &prepared, &spoiled);
        }
        let mut reply = self.reply(spoiled, call);
        (call.package, call.committed) = (package, committed);
        if let Effect::Html { .. } = effect {
            html(&mut reply);
        }
        let bytes = reply.body.len();
        with_fate(reply, fate_of(&effect, bytes), call)
    }

    /// Whether the instance that an assign names is on a site, so that a half assign changes it.
    fn floats_after(&self, prepared: &Prepared) -> bool {
        match &prepared.route {
            Route::Assign { instance, .. } => Guid::parse(instance)
                .and_then(|id| self.store.instance(id))
                .is_some_and(|instance| instance.site_id.is_some()),
            Route::Create
            | Route::Get { .. }
            | Route::Query
            | Route::CancelPackage { .. }
            | Route::CancelInstance { .. }
            | Route::Unassign { .. }
            | Route::Adjust { .. }
            | Route::ExternalId { .. } => false,
        }
    }

    /// The effect of the first rule that picks this call.
    fn pick(&mut self, prepared: &Prepared) -> Option<Effect> {
        if self.faults.is_empty() {
            return None;
        }
        let needs_text = self
            .faults
            .iter()
            .any(|armed| armed.rule.external_id_contains.is_some());
        let text = if needs_text {
            self.external_id_of(prepared)
        } else {
            String::new()
        };
        let operation = prepared.route.operation();
        for armed in &mut self.faults {
            let rule = &armed.rule;
            let picks = rule.operation.is_none_or(|wanted| wanted == operation)
                && rule.account.is_none_or(|wanted| wanted == prepared.caller.account)
                && rule
                    .external_id_contains
                    .as_ref()
                    .is_none_or(|wanted| text.contains(wanted.as_str()))
                && armed.struck < rule.times;
            if !picks {
                continue;
            }
            armed.seen += 1;
            if armed.seen <= rule.skip {
                continue;
            }
            if rule.times != u32::MAX {
                armed.struck += 1;
            }
            return Some(rule.effect.clone());
        }
        None
    }

    fn external_id_of(&self, prepared: &Prepared) -> String {
        let of_package = |id: &str| {
            let package = Guid::parse(id).and_then(|id| self.store.package(id));
            package
                .and_then(|package| package.external_id.clone())
                .unwrap_or_default()
        };
        let of_instance = |id: &str| {
            let package = Guid::parse(id).and_then(|id| self.store.package_of_instance(id));
            package
                .and_then(|package| package.external_id.clone())
                .unwrap_or_default()
        };
        match &prepared.route {
            Route::Create => ["externalId", "external_id"]
                .iter()
                .find_map(|name| prepared.body.get(*name))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            Route::Query => Value::Object(prepared.body.clone()).to_string(),
            Route::Get { package } | Route::CancelPackage { package } => of_package(package),
            Route::ExternalId { package, external_id } => format!("{} {external_id}", of_package(package)),
            Route::CancelInstance { instance }
            | Route::Assign { instance, .. }
            | Route::Unassign { instance }
            | Route::Adjust { instance } => of_instance(instance),
        }
    }

    /// The answer of an effect that strikes before anything is done.
    fn instead(&self, effect: &Effect) -> Option<Answer> {
        match effect {
            Effect::DropBefore => Some(Refusal::plain(502, "").into()),
            Effect::ErrorBefore { status, code } => Some(error(*status, code.as_deref())),
            Effect::Stall { commit: false, .. } => Some(Refusal::plain(504, "").into()),
            Effect::Throttle { retry_after } => Some(too_many(retry_after.or(self.config.retry_after))),
            Effect::RejectCode { code } => {
                Some(Refusal::application(code.clone(), format!("{code} (on demand)")).into())
            }
            Effect::Html { status, commit: false } => {
                let mut answer = Answer::from(Refusal::plain(*status, ""));
                answer.body = page(*status);
                Some(answer)
            }
            Effect::EmptyBody { status, commit: false } => {
                let mut answer = Answer::from(Refusal::plain(*status, ""));
                answer.body.clear();
                Some(answer)
            }
            Effect::LoseAnswer
            | Effect::Late { .. }
            | Effect::ErrorAfter { .. }
            | Effect::Stall { commit: true, .. }
            | Effect::StallBody { .. }
            | Effect::Truncate { .. }
            | Effect::CutJson
            | Effect::Html { commit: true, .. }
            | Effect::EmptyBody { commit: true, .. }
            | Effect::NewInstances { .. }
            | Effect::WrongAccountInAnswer
            | Effect::StaleQuery { .. }
            | Effect::HalfAssign { .. } => None,
        }
    }

    /// Puts the head on an answer, and writes into the log what it was.
    pub(crate) fn reply(&self, answer: Answer, call: &mut Call) -> Reply {
        let is_page = answer.body.starts_with(b"<");
        let content_type = if is_page { "text/html" } else { "application/json" };
        let mut headers = vec![
            ("content-type".to_owned(), content_type.to_owned()),
            (
                "x-wix-request-id".to_owned(),
                format!("{}.{}", call.at_ms.div_euclid(1_000), 1_000_000 + call.seq),
            ),
        ];
        if let Some(seconds) = answer.retry_after {
            headers.push(("retry-after".to_owned(), seconds.to_string()));
        }
        if self.config.consistent_token && call.operation.writes() && answer.status == 200 {
            headers.push((TOKEN.to_owned(), format!("after-{}", call.seq)));
        }
        call.status = answer.status;
        call.code = answer.code;
        call.package = answer.package;
        call.committed = answer.committed;
        call.replayed = answer.replayed;
        Reply {
            status: answer.status,
            headers,
            body: answer.body,
            fate: Fate::Deliver,
        }
    }
}

fn html(reply: &mut Reply) {
    for (name, value) in &mut reply.headers {
        if name == "content-type" {
            "text/html".clone_into(value);
        }
    }
}

fn page(status: u16) -> Vec<u8> {
    format!("<!DOCTYPE html><html><body><h1>{status}</h1><p>Something went wrong.</p></body></html>").into_bytes()
}

fn error(status: u16, code: Option<&str>) -> Answer {
    match code {
        Some(code) => Refusal::with_code(status, code.to_owned(), format!("{code} (on demand)")).into(),
        None => Refusal::plain(status, "").into(),
    }
}

/// What an effect makes of the answer to something that was done.
fn spoil(mut answer: Answer, effect: &Effect) -> Answer {
    match effect {
        Effect::ErrorAfter { status, code } => answer = error(*status, code.as_deref()),
        Effect::Html { status, .. } => {
            answer.status = *status;
            answer.body = page(*status);
        }
        Effect::EmptyBody { status, .. } => {
            answer.status = *status;
            answer.body.clear();
        }
        Effect::CutJson => {
            let half = answer.body.len() / 2;
            answer.body.truncate(half);
        }
        Effect::WrongAccountInAnswer => answer.body = for_nobody(&answer.body),
        Effect::LoseAnswer
        | Effect::DropBefore
        | Effect::Late { .. }
        | Effect::ErrorBefore { .. }
        | Effect::Stall { .. }
        | Effect::StallBody { .. }
        | Effect::Truncate { .. }
        | Effect::Throttle { .. }
        | Effect::RejectCode { .. }
        | Effect::NewInstances { .. }
        | Effect::StaleQuery { .. }
        | Effect::HalfAssign { .. } => {}
    }
    answer
}

/// The body with all packages in it given to an account that nobody knows.
fn for_nobody(body: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    if let Value::Object(members) = &mut value {
        for member in members.values_mut() {
            let packages = match member {
                Value::Array(items) => items.as_mut_slice(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                    std::slice::from_mut(member)
                }
            };
            for package in packages {
                if let Some(account) = package.get_mut("accountId") {
                    *account = Value::String(NOBODY.to_string());
                }
            }
        }
    }
    value.to_string().into_bytes()
}

fn fate_of(effect: &Effect, length: usize) -> Fate {
    match effect {
        Effect::LoseAnswer | Effect::DropBefore | Effect::Late { .. } => Fate::Close,
        Effect::Stall { ms, .. } => Fate::Stall { ms: *ms },
        Effect::StallBody { ms } => Fate::StallBody {
            bytes: length / 2,
            ms: *ms,
        },
        Effect::Truncate { bytes } => Fate::Truncate {
            bytes: bytes.unwrap_or(length / 2).min(length.saturating_sub(1)),
        },
        Effect::ErrorBefore { .. }
        | Effect::ErrorAfter { .. }
        | Effect::CutJson
        | Effect::Html { .. }
        | Effect::EmptyBody { .. }
        | Effect::Throttle { .. }
        | Effect::RejectCode { .. }
        | Effect::NewInstances { .. }
        | Effect::WrongAccountInAnswer
        | Effect::StaleQuery { .. }
        | Effect::HalfAssign { .. } => Fate::Deliver,
    }
}

fn with_fate(mut reply: Reply, fate: Fate, call: &mut Call) -> Reply {
    call.delivered = matches!(fate, Fate::Deliver | Fate::Stall { .. } | Fate::StallBody { .. });
    reply.fate = fate;
    reply
}
