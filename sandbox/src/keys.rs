//! Idempotency keys: what is remembered under one, and what a second call with it gets in each mode.

use crate::config::Idempotency;
use crate::guid::Guid;
use crate::refusal::Refusal;
use crate::route::Operation;
use crate::store::later;
use crate::wix::{Answer, Prepared, Wix};

/// What a key counts for: one operation of one account.
pub(crate) type Scope = (Operation, Guid, String);

#[derive(Debug)]
pub(crate) struct Remembered {
    at_ms: i64,
    fingerprint: u64,
    answer: Answer,
}

impl Wix {
    pub(crate) fn remembered(&self, now: i64, prepared: &Prepared) -> Option<Answer> {
        let scope = prepared.scope()?;
        let memory = self.keys.get(&scope)?;
        let conflict = |description: &str| {
            let mut answer = Answer::from(Refusal::with_code(409, "IDEMPOTENCY_KEY_REUSED", description));
            answer.replayed = true;
            Some(answer)
        };
        match self.config.idempotency {
            Idempotency::Ignore => return None,
            Idempotency::Forget { after_ms } if now >= later(memory.at_ms, after_ms) => return None,
            Idempotency::Conflict => return conflict("The idempotency key was used already"),
            Idempotency::Honour
            | Idempotency::ReplayFailures
            | Idempotency::Forget { .. }
            | Idempotency::LatestState => {}
        }
        if memory.fingerprint != prepared.fingerprint {
            return conflict("The idempotency key was used already for another request");
        }
        let mut answer = memory.answer.clone();
        if let (Idempotency::LatestState, Some(package)) = (self.config.idempotency, answer.package) {
            answer.body = self.done(package, prepared.key.as_deref()).ok()?.body;
        }
        answer.committed = false;
        answer.replayed = true;
        Some(answer)
    }

    pub(crate) fn remember(&mut self, now: i64, prepared: &Prepared, answer: &Answer) {
        let failures = self.config.idempotency == Idempotency::ReplayFailures;
        if self.config.idempotency == Idempotency::Ignore || (answer.status != 200 && !failures) {
            return;
        }
        if let Some(scope) = prepared.scope() {
            let memory = Remembered {
                at_ms: now,
                fingerprint: prepared.fingerprint,
                answer: answer.clone(),
            };
            self.keys.insert(scope, memory);
        }
    }
}

impl Prepared {
    fn scope(&self) -> Option<Scope> {
        Some((self.route.operation(), self.caller.account, self.key.clone()?))
    }
}
