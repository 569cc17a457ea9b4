//! The whole of this Wix: takes a request and the time, gives the answer. No clock, no sockets, no chance: the same calls at
//! the same times always end the same.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use crate::call::{Answer, Done, Prepared, Twist};
use crate::calls::{Call, CallLog, Count};
use crate::config::{Config, Idempotency};
use crate::fault::ArmedRule;
use crate::guid::Guid;
use crate::keys::KeyMemory;
use crate::message::{Reply, Request};
use crate::model::{Instance, Package};
use crate::refusal::Refusal;
use crate::render::PackageJson;
use crate::route::{Operation, Route};
use crate::store::Store;

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
    pub(crate) keys: KeyMemory,
    pub(crate) windows: HashMap<String, VecDeque<i64>>,
    deferred: Vec<(i64, Prepared)>,
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
            keys: KeyMemory::default(),
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
    /// by themselves; code that looks at packages between calls does it first. Time never runs backwards here.
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

    pub(crate) fn remembered(&self, now: i64, prepared: &Prepared) -> Option<Answer> {
        let mut answer = self.keys.answer(self.config.idempotency, now, prepared)?;
        if let (Idempotency::LatestState, Some(package)) = (self.config.idempotency, answer.package) {
            answer.body = self.done(package, prepared.key.as_deref()).ok()?.body;
        }
        Some(answer)
    }

    pub(crate) fn remember(&mut self, now: i64, prepared: &Prepared, answer: &Answer) {
        self.keys.keep(self.config.idempotency, now, prepared, answer);
    }

    fn execute(&mut self, now: i64, prepared: &Prepared, twist: &Twist) -> Result<Done, Refusal> {
        let caller = prepared.caller;
        match &prepared.route {
            Route::Create => self.create(now, caller, &prepared.body, prepared.key.as_deref(), twist),
            Route::Get { package } => self.get(caller, package),
            Route::Query => {
                let shown_at = if prepared.fresh { i64::MAX } else { now };
                self.query(now, shown_at, caller, &prepared.body, twist)
            }
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
