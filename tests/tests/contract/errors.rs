//! Every documented refusal: its code and HTTP status, that it is sent once, and that nothing was done.

use std::time::Duration;

use reseller_hooks::ids::{AccountId, InstanceId, PackageId};
use reseller_hooks::wix::{
    AdjustProductInstance, Adjustment, AssignProductInstance, BillingInfo, CancelPackage, CancelProductInstance,
    CycleUnit, Error, Failure, GetPackage, Package, PackageQuery, Probe, ProductInput, QueryPackages, Response,
    UnassignProductInstance, UpdateExternalId,
};
use wix_sandbox::{Config, DEFAULT_API_KEY, Effect, Guid, Idempotency, InstanceChange, Operation, Product, SiteRule};

use super::sandbox::*;

const CREATE: &[Operation] = &[Operation::CreatePackage];
const CREATE_ADJUST: &[Operation] = &[Operation::CreatePackage, Operation::AdjustProductInstance];
const ADJUST: &[Operation] = &[Operation::AdjustProductInstance];
const UNASSIGN: &[Operation] = &[Operation::UnassignProductInstance];

/// The published tables, code by code.
const DOCUMENTED: &[(u16, &str, &[Operation])] = &[
    (404, "PRODUCT_NOT_FOUND", CREATE_ADJUST),
    (404, "SITE_NOT_FOUND", CREATE_ADJUST),
    (
        404,
        "ACCOUNT_NOT_FOUND",
        &[
            Operation::CreatePackage,
            Operation::AdjustProductInstance,
            Operation::UnassignProductInstance,
        ],
    ),
    (404, "INVALID_REFERENCE_PRODUCT_INSTANCE_ID", CREATE),
    (428, "PRODUCT_LIMIT_EXCEEDED", CREATE_ADJUST),
    (428, "PRODUCT_SETTINGS_NOT_FOUND", CREATE_ADJUST),
    (428, "MISSING_BILLING_CYCLE", CREATE_ADJUST),
    (428, "INCOMPATIBLE_BILLING_CYCLE", CREATE_ADJUST),
    (428, "INVALID_BILLING_CYCLE", CREATE_ADJUST),
    (428, "INVALID_PRODUCTS", CREATE_ADJUST),
    (428, "MULTIPLE_PRODUCT_ASSIGNMENTS", CREATE_ADJUST),
    (428, "PRODUCT_TYPE_ALREADY_ASSIGNED", CREATE_ADJUST),
    (428, "PRODUCT_NOT_SUPPORTED_ON_SITE", CREATE_ADJUST),
    (
        428,
        "PRODUCT_INSTANCE_NOT_FOUND",
        &[Operation::AdjustProductInstance, Operation::UnassignProductInstance],
    ),
    (428, "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS", ADJUST),
    (428, "INCOMPATIBLE_PRODUCT", ADJUST),
    (428, "MISSING_PRODUCT_DETAILS", ADJUST),
    (428, "OPERATION_NOT_SUPPORTED_FOR_PRODUCT", ADJUST),
    (428, "MISSING_SITE_ID", UNASSIGN),
];

async fn call(sandbox: &Sandbox, operation: Operation, package: &Package) -> Result<Response<Package>, Error> {
    let client = &sandbox.client;
    let id = instance(package, 0);
    match operation {
        Operation::CreatePackage => client.execute(&main(), &order("x", vec![yearly(PLAN)])).await,
        Operation::AdjustProductInstance => {
            let larger = Adjustment::to_product(LARGER_PLAN.parse().unwrap());
            client
                .execute(
                    &main(),
                    &AdjustProductInstance {
                        instance: id.clone(),
                        adjustment: larger.clone(),
                        idempotency_key: key("k"),
                    },
                )
                .await
        }
        Operation::UnassignProductInstance => {
            client
                .execute(
                    &main(),
                    &UnassignProductInstance {
                        instance: id.clone(),
                        idempotency_key: key("k"),
                    },
                )
                .await
        }
        Operation::GetPackage
        | Operation::QueryPackages
        | Operation::CancelPackage
        | Operation::CancelProductInstance
        | Operation::AssignProductInstance
        | Operation::UpdateExternalId
        | Operation::Other => panic!("no table is published for {operation:?}"),
    }
}

