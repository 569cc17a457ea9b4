//! What the demo tells: which deliveries come in which order, what goes wrong meanwhile, and what must be true of every
//! order in the end.

use serde_json::json;

use super::chapter::{Chapter, End, Need, SITE, Story};
use super::deliver::Delivery;
use super::orders::Count;
use super::sells::Sells;
use reseller_hooks::order::StorefrontKind;

/// The order of the samples, and two more that are made of the same ones.
const SAMPLE: &str = "9007199254740993";
const LOST: &str = "9007199254742993";
const CANCELED: &str = "9007199254743993";
const UNKNOWN_SKU: &str = "9007199254741005";

/// The subscription of the samples, by its first order, and its renewals.
const SUBSCRIPTION: &str = "9007199254747001";
const RENEWAL: &str = "9007199254747011";
const LATER_RENEWAL: &str = "9007199254747021";

/// The one-time order of Wix's samples.
const ONE_TIME: &str = "6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c2e77";

/// The subscription of Wix's samples, by its contract.
const CONTRACT: &str = "7c1f0a52-3f0e-4a7d-9c55-90b1c2d3e4f5";

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
        StorefrontKind::Wix => wix(paid_then_canceled(
            [
                (
                    "order_payment_status_updated_paid.json",
                    "wix.ecom.v1.order_payment_status_updated",
                ),
                ("order_canceled.json", "wix.ecom.v1.order_canceled"),
            ],
            storefront,
        )),
        StorefrontKind::Woocommerce => woocommerce(),
        StorefrontKind::Stripe => super::stripe::story(),
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
    // Beside the subscription a plan that is bought once; the site has room for one of them.
    let first_order = [
        ("\"note_attributes\": []".to_owned(), site_attribute("918aa946")),
        ("BUSINESS-EMAIL-1Y".to_owned(), "PREMIUM-1Y".to_owned()),
    ];
    let later = [(RENEWAL.to_owned(), LATER_RENEWAL.to_owned())];
    let renewed = |label| sample(label, "orders_paid_subscription_renewal.json", "orders/paid");
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
            Chapter {
                title: "a subscription is bought",
                fault: None,
                deliveries: vec![
                    sample("the first order", "orders_paid_subscription_first.json", "orders/paid").with(&first_order),
                ],
            },
            Chapter {
                title: "it is renewed twice: Wix renews by itself, and nothing is bought",
                fault: None,
                deliveries: vec![renewed("renewed"), renewed("renewed again").with(&later)],
            },
            Chapter {
                title: "it ends, and its product is taken back",
                fault: None,
                deliveries: vec![sample(
                    "the contract is canceled",
                    "subscription_contracts_cancel.json",
                    "subscription_contracts/cancel",
                )],
            },
        ],
        ends: vec![
            End {
                order: SUBSCRIPTION,
                count: Count {
                    packages: 1,
                    instances: 2,
                    on_site: 0,
                    voucher_packages: 1,
                    voucher_instances: 1,
                },
                needs: Need::Nobody,
            },
            End {
                order: RENEWAL,
                count: Count::default(),
                needs: Need::Nobody,
            },
            End {
                order: LATER_RENEWAL,
                count: Count::default(),
                needs: Need::Nobody,
            },
            // The samples have lines without an SKU, which the demo's catalog has shown.
            End {
                order: SAMPLE,
                count: THREE_PLANS,
                needs: Need::Person,
            },
            End {
                order: LOST,
                count: THREE_PLANS,
                needs: Need::Person,
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
        sells: Sells::default(),
        calls: Vec::new(),
        audit: true,
    }
}

fn other_site(site: &str) -> String {
    format!("{site}{}", SITE.get(8..).unwrap_or_default())
}

/// What an order of Shopify says of its site.
fn site_attribute(site: &str) -> String {
    let site = other_site(site);
    format!("\"note_attributes\": [{{\"name\": \"wix_site_id\", \"value\": \"{site}\"}}]")
}

