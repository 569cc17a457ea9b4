//! What the demo tells: which deliveries come in which order, what goes wrong meanwhile, and what must be true of every
//! order in the end.

use serde_json::json;

use super::deliver::Delivery;
use super::orders::Count;
use reseller_hooks::order::StorefrontKind;

/// A story.
pub(crate) struct Story {
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) ends: Vec<End>,
    /// Whether Wix is audited at the end, with one instance failed and one package put there from outside.
    pub(crate) audit: bool,
}

/// Some deliveries, then everything is worked off until nothing moves.
pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    /// What goes wrong at Wix from here on, as the sandbox wants it.
    pub(crate) fault: Option<serde_json::Value>,
    pub(crate) deliveries: Vec<Delivery>,
}

/// How an order must end: found by the end of its key.
pub(crate) struct End {
    pub(crate) order: &'static str,
    pub(crate) count: Count,
    pub(crate) needs: Need,
}

/// Whether an order needs a person in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nobody,
    Person,
    /// A person, where there was an audit: only that finds what happened at Wix by itself.
    PersonAfterAudit,
}

/// The order of the samples, and two more that are made of the same ones.
const SAMPLE: &str = "9007199254740993";
const LOST: &str = "9007199254742993";
const CANCELED: &str = "9007199254743993";
const UNKNOWN_SKU: &str = "9007199254741005";

/// The site in the samples. Wix takes one plan a site, so another order needs another site.
const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";

const THREE_PLANS: Count = Count {
    packages: 1,
    instances: 3,
    on_site: 1,
    voucher_packages: 1,
    voucher_instances: 3,
};

pub(crate) fn of(storefront: StorefrontKind) -> Story {
    match storefront {
        StorefrontKind::Shopify => shopify(),
        StorefrontKind::Standard => {
            paid_then_canceled([("order_paid.json", ""), ("order_canceled.json", "")], storefront)
        }
        StorefrontKind::Wix => paid_then_canceled(
            [
                (
                    "order_payment_status_updated_paid.json",
                    "wix.ecom.v1.order_payment_status_updated",
                ),
                ("order_canceled.json", "wix.ecom.v1.order_canceled"),
            ],
            storefront,
        ),
        StorefrontKind::Woocommerce => paid_then_canceled(
            [
                ("order_updated_processing.json", "order.updated"),
                ("order_updated_cancelled.json", "order.updated"),
            ],
            storefront,
        ),
        StorefrontKind::Stripe => paid_then_canceled(
            [("checkout_session_completed.json", ""), ("charge_refunded.json", "")],
            storefront,
        ),
    }
}

/// The same sample as another order on another site.
fn as_order(number: &str, site: &str) -> Vec<(String, String)> {
    vec![
        (SAMPLE.to_owned(), number.to_owned()),
        (SITE.to_owned(), format!("{site}{}", SITE.get(8..).unwrap_or_default())),
    ]
}

fn shopify() -> Story {
    let sample = |label, file, topic| Delivery::new(label, StorefrontKind::Shopify, file, topic);
    let paid = |label| sample(label, "orders_paid.json", "orders/paid");
    let lost = as_order(LOST, "918aa944");
    let canceled = as_order(CANCELED, "918aa945");
    // This sample names no site.
    let canceled_number = [(SAMPLE.to_owned(), CANCELED.to_owned())];
    Story {
        chapters: vec![
            Chapter {
                title: "orders come in, some twice, some wrong",
                fault: None,
                deliveries: vec![
                    paid("paid, three plans"),
                    paid("the same again"),
                    sample("a test order", "orders_paid_test_order.json", "orders/paid"),
                    paid("forged").forged(),
                    sample("an unknown SKU", "orders_paid_unknown_sku.json", "orders/paid"),
                ],
            },
            Chapter {
                title: "Wix creates a package, and its answer is lost",
                fault: Some(json!({
                    "operation": "createPackage",
                    "effect": { "type": "loseAnswer" },
                })),
                deliveries: vec![
                    paid("paid, the answer lost").with(&lost),
                    paid("the same again").with(&lost),
                ],
            },
            Chapter {
                title: "orders change: a unit refunded, a reference, a cancellation",
                fault: None,
                deliveries: vec![
                    sample("one of three refunded", "refunds_create.json", "refunds/create"),
                    sample(
                        "the same as a snapshot",
                        "orders_updated_refunded_one.json",
                        "orders/updated",
                    ),
                    sample("a reference", "orders_updated_reference.json", "orders/updated").with(&lost),
                    sample(
                        "canceled before it is paid",
                        "orders_cancelled.json",
                        "orders/cancelled",
                    )
                    .with(&canceled_number),
                ],
            },
            Chapter {
                title: "the payment of the canceled order comes late",
                fault: None,
                deliveries: vec![paid("paid, after its cancellation").with(&canceled)],
            },
        ],
        ends: vec![
            End {
                order: SAMPLE,
                count: THREE_PLANS,
                needs: Need::PersonAfterAudit,
            },
            End {
                order: LOST,
                count: THREE_PLANS,
                needs: Need::Nobody,
            },
            End {
                order: CANCELED,
                count: Count::default(),
                needs: Need::Nobody,
            },
            End {
                order: UNKNOWN_SKU,
                count: Count::default(),
                needs: Need::Person,
            },
        ],
        audit: true,
    }
}

/// What every storefront can show: an order is paid, told twice, and canceled.
fn paid_then_canceled(
    [(paid, paid_topic), (canceled, canceled_topic)]: [(&'static str, &'static str); 2],
    storefront: StorefrontKind,
) -> Story {
    // All these samples are about two plans.
    let units = 2;
    let paid = |label| Delivery::new(label, storefront, paid, paid_topic);
    Story {
        chapters: vec![
            Chapter {
                title: "an order is paid, and told twice",
                fault: None,
                deliveries: vec![paid("paid"), paid("the same again"), paid("forged").forged()],
            },
            Chapter {
                title: "the order is canceled",
                fault: None,
                deliveries: vec![Delivery::new("canceled", storefront, canceled, canceled_topic)],
            },
        ],
        ends: vec![End {
            order: "",
            count: Count {
                packages: 1,
                instances: units,
                on_site: 0,
                voucher_packages: 1,
                voucher_instances: units,
            },
            needs: Need::Nobody,
        }],
        audit: false,
    }
}
