//! The addresses that configuration gives: where the secret, the catalog, the ledger, a queue and Wix are. Each is
//! checked once, here, and carries no credentials.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// What is not an address of the wanted kind: what is wrong with it, in one sentence without the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidUrl(String);

impl InvalidUrl {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Where the secret document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretUrl {
    /// `secretsmanager://NAME-OR-ARN`.
    SecretsManager {
        /// The secret's name or ARN.
        secret_id: String,
    },
    /// `file:///path.json`.
    File {
        /// An absolute path, or one that begins with `./`.
        path: PathBuf,
    },
    /// `env://VARIABLE`: the document itself is the variable's value.
    Env {
        /// The variable's name.
        variable: String,
    },
}

impl FromStr for SecretUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        if let Some(secret_id) = text.strip_prefix("secretsmanager://") {
            // Names may hold slashes and `/_+=.@-`, ARNs colons: everything behind the scheme is the ID.
            let fits = !secret_id.is_empty() && !secret_id.chars().any(|c| c.is_whitespace() || c.is_control());
            return fits
                .then(|| Self::SecretsManager {
                    secret_id: secret_id.to_owned(),
                })
                .ok_or_else(|| InvalidUrl::new("behind secretsmanager:// there is no secret's name or ARN"));
        }
        if let Some(variable) = text.strip_prefix("env://") {
            let fits = !variable.is_empty()
                && variable
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            return fits
                .then(|| Self::Env {
                    variable: variable.to_owned(),
                })
                .ok_or_else(|| InvalidUrl::new("behind env:// there is no name of an environment variable"));
        }
        if text.starts_with("file:") {
            return Ok(Self::File { path: file_path(text)? });
        }
        Err(InvalidUrl::new(
            "it starts with none of secretsmanager://, file:// and env://",
        ))
    }
}

/// Where the catalog is: `file:///path.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUrl(PathBuf);

impl FileUrl {
    /// The path.
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl FromStr for FileUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        file_path(text).map(Self)
    }
}

/// Where the ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerUrl {
    /// `dynamodb://TABLE`.
    DynamoDb {
        /// The table's name or ARN.
        table: String,
    },
    /// `sqlite:///path.db`.
    Sqlite {
        /// An absolute path, or one that begins with `./`; the file is made when it is not there.
        path: PathBuf,
    },
}

impl FromStr for LedgerUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        if let Some(table) = text.strip_prefix("dynamodb://") {
            let fits = !table.is_empty()
                && table
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_.-:/".contains(&byte));
            return fits
                .then(|| Self::DynamoDb {
                    table: table.to_owned(),
                })
                .ok_or_else(|| InvalidUrl::new("behind dynamodb:// there is no table's name"));
        }
        if text.starts_with("sqlite:") {
            let (path, query) = sqlite_parts(text)?;
            return match query {
                None => Ok(Self::Sqlite { path }),
                Some(_) => Err(InvalidUrl::new("a ledger's sqlite:// address takes no `?…`")),
            };
        }
        Err(InvalidUrl::new("it starts with neither dynamodb:// nor sqlite://"))
    }
}

/// Where a queue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueUrl {
    /// An SQS queue's own URL, `http` or `https`.
    Sqs {
        /// The URL as SQS gives it.
        url: String,
    },
    /// `sqlite:///path.db?queue=NAME`.
    Sqlite {
        /// An absolute path, or one that begins with `./`; the file is made when it is not there. A ledger may be in the same one.
        path: PathBuf,
        /// The queue's name in it.
        queue: String,
    },
}

impl QueueUrl {
    /// The queue's name, for logs and errors: the last part of the URL.
    pub fn name(&self) -> &str {
        match self {
            Self::Sqs { url } => url.rsplit('/').next().unwrap_or(url),
            Self::Sqlite { queue, .. } => queue,
        }
    }
}

impl FromStr for QueueUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        if text.starts_with("sqlite:") {
            let (path, query) = sqlite_parts(text)?;
            let queue = query
                .and_then(|query| query.strip_prefix("queue="))
                .filter(|name| is_queue_name(name))
                .ok_or_else(|| {
                    InvalidUrl::new("it does not end in ?queue=NAME (1 to 80 of letters, digits, `_` and `-`)")
                })?;
            return Ok(Self::Sqlite {
                path,
                queue: queue.to_owned(),
            });
        }
        let url = HttpUrl::from_str(text)?;
        // https://sqs.REGION.amazonaws.com/ACCOUNT/NAME; a queue's name may end in `.fifo`.
        let name = url.path().rsplit('/').next().unwrap_or_default();
        if is_queue_name(name.strip_suffix(".fifo").unwrap_or(name)) {
            Ok(Self::Sqs { url: url.0 })
        } else {
            Err(InvalidUrl::new("it does not end in a queue's name"))
        }
    }
}

fn is_queue_name(name: &str) -> bool {
    (1..=80).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// An `https` address, or an `http` one, without user, password, query or fragment, and without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port: `https://sqs.eu-west-1.amazonaws.com`.
    pub fn origin(&self) -> &str {
        self.0.get(..self.origin_len()).unwrap_or(&self.0)
    }

    /// Whether requests would go over the network in the clear: `http` to a host that is not this machine.
    pub fn is_cleartext(&self) -> bool {
        self.origin().strip_prefix("http://").is_some_and(|authority| {
            let host = match authority.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => host,
                Some(_) | None => authority,
            };
            let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
            host != "localhost" && !address.is_ok_and(|address| address.is_loopback())
        })
    }

    fn path(&self) -> &str {
        self.0.get(self.origin_len()..).unwrap_or_default()
    }

    fn origin_len(&self) -> usize {
        let start = self.0.find("://").map_or(0, |at| at + 3);
        let rest = self.0.get(start..).unwrap_or_default();
        rest.find('/').map_or(self.0.len(), |at| start + at)
    }
}

