//! The sections of a catalog, key by key. Nothing stops at the first problem: what can be read is read, so that
//! everything wrong is named at once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::billing::billing;
use super::policy::{
    OnPlanChange, OnRenewal, OnSiteChange, POLICY_KEYS, on_plan_change, on_renewal, on_site_change, policies, price,
};
use super::problem::CatalogErrors;
use super::table::{Notes, Table};
use super::{
    AccountRule, Component, Defaults, MAX_PURCHASES_PER_HOUR, OnCancel, ProductSpec, UnknownSku, VoucherSite,
    VoucherSpec,
};
use crate::ids::{AccountId, CountryCode, Sku};
use crate::time::Timestamp;

const DEFAULTS_KEYS: &[&str] = &[
    "not_before",
    "country",
    "on_cancel",
    "account",
    "allowed_accounts",
    "unknown_sku",
    "account_fields",
    "site_fields",
    "external_id_fields",
    "max_purchases_per_hour",
];
/// The keys of a product that is one component, beside `sku`; a `[[product.component]]` has the same.
const COMPONENT_KEYS: &[&str] = &[
    "catalog_product_id",
    "billing",
    "country",
    "on_cancel",
    "discount_code",
    "needs_site",
    "voucher",
    "on_renewal",
    "on_site_change",
    "on_plan_change",
    "price",
];
/// What a bundle says once for all of its components.
const BUNDLE_KEYS: &[&str] = &[
    "sku",
    "component",
    "country",
    "on_cancel",
    "on_renewal",
    "on_site_change",
    "on_plan_change",
];
const VOUCHER_KEYS: &[&str] = &[
    "catalog_product_id",
    "billing",
    "country",
    "countries",
    "discount_code",
    "site",
];

const ON_CANCEL: &[(&str, OnCancel)] = &[
    ("unassign", OnCancel::Unassign),
    ("cancel", OnCancel::Cancel),
    ("keep", OnCancel::Keep),
];

/// The most components of one SKU.
const MAX_COMPONENTS: usize = 50;

const NOT_BEFORE: &str =
    "say from when on orders are bought, such as \"2026-01-01T00:00:00Z\"; orders created earlier never are";
const PRODUCT_ID: &str = "give the product's GUID in Wix's reseller catalog";

type Products = BTreeMap<Sku, Vec<Component>>;

/// Reads a whole catalog.
pub(super) fn catalog(text: &str) -> Result<(Defaults, Products), CatalogErrors> {
    let mut notes = Notes::new(text);
    let root = parse(&mut notes, text)?;
    let root = Table {
        entry: String::new(),
        span: 0..0,
        table: root.get_ref(),
    };
    notes.unknown_keys(&root, &["defaults", "product"]);
    let defaults = defaults_section(&mut notes, &root);
    let inherited = Inherited {
        country: defaults.as_ref().and_then(|defaults| defaults.country.clone()),
        on_cancel: defaults
            .as_ref()
            .map_or(OnCancel::Unassign, |defaults| defaults.on_cancel),
        on_renewal: defaults.as_ref().and_then(|defaults| defaults.policies.on_renewal),
        on_site_change: defaults
            .as_ref()
            .map_or_else(OnSiteChange::default, |defaults| defaults.policies.on_site_change),
        on_plan_change: defaults
            .as_ref()
            .map_or_else(OnPlanChange::default, |defaults| defaults.policies.on_plan_change),
    };
    let mut products = Products::new();
    let mut lines: BTreeMap<Sku, usize> = BTreeMap::new();
    for table in notes.tables(&root, "product", "[[product]]").unwrap_or_default() {
        product(&mut notes, table, &inherited, &mut products, &mut lines);
    }
    checked(notes, defaults.map(|defaults| (defaults, products)))
}

