//! The converge loop: ask what is next, write down that it is begun, do it at Wix, note what came of it, and ask
//! again, until the order is settled, must wait, or needs a person.
//!
//! Every write is conditional on the revision. When another writer came first and the lease is still ours, its wishes
//! are merged and everything is decided anew before any call; when the lease is lost, this worker stops.

use super::attention::{Attention, attention};
use super::engine::Fulfilment;
use super::outcome::{Asked, Found};
use super::ports::Wix;
use super::purchase::{Comparison, Holder, Place};
use super::record::{Change, InvalidRecord, Lease, OrderRecord, Purchase, PurchaseState};
use super::report::{Circuit, Progress, Tally};
use super::settings::Settings;
use super::step::{self, Step};
use super::{derive, plan, purchase};
use crate::catalog::Catalog;
use crate::ids::{AccountId, ExternalId, SiteId};
use crate::ledger::{Entry, Ledger, LedgerError, Stored};
use crate::order::OrderKey;
use crate::time::{Clock, Timestamp};
use crate::wix::{Error, Failure, Package};

/// How long an order whose calls must not be made now is put off.
const CLOSED: std::time::Duration = std::time::Duration::from_secs(50);

/// How often a write is tried when the ledger does not answer; its client repeats by itself too.
const STORE_TRIES: u32 = 3;

/// One invocation's work on one order.
pub(super) struct Session {
    owner: String,
    deadline: Timestamp,
    pub(super) tally: Tally,
    writes: u32,
    /// The wish is durable.
    pub(super) stored: bool,
}

impl Session {
    pub(super) fn new(owner: String, deadline: Timestamp) -> Self {
        Self {
            owner,
            deadline,
            tally: Tally::default(),
            writes: 0,
            stored: false,
        }
    }
}

/// A record in the hands of a worker.
pub(super) struct Work {
    pub(super) record: OrderRecord,
    pub(super) rev: u64,
    pub(super) due_at: Option<Timestamp>,
    pub(super) attention: Vec<Attention>,
    attention_since: Option<Timestamp>,
    /// What the ledger has, to write only what differs.
    body: String,
    /// The lease in the ledger is ours.
    claimed: bool,
    /// A package may be noted that the ledger does not know yet.
    unwritten: bool,
}

impl Work {
    pub(super) fn open(key: &OrderKey, entry: Option<Entry>, settings: &Settings) -> Result<Self, InvalidRecord> {
        let Some(entry) = entry else {
            return Ok(Self {
                record: OrderRecord::new(key.clone()),
                rev: 0,
                due_at: None,
                attention: Vec::new(),
                attention_since: None,
                body: String::new(),
                claimed: false,
                unwritten: false,
            });
        };
        let record = OrderRecord::from_json(&entry.body)?;
        Ok(Self {
            attention: attention(&record, settings),
            record,
            rev: entry.rev,
            due_at: entry.due_at,
            attention_since: entry.attention_since,
            body: entry.body,
            claimed: false,
            unwritten: false,
        })
    }

    /// Where the order stands if nothing is done.
    pub(super) fn standing(&self) -> Progress {
        self.due_at
            .map_or(Progress::Settled, |due_at| Progress::Waiting { due_at })
    }
}

/// What became of a write, for the loop.
enum Written {
    /// It is durable.
    Yes,
    /// Others' wishes came in; they are merged: decide again.
    Again,
    /// The record is another worker's now.
    Lost,
}

