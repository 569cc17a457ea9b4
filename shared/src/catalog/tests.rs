//! What a catalog that is taken means; `refused` has what is wrong with others.

use super::*;
use crate::wix::CycleUnit;

mod refused;

const PLAN: &str = "00ba7923-2655-402a-852d-2b2100568bcf";
const DOMAIN: &str = "040639ae-277e-4a73-a4d2-1b6801b92f45";
const MAIL: &str = "5d3a8f0e-6c41-4b7b-9a52-0f4e8c7d1b26";
const DEFAULTS: &str = "[defaults]\nnot_before = \"2026-01-01T00:00:00Z\"\n";

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn read(rest: &str) -> Catalog {
    Catalog::from_toml(&format!("{DEFAULTS}{rest}")).unwrap()
}

/// The problems of a catalog whose `[defaults]`, in lines 1 and 2, are right.
fn problems(rest: &str) -> Vec<String> {
    let errors = Catalog::from_toml(&format!("{DEFAULTS}{rest}")).unwrap_err();
    errors.0.iter().map(ToString::to_string).collect()
}

fn plan(billing: Option<BillingInfo>) -> ProductSpec {
    ProductSpec {
        catalog_product_id: PLAN.parse().unwrap(),
        billing,
        country: None,
        discount_code: None,
        needs_site: false,
    }
}

#[test]
fn the_sample_at_the_root_means_what_its_comments_say() {
    let catalog = Catalog::from_toml(include_str!("../../../catalog/catalog.toml")).unwrap();
    let us = Some("US".parse::<CountryCode>().unwrap());
    let year = Some(BillingInfo::recurring(CycleUnit::Year, 1));
    assert_eq!(
        catalog.components(&sku("PREMIUM-1Y")),
        Some(
            &[Component {
                product: ProductSpec {
                    country: us.clone(),
                    ..plan(year.clone())
                },
                voucher: Some(VoucherSpec {
                    catalog_product_id: DOMAIN.parse().unwrap(),
                    billing: year.clone(),
                    country: None,
                    countries: BTreeSet::new(),
                    discount_code: None,
                    site: VoucherSite::Inherit,
                }),
                on_cancel: OnCancel::Unassign,
                on_renewal: None,
                on_site_change: OnSiteChange::Attention,
                on_plan_change: OnPlanChange::Attention,
                price: None,
            }][..]
        )
    );
    let mail = catalog.components(&sku("MAILBOX-12M")).unwrap();
    assert_eq!(catalog.components(&sku("BUSINESS-EMAIL-1Y")), Some(mail));
    assert_eq!(mail[0].on_cancel, OnCancel::Cancel);

    let bundle = catalog.components(&sku("BUNDLE-START")).unwrap();
    let products: Vec<&str> = bundle
        .iter()
        .map(|part| part.product.catalog_product_id.as_str())
        .collect();
    assert_eq!(products, [PLAN, MAIL]);
    assert_eq!(
        (bundle[0].on_cancel, bundle[1].on_cancel),
        (OnCancel::Unassign, OnCancel::Cancel)
    );
    assert!(bundle[0].voucher.is_some() && bundle[1].voucher.is_none());

    let studio = &catalog.components(&sku("STUDIO-1Y")).unwrap()[0];
    let domain = studio.voucher.as_ref().unwrap();
    assert!(studio.product.needs_site);
    assert_eq!(domain.site, VoucherSite::None);
    assert!(domain.exists_in(&"GB".parse().unwrap()) && !domain.exists_in(&"DE".parse().unwrap()));

    assert_eq!(catalog.components(&sku("T-SHIRT")), None);
    assert_eq!(catalog.skus().count(), 6);
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let defaults = read("").defaults;
    assert_eq!(
        defaults,
        Defaults {
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            country: None,
            on_cancel: OnCancel::Unassign,
            account: AccountRule::Default,
            allowed_accounts: BTreeSet::new(),
            unknown_sku: UnknownSku::Ignore,
            account_fields: Vec::new(),
            site_fields: Vec::new(),
            external_id_fields: Vec::new(),
            max_purchases_per_hour: 1_000,
            policies: Policies::default(),
        }
    );
    assert!(defaults.allows(&PLAN.parse().unwrap()));
}