/// An order that is paid and canceled, then the life of a subscription: its first cycle is bought, the others are not, and
/// its end takes it back.
fn wix(mut story: Story) -> Story {
    let paid = "wix.ecom.v1.order_payment_status_updated";
    let site = other_site("918aa946");
    let sited = [(
        "\"customFields\": []".to_owned(),
        format!("\"customFields\": [{{\"title\": \"wix_site_id\", \"value\": \"{site}\"}}]"),
    )];
    let later = [
        ("2026-04-02".to_owned(), "2026-05-02".to_owned()),
        ("\"cycleNumber\": 2".to_owned(), "\"cycleNumber\": 3".to_owned()),
        (
            "6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3002".to_owned(),
            "6d9f1c52-6a41-4f7e-9d1e-3b1a5f0c3003".to_owned(),
        ),
    ];
    let sample = |label, file, topic| Delivery::new(label, StorefrontKind::Wix, file, topic);
    let renewed = |label| sample(label, "order_paid_subscription_renewal.json", paid).with(&sited);
    story.chapters.extend([
        Chapter {
            title: "a subscription is bought",
            fault: None,
            deliveries: vec![sample("its first cycle", "order_paid_subscription_first.json", paid).with(&sited)],
        },
        Chapter {
            title: "it is renewed twice: Wix renews by itself, and nothing is bought",
            fault: None,
            deliveries: vec![renewed("its second cycle"), renewed("its third cycle").with(&later)],
        },
        Chapter {
            title: "it ends, and is taken back",
            fault: None,
            deliveries: vec![sample(
                "its contract is canceled",
                "subscription_contract_canceled.json",
                "wix.ecom.subscription_contracts.v1.subscription_contract_canceled",
            )],
        },
    ]);
    for end in &mut story.ends {
        end.order = ONE_TIME;
    }
    story.ends.push(End {
        order: CONTRACT,
        count: Count {
            packages: 1,
            instances: 1,
            ..Count::default()
        },
        needs: Need::Nobody,
    });
    story
}

/// The life of a subscription: its order is bought, its renewals are not, and its end takes back.
fn woocommerce() -> Story {
    let sample = |label, file, topic| Delivery::new(label, StorefrontKind::Woocommerce, file, topic);
    let paid = |label| sample(label, "order_updated_processing.json", "order.updated");
    let renewed = |label| sample(label, "order_created_renewal.json", "order.created");
    let nothing = |order| End {
        order,
        count: Count::default(),
        needs: Need::Nobody,
    };
    Story {
        chapters: vec![
            Chapter {
                title: "a subscription is bought: its first order is told twice",
                fault: None,
                deliveries: vec![
                    paid("paid"),
                    paid("the same again"),
                    paid("forged").forged(),
                    sample("the subscription", "subscription_created.json", "subscription.created"),
                ],
            },
            Chapter {
                title: "it is renewed twice: Wix renews by itself, and nothing is bought",
                fault: None,
                deliveries: vec![
                    renewed("the first renewal"),
                    renewed("the second renewal").with(&[("1750".to_owned(), "1751".to_owned())]),
                ],
            },
            Chapter {
                title: "it ends, and what it gave is taken back",
                fault: None,
                deliveries: vec![sample(
                    "the subscription has ended",
                    "subscription_updated_cancelled.json",
                    "subscription.updated",
                )],
            },
        ],
        ends: vec![
            End {
                order: "woocommerce/1727",
                count: Count {
                    packages: 1,
                    instances: 2,
                    on_site: 0,
                    voucher_packages: 1,
                    voucher_instances: 2,
                },
                needs: Need::Nobody,
            },
            nothing("woocommerce/1750"),
            nothing("woocommerce/1751"),
        ],
        sells: Sells::default(),
        calls: Vec::new(),
        audit: false,
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
        sells: Sells::default(),
        calls: Vec::new(),
        audit: false,
    }
}
