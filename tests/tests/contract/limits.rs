//! The rate limit, with and without `Retry-After`, and what a client does about it by itself.

use std::time::Duration;

use reseller_hooks::wix::{Failure, PackageQuery, Probe, QueryPackages};
use wix_sandbox::{Config, Effect, Operation};

use super::sandbox::*;

async fn limited(retry_after: Option<u32>) -> Sandbox {
    Sandbox::with(Config {
        rate_limit_per_minute: Some(2),
        retry_after,
        ..calm()
    })
    .await
}

#[tokio::test]
async fn beyond_the_limit_a_call_is_throttled_and_not_repeated_at_once() {
    for (retry_after, expected) in [(None, None), (Some(30), Some(Duration::from_secs(30)))] {
        let sandbox = limited(retry_after).await;
        for _ in 0..2 {
            sandbox.client.execute(&main(), &Probe).await.unwrap();
        }
        let request = order("order-1", vec![yearly(PLAN)]);
        let error = sandbox.client.execute(&main(), &request).await.unwrap_err();
        assert_eq!(error.failure(), Failure::Throttled(expected));
        assert_eq!(error.status(), Some(429));
        let error = sandbox
            .client
            .execute(&main(), &QueryPackages::from(PackageQuery::new()))
            .await
            .unwrap_err();
        assert_eq!(error.failure(), Failure::Throttled(expected));
        let wix = sandbox.look();
        assert_eq!(wix.count(Operation::CreatePackage).calls, 1);
        assert_eq!(wix.count(Operation::QueryPackages).calls, 3);
        assert_eq!(wix.packages().count(), 0);
    }
}

#[tokio::test]
async fn a_read_waits_where_wix_says_so_and_a_write_is_left_to_the_caller() {
    let sandbox = Sandbox::start().await;
    sandbox.strike(Effect::Throttle { retry_after: Some(1) });
    sandbox.client.execute(&main(), &Probe).await.unwrap();
    assert_eq!(sandbox.arrived(Operation::QueryPackages), 2);

    sandbox.strike(Effect::Throttle { retry_after: Some(1) });
    let request = order("order-1", vec![yearly(PLAN)]);
    let error = sandbox.client.execute(&main(), &request).await.unwrap_err();
    assert_eq!(error.failure(), Failure::Throttled(Some(Duration::from_secs(1))));
    assert_eq!(sandbox.arrived(Operation::CreatePackage), 1);
}
