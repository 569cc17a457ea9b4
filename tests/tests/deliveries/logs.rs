//! What is logged on the whole way from the request to Wix: enough to find an order, and nothing of a person or a key.

use std::sync::Arc;

use reseller_hooks::config::LogLevel;
use reseller_hooks::fulfilment::Retry;
use reseller_hooks::order::StorefrontKind;
use reseller_hooks::telemetry::{Captured, subscriber};
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::deployment::Deployment;
use reseller_hooks_tests::effects::Effects;
use reseller_hooks_tests::post::secret;
use reseller_hooks_tests::world::{World, poll_through};
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;
use wix_sandbox::{DEFAULT_API_KEY, Effect, FaultRule, Operation};

use super::samples::{CANCELED, PAID, SAMPLE_KEY, shopify};

#[test]
fn no_line_has_a_secret_or_a_person_and_each_order_is_named() {
    let lines = Arc::new(Captured::default());
    let deployment = Deployment::new(World::kind());
    let logged = subscriber(
        "test",
        LogLevel::Trace,
        deployment.world.clock.clone(),
        Arc::clone(&lines),
    );
    // While there is one subscriber only, a line that a thread without it reaches first is off for all threads.
    let _second = Dispatch::new(NoSubscriber::default());
    let (attention, error) = tracing::subscriber::with_default(logged, || {
        // Buyers write what they like into the properties of an order.
        let reference =
            r#"{ "name": "wix_external_id", "value": "jane.doe@example.com, 5 Hidden Lane" }, { "name": "gift""#;
        let written = PAID.replacen(r#"{ "name": "gift""#, reference, 1);
        assert_ne!(written, PAID);
        assert_eq!(deployment.post(&shopify("orders/paid", &written)), Disposition::Stored);
        let mut forged = shopify("orders/paid", PAID);
        forged.body.push(' ');
        assert_eq!(deployment.post(&forged), Disposition::Unverified);
        for (operation, effect) in [
            (Operation::CreatePackage, Effect::LoseAnswer),
            (Operation::QueryPackages, Effect::CutJson),
        ] {
            deployment.world.strike(FaultRule::on(operation, effect));
        }
        let refused = Effect::RejectCode {
            code: "INVALID_EXTERNAL_ID".to_owned(),
        };
        deployment.world.strike(FaultRule {
            times: u32::MAX,
            ..FaultRule::on(Operation::UpdateExternalId, refused)
        });
        deployment.settle();
        deployment.world.look().revoke_api_key(DEFAULT_API_KEY);
        deployment.post(&shopify("orders/cancelled", CANCELED));
        deployment.work("order-canceled", &Effects::counted());
        let key = SAMPLE_KEY.parse().unwrap();
        let shown = poll_through(deployment.world.worker().attention(10)).unwrap();
        let refused = poll_through(deployment.world.worker().retry(
            &key,
            &Retry::default(),
            deployment.world.deadline(),
        ));
        (format!("{shown:?}"), format!("{refused:?}"))
    });
    let text = lines.text();
    for said in [
        "package not created",
        "package adopted",
        "attention",
        SAMPLE_KEY,
        "INVALID_EXTERNAL_ID",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
    for private in [
        "jane",
        "Hidden",
        "example.com",
        "Sample",
        "Springfield",
        secret(StorefrontKind::Shopify),
        DEFAULT_API_KEY,
    ] {
        for said in [&text, &attention, &error] {
            assert!(!said.contains(private), "{private} is in {said}");
        }
    }
}
