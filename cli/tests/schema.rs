//! What programs read: every answer in JSON fits the published schema, and has its version.

use serde_json::Value;

use super::questions::refused;
use super::shop::{Shop, sample};

const KEY: &str = "shopify/9007199254740993";

fn schema() -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli-schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What of a value does not fit: the part of JSON Schema that the published one uses.
fn misfits(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let found = root.pointer(name.trim_start_matches('#'));
        return misfits(root, found.unwrap_or_else(|| panic!("{name} is not there")), value, at);
    }
    let mut found = Vec::new();
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is not known"),
    };
    if let Some(kind) = schema["type"].as_str().filter(|kind| !is(kind)) {
        return vec![format!("{at} is {value} and not {kind}")];
    }
    if schema["enum"].as_array().is_some_and(|known| !known.contains(value))
        || (!schema["const"].is_null() && schema["const"] != *value)
    {
        found.push(format!("{at} is {value}"));
    }
    if let Some(members) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at} lacks {name}"));
            }
        }
        for (name, member) in members {
            let place = format!("{at}.{name}");
            match schema["properties"].get(name) {
                Some(of) => found.extend(misfits(root, of, member, &place)),
                None if schema["properties"].is_object() => found.push(format!("{place} is not in the schema")),
                None => {}
            }
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if !schema["items"].is_null() {
            found.extend(misfits(root, &schema["items"], item, &format!("{at}[{index}]")));
        }
    }
    found
}

#[track_caller]
fn fits(name: &str, value: &Value) {
    let root = schema();
    let found = misfits(&root, &root["$defs"][name], value, name);
    assert_eq!(found, Vec::<String>::new(), "{value:#}");
    assert_eq!(value["schema"], 1, "{name}");
}

#[test]
fn every_answer_fits_the_published_schema() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    fits(
        "story",
        &shop.types(&["order", "show", KEY, "-o", "json"]).done().json(),
    );
    fits("orders", &shop.types(&["order", "list", "-o", "json"]).done().json());
    fits("status", &shop.types(&["status", "-o", "json"]).done().json());
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    fits(
        "story",
        &shop.types(&["order", "show", KEY, "-o", "json"]).done().json(),
    );
    fits("attention", &shop.types(&["attention", "-o", "json"]).done().json());
    fits("status", &shop.types(&["status", "-o", "json"]).done().json());
    fits(
        "orders",
        &shop
            .types(&["order", "list", "--state", "attention", "-o", "json"])
            .done()
            .json(),
    );
}

#[test]
fn the_answers_of_plan_packages_import_and_doctor_fit_it_too() {
    let shop = Shop::new();
    let file = sample("shopify/orders_paid.json");
    let file = file.to_str().unwrap();
    let json = |words: &[&str]| shop.types(&[words, &["-o", "json"]].concat()).done().json();
    fits(
        "plan",
        &json(&["order", "plan", "--event", file, "--storefront", "shopify"]),
    );
    fits("import", &json(&["import", file, "--storefront", "shopify"]));
    fits("checks", &json(&["doctor", "--no-delivery"]));
    fits("checks", &json(&["secrets", "check"]));
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    shop.is_cured();
    shop.types(&["order", "retry", KEY, "--yes"]).done();
    let json = |words: &[&str]| shop.types(&[words, &["-o", "json"]].concat()).done().json();
    fits("packages", &json(&["packages", "query"]));
    fits("plan", &json(&["order", "plan", KEY]));
    let product = "00ba7923-2655-402a-852d-2b2100568bcf";
    fits("probe", &json(&["probe", "--product", product, "--yes"]));
}

#[test]
fn the_schema_notices_what_is_missing_new_or_of_another_kind() {
    let root = schema();
    let wrong = |text: &str| {
        !misfits(
            &root,
            &root["$defs"]["orders"],
            &serde_json::from_str(text).unwrap(),
            "it",
        )
        .is_empty()
    };
    assert!(wrong(r#"{ "schema": 1, "more": false }"#));
    assert!(wrong(r#"{ "schema": 1, "more": 1, "orders": [] }"#));
    assert!(wrong(r#"{ "schema": 1, "more": false, "orders": [], "color": "red" }"#));
    assert!(wrong(r#"{ "schema": 2, "more": false, "orders": [] }"#));
    assert!(!wrong(r#"{ "schema": 1, "more": false, "orders": [] }"#));
}
