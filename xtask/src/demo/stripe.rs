//! The demo's story of Stripe: the life of one subscription, with an upgrade that is adjusted and a change of site.

use reseller_hooks::order::StorefrontKind;

use super::chapter::{Chapter, End, Need, SITE, Story};
use super::deliver::Delivery;
use super::orders::Count;
use super::sells::Sells;

/// What the samples say of the account.
const ACCOUNT: &str = "\"wix_account_id\": \"2250b761-b31c-453b-885b-76e9fc04bdc6\"";

/// The site that the subscription comes to name.
const OTHER_SITE: &str = "918aa944-ab4f-40bc-88c3-8dfd02fae7cd";

/// The larger plan, and what lets a subscription change to it and move.
const SELLS: Sells = Sells {
    defaults: "on_plan_change = \"adjust\"\non_site_change = \"move\"\n",
    products: r#"
[[product]]
sku = "PREMIUM-PLUS-1Y"
catalog_product_id = "2c6db353-458a-41dd-b4f5-cb8a05be6bff"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }

[product.voucher]
catalog_product_id = "040639ae-277e-4a73-a4d2-1b6801b92f45"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
"#,
};

/// A subscription from its first invoice to its end. Its upgrade is one adjustment for each unit, its renewals pass without
/// a call to Wix.
pub(super) fn story() -> Story {
    // The samples have prices of Stripe's, and the first ones name no site.
    let small = [("price_1SamplePremium1Y".to_owned(), "PREMIUM-1Y".to_owned())];
    let large = [("price_1SampleLarger1Y".to_owned(), "PREMIUM-PLUS-1Y".to_owned())];
    let renewed_as = [("price_1SamplePremium1Y".to_owned(), "PREMIUM-PLUS-1Y".to_owned())];
    let sited = |site: &str| [(ACCOUNT.to_owned(), format!("{ACCOUNT}, \"wix_site_id\": \"{site}\""))];
    let sample = |label, file| Delivery::new(label, StorefrontKind::Stripe, file, "");
    let first = |label, file| sample(label, file).with(&small).with(&sited(SITE));
    let renewed = |label| sample(label, "invoice_paid_renewal.json").with(&renewed_as);
    let later = [
        ("in_1SampleRenewal".to_owned(), "in_1SampleRenewalAgain".to_owned()),
        ("18039968".to_owned(), "18355328".to_owned()),
    ];
    let at_the_end = [("17728000".to_owned(), "18671000".to_owned())];
    let chapter = |title, deliveries| Chapter {
        title,
        fault: None,
        deliveries,
    };
    let chapters = vec![
        chapter(
            "a subscription is paid, and told by four events",
            vec![
                first("it begins", "customer_subscription_created.json"),
                sample("its session", "checkout_session_completed_subscription.json"),
                first("its first invoice is paid", "invoice_paid_first.json"),
                sample("by which payment", "invoice_payment_paid.json"),
                first("it is active", "customer_subscription_updated_active.json"),
                sample("forged", "invoice_paid_first.json").forged(),
            ],
        ),
        chapter(
            "it is upgraded: what was bought is adjusted once the change is paid",
            vec![
                sample("another price", "customer_subscription_updated_price.json")
                    .with(&large)
                    .with(&sited(SITE)),
                sample("the change is paid", "invoice_paid_plan_change.json")
                    .with(&small)
                    .with(&large)
                    .with(&sited(SITE)),
            ],
        ),
        chapter(
            "it names another site: the plan and its free extra are moved there",
            vec![sample("another site", "customer_subscription_updated_site.json").with(&large)],
        ),
        chapter(
            "it is renewed twice, without a call to Wix",
            vec![renewed("renewed"), renewed("renewed again").with(&later)],
        ),
        chapter(
            "it ends, and is taken back",
            vec![
                sample("it ends", "customer_subscription_deleted.json")
                    .with(&renewed_as)
                    .with(&sited(OTHER_SITE))
                    .with(&at_the_end),
            ],
        ),
    ];
    Story {
        chapters,
        ends: vec![End {
            order: "sub_1SampleSubscription",
            count: Count {
                packages: 1,
                instances: 2,
                on_site: 0,
                voucher_packages: 1,
                voucher_instances: 2,
            },
            needs: Need::Nobody,
        }],
        sells: SELLS,
        // Two units; one of them is on the site, with its free extra.
        calls: vec![("adjustProductInstance", 2), ("assignProductInstance", 2)],
        audit: false,
    }
}
