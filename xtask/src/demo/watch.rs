//! Whether a plain `cargo lambda watch` works as in a fresh clone: with the configuration that is in the repository, one
//! delivery must reach its queue.

use std::time::Duration;

use super::deliver::{self, Delivery};
use super::lambda::Lambda;
use crate::arguments::Storefront;
use crate::failure::Failure;
use crate::processes::Processes;
use crate::{ports, tools, workspace};

pub(crate) async fn run() -> Result<(), Failure> {
    super::stage::build().await?;
    let cargo_lambda = tools::CARGO_LAMBDA.get().await?;
    let mut processes = Processes::new(&workspace::scratch()?.join("watch"))?;
    let port = ports::free()?;
    let mut command = workspace::in_root(&cargo_lambda);
    command.args([
        "lambda",
        "watch",
        "--ignore-changes",
        "--invoke-port",
        &port.to_string(),
    ]);
    let name = "cargo-lambda-watch";
    processes.start(name, &mut command)?;
    if !ports::listening(port, Duration::from_secs(60)).await {
        processes.check()?;
        return Err(Failure::new(format!(
            "it did not listen on port {port} within a minute"
        )));
    }
    let delivery = Delivery::new(
        "a test order",
        Storefront::Shopify,
        "orders_paid_test_order.json",
        "orders/paid",
    );
    delivery.send(&Lambda::new(port)?, &deliver::secret()?).await?;
    processes.check()
}
