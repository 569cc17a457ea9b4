//! What can be typed after the commands that change no order.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use reseller_hooks::order::StorefrontKind;

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// How long a test order may take from the storefront's address to the ledger
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) wait: u64,
    /// Deliver nothing: look only
    #[arg(long)]
    pub(crate) no_delivery: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Look {
    /// End with 6 where something needs a person, and with 7 where nothing is bought
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Compare all packages at Wix with the ledger, from where the last run stopped
    Run {
        /// Packages created from this time on (2026-01-31T09:30:00Z); the daily audit stays where it is
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Packages created before this time
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Where the audit stands
    Show,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Secrets {
    /// Say what is wrong with them. Needs the right to read them
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Only lines about this order
    #[arg(long, value_name = "KEY")]
    pub(crate) order: Option<String>,
    /// Only deliveries of which nothing was stored: refused, parked, or nothing for us, each with its reason
    #[arg(long, conflicts_with = "order")]
    pub(crate) not_stored: bool,
    /// From so many minutes ago
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub(crate) since: u64,
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// What another catalog would change, by SKU
    Diff {
        /// The other catalog
        other: PathBuf,
        /// The catalog that is deployed
        #[arg(default_value = "catalog/catalog.toml")]
        file: PathBuf,
    },
    /// Say everything that is wrong with a catalog
    Check {
        /// The catalog
        #[arg(default_value = "catalog/catalog.toml")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The body, such as events/shopify/orders_paid.json
    pub(crate) event: PathBuf,
    #[command(flatten)]
    pub(crate) whose: Whose,
    /// The topic, where the storefront says it beside the body: orders/paid (Shopify), order.updated (WooCommerce)
    #[arg(long, default_value = "")]
    pub(crate) topic: String,
    /// Leave the times in the body as they are; else they are moved to now
    #[arg(long)]
    pub(crate) as_it_is: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: PathBuf,
}

/// Whose delivery it is.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// Whose delivery it is
    #[arg(long, value_name = "NAME")]
    pub(crate) storefront: StorefrontKind,
    /// The shop, where the storefront has several
    #[arg(long, value_name = "NAME")]
    pub(crate) shop: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanOptions {
    /// Its key, or what a customer would say
    #[arg(required_unless_present = "event", conflicts_with = "event")]
    pub(crate) order: Option<String>,
    /// What would be if this delivery came now: a body of the storefront's, such as events/shopify/orders_paid.json
    #[arg(long, value_name = "FILE", requires = "storefront")]
    pub(crate) event: Option<PathBuf>,
    /// Whose delivery it is
    #[arg(long, value_name = "NAME", requires = "event")]
    pub(crate) storefront: Option<StorefrontKind>,
    /// The shop, where the storefront has several
    #[arg(long, value_name = "NAME", requires = "event")]
    pub(crate) shop: Option<String>,
    /// The topic, where the storefront says it beside the body [default: the one of a changed order]
    #[arg(long, requires = "event")]
    pub(crate) topic: Option<String>,
    /// Another catalog than the one that is deployed
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Packages {
    /// One package
    Get {
        /// Its ID
        package: String,
        /// The account that it belongs to [default: the reseller's own, else the one that Wix knows]
        #[arg(long, value_name = "ID")]
        account: Option<String>,
    },
    /// Packages to which all that is said applies, the newest first. What is quite new may be missing
    Query(Query),
}

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// With this external ID
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Of this account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// With something on this site
    #[arg(long, value_name = "ID")]
    pub(crate) site: Option<String>,
    /// Created at this time or later (2026-01-31T09:30:00Z)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Created before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// How many at the most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) limit: u8,
    /// From where a list before stopped
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The exported orders, as the storefront's own API gives them: one order, a list, or `orders` or `data` with a list in
    /// it; for Stripe its events, for Standard Webhooks the deliveries
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) whose: Whose,
    /// Deliver what was never heard of, and what is newer than heard, as the storefront would
    #[arg(long)]
    pub(crate) deliver: bool,
    /// Refuse to deliver more than this
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) max: usize,
    /// Ask nothing
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// The product to buy and cancel: the cheapest one of the contract
    #[arg(long, value_name = "ID")]
    pub(crate) product: String,
    /// Another product of the same type, to adjust to; else adjusting is not tried
    #[arg(long, value_name = "ID")]
    pub(crate) other_product: Option<String>,
    /// Two sites of the account, to assign to and to move between; else neither is tried
    #[arg(long, num_args = 2, value_names = ["SITE", "OTHER"])]
    pub(crate) sites: Vec<String>,
    /// How the product is billed: once, or every month or year
    #[arg(long, value_enum, default_value_t)]
    pub(crate) billing: Billing,
    /// Where it is sold
    #[arg(long, value_name = "CODE", default_value = "US")]
    pub(crate) country: String,
    /// How long a package that no query shows is waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) lag: u64,
    /// Ask nothing. It buys up to four packages, each with one product, and cancels them
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Billing {
    /// Once
    Once,
    /// Every month
    Monthly,
    /// Every year
    #[default]
    Yearly,
}
