//! Bodies as WooCommerce's REST API (v3) writes them, with invented values, and a shop that sends them.

use std::time::Duration;

use reseller_hooks::order::StorefrontKind::Woocommerce;
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::deployment::{Deployment, catalog_of};
use reseller_hooks_tests::post::Post;
use reseller_hooks_tests::world::violations;
use serde_json::{Value, json};

pub(crate) const PREMIUM: &str = "PREMIUM-1M";
pub(crate) const MAILBOX: &str = "MAILBOX-12M";
const SITES: [&str; 3] = [
    "918aa943-ab4f-40bc-88c3-8dfd02fae7cd",
    "0b6d8c52-9e3f-4a17-8d20-5f1c7e9a4b36",
    "7f2e1d90-4c8b-4b65-a3f1-2d9e8c7b6a50",
];

/// An order: paid by card at 10:00:09, for one host.
#[derive(Clone)]
pub(crate) struct Order(Value);

impl Order {
    pub(crate) fn new(id: u64) -> Self {
        Self(json!({
            "id": id, "parent_id": 0, "number": id.to_string(), "order_key": format!("wc_order_sample{id}"),
            "created_via": "checkout", "version": "10.3.6", "status": "processing", "currency": "USD",
            "date_created": "2026-03-02T10:00:00", "date_created_gmt": "2026-03-02T10:00:00",
            "date_modified": "2026-03-02T10:00:09", "date_modified_gmt": "2026-03-02T10:00:09",
            "date_paid": "2026-03-02T10:00:08", "date_paid_gmt": "2026-03-02T10:00:08",
            "date_completed": null, "date_completed_gmt": null,
            "discount_total": "0.00", "total": "80.00", "total_tax": "0.00", "customer_id": 0,
            "billing": {"first_name": "Sample", "last_name": "Buyer", "country": "US", "email": "sample.buyer@example.com"},
            "shipping": {"first_name": "Sample", "last_name": "Buyer", "country": ""},
            "payment_method": "stripe", "payment_method_title": "Card", "transaction_id": "", "customer_note": "",
            "meta_data": [], "line_items": [],
            "tax_lines": [], "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "refunds": [],
            "payment_url": format!("https://shop.example.com/checkout/order-pay/{id}/?pay_for_order=true"),
            "is_editable": false, "needs_payment": false, "needs_processing": true, "currency_symbol": "$",
            "_links": {"self": [{"href": format!("https://shop.example.com/wp-json/wc/v3/orders/{id}")}]},
        }))
    }

    /// With one more line, for a site of its own.
    pub(crate) fn line(mut self, id: u64, sku: &str) -> Self {
        let lines = self.0["line_items"].as_array_mut().unwrap();
        let site = SITES[lines.len() % SITES.len()];
        lines.push(json!({
            "id": id, "name": sku, "product_id": 93, "variation_id": 0, "quantity": 1, "subtotal": "80.00",
            "total": "80.00", "taxes": [], "sku": sku, "price": 80,
            "meta_data": [{"id": 1, "key": "wix_site_id", "value": site}],
        }));
        self
    }

    /// With another value at a place in it.
    pub(crate) fn with(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = self.0.pointer_mut(parent).unwrap();
        match name.parse::<usize>() {
            Ok(at) if parent.is_array() => parent[at] = value,
            _ => parent[name] = value,
        }
        self
    }

    pub(crate) fn status(self, status: &str, modified: &str) -> Self {
        let needs_payment = matches!(status, "pending" | "failed");
        self.with("/status", json!(status))
            .with("/date_modified_gmt", json!(modified))
            .with("/needs_payment", json!(needs_payment))
    }

    pub(crate) fn unpaid(self) -> Self {
        self.with("/date_paid", json!(null)).with("/date_paid_gmt", json!(null))
    }

    pub(crate) fn meta(mut self, key: &str, value: Value) -> Self {
        let metas = self.0["meta_data"].as_array_mut().unwrap();
        metas.push(json!({"id": 9001, "key": key, "value": value}));
        self
    }

    pub(crate) fn refunds(self, refunds: &[(u64, &str)]) -> Self {
        let refunds: Vec<_> = refunds
            .iter()
            .map(|(id, total)| json!({"id": id, "reason": "", "total": total}))
            .collect();
        self.with("/refunds", json!(refunds))
    }

