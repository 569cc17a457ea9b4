//! Every operation of the API, as it goes when nothing is wrong.

use reseller_hooks::ids::{AccountId, ExternalId, SiteId};
use reseller_hooks::wix::{
    AdjustProductInstance, Adjustment, AssignProductInstance, BillingInfo, CancelPackage, CancelProductInstance,
    CycleUnit, GetPackage, PackageQuery, Probe, QueryPackages, Status, UnassignProductInstance, UpdateExternalId,
    field,
};
use wix_sandbox::{Config, Idempotency, Operation};

use super::sandbox::*;

#[tokio::test]
async fn create_answers_with_the_package_and_says_the_requests_id() {
    let sandbox = Sandbox::start().await;
    let mut discounted = yearly(EMAIL);
    discounted.discount_code = Some("SUMMER".parse().unwrap());
    let request = order("order-1", vec![on(SITE, yearly(PLAN)), discounted]);
    let created = sandbox.client.execute(&main(), &request).await.unwrap();
    let package = created.value;
    assert_eq!(package.account_id, Some(main()));
    assert_eq!(package.external_id.as_deref(), Some("order-1"));
    assert!(package.created_date.is_some() && package.updated_date.is_some());
    let [plan, email] = package.product_instances.as_slice() else {
        panic!("{package:?}");
    };
    assert_eq!(plan.catalog_product_id.as_str(), PLAN);
    assert_eq!(plan.site_id, Some(SITE.parse().unwrap()));
    assert_eq!(plan.status, Status::Pending);
    assert_eq!(plan.billing_info, Some(BillingInfo::recurring(CycleUnit::Year, 1)));
    assert_eq!(plan.country_code.as_deref(), Some("BR"));
    assert_eq!(
        (&email.site_id, email.discount_code.as_deref()),
        (&None, Some("SUMMER"))
    );

    let wix = sandbox.look();
    let call = wix.calls().next_back().unwrap();
    assert_eq!(call.idempotency_key.as_deref(), Some("key-order-1"));
    assert_eq!(call.account.map(|id| id.to_string()).as_deref(), Some(MAIN));
    assert!(created.request_id.is_some_and(|id| !id.is_empty()));
}

#[tokio::test]
async fn a_voucher_package_names_the_paid_instance() {
    let sandbox = Sandbox::start().await;
    let paid = instance(&sandbox.buy("paid", vec![yearly(PLAN)]).await, 0);
    let voucher = sandbox.buy("free", vec![voucher_of(&paid)]).await;
    assert_eq!(
        voucher.product_instances[0].reference_product_instance_id,
        Some(paid.clone())
    );
    let wix = sandbox.look();
    assert_eq!(
        wix.voucher_of(paid.as_str().parse().unwrap()).map(|id| id.to_string()),
        Some(instance(&voucher, 0).to_string())
    );
}

#[tokio::test]
async fn a_package_of_a_thousand_products_goes_and_comes_whole() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("thousand", vec![yearly(EMAIL); 1_000]).await;
    assert_eq!(package.product_instances.len(), 1_000);
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
    assert_eq!(read, package);
}

#[tokio::test]
async fn a_create_that_is_sent_again_with_its_key_makes_nothing_new() {
    let sandbox = Sandbox::start().await;
    let first = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    let again = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    assert_eq!((again, sandbox.look().packages().count()), (first, 1));
}

#[tokio::test]
async fn a_wix_that_ignores_keys_makes_another_package_and_that_is_not_hidden() {
    let sandbox = Sandbox::with(Config {
        idempotency: Idempotency::Ignore,
        ..calm()
    })
    .await;
    let first = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    let again = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    assert_ne!(again.id, first.id);
}

#[tokio::test]
async fn get_and_query_show_what_was_created() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    sandbox.buy("order-2", vec![yearly(PLAN)]).await;
    let read = sandbox
        .client
        .execute(
            &main(),
            &GetPackage {
                package: package.id.clone(),
            },
        )
        .await
        .unwrap();
    assert_eq!(read.value, package);
    let query = PackageQuery::new().filter(field::EXTERNAL_ID.eq(&"order-1".parse().unwrap()));
    let page = sandbox
        .client
        .execute(&main(), &QueryPackages::from(query.clone()))
        .await
        .unwrap();
    assert_eq!((page.value.packages, page.value.next), (vec![package], None));
    assert!(read.request_id.is_some() && page.request_id.is_some());
    assert_ne!(read.request_id, page.request_id);
}

#[tokio::test]
async fn a_query_answers_with_the_packages_of_every_sub_account() {
    let sandbox = Sandbox::start().await;
    sandbox.buy("main", vec![yearly(PLAN)]).await;
    let sub: AccountId = SUB.parse().unwrap();
    let theirs = order("sub", vec![yearly(PLAN)]);
    let theirs = sandbox.client.execute(&sub, &theirs).await.unwrap().value;
    assert_eq!(theirs.account_id, Some(sub.clone()));
    assert_eq!(theirs.parent_account_id, Some(main()));
    let page = sandbox
        .client
        .execute(&sub, &QueryPackages::from(PackageQuery::new()))
        .await
        .unwrap();
    assert_eq!(page.value.packages.len(), 2);
}

