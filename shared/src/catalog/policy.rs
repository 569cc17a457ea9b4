//! What the reseller decides about things that shops mean either way: trials, disputes, unbilled changes, renewals, and
//! what a product costs in the shop.

use serde::{Deserialize, Serialize};
use toml::de::DeValue;

use super::table::{Notes, Table};

/// Whether a line on trial is bought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTrial {
    /// At once: the shop chose to give it.
    #[default]
    Buy,
    /// When it is paid for.
    Wait,
}

/// What an open or lost dispute does. An inquiry never takes anything back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDispute {
    /// A person is told.
    #[default]
    Attention,
    /// The products are taken back, and given back when the dispute is won.
    TakeBack,
}

/// What a change of a subscription does that no invoice has billed yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnpaidChanges {
    /// Nothing until it is paid; after an hour a person is told.
    #[default]
    Attention,
    /// It counts at once.
    Now,
}

/// What a renewal of a `ONE_TIME` product does. A RECURRING product is never bought for a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRenewal {
    /// Nothing.
    Nothing,
    /// It is bought again.
    Buy,
}

/// What an order does that names another site than the one its product was planned for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSiteChange {
    /// A person is told.
    #[default]
    Attention,
    /// The product instance, and its voucher after it, is moved to the new site.
    Move,
}

/// What a line does whose SKU becomes another one that is paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnPlanChange {
    /// A person is told.
    #[default]
    Attention,
    /// The product instance is adjusted to the other product, where the entries of both SKUs say so.
    Adjust,
}

/// What is done with a marketplace's orders that are parts of another order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suborders {
    /// They are ignored, and their parents are taken.
    #[default]
    Ignore,
    /// They are taken, and their parents are ignored.
    Only,
}

/// The policies of `[defaults]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// Whether a line on trial is bought.
    pub on_trial: OnTrial,
    /// What a dispute does.
    pub on_dispute: OnDispute,
    /// What an unbilled change of a subscription does.
    pub unpaid_changes: UnpaidChanges,
    /// What a renewal of a `ONE_TIME` product does. It is in every [`Component`](super::Component) already.
    pub on_renewal: Option<OnRenewal>,
    /// What another site does. It is in every [`Component`](super::Component) already.
    pub on_site_change: OnSiteChange,
    /// What another SKU of a line does. It is in every [`Component`](super::Component) already.
    pub on_plan_change: OnPlanChange,
    /// Statuses of a `WooCommerce` order that mean paid, beside `processing` and `completed`.
    pub paid_statuses: Vec<String>,
    /// What is done with suborders.
    pub suborders: Suborders,
}

/// The keys of `[defaults]` that are read here.
pub(super) const POLICY_KEYS: &[&str] = &[
    "on_trial",
    "on_dispute",
    "unpaid_changes",
    "on_renewal",
    "on_site_change",
    "on_plan_change",
    "paid_statuses",
    "suborders",
];

const ON_RENEWAL: &[(&str, OnRenewal)] = &[("nothing", OnRenewal::Nothing), ("buy", OnRenewal::Buy)];

pub(super) fn policies(notes: &mut Notes, table: &Table<'_, '_>) -> Policies {
    let on_trial = notes.choice(table, "on_trial", &[("buy", OnTrial::Buy), ("wait", OnTrial::Wait)]);
    let disputes = [("attention", OnDispute::Attention), ("take_back", OnDispute::TakeBack)];
    let on_dispute = notes.choice(table, "on_dispute", &disputes);
    let changes = [("attention", UnpaidChanges::Attention), ("now", UnpaidChanges::Now)];
    let unpaid_changes = notes.choice(table, "unpaid_changes", &changes);
    let suborders = [("ignore", Suborders::Ignore), ("only", Suborders::Only)];
    let suborders = notes.choice(table, "suborders", &suborders);
    let statuses = notes.parsed_list::<Status>(table, "paid_statuses").unwrap_or_default();
    Policies {
        on_trial: on_trial.unwrap_or_default(),
        on_dispute: on_dispute.unwrap_or_default(),
        unpaid_changes: unpaid_changes.unwrap_or_default(),
        on_renewal: on_renewal(notes, table),
        on_site_change: on_site_change(notes, table).unwrap_or_default(),
        on_plan_change: on_plan_change(notes, table).unwrap_or_default(),
        paid_statuses: statuses.into_iter().map(|status| status.0).collect(),
        suborders: suborders.unwrap_or_default(),
    }
}

pub(super) fn on_renewal(notes: &mut Notes, table: &Table<'_, '_>) -> Option<OnRenewal> {
    notes.choice(table, "on_renewal", ON_RENEWAL)
}

pub(super) fn on_site_change(notes: &mut Notes, table: &Table<'_, '_>) -> Option<OnSiteChange> {
    let choices = [("attention", OnSiteChange::Attention), ("move", OnSiteChange::Move)];
    notes.choice(table, "on_site_change", &choices)
}

pub(super) fn on_plan_change(notes: &mut Notes, table: &Table<'_, '_>) -> Option<OnPlanChange> {
    let choices = [("attention", OnPlanChange::Attention), ("adjust", OnPlanChange::Adjust)];
    notes.choice(table, "on_plan_change", &choices)
}

/// A status of `WooCommerce` as its API writes it, without the database's prefix.
struct Status(String);

impl std::str::FromStr for Status {
    type Err = &'static str;

    fn from_str(status: &str) -> Result<Self, Self::Err> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let status = status.trim();
        let status = status.strip_prefix("wc-").unwrap_or(status);
        if status.is_empty() || status.len() > 40 || !status.chars().all(fits) {
            return Err("a status has 1 to 40 of a-z, 0-9, - and _, such as \"partially-shipped\"");
        }
        Ok(Self(status.to_owned()))
    }
}

/// What one unit of a product costs in the shop, before discounts and taxes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Price {
    /// In the currency's smallest unit.
    pub amount: u32,
    /// ISO 4217, in capital letters.
    pub currency: String,
}

/// A three-letter code of a currency.
struct Currency(String);

impl std::str::FromStr for Currency {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let fits = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        fits.then(|| Self(code.to_owned()))
            .ok_or("a currency has three capital letters, such as \"USD\"")
    }
}

pub(super) fn price(notes: &mut Notes, table: &Table<'_, '_>) -> Option<Price> {
    if let Some(value) = table.get("price")
        && matches!(value.get_ref(), DeValue::Float(_) | DeValue::Integer(_))
    {
        let message =
            "`price` is written as { amount = 8000, currency = \"USD\" }, in the smallest unit of the currency";
        notes.note(&value.span(), &table.entry, message.to_owned());
        return None;
    }
    let inner = notes.table(table, "price", &format!("{}, price", table.entry))?;
    notes.unknown_keys(&inner, &["amount", "currency"]);
    let amount = notes.count(&inner, "amount");
    let currency = notes.parsed::<Currency>(&inner, "currency");
    for (key, wanted) in [
        (
            "amount",
            "in the smallest unit of the currency, such as 8000 for 80.00 USD",
        ),
        ("currency", "three capital letters, such as \"USD\""),
    ] {
        if !inner.has(key) {
            notes.missing(&inner, key, wanted);
        }
    }
    Some(Price {
        amount: amount?,
        currency: currency?.0,
    })
}
