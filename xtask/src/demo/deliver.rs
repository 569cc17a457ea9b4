//! Sends the samples of `events/` to `webhook` as their storefronts would: signed, and told in other words only where an
//! order of its own is wanted.

use std::fs;

use reseller_hooks::storefront::sign;
use reseller_hooks::time::{Clock, SystemClock};
use serde_json::Value;

use super::lambda::Lambda;
use crate::failure::{Context, Failure};
use crate::workspace;
use reseller_hooks::order::StorefrontKind;

/// The site of the Wix instance that sends Wix eCommerce's events.
pub(crate) const WIX_INSTANCE: &str = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123";

/// Names and values, as they go over the wire.
pub(crate) type Headers = Vec<(String, String)>;

/// One delivery.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// What it is, for the table.
    pub(crate) label: &'static str,
    pub(crate) storefront: StorefrontKind,
    /// The file in `events/STOREFRONT/`.
    pub(crate) file: &'static str,
    /// The storefront's own name of the event, where it is not in the body.
    pub(crate) topic: &'static str,
    /// What is replaced in the sample, to make another order of it.
    pub(crate) edits: Vec<(String, String)>,
    /// Whether the body is changed after it was signed.
    pub(crate) forged: bool,
    /// The status that it must be answered with.
    pub(crate) expected: u16,
}

/// How a delivery was answered.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) label: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) status: u16,
    pub(crate) answer: String,
}

impl Delivery {
    /// A sample as it is.
    pub(crate) fn new(
        label: &'static str,
        storefront: StorefrontKind,
        file: &'static str,
        topic: &'static str,
    ) -> Self {
        Self {
            label,
            storefront,
            file,
            topic,
            edits: Vec::new(),
            forged: false,
            expected: 200,
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, edits: &[(String, String)]) -> Self {
        self.edits.extend_from_slice(edits);
        self
    }

    #[must_use]
    pub(crate) const fn forged(mut self) -> Self {
        self.forged = true;
        self.expected = 401;
        self
    }

    /// Headers and body, as they go over the wire.
    pub(crate) fn signed(&self, secret: &Value) -> Result<(Headers, Vec<u8>), Failure> {
        let path = workspace::root()
            .join("events")
            .join(self.storefront.as_str())
            .join(self.file);
        let mut text = fs::read_to_string(&path).could_not(format_args!("read {}", path.display()))?;
        for (from, to) in &self.edits {
            if !text.contains(from.as_str()) {
                return Err(Failure::new(format!(
                    "{} has no {from:?} in it any more",
                    path.display()
                )));
            }
            text = text.replace(from.as_str(), to);
        }
        let now = SystemClock.now();
        let (key, body) = match self.storefront {
            StorefrontKind::Wix => (String::new(), wix_body(&text, self.topic)?),
            StorefrontKind::Shopify
            | StorefrontKind::Woocommerce
            | StorefrontKind::Stripe
            | StorefrontKind::Standard => (signing_secret(secret, self.storefront)?, text),
        };
        let headers = sign::sign(self.storefront, &key, body.as_bytes(), self.topic, now).could_not("sign a sample")?;
        let mut body = body.into_bytes();
        if self.forged {
            forge(&mut body);
        }
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Ok((headers, body))
    }

    /// Sends it. A status that is not the expected one is an error.
    pub(crate) async fn send(&self, lambda: &Lambda, secret: &Value) -> Result<Delivered, Failure> {
        let (headers, body) = self.signed(secret)?;
        let answer = lambda.deliver(self.storefront.as_str(), &headers, body).await?;
        if answer.status != self.expected {
            let said: String = answer.text.chars().take(300).collect();
            return Err(Failure::new(format!(
                "{} ({}) was answered {} and not {}: {said}",
                self.label, self.file, answer.status, self.expected
            )));
        }
        Ok(Delivered {
            label: self.label,
            topic: self.topic,
            status: answer.status,
            answer: answer.text,
        })
    }
}

/// The local secret, which the functions read too.
pub(crate) fn secret() -> Result<Value, Failure> {
    let path = workspace::root().join("local/secret.json");
    let text = fs::read_to_string(&path).could_not(format_args!("read {}", path.display()))?;
    serde_json::from_str(&text).could_not(format_args!("read {}", path.display()))
}

/// The secret that a storefront signs with.
pub(crate) fn signing_secret(secret: &Value, storefront: StorefrontKind) -> Result<String, Failure> {
    let path = format!("/storefronts/{}/secrets/0", storefront.as_str());
    let found = secret.pointer(&path).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("local/secret.json has nothing at {path}")))
}

/// A sample is the domain event; Wix sends it inside a signed token.
pub(crate) fn wix_body(domain_event: &str, event_type: &str) -> Result<String, Failure> {
    let path = workspace::root().join("events/wix/test-private-key.pem");
    let key = fs::read_to_string(&path).could_not(format_args!("read {}", path.display()))?;
    sign::wix_jwt(&key, event_type, WIX_INSTANCE, domain_event, SystemClock.now()).could_not("sign a sample")
}

/// Changes one byte, in a place where the body still looks well-formed.
fn forge(body: &mut [u8]) {
    if let Some(digit) = body.iter_mut().find(|byte| byte.is_ascii_digit()) {
        *digit = if *digit == b'7' { b'8' } else { b'7' };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_body_differs_from_what_was_signed() {
        let plain = Delivery::new("paid", StorefrontKind::Shopify, "orders_paid.json", "orders/paid");
        let secret = secret().unwrap();
        let (headers, body) = plain.signed(&secret).unwrap();
        let (forged_headers, forged_body) = plain.clone().forged().signed(&secret).unwrap();
        assert_eq!(headers, forged_headers);
        assert_ne!(body, forged_body);
        assert_eq!(body.len(), forged_body.len());
    }

    #[test]
    fn an_edit_that_meets_nothing_is_an_error() {
        let delivery = Delivery::new("paid", StorefrontKind::Shopify, "orders_paid.json", "orders/paid")
            .with(&[("no such words".to_owned(), "x".to_owned())]);
        let error = delivery.signed(&secret().unwrap()).unwrap_err().to_string();
        assert!(error.contains("no such words"), "{error}");
    }
}
