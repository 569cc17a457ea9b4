use proptest::prelude::*;

use super::*;
use crate::wix::CycleUnit;

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
fn what_is_wrong_with_a_policy_is_named() {
    let found = problems(&format!(
        "on_trial = \"later\"\npaid_statuses = [\"Not This\"]\n[[product]]\nsku = \"A\"\ncatalog_product_id = \"{PLAN}\"\nprice = 80.00\n"
    ));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].contains("on_trial") && found[1].contains("paid_statuses"),
        "{found:?}"
    );
    assert!(found[2].contains("smallest unit"), "{found:?}");
    let half = problems(&format!(
        "[[product]]\nsku = \"A\"\ncatalog_product_id = \"{PLAN}\"\nprice = {{ amount = 8000, currency = \"dollars\" }}\n"
    ));
    assert!(half[0].contains("three capital letters"), "{half:?}");
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
fn every_problem_is_named_at_once_with_entry_and_line() {
    let errors = Catalog::from_toml(
        r#"
[defaults]
not_befor = "2026-01-01T00:00:00Z"
on_cancel = "unasign"
country = "USA"
allowed_accounts = ["me", 7]

[[product]]
sku = "A"
catalogProductId = "x"
billing = { type = "RECURRING", unit = "YEARS", count = "1" }

[[product]]
sku = ["A", ""]
catalog_product_id = "x"

[product.voucher]
countries = []
"#,
    )
    .unwrap_err();
    let expected = r#"line 2, [defaults]: `not_before` is missing: say from when on orders are bought, such as "2026-01-01T00:00:00Z"; orders created earlier never are
line 3, [defaults]: there is no key `not_befor`: did you mean `not_before`?
line 4, [defaults]: `on_cancel` cannot be "unasign": did you mean "unassign"?
line 5, [defaults]: `country`: "USA" is not a country code of two letters such as US
line 6, [defaults]: `allowed_accounts` is of the type integer: wanted is a list of strings, such as ["a", "b"]
line 6, [defaults]: `allowed_accounts`: "me" is not a Wix account ID (a GUID such as 2250b761-b31c-453b-885b-76e9fc04bdc6)
line 8, product "A": `catalog_product_id` is missing: give the product's GUID in Wix's reseller catalog
line 10, product "A": there is no key `catalogProductId`: did you mean `catalog_product_id`?
line 11, product "A", billing: `count` has to be a whole number of 1 or more, without quotes
line 11, product "A", billing: `unit` cannot be "YEARS": did you mean "YEAR"?
line 14, product "A": `sku`: "" is not an SKU (1 to 255 printable characters)
line 14, product "A": the SKU "A" stands in line 9 already: an SKU has one entry (several products of one SKU are [[product.component]]s)
line 15, product "A": `catalog_product_id`: "x" is not a Wix catalog product ID (a GUID such as 00ba7923-2655-402a-852d-2b2100568bcf)
line 17, product "A", voucher: `catalog_product_id` is missing: give the product's GUID in Wix's reseller catalog
line 18, product "A", voucher: `countries` is an empty list: leave it out where the voucher exists everywhere, or take the voucher out"#;
    assert_eq!(errors.to_string(), expected);
}

