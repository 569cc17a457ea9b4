//! Page after page: every package once, one call a page, and nothing but the cursor after the first. The sandbox refuses
//! a filter or sort beside a cursor, so that a client which sent one would fail here.

use std::collections::HashSet;

use reseller_hooks::wix::{PackageQuery, QueryPackages, SortField, SortOrder, field};
use wix_sandbox::{Config, Effect, FaultRule, ForeignInstance, ForeignPackage, Operation, Spelling};

use super::sandbox::*;

/// A package that somebody made; `{n}` counts.
pub(crate) fn foreign(external_id: &str, account: &str, created_ms: i64) -> ForeignPackage {
    ForeignPackage {
        account_id: account.parse().unwrap(),
        parent_account_id: None,
        external_id: Some(external_id.to_owned()),
        created_ms: Some(created_ms),
        instances: vec![ForeignInstance {
            catalog_product_id: EMAIL.parse().unwrap(),
            site_id: None,
            status: None,
            billing_info: None,
            country_code: None,
            reference_product_instance_id: None,
        }],
    }
}

const NOON: i64 = 1_767_268_800_000; // 2026-01-01T12:00:00Z

#[tokio::test]
async fn ten_thousand_packages_come_once_each_in_a_hundred_and_one_calls() {
    let sandbox = Sandbox::start().await;
    sandbox
        .look()
        .insert_packages(NOON, 10_050, &foreign("n-{n}", MAIN, NOON));
    // Of another account, and outside of the filter.
    sandbox
        .look()
        .insert_packages(NOON, 10, &foreign("other-{n}", SUB, NOON));
    let query = PackageQuery::new()
        .filter(field::ACCOUNT_ID.eq(&main()))
        .sort(SortField::CreatedDate, SortOrder::Asc);
    let mut packages = sandbox.client.packages(&main(), query);
    let mut ids = HashSet::new();
    let mut next = 0;
    while let Some(package) = packages.next().await {
        let package = package.unwrap();
        assert_eq!(package.external_id, Some(format!("n-{next}")));
        assert!(ids.insert(package.id));
        next += 1;
    }
    assert_eq!((next, ids.len()), (10_050, 10_050));
    assert_eq!(sandbox.arrived(Operation::QueryPackages), 101);
    assert!(packages.next().await.is_none(), "the end stays the end");
    assert_eq!(sandbox.arrived(Operation::QueryPackages), 101);
}

#[tokio::test]
async fn a_cursor_beside_a_filter_would_be_refused() {
    let sandbox = Sandbox::start().await;
    sandbox.look().insert_packages(NOON, 3, &foreign("n-{n}", MAIN, NOON));
    let query = PackageQuery::new().limit(2);
    let page = sandbox
        .client
        .execute(&main(), &QueryPackages::from(query.clone()))
        .await
        .unwrap()
        .value;
    let cursor = page.next.unwrap();
    let mut body = query.body(Some(&cursor));
    body["query"]["sort"] = serde_json::json!([{"fieldName": "createdDate", "order": "ASC"}]);
    let request = wix_sandbox::Request::new("POST", "/resellers/v1/packages/query")
        .header("authorization", wix_sandbox::DEFAULT_API_KEY)
        .header("wix-account-id", MAIN)
        .body(body.to_string());
    let reply = sandbox.look().handle(NOON, &request);
    let body = String::from_utf8(reply.body).unwrap();
    assert_eq!((reply.status, body.contains("INVALID_CURSOR")), (400, true), "{body}");
}

#[tokio::test]
async fn pages_of_any_size_hold_the_same_packages() {
    let sandbox = Sandbox::start().await;
    sandbox.look().insert_packages(NOON, 23, &foreign("n-{n}", MAIN, NOON));
    for (limit, calls) in [(1, 23), (7, 4), (23, 1), (100, 1)] {
        let before = sandbox.arrived(Operation::QueryPackages);
        let mut pages = sandbox.client.pages(&main(), PackageQuery::new().limit(limit));
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.unwrap().value.packages);
        }
        let newest_first: Vec<_> = (0..23).rev().map(|n| Some(format!("n-{n}"))).collect();
        assert_eq!(
            found.into_iter().map(|package| package.external_id).collect::<Vec<_>>(),
            newest_first
        );
        assert_eq!(
            sandbox.arrived(Operation::QueryPackages) - before,
            calls,
            "pages of {limit}"
        );
    }
}

#[tokio::test]
async fn an_empty_account_is_one_empty_page() {
    let sandbox = Sandbox::start().await;
    let mut pages = sandbox.client.pages(&main(), PackageQuery::new());
    assert_eq!(pages.next().await.unwrap().unwrap().value.packages, []);
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn either_spelling_of_the_metadata_leads_on() {
    for paging_metadata in [false, true] {
        let sandbox = Sandbox::with(Config {
            spelling: Spelling {
                paging_metadata,
                ..Spelling::default()
            },
            ..calm()
        })
        .await;
        sandbox.look().insert_packages(NOON, 5, &foreign("n-{n}", MAIN, NOON));
        let mut packages = sandbox.client.packages(&main(), PackageQuery::new().limit(2));
        let mut count = 0;
        while let Some(package) = packages.next().await {
            package.unwrap();
            count += 1;
        }
        assert_eq!(count, 5, "pagingMetadata: {paging_metadata}");
    }
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_no_package_is_lost() {
    let sandbox = Sandbox::start().await;
    sandbox.look().insert_packages(NOON, 250, &foreign("n-{n}", MAIN, NOON));
    for (skip, effect) in [
        (0, Effect::LoseAnswer),
        (
            1,
            Effect::ErrorBefore {
                status: 503,
                code: None,
            },
        ),
        (2, Effect::CutJson),
    ] {
        sandbox.look().add_fault(FaultRule {
            skip,
            ..FaultRule::on(Operation::QueryPackages, effect)
        });
    }
    let mut packages = sandbox.client.packages(&main(), PackageQuery::new());
    let mut ids = HashSet::new();
    while let Some(package) = packages.next().await {
        assert!(ids.insert(package.unwrap().id));
    }
    assert_eq!((ids.len(), sandbox.arrived(Operation::QueryPackages)), (250, 6));
}

#[tokio::test]
async fn a_page_is_asked_for_by_the_cursor_that_another_client_was_given() {
    let sandbox = Sandbox::start().await;
    sandbox.look().insert_packages(NOON, 3, &foreign("n-{n}", MAIN, NOON));
    let query = PackageQuery::new()
        .sort(SortField::CreatedDate, SortOrder::Asc)
        .limit(2);
    let first = sandbox
        .client
        .execute(&main(), &QueryPackages::from(query.clone()))
        .await
        .unwrap()
        .value;
    let cursor = first.next.unwrap();
    let other = sandbox.client_with(wix_sandbox::DEFAULT_API_KEY, std::time::Duration::from_secs(15));
    let second = other
        .execute(
            &main(),
            &QueryPackages {
                query: query.clone(),
                cursor: Some(cursor.to_owned()),
            },
        )
        .await
        .unwrap()
        .value;
    assert_eq!(second.packages[0].external_id.as_deref(), Some("n-2"));
    assert_eq!((second.packages.len(), second.next), (1, None));
}
