//! Who is let in: the key, the rate limit, the account in the header, and a body that can be read. Everything that is checked
//! before what is asked for is looked at.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Map;

use crate::call::{Answer, Caller, Prepared};
use crate::calls::Call;
use crate::guid::Guid;
use crate::message::Request;
use crate::refusal::Refusal;
use crate::route::{Operation, Route};
use crate::validate;
use crate::wix::Wix;

/// The header that makes a query see all that was written before.
pub(crate) const TOKEN: &str = "x-wix-consistent";

impl Wix {
    /// Everything that is checked before what is asked for is looked at.
    pub(crate) fn let_in(&mut self, now: i64, request: &Request, call: &mut Call) -> Result<Prepared, Answer> {
        let route = Route::of(request);
        if let Ok(route) = &route {
            call.operation = route.operation();
        }
        call.account = request.header_value("wix-account-id").and_then(Guid::parse);
        let main = self.main_account(request)?;
        self.count_against_limit(now, request)?;
        let route = route?;
        let caller = self.caller(request, main, route.operation())?;
        let body = match route.operation() {
            Operation::GetPackage | Operation::UpdateExternalId | Operation::Other => Map::new(),
            Operation::CreatePackage
            | Operation::QueryPackages
            | Operation::CancelPackage
            | Operation::CancelProductInstance
            | Operation::AssignProductInstance
            | Operation::UnassignProductInstance
            | Operation::AdjustProductInstance => validate::object(&request.body)?,
        };
        let key = if route.operation().takes_key() {
            match request.parameter("idempotencyKey") {
                Some(key) if key.chars().count() > 100 => {
                    return Err(
                        Refusal::field("idempotencyKey", "MAX_LENGTH", "must have at most 100 characters").into(),
                    );
                }
                Some(key) => Some(key),
                None => validate::idempotency_key(&body)?,
            }
            .filter(|key| !key.is_empty())
        } else {
            None
        };
        call.idempotency_key.clone_from(&key);
        let mut hasher = DefaultHasher::new();
        (&request.path, &request.body).hash(&mut hasher);
        Ok(Prepared {
            seq: call.seq,
            route,
            caller,
            body,
            key,
            fingerprint: hasher.finish(),
            fresh: self.config.consistent_token && request.header_value(TOKEN).is_some(),
        })
    }

    fn main_account(&self, request: &Request) -> Result<Guid, Refusal> {
        let given = request.header_value("authorization").unwrap_or_default();
        self.config
            .api_keys
            .iter()
            .find(|key| !given.is_empty() && key.value == given)
            .map(|key| key.account)
            .ok_or_else(|| Refusal::plain(401, "not authenticated: the API key is missing or unknown"))
    }

    fn count_against_limit(&mut self, now: i64, request: &Request) -> Result<(), Answer> {
        let Some(limit) = self.config.rate_limit_per_minute else {
            return Ok(());
        };
        let key = request.header_value("authorization").unwrap_or_default();
        let window = match self.windows.get_mut(key) {
            Some(window) => window,
            None => self.windows.entry(key.to_owned()).or_default(),
        };
        while window.front().is_some_and(|at| now.saturating_sub(*at) >= 60_000) {
            window.pop_front();
        }
        if window.len() >= limit as usize {
            return Err(too_many(self.config.retry_after));
        }
        window.push_back(now);
        Ok(())
    }

    /// The account in the header, where the key may speak for it.
    fn caller(&self, request: &Request, main: Guid, operation: Operation) -> Result<Caller, Refusal> {
        if request.header_value("wix-site-id").is_some() {
            return Err(Refusal::plain(
                400,
                "wix-site-id is not for this API, which works on accounts",
            ));
        }
        let account = match request.header_value("wix-account-id") {
            None => return Err(Refusal::plain(400, "the header wix-account-id is missing")),
            Some(text) => Guid::parse(text)
                .ok_or_else(|| Refusal::plain(400, "the header wix-account-id must be a valid GUID"))?,
        };
        let caller = Caller { account, parent: main };
        let config = &self.config;
        let other_main = config.api_keys.iter().any(|key| key.account == account)
            || config.accounts.values().any(|id| *id == account);
        match config.accounts.get(&account) {
            _ if account == main => Ok(caller),
            Some(parent) if *parent == main => Ok(caller),
            None if config.accept_any_account && !other_main => Ok(caller),
            None if !other_main => match operation {
                Operation::CreatePackage | Operation::AdjustProductInstance | Operation::UnassignProductInstance => {
                    Err(Refusal::application(
                        "ACCOUNT_NOT_FOUND",
                        format!("Account {account} not found"),
                    ))
                }
                Operation::GetPackage
                | Operation::QueryPackages
                | Operation::CancelPackage
                | Operation::CancelProductInstance
                | Operation::AssignProductInstance
                | Operation::UpdateExternalId
                | Operation::Other => Err(Refusal::plain(403, "")),
            },
            Some(_) | None => Err(Refusal::plain(403, "")),
        }
    }
}

pub(crate) fn too_many(retry_after: Option<u32>) -> Answer {
    let mut answer = Answer::from(Refusal::plain(429, "too many requests"));
    answer.retry_after = retry_after;
    answer
}