/// Why the loop cannot go on with this order now.
enum Halt {
    Circuit(Circuit),
    /// A hold was set; the next decision is to wait.
    Held,
}

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    /// Works on a record. `Ok(None)` means that another writer came before anything was claimed: load it anew.
    pub(super) async fn work(
        &self,
        work: &mut Work,
        changed: bool,
        session: &mut Session,
    ) -> Result<Option<Progress>, LedgerError> {
        let now = self.clock.now();
        let lease = work
            .record
            .lease
            .clone()
            .filter(|lease| lease.until > now && self.settings.guards.lease);
        if let Some(lease) = lease {
            if changed {
                let due_at = work.due_at.map_or(lease.until, |due_at| due_at.min(lease.until));
                return Ok(self.put(work, Some(due_at), session).await?.then_some(Progress::Busy));
            }
            return Ok(Some(Progress::Busy));
        }
        let (catalog, own) = match self.gate().await {
            Ok(open) => open,
            Err(circuit) => {
                work.record.lease = None;
                let stored = self.put(work, Some(now + CLOSED), session).await?;
                return Ok(stored.then_some(Progress::Stopped(circuit)));
            }
        };
        self.converge(work, catalog, &own, session).await
    }

    async fn converge(
        &self,
        work: &mut Work,
        catalog: &Catalog,
        own: &AccountId,
        session: &mut Session,
    ) -> Result<Option<Progress>, LedgerError> {
        let mut stopped = None;
        loop {
            let now = self.clock.now();
            step::tidy(&mut work.record, now);
            plan::freeze(&mut work.record, catalog, own);
            let step = if stopped.is_some() {
                Step::Wait(work.record.facts.hold.as_ref().map_or(now + CLOSED, |hold| hold.until))
            } else {
                step::next_step(&work.record, &self.settings, now)
            };
            if let (Step::Resend(at), false) = (&step, self.settings.guards.stored_request) {
                work.record.rebuild(*at, catalog, own, now);
            }
            // Where no call can end in time any more, the next sweep goes on at once.
            let late = now + self.settings.wix_timeout >= session.deadline;
            let step = if late && step.is_call() { Step::Wait(now) } else { step };
            let written = match step {
                Step::Wait(at) => {
                    let progress = stopped
                        .clone()
                        .map_or(Progress::Waiting { due_at: at }, Progress::Stopped);
                    match self.release(work, Some(at), session).await? {
                        Some(Written::Yes) => return Ok(Some(progress)),
                        Some(written) => written,
                        None => return Ok(None),
                    }
                }
                Step::Rest => match self.release(work, None, session).await? {
                    Some(Written::Yes) => return Ok(Some(Progress::Settled)),
                    Some(written) => written,
                    None => return Ok(None),
                },
                Step::LookFirst(purchase) => {
                    work.record.facts.purchases.push(*purchase);
                    Written::Yes
                }
                Step::Create(_)
                | Step::Resend(_)
                | Step::LookUp(_)
                | Step::Read(_)
                | Step::Change(_)
                | Step::Tag(..) => {
                    let Some(written) = self.begin(work, &step, session).await? else {
                        return Ok(None);
                    };
                    work.unwritten |= matches!(step, Step::Create(_) | Step::Resend(_) | Step::LookUp(_));
                    if let Written::Yes = written
                        && let Err(halt) = self.perform(work, step, own, session).await
                    {
                        match halt {
                            Halt::Circuit(circuit) => stopped = Some(circuit),
                            Halt::Held => {}
                        }
                    }
                    written
                }
            };
            match written {
                Written::Yes | Written::Again => {}
                Written::Lost => return Ok(Some(Progress::Busy)),
            }
        }
    }

    /// Writes down what is about to be done, with the claim to do it. `None`: another writer came before the claim.
    async fn begin(&self, work: &mut Work, step: &Step, session: &mut Session) -> Result<Option<Written>, LedgerError> {
        let now = self.clock.now();
        let send_before = session.deadline - self.settings.wix_timeout;
        let mut begun = work.record.clone();
        let needs_write = match step {
            Step::Create(purchase) => {
                begun.begin_create((**purchase).clone(), send_before);
                true
            }
            Step::Resend(at) => {
                begun.begin_resend(*at, send_before, now);
                true
            }
            Step::Change(changes) => {
                begun.begin_changes(changes);
                true
            }
            // A tag takes away the external ID by which a package is found: the ledger has to know the package first.
            // And while one is being changed nobody knows which it has: should the wish change back, it is set again.
            Step::Tag(at, _) => {
                let before = begun.held_mut(Holder::Purchase(*at)).and_then(|done| done.tag.take());
                !work.claimed || work.unwritten || before.is_some()
            }
            // These change nothing: to hold the lease is enough.
            Step::LookUp(_) | Step::Read(_) => !work.claimed,
            Step::LookFirst(_) | Step::Wait(_) | Step::Rest => false,
        };
        if !needs_write {
            return Ok(Some(Written::Yes));
        }
        let until = session.deadline + self.settings.lease_skew;
        begun.lease = Some(Lease {
            owner: session.owner.clone(),
            until,
        });
        let written = self.write(work, &begun, Some(until), session).await?;
        match written {
            Some(Written::Yes) => {
                work.record = begun;
                work.claimed = true;
                Ok(Some(Written::Yes))
            }
            other => Ok(other),
        }
    }

    /// Gives the record back. `None`: another writer came, and nothing was claimed.
    async fn release(
        &self,
        work: &mut Work,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<Option<Written>, LedgerError> {
        let mut released = work.record.clone();
        released.lease = None;
        if !work.claimed && due_at == work.due_at && released.to_json() == work.body {
            return Ok(Some(Written::Yes));
        }
        let written = self.write(work, &released, due_at, session).await?;
        if let Some(Written::Yes) = written {
            work.record = released;
            work.claimed = false;
        }
        Ok(written)
    }

    /// Writes a record that nobody works on by this write; `false`: another writer came first.
    pub(super) async fn put(
        &self,
        work: &mut Work,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<bool, LedgerError> {
        let record = work.record.clone();
        Ok(matches!(
            self.write(work, &record, due_at, session).await?,
            Some(Written::Yes)
        ))
    }

    /// Stores `record` if nobody wrote since; else takes in what they wrote.
    async fn write(
        &self,
        work: &mut Work,
        record: &OrderRecord,
        due_at: Option<Timestamp>,
        session: &mut Session,
    ) -> Result<Option<Written>, LedgerError> {
        let now = self.clock.now();
        let problems = attention(record, &self.settings);
        let attention_since = (!problems.is_empty()).then(|| work.attention_since.unwrap_or(now));
        session.writes += 1;
        let entry = Entry {
            key: record.key.to_string(),
            body: record.to_json(),
            rev: work.rev + 1,
            write_id: format!("{}:{}", session.owner, session.writes),
            due_at,
            attention_since,
        };
        match self.store(&entry, session).await? {
            Stored::Written => {
                for problem in problems.iter().filter(|problem| !work.attention.contains(problem)) {
                    session.tally.attention_raised += 1;
                    tracing::warn!(
                        order = entry.key,
                        what = problem.what,
                        code = problem.code,
                        wix_request_id = problem.request_id.as_deref().unwrap_or_default(),
                        advice = problem.advice,
                        "attention"
                    );
                }
                session.stored = true;
                work.unwritten = false;
                work.rev = entry.rev;
                work.body = entry.body;
                work.due_at = due_at;
                work.attention = problems;
                work.attention_since = attention_since;
                Ok(Some(Written::Yes))
            }
            Stored::Conflict(_) if !work.claimed => Ok(None),
            Stored::Conflict(theirs) => Ok(Some(self.rebase(work, theirs.as_deref(), session))),
        }
    }

    async fn store(&self, entry: &Entry, session: &mut Session) -> Result<Stored, LedgerError> {
        let mut tries = 1;
        loop {
            session.tally.ledger_writes += 1;
            match self.ledger.store(entry).await {
                Err(error) if error.is_retryable() && tries < STORE_TRIES => tries += 1,
                result => return result,
            }
        }
    }

    /// After another writer: still the owner, its wishes are taken in and its revision; else this worker stops.
    fn rebase(&self, work: &mut Work, theirs: Option<&Entry>, session: &Session) -> Written {
        let parsed = theirs.and_then(|entry| Some((entry.rev, OrderRecord::from_json(&entry.body).ok()?)));
        let Some((rev, theirs)) = parsed else {
            return Written::Lost;
        };
        if theirs.lease.as_ref().is_none_or(|lease| lease.owner != session.owner) {
            tracing::warn!(order = %work.record.key, "the lease is lost: another worker goes on");
            return Written::Lost;
        }
        if self.settings.guards.merge_under_lease {
            work.record.wishes.merge(&theirs.wishes);
        }
        work.rev = rev;
        Written::Again
    }

    /// Does a step that is begun, and notes what came of it.
    async fn perform(&self, work: &mut Work, step: Step, own: &AccountId, session: &mut Session) -> Result<(), Halt> {
        match step {
            Step::Create(_) => {
                let at = work.record.facts.purchases.len().saturating_sub(1);
                self.send(work, at, None, own, session).await
            }
            Step::Resend(at) => {
                let before = self.before_resend(work, at);
                self.send(work, at, before, own, session).await
            }
            Step::LookUp(at) => self.look_up(work, at, own, session).await,
            Step::Read(holder) => self.read(work, holder, own, session).await,
            Step::Change(changes) => self.change(work, &changes, own, session).await,
            Step::Tag(at, tag) => self.tag(work, at, &tag, own, session).await,
            Step::LookFirst(_) | Step::Wait(_) | Step::Rest => Ok(()),
        }
    }

    /// What a purchase was before its repetition was begun. The ledger's last body still has it begun, so it is
    /// reckoned back: an absence that was proven stays proven when nothing was sent.
    fn before_resend(&self, work: &Work, at: usize) -> Option<Purchase> {
        let mut before = work.record.facts.purchases.get(at)?.clone();
        if let PurchaseState::Unknown(unknown) = &mut before.state {
            if unknown.renewed && unknown.sends == 1 {
                before.generation -= 1;
                unknown.renewed = false;
                unknown.sends = 2;
            } else {
                unknown.sends = unknown.sends.saturating_sub(1);
            }
            unknown.empty = 2;
        }
        Some(before)
    }

    async fn send(
        &self,
        work: &mut Work,
        at: usize,
        before: Option<Purchase>,
        own: &AccountId,
        session: &mut Session,
    ) -> Result<(), Halt> {
        let Some(purchase) = work.record.facts.purchases.get(at).cloned() else {
            return Ok(());
        };
        let Some(mut request) = work.record.request(&purchase) else {
            tracing::error!(order = %work.record.key, "a voucher's reference is not in the record any more");
            work.record.undo_begin(at, before);
            return Err(self.stop(
                work,
                Error::not_sent(crate::wix::Operation::CreatePackage, "no reference"),
            ));
        };
        let sent_at = self.clock.now();
        if self.settings.guards.send_before && sent_at >= session.deadline - self.settings.wix_timeout {
            work.record.undo_begin(at, before);
            return Ok(());
        }
        if !self.settings.guards.derived_key
            && let Ok(random) = uuid::Uuid::new_v4().to_string().parse()
        {
            request.idempotency_key = random;
        }
        session.tally.wix_calls += 1;
        let result = self.wix.create(&purchase.account, &request).await;
        let now = self.clock.now();
        let (order, account) = (work.record.key.clone(), purchase.account);
        match result {
            Ok(package) => {
                work.record.facts.hold = None;
                if work.record.note_created(at, &request, &package, sent_at, now) {
                    session.tally.packages_created += 1;
                    tracing::info!(order = %order, package = %package.id, account = %account, products = request.products.len(), "package created");
                } else {
                    session.tally.unclear += 1;
                    tracing::warn!(order = %order, package = %package.id, "Wix answered another package than was asked for");
                }
                Ok(())
            }
            Err(error) => {
                let error = self.weigh(error, &account, own, session).await;
                work.record.note_not_created(at, before, &error, sent_at, now);
                tracing::warn!(order = %order, account = %account, error = %error, failure = ?error.failure(), "package not created");
                match error.failure() {
                    Failure::Rejected => Ok(()),
                    Failure::Unknown => {
                        session.tally.unclear += 1;
                        Ok(())
                    }
                    Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                        Err(self.stop(work, error))
                    }
                }
            }
        }
    }

    async fn look_up(&self, work: &mut Work, at: usize, own: &AccountId, session: &mut Session) -> Result<(), Halt> {
        let Some(purchase) = work.record.facts.purchases.get(at).cloned() else {
            return Ok(());
        };
        let Some(request) = work.record.request(&purchase) else {
            // Never so, or the loop would ask for the same step for good.
            tracing::error!(order = %work.record.key, "a voucher's reference is not in the record any more");
            return Err(self.stop(
                work,
                Error::unknown(crate::wix::Operation::QueryPackages, "no reference"),
            ));
        };
        let Some(external_id) = &request.external_id else {
            return Ok(());
        };
        let looked_at = self.clock.now();
        session.tally.wix_calls += 1;
        let shown = match self.wix.find(&purchase.account, external_id).await {
            Ok(shown) => shown,
            Err(error) => {
                return self
                    .unanswered(work, Asked::Purchase(at), error, &purchase.account, own, session)
                    .await;
            }
        };
        let sorted = work.record.sort_shown(at, shown, &self.settings);
        let candidates = match self.alive(sorted.candidates, &purchase.account, session).await {
            Ok(candidates) => candidates,
            Err(error) => {
                return self
                    .unanswered(work, Asked::Purchase(at), error, &purchase.account, own, session)
                    .await;
            }
        };
        let found = match candidates.as_slice() {
            [] if sorted.others => Found::Unclear(Vec::new()),
            [] => match self.bought_before(work, &purchase, session).await {
                Ok(true) => Found::PerhapsBefore,
                Ok(false) => Found::Nothing,
                Err(error) => {
                    return self
                        .unanswered(work, Asked::Purchase(at), error, &purchase.account, own, session)
                        .await;
                }
            },
            [package] => match work.record.compare(&purchase, &request, package) {
                Comparison::Fits(instances) => Found::One(Box::new(package.clone()), instances),
                Comparison::Differs if !self.settings.guards.adoption_check => {
                    Found::One(Box::new(package.clone()), purchase::whole(package, looked_at).instances)
                }
                Comparison::Differs => Found::Unclear(vec![package.clone()]),
                Comparison::Foreign => Found::Unclear(Vec::new()),
            },
            several => Found::Unclear(several.to_vec()),
        };
        work.record.facts.hold = None;
        match &found {
            Found::Nothing => tracing::info!(order = %work.record.key, external_id = %external_id, "no package found"),
            Found::One(package, _) => {
                session.tally.packages_created += 1;
                tracing::info!(order = %work.record.key, package = %package.id, external_id = %external_id, "package adopted");
            }
            Found::PerhapsBefore => {
                tracing::warn!(order = %work.record.key, "a package with the order's reference was found");
            }
            Found::Unclear(packages) => {
                tracing::warn!(order = %work.record.key, external_id = %external_id, packages = packages.len(), "several packages found");
            }
        }
        work.record.note_lookup(at, found, &self.settings, looked_at);
        Ok(())
    }

    async fn read(&self, work: &mut Work, holder: Holder, own: &AccountId, session: &mut Session) -> Result<(), Halt> {
        let account = work
            .record
            .holders()
            .into_iter()
            .find(|(held, _)| *held == holder)
            .map(|(_, account)| account);
        let package = work.record.held(holder).map(|done| done.package.clone());
        let (Some(account), Some(package)) = (account, package) else {
            return Ok(());
        };
        session.tally.wix_calls += 1;
        match self.wix.get(&account, &package).await {
            Ok(shown) => {
                work.record.facts.hold = None;
                work.record.note_read(holder, &shown, &self.settings, self.clock.now());
                Ok(())
            }
            Err(error) if error.is_not_found() => {
                tracing::warn!(order = %work.record.key, package = %package, error = %error, "the package is gone");
                work.record.facts.hold = None;
                work.record.note_gone(holder);
                Ok(())
            }
            Err(error) => {
                self.unanswered(work, Asked::Package(holder), error, &account, own, session)
                    .await
            }
        }
    }

    async fn change(
        &self,
        work: &mut Work,
        changes: &[(Place, Change, Option<SiteId>)],
        own: &AccountId,
        session: &mut Session,
    ) -> Result<(), Halt> {
        let mut halt = None;
        let mut unclear = None;
        for (place, change, site) in changes {
            let too_late = self.clock.now() >= session.deadline - self.settings.wix_timeout;
            if halt.is_some() || (too_late && self.settings.guards.send_before) {
                // Begun, and provably not sent.
                work.record.forget_change(place);
                continue;
            }
            let Some(key) = work.record.change_key(place) else {
                continue;
            };
            session.tally.wix_calls += 1;
            let result = match (change, site) {
                (Change::Assign, Some(site)) => self.wix.assign(&place.account, &place.instance, site, &key).await,
                (Change::Unassign | Change::Assign, _) => {
                    self.wix.unassign(&place.account, &place.instance, &key).await
                }
                (Change::Cancel, _) => self.wix.cancel_instance(&place.account, &place.instance, &key).await,
            };
            match result {
                Ok(_) => {
                    work.record.facts.hold = None;
                    work.record.note_changed(place, *change, site.as_ref());
                    tracing::info!(order = %work.record.key, instance = %place.instance, change = change.operation().as_str(), "instance changed");
                }
                Err(error) => {
                    let error = self.weigh(error, &place.account, own, session).await;
                    work.record.note_not_changed(place, *change, &error, self.clock.now());
                    tracing::warn!(order = %work.record.key, instance = %place.instance, error = %error, failure = ?error.failure(), "instance not changed");
                    match error.failure() {
                        Failure::Rejected => {}
                        // The others go on; then the order is left alone for a while.
                        Failure::Unknown => unclear = Some(error),
                        Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                            halt = Some(self.stop(work, error));
                        }
                    }
                }
            }
        }
        if let (None, Some(error)) = (&halt, unclear) {
            halt = Some(self.stop(work, error));
        }
        halt.map_or(Ok(()), Err)
    }

    async fn tag(
        &self,
        work: &mut Work,
        at: usize,
        tag: &ExternalId,
        own: &AccountId,
        session: &mut Session,
    ) -> Result<(), Halt> {
        let holder = Holder::Purchase(at);
        let account = work
            .record
            .facts
            .purchases
            .get(at)
            .map(|purchase| purchase.account.clone());
        let package = work.record.held(holder).map(|done| done.package.clone());
        let (Some(account), Some(package)) = (account, package) else {
            return Ok(());
        };
        session.tally.wix_calls += 1;
        let result = self.wix.set_external_id(&account, &package, tag).await;
        let now = self.clock.now();
        match result {
            Ok(_) => {
                work.record.facts.hold = None;
                work.record.note_tag(at, tag.as_str(), Ok(()), now);
                tracing::info!(order = %work.record.key, package = %package, "package tagged");
                Ok(())
            }
            Err(error) => {
                let error = self.weigh(error, &account, own, session).await;
                work.record.note_tag(at, tag.as_str(), Err(&error), now);
                tracing::warn!(order = %work.record.key, package = %package, error = %error, failure = ?error.failure(), "package not tagged");
                if error.failure() == Failure::Rejected {
                    Ok(())
                } else {
                    Err(self.stop(work, error))
                }
            }
        }
    }

    /// The packages as Get shows them (queries are stale): of several, those of which anything is alive.
    async fn alive(
        &self,
        shown: Vec<Package>,
        account: &AccountId,
        session: &mut Session,
    ) -> Result<Vec<Package>, Error> {
        let several = shown.len() > 1;
        let mut alive = Vec::new();
        for package in shown {
            session.tally.wix_calls += 1;
            let package = self.wix.get(account, &package.id).await?;
            let is_over = package
                .product_instances
                .iter()
                .all(|instance| purchase::instance_of(instance).ended());
            if !(several && is_over) {
                alive.push(package);
            }
        }
        Ok(alive)
    }

    /// Whether a package with the storefront's reference exists that may be an old order's, which the ledger lost:
    /// its own external ID went when it was tagged.
    async fn bought_before(&self, work: &Work, purchase: &Purchase, session: &mut Session) -> Result<bool, Error> {
        let PurchaseState::Unknown(unknown) = &purchase.state else {
            return Ok(false);
        };
        let reference = work
            .record
            .wishes
            .latest
            .as_ref()
            .and_then(|latest| latest.fields.external_id.as_deref());
        let reference = reference.map(str::trim).filter(|text| !text.is_empty());
        let tag = reference.and_then(|text| derive::tag(text, purchase.kind, purchase.ordinal).ok());
        let (Some(tag), 0, false) = (tag, unknown.sends, work.record.facts.released) else {
            return Ok(false);
        };
        session.tally.wix_calls += 1;
        let shown = self.wix.find(&purchase.account, &tag).await?;
        Ok(shown.iter().any(|package| {
            package
                .account_id
                .as_ref()
                .is_none_or(|account| *account == purchase.account)
                && package
                    .created_date
                    .is_none_or(|created| created >= unknown.earliest - self.settings.lease_skew)
                && !work.record.knows(&package.id)
        }))
    }

    /// A question failed: it alone is put off, unless every order would fail the same way.
    async fn unanswered(
        &self,
        work: &mut Work,
        asked: Asked,
        error: Error,
        account: &AccountId,
        own: &AccountId,
        session: &mut Session,
    ) -> Result<(), Halt> {
        let error = self.weigh(error, account, own, session).await;
        tracing::warn!(order = %work.record.key, error = %error, failure = ?error.failure(), "Wix could not be asked");
        match error.failure() {
            Failure::Rejected | Failure::Unknown => {
                session.tally.unclear += u32::from(error.failure() == Failure::Unknown);
                work.record.put_off(asked, &error, self.clock.now());
                Ok(())
            }
            Failure::NotSent | Failure::Throttled(_) | Failure::Unauthorized | Failure::Forbidden => {
                Err(self.stop(work, error))
            }
        }
    }

    /// 403 for another account than the reseller's own says nothing of the key: where the key works for its own
    /// account, the refusal is about the order's.
    pub(super) async fn weigh(
        &self,
        error: Error,
        account: &AccountId,
        own: &AccountId,
        session: &mut Session,
    ) -> Error {
        if error.failure() != Failure::Forbidden || account == own {
            return error;
        }
        session.tally.wix_calls += 1;
        match self.wix.probe().await {
            Ok(()) => error.into_rejected(),
            Err(_) => error,
        }
    }

    /// Sets the hold that an error calls for, and says whether it is everybody's problem.
    fn stop(&self, work: &mut Work, error: Error) -> Halt {
        work.record.hold(&error, self.clock.now());
        match error.failure() {
            Failure::Unauthorized | Failure::Forbidden => Halt::Circuit(Circuit::ApiKey(error.to_string())),
            Failure::NotSent => Halt::Circuit(Circuit::WixAway(error.to_string())),
            Failure::Throttled(_) => Halt::Circuit(Circuit::SlowDown(error.to_string())),
            Failure::Rejected | Failure::Unknown => Halt::Held,
        }
    }
}
