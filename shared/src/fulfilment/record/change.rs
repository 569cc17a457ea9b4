//! The changes of an instance that Wix can be asked for.

use serde::{Deserialize, Serialize};

use crate::wix::Operation;

/// A change of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Assign Product Instance To Site.
    #[serde(rename = "a")]
    Assign,
    /// Unassign Product Instance From Site.
    #[serde(rename = "u")]
    Unassign,
    /// Cancel Product Instance.
    #[serde(rename = "c")]
    Cancel,
    /// Assign Product Instance To Site, to another site than the one that it is on.
    #[serde(rename = "m")]
    Move,
    /// The same, back to the site that it floated away from when its move failed.
    #[serde(rename = "b")]
    Return,
    /// Adjust Product Instance Specifications.
    #[serde(rename = "j")]
    Adjust,
}

impl Change {
    /// The word for it when it is made.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Assign => "assigned",
            Self::Unassign => "unassigned",
            Self::Cancel => "canceled",
            Self::Move => "moved",
            Self::Return => "moved back",
            Self::Adjust => "adjusted",
        }
    }

    /// The operation of Wix's that makes it.
    pub const fn operation(self) -> Operation {
        match self {
            Self::Assign | Self::Move | Self::Return => Operation::AssignProductInstance,
            Self::Adjust => Operation::AdjustProductInstance,
            Self::Unassign => Operation::UnassignProductInstance,
            Self::Cancel => Operation::CancelProductInstance,
        }
    }
}
