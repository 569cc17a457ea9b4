//! What this Wix is made of: keys, accounts, sites, products, and how it behaves where the documentation leaves it open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::guid::Guid;
use crate::model::{BillingInfo, CycleUnit};

/// The main account of [`Config::default`].
pub const DEFAULT_ACCOUNT: Guid = Guid::from_u128(0x5a5d_b0c5_0000_4000_8000_0000_0000_0001);

/// The API key of [`Config::default`].
pub const DEFAULT_API_KEY: &str = "sandbox-api-key";

/// What this Wix is made of. As JSON it is the file of `--config` and the body of `/_sandbox/settings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Config {
    /// IDs are derived from it: the same seed and the same calls give the same IDs.
    pub seed: u64,
    /// The keys that are let in, each with its reseller's main account.
    pub api_keys: Vec<ApiKey>,
    /// Sub-account to the main account above it. A main account needs no entry.
    pub accounts: BTreeMap<Guid, Guid>,
    /// Whether an account that is not in `accounts` is taken for a sub-account of the key's main account.
    pub accept_any_account: bool,
    /// Site to the account it belongs to.
    pub sites: BTreeMap<Guid, Guid>,
    /// Whether a site that is not in `sites` is taken for one of the account that names it.
    pub accept_any_site: bool,
    /// What can be bought.
    pub catalog: Vec<Product>,
    /// Whether a product that is not in `catalog` can be bought, with any billing and without rules.
    pub accept_any_product: bool,
    /// What an idempotency key does. Undocumented at Wix, so a client must get on with each.
    pub idempotency: Idempotency,
    /// How long queries show packages as they were before a change; Get is never late.
    pub query_delay_ms: u64,
    /// How long a new instance is `PENDING`; `None`: until somebody sets its status.
    pub pending_to_enabled_ms: Option<u64>,
    /// Requests that one key may make in any 60 seconds; `None`: any number.
    pub rate_limit_per_minute: Option<u32>,
    /// Seconds in `Retry-After` of a 429; `None`: no such header, as nothing is documented.
    pub retry_after: Option<u32>,
    /// Whether canceling an instance also cancels those that name it as `referenceProductInstanceId`.
    pub cancel_takes_dependents: bool,
    /// Whether answers to writes carry `x-wix-consistent`, and a query that echoes it is not late. Observed in Wix's SDK only.
    pub consistent_token: bool,
    /// Which of the spellings that documents disagree about is written.
    pub spelling: Spelling,
    /// How many calls are remembered; older ones are forgotten first.
    pub remembered_calls: usize,
}

impl Default for Config {
    /// One key ([`DEFAULT_API_KEY`]) of one reseller ([`DEFAULT_ACCOUNT`]); any account and any site; the sample catalog; keys
    /// honoured; queries without delay; instances `ENABLED` after a second; 200 requests a minute.
    fn default() -> Self {
        Self {
            seed: 0,
            api_keys: vec![ApiKey {
                value: DEFAULT_API_KEY.to_owned(),
                account: DEFAULT_ACCOUNT,
            }],
            accounts: BTreeMap::new(),
            accept_any_account: true,
            sites: BTreeMap::new(),
            accept_any_site: true,
            catalog: Product::samples(),
            accept_any_product: false,
            idempotency: Idempotency::Honour,
            query_delay_ms: 0,
            pending_to_enabled_ms: Some(1_000),
            rate_limit_per_minute: Some(200),
            retry_after: None,
            cancel_takes_dependents: true,
            consistent_token: false,
            spelling: Spelling::default(),
            remembered_calls: 100_000,
        }
    }
}

impl Config {
    /// The product of that ID, where the catalog has it.
    pub fn product(&self, id: Guid) -> Option<&Product> {
        self.catalog.iter().find(|product| product.id == id)
    }
}

/// A key that is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKey {
    /// What `Authorization` must be, as it is.
    pub value: String,
    /// The main account it belongs to.
    #[serde(default = "default_account")]
    pub account: Guid,
}

fn default_account() -> Guid {
    DEFAULT_ACCOUNT
}

