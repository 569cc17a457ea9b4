//! The port to Wix of one order's session: every call takes its permit, and is not sent without one.

use super::fulfilment::Fulfilment;
use super::held::Held;
use super::permits::Asked;
use crate::fulfilment::permit::{Ask, Class, Spend};
use crate::fulfilment::ports::Wix;
use crate::ids::AccountId;
use crate::ledger::Ledger;
use crate::time::{Clock, Timestamp};
use crate::wix::{Call, Error, Failure, Operation};

/// Wix, at the pace of the whole stack.
pub(crate) struct Metered<'a, W, L, C> {
    fulfilment: &'a Fulfilment<W, L, C>,
    held: &'a Held,
    /// When the record must be written.
    deadline: Timestamp,
    ask: Ask,
}

impl<W: Wix, L: Ledger, C: Clock> Fulfilment<W, L, C> {
    /// The port of a session. An order that calls is begun: what it still needs waits for nobody else.
    pub(in crate::fulfilment) fn metered<'a>(
        &'a self,
        held: &'a Held,
        deadline: Timestamp,
        class: Class,
    ) -> Metered<'a, W, L, C> {
        let class = if class == Class::Audit { class } else { Class::Begun };
        Metered {
            fulfilment: self,
            held,
            deadline,
            ask: Ask { class, ..Ask::BEGUN },
        }
    }
}

impl<W: Wix, L: Ledger, C: Clock> Metered<'_, W, L, C> {
    /// Takes the permit of one call. The permit that was asked for beside the begun call is there already, unless its
    /// window went by meanwhile.
    async fn permit(&self, operation: Operation) -> Result<(), Error> {
        let Fulfilment { clock, settings, .. } = self.fulfilment;
        if !settings.guards.permit || self.held.spend(clock.now()) {
            return Ok(());
        }
        let held_back = |until: Timestamp| {
            let after = until.since(clock.now());
            Error::throttled(
                operation,
                Some(after),
                "held back by the limit of the whole stack, and not sent",
            )
        };
        if let Spend::At(at) = self.held.allows(clock.now()) {
            return Err(held_back(at));
        }
        let asked = self.fulfilment.ask(&self.ask, self.held).await;
        // The ledger may have taken its time.
        if settings.guards.send_before && clock.now() >= self.deadline - settings.wix_timeout {
            return Err(held_back(clock.now()));
        }
        match asked {
            Ok(Asked::Given) if self.held.spend(clock.now()) => Ok(()),
            Ok(Asked::Full(until)) => Err(held_back(until)),
            Ok(Asked::Given | Asked::Paused(_) | Asked::Braked(_)) => Err(held_back(clock.now())),
            Err(error) => Err(Error::not_sent(operation, error.to_string())),
        }
    }
}

impl<W: Wix, L: Ledger, C: Clock> Wix for Metered<'_, W, L, C> {
    async fn send<K: Call>(&self, account: &AccountId, call: &K) -> Result<K::Answer, Error> {
        self.permit(K::OPERATION).await?;
        let settings = &self.fulfilment.settings;
        let until = self.deadline - settings.wix_timeout;
        let until = settings.guards.send_before.then_some(until);
        let answer = self.fulfilment.wix.send_until(account, call, until).await;
        if let Err(error) = &answer
            && error.status() == Some(429)
            && let Failure::Throttled(retry_after) = error.failure()
        {
            self.fulfilment.slow_down(retry_after).await;
        }
        answer
    }

    async fn own_account(&self) -> Result<AccountId, Error> {
        self.fulfilment.wix.own_account().await
    }
}