    /// As the copy of the shop at another host has it.
    pub(crate) fn at_host(self, host: &str) -> Self {
        Self(serde_json::from_str(&self.body().replace("shop.example.com", host)).unwrap())
    }

    pub(crate) fn body(&self) -> String {
        self.0.to_string()
    }
}

/// A subscription of WooCommerce Subscriptions with one line.
pub(crate) fn subscription(id: u64, parent: u64, status: &str, modified: &str, skus: &[&str]) -> Order {
    let lines: Vec<_> = (id + 100..)
        .zip(skus)
        .map(|(line, sku)| json!({"id": line, "name": sku, "product_id": 93, "quantity": 1, "total": "80.00", "meta_data": [], "sku": sku}))
        .collect();
    Order(json!({
        "id": id, "parent_id": parent, "status": status, "currency": "USD",
        "date_created": "2026-03-02T10:00:09", "date_created_gmt": "2026-03-02T10:00:09",
        "date_modified": modified, "date_modified_gmt": modified,
        "billing_period": "month", "billing_interval": "1", "end_date_gmt": "", "line_items": lines,
        "payment_url": format!("https://shop.example.com/checkout/order-pay/{id}/"),
        "_links": {"self": [{"href": format!("https://shop.example.com/wp-json/wc/v3/subscriptions/{id}")}]},
    }))
}

/// A shop that sells both products, and what became of its orders.
pub(crate) struct Shop(pub(crate) Deployment);

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with_defaults("")
    }

    /// With more keys in the catalog's `[defaults]`.
    pub(crate) fn with_defaults(more: &str) -> Self {
        let catalog = catalog_of(&[PREMIUM, MAILBOX], "attention").replacen("\n\n", &format!("\n{more}\n\n"), 1);
        Self(Deployment::selling(&catalog, "2026-03-02T10:01:00Z"))
    }

    /// That ignores what its catalog does not know.
    pub(crate) fn ignoring() -> Self {
        let catalog = catalog_of(&[PREMIUM, MAILBOX], "ignore");
        Self(Deployment::selling(&catalog, "2026-03-02T10:01:00Z"))
    }

    /// Delivers, and lets everything settle.
    pub(crate) fn told(&self, topic: &str, body: &Order) -> Disposition {
        let came = self.queued(topic, body);
        self.0.settle();
        came
    }

    /// Delivers without a pause, and lets a worker have it.
    pub(crate) fn queued(&self, topic: &str, body: &Order) -> Disposition {
        let source = "https://shop.example.com/";
        self.sent(topic, &body.body(), source)
    }

    /// Delivers with the unsigned header that says where it is from.
    pub(crate) fn sent(&self, topic: &str, body: &str, source: &str) -> Disposition {
        let post = Post::signed(Woocommerce, topic, body, self.0.now()).header("x-wc-webhook-source", source);
        let came = self.0.post(&post);
        self.0.work_all();
        came
    }

    pub(crate) fn updated(&self, body: &Order) -> Disposition {
        self.told("order.updated", body)
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.0.world.clock.advance(Duration::from_secs(seconds));
    }

    /// How many of both products are alive.
    pub(crate) fn alive(&self) -> [usize; 2] {
        [PREMIUM, MAILBOX].map(|sku| self.0.world.alive(sku))
    }

    /// How many of both products are on a site.
    pub(crate) fn on_site(&self) -> [usize; 2] {
        [PREMIUM, MAILBOX].map(|sku| self.0.world.on_site(sku))
    }

    pub(crate) fn attention(&self, order: &str) -> Vec<String> {
        self.0.world.attention(&format!("woocommerce/{order}"))
    }

    /// What a person is told about an order.
    pub(crate) fn advice(&self, order: &str) -> String {
        let problems = self.0.world.problems(&format!("woocommerce/{order}"));
        problems.into_iter().map(|problem| problem.advice).collect()
    }

    /// Why deliveries were parked.
    pub(crate) fn parked(&self) -> Vec<String> {
        let shelf = self.0.shelf();
        let parked = shelf.messages.iter().filter(|message| message.queue == "parked");
        let reason = |body: &str| {
            serde_json::from_str::<Value>(body).unwrap()["reason"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        parked.map(|message| reason(&message.body)).collect()
    }

    /// Nothing is against the rules.
    pub(crate) fn end(&self) {
        assert_eq!(violations(&self.0.world), Vec::<String>::new());
    }
}