/// Reads `[defaults]` alone. The rest has to be TOML, and is not looked at.
pub(super) fn only_defaults(text: &str) -> Result<Defaults, CatalogErrors> {
    let mut notes = Notes::new(text);
    let root = parse(&mut notes, text)?;
    let root = Table {
        entry: String::new(),
        span: 0..0,
        table: root.get_ref(),
    };
    let defaults = defaults_section(&mut notes, &root);
    checked(notes, defaults)
}

/// Reads the text as TOML. What would be missing after a syntax error is missing because of it, so it ends there.
fn parse<'i>(notes: &mut Notes, text: &'i str) -> Result<Spanned<DeTable<'i>>, CatalogErrors> {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        notes.note(&span, "", format!("not TOML: {}", error.message().replace('\n', "; ")));
    }
    if errors.is_empty() {
        Ok(root)
    } else {
        Err(problems(notes))
    }
}

/// What was read, if there was nothing to note.
fn checked<T>(mut notes: Notes, read: Option<T>) -> Result<T, CatalogErrors> {
    match read {
        Some(read) if notes.problems.is_empty() => Ok(read),
        Some(_) | None => Err(problems(&mut notes)),
    }
}

fn problems(notes: &mut Notes) -> CatalogErrors {
    let mut problems = std::mem::take(&mut notes.problems);
    problems.sort();
    problems.dedup();
    CatalogErrors(problems)
}

fn defaults_section(notes: &mut Notes, root: &Table<'_, '_>) -> Option<Defaults> {
    if !root.has("defaults") {
        notes.missing(root, "[defaults]", &format!("with `not_before`: {NOT_BEFORE}"));
    }
    let table = notes.table(root, "defaults", "[defaults]")?;
    defaults(notes, &table)
}

fn defaults(notes: &mut Notes, table: &Table<'_, '_>) -> Option<Defaults> {
    notes.unknown_keys(table, &[DEFAULTS_KEYS, POLICY_KEYS].concat());
    let not_before = not_before(notes, table);
    let country = notes.parsed(table, "country");
    let on_cancel = notes.choice(table, "on_cancel", ON_CANCEL);
    let accounts = [("default", AccountRule::Default), ("required", AccountRule::Required)];
    let account = notes.choice(table, "account", &accounts);
    let allowed_accounts = notes.parsed_list::<AccountId>(table, "allowed_accounts");
    let unknown = [("ignore", UnknownSku::Ignore), ("attention", UnknownSku::Attention)];
    let unknown_sku = notes.choice(table, "unknown_sku", &unknown);
    let mut fields = |key: &str| -> Vec<String> {
        let names = notes.parsed_list::<FieldName>(table, key).unwrap_or_default();
        names.into_iter().map(|name| name.0).collect()
    };
    let account_fields = fields("account_fields");
    let site_fields = fields("site_fields");
    let external_id_fields = fields("external_id_fields");
    let max_purchases_per_hour = notes.count(table, "max_purchases_per_hour");
    let policies = policies(notes, table);
    Some(Defaults {
        not_before: not_before?,
        country,
        on_cancel: on_cancel.unwrap_or(OnCancel::Unassign),
        account: account.unwrap_or(AccountRule::Default),
        allowed_accounts: allowed_accounts.unwrap_or_default().into_iter().collect(),
        unknown_sku: unknown_sku.unwrap_or(UnknownSku::Ignore),
        account_fields,
        site_fields,
        external_id_fields,
        max_purchases_per_hour: max_purchases_per_hour.unwrap_or(MAX_PURCHASES_PER_HOUR),
        policies,
    })
}

/// A string, or a date as TOML writes it without quotes.
fn not_before(notes: &mut Notes, table: &Table<'_, '_>) -> Option<Timestamp> {
    let Some(value) = table.get("not_before") else {
        notes.missing(table, "not_before", NOT_BEFORE);
        return None;
    };
    let written = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => {
            value.get_ref().type_str().to_owned()
        }
    };
    let parsed = written.parse();
    if let Err(error) = &parsed {
        let message = format!("`not_before`: {error}: a date, a time and a zone are needed");
        notes.note(&value.span(), &table.entry, message);
    }
    parsed.ok()
}

