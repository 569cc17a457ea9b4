//! What the port does about keys, against a stand-in for Wix that takes one key only.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::ports::Wix as _;
use super::*;
use crate::secrets::SecretError;
use crate::time::{Clock, SystemClock, Timestamp};
use crate::wix::{ClientConfig, GetPackage, Package};

const ACCOUNT: &str = "2250b761-b31c-453b-885b-76e9fc04bdc6";
const PACKAGE: &str = "11111111-aaaa-4bbb-8ccc-222222222222";

/// The secret, which changes when it has been read as often as the list is long; the last one stays.
struct Keys {
    keys: Vec<Option<&'static str>>,
    read: AtomicUsize,
    /// Reading it takes a minute from now on.
    slow: Arc<std::sync::atomic::AtomicBool>,
    seconds: Arc<std::sync::atomic::AtomicI64>,
}

impl Source for Keys {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        let at = self.read.fetch_add(1, Ordering::SeqCst).min(self.keys.len() - 1);
        if self.slow.load(Ordering::SeqCst) {
            self.seconds.fetch_add(60, Ordering::SeqCst);
        }
        match self.keys[at] {
            Some(key) => Ok(format!(r#"{{"wix":{{"api_key":"{key}","account_id":"{ACCOUNT}"}}}}"#).into()),
            None => Err(SecretError::Unavailable("throttled".to_owned())),
        }
    }
}

/// Answers Get Package to a caller with the key `IST.good`, and 401 to everybody else; counts what it was asked.
async fn wix() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                if socket.read_buf(&mut request).await.unwrap() == 0 {
                    break;
                }
            }
            counter.fetch_add(1, Ordering::SeqCst);
            let good = String::from_utf8_lossy(&request)
                .to_ascii_lowercase()
                .contains("authorization: ist.good\r\n");
            let (status, body) = if good {
                (
                    "200 OK",
                    format!(r#"{{"package":{{"id":"{PACKAGE}","accountId":"{ACCOUNT}"}}}}"#),
                )
            } else {
                ("401 Unauthorized", r#"{"message":"","details":{}}"#.to_owned())
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, asked)
}

/// A clock that a test moves.
#[derive(Clone)]
struct Moved(Arc<std::sync::atomic::AtomicI64>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_700_000_000 + self.0.load(Ordering::SeqCst))
    }
}

impl Timer for Moved {
    fn stopwatch(&self) -> impl Fn() -> Duration + Send + Sync {
        SystemClock.stopwatch()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        SystemClock.sleep(time)
    }
}

struct World {
    port: WixPort<Keys, Moved>,
    asked: Arc<AtomicUsize>,
    slow: Arc<std::sync::atomic::AtomicBool>,
    seconds: Arc<std::sync::atomic::AtomicI64>,
}

async fn world(keys: &[Option<&'static str>]) -> World {
    let (base_url, asked) = wix().await;
    let config = ClientConfig {
        base_url,
        timeout: Duration::from_secs(5),
        ..ClientConfig::default()
    };
    let seconds = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let slow = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let source = Keys {
        keys: keys.to_vec(),
        read: AtomicUsize::new(0),
        slow: Arc::clone(&slow),
        seconds: Arc::clone(&seconds),
    };
    let clock = Moved(Arc::clone(&seconds));
    let transport = HttpTransport::new(&config, clock.clone()).unwrap();
    let client = Client::with_transport(config, transport, clock.clone()).unwrap();
    let secrets = Secrets::new(source, clock, Duration::from_secs(300));
    World {
        port: WixPort::new(client, Arc::new(secrets)),
        asked,
        slow,
        seconds,
    }
}

impl World {
    async fn get(&self) -> Result<Package, Error> {
        let account = ACCOUNT.parse().unwrap();
        let call = GetPackage {
            package: PACKAGE.parse().unwrap(),
        };
        self.port.send(&account, &call).await
    }
}

#[tokio::test]
async fn the_key_of_the_secret_is_sent() {
    let world = world(&[Some("IST.good")]).await;
    assert_eq!(world.get().await.unwrap().id.as_str(), PACKAGE);
    assert_eq!(world.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_refused_key_is_read_again_and_the_call_repeated_once() {
    let world = world(&[Some("IST.old"), Some("IST.good")]).await;
    world.port.own_account().await.unwrap();
    world.seconds.store(61, Ordering::SeqCst);
    assert_eq!(world.get().await.unwrap().id.as_str(), PACKAGE);
    assert_eq!(world.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refused_key_that_is_still_the_one_in_the_secret_is_not_tried_twice() {
    let world = world(&[Some("IST.old")]).await;
    world.port.own_account().await.unwrap();
    world.seconds.store(61, Ordering::SeqCst);
    let error = world.get().await.unwrap_err();
    assert_eq!(error.failure(), Failure::Unauthorized);
    assert_eq!(world.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_second_refused_key_ends_the_call() {
    let world = world(&[Some("IST.old"), Some("IST.older")]).await;
    world.port.own_account().await.unwrap();
    world.seconds.store(61, Ordering::SeqCst);
    assert_eq!(world.get().await.unwrap_err().failure(), Failure::Unauthorized);
    assert_eq!(world.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_a_secret_a_call_fails_as_a_401_does_and_nothing_is_sent() {
    let world = world(&[None]).await;
    let error = world.get().await.unwrap_err();
    assert_eq!(error.failure(), Failure::Unauthorized);
    assert!(error.to_string().contains("throttled"), "{error}");
    assert_eq!(world.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_secret_that_comes_later_mends_the_port() {
    let world = world(&[None, Some("IST.good")]).await;
    world.get().await.unwrap_err();
    assert_eq!(world.get().await.unwrap().id.as_str(), PACKAGE);
}

/// What was written down says that nothing is sent after this time: absence is proven from it.
#[tokio::test]
async fn nothing_is_sent_after_the_time_that_was_written_down() {
    let call = GetPackage {
        package: PACKAGE.parse().unwrap(),
    };
    let account = ACCOUNT.parse().unwrap();
    let until = |seconds: i64| Some(Timestamp::from_secs(1_700_000_000 + seconds));
    // Reading the secret took too long.
    let late = world(&[Some("IST.good")]).await;
    late.seconds.store(20, Ordering::SeqCst);
    let error = late.port.send_until(&account, &call, until(20)).await.unwrap_err();
    assert!(matches!(error.failure(), Failure::Throttled(_)), "{error}");
    assert_eq!(late.asked.load(Ordering::SeqCst), 0);
    assert!(late.port.send_until(&account, &call, until(21)).await.is_ok());
    // The second send after a 401 would be: its key was refused, so nothing was done.
    let refused = world(&[Some("IST.old"), Some("IST.good")]).await;
    refused.port.own_account().await.unwrap();
    refused.seconds.store(61, Ordering::SeqCst);
    refused.slow.store(true, Ordering::SeqCst);
    let error = refused.port.send_until(&account, &call, until(62)).await.unwrap_err();
    assert!(matches!(error.failure(), Failure::Throttled(_)), "{error}");
    assert_eq!(refused.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_resellers_own_account_is_the_secrets() {
    let world = world(&[Some("IST.good")]).await;
    assert_eq!(world.port.own_account().await.unwrap().as_str(), ACCOUNT);
}
