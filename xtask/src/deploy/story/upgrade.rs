//! What an upgrade in the middle of an outage leaves as it was, and the end of the outage: another key of Wix's and another
//! secret of the shop's, at the same time.

use std::fs;

use serde_json::json;

use super::{NEW_SECRET, NEW_WIX_KEY, SECRET, Story, other, packages_of};
use crate::demo::stage;
use crate::deploy::aws::sample;
use crate::failure::{Context, Failure};

impl Story {
    pub(super) async fn live_after_the_upgrade(&mut self) -> Result<(), Failure> {
        let changed = fs::read_to_string(self.catalog()).could_not("read the unpacked layer")?;
        self.expect(
            "the new catalog where functions look",
            changed.ends_with("# One more line.\n"),
        )?;
        let parameters = "aws cloudformation describe-stacks --stack-name reseller-hooks \
             --query \"Stacks[0].Parameters[?ParameterKey=='AlarmEmail'].ParameterValue\" --output text";
        let kept = self.sh("parameters", parameters).await?;
        self.expect(
            "a second deployment that keeps parameters",
            kept.trim() == "oncall@example.com",
        )?;
        let before = self.held().await?;
        self.expect(
            "an order that waits through the upgrade",
            !before.contains(&packages_of(2)[0]),
        )?;
        let document = json!({ "wix": { "api_key": NEW_WIX_KEY, "account_id": stage::reseller_account() } });
        self.store("WixSecret", &document.to_string()).await?;
        let document = json!({ "storefronts": { "shopify": { "secrets": [NEW_SECRET, SECRET] } } });
        self.store("StorefrontSecret", &document.to_string()).await?;
        let order = sample("orders_paid.json", "orders/paid", &other(3));
        // Read again at the first signature that fails, at most once a minute.
        self.delivered(&order, NEW_SECRET).await?;
        let status = self.aws.deliver(&order, SECRET).await?;
        self.expect("200 for the old secret too", status == 200)?;
        let bought = [&before[..], &packages_of(2), &packages_of(3)].concat();
        self.packages("the new key buys what waited, and what came meanwhile", &bought)
            .await
    }
}
