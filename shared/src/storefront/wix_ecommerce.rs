//! Wix eCommerce. The body is a signed token around JSON in JSON in JSON. The signature says "Wix, for this app"; the
//! site is the signed `instanceId`, which is part of the order key. There is no event "paid": any event that carries an
//! order may be the first that shows it paid.

mod contract;
mod lines;
mod order;
mod refunds;
mod transactions;

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::json::{Text, decode, text};
use super::{Delivery, FieldNames, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError, jwt};
use crate::order::{OrderKey, ShopName, StorefrontKind};
use crate::time::Timestamp;

/// See the [module](self).
pub(super) struct WixEcommerce;

impl Storefront for WixEcommerce {
    fn verify<'a>(&self, delivery: &Delivery<'a>, shops: &'a [ShopKeys]) -> Result<Verified<'a>, VerifyError> {
        jwt::verify(delivery, shops)
    }

    fn normalise(&self, verified: &Verified<'_>, names: &FieldNames) -> Result<Understood, ReceiveError> {
        let envelope: Envelope = decode(text(verified.payload())?)?;
        let event_type = envelope.event_type.as_str();
        let slug = |entity: &str| event_type.strip_prefix(entity)?.strip_prefix('_');
        if let Some(slug) = slug("wix.ecom.v1.order_transactions") {
            return transactions::read(&envelope, slug);
        }
        if let Some(slug) = slug("wix.ecom.subscription_contracts.v1.subscription_contract") {
            return contract::subscription(&envelope, slug);
        }
        if let Some(slug) = slug("wix.pricing_plans.v2.order") {
            return contract::plan(&envelope, slug);
        }
        match slug("wix.ecom.v1.order") {
            Some("created" | "approved" | "payment_status_updated" | "updated" | "committed" | "canceled") => {
                order::read(&envelope, names)
            }
            _ => Ok(Understood::Nothing(
                format!("the event {} means nothing here", super::log_id(event_type)).into(),
            )),
        }
    }
}

/// The second of the three layers: what the claim `data` holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    event_type: String,
    instance_id: String,
    /// The third layer, as text.
    data: Option<String>,
}

impl Envelope {
    fn data(&self) -> Result<&str, ReceiveError> {
        self.data
            .as_deref()
            .ok_or_else(|| ReceiveError::not_understood("at data: the event holds nothing"))
    }

    fn header(&self) -> Result<Header, ReceiveError> {
        decode(self.data()?)
    }

    /// The key of an order or a subscription of this site.
    fn key(&self, id: &str) -> Result<OrderKey, ReceiveError> {
        let site: ShopName = self
            .instance_id
            .to_ascii_lowercase()
            .parse()
            .map_err(|_| ReceiveError::not_understood("at instanceId: not the ID of a site's app instance"))?;
        Ok(OrderKey::new(StorefrontKind::Wix, Some(site), id)?)
    }
}

/// What every domain event begins with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    id: Text,
    entity_id: Text,
    event_time: Option<Timestamp>,
    triggered_by_anonymize_request: Option<bool>,
    /// An int64, written as text.
    entity_event_sequence: Text,
}

impl Header {
    fn is_privacy_rewrite(&self) -> bool {
        self.triggered_by_anonymize_request == Some(true)
    }

    fn delivery(&self) -> String {
        super::log_id(self.id.as_deref().unwrap_or_default())
    }

    fn sequence(&self) -> u64 {
        self.entity_event_sequence
            .as_deref()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }
}

/// An object, or the same as text: which of the two depends on the API that sends it (documented).
struct Json<T>(T);

impl<'de, T: for<'a> Deserialize<'a>> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct JsonVisitor<T>(PhantomData<T>);
        impl<'de, T: for<'a> Deserialize<'a>> Visitor<'de> for JsonVisitor<T> {
            type Value = Json<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, or an object as text")
            }

            fn visit_str<E: Error>(self, json: &str) -> Result<Json<T>, E> {
                serde_json::from_str(json)
                    .map(Json)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Other("text"), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Json<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Json)
            }
        }
        deserializer.deserialize_any(JsonVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests;
