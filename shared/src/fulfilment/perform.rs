//! What is done at Wix for each kind of step, once it is begun, and how its answer is noted. The converge loop decides
//! what comes next; here is only how.

use super::converge::{Halt, Session, Work};
use super::derive;
use super::engine::Fulfilment;
use super::outcome::{Asked, Found};
use super::ports::{self, Wix};
use super::purchase::{self, Comparison, Holder, Place};
use super::record::{Change, Purchase, PurchaseState};
use super::report::Outage;
use super::step::Step;
use crate::ids::{AccountId, ExternalId, SiteId};
use crate::ledger::Ledger;
use crate::time::Clock;
use crate::wix::{
    AssignProductInstance, CancelProductInstance, Error, Failure, GetPackage, Package, Probe, UnassignProductInstance,
    UpdateExternalId,
};

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    /// Does a step that is begun, and notes what came of it.
    pub(super) async fn perform(
        &self,
        work: &mut Work,
        step: Step,
        own: &AccountId,
        session: &mut Session,
    ) -> Result<(), Halt> {
        match step {
            Step::Create(_) => {
                let at = work.record.actual.purchases.len().saturating_sub(1);
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
        let mut before = work.record.actual.purchases.get(at)?.clone();
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
        let Some(purchase) = work.record.actual.purchases.get(at).cloned() else {
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
        let result = self.wix.send(&purchase.account, &request).await;
        let now = self.clock.now();
        let (order, account) = (work.record.key.clone(), purchase.account);
        match result {
            Ok(package) => {
                work.record.actual.hold = None;
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
        let Some(purchase) = work.record.actual.purchases.get(at).cloned() else {
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
        let shown = match ports::find(&self.wix, &purchase.account, external_id).await {
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
                // An operator has looked at what did not fit, and canceled it: it is in nobody's way any more.
                Comparison::Differs if purchase.was_unclear() && purchase::is_over(package) => Found::Nothing,
                Comparison::Differs => Found::Unclear(vec![package.clone()]),
                Comparison::Foreign => Found::Unclear(Vec::new()),
            },
            several => Found::Unclear(several.to_vec()),
        };
        work.record.actual.hold = None;
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
        let call = GetPackage {
            package: package.clone(),
        };
        match self.wix.send(&account, &call).await {
            Ok(shown) => {
                work.record.actual.hold = None;
                work.record.note_read(holder, &shown, &self.settings, self.clock.now());
                Ok(())
            }
            Err(error) if error.is_not_found() => {
                tracing::warn!(order = %work.record.key, package = %package, error = %error, "the package is gone");
                work.record.actual.hold = None;
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
            let Some(idempotency_key) = work.record.change_key(place) else {
                continue;
            };
            session.tally.wix_calls += 1;
            let (account, instance) = (&place.account, place.instance.clone());
            let result = match (change, site.clone()) {
                (Change::Assign, Some(site)) => {
                    let call = AssignProductInstance {
                        instance,
                        site,
                        idempotency_key,
                    };
                    self.wix.send(account, &call).await
                }
                (Change::Unassign | Change::Assign, _) => {
                    let call = UnassignProductInstance {
                        instance,
                        idempotency_key,
                    };
                    self.wix.send(account, &call).await
                }
                (Change::Cancel, _) => {
                    let call = CancelProductInstance {
                        instance,
                        idempotency_key,
                    };
                    self.wix.send(account, &call).await
                }
            };
            match result {
                Ok(_) => {
                    work.record.actual.hold = None;
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
            .actual
            .purchases
            .get(at)
            .map(|purchase| purchase.account.clone());
        let package = work.record.held(holder).map(|done| done.package.clone());
        let (Some(account), Some(package)) = (account, package) else {
            return Ok(());
        };
        session.tally.wix_calls += 1;
        let call = UpdateExternalId {
            package: package.clone(),
            external_id: tag.clone(),
        };
        let result = self.wix.send(&account, &call).await;
        let now = self.clock.now();
        match result {
            Ok(_) => {
                work.record.actual.hold = None;
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
            let package = self.wix.send(account, &GetPackage { package: package.id }).await?;
            if !(several && purchase::is_over(&package)) {
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
            .desired
            .latest()
            .and_then(|latest| latest.fields.external_id.as_deref());
        let reference = reference.map(str::trim).filter(|text| !text.is_empty());
        let tag = reference.and_then(|text| derive::tag(text, purchase.kind, purchase.ordinal).ok());
        let (Some(tag), 0, false) = (tag, unknown.sends, work.record.actual.released) else {
            return Ok(false);
        };
        session.tally.wix_calls += 1;
        let shown = ports::find(&self.wix, &purchase.account, &tag).await?;
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
        match self.wix.send(own, &Probe).await {
            Ok(()) => error.into_rejected(),
            Err(_) => error,
        }
    }

    /// Sets the hold that an error calls for, and says whether it is everybody's problem.
    fn stop(&self, work: &mut Work, error: Error) -> Halt {
        work.record.hold(&error, self.clock.now());
        match error.failure() {
            Failure::Unauthorized | Failure::Forbidden => Halt::Outage(Outage::ApiKey(error.to_string())),
            Failure::NotSent => Halt::Outage(Outage::WixAway(error.to_string())),
            Failure::Throttled(_) => Halt::Outage(Outage::SlowDown(error.to_string())),
            Failure::Rejected | Failure::Unknown => Halt::Held,
        }
    }
}
