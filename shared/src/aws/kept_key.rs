//! Signs the SDK's calls as the SDK does (AWS Signature Version 4), with two differences that make a call cheaper: the
//! signing key, which stays the same for a day, is kept, and digests come from `ring`, which TLS uses anyway.
//!
//! Whatever is not an ordinary first attempt (a POST to `/` with a body in memory) is left to the SDK's own signer, which also
//! knows how to correct a clock that is wrong.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4Signer};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::{AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, Sign};
use aws_smithy_runtime_api::client::identity::{Identity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::{GetIdentityResolver, RuntimeComponents};
use aws_smithy_types::config_bag::ConfigBag;
use ring::{digest, hmac};
use time::OffsetDateTime;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The SDK's scheme `sigv4` for one service of one region.
#[derive(Debug)]
pub(crate) struct KeptKey {
    region: String,
    service: &'static str,
    kept: Mutex<Option<Kept>>,
    ordinary: SigV4Signer,
}

/// A signing key, and what it was derived from.
#[derive(Debug)]
struct Kept {
    credentials: Credentials,
    day: String,
    key: hmac::Key,
}

/// What of a request is signed.
struct Signed<'a> {
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

impl KeptKey {
    pub(crate) const fn new(region: String, service: &'static str) -> Self {
        Self {
            region,
            service,
            kept: Mutex::new(None),
            ordinary: SigV4Signer,
        }
    }

    /// The value of the header `authorization`. `headers` are in the order of their names, and have the host.
    fn authorization(&self, signed: &Signed<'_>, credentials: &Credentials, at: &str) -> String {
        let mut canonical = String::with_capacity(768);
        canonical.push_str("POST\n/\n\n");
        let mut names = String::with_capacity(128);
        for (name, value) in &signed.headers {
            for part in [name, ":", value, "\n"] {
                canonical.push_str(part);
            }
            if !names.is_empty() {
                names.push(';');
            }
            names.push_str(name);
        }
        canonical.push('\n');
        canonical.push_str(&names);
        canonical.push('\n');
        push_hex(&mut canonical, digest::digest(&digest::SHA256, signed.body).as_ref());
        let day = at.get(..8).unwrap_or(at);
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let mut to_sign = format!("{ALGORITHM}\n{at}\n{scope}\n");
        push_hex(
            &mut to_sign,
            digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref(),
        );
        let mut value = format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature=",
            credentials.access_key_id()
        );
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = |kept: &&Kept| {
            kept.day == day
                && kept.credentials.access_key_id() == credentials.access_key_id()
                && kept.credentials.secret_access_key() == credentials.secret_access_key()
        };
        if kept.as_ref().filter(is_current).is_none() {
            *kept = None;
        }
        let kept = kept.get_or_insert_with(|| Kept {
            credentials: credentials.clone(),
            day: day.to_owned(),
            key: self.signing_key(credentials.secret_access_key(), day),
        });
        push_hex(&mut value, hmac::sign(&kept.key, to_sign.as_bytes()).as_ref());
        value
    }

    fn signing_key(&self, secret: &str, day: &str) -> hmac::Key {
        let first = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
        [day, &self.region, self.service, "aws4_request"]
            .into_iter()
            .fold(first, |key, part| {
                hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
            })
    }
}

/// What of a request is signed; `None` where it is not an ordinary one.
fn ordinary(request: &HttpRequest) -> Option<Signed<'_>> {
    let (scheme, rest) = request.uri().split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(default_port).unwrap_or(host);
    let body = request.body().bytes()?;
    if request.method() != "POST" || !path.is_empty() {
        return None;
    }
    let mut headers = vec![("host", host)];
    for (name, value) in request.headers().iter() {
        if name == "content-type" || name.starts_with("x-amz-") {
            // Spaces are folded before they are signed: there are none to fold here.
            let is_plain = value.trim() == value && !value.contains("  ");
            if !is_plain || headers.iter().any(|(known, _)| *known == name) {
                return None;
            }
            headers.push((name, value));
        }
    }
    Some(Signed { headers, body })
}