#[test]
fn each_way_to_be_wrong_is_said_with_what_is_wanted() {
    let id = format!("catalog_product_id = \"{PLAN}\"");
    let cases = [
        (
            "colour = 1".to_owned(),
            "line 3, [defaults]: there is no key `colour`: known are",
        ),
        (
            "[prodct]".to_owned(),
            "line 3: there is no key `prodct`: did you mean `product`?",
        ),
        (
            "[product]\nsku = \"A\"".to_owned(),
            "line 3: `product` is of the type table: wanted is a list of tables, each beginning with [[product]]",
        ),
        (
            format!("[[product]]\n{id}"),
            "line 3, product: `sku` is missing: the storefront's SKU in quotes",
        ),
        (
            format!("[[product]]\nsku = []\n{id}"),
            "line 4, product: `sku` is an empty list",
        ),
        (
            format!("[[product]]\nsku = 7\n{id}"),
            "line 4, product: `sku` is of the type integer",
        ),
        (
            format!("[[product]]\nsku = [\"A\", \"A\"]\n{id}"),
            "line 4, product \"A\": the SKU \"A\" stands in line 4 already",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\nneeds_site = \"yes\""),
            "line 6, product \"A\": `needs_site` is of the type string: wanted is true or false",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\nbilling = \"YEAR\""),
            "line 6, product \"A\": `billing` is of the type string: wanted is a table",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\nbilling = {{}}"),
            "line 6, product \"A\", billing: `type` is missing: \"RECURRING\"",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\nbilling = {{ type = \"RECURRING\", count = 0 }}"),
            "line 6, product \"A\", billing: `count` has to be a whole number of 1 or more",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\nbilling = {{ type = \"RECURRING\", count = 1 }}"),
            "line 6, product \"A\", billing: `unit` is missing",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\nbilling = {{ type = \"ONE_TIME\", count = 1 }}"),
            "line 6, product \"A\", billing: `count` has no meaning for ONE_TIME",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\ndiscount_code = \"{}\"", "x".repeat(26)),
            "line 6, product \"A\": `discount_code`: \"xxxx",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\ncomponent = []"),
            "line 3, product \"A\": a bundle has 1 to 50 [[product.component]]s, and this one has 0",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\n[[product.component]]\n{id}"),
            "line 5, product \"A\": `catalog_product_id` of a bundle belongs to its components",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n[[product.component]]\n{id}\n[[product.component]]"),
            "line 7, product \"A\", component 2: `catalog_product_id` is missing",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\n[product.voucher]\n{id}\nsite = \"same\""),
            "line 8, product \"A\", voucher: `site` cannot be \"same\": wanted is one of `inherit`, `none`",
        ),
        (
            format!("[[product]]\nsku = \"A\"\n{id}\n[product.voucher]\n{id}\ncountry = \"DE\"\ncountries = [\"US\"]"),
            "line 6, product \"A\", voucher: `country` is DE, which is not among `countries`",
        ),
        (
            "account_fields = [\" \"]".to_owned(),
            "line 3, [defaults]: `account_fields`: the name of a property has 1 to 255 characters",
        ),
        (
            "country = \"US\"\ncountry = \"DE\"".to_owned(),
            "line 4: not TOML: duplicate key",
        ),
    ];
    for (rest, expected) in cases {
        let problems = problems(&rest);
        assert!(
            problems.iter().any(|problem| problem.starts_with(expected)),
            "{expected}\n{problems:#?}"
        );
    }
}

#[test]
fn a_catalog_without_defaults_or_that_is_no_toml_is_named_as_that() {
    let empty = Catalog::from_toml("").unwrap_err().to_string();
    assert!(
        empty.starts_with("line 1: `[defaults]` is missing: with `not_before`"),
        "{empty}"
    );
    let broken = Catalog::from_toml("\n[defaults\n").unwrap_err().to_string();
    assert!(broken.starts_with("line 2: not TOML"), "{broken}");
    let day = Catalog::from_toml("[defaults]\nnot_before = 2026-01-01")
        .unwrap_err()
        .to_string();
    assert!(
        day.contains("line 2, [defaults]: `not_before`") && day.contains("a zone"),
        "{day}"
    );
}

#[test]
fn lines_are_counted_with_windows_line_ends_too() {
    let problems = Catalog::from_toml("[defaults]\r\nnot_before = 1\r\n").unwrap_err().0;
    assert_eq!(problems[0].line, 2);
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

proptest! {
    #[test]
    fn any_text_is_survived(text in ".*") {
        let _ = Catalog::from_toml(&text);
    }

    #[test]
    fn any_damage_to_the_sample_is_survived(at in 0_usize..3_000, insert in "[\\[\\]{}\"'=.,#\n a-z0-9é-]{0,6}", cut in 0_usize..40) {
        let mut text: Vec<char> = include_str!("../../../catalog/catalog.toml").chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, insert.chars());
        let _ = Catalog::from_toml(&text.into_iter().collect::<String>());
    }

    #[test]
    fn whatever_is_refused_is_refused_with_a_line_of_the_file(text in "(\\[defaults\\]\n|\\[\\[product\\]\\]\n|sku = \"[AB]\"\n|not_before = \"x\"\n|billing = 1\n|é = 1\n){0,12}") {
        if let Err(errors) = Catalog::from_toml(&text) {
            prop_assert!(!errors.0.is_empty());
            for problem in errors.0 {
                prop_assert!((1..=text.split('\n').count()).contains(&problem.line));
            }
        }
    }
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
