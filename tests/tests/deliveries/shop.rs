//! A shop of one storefront, for scenarios that tell a story: what is delivered when, and what the customer has then.

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::time::Timestamp;
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::deployment::{Deployment, catalog_of};
use reseller_hooks_tests::world::violations;
use serde_json::Value;

/// When the orders in these stories are placed.
pub(crate) const PLACED: &str = "2026-03-02T15:00:00Z";
/// A site of the buyer.
pub(crate) const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";

/// A body that a test changes a little.
#[derive(Debug, Clone)]
pub(crate) struct Body(pub(crate) Value);

impl Body {
    /// A sample of `events/`, or any other JSON.
    pub(crate) fn of(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("a sample is JSON"))
    }

    /// With another value at a JSON pointer, or one more.
    #[must_use]
    pub(crate) fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a JSON pointer");
        let parent = self
            .0
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("{parent} is not in the body"));
        match (parent.as_array_mut(), name) {
            (Some(list), "-") => list.push(value.into()),
            (Some(list), at) => list[at.parse::<usize>().expect("an index")] = value.into(),
            (None, name) => parent[name] = value.into(),
        }
        self
    }

    /// Without what is at a JSON pointer.
    #[must_use]
    pub(crate) fn without(mut self, pointer: &str) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a JSON pointer");
        let parent = self.0.pointer_mut(parent).and_then(Value::as_object_mut);
        parent.expect("an object").remove(name).expect("it was there");
        self
    }

    /// What is at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        self.0
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{pointer} is not in the body"))
            .clone()
    }
}

/// The shop, and everything behind it.
pub(crate) struct Shop {
    pub(crate) kind: StorefrontKind,
    pub(crate) deployment: Deployment,
}

impl Shop {
    /// That sells these SKUs by the month, and shows what it does not know.
    pub(crate) fn selling(kind: StorefrontKind, skus: &[&str]) -> Self {
        Self::with_catalog(kind, &catalog_of(skus, "attention"))
    }

    /// The same with more lines in the catalog's `[defaults]`.
    pub(crate) fn with_defaults(kind: StorefrontKind, skus: &[&str], lines: &str) -> Self {
        let catalog = catalog_of(skus, "attention").replacen("[defaults]\n", &format!("[defaults]\n{lines}\n"), 1);
        Self::with_catalog(kind, &catalog)
    }

    /// The same where the end of an order cancels at Wix, so that it can be counted.
    pub(crate) fn canceling(kind: StorefrontKind, skus: &[&str]) -> Self {
        Self::with_catalog(
            kind,
            &catalog_of(skus, "attention").replace("\"unassign\"", "\"cancel\""),
        )
    }

    /// The same with products that are sold once and do not renew at Wix.
    pub(crate) fn selling_once(kind: StorefrontKind, skus: &[&str]) -> Self {
        let once = catalog_of(skus, "attention").replace(
            "billing = { type = \"RECURRING\", unit = \"MONTH\", count = 1 }",
            "billing = { type = \"ONE_TIME\" }",
        );
        Self::with_catalog(kind, &once)
    }

    /// With any catalog.
    pub(crate) fn with_catalog(kind: StorefrontKind, catalog: &str) -> Self {
        Self {
            kind,
            deployment: Deployment::selling(catalog, PLACED),
        }
    }

    /// The time is at least this.
    pub(crate) fn at(&self, time: &str) -> &Self {
        let time: Timestamp = time.parse().expect("a time as RFC 3339 has it");
        if time > self.deployment.now() {
            self.deployment.world.clock.set(time);
        }
        self
    }

    /// Delivers a body that says something, and works off everything that is due.
    #[track_caller]
    pub(crate) fn told(&self, topic: &str, body: &Body) -> &Self {
        self.stored(topic, body);
        self.deployment.settle();
        self
    }

    /// Delivers a body that says something; no worker has seen it yet.
    #[track_caller]
    pub(crate) fn stored(&self, topic: &str, body: &Body) -> &Self {
        assert_eq!(self.post(topic, body), Disposition::Stored, "{topic}");
        self
    }

    /// Delivers a body that is answered and means nothing.
    #[track_caller]
    pub(crate) fn nothing(&self, topic: &str, body: &Body) -> &Self {
        assert_eq!(self.post(topic, body), Disposition::Nothing, "{topic}");
        assert!(self.deployment.shelf().messages.is_empty());
        self
    }

    /// Delivers a body that is kept for a person: why.
    #[track_caller]
    pub(crate) fn parked(&self, topic: &str, body: &Body) -> String {
        assert_eq!(self.post(topic, body), Disposition::Parked, "{topic}");
        let parked = self.deployment.shelf().messages.pop().expect("a parked message");
        assert_eq!(parked.queue, "parked");
        let message: Value = serde_json::from_str(&parked.body).expect("a parked message is JSON");
        message["reason"].as_str().unwrap_or_default().to_owned()
    }

    fn post(&self, topic: &str, body: &Body) -> Disposition {
        self.deployment.deliver(self.kind, topic, &body.0.to_string())
    }

    /// The customer has so many of an SKU, of which so many are on a site.
    #[track_caller]
    pub(crate) fn has(&self, sku: &str, alive: usize, on_site: usize) -> &Self {
        let world = &self.deployment.world;
        assert_eq!(
            (world.alive(sku), world.on_site(sku)),
            (alive, on_site),
            "{sku}: (alive, on a site)"
        );
        self
    }

    /// A person sees exactly these codes of an order, and everything else is as it must be.
    #[track_caller]
    pub(crate) fn needs(&self, key: &str, codes: &[&str]) -> &Self {
        let mut seen = self.deployment.world.attention(key);
        seen.sort();
        seen.dedup();
        assert_eq!(seen, codes, "{key}");
        self.sound()
    }

    /// Nobody has to look at an order.
    #[track_caller]
    pub(crate) fn calm(&self, key: &str) -> &Self {
        self.needs(key, &[])
    }

    #[track_caller]
    fn sound(&self) -> &Self {
        assert_eq!(violations(&self.deployment.world), Vec::<String>::new());
        self
    }
}

/// The deliveries of a case: topic and body, in order. Every body comes as it was sent, byte for byte where it is text.
pub(crate) fn steps(case: &str) -> Vec<(String, Body)> {
    let case: Value = serde_json::from_str(case).expect("a case is JSON");
    let steps = case["steps"].as_array().expect("steps");
    let body = |step: &Value| match step["text"].as_str() {
        Some(text) => Body::of(text),
        None => Body(step["body"].clone()),
    };
    let step = |step: &Value| (step["topic"].as_str().expect("a topic").to_owned(), body(step));
    steps.iter().map(step).collect()
}