#[test]
fn every_policy_can_be_set_and_a_product_has_its_own() {
    let catalog = read(&format!(
        r#"on_trial = "wait"
        on_dispute = "take_back"
        unpaid_changes = "now"
        on_renewal = "nothing"
        on_site_change = "move"
        on_plan_change = "adjust"
        paid_statuses = ["wc-shipped", "partially-shipped"]
        suborders = "only"
        [[product]]
        sku = "A"
        catalog_product_id = "{PLAN}"
        on_renewal = "buy"
        on_site_change = "attention"
        on_plan_change = "attention"
        price = {{ amount = 8000, currency = "USD" }}
        [[product]]
        sku = "B"
        catalog_product_id = "{MAIL}"
        "#
    ));
    let set = Policies {
        on_trial: OnTrial::Wait,
        on_dispute: OnDispute::TakeBack,
        unpaid_changes: UnpaidChanges::Now,
        on_renewal: Some(OnRenewal::Nothing),
        on_site_change: OnSiteChange::Move,
        on_plan_change: OnPlanChange::Adjust,
        paid_statuses: vec!["shipped".to_owned(), "partially-shipped".to_owned()],
        suborders: Suborders::Only,
    };
    assert_eq!(catalog.defaults.policies, set);
    let of = |name: &str| &catalog.components(&sku(name)).unwrap()[0];
    assert_eq!(of("A").on_renewal, Some(OnRenewal::Buy));
    assert_eq!(of("B").on_renewal, Some(OnRenewal::Nothing));
    let changes = |name: &str| (of(name).on_site_change, of(name).on_plan_change);
    assert_eq!(changes("A"), (OnSiteChange::Attention, OnPlanChange::Attention));
    assert_eq!(changes("B"), (OnSiteChange::Move, OnPlanChange::Adjust));
    let price = of("A").price.as_ref().unwrap();
    assert_eq!((price.amount, price.currency.as_str()), (8_000, "USD"));
    assert_eq!(of("B").price, None);
}

#[test]
fn every_default_can_be_set_and_a_date_needs_no_quotes() {
    let catalog = Catalog::from_toml(
        r#"
        [defaults]
        not_before = 2026-01-01T02:00:00+02:00
        country = "de"
        on_cancel = "keep"
        account = "required"
        allowed_accounts = ["2250b761-b31c-453b-885b-76e9fc04bdc6"]
        unknown_sku = "attention"
        account_fields = ["account", " wix account "]
        site_fields = ["site"]
        external_id_fields = ["ref"]
        max_purchases_per_hour = 40
        "#,
    )
    .unwrap();
    let allowed = "2250b761-b31c-453b-885b-76e9fc04bdc6".parse().unwrap();
    assert_eq!(
        catalog.defaults,
        Defaults {
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            country: Some("DE".parse().unwrap()),
            on_cancel: OnCancel::Keep,
            account: AccountRule::Required,
            allowed_accounts: BTreeSet::from([allowed]),
            unknown_sku: UnknownSku::Attention,
            account_fields: vec!["account".to_owned(), "wix account".to_owned()],
            site_fields: vec!["site".to_owned()],
            external_id_fields: vec!["ref".to_owned()],
            max_purchases_per_hour: 40,
            policies: Policies::default(),
        }
    );
    assert!(!catalog.defaults.allows(&PLAN.parse().unwrap()));
}

