//! The sample order that these tests deliver.

use reseller_hooks::order::StorefrontKind;
use reseller_hooks_tests::post::Post;
use reseller_hooks_tests::world::START;

/// Three plans, of which one is for a site; each has a voucher.
pub(crate) const PAID: &str = include_str!("../../../events/shopify/orders_paid.json");
/// The same order, canceled.
pub(crate) const CANCELED: &str = include_str!("../../../events/shopify/orders_cancelled.json");
/// The key of the order in both.
pub(crate) const SAMPLE_KEY: &str = "shopify/9007199254740993";

/// A sample as Shopify delivers it just now.
pub(crate) fn shopify(topic: &str, sample: &str) -> Post {
    Post::sample(StorefrontKind::Shopify, topic, sample, START)
}
