//! What can go wrong in a call, and what may be done after it: everything that spends money branches on
//! [`Error::failure`].

use std::fmt;
use std::time::Duration;

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

    /// The HTTP method.
    pub const fn method(self) -> &'static str {
        match self {
            Self::GetPackage => "GET",
            Self::CreatePackage | Self::QueryPackages => "POST",
            Self::CancelPackage | Self::CancelProductInstance => "DELETE",
            Self::AssignProductInstance
            | Self::UnassignProductInstance
            | Self::AdjustProductInstance
            | Self::UpdateExternalId => "PATCH",
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
    pub(super) operation: Operation,
    pub(super) failure: Failure,
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) violations: Vec<FieldViolation>,
    pub(super) request_id: Option<String>,
}

/// A field that Wix refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// Its path, such as `products[0].countryCode`.
    pub field: String,
    /// Wix's words.
    pub description: String,
    /// Which rule, such as `FORMAT`; `None` where Wix named none (observed).
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

    /// The request was held back, or refused, because there are too many; `after` says when it may be repeated.
    pub fn throttled(operation: Operation, after: Option<Duration>, message: impl Into<String>) -> Self {
        Self::transport(operation, Failure::Throttled(after), message.into())
    }

    /// There is no key to send, in one sentence with the remedy: as good as a 401, and nothing was sent.
    pub fn unauthorized(operation: Operation, message: impl Into<String>) -> Self {
        Self::transport(operation, Failure::Unauthorized, message.into())
    }

    /// An answer came, with this status, but it could not be used.
    pub(super) fn answered(mut self, status: u16, request_id: Option<&str>) -> Self {
        self.status = Some(status);
        self.request_id = request_id.map(str::to_owned);
        self
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

    /// Whether the request left, so that Wix counts it as a call.
    pub const fn was_sent(&self) -> bool {
        match self.failure {
            Failure::NotSent => false,
            // Without an answer it was held back here.
            Failure::Throttled(_) | Failure::Unauthorized => self.status.is_some(),
            Failure::Unknown | Failure::Rejected | Failure::Forbidden => true,
        }
    }

    /// Whether the same call may succeed later. For a write that is [`Failure::Unknown`] it may also have succeeded
    /// already: look before repeating it.
    pub const fn retry_can_help(&self) -> bool {
        match self.failure {
            Failure::NotSent | Failure::Throttled(_) | Failure::Unknown => true,
            Failure::Rejected | Failure::Unauthorized | Failure::Forbidden => false,
        }
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

    /// Whether Wix says that what was asked for is not there. For Get no code is documented, so the status counts.
    pub fn is_not_found(&self) -> bool {
        self.failure == Failure::Rejected
            && (self.status == Some(404) || self.code.as_deref().is_some_and(|code| code.ends_with("NOT_FOUND")))
    }

    /// The same error, now that it is known to be about this request alone and not about the key.
    #[must_use]
    pub fn into_rejected(self) -> Self {
        Self {
            failure: Failure::Rejected,
            ..self
        }
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
        for violation in self.violations.iter().take(3) {
            write!(f, "; {}: {}", violation.field, violation.description)?;
            if let Some(rule) = &violation.violated_rule {
                write!(f, " ({rule})")?;
            }
        }
        if let Some(id) = &self.request_id {
            write!(f, " (Wix request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
