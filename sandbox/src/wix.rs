//! The whole of this Wix: takes a request and the time, gives the answer. No clock, no sockets, no chance: the same calls at
//! the same times always end the same.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::calls::{Call, CallLog, Count};
use crate::config::{Config, Idempotency};
use crate::fault::FaultRule;
use crate::guid::Guid;
use crate::message::{Reply, Request};
use crate::model::{Failure, Instance, Package, Status};
use crate::refusal::Refusal;
use crate::render::PackageJson;
use crate::route::{Operation, Route};
use crate::store::Store;
use crate::validate;

/// A Wix with its packages, its rules, and the memory of who called what.
#[derive(Debug)]
pub struct Wix {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) log: CallLog,
    pub(crate) faults: Vec<ArmedRule>,
    pub(crate) now_ms: i64,
    ids: u64,
    seq: u64,
    keys: HashMap<(Operation, Guid, String), Remembered>,
    windows: HashMap<String, VecDeque<i64>>,
    deferred: Vec<(i64, Prepared)>,
}

#[derive(Debug)]
pub(crate) struct ArmedRule {
    pub(crate) rule: FaultRule,
    pub(crate) seen: u32,
    pub(crate) struck: u32,
}

/// Who calls: the account in the header, and the main account above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) account: Guid,
    pub(crate) parent: Guid,
}

/// What a fault changes about how a request is done.
#[derive(Debug, Default)]
pub(crate) struct Twist {
    pub(crate) stale_ms: u64,
    pub(crate) new_instances: Option<(Status, Option<Failure>, u64)>,
    pub(crate) half_assign: Option<u16>,
}

/// A request that was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) body: Vec<u8>,
    pub(crate) package: Option<Guid>,
    pub(crate) committed: bool,
}

/// A request that was let in.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) seq: u64,
    pub(crate) route: Route,
    pub(crate) caller: Caller,
    pub(crate) body: Map<String, Value>,
    pub(crate) key: Option<String>,
    pub(crate) fingerprint: u64,
}

/// An answer on its way out, before faults.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Option<Cow<'static, str>>,
    pub(crate) body: Vec<u8>,
    pub(crate) package: Option<Guid>,
    pub(crate) committed: bool,
    pub(crate) replayed: bool,
    pub(crate) retry_after: Option<u32>,
}

#[derive(Debug)]
struct Remembered {
    at_ms: i64,
    fingerprint: u64,
    answer: Answer,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.status,
            body: refusal.to_bytes(),
            code: refusal.code,
            package: None,
            committed: false,
            replayed: false,
            retry_after: None,
        }
    }
}

impl From<Done> for Answer {
    fn from(done: Done) -> Self {
        Self {
            status: 200,
            code: None,
            body: done.body,
            package: done.package,
            committed: done.committed,
            replayed: false,
            retry_after: None,
        }
    }
}

