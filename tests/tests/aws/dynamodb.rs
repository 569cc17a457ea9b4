//! The ledger's contract, and what is special about DynamoDB: answers lost below the SDK's retries, tables that are
//! not there, and a service that is away.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use reseller_hooks::aws::Aws;
use reseller_hooks::ledger::dynamodb::{ATTENTION, DUE, DynamoDbLedger, Index};
use reseller_hooks::ledger::{AnyLedger, Entry, Ledger, LedgerError, LimitStore, Stored};
use reseller_hooks::time::Timestamp;
use reseller_hooks_tests::ledger_contract::{
    WRITERS, sixteen_workers_with_clocks_apart_and_lost_answers_buy_exactly_once,
};

use crate::proxy::Proxy;
use crate::{aws, aws_at, closed_port, unique};

/// The table as the template makes it.
async fn table(client: &Client) -> String {
    let name = unique("ledger");
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(kind)
            .build()
            .unwrap()
    };
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let index = |index: Index| {
        GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .key_schema(key(index.partition, KeyType::Hash))
            .key_schema(key(index.sort, KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .unwrap()
    };
    client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_partition", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .attribute_definitions(attribute("attention_partition", ScalarAttributeType::S))
        .attribute_definitions(attribute("attention_since", ScalarAttributeType::N))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(index(DUE))
        .global_secondary_indexes(index(ATTENTION))
        .send()
        .await
        .unwrap();
    name
}

fn client(aws: &Aws) -> Client {
    Client::new(aws.sdk_config().unwrap())
}

/// Each handle has its own client and connections, as each process would.
async fn dynamodb(handles: usize) -> (Vec<DynamoDbLedger>, ()) {
    let table = table(&client(&aws())).await;
    let ledgers = (0..handles).map(|_| DynamoDbLedger::open(&table, &aws()).unwrap());
    (ledgers.collect(), ())
}

/// A restore under the old name makes another table: by its name alone it would buy again what the lost one bought.
#[tokio::test]
async fn a_table_that_was_made_again_under_its_name_has_another_id() {
    let client = client(&aws());
    let name = table(&client).await;
    let ledger = DynamoDbLedger::open(&name, &aws()).unwrap();
    let first = ledger.table().await.unwrap();
    assert!(first.is_some());
    assert_eq!(ledger.table().await.unwrap(), first);
    let other = table(&client).await;
    let other = DynamoDbLedger::open(&other, &aws()).unwrap();
    assert_ne!(other.table().await.unwrap(), first);
}

reseller_hooks_tests::ledger_contract!(in_dynamodb, super::dynamodb);

/// What is lost here is lost below the SDK, which repeats the write by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_workers_over_connections_that_lose_answers_buy_exactly_once() {
    let table = table(&client(&aws())).await;
    let proxy = Proxy::losing_every_third_answer_to("DynamoDB_20120810.PutItem").await;
    let ledgers = (0..WRITERS).map(|_| DynamoDbLedger::open(&table, &aws_at(proxy.port)).unwrap());
    sixteen_workers_with_clocks_apart_and_lost_answers_buy_exactly_once(ledgers.collect()).await;
    assert!(proxy.lost() > 10, "only {} answers were lost", proxy.lost());
}

