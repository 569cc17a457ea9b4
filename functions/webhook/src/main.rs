//! `webhook`: takes the storefronts' deliveries. What it answers, and why, is the library's; see `webhook` there.

use std::borrow::Cow;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt as _, Response, run, service_fn};
use reseller_hooks::aws::Aws;
use reseller_hooks::config::{Env, LogLevel, WebhookConfig};
use reseller_hooks::queue::AnyQueue;
use reseller_hooks::secrets::{AnySource, Secrets};
use reseller_hooks::telemetry::{self, Metrics, Stdout};
use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};
use reseller_hooks::webhook::{self, Queues, Route, Webhook};
use tracing::Instrument as _;

/// How long start-up waits for the secret and for connections.
const WARM_UP: Duration = Duration::from_secs(1);
/// Wix waits 1.25 s for its answer, Shopify 5 s: one slow attempt may be followed by another, and then a 503 is better
/// than silence.
const ATTEMPT: Duration = Duration::from_millis(1_000);
const OPERATION: Duration = Duration::from_millis(3_000);

type Deliveries = Webhook<AnySource, SystemClock, AnyQueue>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let env = Env::process();
    let config = match WebhookConfig::from_env(&env) {
        Ok(config) => config,
        Err(error) => {
            telemetry::init("webhook", LogLevel::Info, SystemClock);
            return refuse_to_start(&error.to_string());
        }
    };
    telemetry::init("webhook", config.common.log_level, SystemClock);
    telemetry::log_panics();
    let deliveries = match open(&config, &env).await {
        Ok(deliveries) => deliveries,
        Err(reason) => return refuse_to_start(&reason),
    };
    let metrics = Metrics::new(Metrics::NAMESPACE, "webhook", telemetry::stack(&env));
    let (deliveries, metrics) = (&deliveries, &metrics);
    let served = run(service_fn(move |request: Request| answer(deliveries, metrics, request))).await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse_to_start(&error.to_string()),
    }
}

async fn open(config: &WebhookConfig, env: &Env) -> Result<Deliveries, String> {
    let aws = Aws::new(config.common.aws.clone()).with_time_limits(ATTEMPT, OPERATION);
    let open = |url| AnyQueue::open(url, &aws).map_err(|error| error.to_string());
    let queues = Queues {
        order_paid: open(&config.order_paid_queue_url)?,
        order_canceled: open(&config.order_canceled_queue_url)?,
        tag_external_id: open(&config.tag_external_id_queue_url)?,
        parked: open(&config.parked_queue_url)?,
    };
    let source = AnySource::open(&config.common.secret_url, &aws, env).map_err(|error| error.to_string())?;
    let secrets = Arc::new(Secrets::new(source, SystemClock, config.common.secret_ttl));

    // What fails here fails again at the first delivery, and is said there.
    let warm_up = async { tokio::join!(secrets.get(), queues.order_paid.warm_up()) };
    drop(tokio::time::timeout(WARM_UP, warm_up).await);

    let path = config.common.catalog_url.path();
    let names = std::fs::read_to_string(path)
        .map_err(|error| error.to_string())
        .and_then(|catalog| webhook::field_names(&catalog))
        .map_err(|reason| format!("{}: {reason}", path.display()));
    Ok(Webhook::new(secrets, queues, SystemClock, names))
}

async fn answer(deliveries: &Deliveries, metrics: &Metrics, request: Request) -> Result<Response<Body>, Error> {
    let request_id = request
        .lambda_context_ref()
        .map(|context| context.request_id.clone())
        .unwrap_or_default();
    let span = telemetry::invocation(&request_id);
    let received_at = requeued(&request);
    let answer = deliveries
        .handle(webhook::Request {
            method: request.method(),
            path: &path(&request),
            headers: request.headers(),
            body: request.body(),
            request_id: &request_id,
            received_at,
        })
        .instrument(span)
        .await;
    // `reseller doctor` sees that an unsigned delivery is refused: that is nobody's lost order.
    // Nor is what an operator delivers again: the answer is theirs.
    if received_at.is_some() {
        let body = answer.for_operator().to_string();
        return Ok(Response::builder().status(200).body(Body::from(body))?);
    }
    if !request.headers().contains_key(webhook::PROBE) {
        for metric in answer.metrics() {
            metrics.count(metric, 1);
        }
    }
    metrics.flush(SystemClock.now(), &Stdout);

    let mut response = Response::builder().status(answer.status());
    if !answer.line.is_empty() {
        response = response.header(CONTENT_TYPE, "text/plain; charset=utf-8");
    }
    Ok(response.body(Body::from(answer.line.into_owned()))?)
}