/// The name of an order or line property: not blank.
struct FieldName(String);

impl std::str::FromStr for FieldName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 255 {
            return Err("the name of a property has 1 to 255 characters");
        }
        Ok(Self(name.to_owned()))
    }
}

/// What a component takes from above where it says nothing itself.
struct Inherited {
    country: Option<CountryCode>,
    on_cancel: OnCancel,
    on_renewal: Option<OnRenewal>,
    on_site_change: OnSiteChange,
    on_plan_change: OnPlanChange,
}

fn product(
    notes: &mut Notes,
    mut table: Table<'_, '_>,
    inherited: &Inherited,
    products: &mut Products,
    lines: &mut BTreeMap<Sku, usize>,
) {
    "product".clone_into(&mut table.entry);
    let skus = skus(notes, &mut table);
    let components = if table.has("component") {
        bundle(notes, &table, inherited)
    } else {
        let known: Vec<&str> = [&["sku", "component"], COMPONENT_KEYS].concat();
        notes.unknown_keys(&table, &known);
        component(notes, &table, inherited).into_iter().collect()
    };
    for (sku, span) in skus {
        let line = notes.line(&span);
        match lines.entry(sku.clone()) {
            Entry::Occupied(first) => {
                let message = format!(
                    "the SKU {:?} stands in line {} already: an SKU has one entry (several products of one SKU are [[product.component]]s)",
                    sku.as_str(),
                    first.get()
                );
                notes.note(&span, &table.entry, message);
            }
            Entry::Vacant(place) => {
                place.insert(line);
                products.insert(sku, components.clone());
            }
        }
    }
}

/// The entry's SKU or SKUs; the first one names the entry in problems.
fn skus(notes: &mut Notes, table: &mut Table<'_, '_>) -> Vec<(Sku, Range<usize>)> {
    let wanted = "the storefront's SKU in quotes, or a list of SKUs that all mean this";
    let Some(value) = table.get("sku") else {
        notes.missing(table, "sku", wanted);
        return Vec::new();
    };
    let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref().as_array() {
        Some(list) => list.iter().collect(),
        None => vec![value],
    };
    if let Some(first) = items.first().and_then(|item| item.get_ref().as_str()) {
        let shown: String = first.chars().take(60).collect();
        table.entry = format!("product {shown:?}");
    }
    if items.is_empty() {
        notes.note(
            &value.span(),
            &table.entry,
            format!("`sku` is an empty list: wanted is {wanted}"),
        );
    }
    let mut skus = Vec::new();
    for item in items {
        match item.get_ref().as_str().map(str::parse::<Sku>) {
            Some(Ok(sku)) => skus.push((sku, item.span())),
            Some(Err(error)) => notes.note(&item.span(), &table.entry, format!("`sku`: {error}")),
            None => {
                let found = item.get_ref().type_str();
                let message = format!("`sku` is of the type {found}: wanted is {wanted}");
                notes.note(&item.span(), &table.entry, message);
            }
        }
    }
    skus
}

/// One SKU, several products. `country` and `on_cancel` may be said once for all.
fn bundle(notes: &mut Notes, table: &Table<'_, '_>, inherited: &Inherited) -> Vec<Component> {
    for key in COMPONENT_KEYS.iter().filter(|key| !BUNDLE_KEYS.contains(key)) {
        if let Some(value) = table.get(key) {
            let message = format!(
                "`{key}` of a bundle belongs to its components: move it below one of its [[product.component]]s"
            );
            notes.note(&value.span(), &table.entry, message);
        }
    }
    let known: Vec<&str> = [&["sku", "component"], COMPONENT_KEYS].concat();
    notes.unknown_keys(table, &known);
    let inherited = Inherited {
        country: notes.parsed(table, "country").or_else(|| inherited.country.clone()),
        on_cancel: notes
            .choice(table, "on_cancel", ON_CANCEL)
            .unwrap_or(inherited.on_cancel),
        on_renewal: on_renewal(notes, table).or(inherited.on_renewal),
        on_site_change: on_site_change(notes, table).unwrap_or(inherited.on_site_change),
        on_plan_change: on_plan_change(notes, table).unwrap_or(inherited.on_plan_change),
    };
    let mut tables = notes
        .tables(table, "component", "[[product.component]]")
        .unwrap_or_default();
    if tables.is_empty() || tables.len() > MAX_COMPONENTS {
        let message = format!(
            "a bundle has 1 to {MAX_COMPONENTS} [[product.component]]s, and this one has {}",
            tables.len()
        );
        notes.note(&table.span, &table.entry, message);
    }
    let mut components = Vec::new();
    for (at, table) in tables.iter_mut().enumerate() {
        table.entry = format!("{}, component {}", table.entry, at + 1);
        notes.unknown_keys(table, COMPONENT_KEYS);
        components.extend(component(notes, table, &inherited));
    }
    components
}

