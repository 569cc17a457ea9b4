//! A purchase's life: one state, and the moves between states that are allowed. *May a create be sent again?* is
//! answered here, by [`InDoubt::may_be_sent`], `InDoubt::is_absent` and `InDoubt::sent_again`.
//!
//! In doubt is left by a verified answer, an adoption, a plain refusal or proven absence, and by nothing else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Backoff, HeldPackage, Refusal};
use crate::fulfilment::settings::Settings;
use crate::time::Timestamp;

/// How often a purchase that nobody wants any more is looked up.
pub(crate) const MOST_FINAL_LOOKUPS: u32 = 4;

/// How often a purchase is sent: each stage once.
pub(crate) const MOST_SENDS: u32 = 3;

/// When a purchase that nobody wants any more, and whose outcome is not known, is looked up: so long after it was sent.
const FINAL_LOOKUPS: [Duration; MOST_FINAL_LOOKUPS as usize] = [
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
    Duration::from_secs(86_400),
];

/// What became of a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// Nobody knows whether the package exists.
    InDoubt(InDoubt),
    /// The package exists.
    Created(HeldPackage),
    /// Wix plainly refused it: nothing exists, and nothing is sent until an operator retries.
    Refused(Refusal),
    /// Several packages fit, or one that half fits: none is adopted, and an operator must look.
    Ambiguous,
    /// Nothing appeared in all the lookups since nothing of it was wanted any more.
    Dropped {
        /// As in [`InDoubt::created_after`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_after: Option<Timestamp>,
    },
    /// A person has settled it: nothing is sent, and its units are bought by nobody else.
    Closed,
}

/// How far a purchase in doubt has come. Each stage is entered once, so that no number is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It was never sent: a lost record may have bought it, so it is looked up first.
    LookedUpOnly,
    /// The request was sent once, as far as the record can know.
    FirstSend,
    /// The same request was sent again with the same key.
    SecondSend,
    /// A later generation was sent: Wix may have remembered a failure under the first key.
    LastSend,
}

impl Stage {
    /// Whether anything may have reached Wix.
    pub const fn was_sent(self) -> bool {
        match self {
            Self::LookedUpOnly => false,
            Self::FirstSend | Self::SecondSend | Self::LastSend => true,
        }
    }

    /// The stage after one more send, and whether that is a later generation; `None` when all sends are used up.
    const fn next(self) -> Option<(Self, bool)> {
        match self {
            Self::LookedUpOnly => Some((Self::FirstSend, false)),
            Self::FirstSend => Some((Self::SecondSend, false)),
            Self::SecondSend => Some((Self::LastSend, true)),
            Self::LastSend => None,
        }
    }
}

/// What empty lookups have proven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Nothing yet.
    #[default]
    Unproven,
    /// One lookup that was late enough was empty; a second one must agree.
    EmptyOnce,
    /// Nothing came of what was sent.
    Proven,
}

/// A purchase of which nobody knows whether the package exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InDoubt {
    pub(super) stage: Stage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_after: Option<Timestamp>,
    send_before: Timestamp,
    #[serde(default, skip_serializing_if = "is_unproven")]
    absence: Absence,
    #[serde(default, skip_serializing_if = "super::compact::is_zero")]
    final_lookups: u32,
    look_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Refusal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backoff: Option<Backoff>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    closed: bool,
}

fn is_unproven(absence: &Absence) -> bool {
    *absence == Absence::Unproven
}

