use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicUsize};

use secrecy::ExposeSecret as _;

use super::*;
use crate::config::Env;

const ONE: &str = r#"{"wix":{"api_key":"IST.one","account_id":"2250B761-b31c-453b-885b-76e9fc04bdc6"}}"#;
const TWO: &str = r#"{"wix":{"api_key":"IST.two","account_id":"2250b761-b31c-453b-885b-76e9fc04bdc6"}}"#;

#[derive(Clone, Default)]
struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn to(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// Gives its answers in turn, the last one for ever, and counts how often it was asked.
struct Scripted {
    answers: std::sync::Mutex<VecDeque<Result<&'static str, SecretError>>>,
    asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = Result<&'static str, SecretError>>) -> Arc<Self> {
        Arc::new(Self {
            answers: std::sync::Mutex::new(answers.into_iter().collect()),
            asked: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Source for Scripted {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        // Others get their turn meanwhile, as over a network.
        tokio::task::yield_now().await;
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.pop_front().unwrap()
        } else {
            answers.front().unwrap().clone()
        };
        answer.map(SecretString::from)
    }
}

fn away() -> SecretError {
    SecretError::Unavailable("away".into())
}

fn secrets(source: &Arc<Scripted>) -> (Secrets<Arc<Scripted>, TestClock>, TestClock) {
    let clock = TestClock::default();
    clock.to(1_000);
    let secrets = Secrets::new(Arc::clone(source), clock.clone(), Duration::from_secs(300));
    (secrets, clock)
}

fn key(document: &SecretDocument) -> &str {
    document.wix().unwrap().api_key.expose()
}

#[tokio::test]
async fn it_is_read_once_until_its_time_is_over() {
    let source = Scripted::new([Ok(ONE), Ok(TWO)]);
    let (secrets, clock) = secrets(&source);
    assert_eq!(key(&secrets.get().await.unwrap()), "IST.one");
    clock.to(1_299);
    assert_eq!(key(&secrets.get().await.unwrap()), "IST.one");
    assert_eq!(source.asked(), 1);
    clock.to(1_300);
    assert_eq!(key(&secrets.get().await.unwrap()), "IST.two");
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn a_failing_refresh_keeps_the_old_one_and_waits_a_minute_before_the_next() {
    for failure in [Err(away()), Ok("{\"wix\":7}"), Ok("")] {
        let source = Scripted::new([Ok(ONE), failure, Ok(TWO)]);
        let (secrets, clock) = secrets(&source);
        secrets.get().await.unwrap();
        clock.to(1_300);
        assert_eq!(key(&secrets.get().await.unwrap()), "IST.one");
        clock.to(1_359);
        assert_eq!(key(&secrets.get().await.unwrap()), "IST.one");
        assert_eq!(source.asked(), 2);
        clock.to(1_360);
        assert_eq!(key(&secrets.get().await.unwrap()), "IST.two");
    }
}

#[tokio::test]
async fn without_an_old_one_the_error_is_said_and_the_next_caller_tries_again() {
    let source = Scripted::new([Err(away()), Ok(ONE)]);
    let (secrets, _) = secrets(&source);
    assert_eq!(secrets.get().await.unwrap_err(), away());
    assert_eq!(key(&secrets.get().await.unwrap()), "IST.one");
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_fetch() {
    for (answer, good) in [(Ok(ONE), true), (Err(away()), false)] {
        let source = Scripted::new([answer]);
        let (secrets, _) = secrets(&source);
        let (a, b, c) = tokio::join!(secrets.get(), secrets.get(), secrets.get());
        assert_eq!([a.is_ok(), b.is_ok(), c.is_ok()], [good; 3]);
        assert_eq!(source.asked(), 1);
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_halfway_does_not_spoil_it_for_the_next() {
    let source = Scripted::new([Ok(ONE)]);
    let (secrets, _) = secrets(&source);
    {
        let get = std::pin::pin!(secrets.get());
        let waker = std::task::Waker::noop();
        assert!(get.poll(&mut std::task::Context::from_waker(waker)).is_pending());
    }
    assert_eq!(key(&secrets.get().await.unwrap()), "IST.one");
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn a_refused_secret_is_read_again_at_once_but_at_most_once_a_minute() {
    let source = Scripted::new([Ok(ONE), Ok(ONE), Ok(TWO)]);
    let (secrets, clock) = secrets(&source);
    let seen = secrets.get().await.unwrap();
    assert_eq!(source.asked(), 1);
    // Also just after it was first read: it may have been changed since. It was not.
    assert!(secrets.refresh_now(&seen).await.is_none());
    assert_eq!(source.asked(), 2);
    clock.to(1_059);
    assert!(secrets.refresh_now(&seen).await.is_none());
    assert_eq!(source.asked(), 2);
    clock.to(1_060);
    assert_eq!(key(&secrets.refresh_now(&seen).await.unwrap()), "IST.two");
    // Who still holds the old one gets the new one without a fetch.
    assert_eq!(key(&secrets.refresh_now(&seen).await.unwrap()), "IST.two");
    assert_eq!(source.asked(), 3);
}

#[tokio::test]
async fn a_failed_refresh_on_refusal_keeps_the_old_one() {
    let source = Scripted::new([Ok(ONE), Err(away())]);
    let (secrets, clock) = secrets(&source);
    let seen = secrets.get().await.unwrap();
    clock.to(1_060);
    assert!(secrets.refresh_now(&seen).await.is_none());
    assert_eq!(key(&secrets.get().await.unwrap()), "IST.one");
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_stop_refreshes() {
    let source = Scripted::new([Ok(ONE), Ok(ONE), Ok(TWO)]);
    let (secrets, clock) = secrets(&source);
    let seen = secrets.get().await.unwrap();
    assert!(secrets.refresh_now(&seen).await.is_none());
    clock.to(10);
    assert_eq!(key(&secrets.refresh_now(&seen).await.unwrap()), "IST.two");
}

fn parse(text: &str) -> Result<SecretDocument, SecretError> {
    SecretDocument::parse(SecretString::from(text))
}

#[test]
fn each_half_may_stand_alone() {
    let wix = parse(ONE).unwrap();
    assert_eq!(
        wix.require_wix().unwrap().account_id.as_str(),
        "2250b761-b31c-453b-885b-76e9fc04bdc6"
    );
    assert!(wix.storefronts_json().is_none());
    let storefronts = parse("\u{feff} {\"storefronts\":{\"shopify\":{\"secrets\":[\"a\"]}}}\n").unwrap();
    assert_eq!(storefronts.storefronts_json().unwrap()["shopify"]["secrets"][0], "a");
    let error = storefronts.require_wix().unwrap_err().to_string();
    assert_eq!(
        error,
        "the secret is not usable: at wix: it is missing, and this function calls Wix"
    );
}

#[test]
fn what_is_wrong_is_named_by_its_place_and_never_by_its_value() {
    let id = "2250b761-b31c-453b-885b-76e9fc04bdc6";
    for (text, path) in [
        ("SECRETVALUE".to_owned(), "$"),
        ("\"SECRETVALUE\"".to_owned(), "$"),
        ("{\"SECRETVALUE\":1}".to_owned(), "$"),
        ("{\"wix\":\"SECRETVALUE\"}".to_owned(), "wix"),
        ("{\"wix\":{\"api_key\":\"SECRETVALUE\"}}".to_owned(), "wix.account_id"),
        (format!("{{\"wix\":{{\"account_id\":\"{id}\"}}}}"), "wix.api_key"),
        (
            format!("{{\"wix\":{{\"api_key\":[\"SECRETVALUE\"],\"account_id\":\"{id}\"}}}}"),
            "wix.api_key",
        ),
        (
            format!("{{\"wix\":{{\"api_key\":\"SECRETVALUE \\nx\",\"account_id\":\"{id}\"}}}}"),
            "wix.api_key",
        ),
        (
            "{\"wix\":{\"api_key\":\"k\",\"account_id\":\"SECRETVALUE\"}}".to_owned(),
            "wix.account_id",
        ),
        ("{\"storefronts\":[\"SECRETVALUE\"]}".to_owned(), "storefronts"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(
            matches!(&error, SecretError::Malformed { path: at, .. } if at == path),
            "{text}: {error}"
        );
        assert!(!format!("{error} {error:?}").contains("SECRETVALUE"), "{error}");
    }
}

#[tokio::test]
async fn nothing_of_it_is_ever_printed() {
    let text = r#"{"wix":{"api_key":"IST.hush","account_id":"2250b761-b31c-453b-885b-76e9fc04bdc6"},"storefronts":{"shopify":{"secrets":["hush"]}}}"#;
    let document = parse(text).unwrap();
    let source = Scripted::new([Ok(ONE)]);
    let (secrets, _) = secrets(&source);
    secrets.get().await.unwrap();
    let env = Env::from_pairs([("RH_SECRET", "hush")]);
    let printed = format!(
        "{document:?} {:?} {secrets:?} {:?}",
        document.wix(),
        EnvSource::new(env, "RH_SECRET".into())
    );
    assert!(!printed.contains("hush") && !printed.contains("IST."), "{printed}");
}

#[tokio::test]
async fn files_and_variables_are_read_and_missing_ones_named() {
    let env = Env::from_pairs([("RH_SECRET", ONE)]);
    let found = EnvSource::new(env.clone(), "RH_SECRET".into()).fetch().await.unwrap();
    assert_eq!(found.expose_secret(), ONE);
    let error = EnvSource::new(env, "RH_OTHER".into()).fetch().await.unwrap_err();
    assert!(error.to_string().contains("RH_OTHER"), "{error}");

    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = FileSource::new(manifest).fetch().await.unwrap();
    assert!(text.expose_secret().contains("reseller-hooks"));
    let error = FileSource::new("/no/such/secret.json".into())
        .fetch()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/no/such/secret.json"), "{error}");
}
