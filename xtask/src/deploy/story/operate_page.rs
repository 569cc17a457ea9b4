//! `docs/operate.md` and `docs/audit.md`, block by block, against the stack that `docs/deploy.md` deployed.

use std::collections::BTreeMap;
use std::fs;

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::queue::parked::{ParkedDelivery, encode};
use reseller_hooks::time::{Clock as _, SystemClock};

use super::{FIRST, NEW_SECRET, QUICK, Story, key_of, other, packages_of};
use crate::deploy::aws::sample;
use crate::deploy::page;
use crate::failure::{Context, Failure};

/// The pages' placeholders.
const AN_ORDER: &str = "shopify/5324830114101";
const A_DELIVERY: &str = "8f5c7e0a-4a39-4f3f-9f62-6d5d6b1f2c11";
/// Two parked deliveries: one that nobody understands, and one that an earlier version did not.
const ODD: &str = "00000000-0000-4000-8000-00000000000d";
const GOOD: &str = "00000000-0000-4000-8000-00000000000e";
/// The order that was bought after the backup.
const LOST: u32 = 3;
/// The order that is kept in the second.
const PARKED_ORDER: u32 = 10;

impl Story {
    pub(super) async fn operate(&mut self) -> Result<(), Failure> {
        let pages = ["docs/operate.md", "docs/audit.md", "README.md"].map(page::read);
        let blocks = pages.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        for block in &blocks {
            let is = |start: &str| block.starts_with(start);
            if is("reseller parked list") {
                self.park(ODD, "{\"id\": \"no order\"}".into()).await?;
                let order = sample("orders_paid.json", "orders/paid", &other(PARKED_ORDER));
                self.park_delivery(GOOD, &order).await?;
            }
            let id = if is("reseller parked requeue") { GOOD } else { ODD };
            let block = block.replace(AN_ORDER, FIRST).replace(A_DELIVERY, id);
            let before = self.held().await?;
            let said = self.page_block(&block).await?;
            self.after_a_block(&block, &said, &before).await?;
        }
        self.types(
            "probe --product 00ba7923-2655-402a-852d-2b2100568bcf --lag 5 --yes",
            0,
            "honoured",
        )
        .await
        .map(|_| ())
    }

    async fn page_block(&mut self, block: &str) -> Result<String, Failure> {
        let typed = block.lines().filter_map(|line| line.strip_prefix("reseller "));
        self.typed.extend(typed.map(str::to_owned));
        let label = block.lines().next().unwrap_or_default();
        self.shell.run(label, block, QUICK).await
    }

    /// What a block must have come to.
    async fn after_a_block(&mut self, block: &str, said: &str, before: &[String]) -> Result<(), Failure> {
        let is = |start: &str| block.starts_with(start);
        if is("cargo build") {
            self.expect("a status", said.contains("the dead letters"))?;
            self.look_at_everything().await?;
            self.use_every_verb().await?;
        } else if is("reseller parked list") {
            self.expect(
                "both parked deliveries listed",
                said.contains(ODD) && said.contains(GOOD),
            )?;
        } else if is("reseller parked requeue") {
            let bought = [before, &packages_of(PARKED_ORDER)].concat();
            self.packages("a parked order is bought once it is understood", &bought)
                .await?;
        } else if is("reseller parked delete") {
            self.types("parked list", 0, "nothing is parked").await?;
        } else if is("reseller pause") {
            self.expect(
                "paused and resumed",
                said.contains("paused:") && said.contains("resumed:"),
            )?;
        } else if is("set_parameters Paused=true") {
            let order = sample("orders_paid.json", "orders/paid", &other(4));
            self.delivered(&order, NEW_SECRET).await?;
            self.recorded(&key_of(4)).await?;
            self.packages("nothing is bought while it is paused", before).await?;
        } else if is("aws dynamodb restore") {
            self.lose_an_order(LOST).await?;
        } else if is("set_parameters Restored") {
            self.types("status --exit-code", 7, "nothing is bought").await?;
            for order in [1, LOST] {
                let again = sample("orders_paid.json", "orders/paid", &other(order));
                self.delivered(&again, NEW_SECRET).await?;
            }
        } else if block.contains("AuditFunction") {
            let said = said.replace(' ', "");
            self.expect("an audit that finished", said.contains("\"finished\":true"))?;
            self.expect("a lost order's package found", said.contains("\"found\":1,"))?;
            self.packages("nothing is bought before somebody resumes", before)
                .await?;
        } else if block.contains("ReconcileFunction") {
            let bought = [before, &packages_of(4)].concat();
            self.packages("the order in flight is bought, and none a second time", &bought)
                .await?;
            self.types(&format!("order wait {}", key_of(LOST)), 0, "3 products at Wix")
                .await?;
            self.packages("the lost order has what was bought for it", &bought)
                .await?;
        } else if is("reseller order erase") {
            let shown = self
                .types(&format!("order show {FIRST}"), 0, "nothing yet of what")
                .await?;
            self.expect("an order that is erased", !shown.contains("PREMIUM-1Y"))?;
        }
        Ok(())
    }

    /// The backup is from before an order: what bought it is not in it.
    async fn lose_an_order(&mut self, order: u32) -> Result<(), Failure> {
        let script = format!(
            "aws dynamodb delete-item --table-name reseller-hooks-restored --key '{{\"pk\": {{\"S\": \"{}\"}}}}' \
               --return-values ALL_OLD | grep -c '\"pk\"'",
            key_of(order)
        );
        self.sh("an order that the backup does not know", &script)
            .await
            .map(|_| ())
    }

    async fn park_delivery(&mut self, id: &str, delivery: &crate::demo::deliver::Delivery) -> Result<(), Failure> {
        let secrets = serde_json::json!({ "storefronts": { "shopify": { "secrets": [NEW_SECRET] } } });
        let (headers, body) = delivery.signed(&secrets)?;
        self.park_with(id, headers.into_iter().collect(), body).await
    }

    async fn park(&mut self, id: &str, body: Vec<u8>) -> Result<(), Failure> {
        self.park_with(id, BTreeMap::new(), body).await
    }

    /// Puts a delivery where `webhook` puts what it does not understand.
    async fn park_with(&mut self, id: &str, headers: BTreeMap<String, String>, body: Vec<u8>) -> Result<(), Failure> {
        let delivery = ParkedDelivery {
            id: id.to_owned(),
            storefront: StorefrontKind::Shopify,
            shop: None,
            received_at: SystemClock.now(),
            reason: "this version does not understand it".to_owned(),
            headers,
            body,
        };
        for message in encode(&delivery) {
            let path = self.folder.join("message.json");
            fs::write(&path, message).could_not("write a message")?;
            let script = format!(
                "aws sqs send-message --queue-url \"$(output ParkedQueueUrl)\" --message-body file://'{}' > /dev/null",
                path.display()
            );
            self.sh("a parked delivery", &script).await?;
        }
        Ok(())
    }
}
