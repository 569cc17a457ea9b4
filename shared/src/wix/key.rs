//! The API key: kept where `Debug` cannot print it, checked where it enters.

use std::fmt;

#[cfg(feature = "wix")]
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

/// An account-level API key of Wix. Shown by nothing; wiped from memory when it is dropped.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// What is no API key. The value is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Wix API key is empty or holds characters that no header takes: copy it from Wix once more, without spaces"
)]
pub struct InvalidApiKey;

impl ApiKey {
    /// Takes a key as Wix shows it; spaces and line ends around it are dropped.
    pub fn new(key: &str) -> Result<Self, InvalidApiKey> {
        let key = key.trim();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidApiKey);
        }
        Ok(Self(SecretString::from(key)))
    }

    /// The key itself: show it to nobody.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// As the `Authorization` header: raw, without `Bearer` (documented), and marked so that nothing logs it.
    #[cfg(feature = "wix")]
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut header = HeaderValue::from_str(self.expose()).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::new(" IST.abc123\n").unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
        assert_eq!(format!("{:?}", key.header().unwrap()), "Sensitive");
        assert_eq!(key.header().unwrap().as_bytes(), b"IST.abc123");
    }

    #[test]
    fn what_no_header_takes_is_refused_without_being_repeated() {
        for wrong in ["", "  ", "a b", "a\r\nb", "schlüssel"] {
            assert_eq!(ApiKey::new(wrong).unwrap_err(), InvalidApiKey, "{wrong:?}");
        }
    }
}
