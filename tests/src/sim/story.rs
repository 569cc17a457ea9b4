//! The story of a history: what happened, in the order of events, where somebody asked for it.

use reseller_hooks::time::Clock;
use wix_sandbox::{Call, Guid};

use super::scheduler::Sim;
use crate::world::START;

impl Sim {
    pub(super) fn tell(&mut self, words: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let after = self.world.clock.now().since(START);
            let (secs, millis) = (after.as_secs(), after.subsec_millis());
            let (days, hours, minutes) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
            story.push(format!(
                "{days}d {hours:02}:{minutes:02}:{:02}.{millis:03} {}",
                secs % 60,
                words()
            ));
        }
    }

    /// The promise is broken.
    pub(super) fn broken(&mut self, what: String) {
        self.tell(|| format!("VIOLATION {what}"));
        self.result.violations.push(what);
    }

    pub(super) fn tell_calls(&mut self, at: usize) {
        if self.story.is_none() {
            return;
        }
        for words in self.ledger.story().into_iter().chain(self.queues.story()) {
            self.tell(|| words);
        }
        let number = self.tasks[at].number;
        let calls: Vec<String> = {
            let wix = self.world.look();
            let fresh: Vec<_> = wix.calls().filter(|call| call.seq > self.calls_told).cloned().collect();
            self.calls_told = fresh.iter().map(|call| call.seq).max().unwrap_or(self.calls_told);
            let named = |package: Guid| {
                let external_id = wix.package(package).and_then(|package| package.external_id.as_deref());
                format!("{package} {}", external_id.unwrap_or_default())
            };
            let words = |call: Call| {
                format!(
                    "worker {number}: {} → {} {}{}{}{} {}",
                    call.operation.name(),
                    call.status,
                    call.code.as_deref().unwrap_or_default(),
                    if call.committed { " (done)" } else { "" },
                    if call.replayed { " (replayed)" } else { "" },
                    call.fault
                        .map(|fault| format!(" struck by {fault}"))
                        .unwrap_or_default(),
                    call.package.map(named).unwrap_or_default(),
                )
            };
            fresh.into_iter().map(words).collect()
        };
        for words in calls {
            self.tell(|| words);
        }
    }
}
