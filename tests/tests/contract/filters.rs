//! What can be asked for: every documented field with its operators, and the four orders.

use reseller_hooks::time::Timestamp;
use reseller_hooks::wix::{
    BillingType, Condition, CycleUnit, PackageQuery, QueryPackages, SortField, SortOrder, Status, field,
};
use wix_sandbox::{BillingInfo, ForeignInstance, ForeignPackage, InstanceChange};

use super::sandbox::*;

const NOON: i64 = 1_767_268_800_000; // 2026-01-01T12:00:00Z

/// `a`: a plan on a site, failed. `b`: an e-mail that floats, monthly, of the sub-account. A third without an external
/// ID: a voucher and an e-mail. An hour lies between each.
async fn three_packages() -> Sandbox {
    let sandbox = Sandbox::start().await;
    let instance = |product: &str| ForeignInstance {
        catalog_product_id: product.parse().unwrap(),
        site_id: None,
        status: Some(wix_sandbox::Status::Enabled),
        billing_info: Some(BillingInfo::recurring(wix_sandbox::CycleUnit::Year, 1)),
        country_code: Some("US".to_owned()),
        reference_product_instance_id: None,
    };
    let package = |name: Option<&str>, account: &str, hour: i64, instances| ForeignPackage {
        account_id: account.parse().unwrap(),
        parent_account_id: None,
        external_id: name.map(str::to_owned),
        created_ms: Some(NOON + hour * 3_600_000),
        instances,
    };
    {
        let mut wix = sandbox.look();
        let plan = ForeignInstance {
            site_id: Some(SITE.parse().unwrap()),
            ..instance(PLAN)
        };
        let email = ForeignInstance {
            billing_info: Some(BillingInfo::recurring(wix_sandbox::CycleUnit::Month, 3)),
            country_code: Some("BR".to_owned()),
            ..instance(EMAIL)
        };
        let end = NOON + 5 * 3_600_000;
        let a = wix.insert_package(end, package(Some("a"), MAIN, 0, vec![plan]));
        wix.insert_package(end, package(Some("b"), SUB, 1, vec![email]));
        let one_time = ForeignInstance {
            billing_info: Some(BillingInfo::one_time()),
            ..instance(EMAIL)
        };
        wix.insert_package(end, package(None, MAIN, 2, vec![instance(VOUCHER), one_time]));
        let failed = wix.package(a).unwrap().instances[0].id;
        let change = InstanceChange {
            status: Some(wix_sandbox::Status::Failed),
            failure: Some(wix_sandbox::Failure {
                code: "EXTERNAL_FAILURE".to_owned(),
                message: String::new(),
            }),
            ..InstanceChange::default()
        };
        wix.set_instance(end, failed, change).unwrap();
    }
    sandbox
}

async fn found(sandbox: &Sandbox, query: PackageQuery) -> Vec<String> {
    let page = sandbox
        .client
        .execute(&main(), &QueryPackages::from(query.clone()))
        .await
        .unwrap()
        .value;
    let name = |package: reseller_hooks::wix::Package| package.external_id.unwrap_or_else(|| "-".to_owned());
    page.packages.into_iter().map(name).collect()
}

fn hour(hour: i64) -> Timestamp {
    Timestamp::from_millis(NOON + hour * 3_600_000)
}