impl InDoubt {
    /// In doubt at a stage, to be looked up now. A package that was created before `created_after` is another's; where
    /// that is `None`, any age will do.
    pub(crate) const fn new(
        stage: Stage,
        created_after: Option<Timestamp>,
        send_before: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            stage,
            created_after,
            send_before,
            absence: Absence::Unproven,
            final_lookups: 0,
            look_at: now,
            last: None,
            backoff: None,
            closed: false,
        }
    }

    /// How far it has come.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// A package that was created before this time is not this purchase's. `None`: any age will do, because an operator
    /// had several packages, or an odd one, looked up again.
    pub const fn created_after(&self) -> Option<Timestamp> {
        self.created_after
    }

    /// The end of the time in which it was sent last.
    pub(crate) const fn send_before(&self) -> Timestamp {
        self.send_before
    }

    /// What empty lookups have proven.
    pub const fn absence(&self) -> Absence {
        self.absence
    }

    /// The last answer, for the person who must look into it.
    pub const fn last(&self) -> Option<&Refusal> {
        self.last.as_ref()
    }

    /// The pause after lookups that failed.
    pub const fn backoff(&self) -> Option<&Backoff> {
        self.backoff.as_ref()
    }

    /// Whether a person has settled that it never appeared. It is still looked up when nothing of it is wanted.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether it may be sent (again) once its absence is proven.
    pub const fn may_be_sent(&self) -> bool {
        self.stage.next().is_some()
    }

    /// Whether it is proven that nothing came of what was sent.
    pub(crate) fn is_absent(&self, settings: &Settings) -> bool {
        self.absence == Absence::Proven || !settings.guards.lookup
    }

    /// Whether it was sent as often as may be, and never appeared.
    pub(crate) fn is_exhausted(&self, settings: &Settings) -> bool {
        self.is_absent(settings) && !self.may_be_sent()
    }

    /// When to look next while it is wanted.
    pub(crate) fn next_lookup(&self) -> Timestamp {
        let backoff = self.backoff.as_ref().map_or(self.look_at, |backoff| backoff.until);
        self.look_at.max(backoff)
    }

    /// Whether it was asked for in vain so often that it is not asked for any more.
    pub(crate) fn is_given_up(&self) -> bool {
        self.backoff.as_ref().is_some_and(Backoff::is_given_up)
    }

    /// When to look next while nothing of it is wanted.
    pub(crate) fn next_final_lookup(&self) -> Option<Timestamp> {
        let count = usize::try_from(self.final_lookups).ok()?;
        let at = self.send_before + *FINAL_LOOKUPS.get(count)?;
        Some(self.backoff.as_ref().map_or(at, |backoff| at.max(backoff.until)))
    }

    /// It goes out (again); whether with a later generation. `None`: all sends are used up.
    pub(super) fn sent_again(&mut self, send_before: Timestamp, now: Timestamp) -> Option<bool> {
        let (stage, renewed) = self.stage.next()?;
        self.stage = stage;
        self.send_before = send_before;
        self.absence = Absence::Unproven;
        self.look_at = now;
        Some(renewed)
    }

    /// The answer to a send says nothing certain. The call is over: nothing of it can be sent later than it was.
    pub(super) fn unclear(&mut self, last: Refusal, sent_at: Timestamp, look_at: Timestamp) {
        self.send_before = sent_at;
        self.look_at = look_at;
        self.last = Some(last);
    }

    /// A lookup was empty. It proves something only when Wix must have shown the package by then. What nobody wants is
    /// dropped after the last of its lookups.
    pub(super) fn found_nothing(&mut self, wanted: bool, looked_at: Timestamp, settings: &Settings) -> Option<Attempt> {
        let certain_from = self.send_before + settings.horizon();
        self.backoff = None;
        if !self.stage.was_sent() {
            self.absence = Absence::Proven;
        } else if looked_at < certain_from {
            self.look_at = certain_from;
        } else {
            self.absence = match self.absence {
                Absence::Unproven => Absence::EmptyOnce,
                Absence::EmptyOnce | Absence::Proven => Absence::Proven,
            };
            self.look_at = looked_at + settings.lookup_gap();
        }
        if !wanted {
            self.final_lookups += 1;
        }
        let is_last = self.next_final_lookup().is_none();
        is_last.then_some(Attempt::Dropped {
            created_after: self.created_after,
        })
    }

    /// Some of it is wanted (again): the lookups of an unwanted purchase are over.
    pub(super) const fn wanted(&mut self, now: Timestamp) {
        if self.final_lookups > 0 {
            self.final_lookups = 0;
            self.look_at = now;
        }
    }

    /// It is looked up again, whatever earlier lookups proved.
    pub(super) fn look_again(&mut self, now: Timestamp) {
        self.absence = Absence::Unproven;
        self.look_at = now;
    }

    /// An operator's retry: one more generation, where all sends are used up; else what is under way goes on.
    pub(super) fn retried(&mut self, now: Timestamp) {
        if self.stage == Stage::LastSend {
            self.stage = Stage::SecondSend;
        }
        self.backoff = None;
        self.look_again(now);
    }

    pub(super) fn back_off(&mut self, last: Refusal, now: Timestamp) {
        self.backoff = Some(Backoff::after(self.backoff.as_ref(), last, now));
    }

    pub(super) const fn close(&mut self) {
        self.closed = true;
    }
}

impl Attempt {
    /// The state by its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InDoubt(_) => "in doubt",
            Self::Created(_) => "created",
            Self::Refused(_) => "refused",
            Self::Ambiguous => "ambiguous",
            Self::Dropped { .. } => "dropped",
            Self::Closed => "closed",
        }
    }

    /// Why Wix refused it, if it did.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::InDoubt(_) | Self::Created(_) | Self::Ambiguous | Self::Dropped { .. } | Self::Closed => None,
        }
    }

    /// The package, if it exists.
    pub const fn package(&self) -> Option<&HeldPackage> {
        match self {
            Self::Created(held) => Some(held),
            Self::InDoubt(_) | Self::Refused(_) | Self::Ambiguous | Self::Dropped { .. } | Self::Closed => None,
        }
    }

    pub(super) const fn package_mut(&mut self) -> Option<&mut HeldPackage> {
        match self {
            Self::Created(held) => Some(held),
            Self::InDoubt(_) | Self::Refused(_) | Self::Ambiguous | Self::Dropped { .. } | Self::Closed => None,
        }
    }

    /// The doubt, if there is one.
    pub const fn doubt(&self) -> Option<&InDoubt> {
        match self {
            Self::InDoubt(doubt) => Some(doubt),
            Self::Created(_) | Self::Refused(_) | Self::Ambiguous | Self::Dropped { .. } | Self::Closed => None,
        }
    }

    pub(super) const fn doubt_mut(&mut self) -> Option<&mut InDoubt> {
        match self {
            Self::InDoubt(doubt) => Some(doubt),
            Self::Created(_) | Self::Refused(_) | Self::Ambiguous | Self::Dropped { .. } | Self::Closed => None,
        }
    }
}
