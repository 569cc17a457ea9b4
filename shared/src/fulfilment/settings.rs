//! The durations that fulfilment works with, and the guards that only tests take out.

use std::time::Duration;

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
    /// Orders first seen later than this after they were placed are looked up before their first create: a restored
    /// ledger or an old dead letter may have bought them already.
    pub look_first_after: Duration,
    /// The protections, all on. Only tests take one out, to see that another test turns red.
    #[doc(hidden)]
    pub guards: Guards,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(60),
            lease_skew: Duration::from_secs(5),
            wix_timeout: Duration::from_secs(15),
            paused: false,
            look_first_after: Duration::from_secs(48 * 3600),
            guards: Guards::default(),
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

    /// Between the two lookups that prove an absence.
    pub(crate) fn lookup_gap(&self) -> Duration {
        (self.settle / 6).max(Duration::from_secs(1))
    }
}

/// Each protection by its name; `true` is on.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Guards {
    /// A create whose outcome is unknown is looked up before it is sent again.
    pub lookup: bool,
    /// An empty lookup counts only after the settle time.
    pub settle_time: bool,
    /// The clock is compared with `send_before` just before sending.
    pub send_before: bool,
    /// A record leased by another worker is left alone.
    pub lease: bool,
    /// Desired states that arrived during the lease are merged before the next decision.
    pub merge_under_lease: bool,
    /// Keys are derived, so that a repetition has the same one.
    pub derived_key: bool,
    /// What is sent again is what was stored, not what the catalog says by then.
    pub stored_request: bool,
    /// A package is held by one purchase only.
    pub one_package_one_purchase: bool,
    /// Account, products and time of creation are compared before a package is adopted.
    pub adoption_check: bool,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            lookup: true,
            settle_time: true,
            send_before: true,
            lease: true,
            merge_under_lease: true,
            derived_key: true,
            stored_request: true,
            one_package_one_purchase: true,
            adoption_check: true,
        }
    }
}
