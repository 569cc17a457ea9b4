//! The shops' secrets: which one each shop signs with, and which ones the secret document has. A shop changes its
//! secret now and then, and the document may learn of it too late, or cannot be read for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::secrets::{SecretError, Source};
use reseller_hooks::time::{Clock, Timestamp};
use secrecy::SecretString;

use super::rsa;
use super::wix::SITE;
use super::woocommerce::HOST;
use super::words::{SECRETS, STOREFRONTS};
use crate::world::{VirtualClock, yield_once};

/// The secrets of a history, and where `webhook` reads them.
#[derive(Clone)]
pub(super) struct Keys {
    clock: VirtualClock,
    state: Arc<Mutex<State>>,
}

struct State {
    /// The secret that each shop signs with: an index into [`SECRETS`].
    used: [usize; STOREFRONTS.len()],
    /// The current and the previous secret of each shop in the document.
    known: [[usize; 2]; STOREFRONTS.len()],
    /// When the document learns what the shops use.
    learns_at: Option<Timestamp>,
    away_until: Timestamp,
}

impl Keys {
    /// Every shop with its first secret, which the document has.
    pub(super) fn new(clock: VirtualClock) -> Self {
        let state = State {
            used: [0; STOREFRONTS.len()],
            known: [[0, 0]; STOREFRONTS.len()],
            learns_at: None,
            away_until: Timestamp::EPOCH,
        };
        Self {
            clock,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// What a shop signs with now.
    pub(super) fn used(&self, kind: StorefrontKind) -> usize {
        self.state().used[place(kind)]
    }

    /// A shop changes its secret; the document has it from `learns_at` on, beside the one before.
    pub(super) fn rotate(&self, kind: StorefrontKind, learns_at: Timestamp) {
        let mut state = self.state();
        // The person who changes it has put the one before into the document.
        state.learn();
        let place = place(kind);
        state.used[place] = (state.used[place] + 1) % SECRETS.len();
        state.learns_at = Some(learns_at);
    }

    /// The document cannot be read for a while.
    pub(super) fn go_away(&self, until: Timestamp) {
        self.state().away_until = until;
    }

    /// Everything is as it should be.
    pub(super) fn calm(&self) {
        let mut state = self.state();
        state.away_until = Timestamp::EPOCH;
        state.learn();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn document(&self) -> Result<SecretString, SecretError> {
        let now = self.clock.now();
        let mut state = self.state();
        if state.away_until > now {
            return Err(SecretError::Unavailable("the simulation says so".to_owned()));
        }
        if state.learns_at.is_some_and(|at| at <= now) {
            state.learn();
        }
        let of = |place: usize| {
            let [current, previous] = state.known[place];
            let hosts = match STOREFRONTS[place] {
                StorefrontKind::Wix => {
                    let [current, previous] = [current, previous].map(|at| rsa::KEYS[at].public());
                    return format!(r#"{{"public_keys":["{current}","{previous}"],"sites":["{SITE}"]}}"#);
                }
                // The second is the one of a header, for what names none in its body.
                StorefrontKind::Woocommerce => format!(r#","hosts":["{HOST}","sample.example.com"]"#),
                StorefrontKind::Shopify | StorefrontKind::Standard | StorefrontKind::Stripe => String::new(),
            };
            format!(
                r#"{{"secrets":["{}","{}"]{hosts}}}"#,
                SECRETS[current], SECRETS[previous]
            )
        };
        let entries: Vec<String> = STOREFRONTS
            .iter()
            .enumerate()
            .map(|(at, kind)| format!(r#""{kind}":{}"#, of(at)))
            .collect();
        Ok(format!(r#"{{"storefronts":{{{}}}}}"#, entries.join(",")).into())
    }
}

impl State {
    fn learn(&mut self) {
        self.learns_at = None;
        for (known, used) in self.known.iter_mut().zip(self.used) {
            if known[0] != used {
                *known = [used, known[0]];
            }
        }
    }
}

fn place(kind: StorefrontKind) -> usize {
    STOREFRONTS.iter().position(|of| *of == kind).unwrap_or(0)
}

impl Source for Keys {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        yield_once().await;
        let document = self.document();
        yield_once().await;
        document
    }
}