fn is_refused(error: &Error, status: u16, code: &str) {
    assert_eq!(error.failure(), Failure::Rejected, "{error}");
    assert_eq!((error.status(), error.code()), (Some(status), Some(code)));
    assert!(!error.retry_can_help() && error.request_id().is_some(), "{error}");
}

#[tokio::test]
async fn each_documented_code_is_a_refusal_that_is_sent_once_and_does_nothing() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![on(SITE, yearly(PLAN))]).await;
    for (status, code, operations) in DOCUMENTED {
        for operation in *operations {
            let before = sandbox.look().count(*operation);
            let code = (*code).to_owned();
            sandbox.strike(Effect::RejectCode { code: code.clone() });
            let error = call(&sandbox, *operation, &package).await.unwrap_err();
            is_refused(&error, *status, &code);
            let after = sandbox.look().count(*operation);
            assert_eq!(
                (after.calls, after.committed),
                (before.calls + 1, before.committed),
                "{code}"
            );
        }
    }
}

/// What a create is refused with by the sandbox's own rules.
async fn refused(sandbox: &Sandbox, products: Vec<ProductInput>) -> (u16, String) {
    let before = sandbox.look().packages().count();
    let error = sandbox
        .client
        .execute(&main(), &order("refused", products))
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Failure::Rejected, "{error}");
    assert_eq!(sandbox.look().packages().count(), before);
    (error.status().unwrap(), error.code().unwrap_or_default().to_owned())
}

fn id(bits: u128) -> Guid {
    Guid::from_u128(bits)
}

fn one_time(bits: u128) -> ProductInput {
    ProductInput {
        billing_info: None,
        ..yearly(&id(bits).to_string())
    }
}