impl FromStr for HttpUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or_else(|| InvalidUrl::new("it starts with neither https:// nor http://"))?;
        let host = rest.split('/').next().unwrap_or_default();
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(InvalidUrl::new("it has a space or a control character in it"));
        }
        if text.contains(['?', '#']) {
            return Err(InvalidUrl::new("it has a query or a fragment"));
        }
        if host.contains('@') {
            return Err(InvalidUrl::new("it has a user or password in it"));
        }
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, Some(port)),
            Some(_) | None => (host, None),
        };
        if name.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(InvalidUrl::new("it has no host, or a port that is no number"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn file_path(text: &str) -> Result<PathBuf, InvalidUrl> {
    local_path(text, "file://")
}

fn sqlite_parts(text: &str) -> Result<(PathBuf, Option<&str>), InvalidUrl> {
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    Ok((local_path(path, "sqlite://")?, query))
}

/// Paths are taken as they are written: no percent-decoding, which a shell and people would not expect. A relative one
/// must begin with `./`, so that a slash too few is not taken for one; it is resolved where the process was started,
/// which is of use for local runs only.
fn local_path(text: &str, scheme: &str) -> Result<PathBuf, InvalidUrl> {
    match text.strip_prefix(scheme) {
        Some(path) if path.len() > 1 && path.starts_with('/') => Ok(PathBuf::from(path)),
        Some(path) if path.len() > 2 && path.starts_with("./") => Ok(PathBuf::from(path)),
        Some(_) | None => Err(InvalidUrl::new(format!(
            "behind {scheme} there is neither an absolute path (three slashes in all: {scheme}/…) nor one that begins with ./"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_understood() {
        assert_eq!(
            "secretsmanager://reseller-hooks/wix".parse::<SecretUrl>().unwrap(),
            SecretUrl::SecretsManager {
                secret_id: "reseller-hooks/wix".into()
            }
        );
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rh/wix-AbCdEf";
        assert_eq!(
            format!("secretsmanager://{arn}").parse::<SecretUrl>().unwrap(),
            SecretUrl::SecretsManager { secret_id: arn.into() }
        );
        assert_eq!(
            "env://RH_SECRET".parse::<SecretUrl>().unwrap(),
            SecretUrl::Env {
                variable: "RH_SECRET".into()
            }
        );
        assert_eq!(
            "file:///opt/secret.json".parse::<SecretUrl>().unwrap(),
            SecretUrl::File {
                path: "/opt/secret.json".into()
            }
        );
        assert_eq!(
            "file://./local/secret.json".parse::<SecretUrl>().unwrap(),
            SecretUrl::File {
                path: "./local/secret.json".into()
            }
        );
        assert_eq!(
            "dynamodb://orders".parse::<LedgerUrl>().unwrap(),
            LedgerUrl::DynamoDb { table: "orders".into() }
        );
        assert_eq!(
            "sqlite:///tmp/rh.db".parse::<LedgerUrl>().unwrap(),
            LedgerUrl::Sqlite {
                path: "/tmp/rh.db".into()
            }
        );
        assert_eq!(
            "sqlite:///tmp/rh.db?queue=order-paid".parse::<QueueUrl>().unwrap(),
            QueueUrl::Sqlite {
                path: "/tmp/rh.db".into(),
                queue: "order-paid".into()
            }
        );
        let sqs: QueueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/order-paid"
            .parse()
            .unwrap();
        assert_eq!(sqs.name(), "order-paid");
        assert!(
            "http://127.0.0.1:4566/000000000000/order-paid"
                .parse::<QueueUrl>()
                .is_ok()
        );
    }

    #[test]
    fn what_is_none_of_them_is_refused_without_repeating_it() {
        for wrong in [
            "",
            "IST.secret",
            "file://relative.json",
            "env://",
            "env://A B",
            "secretsmanager://",
        ] {
            let error = wrong.parse::<SecretUrl>().unwrap_err().to_string();
            assert!(!error.contains("IST.secret"), "{error}");
        }
        for wrong in [
            "orders",
            "dynamodb://",
            "dynamodb://a b",
            "sqlite://rh.db",
            "sqlite:///rh.db?queue=a",
        ] {
            assert!(wrong.parse::<LedgerUrl>().is_err(), "{wrong}");
        }
        for wrong in [
            "sqlite:///rh.db",
            "sqlite:///rh.db?queue=",
            "https://sqs.eu-west-1.amazonaws.com",
            "ftp://a/b",
        ] {
            assert!(wrong.parse::<QueueUrl>().is_err(), "{wrong}");
        }
        for wrong in [
            "https://",
            "https://user:pass@host",
            "https://host?x",
            "http://host:port",
            "https://a b",
        ] {
            assert!(wrong.parse::<HttpUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_http_address_knows_its_origin_and_whether_it_is_in_the_clear() {
        let url: HttpUrl = "http://127.0.0.1:4566/000000000000/q".parse().unwrap();
        assert_eq!(url.origin(), "http://127.0.0.1:4566");
        assert!(!url.is_cleartext());
        let url: HttpUrl = "https://www.wixapis.com/".parse().unwrap();
        assert_eq!(url.as_str(), "https://www.wixapis.com");
        assert_eq!(url.origin(), "https://www.wixapis.com");
        for far in [
            "http://www.wixapis.com",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1:80",
        ] {
            assert!(far.parse::<HttpUrl>().unwrap().is_cleartext(), "{far}");
        }
        for near in ["http://localhost:1", "http://[::1]:1", "http://127.1.2.3"] {
            assert!(!near.parse::<HttpUrl>().unwrap().is_cleartext(), "{near}");
        }
    }
}
