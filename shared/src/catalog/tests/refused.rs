//! What is said of a catalog that is refused: each problem with its line and what is wanted, whatever the text.

use proptest::prelude::*;

use super::*;

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

proptest! {
    #[test]
    fn any_text_is_survived(text in ".*") {
        let _ = Catalog::from_toml(&text);
    }

    #[test]
    fn any_damage_to_the_sample_is_survived(at in 0_usize..3_000, insert in "[\\[\\]{}\"'=.,#\n a-z0-9é-]{0,6}", cut in 0_usize..40) {
        let mut text: Vec<char> = include_str!("../../../../catalog/catalog.toml").chars().collect();
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
