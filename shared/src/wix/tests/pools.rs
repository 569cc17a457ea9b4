//! Which connection a call goes over, and how calls are held back.

use super::stub::{Act, Stub, answer, ok};
use super::*;

async fn create<T: Transport, C: Timer>(client: &Client<T, C>) -> Result<Response<Package>, Error> {
    client.execute(&account(), &create_request()).await
}

fn with_clock(stub: &Stub, clock: &Arc<Hand>) -> Client<HttpTransport<Arc<Hand>>, Arc<Hand>> {
    let config = ClientConfig {
        timeout: Duration::from_secs(3),
        ..config(&stub.url)
    };
    client_by(clock, config)
}

fn connections(stub: &Stub) -> Vec<usize> {
    stub.seen().iter().map(|seen| seen.connection).collect()
}

#[tokio::test]
async fn calls_in_a_row_share_a_connection() {
    let stub = Stub::start([ok(CREATED), ok(CREATED)]).await;
    let clock = Hand::new();
    let client = with_clock(&stub, &clock);
    create(&client).await.unwrap();
    clock.shift(4_000);
    create(&client).await.unwrap();
    assert_eq!(connections(&stub), [0, 0]);
}

#[tokio::test]
async fn a_thawed_process_does_not_create_over_a_dead_connection() {
    // The first connection looks alive and never answers again, as after a freeze. Sent over it, the create would be
    // Unknown.
    let silent = Act::AnswerAndFallSilent(answer(200, "", CREATED));
    let stub = Stub::start([silent, ok(CREATED)]).await;
    let clock = Hand::new();
    let client = with_clock(&stub, &clock);
    create(&client).await.unwrap();
    clock.shift(5_001);
    create(&client).await.unwrap();
    assert_eq!(connections(&stub), [0, 1]);
}

#[tokio::test]
async fn a_clock_that_went_back_means_a_new_connection() {
    let stub = Stub::start([ok(CREATED), ok(CREATED)]).await;
    let clock = Hand::new();
    let client = with_clock(&stub, &clock);
    create(&client).await.unwrap();
    clock.shift(-3_600_000);
    create(&client).await.unwrap();
    assert_eq!(connections(&stub), [0, 1]);
}

#[tokio::test]
async fn warming_up_leaves_a_connection_and_shows_no_key() {
    let stub = Stub::start([
        Act::Answer(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ok(CREATED),
    ])
    .await;
    let client = client(&stub.url);
    client.warm_up(Duration::from_secs(1)).await;
    create(&client).await.unwrap();
    let seen = stub.seen();
    assert_eq!(seen[0].line, "HEAD /");
    assert!(!seen[0].headers.contains_key("authorization"));
    assert_eq!(connections(&stub), [0, 0]);
}

#[tokio::test]
async fn warming_up_ends_at_its_cap_and_ignores_failures() {
    let stalled = Stub::start([Act::Stall]).await;
    client(&stalled.url).warm_up(Duration::from_millis(50)).await;
    client("http://127.0.0.1:1").warm_up(Duration::from_secs(1)).await;
    assert_eq!(stalled.seen().len(), 1);
}

#[tokio::test]
async fn who_counts_calls_has_no_read_repeated() {
    let stub = Stub::start([Act::Reset, ok(CREATED)]).await;
    let counted = ClientConfig {
        repeat_reads: false,
        ..config(&stub.url)
    };
    let client = client_by(&Hand::new(), counted);
    let package = "2250b761-b31c-453b-885b-76e9fc04bdc6".parse().unwrap();
    let error = client.execute(&account(), &GetPackage { package }).await.unwrap_err();
    assert_eq!(error.failure(), Failure::Unknown, "{error}");
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let key = || ApiKey::new("k").unwrap();
    let zero = ClientConfig {
        timeout: Duration::ZERO,
        ..config("http://127.0.0.1:1")
    };
    assert_eq!(Client::new(zero, key()).unwrap_err(), InvalidClientConfig::ZeroTimeout);
    let error = Client::new(config("wixapis.com"), key()).unwrap_err().to_string();
    assert!(error.contains("https://www.wixapis.com"), "{error}");
}
