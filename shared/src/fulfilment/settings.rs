//! The durations that fulfilment works with, and the guards that only tests take out.

use std::time::Duration;

use super::permit::DOCUMENTED;
use crate::guards::guards;
use crate::time::Timestamp;

/// Durations and switches. The defaults are those of the documentation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Settle time: how long after a create Wix's query may not show it yet (`SETTLE_SECONDS`).
    pub settle: Duration,
    /// How far the clocks of two workers, or ours and Wix's, may be apart (`LEASE_SKEW_SECONDS`).
    pub lease_skew: Duration,
    /// How long one call to Wix may take (`WIX_TIMEOUT_SECONDS`).
    pub wix_timeout: Duration,
    /// Merge events and call nobody (`PAUSED`).
    pub paused: bool,
    /// Take back, and buy nothing: the brake's answer for one order at a time.
    #[doc(hidden)]
    pub braked: bool,
    /// When somebody resumed a restored ledger: orders from before are looked up before they are bought, whatever their age.
    #[doc(hidden)]
    pub restored: Option<Timestamp>,
    /// How many calls Wix answers in a minute, for the whole stack (`WIX_CALLS_PER_MINUTE`).
    pub calls_per_minute: u32,
    /// Orders first seen later than this after they were placed are looked up before their first create: a restored
    /// ledger or an old dead letter may have bought them already.
    pub look_first_after: Duration,
    /// After how long records end that are settled and hold nothing (`RETENTION_DAYS`); `None`: never. An order that is first
    /// heard of later than that after it was placed is held: its record may have ended.
    pub retention: Option<Duration>,
    /// The protections, all on. Only tests take one out, to see that another test turns red.
    #[doc(hidden)]
    pub guards: FulfilmentGuards,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(60),
            lease_skew: Duration::from_secs(5),
            wix_timeout: Duration::from_secs(15),
            paused: false,
            braked: false,
            restored: None,
            calls_per_minute: DOCUMENTED,
            look_first_after: Duration::from_secs(48 * 3600),
            retention: None,
            guards: FulfilmentGuards::default(),
        }
    }
}

impl Settings {
    /// How long after the last moment at which a create could have been sent its absence from two queries is proof.
    pub(crate) fn horizon(&self) -> Duration {
        let settle = if self.guards.settle_time {
            self.settle
        } else {
            Duration::ZERO
        };
        self.wix_timeout + self.lease_skew + settle
    }

    /// How long after the last moment at which a change could have been sent Get proves that nothing came of it.
    pub(crate) fn change_horizon(&self) -> Duration {
        if self.guards.change_settle_time {
            self.wix_timeout + self.lease_skew + self.settle
        } else {
            Duration::ZERO
        }
    }

    /// Between the two lookups that prove an absence.
    pub(crate) fn lookup_gap(&self) -> Duration {
        (self.settle / 6).max(Duration::from_secs(1))
    }
}

guards! {
    /// Each protection of an order by its name; `true` is on.
    FulfilmentGuards, FulfilmentFlags {
        /// A create whose outcome is unknown is looked up before it is sent again.
        lookup,
        /// An empty lookup counts only after the settle time.
        settle_time,
        /// The clock is compared with `send_before` just before sending.
        send_before,
        /// A record leased by another worker is left alone.
        lease,
        /// Desired states that arrived during the lease are merged before the next decision.
        merge_under_lease,
        /// Keys are derived, so that a repetition has the same one.
        derived_key,
        /// What is sent again is what was stored, not what the catalog says by then.
        stored_request,
        /// No call is made without a permit of the stack's one limit.
        permit,
        /// A package is held by one purchase only.
        one_package_one_purchase,
        /// Account, products and time of creation are compared before a package is adopted.
        adoption_check,
        /// While a move or an adjustment is in doubt, nothing else is decided about its instance.
        change_in_doubt,
        /// Get proves that nothing came of a move or an adjustment only after the settle time.
        change_settle_time,
        /// An instance that floats after a move that failed is assigned back to its old site.
        move_back,
    }
}