/// Something that can be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Product {
    /// What `catalogProductId` names.
    pub id: Guid,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// Its product type: instances are adjusted within one, and a site may take only one of it.
    #[serde(default)]
    pub kind: String,
    /// The billing it is offered with. With several, a create must name one; with none, anything goes.
    #[serde(default)]
    pub cycles: Vec<BillingInfo>,
    /// What it has to do with sites.
    #[serde(default)]
    pub site: SiteRule,
    /// Whether a site takes only one living instance of its `kind`.
    #[serde(default)]
    pub unique_per_site: bool,
    /// How many living instances one account may have.
    #[serde(default)]
    pub limit_per_account: Option<u32>,
    /// Whether it can only be had with a `referenceProductInstanceId`.
    #[serde(default)]
    pub voucher_only: bool,
    /// Whether Adjust refuses it.
    #[serde(default)]
    pub not_adjustable: bool,
}

/// What a product has to do with sites.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SiteRule {
    /// It may be on one or float.
    #[default]
    Optional,
    /// It cannot be created floating.
    Required,
    /// It cannot be on one.
    Never,
}

impl Product {
    /// A product that floats or not, with these cycles and no rules.
    pub fn new(id: Guid, name: &str, kind: &str, cycles: Vec<BillingInfo>) -> Self {
        Self {
            id,
            name: name.to_owned(),
            kind: kind.to_owned(),
            cycles,
            site: SiteRule::Optional,
            unique_per_site: false,
            limit_per_account: None,
            voucher_only: false,
            not_adjustable: false,
        }
    }

    /// The sample catalog: two plans of one type, the domain voucher, and business email.
    pub fn samples() -> Vec<Self> {
        let (year, month) = (
            BillingInfo::recurring(CycleUnit::Year, 1),
            BillingInfo::recurring(CycleUnit::Month, 1),
        );
        let plan = |bits, name| Self {
            unique_per_site: true,
            ..Self::new(Guid::from_u128(bits), name, "premium", vec![year, month])
        };
        vec![
            plan(0x00ba_7923_2655_402a_852d_2b21_0056_8bcf, "Premium plan"),
            plan(0x2c6d_b353_458a_41dd_b4f5_cb8a_05be_6bff, "Larger premium plan"),
            Self {
                not_adjustable: true,
                ..Self::new(
                    Guid::from_u128(0x0406_39ae_277e_4a73_a4d2_1b68_01b9_2f45),
                    "Domain voucher",
                    "domain",
                    vec![year],
                )
            },
            Self::new(
                Guid::from_u128(0x53cf_c9f8_197a_4e12_b570_ad9e_d0cb_4e2c),
                "Business email",
                "email",
                vec![year, month],
            ),
        ]
    }
}

/// What a second call with the same key, operation and account gets. Wix documents only the words "Idempotency key".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "mode")]
pub enum Idempotency {
    /// The first answer, where it was a success; another body is refused with 409.
    Honour,
    /// As a new call.
    Ignore,
    /// The first answer, also where it was a failure.
    ReplayFailures,
    /// As `Honour`, for this long; then as a new call.
    #[serde(rename_all = "camelCase")]
    Forget {
        /// Milliseconds from the first call.
        after_ms: u64,
    },
    /// The package as it is now, where the first call succeeded.
    LatestState,
    /// 409, where the first call succeeded.
    Conflict,
}

/// Which of the spellings that Wix's documents disagree about is written. The default is that of the newest pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Spelling {
    /// Where an instance's billing stands.
    pub billing: BillingSpelling,
    /// `pagingMetadata` instead of `metadata`.
    pub paging_metadata: bool,
    /// `updated_package` instead of `updatedPackage`.
    pub snake_updated_package: bool,
    /// The word for `ENABLED`.
    pub enabled: String,
}

impl Default for Spelling {
    fn default() -> Self {
        Self {
            billing: BillingSpelling::BillingInfo,
            paging_metadata: false,
            snake_updated_package: false,
            enabled: "ENABLED".to_owned(),
        }
    }
}

/// Where an instance's billing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BillingSpelling {
    /// `billingInfo`.
    BillingInfo,
    /// `paymentInfo`.
    PaymentInfo,
    /// `contractDetails.billingInfo`.
    ContractDetails,
}
