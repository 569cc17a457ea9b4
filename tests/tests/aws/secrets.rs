//! The secret in Secrets Manager: read, rotated, missing, and of the wrong kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::Blob;
use reseller_hooks::config::Env;
use reseller_hooks::secrets::{AnySource, SecretError, Secrets, Source as _};
use reseller_hooks::time::{Clock, Timestamp};

use crate::{aws, unique};

const ACCOUNT: &str = "2250b761-b31c-453b-885b-76e9fc04bdc6";
const OTHER_ACCOUNT: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";

#[derive(Clone, Default)]
struct TestClock(Arc<AtomicI64>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }
}

fn client() -> Client {
    Client::new(aws().sdk_config().unwrap())
}

fn source(name: &str) -> AnySource {
    let url = format!("secretsmanager://{name}").parse().unwrap();
    AnySource::open(&url, &aws(), &Env::process()).unwrap()
}

fn document(account: &str) -> String {
    format!("{{\"wix\":{{\"api_key\":\"IST.k\",\"account_id\":\"{account}\"}}}}")
}

#[tokio::test]
async fn a_rotated_secret_is_taken_over_when_the_old_one_is_refused() {
    let name = unique("reseller-hooks/wix");
    let client = client();
    client
        .create_secret()
        .name(&name)
        .secret_string(document(ACCOUNT))
        .send()
        .await
        .unwrap();
    let clock = TestClock::default();
    let secrets = Secrets::new(source(&name), clock.clone(), Duration::from_secs(300));
    let first = secrets.get().await.unwrap();
    assert_eq!(first.require_wix().unwrap().account_id.as_str(), ACCOUNT);

    client
        .put_secret_value()
        .secret_id(&name)
        .secret_string(document(OTHER_ACCOUNT))
        .send()
        .await
        .unwrap();
    clock.0.store(60, Ordering::SeqCst);
    let second = secrets.refresh_now(&first).await.unwrap();
    assert_eq!(second.require_wix().unwrap().account_id.as_str(), OTHER_ACCOUNT);
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named_with_the_remedy() {
    let error = source("no/such/secret").fetch().await.unwrap_err();
    assert!(matches!(error, SecretError::Misconfigured(_)), "{error}");
    let said = error.to_string();
    assert!(
        said.contains("no/such/secret") && said.contains("correct SECRET_URL"),
        "{said}"
    );
}

#[tokio::test]
async fn a_secret_of_bytes_is_refused() {
    let name = unique("bytes");
    client()
        .create_secret()
        .name(&name)
        .secret_binary(Blob::new(document(ACCOUNT)))
        .send()
        .await
        .unwrap();
    let error = source(&name).fetch().await.unwrap_err().to_string();
    assert!(error.contains("store the JSON as text"), "{error}");
}
