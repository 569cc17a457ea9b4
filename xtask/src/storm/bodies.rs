//! What is told of an order, in the words of its storefront: the samples of `events/` with another order in them.

use std::fs;
use std::time::Duration;

use reseller_hooks::storefront::sign;
use reseller_hooks::time::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};

use super::shop::{Order, Sku, Told};
use crate::demo::deliver::{signing_secret, wix_body};
use crate::failure::{Context, Failure};
use crate::workspace;
use reseller_hooks::order::StorefrontKind;

mod stripe;
mod wix;

/// The samples, read once.
pub(crate) struct Bodies {
    shopify: Value,
    shopify_refund: Value,
    woocommerce: Value,
    wix: Value,
    stripe: Value,
    stripe_refund: Value,
    secret: Value,
    /// When all orders of the storm were placed.
    placed: Timestamp,
}

impl Bodies {
    pub(crate) fn read(secret: Value) -> Result<Self, Failure> {
        Ok(Self {
            shopify: sample("shopify/orders_paid.json")?,
            shopify_refund: sample("shopify/refunds_create.json")?,
            woocommerce: sample("woocommerce/order_updated_processing.json")?,
            wix: sample("wix/order_payment_status_updated_paid.json")?,
            stripe: sample("stripe/checkout_session_completed.json")?,
            stripe_refund: sample("stripe/charge_refunded.json")?,
            secret,
            placed: SystemClock.now() - Duration::from_secs(3_600),
        })
    }

