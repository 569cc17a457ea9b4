//! A parked delivery that is delivered again, once the code understands it: its kept bytes are verified as of the time at
//! which they were received, because a signed time is good for minutes only.
//!
//! There is one way in: an invocation of the function itself, which nobody may but an administrator. It looks like a request
//! of the API whose context says so, and contexts are written by the API and not by who sends a request to it.

use serde_json::{Value, json};

use super::Route;
use crate::queue::parked::ParkedDelivery;
use crate::time::Timestamp;

/// The stage that the context of such an invocation names. The API has none of this name.
pub const STAGE: &str = "reseller-requeue";

/// The invocation that delivers it again. A body that is no text is too large for one where it has over 4.5 MB.
pub fn event(parked: &ParkedDelivery) -> Value {
    use base64::Engine as _;

    let path = Route::path(
        parked.storefront.as_str(),
        parked.shop.as_ref().map(|shop| shop.as_str()),
    );
    let (body, is_encoded) = match std::str::from_utf8(&parked.body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (base64::engine::general_purpose::STANDARD.encode(&parked.body), true),
    };
    json!({
        "version": "2.0",
        "routeKey": format!("POST {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": parked.headers,
        "requestContext": {
            "accountId": "",
            "apiId": STAGE,
            "domainName": "",
            "domainPrefix": "",
            "http": { "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "", "userAgent": "" },
            "requestId": parked.id,
            "routeKey": format!("POST {path}"),
            "stage": STAGE,
            "time": "",
            "timeEpoch": parked.received_at.as_millis(),
        },
        "body": body,
        "isBase64Encoded": is_encoded,
    })
}

/// When the delivery was received, where a context says that it is delivered again.
pub fn received_at(stage: Option<&str>, time_epoch: i64) -> Option<Timestamp> {
    (stage == Some(STAGE)).then(|| Timestamp::from_millis(time_epoch))
}
