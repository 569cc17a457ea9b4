//! A local run: the code of the functions in this process, on SQLite and a sandbox of Wix.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, Method};
use reseller_hooks::aws::Aws;
use reseller_hooks::config::{Env, InspectConfig, WebhookConfig, WorkerConfig};
use reseller_hooks::queue::AnyQueue;
use reseller_hooks::queue::parked::ParkedDelivery;
use reseller_hooks::secrets::{AnySource, Secrets, Source as _};
use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};
use reseller_hooks::webhook::{self, Queues, Route, Webhook};
use reseller_hooks::wix::ClientConfig;
use reseller_hooks::worker::{reconcile, run};
use reseller_hooks::{inspect, worker};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Back, DeadLetters, of_queue, variables};
use crate::exit::{Exit, Failure};

/// As long as the function has on AWS.
const TIME: Duration = Duration::from_secs(55);

type Deliveries = Webhook<AnySource, SystemClock, AnyQueue>;

/// The variables of a local run.
pub(crate) struct Local {
    env: Env,
}

impl Local {
    pub(super) fn open(env: &Env, file: Option<&Path>) -> Result<Self, Failure> {
        let env = variables::of(env, file)?;
        Ok(Self { env })
    }

    pub(super) async fn ask(&self, question: &Value) -> Result<Value, Failure> {
        let config = InspectConfig::from_env(&self.env).map_err(wrong)?;
        let inspector = inspect::run::open(&config).map_err(Failure::new)?;
        match Box::pin(inspect::answer(&inspector, question, deadline())).await {
            Ok(answer) => Ok(answer),
            Err(error) => Ok(json!({ "error": error.to_string(), "kind": error.kind() })),
        }
    }

    pub(super) async fn command(&self, command: &Value) -> Result<Value, Failure> {
        let config = WorkerConfig::from_env(&self.env).map_err(wrong)?;
        let opened = run::open(&config, &self.env).await.map_err(Failure::new)?;
        let done = reconcile::handle(&opened.engine, &opened.ledger, &SystemClock, command, deadline());
        match Box::pin(done).await {
            Ok(answer) => Ok(answer.body),
            Err(error) => Ok(json!({ "error": error.to_string(), "kind": error.kind() })),
        }
    }

    pub(super) fn parked(&self) -> Result<AnyQueue, Failure> {
        let config = WebhookConfig::from_env(&self.env).map_err(wrong)?;
        let aws = Aws::new(config.common.aws.clone());
        AnyQueue::open(&config.parked_queue_url, &aws).map_err(of_queue)
    }

    pub(super) fn dead_letters(&self) -> Result<Vec<DeadLetters>, Failure> {
        let config = WebhookConfig::from_env(&self.env).map_err(wrong)?;
        let aws = Aws::new(config.common.aws.clone());
        let mut all = Vec::new();
        for url in [
            &config.order_paid_queue_url,
            &config.order_canceled_queue_url,
            &config.tag_external_id_queue_url,
        ] {
            if let AnyQueue::Sqlite(queue) = AnyQueue::open(url, &aws).map_err(of_queue)? {
                all.push(DeadLetters {
                    queue: AnyQueue::Sqlite(queue.sibling(&format!("{}-dead", queue.name()))),
                    back: Back::To(queue.name().to_owned()),
                });
            }
        }
        Ok(all)
    }

    pub(super) fn wix_base_url(&self) -> String {
        let config = WorkerConfig::from_env(&self.env);
        config.map_or_else(
            |_| ClientConfig::default().base_url,
            |config| config.wix_api_base_url.as_str().to_owned(),
        )
    }

    /// One document has both halves.
    pub(super) async fn storefront_secrets(&self) -> Result<SecretString, Failure> {
        let config = WebhookConfig::from_env(&self.env).map_err(wrong)?;
        let aws = Aws::new(config.common.aws.clone());
        let source = AnySource::open(&config.common.secret_url, &aws, &self.env).map_err(Failure::new)?;
        source.fetch().await.map_err(Failure::new)
    }

    /// `webhook` in this process.
    fn webhook(&self) -> Result<Deliveries, Failure> {
        let config = WebhookConfig::from_env(&self.env).map_err(wrong)?;
        let aws = Aws::new(config.common.aws.clone());
        let open = |url| AnyQueue::open(url, &aws).map_err(Failure::new);
        let queues = Queues {
            order_paid: open(&config.order_paid_queue_url)?,
            order_canceled: open(&config.order_canceled_queue_url)?,
            tag_external_id: open(&config.tag_external_id_queue_url)?,
            parked: open(&config.parked_queue_url)?,
        };
        let source = AnySource::open(&config.common.secret_url, &aws, &self.env).map_err(Failure::new)?;
        let secrets = Arc::new(Secrets::new(source, SystemClock, config.common.secret_ttl));
        let names = std::fs::read_to_string(config.common.catalog_url.path())
            .map_err(|error| error.to_string())
            .and_then(|catalog| webhook::field_names(&catalog));
        Ok(Webhook::new(secrets, queues, SystemClock, names))
    }

    /// What a storefront would deliver.
    pub(super) async fn deliver(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Result<(u16, String), Failure> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().map_err(Failure::new)?);
        }
        let answer = self
            .webhook()?
            .handle(webhook::Request {
                method: &Method::POST,
                path: &format!("/webhooks/{path}"),
                headers: &map,
                body: body.as_bytes(),
                request_id: "reseller-send",
                received_at: None,
            })
            .await;
        Ok((answer.status().as_u16(), answer.line.into_owned()))
    }

    /// What was parked, as of the time at which it was received.
    pub(super) async fn requeue(&self, parked: &ParkedDelivery) -> Result<Value, Failure> {
        let mut map = HeaderMap::new();
        for (name, value) in &parked.headers {
            let name: HeaderName = name.parse().map_err(Failure::new)?;
            map.insert(name, value.parse().map_err(Failure::new)?);
        }
        let shop = parked.shop.as_ref().map(|shop| shop.as_str());
        let answer = self
            .webhook()?
            .handle(webhook::Request {
                method: &Method::POST,
                path: &Route::path(parked.storefront.as_str(), shop),
                headers: &map,
                body: &parked.body,
                request_id: &parked.id,
                received_at: Some(parked.received_at),
            })
            .await;
        Ok(answer.for_operator())
    }
}

fn deadline() -> Timestamp {
    SystemClock.now() + TIME - worker::RESERVE
}

fn wrong(error: impl std::fmt::Display) -> Failure {
    Failure::with(Exit::Usage, error).hint(
        "--local wants the variables of a local run: start it in a clone of the repository, or name a file with --local=FILE",
    )
}
