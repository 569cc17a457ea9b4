//! Which operation a method and path name.

use serde::{Deserialize, Serialize};

use crate::guid::Guid;
use crate::message::{Request, percent_decode};
use crate::refusal::Refusal;

/// An operation of the Packages API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// Create Package V2.
    CreatePackage,
    /// Get Package.
    GetPackage,
    /// Query Packages.
    QueryPackages,
    /// Cancel Package.
    CancelPackage,
    /// Cancel Product Instance.
    CancelProductInstance,
    /// Assign Product Instance To Site.
    AssignProductInstance,
    /// Unassign Product Instance From Site.
    UnassignProductInstance,
    /// Adjust Product Instance Specifications.
    AdjustProductInstance,
    /// Update Package External ID.
    UpdateExternalId,
    /// None of them.
    Other,
}

impl Operation {
    /// Whether it changes something, where it succeeds.
    pub const fn writes(self) -> bool {
        match self {
            Self::CreatePackage
            | Self::CancelPackage
            | Self::CancelProductInstance
            | Self::AssignProductInstance
            | Self::UnassignProductInstance
            | Self::AdjustProductInstance
            | Self::UpdateExternalId => true,
            Self::GetPackage | Self::QueryPackages | Self::Other => false,
        }
    }

    /// Whether it takes an idempotency key. Update External ID is idempotent by nature and takes none (documented).
    pub(crate) const fn takes_key(self) -> bool {
        self.writes() && !matches!(self, Self::UpdateExternalId)
    }

    /// As it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatePackage => "createPackage",
            Self::GetPackage => "getPackage",
            Self::QueryPackages => "queryPackages",
            Self::CancelPackage => "cancelPackage",
            Self::CancelProductInstance => "cancelProductInstance",
            Self::AssignProductInstance => "assignProductInstance",
            Self::UnassignProductInstance => "unassignProductInstance",
            Self::AdjustProductInstance => "adjustProductInstance",
            Self::UpdateExternalId => "updateExternalId",
            Self::Other => "other",
        }
    }
}

/// An operation with what its path says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Create,
    Get { package: String },
    Query,
    CancelPackage { package: String },
    CancelInstance { instance: String },
    Assign { instance: String, site: Guid },
    Unassign { instance: String },
    Adjust { instance: String },
    ExternalId { package: String, external_id: String },
}

impl Route {
    /// Reads method and path. IDs of packages and instances stay text: what is not a GUID is simply not found.
    pub(crate) fn of(request: &Request) -> Result<Self, Refusal> {
        let segments = segments(&request.path)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let not_found = || Refusal::plain(404, format!("no such path: {} {}", request.method, request.path));
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["resellers", "v2", "packages"]) => Ok(Self::Create),
            ("POST", ["resellers", "v1", "packages"]) => Err(Refusal::plain(
                400,
                "this endpoint is deprecated, use POST /resellers/v2/packages",
            )),
            (method, ["resellers", "v1", "packages", rest @ ..]) => match (method, rest) {
                ("POST", ["query"]) => Ok(Self::Query),
                ("GET", [package]) => Ok(Self::Get {
                    package: (*package).to_owned(),
                }),
                ("DELETE", [package]) => Ok(Self::CancelPackage {
                    package: (*package).to_owned(),
                }),
                ("DELETE", ["product-instances", instance]) => Ok(Self::CancelInstance {
                    instance: (*instance).to_owned(),
                }),
                ("PATCH", ["product-instances", instance]) => Ok(Self::Adjust {
                    instance: (*instance).to_owned(),
                }),
                ("PATCH", ["product-instances", instance, "unassign"]) => Ok(Self::Unassign {
                    instance: (*instance).to_owned(),
                }),
                ("PATCH", ["product-instances", instance, site]) => Ok(Self::Assign {
                    instance: (*instance).to_owned(),
                    site: Guid::parse(site)
                        .ok_or_else(|| Refusal::field("siteId", "FORMAT", "must be a valid GUID"))?,
                }),
                ("PATCH", ["update", package, external_id]) => Ok(Self::ExternalId {
                    package: (*package).to_owned(),
                    external_id: (*external_id).to_owned(),
                }),
                _ => Err(not_found()),
            },
            _ => Err(not_found()),
        }
    }

    pub(crate) const fn operation(&self) -> Operation {
        match self {
            Self::Create => Operation::CreatePackage,
            Self::Get { .. } => Operation::GetPackage,
            Self::Query => Operation::QueryPackages,
            Self::CancelPackage { .. } => Operation::CancelPackage,
            Self::CancelInstance { .. } => Operation::CancelProductInstance,
            Self::Assign { .. } => Operation::AssignProductInstance,
            Self::Unassign { .. } => Operation::UnassignProductInstance,
            Self::Adjust { .. } => Operation::AdjustProductInstance,
            Self::ExternalId { .. } => Operation::UpdateExternalId,
        }
    }
}

/// The path's segments, decoded. Whether Wix takes `%2F` inside one is unknown, and `.` and `..` would have been folded by most
/// clients before they got here: both are refused, so that nobody comes to rely on them.
fn segments(path: &str) -> Result<Vec<String>, Refusal> {
    path.trim_start_matches('/')
        .split('/')
        .map(|raw| match percent_decode(raw, false) {
            None => Err(Refusal::plain(400, "the path is not valid percent-encoded UTF-8")),
            Some(text) if text == "." || text == ".." => {
                Err(Refusal::plain(400, "`.` and `..` cannot stand in the path"))
            }
            Some(text) if text.contains('/') => Err(Refusal::plain(404, "an encoded slash cannot stand in the path")),
            Some(text) if text.is_empty() => Err(Refusal::plain(404, "an empty path segment")),
            Some(text) => Ok(text),
        })
        .collect()
}