#[tokio::test]
async fn an_instance_is_assigned_moved_and_unassigned() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    let id = instance(&package, 0);
    for (count, site) in [SITE, OTHER_SITE].into_iter().enumerate() {
        let site: SiteId = site.parse().unwrap();
        let moved = sandbox
            .client
            .execute(
                &main(),
                &AssignProductInstance {
                    instance: id.clone(),
                    site: site.clone(),
                    idempotency_key: key(&format!("a-{count}")),
                },
            )
            .await
            .unwrap();
        assert_eq!(moved.value.product_instances[0].site_id, Some(site));
    }
    let floating = sandbox
        .client
        .execute(
            &main(),
            &UnassignProductInstance {
                instance: id.clone(),
                idempotency_key: key("u-1"),
            },
        )
        .await
        .unwrap();
    assert_eq!(floating.value.product_instances[0].site_id, None);
    let read = sandbox
        .client
        .execute(
            &main(),
            &GetPackage {
                package: package.id.clone(),
            },
        )
        .await
        .unwrap();
    assert_eq!(read.value.product_instances[0].site_id, None);
    let keys: Vec<_> = sandbox
        .look()
        .calls()
        .filter_map(|call| call.idempotency_key.clone())
        .collect();
    assert_eq!(keys, ["key-order-1", "a-0", "a-1", "u-1"]);
}

#[tokio::test]
async fn a_canceled_instance_takes_its_voucher_with_it_and_leaves_the_others() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN), yearly(EMAIL)]).await;
    let free = sandbox.buy("free", vec![voucher_of(&instance(&package, 0))]).await;
    let answer = sandbox
        .client
        .execute(
            &main(),
            &CancelProductInstance {
                instance: instance(&package, 0),
                idempotency_key: key("c-1"),
            },
        )
        .await
        .unwrap();
    assert_eq!(
        answer.value.product_instances[0].status,
        Status::Pending,
        "the answer shows what was"
    );
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
    let statuses: Vec<_> = read.product_instances.iter().map(|i| i.status.clone()).collect();
    assert_eq!(statuses, [Status::Canceled, Status::Pending]);
    let free = sandbox
        .client
        .execute(
            &main(),
            &GetPackage {
                package: free.id.clone(),
            },
        )
        .await
        .unwrap()
        .value;
    assert_eq!(free.product_instances[0].status, Status::Canceled);
}

#[tokio::test]
async fn a_canceled_package_ends_all_of_its_instances_once() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN), yearly(EMAIL)]).await;
    for name in ["c-1", "c-1", "c-2"] {
        sandbox
            .client
            .execute(
                &main(),
                &CancelPackage {
                    package: package.id.clone(),
                    idempotency_key: key(name),
                },
            )
            .await
            .unwrap();
    }
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
    assert!(read.product_instances.iter().all(|i| i.status == Status::Canceled));
    assert_eq!(sandbox.look().count(Operation::CancelPackage).committed, 1);
}

#[tokio::test]
async fn an_instance_is_adjusted_to_another_product_and_another_billing() {
    let sandbox = Sandbox::start().await;
    let id = instance(&sandbox.buy("order-1", vec![yearly(PLAN)]).await, 0);
    let monthly = BillingInfo::recurring(CycleUnit::Month, 1);
    let cases = [
        (
            Adjustment::to_product(LARGER_PLAN.parse().unwrap()),
            LARGER_PLAN,
            "YEAR",
        ),
        (Adjustment::to_billing(monthly.clone()), LARGER_PLAN, "MONTH"),
        (
            Adjustment::to_product(PLAN.parse().unwrap())
                .with_billing(BillingInfo::recurring(CycleUnit::Year, 1))
                .with_discount("LOYAL".parse().unwrap()),
            PLAN,
            "YEAR",
        ),
    ];
    for (count, (adjustment, product, unit)) in cases.into_iter().enumerate() {
        let adjusted = sandbox
            .client
            .execute(
                &main(),
                &AdjustProductInstance {
                    instance: id.clone(),
                    adjustment: adjustment.clone(),
                    idempotency_key: key(&format!("adjust-{count}")),
                },
            )
            .await
            .unwrap()
            .value;
        let shown = &adjusted.product_instances[0];
        assert_eq!(shown.catalog_product_id.as_str(), product);
        let billing = shown.billing_info.clone().unwrap();
        assert_eq!(billing.cycle_duration.unwrap().unit.as_str(), unit);
    }
}

#[tokio::test]
async fn an_external_id_is_set_again_and_again_whatever_is_in_it() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    for text in [
        "SUB-7",
        "A b+c&d=e?f#g",
        "100 % für Jürgen",
        "%2e%2e",
        "a:b@c;d,e",
        "...",
    ] {
        let id: ExternalId = text.parse().unwrap();
        let tagged = sandbox
            .client
            .execute(
                &main(),
                &UpdateExternalId {
                    package: package.id.clone(),
                    external_id: id.clone(),
                },
            )
            .await
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(tagged.value.external_id.as_deref(), Some(text));
        let query = PackageQuery::new().filter(field::EXTERNAL_ID.eq(&id));
        let found = sandbox
            .client
            .execute(&main(), &QueryPackages::from(query.clone()))
            .await
            .unwrap();
        assert_eq!(found.value.packages.len(), 1, "{text}");
    }
}

#[tokio::test]
async fn a_probe_costs_one_query() {
    let sandbox = Sandbox::start().await;
    sandbox.client.execute(&main(), &Probe).await.unwrap();
    assert_eq!(sandbox.arrived(Operation::QueryPackages), 1);
}

#[tokio::test]
async fn what_was_just_created_is_found_at_once_only_with_a_token_of_wix() {
    for (tokens, expected) in [(true, 1), (false, 0)] {
        let sandbox = Sandbox::with(Config {
            query_delay_ms: 3_600_000,
            consistent_token: tokens,
            ..calm()
        })
        .await;
        sandbox.buy("order-1", vec![yearly(PLAN)]).await;
        let page = sandbox
            .client
            .execute(&main(), &QueryPackages::from(PackageQuery::new()))
            .await;
        assert_eq!(page.unwrap().value.packages.len(), expected, "tokens: {tokens}");
    }
}
