//! What a body is, before it is read as an order: an error of the REST API, another API version, or of another shop.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::source::Addresses;
pub(super) use super::source::Origin;
use crate::storefront::json::{Text, decode};
use crate::storefront::{ReceiveError, Verified};

#[derive(Deserialize)]
struct Probe {
    id: Option<Text>,
    code: Text,
    /// The legacy API wraps the object in its name.
    order: Option<IgnoredAny>,
    subscription: Option<IgnoredAny>,
    date_created: Option<IgnoredAny>,
    date_created_gmt: Option<IgnoredAny>,
    date_modified_gmt: Option<IgnoredAny>,
}

/// Refuses what is no object of this shop and this version, and says whether the shop is named at all.
pub(super) fn probe(verified: &Verified<'_>, body: &str) -> Result<Origin, ReceiveError> {
    let probe: Probe = decode(body)?;
    if let (None, Some(code)) = (&probe.id, probe.code.as_deref()) {
        return Err(rest_error(code));
    }
    let addresses: Addresses = decode(body)?;
    let wrapped = probe.id.is_none() && (probe.order.is_some() || probe.subscription.is_some());
    // Version 1 has local dates only, and the address of the object names the version of the others.
    let local = probe.date_created.is_some() && probe.date_created_gmt.is_none() && probe.date_modified_gmt.is_none();
    let old = addresses
        .api()
        .is_some_and(|address| address.contains("/wc/v1/") || address.contains("/wc/v2/"));
    if wrapped || local || old {
        return Err(ReceiveError::not_understood(
            "the webhook's API version is too old: choose WP REST API Integration v3",
        ));
    }
    addresses.check(verified)
}

/// A webhook whose user may not read the order signs and sends the REST API's error instead (observed).
fn rest_error(code: &str) -> ReceiveError {
    let code: String = code
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .take(60)
        .collect();
    ReceiveError::not_understood(format!(
        "a REST error ({code}) instead of an order: give the webhook's user the right to read orders, then save the order again"
    ))
}
