//! Create Package V2: what is made, and all that is refused.

use serde_json::json;
use wix_sandbox::{BillingInfo, Config, CycleUnit, InstanceChange, Product, SiteRule, Status};

use super::*;

fn refused(world: &mut World, products: Vec<Value>) -> (u16, String) {
    let got = world.create(&json!({"externalId": "x", "products": products}));
    (got.status, got.code().to_owned())
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn a_package_is_shown_as_the_documents_show_it() {
    let mut world = World::default();
    let got = world.buy("order-1", on(SITE, plan()));
    let package = got.package();
    assert_eq!(package["accountId"], MAIN);
    assert_eq!(package["parentAccountId"], MAIN);
    assert_eq!(package["externalId"], "order-1");
    assert_eq!(package["createdDate"], "2026-01-01T12:00:00.000Z");
    assert_eq!(package["updatedDate"], "2026-01-01T12:00:00.000Z");
    let instance = &package["productInstances"][0];
    assert_eq!(instance["status"], "PENDING");
    assert_eq!(instance["siteId"], SITE);
    assert_eq!(instance["catalogProductId"], PLAN);
    assert_eq!(instance["billingInfo"], yearly());
    assert_eq!(instance["countryCode"], "BR");
    assert_eq!(instance["createdDate"], "2026-01-01T12:00:00.000Z");
    assert!(instance.get("failure").is_none());
    assert_eq!(got.body["idempotencyKey"], "key-order-1");
}

#[test]
fn the_spelling_of_the_documented_example_is_read() {
    let mut world = World::default();
    let got = world.create(&json!({"external_id": "some-external-id", "products": [{
        "catalog_product_id": PLAN, "site_id": SITE, "country_code": "BR",
        "billing_info": {"type": "RECURRING", "cycle_duration": {"unit": "YEAR", "count": 1}},
    }]}));
    assert_eq!(got.package()["externalId"], "some-external-id");
    assert_eq!(got.package()["productInstances"][0]["siteId"], SITE);
}

#[test]
fn every_field_that_is_not_valid_is_named() {
    let mut world = World::default();
    let got = world.create(&json!({
        "idempotencyKey": "k".repeat(100),
        "externalId": "x".repeat(101),
        "products": [
            {"catalogProductId": PLAN},
            {"catalogProductId": "premium", "siteId": "918aa943", "countryCode": "br", "discountCode": "d".repeat(26),
             "referenceProductInstanceId": 7},
            {"countryCode": "XX", "billingInfo": {"type": "MONTHLY", "cycleDuration": {"unit": "FORTNIGHT", "count": 0}}},
            "plan",
        ],
    }));
    assert_eq!(got.status, 400);
    assert_eq!(
        got.violations(),
        [
            "externalId MAX_LENGTH",
            "products[0].countryCode REQUIRED_FIELD",
            "products[1].catalogProductId FORMAT",
            "products[1].siteId FORMAT",
            "products[1].countryCode FORMAT",
            "products[1].discountCode MAX_LENGTH",
            "products[1].referenceProductInstanceId FORMAT",
            "products[2].catalogProductId REQUIRED_FIELD",
            "products[2].billingInfo.type INVALID_ENUM_VALUE",
            "products[2].billingInfo.cycleDuration.unit INVALID_ENUM_VALUE",
            "products[2].billingInfo.cycleDuration.count MIN",
            "products[2].countryCode FORMAT",
            "products[3] FORMAT",
        ]
    );
    assert_eq!(world.wix.packages().count(), 0);
}

#[test]
fn one_to_a_thousand_products_fit_into_a_package() {
    let mut world = World::default();
    assert_eq!(world.create(&json!({})).violations(), ["products REQUIRED_FIELD"]);
    assert_eq!(
        world.create(&json!({"products": []})).violations(),
        ["products MIN_SIZE"]
    );
    let many = |count| order(&format!("{count}"), vec![plan(); count]);
    assert_eq!(world.create(&many(1_001)).violations(), ["products MAX_SIZE"]);
    let got = world.create(&many(1_000));
    assert_eq!(got.package()["productInstances"].as_array().unwrap().len(), 1_000);
}

#[test]
fn a_key_of_more_than_a_hundred_characters_is_refused() {
    let mut world = World::default();
    let got = world.create(&json!({"idempotencyKey": "k".repeat(101), "products": [plan()]}));
    assert_eq!(got.violations(), ["idempotencyKey MAX_LENGTH"]);
}

#[test]
fn limits_count_characters_and_not_bytes() {
    let mut world = World::default();
    let got = world.create(&json!({"externalId": "ü".repeat(100), "products": [plan()]}));
    assert_eq!(got.status, 200);
}

#[test]
fn an_unknown_product_is_not_found_unless_any_is_accepted() {
    let mut world = World::default();
    let unknown = json!({"catalogProductId": NOWHERE, "countryCode": "US"});
    assert_eq!(
        refused(&mut world, vec![unknown.clone()]),
        code(404, "PRODUCT_NOT_FOUND")
    );
    world.wix.config_mut().accept_any_product = true;
    assert_eq!(world.buy("any", unknown).status, 200);
}

#[test]
fn a_product_with_several_cycles_needs_one_and_only_one_of_its_own() {
    let mut world = World::default();
    let email = |more| with(json!({"catalogProductId": EMAIL, "countryCode": "US"}), more);
    let cases = [
        (json!({}), "MISSING_BILLING_CYCLE"),
        (json!({"billingInfo": {"type": "RECURRING"}}), "INVALID_BILLING_CYCLE"),
        (json!({"billingInfo": {"type": "UNKNOWN"}}), "INVALID_BILLING_CYCLE"),
        (
            json!({"billingInfo": {"type": "ONE_TIME"}}),
            "INCOMPATIBLE_BILLING_CYCLE",
        ),
        (
            json!({"billingInfo": {"type": "RECURRING", "cycleDuration": {"unit": "YEAR", "count": 2}}}),
            "INCOMPATIBLE_BILLING_CYCLE",
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(refused(&mut world, vec![email(more)]), code(428, expected));
    }
    assert_eq!(world.buy("m", email(json!({"billingInfo": monthly()}))).status, 200);
}

#[test]
fn a_product_with_one_cycle_takes_that_one() {
    let mut world = World::default();
    let got = world.buy("v", json!({"catalogProductId": VOUCHER, "countryCode": "US"}));
    assert_eq!(got.package()["productInstances"][0]["billingInfo"], yearly());
}

#[test]
fn sites_of_another_account_are_not_found_and_the_text_names_it() {
    let mut world = World::new(Config {
        sites: [
            (SITE.parse().unwrap(), MAIN.parse().unwrap()),
            (OTHER_SITE.parse().unwrap(), SUB.parse().unwrap()),
        ]
        .into(),
        accept_any_site: false,
        ..Config::default()
    });
    assert_eq!(
        refused(&mut world, vec![on(NOWHERE, plan())]),
        code(404, "SITE_NOT_FOUND")
    );
    let got = world.buy("x", on(OTHER_SITE, plan()));
    assert_eq!(got.code(), "SITE_NOT_FOUND");
    assert!(got.body["message"].as_str().unwrap().contains(SUB));
    assert_eq!(world.buy("y", on(SITE, plan())).status, 200);
}

#[test]
fn the_same_product_twice_on_one_site_is_refused_but_not_floating() {
    let mut world = World::default();
    let email = json!({"catalogProductId": EMAIL, "billingInfo": yearly(), "countryCode": "US"});
    let twice = vec![on(SITE, email.clone()), on(SITE, email.clone())];
    assert_eq!(refused(&mut world, twice), code(428, "MULTIPLE_PRODUCT_ASSIGNMENTS"));
    let apart = vec![on(SITE, email.clone()), email.clone(), email];
    assert_eq!(world.create(&order("apart", apart)).status, 200);
}

#[test]
fn a_site_takes_one_product_of_a_type_until_that_one_is_gone() {
    let mut world = World::default();
    let larger = json!({"catalogProductId": LARGER_PLAN, "billingInfo": yearly(), "countryCode": "US"});
    let both = vec![on(SITE, plan()), on(SITE, larger.clone())];
    assert_eq!(refused(&mut world, both), code(428, "PRODUCT_TYPE_ALREADY_ASSIGNED"));
    let first = world.buy("first", on(SITE, plan())).id();
    let again = || vec![on(SITE, larger.clone())];
    assert_eq!(refused(&mut world, again()), code(428, "PRODUCT_TYPE_ALREADY_ASSIGNED"));
    world.call("DELETE", &format!("/resellers/v1/packages/{first}"), &Value::Null);
    assert_eq!(world.create(&order("again", again())).status, 200);
}

#[test]
fn the_rules_of_a_product_are_kept() {
    let id = |bits| wix_sandbox::Guid::from_u128(bits);
    let year = vec![BillingInfo::recurring(CycleUnit::Year, 1)];
    let base = |bits| Product::new(id(bits), "", "thing", year.clone());
    let mut world = World::new(Config {
        catalog: vec![
            Product {
                site: SiteRule::Required,
                ..base(1)
            },
            Product {
                site: SiteRule::Never,
                ..base(2)
            },
            Product {
                limit_per_account: Some(2),
                ..base(3)
            },
            Product {
                voucher_only: true,
                ..base(4)
            },
        ],
        ..Config::default()
    });
    let product = |bits| json!({"catalogProductId": id(bits).to_string(), "countryCode": "US"});
    assert_eq!(refused(&mut world, vec![product(1)]), code(428, "INVALID_PRODUCTS"));
    assert_eq!(
        refused(&mut world, vec![on(SITE, product(2))]),
        code(428, "PRODUCT_NOT_SUPPORTED_ON_SITE")
    );
    assert_eq!(
        refused(&mut world, vec![product(3), product(3), product(3)]),
        code(428, "PRODUCT_LIMIT_EXCEEDED")
    );
    assert_eq!(world.create(&order("two", vec![product(3), product(3)])).status, 200);
    assert_eq!(
        refused(&mut world, vec![product(3)]),
        code(428, "PRODUCT_LIMIT_EXCEEDED")
    );
    assert_eq!(refused(&mut world, vec![product(4)]), code(428, "INVALID_PRODUCTS"));
}

#[test]
fn a_voucher_names_a_paid_instance_once() {
    let mut world = World::default();
    let paid = world.buy("paid", plan()).instance_id(0);
    let got = world.buy("voucher", voucher_of(&paid));
    assert_eq!(
        got.package()["productInstances"][0]["referenceProductInstanceId"],
        paid.as_str()
    );
    let invalid = code(404, "INVALID_REFERENCE_PRODUCT_INSTANCE_ID");
    assert_eq!(refused(&mut world, vec![voucher_of(&paid)]), invalid);
    // Canceling the voucher does not free what it named.
    let voucher = got.id();
    world.call("DELETE", &format!("/resellers/v1/packages/{voucher}"), &Value::Null);
    assert_eq!(refused(&mut world, vec![voucher_of(&paid)]), invalid);
}

#[test]
fn a_reference_must_be_known_alive_and_of_the_same_account() {
    let invalid = code(404, "INVALID_REFERENCE_PRODUCT_INSTANCE_ID");
    let mut world = World::default();
    assert_eq!(refused(&mut world, vec![voucher_of(NOWHERE)]), invalid);
    let of_other = world.call_as(SUB, "POST", "/resellers/v2/packages", &order("s", vec![plan()]));
    assert_eq!(refused(&mut world, vec![voucher_of(&of_other.instance_id(0))]), invalid);
    let paid = world.create(&order("p", vec![plan(), plan()]));
    let twice = voucher_of(&paid.instance_id(0));
    assert_eq!(refused(&mut world, vec![twice.clone(), twice.clone()]), invalid);
    for (status, works) in [
        (Status::Failed, false),
        (Status::Canceled, false),
        (Status::AwaitingAction, false),
        (Status::Enabled, true),
    ] {
        let change = InstanceChange {
            status: Some(status.clone()),
            ..InstanceChange::default()
        };
        world
            .wix
            .set_instance(NOON, paid.instance_id(0).parse().unwrap(), change)
            .unwrap();
        let got = world.create(&json!({"products": [twice]}));
        assert_eq!(got.status == 200, works, "{status:?}");
    }
}

#[test]
fn one_bad_product_and_nothing_is_made() {
    let mut world = World::default();
    let paid = world.buy("paid", plan()).instance_id(0);
    assert_eq!(
        refused(&mut world, vec![voucher_of(&paid), voucher_of(NOWHERE)]),
        code(404, "INVALID_REFERENCE_PRODUCT_INSTANCE_ID")
    );
    assert_eq!(world.wix.packages().count(), 1);
    assert_eq!(world.buy("voucher", voucher_of(&paid)).status, 200);
}

#[test]
fn an_unknown_discount_is_kept_and_does_not_matter() {
    let mut world = World::default();
    let got = world.buy("d", with(plan(), json!({"discountCode": "NO-SUCH-DISCOUNT"})));
    assert_eq!(got.package()["productInstances"][0]["discountCode"], "NO-SUCH-DISCOUNT");
}

#[test]
fn external_ids_need_not_be_unique() {
    let mut world = World::default();
    for _ in 0..2 {
        assert_eq!(
            world
                .create(&json!({"externalId": "same", "products": [plan()]}))
                .status,
            200
        );
    }
    assert_eq!(
        world.query(json!({"filter": {"externalId": "same"}})).found(),
        ["same", "same"]
    );
}
