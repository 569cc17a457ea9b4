//! Wix eCommerce. The body is a signed token around JSON in JSON in JSON. The signature says "Wix, for this app"; the
//! site is the signed `instanceId`, which is part of the order key. There is no event "paid": any event that carries an
//! order may be the first that shows it paid.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::fields::{country, sku};
use super::json::{Id, Lenient, Text, Units, decode, list, text};
use super::keys::hash;
use super::{Delivery, FieldNames, Hints, ReceiveError, ShopKeys, Storefront, Understood, Verified, VerifyError, jwt};
use crate::order::{Ended, Fields, Line, OrderKey, Paid, ShopName, Snapshot, Statement, StorefrontKind, Version};
use crate::time::Timestamp;

/// See the [module](self).
pub(super) struct WixEcommerce;

impl Storefront for WixEcommerce {
    fn verify<'a>(&self, delivery: &Delivery<'a>, shops: &'a [ShopKeys]) -> Result<Verified<'a>, VerifyError> {
        jwt::verify(delivery, shops)
    }

    fn normalise(&self, verified: &Verified<'_>, names: &FieldNames) -> Result<Understood, ReceiveError> {
        let envelope: Envelope = decode(text(verified.payload())?)?;
        let slug = envelope.event_type.strip_prefix("wix.ecom.v1.order_");
        match slug {
            Some("created" | "approved" | "payment_status_updated" | "updated" | "committed" | "canceled") => {
                order(&envelope, names)
            }
            Some("transactions_refund_completed") => Ok(Understood::Nothing(
                "the event of a refund holds no order; order_updated brings it".into(),
            )),
            _ => Ok(Understood::Nothing(
                format!("the event {} means nothing here", super::log_id(&envelope.event_type)).into(),
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
    #[serde(default)]
    data: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DomainEvent {
    #[serde(default)]
    id: Text,
    #[serde(default)]
    triggered_by_anonymize_request: Option<bool>,
    #[serde(default)]
    entity_event_sequence: Text,
    #[serde(default)]
    created_event: Option<CreatedEvent>,
    #[serde(default)]
    updated_event: Option<UpdatedEvent>,
    #[serde(default)]
    action_event: Option<ActionEvent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatedEvent {
    #[serde(alias = "entityAsJson")]
    entity: Json<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedEvent {
    #[serde(alias = "currentEntityAsJson")]
    current_entity: Json<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionEvent {
    #[serde(alias = "bodyAsJson")]
    body: Json<ActionBody>,
}

#[derive(Deserialize)]
struct ActionBody {
    order: Json<Order>,
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: Id,
    status: String,
    payment_status: String,
    created_date: Timestamp,
    updated_date: Timestamp,
    /// Brought in from another platform: paid there, and delivered there.
    #[serde(default)]
    imported: Option<bool>,
    #[serde(default)]
    billing_info: Lenient<WithAddress>,
    #[serde(default)]
    shipping_info: Lenient<ShippingInfo>,
    #[serde(default)]
    recipient_info: Lenient<WithAddress>,
    #[serde(default, deserialize_with = "list")]
    custom_fields: Vec<Lenient<CustomField>>,
    #[serde(default)]
    extended_fields: Lenient<ExtendedFields>,
    line_items: Vec<LineItem>,
}

#[derive(Deserialize)]
struct WithAddress {
    #[serde(default)]
    address: Lenient<Address>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    country: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShippingInfo {
    #[serde(default)]
    logistics: Lenient<Logistics>,
    /// Older orders.
    #[serde(default)]
    shipment_details: Lenient<WithAddress>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logistics {
    #[serde(default)]
    shipping_destination: Lenient<WithAddress>,
}

#[derive(Deserialize)]
struct CustomField {
    #[serde(default)]
    title: Text,
    #[serde(default)]
    value: Text,
}

#[derive(Deserialize)]
struct ExtendedFields {
    #[serde(default)]
    namespaces: Lenient<std::collections::BTreeMap<String, Lenient<Texts>>>,
}

type Texts = std::collections::BTreeMap<String, Text>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LineItem {
    /// Not unique: often `00000000-0000-0000-0000-000000000001` (observed).
    #[serde(default)]
    id: Text,
    quantity: Units,
    #[serde(default)]
    refund_quantity: Option<Units>,
    #[serde(default)]
    physical_properties: Lenient<PhysicalProperties>,
    #[serde(default)]
    catalog_reference: Lenient<CatalogReference>,
}

#[derive(Deserialize)]
struct PhysicalProperties {
    #[serde(default)]
    sku: Text,
}

#[derive(Deserialize)]
struct CatalogReference {
    #[serde(default)]
    options: Lenient<Options>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    #[serde(default)]
    custom_text_fields: Lenient<Texts>,
}

fn order(envelope: &Envelope, names: &FieldNames) -> Result<Understood, ReceiveError> {
    let json = envelope
        .data
        .as_deref()
        .ok_or_else(|| ReceiveError::not_understood("at data: the event holds no order"))?;
    let event: DomainEvent = decode(json)?;
    if event.triggered_by_anonymize_request == Some(true) {
        return Ok(Understood::Nothing("a privacy rewrite of an order".into()));
    }
    let order = match (event.created_event, event.updated_event, event.action_event) {
        (Some(created), None, None) => created.entity.0,
        (None, Some(updated), None) => updated.current_entity.0,
        (None, None, Some(action)) => action.body.0.order.0,
        _ => {
            return Err(ReceiveError::not_understood(
                "at data: the event holds no order, or several",
            ));
        }
    };
    if order.imported == Some(true) {
        return Ok(Understood::Nothing("an imported order".into()));
    }
    let shop: ShopName = envelope
        .instance_id
        .to_ascii_lowercase()
        .parse()
        .map_err(|_| ReceiveError::not_understood("at instanceId: not the ID of a site's app instance"))?;

    let canceled = matches!(order.status.as_str(), "CANCELED" | "REJECTED") || order.payment_status == "FULLY_REFUNDED";
    let fully_paid = order.payment_status == "PAID" && order.status == "APPROVED";
    let never_paid = matches!(order.payment_status.as_str(), "NOT_PAID" | "PENDING");
    let refunded_units = order
        .line_items
        .iter()
        .map(|item| item.refund_quantity.unwrap_or_default().0)
        .fold(0, u32::saturating_add);
    // An int64, written as text. The event's own time stays out: with it the order of versions would be intransitive
    // where only some have a sequence.
    let sequence = event.entity_event_sequence.as_deref();
    let version = Version {
        time: order.updated_date,
        sequence: sequence.and_then(|text| text.parse().ok()).unwrap_or(0),
    };
    let snapshot = Snapshot {
        lines: lines(&order.line_items, canceled, names),
        paid: if fully_paid { Paid::Full } else { Paid::No },
        ended: canceled.then_some(Ended::PLAIN),
        fields: fields(&order, names),
        ..Snapshot::new(version, hash(json.as_bytes()), order.created_date)
    };
    Ok(Understood::order(
        OrderKey::new(StorefrontKind::Wix, Some(shop), &order.id.0)?,
        super::log_id(event.id.as_deref().unwrap_or_default()),
        Statement::Snapshot(snapshot),
        Hints {
            topic_says_paid: fully_paid && envelope.event_type.ends_with("_payment_status_updated"),
            reduced: refunded_units > 0,
            never_paid: never_paid && !fully_paid,
        },
    ))
}

fn fields(order: &Order, names: &FieldNames) -> Fields {
    let custom = order
        .custom_fields
        .iter()
        .filter_map(|field| field.0.as_ref())
        .filter_map(|field| Some((field.title.as_deref()?, field.value.as_deref()?)));
    let extended = order
        .extended_fields
        .0
        .iter()
        .flat_map(|fields| fields.namespaces.0.iter().flatten())
        .flat_map(|(_, namespace)| namespace.0.iter().flatten())
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    let mut fields = names.pick(custom.chain(extended));
    let of = |address: &Lenient<Address>| address.0.as_ref().and_then(|address| address.country.0.clone());
    let with = |with: &Lenient<WithAddress>| with.0.as_ref().and_then(|with| of(&with.address));
    let shipping = order.shipping_info.0.as_ref().and_then(|info| {
        let logistics = info.logistics.0.as_ref();
        logistics
            .and_then(|logistics| with(&logistics.shipping_destination))
            .or_else(|| with(&info.shipment_details))
    });
    fields.country = country([
        with(&order.billing_info).as_deref(),
        shipping.as_deref(),
        with(&order.recipient_info).as_deref(),
    ]);
    fields
}

/// The lines under IDs that are unique and stay the same in every version: `id#sku`, made from the line alone, so that
/// a line added later does not rename the others. Where even that repeats, the lines are counted (`id#sku##2`) in the
/// order of what they say, not of where they stand. Whatever stands in an ID or an SKU, no two lines come to one name.
fn lines(items: &[LineItem], canceled: bool, names: &FieldNames) -> Vec<Line> {
    let mut lines: Vec<Line> = items
        .iter()
        .map(|item| {
            let sku = item
                .physical_properties
                .0
                .as_ref()
                .and_then(|physical| sku(&physical.sku));
            let id: String = item.id.as_deref().unwrap_or_default().chars().take(100).collect();
            let id = without_signs(&id);
            let properties = item
                .catalog_reference
                .0
                .iter()
                .filter_map(|reference| reference.options.0.as_ref())
                .flat_map(|options| options.custom_text_fields.0.iter().flatten())
                .filter_map(|(label, value)| Some((label.as_str(), value.as_deref()?)));
            let refunded = item.refund_quantity.unwrap_or_default().0;
            let id = match &sku {
                Some(sku) => format!("{id}#{}", without_signs(sku.as_str())),
                None => id,
            };
            let units = if canceled {
                0
            } else {
                item.quantity.0.saturating_sub(refunded)
            };
            Line::new(id, sku, units, names.pick(properties))
        })
        .collect();
    lines.sort_by(|one, two| {
        let rank = |line: &Line| {
            let fields = line.fields.clone();
            (line.id.clone(), fields.account, fields.site, fields.external_id)
        };
        rank(one).cmp(&rank(two)).then(two.units.cmp(&one.units))
    });
    let mut last = String::new();
    let mut repeats = 1_u32;
    for line in &mut lines {
        if line.id == last {
            repeats = repeats.saturating_add(1);
            line.id = format!("{last}##{repeats}");
        } else {
            last.clone_from(&line.id);
            repeats = 1;
        }
    }
    lines
}

/// Keeps the sign that parts of a line's ID are joined with out of the parts.
fn without_signs(part: &str) -> String {
    part.replace('%', "%25").replace('#', "%23")
}

#[cfg(test)]
#[path = "wix_ecommerce_tests.rs"]
mod tests;