/// When it was received, if it was parked and is delivered again.
fn requeued(request: &Request) -> Option<Timestamp> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => {
            webhook::requeue::received_at(context.stage.as_deref(), context.time_epoch)
        }
        _ => None,
    }
}

/// The path without what a custom domain's mapping or a named stage puts before it: API Gateway matched the route, and
/// its parameters are right. Locally there are none.
fn path(request: &Request) -> Cow<'_, str> {
    let parameters = request.path_parameters_ref();
    let first = |name| parameters.and_then(|parameters| parameters.first(name));
    match first("storefront") {
        Some(storefront) => Route::path(storefront, first("shop")).into(),
        None => request.raw_http_path().into(),
    }
}

fn refuse_to_start(reason: &str) -> ExitCode {
    tracing::error!(reason, "the function cannot start");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use reseller_hooks::order::StorefrontKind;
    use reseller_hooks::queue::parked::ParkedDelivery;

    use super::*;

    const PLAIN: &str = include_str!("../../../events/webhook/shopify-orders-paid.json");
    const BASE64: &str = include_str!("../../../events/webhook/shopify-orders-paid-base64.json");

    /// Signatures are over the bytes that were sent, and not over what API Gateway made of them.
    #[test]
    fn a_body_in_base64_is_decoded_before_anybody_looks_at_it() {
        assert!(BASE64.contains(r#""isBase64Encoded": true"#));
        let [plain, decoded] = [PLAIN, BASE64].map(|event| lambda_http::request::from_str(event).unwrap());
        let (plain, bytes): (&[u8], &[u8]) = (plain.body().as_ref(), decoded.body().as_ref());
        assert!(plain.starts_with(b"{"));
        assert_eq!(plain, bytes);
        assert_eq!(decoded.raw_http_path(), "/webhooks/shopify");
    }

    const MAPPED: &str = include_str!("../../../events/webhook/woocommerce-custom-domain.json");

    /// Behind a mapping key or in a named stage, the raw path begins with it.
    #[test]
    fn behind_a_custom_domain_or_stage_the_routes_parameters_are_right() {
        assert!(MAPPED.contains(r#""rawPath": "/shop/webhooks/woocommerce""#));
        let stage = MAPPED
            .replace("/shop/webhooks/", "/live/webhooks/")
            .replace("$default", "live");
        for event in [MAPPED, &stage] {
            let request = lambda_http::request::from_str(event).unwrap();
            assert_eq!(path(&request), "/webhooks/woocommerce");
        }
        let shop = MAPPED.replace(
            r#""storefront": "woocommerce""#,
            r#""storefront": "woocommerce", "shop": "north""#,
        );
        let request = lambda_http::request::from_str(&shop).unwrap();
        assert_eq!(path(&request), "/webhooks/woocommerce/north");
    }

    /// The kept bytes and headers come as they were received, and no ordinary request has a time of its own.
    #[test]
    fn a_parked_delivery_comes_again_as_of_its_time_and_by_no_header() {
        for body in [b"{\"a\": \"\xc3\xa9\"}".to_vec(), vec![0xff, 0x00]] {
            let parked = ParkedDelivery {
                id: "8f5c7e0a".to_owned(),
                storefront: StorefrontKind::Stripe,
                shop: Some("north".parse().unwrap()),
                received_at: Timestamp::from_secs(1_790_000_000),
                reason: String::new(),
                headers: [("stripe-signature".to_owned(), "t=1,v1=ab".to_owned())].into(),
                body: body.clone(),
            };
            let event = webhook::requeue::event(&parked).to_string();
            let request = lambda_http::request::from_str(&event).unwrap();
            assert_eq!(requeued(&request), Some(parked.received_at));
            assert_eq!(path(&request), "/webhooks/stripe/north");
            assert_eq!(request.headers()["stripe-signature"], "t=1,v1=ab");
            let bytes: &[u8] = request.body().as_ref();
            assert_eq!(bytes, body);
        }
        for ordinary in [PLAIN, BASE64, MAPPED] {
            let claims = ordinary.replace(
                "\"headers\": {",
                "\"headers\": { \"stage\": \"reseller-requeue\", \"x-stage\": \"reseller-requeue\",",
            );
            let request = lambda_http::request::from_str(&claims).unwrap();
            assert_eq!(requeued(&request), None);
        }
    }

    #[test]
    fn without_parameters_the_path_is_as_it_came() {
        let local = MAPPED
            .replace("pathParameters", "none")
            .replace("/shop/webhooks/", "/webhooks/");
        let request = lambda_http::request::from_str(&local).unwrap();
        assert_eq!(path(&request), "/webhooks/woocommerce");
    }
}
