//! What the chapters are made of: deliveries, looks at the ledger and at Wix, and command lines that are typed.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{PATIENCE, QUICK, Story, pause};
use crate::demo::deliver::Delivery;
use crate::failure::{Context, Failure};

/// How often `reconcile` is run by hand where a chapter is not about the schedule: it would come each minute.
const SWEEP: Duration = Duration::from_secs(2);

impl Story {
    /// Delivers until it is answered 200: a function takes up to a minute to read a secret again.
    pub(super) async fn delivered(&mut self, delivery: &Delivery, secret: &str) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            let status = self.aws.deliver(delivery, secret).await?;
            if status == 200 {
                self.checks += 1;
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{} is answered {status}", delivery.file)));
            }
            pause().await;
        }
    }

    /// Waits until the ledger knows an order.
    pub(super) async fn recorded(&mut self, key: &str) -> Result<(), Failure> {
        self.shown(key, "known", |shown| !shown.contains("\"error\"")).await
    }

    /// Waits until nothing is to be done for an order.
    pub(super) async fn settled(&mut self, key: &str) -> Result<(), Failure> {
        self.shown(key, "settled", |shown| {
            !shown.contains("\"error\"") && (shown.contains("\"due_at\":null") || !shown.contains("due_at"))
        })
        .await
    }

    pub(super) async fn shown(&mut self, key: &str, what: &str, holds: impl Fn(&str) -> bool) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            let shown = self.aws.ask(&json!({ "show": key })).await?.to_string();
            if holds(&shown) {
                self.checks += 1;
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{key} is not {what}: {shown}")));
            }
            pause().await;
        }
    }

    /// The external IDs of all packages at Wix.
    pub(super) async fn held(&self) -> Result<Vec<String>, Failure> {
        let packages = self.sandbox.packages().await?;
        let mut held: Vec<String> = packages.into_iter().map(|package| package.external_id).collect();
        held.sort();
        Ok(held)
    }

    /// Waits until Wix has these packages and no others, bought by workers and the schedule.
    pub(super) async fn packages_by_the_schedule(&mut self, what: &str, wanted: &[String]) -> Result<(), Failure> {
        self.packages_within(PATIENCE, what, wanted).await
    }

    /// The same, with `reconcile` run by hand meanwhile.
    pub(super) async fn packages(&mut self, what: &str, wanted: &[String]) -> Result<(), Failure> {
        self.packages_within(SWEEP, what, wanted).await
    }

    async fn packages_within(&mut self, sweep: Duration, what: &str, wanted: &[String]) -> Result<(), Failure> {
        let mut wanted = wanted.to_vec();
        wanted.sort();
        let started = Instant::now();
        let mut next = sweep;
        loop {
            let found = self.held().await?;
            if found == wanted {
                println!("  ✓ {what}");
                self.checks += 1;
                return Ok(());
            }
            if started.elapsed() > PATIENCE || found.len() > wanted.len() {
                return Err(Failure::new(format!(
                    "{what}: expected {wanted:?} at Wix, found {found:?}"
                )));
            }
            self.processes.check()?;
            if started.elapsed() >= next {
                next += sweep;
                self.aws.ask(&json!({})).await?;
            }
            pause().await;
        }
    }

    pub(super) async fn on_site(&self) -> Result<bool, Failure> {
        let packages = self.sandbox.packages().await?;
        let mut instances = packages.iter().flat_map(|package| &package.instances);
        Ok(instances.any(|instance| instance.on_site()))
    }

    /// Puts another document into a secret.
    pub(super) async fn store(&mut self, output: &str, document: &str) -> Result<(), Failure> {
        let path = self.folder.join("secret.json");
        fs::write(&path, document).could_not("write a secret")?;
        let script = format!(
            "aws secretsmanager put-secret-value --secret-id \"$(output {output})\" --secret-string file://'{}'",
            path.display()
        );
        self.sh(&format!("another {output}"), &script).await.map(|_| ())
    }

    /// Types a command line of `reseller`; an error where it ends or answers otherwise. Answers all that it said.
    pub(super) async fn types(&mut self, words: &str, exit: u8, says: &str) -> Result<String, Failure> {
        self.typed.insert(words.to_owned());
        let script = format!("code=0; reseller {words} || code=$?; echo \"ended with $code\"");
        let said = self.sh(&format!("reseller {words}"), &script).await?;
        let ended = said.trim_end().ends_with(&format!("ended with {exit}"));
        if !ended || !said.contains(says) {
            return Err(Failure::new(format!(
                "`reseller {words}` was expected to end with {exit} and to say {says:?}; it said:\n{said}"
            )));
        }
        self.checks += 1;
        Ok(said)
    }

    pub(super) async fn sh(&mut self, label: &str, script: &str) -> Result<String, Failure> {
        self.shell.run(label, script, QUICK).await
    }

    pub(super) fn expect(&mut self, what: &str, holds: bool) -> Result<(), Failure> {
        if !holds {
            return Err(Failure::new(format!("expected {what}")));
        }
        println!("  ✓ {what}");
        self.checks += 1;
        Ok(())
    }
}
