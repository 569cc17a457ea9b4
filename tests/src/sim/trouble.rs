//! What goes wrong in a history: how its Wix behaves where nothing is documented, and which calls are struck. Only what
//! the promise covers: an answer says "refused" only where nothing was done, and what is done late is done and shown
//! within the settle time.

use std::time::Duration;

use wix_sandbox::{Config, Effect, Failure, FaultRule, Guid, Idempotency, Operation, Product, Status};

use super::Profile;
use super::coverage::WIX;
use super::rng::Rng;
use crate::world::OTHER;

/// The product that the catalog names for MAIL after it was changed.
pub(super) const OTHER_MAIL: &str = "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2d";

/// How much goes wrong in one history.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// Faults of Wix, in a thousand scheduling steps.
    pub faults: u32,
    /// Crashes, in a thousand scheduling steps.
    pub crashes: u32,
    /// Calls of the ledger that fail, in a thousand.
    pub ledger: u32,
    /// Sends to the queues that fail or are stored twice, in a thousand.
    pub queues: u32,
    /// Answers of `webhook` that the storefront does not get, in a thousand.
    pub lost_answers: u32,
    /// Long stalls of everything, in a thousand scheduling steps.
    pub freezes: u32,
    /// Invocations that stand still while others go on, in a thousand scheduling steps.
    pub stalls: u32,
    /// How many faults may strike; so many that no purchase runs out of attempts where that must not be.
    pub most: u32,
    /// One call fails and no other, also not because it took too long.
    pub fails_once: bool,
    /// How late queries are.
    pub query_delay: Duration,
    /// Whether Wix replays failures.
    replays: bool,
    /// Only moves and adjustments are struck, and what reads them.
    changing: bool,
    /// What fails in the same way, from some time on until faults stop: for hours or days.
    pub stuck: Option<FaultRule>,
}

impl Trouble {
    /// The trouble of a history, and the configuration of its Wix.
    pub(super) fn draw(rng: &mut Rng, profile: &Profile) -> (Self, Config) {
        let query_delay = if profile.late {
            Duration::from_secs(300)
        } else if profile.harsh {
            Duration::from_secs(55)
        } else {
            Duration::from_secs(rng.pick(&[0, 0, 1, 10, 30, 55]))
        };
        let idempotency = if profile.late {
            Idempotency::Honour
        } else if profile.harsh {
            Idempotency::Ignore
        } else {
            rng.pick(&[
                Idempotency::Honour,
                Idempotency::Ignore,
                Idempotency::Ignore,
                Idempotency::ReplayFailures,
                Idempotency::Forget { after_ms: 20_000 },
                Idempotency::LatestState,
                Idempotency::Conflict,
            ])
        };
        let trouble = Self {
            faults: rng.pick(if profile.changing { &[100] } else { &[0, 10, 40, 100] }),
            crashes: rng.pick(&[0, 0, 5, 20]),
            ledger: rng.pick(&[0, 0, 10, 50]),
            queues: rng.pick(&[0, 0, 20, 200]),
            lost_answers: rng.pick(&[0, 0, 50]),
            freezes: rng.pick(&[0, 0, 5, 20]),
            stalls: rng.pick(&[0, 0, 2, 10]),
            most: rng.between(1, 8),
            fails_once: false,
            query_delay,
            replays: idempotency == Idempotency::ReplayFailures,
            changing: profile.changing,
            stuck: rng.one_in(10).then(|| Self::stuck(rng)),
        };
        let trouble = if profile.late { trouble.once() } else { trouble };
        let mut config = Config {
            rate_limit_per_minute: rng.one_in(8).then_some(6),
            retry_after: rng.one_in(2).then_some(7),
            idempotency,
            query_delay_ms: u64::try_from(query_delay.as_millis()).unwrap_or(0),
            pending_to_enabled_ms: rng.pick(&[None, Some(1_000), Some(90_000)]),
            cancel_takes_dependents: rng.one_in(2),
            remembered_calls: 400,
            ..Config::default()
        };
        if let Some(email) = config.catalog.last().cloned() {
            let id: Guid = OTHER_MAIL.parse().unwrap_or(email.id);
            config.catalog.push(Product { id, ..email });
        }
        (trouble, config)
    }

    /// Without what is left out of a history that is made shorter.
    pub(super) fn leave_out(&mut self, profile: &Profile) {
        let kinds: [(&str, &mut u32); 7] = [
            ("faults", &mut self.faults),
            ("crashes", &mut self.crashes),
            ("ledger", &mut self.ledger),
            ("queues", &mut self.queues),
            ("answers", &mut self.lost_answers),
            ("freezes", &mut self.freezes),
            ("stalls", &mut self.stalls),
        ];
        for (name, permille) in kinds {
            if profile.lacks(name) {
                *permille = 0;
            }
        }
        if profile.lacks("stuck") {
            self.stuck = None;
        }
    }

    /// One fault of Wix and nothing else: a purchase that gets no clear answer twice is sent with another key, and then
    /// nothing but what queries show keeps it from being made twice.
    fn once(self) -> Self {
        Self {
            faults: 100,
            crashes: 0,
            ledger: 0,
            freezes: 0,
            most: 1,
            fails_once: true,
            stalls: 0,
            stuck: None,
            ..self
        }
    }

