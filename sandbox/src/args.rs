//! The server's command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use lexopt::Parser;
use lexopt::prelude::*;
use wix_sandbox::{ApiKey, Config, DEFAULT_ACCOUNT, DEFAULT_API_KEY, Guid, Idempotency};

pub(crate) const HELP: &str = "\
A local server that behaves as the Wix Packages API is documented to behave.

usage: wix-sandbox [options]

  --listen ADDRESS       where to listen; port 0 takes a free one   [127.0.0.1:9400]
  --listen-anywhere      allow an ADDRESS that is not loopback (nothing protects the control endpoint)
  --api-key KEY          a key that is let in; may be given again   [sandbox-api-key]
  --accounts MAIN,SUB,…  the main account and its sub-accounts; others are refused then
                         [MAIN 5a5db0c5-0000-4000-8000-000000000001, any other is its sub-account]
  --sites SITE=ACCOUNT,… the sites and whose they are; others are refused then   [any]
  --accept-any-product   sell also what is not in the catalog
  --idempotency MODE     honour, ignore, replay-failures, latest-state, conflict,
                         or forget:MS (after so many milliseconds)   [honour]
  --query-delay-ms MS    how long queries show packages as they were   [0]
  --enable-after-ms MS   PENDING becomes ENABLED after it; or `never`   [1000]
  --rate-limit N         requests in any 60 seconds and key; or `none`   [200]
  --retry-after SECONDS  send Retry-After with a 429   [not sent]
  --seed N               what IDs are derived from   [the time]
  --config FILE          all settings as JSON (see README.md); the options above change them
  -h, --help             this

It prints one line when it is ready. Control: http://ADDRESS/_sandbox/ (see README.md).";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) config: Config,
}

/// What the command line comes to.
#[derive(Debug)]
pub(crate) enum Asked {
    Serve(Box<Options>),
    Help,
}

/// A setting that an option changes in what `--config` says, wherever that stands.
type Change = Box<dyn FnOnce(&mut Config)>;

/// Reads the arguments after the program's name. The error is one line for people. `read_file` reads the file of `--config`;
/// `seed` is taken where none is given.
pub(crate) fn parse(
    args: impl IntoIterator<Item = OsString>,
    read_file: impl Fn(&Path) -> Result<String, String>,
    seed: u64,
) -> Result<Asked, String> {
    let mut args = Parser::from_args(args);
    let mut config = Config {
        seed,
        ..Config::default()
    };
    let mut changes: Vec<Change> = Vec::new();
    let mut listen = "127.0.0.1:9400".to_owned();
    let mut anywhere = false;
    let mut keys = Vec::new();
    while let Some(arg) = args.next().map_err(see_help)? {
        match arg {
            Long("help") | Short('h') => return Ok(Asked::Help),
            Long("listen") => listen = value(&mut args)?,
            Long("listen-anywhere") => anywhere = true,
            Long("api-key") => keys.push(value(&mut args)?),
            Long("accounts") => changes.push(accounts(&value(&mut args)?)?),
            Long("sites") => changes.push(sites(&value(&mut args)?)?),
            Long("accept-any-product") => changes.push(Box::new(|config| config.accept_any_product = true)),
            Long("idempotency") => {
                let mode = idempotency(&value(&mut args)?)?;
                changes.push(Box::new(move |config| config.idempotency = mode));
            }
            Long("query-delay-ms") => {
                let ms = number("--query-delay-ms", &value(&mut args)?)?;
                changes.push(Box::new(move |config| config.query_delay_ms = ms));
            }
            Long("enable-after-ms") => {
                let ms = unless("--enable-after-ms", &value(&mut args)?, "never")?;
                changes.push(Box::new(move |config| config.pending_to_enabled_ms = ms));
            }
            Long("rate-limit") => {
                let limit = unless("--rate-limit", &value(&mut args)?, "none")?;
                changes.push(Box::new(move |config| config.rate_limit_per_minute = limit));
            }
            Long("retry-after") => {
                let seconds = number("--retry-after", &value(&mut args)?)?;
                changes.push(Box::new(move |config| config.retry_after = Some(seconds)));
            }
            Long("seed") => {
                let seed = number("--seed", &value(&mut args)?)?;
                changes.push(Box::new(move |config| config.seed = seed));
            }
            Long("config") => {
                let file = value(&mut args)?;
                let text = read_file(Path::new(&file))?;
                config = serde_json::from_str(&text).map_err(|error| format!("--config {file}: {error}"))?;
            }
            Long(_) | Short(_) | Value(_) => return Err(see_help(arg.unexpected())),
        }
    }
    for change in changes {
        change(&mut config);
    }
    if !keys.is_empty() {
        let account = config.api_keys.first().map_or(DEFAULT_ACCOUNT, |key| key.account);
        config.api_keys = keys.into_iter().map(|value| ApiKey { value, account }).collect();
    }
    if config.api_keys.iter().any(|key| key.value.is_empty()) {
        return Err(format!(
            "--api-key must not be empty (without it, it is {DEFAULT_API_KEY})"
        ));
    }
    let listen: SocketAddr = listen
        .parse()
        .map_err(|_| format!("--listen {listen}: not an address such as 127.0.0.1:9400"))?;
    if !listen.ip().is_loopback() && !anywhere {
        return Err(format!(
            "--listen {listen}: not a loopback address, anybody could reach the control endpoint; add --listen-anywhere if that is meant"
        ));
    }
    Ok(Asked::Serve(Box::new(Options { listen, config })))
}

