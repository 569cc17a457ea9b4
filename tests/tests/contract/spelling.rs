//! What documents spell in several ways is read in each of them, through every operation that shows it.

use reseller_hooks::wix::{BillingInfo, CycleUnit, GetPackage, PackageQuery, QueryPackages, Status, UpdateExternalId};
use wix_sandbox::{BillingSpelling, Config, InstanceChange, Spelling};

use super::sandbox::*;

async fn spelled(spelling: Spelling) -> Sandbox {
    Sandbox::with(Config { spelling, ..calm() }).await
}

#[tokio::test]
async fn billing_is_read_from_each_of_its_three_places() {
    for billing in [
        BillingSpelling::BillingInfo,
        BillingSpelling::PaymentInfo,
        BillingSpelling::ContractDetails,
    ] {
        let sandbox = spelled(Spelling {
            billing,
            ..Spelling::default()
        })
        .await;
        let created = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
        let read = sandbox
            .client
            .execute(
                &main(),
                &GetPackage {
                    package: created.id.clone(),
                },
            )
            .await
            .unwrap()
            .value;
        let page = sandbox
            .client
            .execute(&main(), &QueryPackages::from(PackageQuery::new()))
            .await;
        let found = page.unwrap().value.packages.remove(0);
        for package in [created, read, found] {
            assert_eq!(
                package.product_instances[0].billing_info,
                Some(BillingInfo::recurring(CycleUnit::Year, 1)),
                "{billing:?}"
            );
        }
    }
}

#[tokio::test]
async fn each_word_for_enabled_is_enabled() {
    for word in ["ENABLED", "ACTIVE", "Enabled"] {
        let sandbox = spelled(Spelling {
            enabled: word.to_owned(),
            ..Spelling::default()
        })
        .await;
        let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
        let change = InstanceChange {
            status: Some(wix_sandbox::Status::Enabled),
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
        assert_eq!(read.product_instances[0].status, Status::Enabled, "{word}");
    }
}

#[tokio::test]
async fn a_status_that_no_document_lists_is_kept_as_it_came() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    let change = InstanceChange {
        status: Some(wix_sandbox::Status::Other("ON_HOLD".to_owned())),
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
    assert_eq!(read.product_instances[0].status, Status::Unknown("ON_HOLD".to_owned()));
}

#[tokio::test]
async fn the_updated_package_is_read_in_camel_and_in_snake_case() {
    for snake_updated_package in [false, true] {
        let sandbox = spelled(Spelling {
            snake_updated_package,
            ..Spelling::default()
        })
        .await;
        let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
        let tagged = sandbox
            .client
            .execute(
                &main(),
                &UpdateExternalId {
                    package: package.id.clone(),
                    external_id: "SUB-7".parse().unwrap(),
                },
            )
            .await
            .unwrap();
        assert_eq!(tagged.value.external_id.as_deref(), Some("SUB-7"));
    }
}
