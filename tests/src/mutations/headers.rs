//! One change of a delivery's headers or of its path.

use http::{HeaderMap, HeaderName, HeaderValue};
use reseller_hooks::queue::parked::KEPT_HEADERS;

use super::change::no_digit;
use crate::sim::rng::Rng;

/// What a header may say instead: every topic, and what nobody should send.
const VALUES: [&str; 24] = [
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "orders/edited",
    "orders/delete",
    "refunds/create",
    "app/uninstalled",
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
    "coupon.created",
    "",
    " ",
    ",",
    "=",
    "v1,",
    "v1=",
    "t=0,v1=00",
    "-1",
    "1773100800",
    "99999999999999999999",
    "text/html; charset=utf-16",
];

/// The same headers with one change; `None` where that change makes no header.
pub(super) fn changed(headers: &HeaderMap, rng: &mut Rng) -> Option<HeaderMap> {
    let mut headers = headers.clone();
    let names: Vec<HeaderName> = headers.keys().cloned().collect();
    let name = rng.pick(&names);
    let value = headers.get(&name)?.clone();
    let other = HeaderName::from_static(rng.pick(&KEPT_HEADERS));
    let says = match rng.below(8) {
        0 => HeaderValue::from_str(&"x".repeat(5_000)).ok()?,
        1 => HeaderValue::from_bytes(b"\xc3\x28 \xff").ok()?,
        _ => HeaderValue::from_static(rng.pick(&VALUES)),
    };
    match rng.below(12) {
        0..=3 => {
            headers.insert(name, byte_changed(value.as_bytes(), rng)?);
        }
        4 => {
            headers.remove(name);
        }
        5..=6 => {
            headers.insert(name, says);
        }
        7 => {
            headers.append(name, says);
        }
        8 => {
            headers.insert(name.clone(), says);
            headers.append(name, value);
        }
        9 => {
            headers.remove(name);
            headers.insert(other, value);
        }
        10 => {
            headers.insert(other, value);
        }
        _ => {
            headers.insert(other, says);
        }
    }
    Some(headers)
}

/// The same path with one change.
pub(super) fn changed_path(path: &str, rng: &mut Rng) -> String {
    let mut bytes = path.as_bytes().to_vec();
    let at = rng.index(bytes.len());
    match rng.below(10) {
        0..=2 => bytes[at] = no_digit(rng),
        3..=4 => bytes.insert(at, no_digit(rng)),
        5..=6 => {
            bytes.remove(at);
        }
        7 => bytes.extend_from_slice(
            rng.pick(&["/", "//", "/north", "/south", "/..", "/%2e%2e", "?shop=north", "#"])
                .as_bytes(),
        ),
        8 => bytes.make_ascii_uppercase(),
        _ => {
            let others = ["shopify", "wix", "woocommerce", "stripe", "standard"];
            return format!("/webhooks/{}", rng.pick(&others));
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn byte_changed(value: &[u8], rng: &mut Rng) -> Option<HeaderValue> {
    let mut bytes = value.to_vec();
    if bytes.is_empty() {
        return None;
    }
    let at = rng.index(bytes.len());
    let any = u8::try_from(rng.below(256)).unwrap_or_default();
    match rng.below(4) {
        0 => bytes[at] ^= 1 << rng.below(8),
        1 => bytes.insert(at, any),
        2 => {
            bytes.remove(at);
        }
        _ => bytes.truncate(at),
    }
    HeaderValue::from_bytes(&bytes).ok()
}
