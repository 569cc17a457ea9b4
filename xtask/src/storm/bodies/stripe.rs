//! An order in the words of Stripe: a payment of one time. Its session says what was bought and whether it is paid; that
//! it is canceled is told by the refund of the whole charge.

use serde_json::{Value, json};

use super::{Bodies, set, set_in, sku};
use crate::storm::shop::{Order, Told};

/// What a unit costs, in cents.
const PRICE: u64 = 8_000;

impl Bodies {
    pub(super) fn stripe(&self, order: &Order, told: Told) -> Value {
        let amount = order.units * PRICE;
        let (mut event, kind, changes) = match told {
            Told::Canceled => {
                let changes = json!({
                    "id": format!("ch_{}", order.number),
                    "payment_intent": order.id(),
                    "amount": amount,
                    "amount_refunded": amount,
                });
                (self.stripe_refund.clone(), "charge.refunded", changes)
            }
            Told::Placed | Told::Paid | Told::Refunded | Told::Referenced => {
                let (kind, payment) = if told == Told::Placed {
                    ("checkout.session.completed", "unpaid")
                } else {
                    ("checkout.session.async_payment_succeeded", "paid")
                };
                (self.stripe.clone(), kind, self.session(order, payment, amount))
            }
        };
        set_in(event.pointer_mut("/data/object"), changes);
        let id = format!("evt_{}{}", order.number, kind.replace('.', ""));
        set(
            &mut event,
            json!({ "id": id, "type": kind, "created": self.time(told).as_secs() }),
        );
        event
    }

    fn session(&self, order: &Order, payment: &str, amount: u64) -> Value {
        let mut metadata = json!({
            "wix_sku": sku(order),
            "wix_quantity": order.units.to_string(),
            "wix_account_id": order.account(),
        });
        if order.on_site {
            set(&mut metadata, json!({ "wix_site_id": order.site() }));
        }
        json!({
            "id": format!("cs_live_{}", order.number),
            "payment_intent": order.id(),
            "payment_status": payment,
            "amount_subtotal": amount,
            "amount_total": amount,
            "created": self.time(Told::Placed).as_secs(),
            "metadata": metadata,
        })
    }
}
