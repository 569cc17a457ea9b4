//! One product instance, as far as the record knows. JSON names are short because an order can have thousands.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Holder;
use super::change::Change;
use super::compact::is_zero;
use super::shift::Shifts;
use crate::ids::{AccountId, InstanceId, SiteId};
use crate::time::Timestamp;
use crate::wix::{ProductInstance, Status};

/// One product instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    #[serde(rename = "i")]
    pub(super) id: InstanceId,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(super) site: Option<SiteId>,
    #[serde(rename = "st", default = "pending", skip_serializing_if = "is_pending")]
    pub(super) status: Status,
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub(super) changes: u32,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(super) begun: Option<Change>,
    /// Where the record keeps why Wix refused its last change. Those of moves and adjustments stand there only once a person has
    /// closed them and the instance floats, and in records of the first version.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<u32>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(super) decided: Option<Decision>,
    /// What became of other targets than the first.
    #[serde(rename = "x", default, skip_serializing_if = "Shifts::is_empty")]
    pub(super) shifts: Shifts,
    /// The change that was answered unclearly last, and how often it was.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(super) unclear: Option<(Change, u32)>,
}

/// What a person decided about an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// It is over, and its unit is bought again.
    #[serde(rename = "r")]
    Replaced,
    /// Its problem is settled as it is.
    #[serde(rename = "c")]
    Closed,
}

/// Where an instance is in the record, and the account to call for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRef {
    /// Who holds its package.
    pub holder: Holder,
    /// Its index among the package's instances.
    pub at: usize,
    /// The account that it belongs to.
    pub account: AccountId,
    /// Its ID, which must be found at the index.
    pub id: InstanceId,
}

fn pending() -> Status {
    Status::Pending
}

fn is_pending(status: &Status) -> bool {
    *status == Status::Pending
}

impl Instance {
    /// What is kept of an instance that Wix shows.
    pub(crate) fn shown(shown: &ProductInstance) -> Self {
        Self {
            id: shown.instance_id.clone(),
            site: shown.site_id.clone(),
            status: short(shown.status.clone()),
            changes: 0,
            begun: None,
            refused: None,
            decided: None,
            shifts: Shifts::default(),
            unclear: None,
        }
    }

    /// Wix's ID.
    pub const fn id(&self) -> &InstanceId {
        &self.id
    }

    /// The site that it is on; `None` while it floats.
    pub const fn site(&self) -> Option<&SiteId> {
        self.site.as_ref()
    }

    /// The status when it was last read.
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// How many changes of it were begun: part of their idempotency keys.
    pub const fn changes(&self) -> u32 {
        self.changes
    }

    /// A change that was begun and whose outcome the record does not know.
    pub const fn begun(&self) -> Option<Change> {
        self.begun
    }

    /// How often this change of it got no clear answer, since another one was needed or an operator retried. Neither a
    /// good read nor a success resets it: so the calls that it can cost are bounded, whatever Wix answers.
    pub fn unclear(&self, change: Change) -> u32 {
        self.unclear
            .filter(|(known, _)| *known == change)
            .map_or(0, |(_, count)| count)
    }

    /// Whether its unit is bought again, because an operator gave this one up.
    pub fn is_replaced(&self) -> bool {
        self.decided == Some(Decision::Replaced)
    }

    /// Whether a person has settled its problem.
    pub fn is_closed(&self) -> bool {
        self.decided == Some(Decision::Closed)
    }

    /// Whether it is over: canceled at Wix, or it never came to be.
    pub const fn has_ended(&self) -> bool {
        match self.status {
            Status::Canceled | Status::Failed => true,
            Status::Pending | Status::Enabled | Status::AwaitingAction | Status::Unknown(_) => false,
        }
    }

    /// Whether a voucher can name it as its reference now: `PENDING` or `ENABLED` (documented; prose says "ACTIVE").
    pub const fn can_be_named(&self) -> bool {
        match self.status {
            Status::Pending | Status::Enabled => true,
            Status::Canceled | Status::Failed | Status::AwaitingAction | Status::Unknown(_) => false,
        }
    }

    /// Whether it may yet become one that can be named.
    pub fn may_become_nameable(&self) -> bool {
        match self.status {
            Status::AwaitingAction | Status::Unknown(_) => !self.is_replaced(),
            Status::Pending | Status::Enabled | Status::Canceled | Status::Failed => false,
        }
    }

    /// Takes over what a read shows; `None`: its package does not have it any more, which is as good as canceled.
    /// `true` when it has ended since. What a change of unknown outcome has not done `horizon` after it could be sent
    /// last, it does not do any more.
    pub(super) fn read(&mut self, shown: Option<&ProductInstance>, horizon: Duration, now: Timestamp) -> bool {
        let had_ended = self.has_ended();
        match shown {
            Some(shown) => {
                self.site.clone_from(&shown.site_id);
                self.status = short(shown.status.clone());
                self.read_shifts(shown, horizon, now);
            }
            None => self.status = Status::Canceled,
        }
        if self.has_ended() {
            self.forget_shifts();
        }
        self.begun = None;
        if had_ended != self.has_ended() && self.is_closed() {
            // What was settled has moved: that it has ended, or ends again, is another problem.
            self.decided = None;
        }
        self.has_ended() && !had_ended
    }
}

/// An unknown status is cut, so that the record's size stays within what was computed for it.
fn short(status: Status) -> Status {
    match status {
        Status::Unknown(text) => Status::Unknown(
            text.chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
                .take(16)
                .collect(),
        ),
        known @ (Status::Pending | Status::Enabled | Status::Canceled | Status::Failed | Status::AwaitingAction) => {
            known
        }
    }
}
