//! The life of orders after they are bought, and bad luck: strangers, a poison message, a key that Wix takes no more.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;

use super::{FIRST, NEW_WIX_KEY, PATIENCE, SECRET, Story, WIX_KEY, key_of, other, packages_of, pause};
use crate::deploy::aws::sample;
use crate::failure::Failure;

const TAGGED: [&str; 2] = ["PO-2026-117", "PO-2026-117-v1"];
/// The first order of the sample's subscription.
const SUBSCRIPTION: &str = "shopify/9007199254747001";

impl Story {
    /// Everything before the upgrade; it ends in an outage, with an order that waits.
    pub(super) async fn live_until_an_upgrade(&mut self) -> Result<(), Failure> {
        self.the_order_goes_on().await?;
        self.a_subscription_lives().await?;
        self.strangers_are_refused().await?;
        self.a_poison_message().await?;
        self.the_wix_key_is_revoked().await?;
        // Another catalog is what is deployed most often.
        self.sh("another catalog", "echo '# One more line.' >> catalog/catalog.toml")
            .await
            .map(|_| ())
    }

    async fn the_order_goes_on(&mut self) -> Result<(), Failure> {
        let tag = sample("orders_updated_reference.json", "orders/updated", &[]);
        self.delivered(&tag, SECRET).await?;
        self.packages("the shop's reference is at Wix", &TAGGED.map(str::to_owned))
            .await?;
        let refund = sample("refunds_create.json", "refunds/create", &[]);
        self.delivered(&refund, SECRET).await?;
        let cancel = sample("orders_cancelled.json", "orders/cancelled", &[]);
        self.delivered(&cancel, SECRET).await?;
        self.nothing_is_on_a_site("a canceled order").await
    }

    async fn nothing_is_on_a_site(&mut self, what: &str) -> Result<(), Failure> {
        let started = Instant::now();
        while self.on_site().await? {
            if started.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{what} is still on its site")));
            }
            pause().await;
        }
        self.checks += 1;
        Ok(())
    }

    /// Bought at its first order, renewed by Wix itself, and at an end with its contract.
    async fn a_subscription_lives(&mut self) -> Result<(), Failure> {
        let before = self.held().await?;
        let on_a_site = [
            (
                "\"note_attributes\": []".to_owned(),
                "\"note_attributes\": [{\"name\": \"wix_site_id\", \"value\": \"918aa946-ab4f-40bc-88c3-8dfd02fae7cd\"}]"
                    .to_owned(),
            ),
            ("BUSINESS-EMAIL-1Y".to_owned(), "NOT-OURS".to_owned()),
        ];
        let first = sample("orders_paid_subscription_first.json", "orders/paid", &on_a_site);
        self.delivered(&first, SECRET).await?;
        self.settled(SUBSCRIPTION).await?;
        let bought = self.held().await?;
        self.expect(
            "a subscription is bought",
            bought.len() > before.len() && self.on_site().await?,
        )?;
        let renewal = sample("orders_paid_subscription_renewal.json", "orders/paid", &[]);
        self.delivered(&renewal, SECRET).await?;
        self.settled("shopify/9007199254747011").await?;
        self.packages("a renewal buys nothing", &bought).await?;
        let end = sample(
            "subscription_contracts_cancel.json",
            "subscription_contracts/cancel",
            &[],
        );
        self.delivered(&end, SECRET).await?;
        self.nothing_is_on_a_site("a subscription that ended").await
    }

    async fn strangers_are_refused(&mut self) -> Result<(), Failure> {
        let forged = sample("orders_paid.json", "orders/paid", &[]).forged();
        let status = self.aws.deliver(&forged, SECRET).await?;
        self.expect("401 for a forged delivery", status == 401)?;
        let get = self
            .aws
            .request(Method::GET, "/webhooks/shopify", &[], Vec::new())
            .await?;
        self.expect("404 for a GET", get == 404)?;
        let nobody = self
            .aws
            .request(Method::POST, "/webhooks/nobody", &[], Vec::new())
            .await?;
        self.expect("404 for an address that is none", nobody == 404)
    }

    async fn a_poison_message(&mut self) -> Result<(), Failure> {
        let before = self.held().await?;
        // Five receipts take half an hour with the deployed visibility: for this test it is lowered, and given back.
        self.sh(
            "a poison message",
            "queue=$(aws cloudformation describe-stack-resource --stack-name reseller-hooks \
               --logical-resource-id OrderPaidQueue --query StackResourceDetail.PhysicalResourceId --output text)\n\
             aws sqs set-queue-attributes --queue-url \"$queue\" --attributes VisibilityTimeout=1\n\
             aws sqs send-message --queue-url \"$queue\" --message-body 'not an order event' > /dev/null",
        )
        .await?;
        let good = sample("orders_paid.json", "orders/paid", &other(1));
        self.delivered(&good, SECRET).await?;
        self.packages(
            "a good order passes beside it",
            &[&before[..], &packages_of(1)].concat(),
        )
        .await?;
        let dead = "aws sqs get-queue-attributes --queue-url \"$(output DeadLettersUrl)\" \
             --attribute-names ApproximateNumberOfMessages --query Attributes.ApproximateNumberOfMessages --output text";
        let started = Instant::now();
        while self.sh("dead letters", dead).await?.trim() != "1" {
            if started.elapsed() > PATIENCE {
                return Err(Failure::new("the poison message is not among the dead letters"));
            }
        }
        self.checks += 1;
        self.sh(
            "the visibility as it was",
            "aws sqs set-queue-attributes --queue-url \"$queue\" --attributes VisibilityTimeout=360",
        )
        .await
        .map(|_| ())
    }

    async fn the_wix_key_is_revoked(&mut self) -> Result<(), Failure> {
        self.sandbox.replace_api_key(WIX_KEY, NEW_WIX_KEY).await?;
        let order = sample("orders_paid.json", "orders/paid", &other(2));
        self.delivered(&order, SECRET).await?;
        self.recorded(&key_of(2)).await?;
        self.sh(
            "one outage for the API key",
            "group=$(aws cloudformation describe-stack-resource --stack-name reseller-hooks \
               --logical-resource-id OrderPaidLogs --query StackResourceDetail.PhysicalResourceId --output text)\n\
             until aws logs tail \"$group\" --since 5m | grep 'wix is not called' | grep -i 'api key'; do sleep 1; done",
        )
        .await?;
        self.checks += 1;
        let attention = self.aws.ask(&json!({ "attention": {} })).await?.to_string();
        self.expect(
            "no order blamed for it",
            !attention.contains(&key_of(2)) && !attention.contains(FIRST),
        )
    }
}