fn see_help(error: lexopt::Error) -> String {
    format!("{error}: see --help")
}

fn value(args: &mut Parser) -> Result<String, String> {
    args.value().and_then(|value| value.string()).map_err(see_help)
}

fn accounts(text: &str) -> Result<Change, String> {
    let mut ids = text.split(',').map(|id| guid("--accounts", id));
    let main = ids.next().ok_or("--accounts needs a GUID")??;
    let accounts = ids.map(|id| Ok((id?, main))).collect::<Result<_, String>>()?;
    Ok(Box::new(move |config| {
        config.accounts = accounts;
        for key in &mut config.api_keys {
            key.account = main;
        }
        config.accept_any_account = false;
    }))
}

fn sites(text: &str) -> Result<Change, String> {
    let mut sites = Vec::new();
    for pair in text.split(',') {
        let (site, account) = pair
            .split_once('=')
            .ok_or_else(|| format!("--sites {pair}: not SITE=ACCOUNT"))?;
        sites.push((guid("--sites", site)?, guid("--sites", account)?));
    }
    Ok(Box::new(move |config| {
        config.sites.extend(sites);
        config.accept_any_site = false;
    }))
}

fn idempotency(text: &str) -> Result<Idempotency, String> {
    match text {
        "honour" => Ok(Idempotency::Honour),
        "ignore" => Ok(Idempotency::Ignore),
        "replay-failures" => Ok(Idempotency::ReplayFailures),
        "latest-state" => Ok(Idempotency::LatestState),
        "conflict" => Ok(Idempotency::Conflict),
        other => match other.strip_prefix("forget:") {
            Some(ms) => Ok(Idempotency::Forget {
                after_ms: number("--idempotency forget:", ms)?,
            }),
            None => Err(format!("--idempotency {other}: no such mode, see --help")),
        },
    }
}

fn guid(option: &str, text: &str) -> Result<Guid, String> {
    text.parse().map_err(|error| format!("{option} {text}: {error}"))
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{option} {text}: not a whole number from 0 on"))
}

fn unless<T: std::str::FromStr>(option: &str, text: &str, word: &str) -> Result<Option<T>, String> {
    if text == word {
        Ok(None)
    } else {
        number(option, text).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &str) -> Result<Options, String> {
        let args = line.split_whitespace().map(OsString::from);
        match parse(args, |_| Ok(r#"{"retryAfter": 7, "queryDelayMs": 5}"#.to_owned()), 1)? {
            Asked::Serve(options) => Ok(*options),
            Asked::Help => Err("help".to_owned()),
        }
    }

    #[test]
    fn an_address_that_is_not_loopback_is_refused_unless_it_is_meant() {
        let error = ask("--listen 0.0.0.0:9400").unwrap_err();
        assert!(error.contains("--listen-anywhere"), "{error}");
        assert_eq!(
            ask("--listen 0.0.0.0:9400 --listen-anywhere").unwrap().listen.port(),
            9400
        );
    }

    #[test]
    fn the_documented_command_line_is_understood() {
        let options = ask("--listen 127.0.0.1:9400 --api-key KEY").unwrap();
        assert_eq!(options.config.api_keys.len(), 1);
        assert_eq!(options.config.api_keys[0].value, "KEY");
        assert_eq!(options.config.rate_limit_per_minute, Some(200));
    }

    #[test]
    fn options_change_what_the_file_says() {
        let options = ask("--query-delay-ms=9 --config x.json --rate-limit none --enable-after-ms never").unwrap();
        assert_eq!(options.config.retry_after, Some(7));
        assert_eq!(options.config.query_delay_ms, 9);
        assert_eq!(options.config.rate_limit_per_minute, None);
        assert_eq!(options.config.pending_to_enabled_ms, None);
    }

    #[test]
    fn accounts_make_a_reseller_and_refuse_all_others() {
        let config = ask(
            "--accounts 11111111-1111-4111-8111-111111111111,22222222-2222-4222-8222-222222222222 --idempotency forget:10",
        )
        .unwrap()
        .config;
        assert!(!config.accept_any_account);
        assert_eq!(
            config.api_keys[0].account.to_string(),
            "11111111-1111-4111-8111-111111111111"
        );
        assert_eq!(config.accounts.len(), 1);
        assert_eq!(config.idempotency, Idempotency::Forget { after_ms: 10 });
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, part) in [
            ("--lisen x", "--lisen"),
            ("--listen", "missing argument for option '--listen'"),
            ("--listen nowhere", "nowhere"),
            ("--rate-limit many", "many"),
            ("--accounts me", "me"),
            ("--idempotency sometimes", "sometimes"),
            ("--api-key=", "--api-key"),
        ] {
            let error = ask(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
            assert!(!error.contains('\n'), "{line}: {error}");
        }
    }
}
