//! Idempotency keys: what is remembered under one, and what a second call with it gets in each mode.

use std::collections::HashMap;

use crate::call::{Answer, Prepared};
use crate::config::Idempotency;
use crate::guid::Guid;
use crate::refusal::Refusal;
use crate::route::Operation;
use crate::store::later;

/// What a key counts for: one operation of one account.
type Scope = (Operation, Guid, String);

/// The answers that are remembered, each under its key.
#[derive(Debug, Default)]
pub(crate) struct KeyMemory(HashMap<Scope, Remembered>);

#[derive(Debug)]
struct Remembered {
    at_ms: i64,
    fingerprint: u64,
    answer: Answer,
}

impl KeyMemory {
    /// The answer to a call whose key was used before, if that counts in this mode. Where the latest state is wanted, its
    /// body is the caller's to renew.
    pub(crate) fn answer(&self, mode: Idempotency, now: i64, prepared: &Prepared) -> Option<Answer> {
        let scope = prepared.scope()?;
        let memory = self.0.get(&scope)?;
        let conflict = |description: &str| {
            let mut answer = Answer::from(Refusal::with_code(409, "IDEMPOTENCY_KEY_REUSED", description));
            answer.replayed = true;
            Some(answer)
        };
        match mode {
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
        answer.committed = false;
        answer.replayed = true;
        Some(answer)
    }

    /// Keeps an answer, where this mode keeps such answers.
    pub(crate) fn keep(&mut self, mode: Idempotency, now: i64, prepared: &Prepared, answer: &Answer) {
        let failures = mode == Idempotency::ReplayFailures;
        if mode == Idempotency::Ignore || (answer.status != 200 && !failures) {
            return;
        }
        if let Some(scope) = prepared.scope() {
            let memory = Remembered {
                at_ms: now,
                fingerprint: prepared.fingerprint,
                answer: answer.clone(),
            };
            self.0.insert(scope, memory);
        }
    }
}

impl Prepared {
    fn scope(&self) -> Option<Scope> {
        Some((self.route.operation(), self.caller.account, self.key.clone()?))
    }
}
