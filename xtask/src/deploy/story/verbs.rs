//! Every verb of `reseller`, typed against the deployed stack, each for an order that needs it.

use std::fs;

use serde_json::json;

use super::{ORDER, SITE, Story, id_of, key_of, other, site_of};
use crate::demo::stage;
use crate::failure::{Context, Failure};
use crate::workspace;

/// The line of the sample that has a plan.
const LINE: &str = "9007199254740995";
/// What Wix says of a product that it does not sell to this reseller.
const REFUSED: &str = "PRODUCT_NOT_FOUND";
/// Two plans do not fit on a site: the one of order 1 is there.
const TAKEN: &str = "PRODUCT_TYPE_ALREADY_ASSIGNED";

impl Story {
    pub(super) async fn use_every_verb(&mut self) -> Result<(), Failure> {
        self.a_package_is_adopted(5).await?;
        self.a_problem_is_closed(6).await?;
        self.a_question_is_answered(7).await?;
        self.an_order_is_released(8).await?;
        self.a_missed_order_is_imported(9).await
    }

    /// A sample as a file of the reader's, told of another order on a site.
    fn write_order(&self, file: &str, edits: &[(String, String)]) -> Result<(), Failure> {
        let path = workspace::root().join("events/shopify/orders_paid.json");
        let mut text = fs::read_to_string(path).could_not("read a sample")?;
        for (from, to) in edits {
            text = text.replace(from, to);
        }
        fs::write(self.clone.join(file), text).could_not("write an order")
    }

    /// An order for the site of order 1.
    fn on_a_taken_site(order: u32) -> Vec<(String, String)> {
        let mut edits = other(order);
        edits.retain(|(from, _)| from != SITE);
        edits.push((SITE.to_owned(), site_of(1)));
        edits
    }

    /// Wix refuses one plan for a month, on no site; a person buys it by hand.
    async fn a_package_is_adopted(&mut self, order: u32) -> Result<(), Failure> {
        let key = key_of(order);
        let mut edits = other(order);
        edits.extend(
            [
                ("PREMIUM-1Y", "PREMIUM-1M"),
                ("wix_site_id", "no_site"),
                ("quantity\": 3", "quantity\": 1"),
            ]
            .map(|(from, to)| (from.to_owned(), to.to_owned())),
        );
        self.write_order("order.json", &edits)?;
        let refuse = json!({ "type": "rejectCode", "code": REFUSED });
        let always = json!({ "operation": "createPackage", "times": u32::MAX, "effect": refuse });
        self.sandbox.fault(&always).await?;
        self.types("send order.json --storefront shopify --topic orders/paid", 0, "200")
            .await?;
        self.types(&format!("order wait {key}"), 6, REFUSED).await?;
        self.types("attention --exit-code", 6, REFUSED).await?;
        self.types("status --exit-code", 6, "1 order needs a person").await?;
        self.types("order list --state attention", 0, &key).await?;
        // Nothing has changed at Wix.
        self.types(&format!("order retry {key} --yes"), 1, REFUSED).await?;
        self.sandbox.no_more_faults().await?;
        let by_hand = json!({
            "accountId": "2250b761-b31c-453b-885b-76e9fc04bdc6",
            "parentAccountId": stage::reseller_account(),
            "externalId": "by-hand",
            "instances": [{
                "catalogProductId": "00ba7923-2655-402a-852d-2b2100568bcf",
                "billingInfo": { "type": "RECURRING", "cycleDuration": { "unit": "MONTH", "count": 1 } },
                "countryCode": "US",
            }],
        });
        self.sandbox.foreign_package(&by_hand).await?;
        let packages = self.sandbox.packages().await?;
        let bought = packages.iter().find(|package| package.external_id == "by-hand");
        let id = bought.map(|package| package.id.clone()).unwrap_or_default();
        let adopt = format!("order adopt {key} --line {LINE} --package {id} --reason 'bought by hand'");
        self.types(&adopt, 0, &key).await?;
        self.types(&format!("order wait {key}"), 0, "1 product at Wix, in 1 package")
            .await?;
        self.types("attention", 0, "nothing needs a person").await.map(|_| ())
    }

    async fn a_problem_is_closed(&mut self, order: u32) -> Result<(), Failure> {
        let key = key_of(order);
        self.write_order("order.json", &Self::on_a_taken_site(order))?;
        self.types("send order.json --storefront shopify --topic orders/paid", 0, "200")
            .await?;
        self.types(&format!("order wait {key}"), 6, TAKEN).await?;
        let listed = self.types("attention", 0, TAKEN).await?;
        let line = listed.lines().find(|line| line.contains(TAKEN)).unwrap_or_default();
        let problem = line.split_whitespace().last().unwrap_or_default();
        self.types(
            &format!("order close {key} {problem} --reason 'given back'"),
            0,
            "is closed",
        )
        .await?;
        self.types("attention", 0, "nothing needs a person").await.map(|_| ())
    }

    /// A refund of an amount names no product.
    async fn a_question_is_answered(&mut self, order: u32) -> Result<(), Failure> {
        let key = key_of(order);
        self.write_order("order.json", &other(order))?;
        self.types("send order.json --storefront shopify --topic orders/paid", 0, "200")
            .await?;
        self.types(&format!("order wait {key}"), 0, &key).await?;
        let sample = "events/shopify/refunds_create_amount_only.json";
        let refund = fs::read_to_string(workspace::root().join(sample)).could_not("read a sample")?;
        fs::write(self.clone.join("refund.json"), refund.replace(ORDER, &id_of(order))).could_not("write a refund")?;
        self.types("send refund.json --storefront shopify --topic refunds/create", 0, "200")
            .await?;
        self.shown(&key, "in attention", |shown| shown.contains("\"code\""))
            .await?;
        self.types(
            &format!("order tell {key} --refunded none --yes --reason 'by phone'"),
            0,
            &key,
        )
        .await?;
        self.types("attention", 0, "nothing needs a person").await.map(|_| ())
    }

    /// An order from before the catalog's `not_before` is held.
    async fn an_order_is_released(&mut self, order: u32) -> Result<(), Failure> {
        let key = key_of(order);
        let mut edits = other(order);
        edits.push(("2026-03-02".to_owned(), "2025-03-02".to_owned()));
        self.write_order("order.json", &edits)?;
        self.types(
            "send order.json --storefront shopify --topic orders/paid --as-it-is",
            0,
            "200",
        )
        .await?;
        self.recorded(&key).await?;
        self.types(&format!("order show {key}"), 0, "held").await?;
        self.types(&format!("order release {key} --yes --reason 'a late one'"), 0, &key)
            .await?;
        self.types(&format!("order wait {key}"), 0, "3 products at Wix")
            .await
            .map(|_| ())
    }

    async fn a_missed_order_is_imported(&mut self, order: u32) -> Result<(), Failure> {
        let key = key_of(order);
        self.write_order("export.json", &other(order))?;
        self.types("import export.json --storefront shopify", 0, "never heard of")
            .await?;
        self.types(
            "import export.json --storefront shopify --deliver --yes",
            0,
            "1  delivered now",
        )
        .await?;
        self.types(&format!("order wait {key}"), 0, "3 products at Wix")
            .await
            .map(|_| ())
    }
}
