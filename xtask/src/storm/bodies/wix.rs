//! An order in the words of Wix eCommerce: the domain event, around which its token is made.

use serde_json::{Value, json};

use super::{Bodies, set, sku};
use crate::storm::shop::{Order, Told};

impl Bodies {
    pub(super) fn wix(&self, order: &Order, told: Told) -> Value {
        let (slug, status, payment) = match told {
            Told::Placed => ("created", "INITIALIZED", "NOT_PAID"),
            Told::Paid => ("payment_status_updated", "APPROVED", "PAID"),
            Told::Referenced => ("updated", "APPROVED", "PAID"),
            Told::Refunded => ("updated", "APPROVED", "PARTIALLY_REFUNDED"),
            Told::Canceled => ("canceled", "CANCELED", "PAID"),
        };
        let mut fields = vec![json!({ "title": "wix_account_id", "value": order.account() })];
        if told == Told::Referenced {
            fields.push(json!({ "title": "wix_external_id", "value": order.reference() }));
        }
        let texts = if order.on_site {
            json!({ "wix_site_id": order.site() })
        } else {
            json!({})
        };
        let sample = self.wix.pointer("/actionEvent/body/order");
        let mut body = sample.cloned().unwrap_or_default();
        let mut line = body.pointer("/lineItems/0").cloned().unwrap_or_default();
        if let Some(options) = line.pointer_mut("/catalogReference/options") {
            set(options, json!({ "customTextFields": texts }));
        }
        let of_line = json!({
            "quantity": order.units,
            "refundQuantity": u64::from(told == Told::Refunded),
            "physicalProperties": { "sku": sku(order) },
        });
        set(&mut line, of_line);
        let changes = json!({
            "id": order.id(),
            "createdDate": self.at(Told::Placed),
            "updatedDate": self.at(told),
            "status": status,
            "paymentStatus": payment,
            "customFields": fields,
            "lineItems": [line],
        });
        set(&mut body, changes);
        let mut event = json!({
            "id": format!("{}-{slug}", order.id()),
            "entityFqdn": "wix.ecom.v1.order",
            "slug": slug,
            "entityId": order.id(),
            "eventTime": self.at(told),
        });
        let said = match told {
            Told::Placed => json!({ "createdEvent": { "entity": body } }),
            Told::Paid | Told::Canceled => json!({ "actionEvent": { "body": { "order": body } } }),
            Told::Referenced | Told::Refunded => json!({ "updatedEvent": { "currentEntity": body } }),
        };
        set(&mut event, said);
        event
    }
}
