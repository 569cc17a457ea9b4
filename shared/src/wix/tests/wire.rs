//! Broken connections, over a new one and over one that was used before: what is said of the request's effect, and how
//! many requests the server saw.

use futures_util::future::join_all;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::stub::{Act, Cut, Stub, answer, ok};
use super::*;
use crate::ids::{IdempotencyKey, InstanceId, PackageId, SiteId};

/// Another package than [`CREATED`]: nobody asked for it.
const OTHER: &str = "0badc0de-0000-4000-8000-000000000000";

async fn create(client: &Client) -> Result<Response<Package>, Error> {
    client.execute(&account(), &create_request()).await
}

fn raw(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{head}\r\n{body}").into_bytes()
}

fn cut(mut bytes: Vec<u8>, by: usize) -> Vec<u8> {
    bytes.truncate(bytes.len() - by);
    bytes
}

/// One chunk with a whole body in it, and no last one.
fn chunk(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n", body.len())
}

/// Everything that a connection can do to an answer. The request was read whole.
fn broken_answers() -> Vec<(&'static str, Act)> {
    const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
    let long = |more: usize| format!("Content-Length: {}\r\n", CREATED.len() + more);
    let (half, _) = CREATED.split_at(CREATED.len() / 2);
    let two = format!("{}{}", long(0), long(7));
    vec![
        ("reset within the head", Act::AnswerAndReset(b"HTTP/1.1 200 O".to_vec())),
        (
            "silent within the head",
            Act::AnswerAndFallSilent(b"HTTP/1.1 200 OK\r\nContent-".to_vec()),
        ),
        ("reset behind the head", Act::AnswerAndReset(raw(&long(0), ""))),
        ("silent behind the head", Act::AnswerAndFallSilent(raw(&long(0), ""))),
        ("reset within the body", Act::AnswerAndReset(raw(&long(0), half))),
        ("silent within the body", Act::AnswerAndFallSilent(raw(&long(0), half))),
        (
            "a length too long by one, closed",
            Act::AnswerAndClose(raw(&long(1), CREATED)),
        ),
        (
            "a length too long by one, silent",
            Act::AnswerAndFallSilent(raw(&long(1), CREATED)),
        ),
        (
            "a length too short",
            Act::Answer(raw("Content-Length: 60\r\n", CREATED)),
        ),
        (
            "a length of nothing",
            Act::Answer(raw("Content-Length: 0\r\n", CREATED)),
        ),
        (
            "a negative length",
            Act::AnswerAndClose(raw("Content-Length: -1\r\n", CREATED)),
        ),
        (
            "a length that is none",
            Act::AnswerAndClose(raw("Content-Length: all\r\n", CREATED)),
        ),
        ("two lengths", Act::AnswerAndClose(raw(&two, CREATED))),
        ("no length, closed within the body", Act::AnswerAndClose(raw("", half))),
        ("no length, reset within the body", Act::AnswerAndReset(raw("", half))),
        ("no length, and no end", Act::AnswerAndFallSilent(raw("", CREATED))),
        (
            "cut within a chunk",
            Act::AnswerAndClose(cut(raw(CHUNKED, &chunk(CREATED)), 9)),
        ),
        (
            "silent within a chunk",
            Act::AnswerAndFallSilent(cut(raw(CHUNKED, &chunk(CREATED)), 9)),
        ),
        ("cut within a chunk's size", Act::AnswerAndClose(raw(CHUNKED, "1"))),
        (
            "a chunk's size that is none",
            Act::AnswerAndClose(raw(CHUNKED, "zz\r\n{}\r\n0\r\n\r\n")),
        ),
        (
            "whole, but for the last chunk",
            Act::AnswerAndClose(raw(CHUNKED, &chunk(CREATED))),
        ),
        (
            "whole, but silent for the last chunk",
            Act::AnswerAndFallSilent(raw(CHUNKED, &chunk(CREATED))),
        ),
        (
            "an interim answer only",
            Act::AnswerAndClose(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()),
        ),
        (
            "an interim answer, then silence",
            Act::AnswerAndFallSilent(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
        ),
        (
            "blanks without end",
            Act::AnswerWithoutEnd(raw(CHUNKED, ""), chunk(" ").into_bytes()),
        ),
        (
            "a head without end",
            Act::AnswerWithoutEnd(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".to_vec()),
        ),
    ]
}

/// Everything that a connection can do to a request: none of these was read whole.
fn broken_requests() -> Vec<(&'static str, Act)> {
    vec![
        ("closed within the request's head", Act::Within(10, Cut::Close)),
        ("reset within the request's head", Act::Within(10, Cut::Reset)),
        ("silent within the request's head", Act::Within(10, Cut::Stall)),
        ("closed within the request's body", Act::Within(350, Cut::Close)),
        ("reset within the request's body", Act::Within(350, Cut::Reset)),
        ("silent within the request's body", Act::Within(350, Cut::Stall)),
    ]
}

#[tokio::test]
async fn a_create_over_a_connection_that_breaks_is_unknown_and_sent_once() {
    let answers = broken_answers().into_iter().map(|(name, act)| (name, act, 1));
    let requests = broken_requests().into_iter().map(|(name, act)| (name, act, 0));
    let cases = answers.chain(requests).map(|(name, act, read)| async move {
        // What comes second would be a success: nobody may ask for it.
        let stub = Stub::start([act, ok(CREATED)]).await;
        let error = create(&impatient(&stub.url)).await.expect_err(name);
        assert_eq!(error.failure(), Failure::Unknown, "{name}: {error}");
        assert_eq!(stub.seen().len(), read, "{name}");
    });
    join_all(cases).await;
}

#[tokio::test]
async fn a_create_over_a_used_connection_that_breaks_is_unknown_and_not_sent_over_another() {
    let answers = broken_answers().into_iter().map(|(name, act)| (name, act, 2));
    let requests = broken_requests().into_iter().map(|(name, act)| (name, act, 1));
    let cut_off = [
        ("closed", Act::Close, 2),
        ("reset", Act::Reset, 2),
        ("silent", Act::Stall, 2),
    ];
    let cases = answers
        .chain(requests)
        .chain(cut_off)
        .map(|(name, act, read)| async move {
            let stub = Stub::start([ok(CREATED), act, ok(CREATED)]).await;
            let client = impatient(&stub.url);
            create(&client).await.expect(name);
            let error = create(&client).await.expect_err(name);
            assert_eq!(error.failure(), Failure::Unknown, "{name}: {error}");
            let connections: Vec<usize> = stub.seen().iter().map(|seen| seen.connection).collect();
            assert_eq!(connections, vec![0; read], "{name}");
        });
    join_all(cases).await;
}

#[tokio::test]
async fn answers_whose_end_is_told_in_any_right_way_are_read() {
    let chunks = format!("{}0\r\n\r\n", chunk(CREATED));
    let (first, rest) = CREATED.split_at(7);
    let split = format!("{}{}0\r\nTrailer: x\r\n\r\n", chunk(first), chunk(rest));
    let early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".to_vec();
    let cases = [
        (
            "no length, closed behind the body",
            Act::AnswerAndClose(raw("", CREATED)),
        ),
        ("chunked", Act::Answer(raw("Transfer-Encoding: chunked\r\n", &chunks))),
        (
            "in two chunks",
            Act::Answer(raw("Transfer-Encoding: chunked\r\n", &split)),
        ),
        (
            "slowly",
            Act::AnswerSlowly(raw("Transfer-Encoding: chunked\r\n", &split)),
        ),
        (
            "behind an interim one",
            Act::Answer([early, answer(200, "", CREATED)].concat()),
        ),
    ];
    for (name, act) in cases {
        let stub = Stub::start([act]).await;
        let created = create(&client(&stub.url)).await.expect(name);
        assert_eq!(created.value.id.as_str(), PACKAGE, "{name}");
        assert_eq!(stub.seen().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_is_left_of_one_answer_is_not_taken_for_the_next() {
    for _ in 0..20 {
        let left = answer(200, "", &CREATED.replace(PACKAGE, OTHER));
        let both = [answer(200, "", CREATED), left].concat();
        let stub = Stub::start([Act::Answer(both), ok(CREATED)]).await;
        let client = client(&stub.url);
        create(&client).await.unwrap();
        match create(&client).await {
            Ok(created) => assert_eq!(created.value.id.as_str(), PACKAGE),
            Err(error) => assert_eq!(error.failure(), Failure::Unknown, "{error}"),
        }
    }
}

#[tokio::test]
async fn a_create_after_the_server_closed_a_resting_connection_is_done_once_or_unknown() {
    for _ in 0..20 {
        let stub = Stub::start([Act::AnswerAndClose(answer(200, "", CREATED)), ok(CREATED), ok(CREATED)]).await;
        let client = client(&stub.url);
        create(&client).await.unwrap();
        // Whether the end is noticed before the request leaves is up to the system.
        match create(&client).await {
            Ok(_) => assert_eq!(stub.seen().len(), 2),
            Err(error) => assert_eq!((error.failure(), stub.seen().len()), (Failure::Unknown, 1), "{error}"),
        }
    }
}

#[tokio::test]
async fn every_other_write_over_a_connection_that_breaks_is_unknown_and_sent_once() {
    let half = || cut(answer(200, "", CREATED), 40);
    type Breaks = fn(Vec<u8>) -> Act;
    let acts: [(&str, Breaks); 5] = [
        ("reset", |_| Act::Reset),
        ("closed", |_| Act::Close),
        ("silent", |_| Act::Stall),
        ("closed within the answer", Act::AnswerAndClose),
        ("silent within the answer", Act::AnswerAndFallSilent),
    ];
    let instance: InstanceId = INSTANCE.parse().unwrap();
    let package: PackageId = PACKAGE.parse().unwrap();
    let site: SiteId = SITE.parse().unwrap();
    let key: IdempotencyKey = "key-1".parse().unwrap();
    for (name, act) in acts {
        let stub = Stub::start((0..4).map(|_| act(half()))).await;
        let (client, account) = (impatient(&stub.url), account());
        let errors = [
            client
                .execute(
                    &account,
                    &AssignProductInstance {
                        instance: instance.clone(),
                        site: site.clone(),
                        idempotency_key: key.clone(),
                    },
                )
                .await,
            client
                .execute(
                    &account,
                    &UnassignProductInstance {
                        instance: instance.clone(),
                        idempotency_key: key.clone(),
                    },
                )
                .await,
            client
                .execute(
                    &account,
                    &CancelProductInstance {
                        instance: instance.clone(),
                        idempotency_key: key.clone(),
                    },
                )
                .await,
            client
                .execute(
                    &account,
                    &UpdateExternalId {
                        package: package.clone(),
                        external_id: "order-1".parse().unwrap(),
                    },
                )
                .await,
        ]
        .map(|result| result.expect_err(name));
        for error in &errors {
            assert_eq!(error.failure(), Failure::Unknown, "{name}: {error}");
        }
        assert_eq!(stub.seen().len(), 4, "{name}");
    }
}

#[tokio::test]
async fn a_read_over_a_used_connection_that_breaks_is_repeated_over_another() {
    let half = cut(answer(200, "", CREATED), 40);
    for act in [
        Act::Reset,
        Act::Close,
        Act::Within(10, Cut::Reset),
        Act::AnswerAndClose(half),
    ] {
        let stub = Stub::start([ok(CREATED), act, ok(CREATED)]).await;
        let client = client(&stub.url);
        create(&client).await.unwrap();
        let read = client
            .execute(
                &account(),
                &GetPackage {
                    package: PACKAGE.parse().unwrap(),
                },
            )
            .await
            .unwrap();
        assert_eq!(read.value.id.as_str(), PACKAGE);
        let last = stub.seen().last().unwrap().connection;
        assert_eq!(last, 1);
    }
}

#[tokio::test]
async fn a_read_that_gets_no_answer_is_given_up_with_the_time_of_one_call() {
    for act in [Act::Stall, Act::AnswerAndFallSilent(cut(answer(200, "", CREATED), 40))] {
        let stub = Stub::start([act, ok(CREATED)]).await;
        let read = impatient(&stub.url)
            .execute(
                &account(),
                &GetPackage {
                    package: PACKAGE.parse().unwrap(),
                },
            )
            .await;
        assert_eq!(read.unwrap_err().failure(), Failure::Unknown);
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_throttling_whose_body_never_comes_is_one_all_the_same() {
    let head = b"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 99\r\n\r\n{".to_vec();
    let stub = Stub::start([Act::AnswerAndFallSilent(head)]).await;
    let error = create(&impatient(&stub.url)).await.unwrap_err();
    assert_eq!(error.failure(), Failure::Throttled(Some(Duration::from_secs(7))));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_handshake_that_fails_is_tried_three_times_and_nothing_of_the_request_leaves() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 65_536];
            let length = stream.read(&mut bytes).await.unwrap();
            bytes.truncate(length);
            kept.lock().unwrap().push(bytes);
        }
    });
    let error = create(&client(&url)).await.unwrap_err();
    assert_eq!(error.failure(), Failure::NotSent, "{error}");
    let heard = heard.lock().unwrap();
    // 22 is the first byte of a TLS handshake.
    assert_eq!(heard.iter().map(|bytes| bytes[0]).collect::<Vec<_>>(), [22, 22, 22]);
}
