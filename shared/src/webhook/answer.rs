//! What a storefront is answered, and what is written about it: one clear line outward, without our insides; one log
//! line and one metric inward, without anything of the order but its key.

use std::borrow::Cow;

use http::StatusCode;

use crate::order::{OrderEvent, OrderKey};
use crate::storefront::{OrderQueue, ReceiveError};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Its event is in a queue.
    Stored,
    /// It is good, and nothing for us.
    Nothing,
    /// It is signed, could not be understood, and is kept.
    Parked,
    /// It is not proven who sent it.
    Unverified,
    /// It lacks what every delivery has.
    Malformed,
    /// There is no such route.
    NotFound,
    /// No secret is configured for its storefront: for us there is no such webhook.
    NotConfigured,
    /// It is too large.
    TooLarge,
    /// We could not take it, and it has to come again.
    Unavailable,
}

impl Disposition {
    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            // Exactly 200: not every storefront takes every 2xx for a success.
            Self::Stored | Self::Nothing | Self::Parked => StatusCode::OK,
            Self::Unverified => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotFound | Self::NotConfigured => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The word in the logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Nothing => "nothing",
            Self::Parked => "parked",
            Self::Unverified => "unverified",
            Self::Malformed => "malformed",
            Self::NotFound => "not_found",
            Self::NotConfigured => "not_configured",
            Self::TooLarge => "too_large",
            Self::Unavailable => "unavailable",
        }
    }

    /// The metric that counts it.
    pub const fn metric(self) -> &'static str {
        match self {
            Self::Stored => "AnsweredStored",
            Self::Nothing => "AnsweredNothing",
            Self::Parked => "AnsweredParked",
            Self::Unverified => "AnsweredUnverified",
            Self::Malformed | Self::TooLarge => "AnsweredRefused",
            Self::NotFound => "AnsweredNotFound",
            Self::NotConfigured => "AnsweredNotConfigured",
            Self::Unavailable => "AnsweredUnavailable",
        }
    }
}

const NO_SUCH_WEBHOOK: &str = "There is no such webhook: POST to /webhooks/ and the storefront's name.";

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What became of it.
    pub disposition: Disposition,
    /// The body: empty with 200, else one line for the sender.
    pub line: Cow<'static, str>,
    /// The cause, for the log.
    reason: Cow<'static, str>,
    order: Option<OrderKey>,
    delivery: String,
    queue: Option<OrderQueue>,
    secret_mistakes: Vec<&'static str>,
}

impl Answer {
    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.disposition.status()
    }

    /// The numbers that count it: what became of it, whether the secret has a mistake, and each storefront whose part of
    /// the secret has one.
    pub fn metrics(&self) -> impl Iterator<Item = &'static str> {
        let mistakes = (!self.secret_mistakes.is_empty()).then_some("SecretMistakes");
        std::iter::once(self.disposition.metric())
            .chain(mistakes)
            .chain(self.secret_mistakes.iter().copied())
    }

    /// For an operator who delivers a parked one again: what became of it, and why.
    pub fn for_operator(&self) -> serde_json::Value {
        serde_json::json!({
            "disposition": self.disposition.as_str(),
            "reason": self.reason,
            "order": self.order.as_ref().map(ToString::to_string),
            "queue": self.queue.map(OrderQueue::as_str),
        })
    }

    pub(super) fn with_secret_mistakes(mut self, mistakes: Vec<&'static str>) -> Self {
        self.secret_mistakes = mistakes;
        self
    }

    fn new(disposition: Disposition, line: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            disposition,
            line: line.into(),
            reason: reason.into(),
            order: None,
            delivery: String::new(),
            queue: None,
            secret_mistakes: Vec::new(),
        }
    }

    pub(super) fn stored(event: &OrderEvent, queue: OrderQueue) -> Self {
        Self {
            queue: Some(queue),
            ..Self::new(Disposition::Stored, "", "").about(event)
        }
    }

    pub(super) fn nothing(reason: Cow<'static, str>) -> Self {
        Self::new(Disposition::Nothing, "", reason)
    }

    pub(super) fn parked(reason: String) -> Self {
        Self::new(Disposition::Parked, "", reason)
    }

    pub(super) fn unverified(error: &ReceiveError) -> Self {
        Self::new(Disposition::Unverified, error.outward().to_owned(), error.to_string())
    }

    pub(super) fn malformed(error: &ReceiveError) -> Self {
        Self::new(Disposition::Malformed, error.outward().to_owned(), error.to_string())
    }

    pub(super) fn not_found() -> Self {
        Self::new(Disposition::NotFound, NO_SUCH_WEBHOOK, "no such route or shop")
    }

    /// Outward the same as [`Answer::not_found`]: nobody is told which storefronts are in use.
    pub(super) fn not_configured(reason: String) -> Self {
        Self::new(Disposition::NotConfigured, NO_SUCH_WEBHOOK, reason)
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            Disposition::TooLarge,
            "The delivery is larger than 6,000,000 bytes.",
            "larger than 6,000,000 bytes",
        )
    }

    pub(super) fn unavailable(reason: String) -> Self {
        Self::new(
            Disposition::Unavailable,
            "The delivery could not be stored now: please deliver it again.",
            reason,
        )
    }

    pub(super) fn about(mut self, event: &OrderEvent) -> Self {
        self.order = Some(event.key.clone());
        self.delivery.clone_from(&event.delivery);
        self
    }

    /// One line. The path is logged because it is all that tells of a request to no route; cut, because anybody can
    /// send one.
    pub(super) fn log(&self, path: &str, bytes: usize) {
        let path: String = path.chars().filter(|c| !c.is_control()).take(80).collect();
        let order = self.order.as_ref().map(ToString::to_string);
        let (status, disposition) = (self.status().as_u16(), self.disposition.as_str());
        let (delivery, reason) = (self.delivery.as_str(), self.reason.as_ref());
        let queue = self.queue.map(OrderQueue::as_str);
        match self.disposition {
            Disposition::Stored | Disposition::Nothing | Disposition::NotFound => {
                tracing::info!(
                    path,
                    bytes,
                    status,
                    disposition,
                    order,
                    delivery,
                    queue,
                    reason,
                    "delivery answered"
                );
            }
            Disposition::Parked
            | Disposition::Unverified
            | Disposition::Malformed
            | Disposition::NotConfigured
            | Disposition::TooLarge => {
                tracing::warn!(
                    path,
                    bytes,
                    status,
                    disposition,
                    order,
                    delivery,
                    queue,
                    reason,
                    "delivery answered"
                );
            }
            Disposition::Unavailable => {
                tracing::error!(
                    path,
                    bytes,
                    status,
                    disposition,
                    order,
                    delivery,
                    queue,
                    reason,
                    "delivery answered"
                );
            }
        }
    }
}