fn entry(rev: u64) -> Entry {
    Entry {
        key: "shopify/1".into(),
        body: "{}".into(),
        rev,
        write_id: format!("w{rev}"),
        due_at: Some(Timestamp::from_millis(1_700_000_000_123)),
        attention_since: None,
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_recognised_by_the_sdks_own_retry() {
    let direct = aws();
    let table = table(&client(&direct)).await;
    let proxy = Proxy::losing_first_answer_to("DynamoDB_20120810.PutItem").await;
    let ledger = DynamoDbLedger::open(&table, &aws_at(proxy.port)).unwrap();
    assert_eq!(ledger.store(&entry(1)).await.unwrap(), Stored::Written);
    assert_eq!(proxy.lost(), 1);
    let seen = DynamoDbLedger::open(&table, &direct)
        .unwrap()
        .load("shopify/1")
        .await
        .unwrap();
    assert_eq!(seen, Some(entry(1)));
}

#[tokio::test]
async fn items_have_the_attributes_that_the_table_and_its_indexes_are_made_for() {
    let aws = aws();
    let client = client(&aws);
    let table = table(&client).await;
    let ledger = DynamoDbLedger::open(&table, &aws).unwrap();
    ledger.store(&entry(1)).await.unwrap();
    let answer = client
        .get_item()
        .table_name(&table)
        .key("pk", AttributeValue::S("shopify/1".into()))
        .send()
        .await
        .unwrap();
    let mut attributes: Vec<(String, AttributeValue)> = answer.item.unwrap().into_iter().collect();
    attributes.sort_by(|a, b| a.0.cmp(&b.0));
    let text = |text: &str| AttributeValue::S(text.into());
    let number = |digits: &str| AttributeValue::N(digits.into());
    assert_eq!(
        attributes,
        [
            ("body".to_owned(), text("{}")),
            ("due_at".to_owned(), number("1700000000123")),
            ("due_partition".to_owned(), text("due")),
            ("pk".to_owned(), text("shopify/1")),
            ("rev".to_owned(), number("1")),
            ("write_id".to_owned(), text("w1")),
        ]
    );
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named_with_the_remedy() {
    let ledger = DynamoDbLedger::open("no-such-table", &aws()).unwrap();
    for error in [
        ledger.load("shopify/1").await.unwrap_err(),
        ledger.store(&entry(1)).await.unwrap_err(),
        ledger.due(Timestamp::EPOCH, 1).await.unwrap_err(),
        ledger.scan(None, 1).await.unwrap_err(),
    ] {
        assert!(!error.is_retryable(), "{error}");
        let said = error.to_string();
        assert!(
            said.contains("no-such-table") && said.contains("correct LEDGER_URL"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn an_item_that_is_not_ours_is_named_and_not_guessed_at() {
    let aws = aws();
    let client = client(&aws);
    let table = table(&client).await;
    client
        .put_item()
        .table_name(&table)
        .item("pk", AttributeValue::S("shopify/1".into()))
        .item("rev", AttributeValue::N("1".into()))
        .send()
        .await
        .unwrap();
    let ledger = DynamoDbLedger::open(&table, &aws).unwrap();
    let error = ledger.load("shopify/1").await.unwrap_err();
    assert!(matches!(error, LedgerError::Misconfigured(_)), "{error}");
    assert!(error.to_string().contains("no usable `body`"), "{error}");
}

#[tokio::test]
async fn a_service_that_is_away_is_worth_a_retry() {
    let aws = aws_at(closed_port()).with_time_limits(Duration::from_secs(1), Duration::from_secs(2));
    let ledger = DynamoDbLedger::open("orders", &aws).unwrap();
    let error = ledger.load("shopify/1").await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(
        error.to_string().starts_with("the ledger did not load shopify/1: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up_in_time() {
    // Takes connections into its backlog and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let aws = aws_at(silent.local_addr().unwrap().port())
        .with_time_limits(Duration::from_millis(50), Duration::from_millis(200));
    let ledger = DynamoDbLedger::open("orders", &aws).unwrap();
    let error = ledger.load("shopify/1").await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(error.to_string().contains("did not answer in time"), "{error}");
}

#[tokio::test]
async fn any_ledger_opens_what_its_address_names() {
    let aws = aws();
    let table = table(&client(&aws)).await;
    let url = format!("dynamodb://{table}").parse().unwrap();
    let ledger = AnyLedger::open(&url, &aws).unwrap();
    assert_eq!(ledger.limit().await.unwrap(), None);
    assert_eq!(ledger.store(&entry(1)).await.unwrap(), Stored::Written);
    assert_eq!(ledger.load("shopify/1").await.unwrap(), Some(entry(1)));
}
