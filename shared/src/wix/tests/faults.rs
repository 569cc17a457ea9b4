//! What goes wrong on the wire, and what is said of the request's effect.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::stub::{Act, Stub, answer, ok};
use super::*;

async fn create(client: &Client) -> Result<Response<Package>, Error> {
    client.execute(&account(), &create_request()).await
}

/// One create against one act: the error, and how many requests the server saw.
async fn create_against(act: Act) -> (Error, usize) {
    let stub = Stub::start([act]).await;
    let error = create(&impatient(&stub.url)).await.unwrap_err();
    assert_eq!(error.operation(), Operation::CreatePackage);
    (error, stub.seen().len())
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = create(&client(&url)).await.unwrap_err();
    assert_eq!(error.failure(), Failure::NotSent, "{error}");
    assert!(error.message().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_tls_handshake_that_fails_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 this is no TLS\r\n\r\n").await.unwrap();
        }
    });
    let error = create(&client(&url)).await.unwrap_err();
    assert_eq!(error.failure(), Failure::NotSent, "{error}");
}

#[tokio::test]
async fn a_server_that_accepts_and_never_shakes_hands_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let error = create(&impatient(&url)).await.unwrap_err();
    assert_eq!(error.failure(), Failure::NotSent, "{error}");
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_unknown_and_not_repeated() {
    let half = answer(200, "", CREATED);
    let half_body = half[..half.len() - 40].to_vec();
    let half_head = b"HTTP/1.1 200 OK\r\nContent-Le".to_vec();
    let short = format!("HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{CREATED}").into_bytes();
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"pac\r\n".to_vec();
    let cases = [
        ("reset after the request", Act::Reset),
        ("closed after the request", Act::Close),
        ("no answer", Act::Stall),
        ("closed within the head", Act::AnswerAndClose(half_head)),
        ("closed within the body", Act::AnswerAndClose(half_body.clone())),
        ("stalled within the body", Act::AnswerAndFallSilent(half_body)),
        ("a length that cuts the JSON", Act::AnswerAndClose(short)),
        ("chunks without an end", Act::AnswerAndClose(chunked)),
        ("not HTTP", Act::AnswerAndClose(b"220 mail.example ESMTP\r\n".to_vec())),
        ("no body", ok("")),
        ("HTML with 200", ok("<!doctype html><title>Login</title>")),
        ("no package", ok("{}")),
        ("a package without ID", ok(r#"{"package":{"productInstances":[]}}"#)),
        ("HTML with 404", Act::Answer(answer(404, "", "<html>nginx</html>"))),
        (
            "a gateway's JSON with 404",
            Act::Answer(answer(404, "", r#"{"message":"Not Found"}"#)),
        ),
        (
            "500 with a code",
            Act::Answer(answer(
                500,
                "",
                r#"{"message":"","details":{"applicationError":{"code":"X"}}}"#,
            )),
        ),
        ("502", Act::Answer(answer(502, "", ""))),
        ("504", Act::Answer(answer(504, "", r#"{"message":"","details":{}}"#))),
        (
            "409",
            Act::Answer(answer(
                409,
                "",
                r#"{"message":"","details":{"applicationError":{"code":"X"}}}"#,
            )),
        ),
        ("408", Act::Answer(answer(408, "", r#"{"message":"","details":{}}"#))),
        ("a redirect", Act::Answer(answer(302, "Location: /elsewhere\r\n", ""))),
    ];
    for (name, act) in cases {
        let (error, requests) = create_against(act).await;
        assert_eq!(error.failure(), Failure::Unknown, "{name}: {error}");
        assert_eq!(requests, 1, "{name}");
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_before_the_request_is_read_is_unknown() {
    let (error, requests) = create_against(Act::ResetAtOnce).await;
    assert_eq!(error.failure(), Failure::Unknown, "{error}");
    assert_eq!(requests, 0);
}

#[tokio::test]
async fn what_wix_refuses_is_refused_once_with_code_and_request_id() {
    let body = r#"{"message":"no such product","details":{"applicationError":{"code":"PRODUCT_NOT_FOUND"}}}"#;
    let (error, requests) = create_against(Act::Answer(answer(404, "x-wix-request-id: 1700.5\r\n", body))).await;
    assert_eq!(error.failure(), Failure::Rejected);
    assert_eq!(error.status(), Some(404));
    assert_eq!(error.code(), Some("PRODUCT_NOT_FOUND"));
    assert_eq!(error.request_id(), Some("1700.5"));
    assert_eq!(
        error.to_string(),
        "Create Package failed with HTTP 404 PRODUCT_NOT_FOUND: no such product (Wix request 1700.5)"
    );
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn statuses_that_speak_for_themselves_do_so_without_a_whole_body() {
    let cut =
        |status: u16| format!("HTTP/1.1 {status} X\r\nRetry-After: 7\r\nContent-Length: 99\r\n\r\n{{").into_bytes();
    let cases = [
        (401, Failure::Unauthorized),
        (403, Failure::Forbidden),
        (429, Failure::Throttled(Some(Duration::from_secs(7)))),
    ];
    for (status, failure) in cases {
        let (error, requests) = create_against(Act::AnswerAndClose(cut(status))).await;
        assert_eq!(error.failure(), failure);
        assert_eq!(requests, 1);
    }
}

#[tokio::test]
async fn a_retry_after_that_is_a_date_is_counted_from_now() {
    let stub = Stub::start([Act::Answer(answer(
        429,
        "Retry-After: Tue, 14 Nov 2023 22:14:20 GMT\r\n",
        "",
    ))])
    .await;
    let client = client_by(&Hand::new(), config(&stub.url)); // 2023-11-14T22:13:20Z
    let error = client.execute(&account(), &create_request()).await.unwrap_err();
    assert_eq!(error.failure(), Failure::Throttled(Some(Duration::from_secs(60))));
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_read_on() {
    let stub = Stub::start([ok(CREATED)]).await;
    let client = client_with(ClientConfig {
        max_body_bytes: 100,
        ..config(&stub.url)
    });
    let error = create(&client).await.unwrap_err();
    assert_eq!(error.failure(), Failure::Unknown);
    assert!(error.message().contains("more than 100 bytes"), "{error}");
}

#[tokio::test]
async fn an_answer_that_comes_byte_by_byte_is_read() {
    let stub = Stub::start([Act::AnswerSlowly(answer(201, "", CREATED))]).await;
    let created = create(&client(&stub.url)).await.unwrap();
    assert_eq!(created.value.id.as_str(), PACKAGE);
}

#[tokio::test]
async fn a_read_is_repeated_after_any_fault_that_may_pass() {
    for fault in [
        Act::Reset,
        Act::Close,
        Act::Answer(answer(500, "", r#"{"message":"","details":{}}"#)),
        Act::Answer(answer(404, "", "<html>nginx</html>")),
        Act::Answer(answer(429, "Retry-After: 0\r\n", "")),
        ok("{\"package\":"),
    ] {
        let stub = Stub::start([fault, ok(CREATED)]).await;
        let package = client(&stub.url)
            .execute(
                &account(),
                &GetPackage {
                    package: PACKAGE.parse().unwrap(),
                },
            )
            .await;
        assert_eq!(package.unwrap().value.id.as_str(), PACKAGE);
        assert_eq!(stub.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_read_is_given_up_after_three_attempts() {
    let fail = || Act::Answer(answer(503, "", ""));
    let stub = Stub::start([fail(), fail(), fail(), ok(CREATED)]).await;
    let error = client(&stub.url)
        .execute(
            &account(),
            &GetPackage {
                package: PACKAGE.parse().unwrap(),
            },
        )
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Failure::Unknown);
    assert_eq!(stub.seen().len(), 3);
}

#[tokio::test]
async fn a_read_that_is_throttled_for_long_is_left_to_the_caller() {
    let stub = Stub::start([Act::Answer(answer(429, "Retry-After: 60\r\n", ""))]).await;
    let error = client(&stub.url).execute(&account(), &Probe).await.unwrap_err();
    assert_eq!(error.failure(), Failure::Throttled(Some(Duration::from_secs(60))));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn no_error_shows_the_key() {
    let stub = Stub::start([Act::Answer(answer(401, "", ""))]).await;
    let client = client(&stub.url);
    let error = create(&client).await.unwrap_err();
    for text in [error.to_string(), format!("{error:?}"), format!("{client:?}")] {
        assert!(!text.contains("IST.test-key"), "{text}");
    }
}
