//! The first order, as the page's reader sees it: refused before the secrets are there, recorded while the stack is paused,
//! bought by the schedule.

use super::{FIRST, SECRET, Story};
use crate::deploy::aws::sample;
use crate::failure::Failure;

impl Story {
    pub(super) async fn nothing_is_taken_without_secrets(&mut self) -> Result<(), Failure> {
        let paid = sample("orders_paid.json", "orders/paid", &[]);
        let status = self.aws.deliver(&paid, SECRET).await?;
        self.expect("503 before the secrets are there", status == 503)
    }

    pub(super) async fn a_paid_order_arrives(&mut self) -> Result<(), Failure> {
        let paid = sample("orders_paid.json", "orders/paid", &[]);
        self.delivered(&paid, SECRET).await?;
        // Twice, as storefronts do.
        let status = self.aws.deliver(&paid, SECRET).await?;
        self.expect("200 for the repetition", status == 200)?;
        self.recorded(FIRST).await
    }

    /// Nobody but the schedule takes the order up.
    pub(super) async fn it_is_bought_once(&mut self) -> Result<(), Failure> {
        let bought = ["rh-shopify-9007199254740993-b1", "rh-shopify-9007199254740993-v1"].map(str::to_owned);
        self.packages_by_the_schedule("the schedule buys what waited", &bought)
            .await?;
        let paid = sample("orders_paid.json", "orders/paid", &[]);
        let status = self.aws.deliver(&paid, SECRET).await?;
        self.expect("200 for a late repetition", status == 200)?;
        self.settled(FIRST).await?;
        let (_, created) = self.sandbox.calls("createPackage").await?;
        self.expect("two packages created in all", created == 2)
    }
}
