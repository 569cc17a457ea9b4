//! One HTTP request of a storefront, signed as that storefront signs.

use http::{HeaderMap, HeaderName, HeaderValue};
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::storefront::sign;
use reseller_hooks::time::Timestamp;

/// The secret document of the sample shops.
pub const SECRETS: &str = include_str!("../../events/secrets.json");
/// The key pair of the samples of Wix.
pub const WIX_PRIVATE_KEY: &str = include_str!("../../events/wix/test-private-key.pem");
/// Its other half.
pub const WIX_PUBLIC_KEY: &str = include_str!("../../events/wix/test-public-key.pem");
/// The site of the samples of Wix.
pub const WIX_INSTANCE: &str = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123";

/// The secret with which the sample shop of a storefront signs: the one in [`SECRETS`]. Wix signs with a key pair.
pub const fn secret(kind: StorefrontKind) -> &'static str {
    match kind {
        StorefrontKind::Shopify => "shpss_test",
        StorefrontKind::Woocommerce => "woo test secret",
        StorefrontKind::Stripe => "whsec_test",
        StorefrontKind::Standard => "whsec_c2FtcGxlIHNlY3JldCBvZiAyNCBieXRlcw==",
        StorefrontKind::Wix => WIX_PRIVATE_KEY,
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Post {
    /// Where it is sent to.
    pub path: String,
    /// Its headers, the signature among them.
    pub headers: HeaderMap,
    /// Its body; of Wix the token.
    pub body: String,
}

impl Post {
    /// A body as the sample shop of this storefront sends it at this time. `topic` is that of Shopify's and
    /// `WooCommerce`'s header; for Wix, `body` is the domain event.
    pub fn signed(kind: StorefrontKind, topic: &str, body: &str, at: Timestamp) -> Self {
        Self::signed_with(secret(kind), kind, topic, body, at)
    }

    /// A sample of `events/` as if it had happened at this time: every time in it is moved.
    pub fn sample(kind: StorefrontKind, topic: &str, sample: &str, at: Timestamp) -> Self {
        Self::signed(kind, topic, &sign::as_of(sample, at), at)
    }

    /// The same, signed with another secret; for Wix, with another private key.
    pub fn signed_with(secret: &str, kind: StorefrontKind, topic: &str, body: &str, at: Timestamp) -> Self {
        let body = if kind == StorefrontKind::Wix {
            let event_type = sign::wix_event_type(body).expect("a domain event of Wix has a type");
            sign::wix_jwt(secret, &event_type, WIX_INSTANCE, body, at).expect("a private key")
        } else {
            body.to_owned()
        };
        Self {
            path: format!("/webhooks/{kind}"),
            headers: signed(kind, secret, body.as_bytes(), topic, at),
            body,
        }
    }

    /// With another value of a header, or with one more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::try_from(value).expect("a header's value");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// Sent to another path: that of one of several shops.
    #[must_use]
    pub fn to(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }
}

/// The headers with which a storefront would send this body at this time.
pub fn signed(kind: StorefrontKind, secret: &str, body: &[u8], topic: &str, at: Timestamp) -> HeaderMap {
    header_map(sign::sign(kind, secret, body, topic, at).expect("the secret is good"))
}

/// Headers by their names.
pub fn header_map(headers: impl IntoIterator<Item = (&'static str, String)>) -> HeaderMap {
    let headers = headers.into_iter().map(|(name, value)| {
        let value = HeaderValue::try_from(value).expect("a header's value");
        (HeaderName::from_static(name), value)
    });
    headers.collect()
}
