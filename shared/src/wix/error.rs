//! What can go wrong in a call, and what may be done after it. The class of a failure is decided here and nowhere
//! else: everything that spends money branches on [`Error::failure`].

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// The operations of the Packages API, by the names of Wix's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
}

impl Operation {
    /// The name in logs and errors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreatePackage => "Create Package",
            Self::GetPackage => "Get Package",
            Self::QueryPackages => "Query Packages",
            Self::CancelPackage => "Cancel Package",
            Self::CancelProductInstance => "Cancel Product Instance",
            Self::AssignProductInstance => "Assign Product Instance To Site",
            Self::UnassignProductInstance => "Unassign Product Instance From Site",
            Self::AdjustProductInstance => "Adjust Product Instance Specifications",
            Self::UpdateExternalId => "Update Package External ID",
        }
    }

    /// Whether the call changes nothing, so that it may be repeated whatever came of it.
    pub const fn is_read(self) -> bool {
        match self {
            Self::GetPackage | Self::QueryPackages => true,
            Self::CreatePackage
            | Self::CancelPackage
            | Self::CancelProductInstance
            | Self::AssignProductInstance
            | Self::UnassignProductInstance
            | Self::AdjustProductInstance
            | Self::UpdateExternalId => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of the call's effect, and so what may be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Wix said no, in an error body of its own: nothing was done, and the same call will be refused again.
    Rejected,
    /// The request never reached Wix: safe to repeat.
    NotSent,
    /// Too many requests: nothing was done; repeat after the time, where Wix said one.
    Throttled(Option<Duration>),
    /// 401: the API key is not (or no longer) good. Nothing was done, and every other call fails the same way.
    Unauthorized,
    /// 403: the key, or the account in the header, is not permitted. Nothing was done; whether other calls fail too
    /// is not known.
    Forbidden,
    /// Nobody knows whether it was done.
    Unknown,
}

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    operation: Operation,
    failure: Failure,
    status: Option<u16>,
    code: Option<String>,
    message: String,
    violations: Vec<FieldViolation>,
    request_id: Option<String>,
}

/// A field that Wix refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldViolation {
    /// Its path, such as `products[0].countryCode`.
    #[serde(default)]
    pub field: String,
    /// Wix's words.
    #[serde(default)]
    pub description: String,
    /// Which rule, such as `FORMAT`.
    #[serde(default)]
    pub violated_rule: Option<String>,
}

impl Error {
    /// The request never left, in the words of the transport.
    pub fn not_sent(operation: Operation, message: impl Into<String>) -> Self {
        Self::transport(operation, Failure::NotSent, message.into())
    }

    /// The request left, and no answer that can be understood came back.
    pub fn unknown(operation: Operation, message: impl Into<String>) -> Self {
        Self::transport(operation, Failure::Unknown, message.into())
    }

    fn transport(operation: Operation, failure: Failure, message: String) -> Self {
        Self {
            operation,
            failure,
            status: None,
            code: None,
            message,
            violations: Vec::new(),
            request_id: None,
        }
    }

    /// Which call it was.
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// What is known of its effect.
    pub const fn failure(&self) -> Failure {
        self.failure
    }

    /// The HTTP status, where there was an answer.
    pub const fn status(&self) -> Option<u16> {
        self.status
    }

    /// Wix's application error code, such as `PRODUCT_NOT_FOUND`. Branch on this, not on the status (documented).
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Wix's words, or the transport's. May name another account: never show it to a customer.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fields that Wix refused.
    pub fn violations(&self) -> &[FieldViolation] {
        &self.violations
    }

    /// `x-wix-request-id`: what Wix's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.operation)?;
        if let Some(status) = self.status {
            write!(f, " with HTTP {status}")?;
        }
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (Wix request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