#[tokio::test]
async fn each_filter_finds_what_it_names() {
    let sandbox = three_packages().await;
    let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
    let sub = SUB.parse().unwrap();
    let (id_of_a, instance_of_a) = {
        let wix = sandbox.look();
        let package = wix
            .packages()
            .find(|package| package.external_id.as_deref() == Some("a"))
            .unwrap();
        (
            package.id.to_string().parse().unwrap(),
            package.instances[0].id.to_string().parse().unwrap(),
        )
    };
    let (email, voucher) = (EMAIL.parse().unwrap(), VOUCHER.parse().unwrap());
    let cases: Vec<(&str, Condition, &[&str])> = vec![
        ("id eq", field::ID.eq(&id_of_a), &["a"]),
        ("id ne", field::ID.ne(&id_of_a), &["-", "b"]),
        ("account eq", field::ACCOUNT_ID.eq(&sub), &["b"]),
        ("account ne", field::ACCOUNT_ID.ne(&sub), &["-", "a"]),
        (
            "account in",
            field::ACCOUNT_ID.any_of([&sub, &main()]),
            &["-", "b", "a"],
        ),
        ("external eq", field::EXTERNAL_ID.eq(&a), &["a"]),
        ("external in", field::EXTERNAL_ID.any_of([&a, &b]), &["b", "a"]),
        ("external exists", field::EXTERNAL_ID.exists(true), &["b", "a"]),
        ("external lacks", field::EXTERNAL_ID.exists(false), &["-"]),
        ("created eq", field::CREATED_DATE.eq(&hour(1)), &["b"]),
        ("created ne", field::CREATED_DATE.ne(&hour(1)), &["-", "a"]),
        ("created gt", field::CREATED_DATE.gt(&hour(1)), &["-"]),
        ("created gte", field::CREATED_DATE.gte(&hour(1)), &["-", "b"]),
        ("created lt", field::CREATED_DATE.lt(&hour(1)), &["a"]),
        ("created lte", field::CREATED_DATE.lte(&hour(1)), &["b", "a"]),
        ("updated gte", field::UPDATED_DATE.gte(&hour(5)), &["a"]),
        ("instance", field::INSTANCE_ID.has_some([&instance_of_a]), &["a"]),
        ("site", field::SITE_ID.has_some([&SITE.parse().unwrap()]), &["a"]),
        (
            "product some",
            field::CATALOG_PRODUCT_ID.has_some([&email, &voucher]),
            &["-", "b"],
        ),
        (
            "product all",
            field::CATALOG_PRODUCT_ID.has_all([&email, &voucher]),
            &["-"],
        ),
        ("status", field::STATUS.has_some([&Status::Failed]), &["a"]),
        (
            "statuses",
            field::STATUS.has_some([&Status::Failed, &Status::Enabled]),
            &["-", "b", "a"],
        ),
        ("failure", field::FAILURE_CODE.has_some(["EXTERNAL_FAILURE"]), &["a"]),
        (
            "one time",
            field::BILLING_TYPE.has_some([&BillingType::OneTime]),
            &["-"],
        ),
        ("unit", field::CYCLE_UNIT.has_some([&CycleUnit::Month]), &["b"]),
        ("count", field::CYCLE_COUNT.has_some([&3]), &["b"]),
        (
            "instance created",
            field::INSTANCE_CREATED_DATE.has_some([&hour(2)]),
            &["-"],
        ),
        (
            "instance updated",
            field::INSTANCE_UPDATED_DATE.has_some([&hour(5)]),
            &["a"],
        ),
        (
            "country",
            field::COUNTRY_CODE.has_some([&"BR".parse().unwrap()]),
            &["b"],
        ),
    ];
    for (name, condition, expected) in cases {
        let query = PackageQuery::new().filter(condition);
        assert_eq!(found(&sandbox, query).await, expected, "{name}");
    }
}

#[tokio::test]
async fn conditions_hold_together() {
    let sandbox = three_packages().await;
    let query = PackageQuery::new()
        .filter(field::CREATED_DATE.gte(&hour(0)))
        .filter(field::CREATED_DATE.lt(&hour(2)))
        .filter(field::ACCOUNT_ID.eq(&main()));
    assert_eq!(found(&sandbox, query).await, ["a"]);
}

#[tokio::test]
async fn packages_come_in_each_of_the_orders() {
    let sandbox = three_packages().await;
    let cases: [(SortField, SortOrder, [&str; 3]); 4] = [
        (SortField::CreatedDate, SortOrder::Asc, ["a", "b", "-"]),
        (SortField::CreatedDate, SortOrder::Desc, ["-", "b", "a"]),
        (SortField::UpdatedDate, SortOrder::Asc, ["b", "-", "a"]),
        (SortField::UpdatedDate, SortOrder::Desc, ["a", "-", "b"]),
    ];
    for (field, order, expected) in cases {
        let query = PackageQuery::new().sort(field, order);
        assert_eq!(found(&sandbox, query).await, expected, "{field:?} {order:?}");
    }
}