impl Wix {
    /// A Wix with no packages. Cheap: nothing is allocated but what `config` holds.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            store: Store::default(),
            log: CallLog::default(),
            faults: Vec::new(),
            now_ms: i64::MIN,
            ids: 0,
            seq: 0,
            keys: HashMap::new(),
            windows: HashMap::new(),
            deferred: Vec::new(),
        }
    }

    /// Answers a request that arrives at `now_ms` (milliseconds since 1970).
    pub fn handle(&mut self, now_ms: i64, request: &Request) -> Reply {
        self.advance(now_ms);
        self.seq += 1;
        let mut call = Call::new(self.seq, now_ms);
        let reply = match self.let_in(now_ms, request, &mut call) {
            Ok(prepared) => self.answer(now_ms, prepared, &mut call),
            Err(answer) => self.reply(answer, &mut call),
        };
        self.log.push(call, self.config.remembered_calls);
        reply
    }

    /// Lets everything happen that is due until `now_ms`: instances that become `ENABLED`, late requests that arrive. Calls do it
    /// by themselves; whoever looks at packages between calls does it first. Time never runs backwards here.
    pub fn advance(&mut self, now_ms: i64) {
        loop {
            let ripe = self.store.next_ripe().filter(|at| *at <= now_ms);
            let late = self.deferred.iter().map(|(at, _)| *at).min().filter(|at| *at <= now_ms);
            match (ripe, late) {
                (None, None) => break,
                (Some(ripe), late) if late.is_none_or(|late| ripe <= late) => {
                    self.store.ripen_next(self.config.query_delay_ms);
                }
                (_, Some(late)) => self.arrive_late(late),
                (Some(_), None) => break,
            }
        }
        self.now_ms = self.now_ms.max(now_ms);
    }

    fn arrive_late(&mut self, at: i64) {
        let Some(index) = self.deferred.iter().position(|(due, _)| *due == at) else {
            return;
        };
        let (at, prepared) = self.deferred.remove(index);
        let mut call = Call::new(prepared.seq, at);
        call.operation = prepared.route.operation();
        call.account = Some(prepared.caller.account);
        call.idempotency_key.clone_from(&prepared.key);
        call.fault = Some("late");
        let answer = self.perform(at, &prepared, &Twist::default());
        self.reply(answer, &mut call);
        call.delivered = false;
        self.log.push(call, self.config.remembered_calls);
    }

    pub(crate) fn defer(&mut self, at: i64, prepared: Prepared) {
        self.deferred.push((at, prepared));
    }

    /// Everything that is checked before what is asked for is looked at.
    fn let_in(&mut self, now: i64, request: &Request, call: &mut Call) -> Result<Prepared, Answer> {
        let route = Route::of(request);
        if let Ok(route) = &route {
            call.operation = route.operation();
        }
        call.account = request.header_value("wix-account-id").and_then(Guid::parse);
        let main = self.main_account(request)?;
        self.count_against_limit(now, request)?;
        let route = route?;
        let caller = self.caller(request, main, route.operation())?;
        let body = match route.operation() {
            Operation::GetPackage | Operation::UpdateExternalId | Operation::Other => Map::new(),
            Operation::CreatePackage
            | Operation::QueryPackages
            | Operation::CancelPackage
            | Operation::CancelProductInstance
            | Operation::AssignProductInstance
            | Operation::UnassignProductInstance
            | Operation::AdjustProductInstance => validate::object(&request.body)?,
        };
        let key = if route.operation().takes_key() {
            match request.parameter("idempotencyKey") {
                Some(key) if key.chars().count() > 100 => {
                    return Err(
                        Refusal::field("idempotencyKey", "MAX_LENGTH", "must have at most 100 characters").into(),
                    );
                }
                Some(key) => Some(key),
                None => validate::idempotency_key(&body)?,
            }
            .filter(|key| !key.is_empty())
        } else {
            None
        };
        call.idempotency_key.clone_from(&key);
        let mut hasher = DefaultHasher::new();
        (&request.path, &request.body).hash(&mut hasher);
        Ok(Prepared {
            seq: call.seq,
            route,
            caller,
            body,
            key,
            fingerprint: hasher.finish(),
        })
    }

    fn main_account(&self, request: &Request) -> Result<Guid, Refusal> {
        let given = request.header_value("authorization").unwrap_or_default();
        self.config
            .api_keys
            .iter()
            .find(|key| !given.is_empty() && key.value == given)
            .map(|key| key.account)
            .ok_or_else(|| Refusal::plain(401, "not authenticated: the API key is missing or unknown"))
    }

    fn count_against_limit(&mut self, now: i64, request: &Request) -> Result<(), Answer> {
        let Some(limit) = self.config.rate_limit_per_minute else {
            return Ok(());
        };
        let key = request.header_value("authorization").unwrap_or_default();
        let window = match self.windows.get_mut(key) {
            Some(window) => window,
            None => self.windows.entry(key.to_owned()).or_default(),
        };
        while window.front().is_some_and(|at| now.saturating_sub(*at) >= 60_000) {
            window.pop_front();
        }
        if window.len() >= limit as usize {
            return Err(too_many(self.config.retry_after));
        }
        window.push_back(now);
        Ok(())
    }

    /// The account in the header, where the key may speak for it.
    fn caller(&self, request: &Request, main: Guid, operation: Operation) -> Result<Caller, Refusal> {
        if request.header_value("wix-site-id").is_some() {
            return Err(Refusal::plain(
                400,
                "wix-site-id is not for this API, which works on accounts",
            ));
        }
        let account = match request.header_value("wix-account-id") {
            None => return Err(Refusal::plain(400, "the header wix-account-id is missing")),
            Some(text) => Guid::parse(text)
                .ok_or_else(|| Refusal::plain(400, "the header wix-account-id must be a valid GUID"))?,
        };
        let caller = Caller { account, parent: main };
        let config = &self.config;
        let other_main = config.api_keys.iter().any(|key| key.account == account)
            || config.accounts.values().any(|id| *id == account);
        match config.accounts.get(&account) {
            _ if account == main => Ok(caller),
            Some(parent) if *parent == main => Ok(caller),
            None if config.accept_any_account && !other_main => Ok(caller),
            None if !other_main => match operation {
                Operation::CreatePackage | Operation::AdjustProductInstance | Operation::UnassignProductInstance => {
                    Err(Refusal::application(
                        "ACCOUNT_NOT_FOUND",
                        format!("Account {account} not found"),
                    ))
                }
                Operation::GetPackage
                | Operation::QueryPackages
                | Operation::CancelPackage
                | Operation::CancelProductInstance
                | Operation::AssignProductInstance
                | Operation::UpdateExternalId
                | Operation::Other => Err(Refusal::plain(403, "")),
            },
            Some(_) | None => Err(Refusal::plain(403, "")),
        }
    }

    /// Answers out of the memory of the key, or does what is asked for and remembers the answer.
    pub(crate) fn perform(&mut self, now: i64, prepared: &Prepared, twist: &Twist) -> Answer {
        if let Some(replay) = self.remembered(now, prepared) {
            return replay;
        }
        let answer = match self.execute(now, prepared, twist) {
            Ok(done) => done.into(),
            Err(refusal) => refusal.into(),
        };
        self.remember(now, prepared, &answer);
        answer
    }

    fn execute(&mut self, now: i64, prepared: &Prepared, twist: &Twist) -> Result<Done, Refusal> {
        let caller = prepared.caller;
        match &prepared.route {
            Route::Create => self.create(now, caller, &prepared.body, prepared.key.as_deref(), twist),
            Route::Get { package } => self.get(caller, package),
            Route::Query => self.query(now, caller, &prepared.body, twist),
            Route::CancelPackage { package } => self.cancel_package(now, caller, package, twist),
            Route::CancelInstance { instance } => self.cancel_instance(now, caller, instance, twist),
            Route::Assign { instance, site } => self.assign(now, caller, instance, *site, twist),
            Route::Unassign { instance } => self.unassign(now, caller, instance, twist),
            Route::Adjust { instance } => self.adjust(now, caller, instance, &prepared.body, twist),
            Route::ExternalId { package, external_id } => {
                self.set_external_id(now, caller, package, external_id, twist)
            }
        }
    }

    fn remembered(&self, now: i64, prepared: &Prepared) -> Option<Answer> {
        let scope = prepared.scope()?;
        let memory = self.keys.get(&scope)?;
        let conflict = |description: &str| {
            let mut answer = Answer::from(Refusal::with_code(409, "IDEMPOTENCY_KEY_REUSED", description));
            answer.replayed = true;
            Some(answer)
        };
        match self.config.idempotency {
            Idempotency::Ignore => return None,
            Idempotency::Forget { after_ms } if now >= crate::store::later(memory.at_ms, after_ms) => return None,
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

    /// How long queries do not show a change.
    pub(crate) fn delay(&self, twist: &Twist) -> u64 {
        self.config.query_delay_ms.max(twist.stale_ms)
    }

    pub(crate) fn next_id(&mut self) -> Guid {
        self.ids += 1;
        Guid::derived(self.config.seed, self.ids)
    }

    /// The answer that shows a package, as one that changed it.
    pub(crate) fn done(&self, package: Guid, key: Option<&str>) -> Result<Done, Refusal> {
        self.envelope(package, "package", key)
    }

    pub(crate) fn envelope(&self, package: Guid, name: &'static str, key: Option<&str>) -> Result<Done, Refusal> {
        let shown = self.store.package(package);
        let shown =
            shown.ok_or_else(|| Refusal::application("PACKAGE_NOT_FOUND", format!("Package {package} not found")))?;
        let body = serde_json::to_vec(&Envelope {
            name,
            package: PackageJson(shown, &self.config.spelling),
            key,
        });
        Ok(Done {
            body: body.map_err(|error| Refusal::plain(500, error.to_string()))?,
            package: Some(package),
            committed: true,
        })
    }

    /// How this Wix behaves.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How this Wix behaves, to be changed.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// All packages in the order of their making, as they are at the time of the last call or [`advance`](Self::advance).
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.store.packages()
    }

    /// All instances, each with its package.
    pub fn instances(&self) -> impl Iterator<Item = (&Package, &Instance)> {
        self.packages()
            .flat_map(|package| package.instances.iter().map(move |instance| (package, instance)))
    }

    /// The package of that ID.
    pub fn package(&self, id: Guid) -> Option<&Package> {
        self.store.package(id)
    }

    /// The instance of that ID, with its package.
    pub fn instance(&self, id: Guid) -> Option<(&Package, &Instance)> {
        let package = self.store.package_of_instance(id)?;
        Some((package, package.instance(id)?))
    }

    /// The instance that named `reference` as its `referenceProductInstanceId`, alive or not.
    pub fn voucher_of(&self, reference: Guid) -> Option<Guid> {
        self.store.dependent(reference)
    }

    /// The calls so far, oldest first; as many as [`Config::remembered_calls`] says.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &Call> + ExactSizeIterator {
        self.log.calls.iter()
    }

    /// How often an operation was called since the beginning.
    pub fn count(&self, operation: Operation) -> Count {
        self.log.counts.get(&operation).copied().unwrap_or_default()
    }

    /// Forgets packages, calls, keys, faults and late requests; the configuration stays.
    pub fn reset(&mut self) {
        let fresh = Self::new(self.config.clone());
        *self = fresh;
    }

    /// Forgets the calls.
    pub fn forget_calls(&mut self) {
        self.log = CallLog::default();
    }
}

impl Prepared {
    fn scope(&self) -> Option<(Operation, Guid, String)> {
        Some((self.route.operation(), self.caller.account, self.key.clone()?))
    }
}

pub(crate) fn too_many(retry_after: Option<u32>) -> Answer {
    let mut answer = Answer::from(Refusal::plain(429, "too many requests"));
    answer.retry_after = retry_after;
    answer
}

struct Envelope<'a> {
    name: &'static str,
    package: PackageJson<'a>,
    key: Option<&'a str>,
}

impl Serialize for Envelope<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.name, &self.package)?;
        if let Some(key) = self.key {
            map.serialize_entry("idempotencyKey", key)?;
        }
        map.end()
    }
}