/// A time as Signature Version 4 writes it.
fn written(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
}

impl AuthScheme for KeptKey {
    fn scheme_id(&self) -> AuthSchemeId {
        SCHEME_ID
    }

    fn identity_resolver(&self, resolvers: &dyn GetIdentityResolver) -> Option<SharedIdentityResolver> {
        resolvers.identity_resolver(SCHEME_ID)
    }

    fn signer(&self) -> &dyn Sign {
        self
    }
}

impl Sign for KeptKey {
    fn sign_http_request(
        &self,
        request: &mut HttpRequest,
        identity: &Identity,
        endpoint: AuthSchemeEndpointConfig<'_>,
        components: &RuntimeComponents,
        settings: &ConfigBag,
    ) -> Result<(), BoxError> {
        let now = components.time_source().unwrap_or_default().now();
        let at = written(now);
        // The header that counts attempts is only written after signing.
        let is_first = settings
            .load::<RequestAttempts>()
            .is_none_or(|attempts| attempts.attempts() <= 1);
        let signed = ordinary(request)
            .filter(|_| is_first)
            .zip(identity.data::<Credentials>());
        let Some((mut signed, credentials)) = signed else {
            return self
                .ordinary
                .sign_http_request(request, identity, endpoint, components, settings);
        };
        let token = credentials.session_token();
        signed.headers.push(("x-amz-date", &at));
        signed
            .headers
            .extend(token.map(|token| ("x-amz-security-token", token)));
        signed.headers.sort_unstable();
        let authorization = self.authorization(&signed, credentials, &at);
        let headers = request.headers_mut();
        if let Some(token) = token {
            headers.try_insert("x-amz-security-token", token.to_owned())?;
        }
        headers.try_insert("x-amz-date", at)?;
        headers.try_insert("authorization", authorization)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use aws_config::retry::RetryConfig;
    use aws_sdk_dynamodb::types::AttributeValue;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::aws::Aws;
    use crate::config::AwsSettings;
    use crate::time::Timestamp;

    #[test]
    fn times_are_written_as_the_signature_wants_them() {
        let time = |secs| written(UNIX_EPOCH + Duration::from_secs(secs));
        assert_eq!(time(0), "19700101T000000Z");
        assert_eq!(time(1_764_196_509), "20251126T223509Z");
    }

    /// What the SDK's own signer makes of the same request.
    fn expected(host: &str, body: &[u8], headers: &[(&str, &str)], credentials: &Credentials, at: u64) -> String {
        let mut request = http::Request::post(format!("https://{host}/"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.to_vec()).unwrap();
        let now = Timestamp::from_millis(i64::try_from(at * 1000).unwrap());
        crate::aws::sign::sign(&mut request, credentials.clone(), ("eu-west-1", "dynamodb"), now).unwrap();
        let value = request.headers().get("authorization").unwrap();
        value.to_str().unwrap().to_owned()
    }

    proptest::proptest! {
        #[test]
        fn the_signature_is_the_sdks(
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
            secret in "[A-Za-z0-9/+]{1,60}",
            token in proptest::option::of("[A-Za-z0-9/+=]{1,80}"),
            target in "[A-Za-z_.0-9]{1,40}",
            secs in 0_u64..4_000_000_000,
        ) {
            let host = "dynamodb.eu-west-1.amazonaws.com";
            let credentials = Credentials::new("AKIDEXAMPLE", secret, token, None, "test");
            let at = written(UNIX_EPOCH + Duration::from_secs(secs));
            let mut headers = vec![("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
            let expected = expected(host, &body, &headers, &credentials, secs);
            headers.extend([("host", host), ("x-amz-date", at.as_str())]);
            headers.extend(credentials.session_token().map(|token| ("x-amz-security-token", token)));
            headers.sort_unstable();
            let signer = KeptKey::new("eu-west-1".to_owned(), "dynamodb");
            let signed = Signed { headers, body: &body };
            // The second time with the kept key.
            for _ in 0..2 {
                assert_eq!(signer.authorization(&signed, &credentials, &at), expected);
            }
            // Another key, and another day, are not signed with what was kept.
            let other = Credentials::new("AKIDEXAMPLE", "another", None, None, "test");
            assert_ne!(signer.authorization(&signed, &other, &at), expected);
            assert_eq!(signer.authorization(&signed, &credentials, &at), expected);
        }
    }

    const TAKEN: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";

    /// The next request that arrives on a connection of its own, as text, and answers it.
    async fn received(listener: &TcpListener, answer: &str) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut all, mut some) = (Vec::new(), [0; 4096]);
        loop {
            let count = stream.read(&mut some).await.unwrap();
            assert_ne!(count, 0, "it ended before the whole request was there: {all:?}");
            all.extend_from_slice(&some[..count]);
            let text = String::from_utf8_lossy(&all).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                stream.write_all(answer.as_bytes()).await.unwrap();
                return text;
            }
        }
    }

    #[tokio::test]
    async fn a_call_of_the_sdk_arrives_with_a_signature_that_is_right_for_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let aws = Aws::new(AwsSettings {
            region: Some("eu-west-1".to_owned()),
            ..AwsSettings::default()
        });
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("token".to_owned()), None, "test");
        let config = aws_sdk_dynamodb::config::Builder::from(aws.sdk_config().unwrap())
            .credentials_provider(credentials.clone())
            .endpoint_url(format!("http://{host}"))
            .push_auth_scheme(aws.signer("dynamodb"));
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        let put = client
            .put_item()
            .table_name("t")
            .item("pk", AttributeValue::S("ö".to_owned()));
        let (text, answer) = tokio::join!(received(&listener, TAKEN), put.send());
        answer.unwrap();

        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let headers: Vec<(&str, &str)> = head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
        let value = |name: &str| headers.iter().find(|(known, _)| *known == name).unwrap().1;
        let authorization = value("authorization");
        let (_, names) = authorization.split_once("SignedHeaders=").unwrap();
        let names: Vec<&str> = names.split_once(',').unwrap().0.split(';').collect();
        for name in ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"] {
            assert!(names.contains(&name), "{name} is not signed: {authorization}");
        }
        let at = value("x-amz-date");
        let part = |from: usize, to: usize| &at[from..to];
        let rfc3339 = format!(
            "{}-{}-{}T{}:{}:{}Z",
            part(0, 4),
            part(4, 6),
            part(6, 8),
            part(9, 11),
            part(11, 13),
            part(13, 15)
        );
        let at: Timestamp = rfc3339.parse().unwrap();
        let at = u64::try_from(at.as_millis() / 1000).unwrap();
        let given = |name: &&str| !["host", "x-amz-date", "x-amz-security-token"].contains(name);
        let signed: Vec<(&str, &str)> = names
            .iter()
            .filter(|name| given(name))
            .map(|name| (*name, value(name)))
            .collect();
        assert_eq!(
            authorization,
            expected(&host, body.as_bytes(), &signed, &credentials, at)
        );
    }

    /// The SDK learns how wrong the clock is from the refusal, and its own signer signs the repetition with the right time.
    #[tokio::test]
    async fn a_repetition_corrects_a_clock_that_is_wrong() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let aws = Aws::new(AwsSettings {
            region: Some("eu-west-1".to_owned()),
            ..AwsSettings::default()
        });
        let config = aws_sdk_dynamodb::config::Builder::from(aws.sdk_config().unwrap())
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .push_auth_scheme(aws.signer("dynamodb"));
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        let body = r#"{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired"}"#;
        let refusal = format!(
            "HTTP/1.1 400 Bad Request\r\ndate: Wed, 01 Jan 2070 00:00:00 GMT\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let both = async {
            let first = received(&listener, &refusal).await;
            (first, received(&listener, TAKEN).await)
        };
        let get = client
            .get_item()
            .table_name("t")
            .key("pk", AttributeValue::S("x".to_owned()));
        let ((first, second), answer) = tokio::join!(both, get.send());
        answer.unwrap();
        assert!(!first.contains("x-amz-date: 2070"), "{first}");
        assert!(second.contains("x-amz-date: 2070"), "{second}");
    }
}
