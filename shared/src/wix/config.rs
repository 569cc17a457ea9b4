//! The client's settings, and the addresses that are made from them.

use std::fmt;
use std::time::Duration;

use http::Uri;
use reqwest::Url;

/// The settings of a [`Client`](super::Client).
#[derive(Clone)]
pub struct ClientConfig {
    /// Where the API is: `https://www.wixapis.com`, or another Wix-like server, also over plain `http` and below a
    /// path.
    pub base_url: String,
    /// The most that one call takes, repetitions and waits included. Default: 15 s.
    pub timeout: Duration,
    /// The most that opening a connection takes, TLS included. At most a third of `timeout` is used, so that a
    /// connection that does not come to be is told apart from an answer that does not. Default: 5 s.
    pub connect_timeout: Duration,
    /// The longest answer that is read, in bytes. A page holds up to 100 packages of up to 1,000 instances.
    /// Default: 64 MiB.
    pub max_body_bytes: usize,
    /// Whether a read that Wix throttled shortly, or did not answer clearly, is sent again by the client itself. Default:
    /// `true`. Who counts calls asks again with another count. What never left is sent again in any case.
    pub repeat_reads: bool,
    /// What spreads the waits of many processes: a number from 0.0 to 1.0, another one each time. Default:
    /// [`fastrand::f64`].
    pub jitter: fn() -> f64,
}

impl ClientConfig {
    /// Where Wix is (documented).
    pub const WIX: &'static str = "https://www.wixapis.com";

    /// The most that opening a connection takes, in view of `timeout`.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout.min(self.timeout / 3)
    }
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            base_url: Self::WIX.to_owned(),
            timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(5),
            max_body_bytes: 64 * 1024 * 1024,
            repeat_reads: true,
            jitter: fastrand::f64,
        }
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("base_url", &self.base_url)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("repeat_reads", &self.repeat_reads)
            .finish_non_exhaustive()
    }
}

/// Settings that no client can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClientConfig {
    /// The base URL is not one.
    #[error(
        "the Wix base URL cannot be used: {reason}; wanted is http(s)://host[:port][/path], such as https://www.wixapis.com"
    )]
    BaseUrl {
        /// What is wrong with it. The URL is not repeated: it may hold a password.
        reason: &'static str,
    },
    /// The timeout is zero.
    #[error("the time limit of a Wix call is zero: set it to some seconds")]
    ZeroTimeout,
    /// TLS could not be set up.
    #[error("the HTTP client for Wix cannot be made: {reason}")]
    Http {
        /// In the words of the HTTP library.
        reason: String,
    },
}

/// A checked base URL without a slash at its end.
#[derive(Debug, Clone)]
pub(super) struct BaseUrl(String);

impl BaseUrl {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidClientConfig> {
        let refused = |reason| Err(InvalidClientConfig::BaseUrl { reason });
        let Ok(url) = Url::parse(text.trim()) else {
            return refused("it is not a URL");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return refused("its scheme is neither http nor https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("it holds a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refused("it holds a `?` or `#`");
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address of a path below the base; the path's segments must be encoded already.
    pub(super) fn join(&self, path: &str) -> Option<Uri> {
        Uri::try_from(format!("{}{path}", self.0)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_below_the_base_with_and_without_a_prefix() {
        let cases = [
            (
                "https://www.wixapis.com",
                "https://www.wixapis.com/resellers/v1/packages/a",
            ),
            (
                "https://www.wixapis.com/",
                "https://www.wixapis.com/resellers/v1/packages/a",
            ),
            (
                "http://127.0.0.1:9400/wix/",
                "http://127.0.0.1:9400/wix/resellers/v1/packages/a",
            ),
        ];
        for (base, expected) in cases {
            let uri = BaseUrl::parse(base).unwrap().join("/resellers/v1/packages/a").unwrap();
            assert_eq!(uri.to_string(), expected);
        }
    }

    #[test]
    fn what_cannot_be_a_base_is_named_without_being_repeated() {
        for (wrong, reason) in [
            ("", "not a URL"),
            ("www.wixapis.com", "not a URL"),
            ("ftp://host", "neither http nor https"),
            ("https://me:secret@host", "user name or password"),
            ("https://host/?a=b", "`?` or `#`"),
        ] {
            let error = BaseUrl::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("secret"), "{error}");
        }
    }
}
