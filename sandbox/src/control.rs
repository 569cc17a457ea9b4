//! The control endpoint, `/_sandbox/…`: for programs that drive the server from outside, to set what goes wrong and to read what
//! happened. It is no part of Wix, asks for no key, and counts against no limit.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::Config;
use crate::fault::FaultRule;
use crate::guid::Guid;
use crate::message::{Fate, Reply, Request};
use crate::model::Status;
use crate::render::PackageJson;
use crate::wix::Wix;
use crate::world::{ForeignPackage, InstanceChange};

/// What a request to the control endpoint comes to: JSON, or a status and a sentence.
type Outcome = Result<Value, (u16, String)>;

/// Answers a request to `/_sandbox/…`; `None` where the path is another one, which is Wix's then.
pub fn control(wix: &mut Wix, now_ms: i64, request: &Request) -> Option<Reply> {
    let path = request.path.strip_prefix("/_sandbox")?;
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    wix.advance(now_ms);
    let (status, body) = match answer(wix, now_ms, request, &segments) {
        Ok(body) => (200, body),
        Err((status, message)) => (status, json!({"error": message})),
    };
    Some(Reply {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: format!("{body}\n").into_bytes(),
        fate: Fate::Deliver,
    })
}

fn answer(wix: &mut Wix, now: i64, request: &Request, segments: &[&str]) -> Outcome {
    match (request.method.as_str(), segments) {
        ("GET", ["faults"]) => value(&wix.faults().collect::<Vec<_>>()),
        ("POST", ["faults"]) => {
            let rules: OneOrMany<FaultRule> = read(request)?;
            for rule in rules.into_vec() {
                wix.add_fault(rule);
            }
            value(&wix.faults().collect::<Vec<_>>())
        }
        ("DELETE", ["faults"]) => {
            wix.clear_faults();
            Ok(json!([]))
        }
        ("GET", ["packages"]) => packages(wix, request),
        ("POST", ["packages"]) => {
            let body: NewPackages = read(request)?;
            let ids = match body.count {
                None => vec![wix.insert_package(now, body.package)],
                Some(count) if count <= 1_000_000 => wix.insert_packages(now, count, &body.package),
                Some(_) => return Err((400, "count: at most 1000000".to_owned())),
            };
            // A list of a hundred thousand IDs helps nobody.
            Ok(json!({"created": ids.len(), "ids": ids.iter().take(100).collect::<Vec<_>>()}))
        }
        ("DELETE", ["packages", id]) => {
            let id = guid(id)?;
            wix.delete_package(now, id).map_err(|error| (404, error.to_string()))?;
            Ok(json!({"deleted": id}))
        }
        ("POST", ["instances", id]) => {
            let id = guid(id)?;
            let change: InstanceChange = read(request)?;
            wix.set_instance(now, id, change)
                .map_err(|error| (404, error.to_string()))?;
            let spelling = wix.config().spelling.clone();
            let (package, _) = wix.instance(id).ok_or((404, format!("there is no {id}")))?;
            value(&PackageJson(package, &spelling))
        }
        ("GET", ["calls"]) => {
            let after = number(request, "after")?.unwrap_or(0);
            value(&wix.calls().filter(|call| call.seq > after).collect::<Vec<_>>())
        }
        ("DELETE", ["calls"]) => {
            wix.forget_calls();
            Ok(json!([]))
        }
        ("GET", ["summary"]) => Ok(summary(wix)),
        ("POST", ["api-keys"]) => {
            let keys: Keys = read(request)?;
            if let Some(key) = &keys.add {
                wix.add_api_key(key);
            }
            if let Some(key) = &keys.revoke
                && !wix.revoke_api_key(key)
            {
                return Err((404, "no such key to revoke".to_owned()));
            }
            Ok(json!({"apiKeys": wix.config().api_keys.len()}))
        }
        ("GET", ["settings"]) => value(wix.config()),
        ("POST", ["settings"]) => {
            let changes: serde_json::Map<String, Value> = read(request)?;
            let mut settings = value(wix.config())?;
            if let Value::Object(settings) = &mut settings {
                settings.extend(changes);
            }
            let config: Config =
                serde_json::from_value(settings).map_err(|error| (400, format!("these are not settings: {error}")))?;
            *wix.config_mut() = config;
            value(wix.config())
        }
        ("POST", ["reset"]) => {
            wix.reset();
            Ok(json!({"reset": true}))
        }
        (method, _) => Err((
            404,
            format!("nothing here at {method} {}: see the sandbox's README.md", request.path),
        )),
    }
}

fn packages(wix: &Wix, request: &Request) -> Outcome {
    let limit = number(request, "limit")?.unwrap_or(1_000);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let external_id = request.parameter("externalId");
    let spelling = &wix.config().spelling;
    let shown: Vec<PackageJson<'_>> = wix
        .packages()
        .filter(|package| external_id.is_none() || package.external_id == external_id)
        .take(limit)
        .map(|package| PackageJson(package, spelling))
        .collect();
    value(&json!({"packages": shown}))
}

fn summary(wix: &Wix) -> Value {
    let mut statuses = std::collections::BTreeMap::<String, u64>::new();
    let (mut assigned, mut vouchers) = (0_u64, 0_u64);
    for (_, instance) in wix.instances() {
        *statuses.entry(instance.status.as_str().to_owned()).or_default() += 1;
        assigned += u64::from(instance.site_id.is_some() && instance.status != Status::Canceled);
        vouchers += u64::from(instance.reference.is_some());
    }
    let calls: serde_json::Map<String, Value> = wix
        .log
        .counts
        .iter()
        .map(|(operation, count)| (operation.name().to_owned(), json!(count)))
        .collect();
    json!({
        "packages": wix.packages().count(),
        "instances": wix.instances().count(),
        "instancesByStatus": statuses,
        "assignedInstances": assigned,
        "voucherInstances": vouchers,
        "calls": calls,
        "faults": wix.faults().count(),
    })
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}

#[derive(Deserialize)]
struct NewPackages {
    #[serde(default)]
    count: Option<usize>,
    package: ForeignPackage,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(default)]
    add: Option<String>,
    #[serde(default)]
    revoke: Option<String>,
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, (u16, String)> {
    serde_json::from_slice(&request.body).map_err(|error| (400, format!("the body cannot be read: {error}")))
}

fn value<T: Serialize + ?Sized>(of: &T) -> Outcome {
    serde_json::to_value(of).map_err(|error| (500, error.to_string()))
}

fn guid(text: &str) -> Result<Guid, (u16, String)> {
    text.parse().map_err(|error| (400, format!("{text:?}: {error}")))
}

fn number(request: &Request, name: &str) -> Result<Option<u64>, (u16, String)> {
    match request.parameter(name) {
        None => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| (400, format!("{name}={text}: not a whole number"))),
    }
}
