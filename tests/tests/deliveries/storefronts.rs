//! One order of each storefront, with the SKUs and the times of its samples, from the signed body to the package.

use reseller_hooks::order::StorefrontKind::{self, Shopify, Standard, Stripe, Wix, Woocommerce};
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::deployment::{Deployment, catalog_of};
use reseller_hooks_tests::world::violations;

/// A delivery: its topic, where that is a header, and its body.
type Told = (&'static str, &'static str);

/// A storefront, its paid order and the order's cancellation.
const LIVES: [(StorefrontKind, Told, Told); 5] = [
    (
        Shopify,
        ("orders/paid", include_str!("../../../events/shopify/orders_paid.json")),
        (
            "orders/cancelled",
            include_str!("../../../events/shopify/orders_cancelled.json"),
        ),
    ),
    (
        Wix,
        (
            "",
            include_str!("../../../events/wix/order_payment_status_updated_paid.json"),
        ),
        ("", include_str!("../../../events/wix/order_canceled.json")),
    ),
    (
        Woocommerce,
        (
            "order.updated",
            include_str!("../../../events/woocommerce/order_updated_processing.json"),
        ),
        (
            "order.updated",
            include_str!("../../../events/woocommerce/order_updated_cancelled.json"),
        ),
    ),
    (
        Stripe,
        (
            "",
            include_str!("../../../events/stripe/checkout_session_completed.json"),
        ),
        ("", include_str!("../../../events/stripe/charge_refunded.json")),
    ),
    (
        Standard,
        ("", include_str!("../../../events/standard/order_paid.json")),
        ("", include_str!("../../../events/standard/order_canceled.json")),
    ),
];

#[test]
fn each_storefronts_order_is_bought_and_taken_back_when_canceled() {
    let skus = ["PREMIUM-1Y", "EMAIL-1Y", "price_1SamplePremium1Y"];
    for (kind, (topic, paid), (canceled_topic, canceled)) in LIVES {
        let shop = Deployment::selling(&catalog_of(&skus, "ignore"), "2026-03-02T14:15:00Z");
        assert_eq!(shop.deliver(kind, topic, paid), Disposition::Stored, "{kind}");
        shop.settle();
        let units = |of: fn(&Deployment, &str) -> usize| skus.iter().map(|sku| of(&shop, sku)).sum::<usize>();
        let alive = units(|shop, sku| shop.world.alive(sku));
        assert!(alive > 0, "{kind}");
        assert!(units(|shop, sku| shop.world.on_site(sku)) > 0, "{kind}");

        shop.world.clock.set("2026-03-07T00:00:00Z".parse().unwrap());
        assert_eq!(
            shop.deliver(kind, canceled_topic, canceled),
            Disposition::Stored,
            "{kind}"
        );
        shop.settle();
        assert_eq!(units(|shop, sku| shop.world.on_site(sku)), 0, "{kind}");
        assert_eq!(units(|shop, sku| shop.world.alive(sku)), alive, "{kind}");
        assert_eq!(shop.shelf().messages, [], "{kind}");
        assert_eq!(violations(&shop.world), Vec::<String>::new(), "{kind}");
    }
}
