//! Every way in which the sandbox can go wrong, and what the client makes of it: a write is told apart by whether
//! anybody can know what became of it, and never sent twice; a read is simply asked again.

use std::time::Duration;

use reseller_hooks::ids::{ExternalId, SiteId};
use reseller_hooks::wix::{
    AdjustProductInstance, AssignProductInstance, CancelPackage, CancelProductInstance, Failure, GetPackage,
    PackageQuery, QueryPackages, Status, UnassignProductInstance, UpdateExternalId,
};
use wix_sandbox::{DEFAULT_API_KEY, Effect, FaultRule, Operation};

use super::sandbox::*;

/// So long a test waits for an answer that does not come.
const IMPATIENT: Duration = Duration::from_millis(600);
const LONG: u64 = 5_000;

/// Effect, what a create makes of it, whether Wix made the package.
fn on_a_create() -> Vec<(Effect, Failure, bool)> {
    let code = |text: &str| Some(text.to_owned());
    vec![
        (Effect::LoseAnswer, Failure::Unknown, true),
        (Effect::DropBefore, Failure::Unknown, false),
        (Effect::Late { ms: 3_600_000 }, Failure::Unknown, false),
        (
            Effect::ErrorBefore {
                status: 500,
                code: None,
            },
            Failure::Unknown,
            false,
        ),
        (
            Effect::ErrorBefore {
                status: 503,
                code: None,
            },
            Failure::Unknown,
            false,
        ),
        (
            Effect::ErrorBefore {
                status: 504,
                code: None,
            },
            Failure::Unknown,
            false,
        ),
        (
            Effect::ErrorBefore {
                status: 409,
                code: None,
            },
            Failure::Unknown,
            false,
        ),
        (
            Effect::ErrorBefore {
                status: 408,
                code: None,
            },
            Failure::Unknown,
            false,
        ),
        // A 500 that does carry a code was observed; it says no more than one without.
        (
            Effect::ErrorBefore {
                status: 500,
                code: code("PRODUCT_NOT_FOUND"),
            },
            Failure::Unknown,
            false,
        ),
        (
            Effect::ErrorBefore {
                status: 400,
                code: None,
            },
            Failure::Rejected,
            false,
        ),
        (
            Effect::ErrorBefore {
                status: 404,
                code: code("SITE_NOT_FOUND"),
            },
            Failure::Rejected,
            false,
        ),
        (
            Effect::ErrorBefore {
                status: 401,
                code: None,
            },
            Failure::Unauthorized,
            false,
        ),
        (
            Effect::ErrorBefore {
                status: 403,
                code: None,
            },
            Failure::Forbidden,
            false,
        ),
        (
            Effect::ErrorAfter {
                status: 500,
                code: None,
            },
            Failure::Unknown,
            true,
        ),
        (
            Effect::ErrorAfter {
                status: 504,
                code: None,
            },
            Failure::Unknown,
            true,
        ),
        (
            Effect::ErrorAfter {
                status: 409,
                code: code("CONFLICT"),
            },
            Failure::Unknown,
            true,
        ),
        (Effect::Stall { ms: LONG, commit: true }, Failure::Unknown, true),
        (
            Effect::Stall {
                ms: LONG,
                commit: false,
            },
            Failure::Unknown,
            false,
        ),
        (Effect::StallBody { ms: LONG }, Failure::Unknown, true),
        (Effect::Truncate { bytes: None }, Failure::Unknown, true),
        (Effect::Truncate { bytes: Some(0) }, Failure::Unknown, true),
        (Effect::CutJson, Failure::Unknown, true),
        (
            Effect::Html {
                status: 200,
                commit: true,
            },
            Failure::Unknown,
            true,
        ),
        (
            Effect::Html {
                status: 404,
                commit: false,
            },
            Failure::Unknown,
            false,
        ),
        (
            Effect::Html {
                status: 502,
                commit: false,
            },
            Failure::Unknown,
            false,
        ),
        (
            Effect::EmptyBody {
                status: 200,
                commit: true,
            },
            Failure::Unknown,
            true,
        ),
        (
            Effect::EmptyBody {
                status: 400,
                commit: false,
            },
            Failure::Unknown,
            false,
        ),
        (
            Effect::EmptyBody {
                status: 403,
                commit: false,
            },
            Failure::Forbidden,
            false,
        ),
        (Effect::Throttle { retry_after: None }, Failure::Throttled(None), false),
        (
            Effect::Throttle { retry_after: Some(7) },
            Failure::Throttled(Some(Duration::from_secs(7))),
            false,
        ),
        (
            Effect::RejectCode {
                code: "PRODUCT_LIMIT_EXCEEDED".to_owned(),
            },
            Failure::Rejected,
            false,
        ),
    ]
}

#[tokio::test]
async fn a_create_is_sent_once_and_its_failure_says_what_can_be_known() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client_with(DEFAULT_API_KEY, IMPATIENT);
    for (number, (effect, expected, made)) in on_a_create().into_iter().enumerate() {
        let before = (
            sandbox.arrived(Operation::CreatePackage),
            sandbox.look().packages().count(),
        );
        sandbox.strike(effect.clone());
        let request = order(&format!("order-{number}"), vec![yearly(PLAN)]);
        let error = client.execute(&main(), &request).await.unwrap_err();
        assert_eq!(error.failure(), expected, "{effect:?}: {error}");
        let after = (
            sandbox.arrived(Operation::CreatePackage),
            sandbox.look().packages().count(),
        );
        assert_eq!(after, (before.0 + 1, before.1 + usize::from(made)), "{effect:?}");
    }
}

