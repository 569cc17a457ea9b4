//! Read-your-writes tokens. Wix's own SDK echoes the response header `X-Wix-Consistent` on the next calls (observed,
//! undocumented); it is kept for each account, for so many accounts that memory stays flat.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use http::HeaderValue;

use crate::ids::AccountId;

/// How many accounts are remembered; the one first seen goes first.
const MAX_ACCOUNTS: usize = 256;

/// A longer token is not kept: request headers have limits of their own.
const MAX_TOKEN_BYTES: usize = 4_096;

/// The newest token of each account.
#[derive(Debug, Default)]
pub(super) struct ConsistencyTokens(Mutex<Tokens>);

#[derive(Debug, Default)]
struct Tokens {
    by_account: BTreeMap<AccountId, HeaderValue>,
    seen: VecDeque<AccountId>,
}

impl ConsistencyTokens {
    /// The token to send with a call for this account.
    pub(super) fn get(&self, account: &AccountId) -> Option<HeaderValue> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.by_account.get(account).cloned()
    }

    /// Remembers what an answer brought.
    pub(super) fn keep(&self, account: &AccountId, token: HeaderValue) {
        if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
            return;
        }
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.by_account.insert(account.clone(), token).is_none() {
            tokens.seen.push_back(account.clone());
        }
        if tokens.seen.len() > MAX_ACCOUNTS
            && let Some(first) = tokens.seen.pop_front()
        {
            tokens.by_account.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: usize) -> AccountId {
        format!("00000000-0000-4000-8000-{number:012}").parse().unwrap()
    }

    #[test]
    fn the_newest_token_of_an_account_is_kept_and_memory_is_bounded() {
        let tokens = ConsistencyTokens::default();
        assert_eq!(tokens.get(&account(0)), None);
        tokens.keep(&account(0), HeaderValue::from_static("a"));
        tokens.keep(&account(0), HeaderValue::from_static("b"));
        assert_eq!(tokens.get(&account(0)).unwrap(), "b");
        assert_eq!(tokens.get(&account(1)), None);

        for number in 1..=256 {
            tokens.keep(&account(number), HeaderValue::from_static("c"));
        }
        assert_eq!(tokens.get(&account(0)), None);
        assert_eq!(tokens.get(&account(1)).unwrap(), "c");
        assert_eq!(tokens.0.lock().unwrap().by_account.len(), 256);
    }

    #[test]
    fn a_token_too_long_for_a_header_is_left_out() {
        let tokens = ConsistencyTokens::default();
        tokens.keep(&account(0), HeaderValue::from_str(&"a".repeat(4_097)).unwrap());
        assert_eq!(tokens.get(&account(0)), None);
    }
}
