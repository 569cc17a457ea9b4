//! The document itself. It is read by hand, member by member, because what serde says of a wrong value repeats it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::SecretError;
use crate::ids::AccountId;
use crate::wix::ApiKey;

/// What the secret holds. A function gets only the half that it needs.
pub struct SecretDocument {
    source: SecretString,
    wix: Option<WixSecret>,
    storefronts: Option<Value>,
}

/// What calls to Wix need.
#[derive(Clone)]
pub struct WixSecret {
    /// The reseller's API key, as it goes into `Authorization`.
    pub api_key: ApiKey,
    /// The reseller's own account.
    pub account_id: AccountId,
}

impl fmt::Debug for WixSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WixSecret")
            .field("account_id", &self.account_id)
            .finish_non_exhaustive()
    }
}

impl SecretDocument {
    /// Reads a document such as `{"wix": {"api_key": "…", "account_id": "…"}, "storefronts": {…}}`, with one of the
    /// two or both. Other members are ignored.
    pub fn parse(text: SecretString) -> Result<Self, SecretError> {
        let trimmed = text.expose_secret().trim_start_matches('\u{feff}').trim();
        let document: Value = serde_json::from_str(trimmed).map_err(|_| malformed("$", "it is not valid JSON"))?;
        let members = object(&document, "$")?;
        let wix = members.get("wix").filter(|value| !value.is_null());
        let storefronts = members.get("storefronts").filter(|value| !value.is_null());
        if wix.is_none() && storefronts.is_none() {
            return Err(malformed("$", "there is neither `wix` nor `storefronts` in it"));
        }
        let wix = wix.map(read_wix).transpose()?;
        if let Some(storefronts) = storefronts {
            object(storefronts, "storefronts")?;
        }
        let storefronts = storefronts.cloned();
        Ok(Self {
            source: text,
            wix,
            storefronts,
        })
    }

    /// The half for calls to Wix.
    pub const fn wix(&self) -> Option<&WixSecret> {
        self.wix.as_ref()
    }

    /// The half for calls to Wix, or what is missing.
    pub fn require_wix(&self) -> Result<&WixSecret, SecretError> {
        self.wix()
            .ok_or_else(|| malformed("wix", "it is missing, and this function calls Wix"))
    }

    /// The half for verifying deliveries: an object, which the storefronts read themselves. Never print it.
    pub const fn storefronts_json(&self) -> Option<&Value> {
        self.storefronts.as_ref()
    }

    /// Whether it was read from this very text.
    pub(super) fn is_from(&self, text: &SecretString) -> bool {
        self.source.expose_secret() == text.expose_secret()
    }
}

impl fmt::Debug for SecretDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretDocument")
            .field("wix", &self.wix)
            .field("storefronts", &self.storefronts.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

fn read_wix(value: &Value) -> Result<WixSecret, SecretError> {
    let members = object(value, "wix")?;
    let api_key = text(members, "api_key", "wix.api_key")?;
    // What a header cannot carry would fail every call, with an error that does not say why.
    let api_key = ApiKey::new(api_key).map_err(|_| {
        malformed(
            "wix.api_key",
            "it has a space, a line break or a character that is not ASCII in it",
        )
    })?;
    let account_id = text(members, "account_id", "wix.account_id")?
        .parse()
        .map_err(|_| malformed("wix.account_id", "it is not a Wix account ID (a GUID with hyphens)"))?;
    Ok(WixSecret { api_key, account_id })
}

fn object<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, SecretError> {
    value.as_object().ok_or_else(|| malformed(path, "it is not an object"))
}

fn text<'a>(members: &'a Map<String, Value>, name: &str, path: &str) -> Result<&'a str, SecretError> {
    let value = members.get(name).ok_or_else(|| malformed(path, "it is missing"))?;
    let text = value
        .as_str()
        .ok_or_else(|| malformed(path, "it is not a text"))?
        .trim();
    if text.is_empty() {
        return Err(malformed(path, "it is empty"));
    }
    Ok(text)
}

fn malformed(path: &str, reason: &'static str) -> SecretError {
    SecretError::Malformed {
        path: path.to_owned(),
        reason,
    }
}
