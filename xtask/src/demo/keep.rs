//! `--keep`: everything goes on running, the queues are pumped and `reconcile` is called, until Ctrl-C.

use std::time::Duration;

use serde_json::{Value, json};

use super::deliver::signing_secret;
use super::pump::Pump;
use super::stage::Stage;
use crate::failure::Failure;
use crate::workspace;
use reseller_hooks::order::StorefrontKind;

/// How often a sign of `reconcile` is wanted: production's minute would be long in front of a terminal.
const SCHEDULE: Duration = Duration::from_secs(5);

pub(super) async fn running(
    stage: &mut Stage,
    pump: &Pump,
    storefront: StorefrontKind,
    secret: &Value,
) -> Result<(), Failure> {
    println!(
        "It is left running until Ctrl-C. In another terminal, in {}:\n",
        workspace::root().display()
    );
    println!("{}\n", curl_lines(stage, storefront, secret)?);
    println!("{}\n", reseller_lines(stage, storefront)?);
    println!(
        "What the functions say: tail -f {}",
        stage.processes.log("cargo-lambda-watch").display()
    );
    loop {
        for _ in 0..SCHEDULE.as_secs().saturating_mul(4) {
            stage.processes.check()?;
            let moved = pump.round().await?;
            if moved.received > 0 {
                println!(
                    "  {} messages worked off, {} come again",
                    moved.received - moved.failed,
                    moved.failed
                );
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        stage.lambda.invoke("reconcile", &json!({})).await?;
    }
}

/// Lines that work as they are: the operator's command line on what is running.
fn reseller_lines(stage: &Stage, storefront: StorefrontKind) -> Result<String, Failure> {
    let program = workspace::binaries()?.join("reseller");
    let variables = stage.folder.join("CargoLambda.toml");
    // The story's own order; the other storefronts' orders are in the list.
    let show = match storefront {
        StorefrontKind::Shopify => "\n  reseller order show shopify/9007199254740993",
        StorefrontKind::Wix | StorefrontKind::Woocommerce | StorefrontKind::Stripe | StorefrontKind::Standard => "",
    };
    Ok(format!(
        "  # how it stands, what needs a person, and the orders\n  \
         alias reseller='{} --local={}'\n  \
         reseller status\n  reseller attention\n  reseller order list{show}\n  reseller doctor",
        program.display(),
        variables.display()
    ))
}

/// Lines that work as they are: the signature is computed by openssl from the file that is sent.
fn curl_lines(stage: &Stage, storefront: StorefrontKind, secret: &Value) -> Result<String, Failure> {
    let webhook = stage.lambda.webhook_url(storefront.as_str());
    let deliver = match storefront {
        StorefrontKind::Shopify => {
            let key = signing_secret(secret, storefront)?;
            Some(format!(
                "  # a new order (any other number makes another one)\n  \
                 sed 's/9007199254740993/9007199254749999/; s/918aa943/918aa949/' events/shopify/orders_paid.json > /tmp/order.json\n  \
                 curl -i {webhook} -H 'content-type: application/json' -H 'x-shopify-topic: orders/paid' \\\n    \
                 -H \"x-shopify-hmac-sha256: $(openssl dgst -sha256 -hmac {key} -binary /tmp/order.json | base64)\" \\\n    \
                 --data-binary @/tmp/order.json"
            ))
        }
        StorefrontKind::Woocommerce => {
            let key = signing_secret(secret, storefront)?;
            let file = "events/woocommerce/order_updated_processing.json";
            Some(format!(
                "  # the order again\n  \
                 curl -i {webhook} -H 'content-type: application/json' -H 'x-wc-webhook-topic: order.updated' \\\n    \
                 -H \"x-wc-webhook-signature: $(openssl dgst -sha256 -hmac {key} -binary {file} | base64)\" \\\n    \
                 --data-binary @{file}"
            ))
        }
        // The time is signed too, or the body is a token: more than a line. docs/storefronts/ has them.
        StorefrontKind::Wix | StorefrontKind::Stripe | StorefrontKind::Standard => None,
    };
    let others = format!(
        "  # all packages at Wix\n  curl {}/_sandbox/packages",
        stage.sandbox.address()
    );
    Ok(match deliver {
        Some(deliver) => format!("{deliver}\n\n{others}"),
        None => others,
    })
}