    /// The event with which API Gateway invokes `webhook`, signed now.
    pub(crate) fn request(&self, order: &Order, told: Told) -> Result<Value, Failure> {
        let (topic, body) = match order.storefront {
            StorefrontKind::Woocommerce => ("order.updated", self.woocommerce(order, told)),
            StorefrontKind::Standard => ("", self.standard(order, told)),
            StorefrontKind::Stripe => ("", self.stripe(order, told)),
            StorefrontKind::Wix => ("", self.wix(order, told)),
            StorefrontKind::Shopify => self.shopify(order, told),
        };
        let body = body.to_string();
        let (secret, body) = if order.storefront == StorefrontKind::Wix {
            // It is signed in itself.
            let event_type = sign::wix_event_type(&body).unwrap_or_default();
            (String::new(), wix_body(&body, &event_type)?)
        } else {
            (signing_secret(&self.secret, order.storefront)?, body)
        };
        let headers = sign::sign(order.storefront, &secret, body.as_bytes(), topic, SystemClock.now())
            .could_not("sign a delivery")?;
        let headers: serde_json::Map<String, Value> = headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let path = format!("/webhooks/{}", order.storefront.as_str());
        Ok(json!({
            "version": "2.0",
            "routeKey": "POST /webhooks/{storefront}",
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "storm",
                "domainName": "storm.execute-api.us-east-1.amazonaws.com",
                "domainPrefix": "storm",
                "http": {
                    "method": "POST",
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "storm",
                },
                "requestId": "storm",
                "routeKey": "POST /webhooks/{storefront}",
                "stage": "$default",
                "time": "02/Mar/2026:14:14:10 +0000",
                "timeEpoch": 1_772_460_850_000_u64,
            },
            "pathParameters": { "storefront": order.storefront.as_str() },
            "isBase64Encoded": false,
            "body": body,
        }))
    }

    /// When something was told: later things later.
    fn time(&self, told: Told) -> Timestamp {
        let minutes = match told {
            Told::Placed => 0,
            Told::Paid => 1,
            Told::Referenced => 2,
            Told::Refunded => 3,
            Told::Canceled => 4,
        };
        self.placed + Duration::from_secs(60 * minutes)
    }

    fn at(&self, told: Told) -> String {
        self.time(told).to_string()
    }

    fn shopify(&self, order: &Order, told: Told) -> (&'static str, Value) {
        if told == Told::Refunded {
            let mut refund = self.shopify_refund.clone();
            let changes = json!({ "id": refund_number(order), "order_id": order.number, "created_at": self.at(told) });
            set(&mut refund, changes);
            let line = refund.pointer_mut("/refund_line_items/0");
            set_in(line, json!({ "line_item_id": line_number(order), "quantity": 1 }));
            return ("refunds/create", refund);
        }
        let mut body = self.shopify.clone();
        let mut attributes = vec![json!({ "name": "wix_account_id", "value": order.account() })];
        if told == Told::Referenced {
            attributes.push(json!({ "name": "wix_external_id", "value": order.reference() }));
        }
        let mut properties = Vec::new();
        if order.on_site {
            properties.push(json!({ "name": "wix_site_id", "value": order.site() }));
        }
        let live = if told == Told::Canceled { 0 } else { order.units };
        let (status, topic) = match told {
            Told::Placed => ("pending", "orders/create"),
            Told::Canceled => ("refunded", "orders/cancelled"),
            Told::Referenced => ("paid", "orders/updated"),
            Told::Paid | Told::Refunded => ("paid", "orders/paid"),
        };
        let outstanding = if told == Told::Placed { "80.00" } else { "0.00" };
        let changes = json!({
            "id": order.number,
            "created_at": self.at(Told::Placed),
            "processed_at": self.at(Told::Placed),
            "updated_at": self.at(told),
            "cancelled_at": (told == Told::Canceled).then(|| self.at(told)),
            "financial_status": status,
            "total_outstanding": outstanding,
            "note_attributes": attributes,
            "line_items": [{
                "id": line_number(order),
                "sku": sku(order),
                "quantity": order.units,
                "current_quantity": live,
                "properties": properties,
            }],
        });
        set(&mut body, changes);
        (topic, body)
    }

    fn woocommerce(&self, order: &Order, told: Told) -> Value {
        let mut body = self.woocommerce.clone();
        let mut meta = vec![json!({ "id": 1, "key": "wix_account_id", "value": order.account() })];
        if told == Told::Referenced {
            meta.push(json!({ "id": 2, "key": "wix_external_id", "value": order.reference() }));
        }
        let line_meta = if order.on_site {
            json!([{ "id": 3, "key": "wix_site_id", "value": order.site() }])
        } else {
            json!([])
        };
        let status = match told {
            Told::Placed => "pending",
            Told::Canceled => "cancelled",
            Told::Paid | Told::Refunded | Told::Referenced => "processing",
        };
        let time = |told| self.at(told).trim_end_matches('Z').to_owned();
        let paid = (told != Told::Placed).then(|| time(Told::Paid));
        let mut line = body.pointer("/line_items/0").cloned().unwrap_or_default();
        let of_line = json!({ "id": 1, "sku": sku(order), "quantity": order.units, "meta_data": line_meta });
        set(&mut line, of_line);
        let changes = json!({
            "id": order.number,
            "status": status,
            "date_created_gmt": time(Told::Placed),
            "date_modified_gmt": time(told),
            "date_paid_gmt": paid,
            "meta_data": meta,
            "line_items": [line],
        });
        set(&mut body, changes);
        body
    }

    fn standard(&self, order: &Order, told: Told) -> Value {
        if told == Told::Refunded {
            return json!({
                "type": "order.refunded",
                "data": { "id": "r-1", "order_id": order.number, "lines": [{ "id": "1", "units": 1 }] },
            });
        }
        let mut properties = json!({ "wix_account_id": order.account() });
        if told == Told::Referenced {
            set(&mut properties, json!({ "wix_external_id": order.reference() }));
        }
        let of_line = if order.on_site {
            json!({ "wix_site_id": order.site() })
        } else {
            json!({})
        };
        let (name, payment) = match told {
            Told::Placed => ("order.created", "unpaid"),
            Told::Canceled => ("order.canceled", "paid"),
            Told::Referenced => ("order.updated", "paid"),
            Told::Paid | Told::Refunded => ("order.paid", "paid"),
        };
        json!({
            "type": name,
            "data": {
                "id": order.number,
                "created_at": self.at(Told::Placed),
                "updated_at": self.at(told),
                "status": if told == Told::Canceled { "canceled" } else { "open" },
                "payment": payment,
                "country": "US",
                "properties": properties,
                "lines": [{ "id": "1", "sku": sku(order), "units": order.units, "properties": of_line }],
            },
        })
    }
}

fn sample(name: &str) -> Result<Value, Failure> {
    let path = workspace::root().join("events").join(name);
    let text = fs::read_to_string(&path).could_not(format_args!("read {}", path.display()))?;
    serde_json::from_str(&text).could_not(format_args!("read {}", path.display()))
}

const fn line_number(order: &Order) -> u64 {
    order.number + 1_000_000_000
}

const fn refund_number(order: &Order) -> u64 {
    order.number + 2_000_000_000
}

const fn sku(order: &Order) -> &'static str {
    match order.sku {
        Sku::Plan => "PREMIUM-1Y",
        Sku::Mailbox => "BUSINESS-EMAIL-1Y",
    }
}

/// Puts members into an object.
fn set(object: &mut Value, changes: Value) {
    if let (Value::Object(object), Value::Object(changes)) = (object, changes) {
        object.extend(changes);
    }
}

fn set_in(object: Option<&mut Value>, changes: Value) {
    if let Some(object) = object {
        set(object, changes);
    }
}
