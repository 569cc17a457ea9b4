//! Stripe's events, from the signed body to what Wix and the ledger then hold.

mod beside;
pub(super) mod bodies;
mod payments;
mod plans;
mod reversals;
mod subscriptions;
mod trials;
mod versions;

use reseller_hooks::order::StorefrontKind::Stripe;
use reseller_hooks::time::Timestamp;
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::deployment::{Deployment, catalog_of};
use reseller_hooks_tests::world::violations;
use serde_json::Value;

/// The SKUs of the catalog in these tests.
pub(super) const SKUS: [&str; 4] = ["price_basic", "price_premium", "PREMIUM-1Y", "plan_basic"];
/// When the orders in these tests are placed: 2026-03-02T10:00:00Z.
pub(crate) const PLACED: i64 = 1_772_445_600;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const MONTH: i64 = 30 * DAY;

/// A shop whose bodies come when they were made.
struct Shop(Deployment);

impl Shop {
    fn new() -> Self {
        Self::with("")
    }

    /// With more keys in the catalog's defaults.
    fn with(defaults: &str) -> Self {
        let catalog = catalog_of(&SKUS, "attention");
        Self::selling(&catalog.replacen("[defaults]\n", &format!("[defaults]\n{defaults}\n"), 1))
    }

    fn selling(catalog: &str) -> Self {
        Self(Deployment::selling(catalog, "2026-03-02T10:00:00Z"))
    }

    /// Delivers an event a second after it was made, and lets a minute go by in which it is worked off.
    fn told(&self, event: &Value) -> &Self {
        assert_eq!(self.answer(event), Disposition::Stored, "{}", event["type"]);
        self
    }

    /// The same for an event that means nothing.
    fn not_meant(&self, event: &Value) -> &Self {
        assert_eq!(self.answer(event), Disposition::Nothing, "{}", event["type"]);
        self
    }

    fn answer(&self, event: &Value) -> Disposition {
        let made = event["created"].as_i64().expect("a time");
        self.at(made + 1);
        let came = self.0.deliver(Stripe, "", &event.to_string());
        self.0.work_all();
        self.at(made + 60);
        self.0.work_all();
        self.0.world.sweep();
        came
    }

    /// The time is at least this.
    fn at(&self, seconds: i64) -> &Self {
        let then = Timestamp::from_secs(seconds);
        if then > self.0.now() {
            self.0.world.clock.set(then);
        }
        self
    }

    /// Works off all that is due until this time.
    fn until(&self, seconds: i64) -> &Self {
        let end = Timestamp::from_secs(seconds);
        for _ in 0..50 {
            let due = self
                .0
                .world
                .ledger
                .entries()
                .iter()
                .filter_map(|entry| entry.due_at)
                .min();
            let Some(due) = due.filter(|due| *due <= end) else {
                break;
            };
            self.at(due.as_secs() + 1);
            self.0.world.sweep();
        }
        self.at(seconds)
    }

    /// (alive, on a site) of an SKU at Wix.
    fn has(&self, sku: &str) -> (usize, usize) {
        (self.0.world.alive(sku), self.0.world.on_site(sku))
    }

    /// The codes that a person sees of an order.
    fn attention(&self, order: &str) -> Vec<String> {
        let mut codes = self.0.world.attention(&format!("stripe/{order}"));
        codes.sort();
        codes.dedup();
        codes
    }

    #[track_caller]
    fn calm(&self, order: &str) -> &Self {
        assert_eq!(self.attention(order), Vec::<String>::new());
        self.sound()
    }

    #[track_caller]
    fn seen(&self, order: &str, code: &str) -> &Self {
        let codes = self.attention(order);
        assert!(codes.iter().any(|seen| seen == code), "{code} is not in {codes:?}");
        self.sound()
    }

    /// The ledger has nothing of an order that would need a person, or nothing at all.
    #[track_caller]
    fn unknown(&self, order: &str) -> &Self {
        let key = format!("stripe/{order}");
        let known = self.0.world.ledger.entries().iter().any(|entry| entry.key == key);
        if known {
            assert_eq!(self.attention(order), Vec::<String>::new());
        }
        self.sound()
    }

    #[track_caller]
    fn sound(&self) -> &Self {
        assert_eq!(violations(&self.0.world), Vec::<String>::new());
        assert_eq!(self.0.shelf().messages, []);
        self
    }
}

/// The bodies of a case as a shop sent them.
fn case(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("a list of bodies")
}