#[tokio::test]
async fn a_read_is_asked_again_after_whatever_may_pass() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    for (effect, failure, _) in on_a_create() {
        let stalls = matches!(effect, Effect::Stall { .. } | Effect::StallBody { .. });
        if failure != Failure::Unknown || stalls {
            continue;
        }
        sandbox.strike(effect.clone());
        let read = sandbox
            .client
            .execute(
                &main(),
                &GetPackage {
                    package: package.id.clone(),
                },
            )
            .await;
        assert_eq!(read.unwrap().value, package, "{effect:?}");
    }
}

#[tokio::test]
async fn a_read_that_hangs_ends_with_the_calls_time() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client_with(DEFAULT_API_KEY, IMPATIENT);
    sandbox.strike(Effect::Stall { ms: LONG, commit: true });
    let begun = tokio::time::Instant::now();
    let error = client
        .execute(&main(), &QueryPackages::from(PackageQuery::new()))
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Failure::Unknown);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn every_other_write_is_sent_once_too_when_its_answer_is_lost() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![on(SITE, yearly(PLAN))]).await;
    let (client, id) = (&sandbox.client, instance(&package, 0));
    let k = key("k");
    let larger = reseller_hooks::wix::Adjustment::to_product(LARGER_PLAN.parse().unwrap());
    for operation in [
        Operation::AdjustProductInstance,
        Operation::AssignProductInstance,
        Operation::UnassignProductInstance,
        Operation::UpdateExternalId,
        Operation::CancelProductInstance,
        Operation::CancelPackage,
    ] {
        sandbox.look().add_fault(FaultRule::on(operation, Effect::LoseAnswer));
        let result = match operation {
            Operation::AdjustProductInstance => {
                client
                    .execute(
                        &main(),
                        &AdjustProductInstance {
                            instance: id.clone(),
                            adjustment: larger.clone(),
                            idempotency_key: k.clone(),
                        },
                    )
                    .await
            }
            Operation::AssignProductInstance => {
                let site: SiteId = OTHER_SITE.parse().unwrap();
                client
                    .execute(
                        &main(),
                        &AssignProductInstance {
                            instance: id.clone(),
                            site: site.clone(),
                            idempotency_key: k.clone(),
                        },
                    )
                    .await
            }
            Operation::UnassignProductInstance => {
                client
                    .execute(
                        &main(),
                        &UnassignProductInstance {
                            instance: id.clone(),
                            idempotency_key: k.clone(),
                        },
                    )
                    .await
            }
            Operation::UpdateExternalId => {
                let tag: ExternalId = "SUB-7".parse().unwrap();
                client
                    .execute(
                        &main(),
                        &UpdateExternalId {
                            package: package.id.clone(),
                            external_id: tag.clone(),
                        },
                    )
                    .await
            }
            Operation::CancelProductInstance => {
                client
                    .execute(
                        &main(),
                        &CancelProductInstance {
                            instance: id.clone(),
                            idempotency_key: k.clone(),
                        },
                    )
                    .await
            }
            Operation::CancelPackage => {
                client
                    .execute(
                        &main(),
                        &CancelPackage {
                            package: package.id.clone(),
                            idempotency_key: k.clone(),
                        },
                    )
                    .await
            }
            Operation::CreatePackage | Operation::GetPackage | Operation::QueryPackages | Operation::Other => {
                panic!("{operation:?} is not one of them")
            }
        };
        assert_eq!(result.unwrap_err().failure(), Failure::Unknown, "{operation:?}");
        assert_eq!(sandbox.arrived(operation), 1, "{operation:?}");
    }
    // All of it was done.
    let read = client
        .execute(
            &main(),
            &GetPackage {
                package: package.id.clone(),
            },
        )
        .await
        .unwrap()
        .value;
    assert_eq!(read.external_id.as_deref(), Some("SUB-7"));
    let shown = &read.product_instances[0];
    assert_eq!((&shown.site_id, &shown.status), (&None, &Status::Canceled));
    assert_eq!(shown.catalog_product_id.as_str(), LARGER_PLAN);
}

#[tokio::test]
async fn a_half_done_assign_is_unknown_and_get_tells_that_it_floats() {
    let sandbox = Sandbox::start().await;
    let package = sandbox.buy("order-1", vec![on(SITE, yearly(PLAN))]).await;
    sandbox.strike(Effect::HalfAssign { status: 500 });
    let moved = sandbox
        .client
        .execute(
            &main(),
            &AssignProductInstance {
                instance: instance(&package, 0),
                site: OTHER_SITE.parse().unwrap(),
                idempotency_key: key("a-1"),
            },
        )
        .await;
    assert_eq!(moved.unwrap_err().failure(), Failure::Unknown);
    let read = sandbox
        .client
        .execute(
            &main(),
            &GetPackage {
                package: package.id.clone(),
            },
        )
        .await
        .unwrap()
        .value;
    assert_eq!(read.product_instances[0].site_id, None);
}

#[tokio::test]
async fn an_answer_that_is_wrong_but_readable_is_shown_as_it_came() {
    let sandbox = Sandbox::start().await;
    sandbox.strike(Effect::WrongAccountInAnswer);
    let package = sandbox.buy("order-1", vec![yearly(PLAN)]).await;
    assert_ne!(package.account_id, Some(main()));

    sandbox.strike(Effect::NewInstances {
        status: wix_sandbox::Status::AwaitingAction,
        failure: None,
        after_ms: 0,
    });
    let package = sandbox.buy("order-2", vec![yearly(PLAN)]).await;
    assert_eq!(package.product_instances[0].status, Status::AwaitingAction);

    sandbox.strike(Effect::StaleQuery { ms: 3_600_000 });
    let page = sandbox
        .client
        .execute(&main(), &QueryPackages::from(PackageQuery::new()))
        .await;
    assert_eq!(
        page.unwrap().value.packages,
        [],
        "nothing younger than an hour is shown"
    );
}