fn component(notes: &mut Notes, table: &Table<'_, '_>, inherited: &Inherited) -> Option<Component> {
    let catalog_product_id = notes.parsed(table, "catalog_product_id");
    if !table.has("catalog_product_id") {
        notes.missing(table, "catalog_product_id", PRODUCT_ID);
    }
    let billing = billing(notes, table);
    let country = notes.parsed(table, "country");
    let discount_code = notes.parsed(table, "discount_code");
    let needs_site = notes.flag(table, "needs_site").unwrap_or(false);
    let on_cancel = notes.choice(table, "on_cancel", ON_CANCEL);
    let on_renewal = on_renewal(notes, table).or(inherited.on_renewal);
    let on_site_change = on_site_change(notes, table).unwrap_or(inherited.on_site_change);
    let on_plan_change = on_plan_change(notes, table).unwrap_or(inherited.on_plan_change);
    let price = price(notes, table);
    let voucher = notes
        .table(table, "voucher", &format!("{}, voucher", table.entry))
        .and_then(|table| voucher(notes, &table));
    Some(Component {
        product: ProductSpec {
            catalog_product_id: catalog_product_id?,
            billing,
            country: country.or_else(|| inherited.country.clone()),
            discount_code,
            needs_site,
        },
        voucher,
        on_cancel: on_cancel.unwrap_or(inherited.on_cancel),
        on_renewal,
        on_site_change,
        on_plan_change,
        price,
    })
}

fn voucher(notes: &mut Notes, table: &Table<'_, '_>) -> Option<VoucherSpec> {
    notes.unknown_keys(table, VOUCHER_KEYS);
    let catalog_product_id = notes.parsed(table, "catalog_product_id");
    if !table.has("catalog_product_id") {
        notes.missing(table, "catalog_product_id", PRODUCT_ID);
    }
    let billing = billing(notes, table);
    let country = notes.parsed::<CountryCode>(table, "country");
    let countries = notes.parsed_list::<CountryCode>(table, "countries");
    if let (Some(list), Some(value)) = (&countries, table.get("countries"))
        && list.is_empty()
        && value.get_ref().as_array().is_some_and(|array| array.is_empty())
    {
        let message =
            "`countries` is an empty list: leave it out where the voucher exists everywhere, or take the voucher out";
        notes.note(&value.span(), &table.entry, message.to_owned());
    }
    if let (Some(country), Some(list)) = (&country, &countries)
        && !list.is_empty()
        && !list.contains(country)
    {
        let message = format!("`country` is {country}, which is not among `countries`: it would never be bought");
        notes.note(&table.span, &table.entry, message);
    }
    let discount_code = notes.parsed(table, "discount_code");
    let sites = [("inherit", VoucherSite::Inherit), ("none", VoucherSite::None)];
    let site = notes.choice(table, "site", &sites).unwrap_or(VoucherSite::Inherit);
    Some(VoucherSpec {
        catalog_product_id: catalog_product_id?,
        billing,
        country,
        countries: countries.unwrap_or_default().into_iter().collect(),
        discount_code,
        site,
    })
}
