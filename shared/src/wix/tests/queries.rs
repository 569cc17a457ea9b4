//! Queries page by page and package by package.

use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;
use serde_json::{Value, json};

use super::stub::{Act, Stub, answer, ok};
use super::*;

fn page(ids: &[u32], metadata: &Value) -> Act {
    let packages: Vec<Value> = ids.iter().map(|id| json!({ "id": package_id(*id) })).collect();
    ok(&json!({ "packages": packages, "metadata": metadata }).to_string())
}

fn package_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn bodies(stub: &Stub) -> Vec<Value> {
    stub.seen()
        .iter()
        .map(|seen| serde_json::from_str(&seen.body).unwrap())
        .collect()
}

fn query() -> PackageQuery {
    PackageQuery::new()
        .filter(field::EXTERNAL_ID.eq(&"order-1".parse().unwrap()))
        .sort(SortField::CreatedDate, SortOrder::Asc)
        .limit(2)
}

#[tokio::test]
async fn a_stream_asks_for_page_after_page_and_sends_filter_and_sort_once() {
    // A short page and an empty one are not the end; the absence of a next cursor is.
    let stub = Stub::start([
        page(&[1, 2], &json!({ "cursors": { "next": "c1" } })),
        page(&[], &json!({ "cursors": { "next": "c2", "prev": "c0" } })),
        page(&[3], &json!({ "count": 1, "cursors": {} })),
    ])
    .await;
    let mut packages = client(&stub.url).packages(&account(), query());
    let mut ids = Vec::new();
    while let Some(package) = packages.next().await {
        ids.push(package.unwrap().id.to_string());
    }
    assert_eq!(ids, [package_id(1), package_id(2), package_id(3)]);
    assert!(packages.next().await.is_none());
    assert_eq!(
        bodies(&stub),
        [
            json!({ "query": {
                "filter": { "externalId": { "$eq": "order-1" } },
                "sort": [{ "fieldName": "createdDate", "order": "ASC" }],
                "cursorPaging": { "limit": 2 },
            } }),
            json!({ "query": { "cursorPaging": { "limit": 2, "cursor": "c1" } } }),
            json!({ "query": { "cursorPaging": { "limit": 2, "cursor": "c2" } } }),
        ]
    );
    assert!(
        stub.seen()
            .iter()
            .all(|seen| seen.line == "POST /resellers/v1/packages/query")
    );
}

#[tokio::test]
async fn pages_are_a_stream_that_asks_only_when_polled() {
    let stub = Stub::start([
        page(&[1], &json!({ "cursors": { "next": "c1" } })),
        page(&[2], &json!({})),
    ])
    .await;
    let mut pages = client(&stub.url).pages(&account(), PackageQuery::new());
    assert_eq!(stub.seen().len(), 0);
    let first = poll_fn(|context| Pin::new(&mut pages).poll_next(context))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.value.next.as_deref(), Some("c1"));
    assert_eq!(stub.seen().len(), 1);
    let second = pages.next().await.unwrap().unwrap();
    assert_eq!(second.value.packages[0].id.to_string(), package_id(2));
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn an_error_ends_the_stream_after_the_packages_before_it() {
    let refused = answer(400, "", r#"{"message":"invalid cursor","details":{}}"#);
    let stub = Stub::start([
        page(&[1], &json!({ "cursors": { "next": "c1" } })),
        Act::Answer(refused),
    ])
    .await;
    let mut packages = client(&stub.url).packages(&account(), PackageQuery::new());
    assert_eq!(packages.next().await.unwrap().unwrap().id.to_string(), package_id(1));
    let error = packages.next().await.unwrap().unwrap_err();
    assert_eq!(error.failure(), Failure::Rejected);
    assert!(packages.next().await.is_none());
}

#[tokio::test]
async fn a_cursor_that_leads_to_itself_ends_in_an_error() {
    let again = || page(&[1], &json!({ "cursors": { "next": "c1" } }));
    let stub = Stub::start([again(), again(), again()]).await;
    let mut pages = client(&stub.url).pages(&account(), PackageQuery::new());
    assert!(pages.next().await.unwrap().is_ok());
    assert!(pages.next().await.unwrap().is_err());
    assert!(pages.next().await.is_none());
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn a_probe_is_a_query_for_one_package() {
    let stub = Stub::start([page(&[1], &json!({}))]).await;
    client(&stub.url).execute(&account(), &Probe).await.unwrap();
    assert_eq!(bodies(&stub), [json!({ "query": { "cursorPaging": { "limit": 1 } } })]);
}