    /// One operation fails in one way, for all accounts or for one, until faults stop.
    fn stuck(rng: &mut Rng) -> FaultRule {
        let operation = rng.pick(&[
            Operation::CreatePackage,
            Operation::QueryPackages,
            Operation::GetPackage,
            Operation::AssignProductInstance,
            Operation::AdjustProductInstance,
            Operation::UnassignProductInstance,
            Operation::CancelProductInstance,
            Operation::UpdateExternalId,
        ]);
        let before = |status| Effect::ErrorBefore { status, code: None };
        let effect = match rng.below(5) {
            0 => before(409),
            1 => before(503),
            2 => Effect::ErrorBefore {
                status: 500,
                code: Some("INTERNAL".to_owned()),
            },
            3 => Effect::Throttle { retry_after: Some(90) },
            _ => Effect::LoseAnswer,
        };
        // Who is throttled asks every minute or two, for days on end if that lasts so long.
        let times = if matches!(effect, Effect::Throttle { .. }) {
            100
        } else {
            u32::MAX
        };
        FaultRule {
            times,
            account: rng.one_in(3).then(|| OTHER.parse().expect("an account")),
            ..FaultRule::on(operation, effect)
        }
    }

    /// One fault.
    pub(super) fn fault(&self, rng: &mut Rng) -> FaultRule {
        let changes = [
            Operation::AssignProductInstance,
            Operation::AdjustProductInstance,
            Operation::GetPackage,
        ];
        let all = [
            Operation::CreatePackage,
            Operation::CreatePackage,
            Operation::CreatePackage,
            Operation::QueryPackages,
            Operation::GetPackage,
            Operation::AssignProductInstance,
            Operation::AdjustProductInstance,
            Operation::UnassignProductInstance,
            Operation::CancelProductInstance,
            Operation::UpdateExternalId,
        ];
        let operation = rng.pick(if self.changing { &changes[..] } else { &all[..] });
        FaultRule {
            skip: rng.between(0, 1),
            times: if self.most == 1 { 1 } else { rng.pick(&[1, 1, 1, 2]) },
            ..FaultRule::on(operation, self.effect(rng, operation))
        }
    }

    fn effect(&self, rng: &mut Rng, operation: Operation) -> Effect {
        let unclear = rng.pick(&[500, 502, 503, 504, 409, 408]);
        let commit = rng.one_in(2);
        if self.changing && operation.writes() && rng.one_in(3) {
            // No query is asked whether a change was made.
            return Effect::Late { ms: rng.below(59_000) };
        }
        if self.changing && operation == Operation::AssignProductInstance && rng.one_in(4) {
            return Effect::HalfAssign { status: 400 };
        }
        match rng.below(20) {
            0..=2 => Effect::LoseAnswer,
            3 => Effect::DropBefore,
            // A late tag may overwrite a newer one: said in docs/guarantees.md.
            4..=5 if operation != Operation::UpdateExternalId => Effect::Late { ms: self.lag(rng) },
            // A refused key never reaches the memory of idempotency keys.
            6 if self.replays => Effect::ErrorBefore {
                status: rng.pick(&[500, 502, 503, 504]),
                code: None,
            },
            6 => Effect::ErrorBefore {
                status: rng.pick(&[500, 502, 503, 504, 401, 403]),
                code: None,
            },
            7 => Effect::ErrorBefore {
                status: 500,
                code: Some("INTERNAL".to_owned()),
            },
            8 => Effect::ErrorAfter {
                status: unclear,
                code: None,
            },
            9..=10 => Effect::Stall {
                ms: rng.pick(&[500, 14_000, 20_000, 29_000]),
                commit,
            },
            11 => Effect::CutJson,
            12 => Effect::Html {
                status: rng.pick(&[200, 502, 404]),
                commit,
            },
            13 => Effect::EmptyBody {
                status: rng.pick(&[200, 500, 204]),
                commit,
            },
            14 => Effect::Throttle {
                retry_after: rng.pick(&[None, Some(1), Some(90)]),
            },
            15 if operation == Operation::CreatePackage => {
                let failed = Failure {
                    code: "DELIVERY_TIMEOUT".to_owned(),
                    message: String::new(),
                };
                let (status, failure) = rng.pick(&[
                    (Status::Failed, Some(failed)),
                    (Status::AwaitingAction, None),
                    (Status::Other("MARINATING".to_owned()), None),
                ]);
                Effect::NewInstances {
                    status,
                    failure,
                    // What fails after it was answered, nobody is told of: that is the audit's business.
                    after_ms: 0,
                }
            }
            16 if operation == Operation::CreatePackage => Effect::WrongAccountInAnswer,
            17 => Effect::StaleQuery { ms: self.lag(rng) },
            18 if operation == Operation::AssignProductInstance => Effect::HalfAssign {
                status: rng.pick(&[500, 400]),
            },
            // Where packages show too late a purchase that is there is not refused when it is sent again: its key is remembered.
            19 if operation.writes() && !(self.fails_once && operation == Operation::CreatePackage) => {
                Effect::RejectCode {
                    code: rng.pick(&WIX).to_owned(),
                }
            }
            _ => Effect::LoseAnswer,
        }
    }

    /// How late something may be done, so that queries show it within the settle time.
    fn lag(&self, rng: &mut Rng) -> u64 {
        let left = Duration::from_secs(59).saturating_sub(self.query_delay);
        u64::try_from(rng.within(left + Duration::from_millis(1)).as_millis()).unwrap_or(0)
    }
}
