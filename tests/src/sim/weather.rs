//! What goes wrong around the functions in a history, and when it ends: calls are struck, what they need is away for a
//! while, secrets and the catalog change, new versions are deployed, records are rewritten by another version.

use std::sync::atomic::Ordering;
use std::time::Duration;

use reseller_hooks::ledger::{Entry, Ledger};
use reseller_hooks::time::Timestamp;
use serde_json::json;
use wix_sandbox::{InstanceChange, Status};

use super::scheduler::{CATALOGS, Sim};
use super::words::{STOREFRONTS, WIX_KEYS};
use crate::world::poll_through;

impl Sim {
    /// Something goes wrong, perhaps.
    pub(super) fn strike(&mut self) {
        if self.trouble.stuck.is_some()
            && self.rng.one_in(40)
            && let Some(rule) = self.trouble.stuck.take()
        {
            self.result.faults += 1;
            self.tell(|| format!("until faults stop: {rule:?}"));
            self.world.strike(rule);
        }
        if self.result.faults < u64::from(self.trouble.most) && self.rng.permille(self.trouble.faults) {
            self.result.faults += 1;
            let rule = self.trouble.fault(&mut self.rng);
            self.tell(|| format!("trouble: {rule:?}"));
            self.world.strike(rule);
        }
        if self.has_weather
            && self.trouble.most > 1
            && self.trouble.faults > 0
            && self.mend_at.is_none()
            && self.rng.one_in(400)
        {
            let until = self.now() + self.rng.delay();
            self.go_wrong(until);
            self.away += until.since(self.now());
            self.mend_at = Some(until);
        }
    }

    fn go_wrong(&mut self, until: Timestamp) {
        match self.rng.below(10) {
            0 => {
                let key = self.world.secret.key();
                self.world.look().revoke_api_key(&key);
                let is_replaced = self.rng.one_in(2);
                if is_replaced {
                    // The document has the new key at once; a process that runs finds out by a 401.
                    let [one, other] = WIX_KEYS;
                    let new = if key == one { other } else { one };
                    self.world.look().add_api_key(new);
                    self.world.secret.set_key(new);
                }
                self.tell(|| format!("the API key is revoked; replaced: {is_replaced}"));
            }
            1 => {
                self.ledger.go_away(until);
                self.tell(|| "the ledger goes away".to_owned());
            }
            2 => {
                self.unreachable.store(true, Ordering::Relaxed);
                self.tell(|| "Wix cannot be reached".to_owned());
            }
            3 => {
                self.queues.go_away(until);
                self.tell(|| "the queues go away".to_owned());
            }
            4 => {
                self.keys.go_away(until);
                self.deploy();
                self.tell(|| "the secret cannot be read, and every process is new".to_owned());
            }
            5 => {
                let kind = self.rng.pick(&STOREFRONTS);
                // Half of the shop owners put the new secret into the document first, as the documentation says.
                let learns_at = if self.rng.one_in(2) { self.now() } else { until };
                self.keys.rotate(kind, learns_at);
                self.tell(|| format!("{kind} has another secret; the document knows it from {learns_at} on"));
            }
            6 => {
                self.world.settings.paused = true;
                self.deploy();
                self.tell(|| "deployed: paused".to_owned());
            }
            7 => self.rewrite(),
            8 => {
                self.tell(|| "an audit, by hand".to_owned());
                self.reconcile(json!({"audit": {}}));
            }
            _ => {
                self.world.catalog = CATALOGS[1].clone();
                self.catalog_changed = true;
                self.deploy();
                self.tell(|| "deployed: the catalog is changed".to_owned());
            }
        }
    }

    /// Every record is written anew as another version might have: its members in another order, and one in it that
    /// nobody here knows. The worker of an order meets a writer that came first.
    fn rewrite(&mut self) {
        self.deploy();
        self.tell(|| "deployed: another version writes every record".to_owned());
        let ledger = self.ledger.inner();
        for entry in ledger.entries() {
            let Ok(serde_json::Value::Object(mut record)) = serde_json::from_str(&entry.body) else {
                continue;
            };
            record.insert("a_member_of_another_version".to_owned(), json!({"of": [1, null]}));
            let entry = Entry {
                body: serde_json::Value::Object(record).to_string(),
                rev: entry.rev + 1,
                write_id: format!("another-version-{}", entry.rev),
                ..entry
            };
            // Nobody writes at the same time: this is one step of the history.
            let _ = poll_through(ledger.store(&entry));
        }
    }

    /// What was away is there again.
    pub(super) fn cure(&mut self) {
        self.mend_at = None;
        self.world.look().add_api_key(&self.world.secret.key());
        self.unreachable.store(false, Ordering::Relaxed);
        if self.world.settings.paused {
            self.world.settings.paused = false;
            self.deploy();
        }
        self.tell(|| "what was away is there again".to_owned());
    }

    /// Nothing fails on purpose from now on.
    pub(super) fn become_calm(&mut self) {
        self.calm = true;
        self.ledger.calm();
        self.queues.calm();
        self.keys.calm();
        self.cure();
        // Clocks are right from now on.
        self.deploy();
        self.world.look().clear_faults();
        self.world.look().config_mut().rate_limit_per_minute = None;
        self.tell(|| "faults stop".to_owned());
        self.resume();
        self.save_again();
        self.deliver_lost();
        if self.rng.one_in(2) {
            self.end_waits();
        }
    }

    /// The customer or the provider acts.
    pub(super) fn end_waits(&mut self) {
        let now = self.now().as_millis();
        let mut wix = self.world.look();
        let waiting: Vec<_> = wix
            .instances()
            .filter(|(_, instance)| matches!(instance.status, Status::AwaitingAction | Status::Other(_)))
            .map(|(_, instance)| instance.id)
            .collect();
        for instance in waiting {
            let change = InstanceChange {
                status: Some(Status::Enabled),
                ..InstanceChange::default()
            };
            let _ = wix.set_instance(now, instance, change);
        }
    }

    /// Time passes between two steps: mostly none.
    pub(super) fn jitter(&mut self) {
        let limit = match self.rng.below(100) {
            0..=69 => return,
            70..=89 => 300,
            _ if self.calm || self.trouble.fails_once => 300,
            90..=98 => 5_000,
            _ if self.rng.permille(self.trouble.freezes * 20) => 200_000,
            _ => 9_000,
        };
        let by = self.rng.within(Duration::from_millis(limit));
        self.world.clock.advance(by);
    }
}