#[test]
fn what_is_nearer_goes_before_what_is_general() {
    let catalog = Catalog::from_toml(&format!(
        r#"
        [defaults]
        not_before = "2026-01-01T00:00:00Z"
        country = "US"
        on_cancel = "keep"
        [[product]]
        sku = "ONE"
        catalog_product_id = "{PLAN}"
        [[product]]
        sku = "TWO"
        country = "CA"
        on_cancel = "cancel"
        [[product.component]]
        catalog_product_id = "{PLAN}"
        billing = {{ type = "ONE_TIME" }}
        [[product.component]]
        catalog_product_id = "{PLAN}"
        country = "MX"
        on_cancel = "unassign"
        discount_code = "SAVE"
        "#
    ))
    .unwrap();
    let said = |name: &str| -> Vec<(String, OnCancel)> {
        let components = catalog.components(&sku(name)).unwrap().iter();
        components
            .map(|part| (part.product.country.as_ref().unwrap().to_string(), part.on_cancel))
            .collect()
    };
    assert_eq!(said("ONE"), [("US".to_owned(), OnCancel::Keep)]);
    assert_eq!(
        said("TWO"),
        [
            ("CA".to_owned(), OnCancel::Cancel),
            ("MX".to_owned(), OnCancel::Unassign)
        ]
    );
    let parts = catalog.components(&sku("TWO")).unwrap();
    assert_eq!(parts[0].product.billing, Some(BillingInfo::one_time()));
    assert_eq!(parts[1].product.discount_code.as_ref().unwrap().as_str(), "SAVE");
}

#[test]
fn a_catalog_is_loaded_from_a_file_and_failures_say_what_to_do() {
    let folder = std::env::temp_dir().join(format!("reseller-hooks-catalog-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("catalog.toml");

    let absent = Catalog::load(&path).unwrap_err();
    assert!(matches!(absent, CatalogError::Unreadable { .. }), "{absent}");
    assert!(absent.to_string().contains("CATALOG_URL"), "{absent}");

    fs::write(&path, DEFAULTS).unwrap();
    let loaded = Catalog::load(&path).unwrap();
    assert_eq!(loaded, read(""));

    fs::write(&path, "[defaults]\n").unwrap();
    let invalid = Catalog::load(&path).unwrap_err().to_string();
    assert!(
        invalid.contains("line 1, [defaults]: `not_before` is missing"),
        "{invalid}"
    );

    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn defaults_are_read_whatever_is_wrong_with_the_products() {
    let text = format!("{DEFAULTS}site_fields = [\"site\"]\n[[product]]\nskuu = 1\n");
    assert!(Catalog::from_toml(&text).is_err());
    assert_eq!(Defaults::from_toml(&text).unwrap().site_fields, ["site"]);
    let wrong = Defaults::from_toml("[defaults]\nsite_field = []\n")
        .unwrap_err()
        .to_string();
    assert!(
        wrong.contains("line 2, [defaults]: there is no key `site_field`: did you mean `site_fields`?"),
        "{wrong}"
    );
}

#[test]
fn the_fingerprint_tells_catalogs_apart_and_is_stable() {
    assert_eq!(read("").fingerprint(), read("").fingerprint());
    assert_ne!(read("").fingerprint(), read("# other\n").fingerprint());
    assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8); // a published FNV-1a vector
}

#[test]
fn a_catalog_survives_json() {
    let catalog = Catalog::from_toml(include_str!("../../../catalog/catalog.toml")).unwrap();
    let json = serde_json::to_string(&catalog).unwrap();
    assert_eq!(serde_json::from_str::<Catalog>(&json).unwrap(), catalog);
}

#[test]
fn the_examples_of_the_documentation_are_right() {
    let examples: Vec<&str> = include_str!("../../../docs/catalog.md")
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(examples.len(), 4);
    // The voucher's example belongs to the product above it.
    let catalog = read(&examples.concat());
    assert!(catalog.components(&sku("PREMIUM-1M")).unwrap()[0].voucher.is_some());
    assert_eq!(catalog.components(&sku("BUNDLE-START")).unwrap().len(), 2);
}