#[tokio::test]
async fn a_create_that_breaks_a_rule_of_wixs_is_refused_with_the_rules_code() {
    let thing = |bits| Product::new(id(bits), "", "thing", Vec::new());
    let mut config = calm();
    config.catalog.extend([
        Product {
            site: SiteRule::Required,
            ..thing(1)
        },
        Product {
            site: SiteRule::Never,
            ..thing(2)
        },
        Product {
            limit_per_account: Some(1),
            ..thing(3)
        },
    ]);
    config.sites.insert(SITE.parse().unwrap(), MAIN.parse().unwrap());
    config.accept_any_site = false;
    let sandbox = Sandbox::with(config).await;
    let paid = sandbox.buy("paid", vec![on(SITE, yearly(PLAN))]).await;
    let paid = instance(&paid, 0);
    sandbox.buy("free", vec![voucher_of(&paid)]).await;
    let no_billing = ProductInput {
        billing_info: None,
        ..yearly(EMAIL)
    };
    let no_cycle = ProductInput {
        billing_info: Some(BillingInfo {
            cycle_duration: None,
            ..BillingInfo::recurring(CycleUnit::Year, 1)
        }),
        ..yearly(EMAIL)
    };
    let two_years = ProductInput {
        billing_info: Some(BillingInfo::recurring(CycleUnit::Year, 2)),
        ..yearly(EMAIL)
    };
    let cases = [
        (vec![yearly(NOWHERE)], 404, "PRODUCT_NOT_FOUND"),
        (vec![on(NOWHERE, yearly(EMAIL))], 404, "SITE_NOT_FOUND"),
        (
            vec![voucher_of(&nobody())],
            404,
            "INVALID_REFERENCE_PRODUCT_INSTANCE_ID",
        ),
        (vec![voucher_of(&paid)], 404, "INVALID_REFERENCE_PRODUCT_INSTANCE_ID"),
        (vec![one_time(3), one_time(3)], 428, "PRODUCT_LIMIT_EXCEEDED"),
        (vec![no_billing], 428, "MISSING_BILLING_CYCLE"),
        (vec![no_cycle], 428, "INVALID_BILLING_CYCLE"),
        (vec![two_years], 428, "INCOMPATIBLE_BILLING_CYCLE"),
        (vec![one_time(1)], 428, "INVALID_PRODUCTS"),
        (
            vec![on(SITE, yearly(EMAIL)), on(SITE, yearly(EMAIL))],
            428,
            "MULTIPLE_PRODUCT_ASSIGNMENTS",
        ),
        (
            vec![on(SITE, yearly(LARGER_PLAN))],
            428,
            "PRODUCT_TYPE_ALREADY_ASSIGNED",
        ),
        (vec![on(SITE, one_time(2))], 428, "PRODUCT_NOT_SUPPORTED_ON_SITE"),
    ];
    for (products, status, code) in cases {
        assert_eq!(refused(&sandbox, products).await, (status, code.to_owned()));
    }
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_of_wixs_is_refused_with_the_rules_code() {
    let sandbox = Sandbox::start().await;
    let (client, package) = (
        &sandbox.client,
        sandbox.buy("p", vec![yearly(PLAN), yearly(VOUCHER)]).await,
    );
    let (plan, voucher) = (instance(&package, 0), instance(&package, 1));
    let to = |product: &str| Adjustment::to_product(product.parse().unwrap());
    let adjust = async |instance: InstanceId, to: Adjustment| {
        client
            .execute(
                &main(),
                &AdjustProductInstance {
                    instance: instance.clone(),
                    adjustment: to.clone(),
                    idempotency_key: key("k"),
                },
            )
            .await
            .unwrap_err()
    };
    is_refused(&adjust(nobody(), to(PLAN)).await, 428, "PRODUCT_INSTANCE_NOT_FOUND");
    is_refused(&adjust(plan.clone(), to(EMAIL)).await, 428, "INCOMPATIBLE_PRODUCT");
    is_refused(&adjust(plan.clone(), to(NOWHERE)).await, 404, "PRODUCT_NOT_FOUND");
    is_refused(
        &adjust(voucher, to(VOUCHER)).await,
        428,
        "OPERATION_NOT_SUPPORTED_FOR_PRODUCT",
    );
    let error = client
        .execute(
            &main(),
            &UnassignProductInstance {
                instance: plan.clone(),
                idempotency_key: key("u-1"),
            },
        )
        .await;
    is_refused(&error.unwrap_err(), 428, "MISSING_SITE_ID");
    let error = client
        .execute(
            &main(),
            &UnassignProductInstance {
                instance: nobody(),
                idempotency_key: key("u-2"),
            },
        )
        .await;
    is_refused(&error.unwrap_err(), 428, "PRODUCT_INSTANCE_NOT_FOUND");

    client
        .execute(
            &main(),
            &CancelProductInstance {
                instance: plan.clone(),
                idempotency_key: key("c"),
            },
        )
        .await
        .unwrap();
    is_refused(
        &adjust(plan.clone(), to(LARGER_PLAN)).await,
        428,
        "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS",
    );
    let assigned = client
        .execute(
            &main(),
            &AssignProductInstance {
                instance: plan.clone(),
                site: SITE.parse().unwrap(),
                idempotency_key: key("a"),
            },
        )
        .await;
    is_refused(&assigned.unwrap_err(), 428, "INCOMPATIBLE_PRODUCT_INSTANCE_STATUS");
}

#[tokio::test]
async fn a_package_that_is_not_there_or_not_the_accounts_is_not_found() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    let sub: AccountId = SUB.parse().unwrap();
    let nowhere: PackageId = NOWHERE.parse().unwrap();
    for (account, id) in [(&main(), &nowhere), (&sub, &package.id)] {
        let client = &sandbox.client;
        let errors = [
            client
                .execute(account, &GetPackage { package: id.clone() })
                .await
                .unwrap_err(),
            client
                .execute(
                    account,
                    &CancelPackage {
                        package: id.clone(),
                        idempotency_key: key("c"),
                    },
                )
                .await
                .unwrap_err(),
            client
                .execute(
                    account,
                    &UpdateExternalId {
                        package: id.clone(),
                        external_id: "X".parse().unwrap(),
                    },
                )
                .await
                .unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_not_found(), "{error}");
            is_refused(&error, 404, "PACKAGE_NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn a_field_that_is_not_as_it_must_be_is_named_with_its_rule() {
    let sandbox = Sandbox::start().await;
    let nowhere = ProductInput {
        country_code: "ZZ".parse().unwrap(),
        ..yearly(PLAN)
    };
    let error = sandbox
        .client
        .execute(&main(), &order("zz", vec![yearly(PLAN), nowhere]))
        .await
        .unwrap_err();
    assert_eq!((error.failure(), error.status()), (Failure::Rejected, Some(400)));
    let [violation] = error.violations() else {
        panic!("{error:?}");
    };
    assert_eq!(violation.field, "products[1].countryCode");
    assert_eq!(violation.violated_rule.as_deref(), Some("FORMAT"));
    assert!(error.to_string().contains("products[1].countryCode"), "{error}");
}

#[tokio::test]
async fn a_key_that_wix_does_not_know_is_everybodys_problem() {
    let sandbox = Sandbox::start().await;
    let stranger = sandbox.client_with("another-key", Duration::from_secs(15));
    let error = stranger.execute(&main(), &Probe).await.unwrap_err();
    assert_eq!((error.failure(), error.status()), (Failure::Unauthorized, Some(401)));
    assert_eq!(sandbox.look().calls().len(), 1, "it is not repeated");

    stranger.set_api_key(reseller_hooks::wix::ApiKey::new(DEFAULT_API_KEY).unwrap());
    stranger.execute(&main(), &Probe).await.unwrap();
}

#[tokio::test]
async fn an_account_that_the_key_may_not_speak_for_is_forbidden_or_not_found() {
    let sandbox = Sandbox::with(Config {
        accept_any_account: false,
        ..calm()
    })
    .await;
    let stranger: AccountId = SUB.parse().unwrap();
    let error = sandbox
        .client
        .execute(&stranger, &QueryPackages::from(PackageQuery::new()))
        .await
        .unwrap_err();
    assert_eq!((error.failure(), error.status()), (Failure::Forbidden, Some(403)));
    let request = order("x", vec![yearly(PLAN)]);
    let error = sandbox.client.execute(&stranger, &request).await.unwrap_err();
    is_refused(&error, 404, "ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn a_conflict_is_unknown_because_the_first_one_may_have_won() {
    let sandbox = Sandbox::with(Config {
        idempotency: Idempotency::Conflict,
        ..calm()
    })
    .await;
    let request = order("order-1", vec![yearly(PLAN)]);
    sandbox.client.execute(&main(), &request).await.unwrap();
    let error = sandbox.client.execute(&main(), &request).await.unwrap_err();
    assert_eq!((error.failure(), error.status()), (Failure::Unknown, Some(409)));
}

#[tokio::test]
async fn a_failed_instance_says_why() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    let change = InstanceChange {
        status: Some(wix_sandbox::Status::Failed),
        failure: Some(wix_sandbox::Failure {
            code: "DELIVERY_TIMEOUT".to_owned(),
            message: "not delivered in time".to_owned(),
        }),
        ..InstanceChange::default()
    };
    let id = instance(&package, 0).as_str().parse().unwrap();
    sandbox.look().set_instance(1_800_000_000_000, id, change).unwrap();
    let read = sandbox
        .client
        .execute(
            &main(),
            &GetPackage {
                package: package.id.clone(),
            },
        )
        .await
        .unwrap()
        .value;
    let failure = read.product_instances[0].failure.clone().unwrap();
    assert_eq!(
        (failure.code.as_str(), failure.message.as_str()),
        ("DELIVERY_TIMEOUT", "not delivered in time")
    );
}
