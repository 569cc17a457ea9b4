//! Where the answers come from. On AWS a question goes to the function `inspect`, which can change nothing, and a verb to
//! `reconcile`: the code that decides is the one that is deployed. With `--local` the same code runs in this process.

use reseller_hooks::config::Env;
use reseller_hooks::queue::parked::ParkedDelivery;
use reseller_hooks::queue::{AnyQueue, QueueError};
use reseller_hooks::webhook::requeue;
use secrecy::SecretString;
use serde_json::Value;

use crate::arguments::Global;
use crate::exit::{Exit, Failure};

mod aws;
mod local;
mod sign;
mod stack;
mod variables;
mod watch;

pub(crate) use aws::Remote;
pub(crate) use local::Local;
pub(crate) use stack::OUTPUTS;
pub(crate) use watch::Ringing;

/// Where the answers come from.
pub(crate) enum Backend {
    /// SQLite and this process.
    Local(Box<Local>),
    /// A stack.
    Aws(Box<Remote>),
}

impl Backend {
    /// Opens what the options name.
    pub(crate) async fn open(env: &Env, global: &Global) -> Result<Self, Failure> {
        match &global.local {
            Some(file) => Ok(Self::Local(Box::new(Local::open(env, file.as_deref())?))),
            None => Ok(Self::Aws(Box::new(Remote::open(env, global).await?))),
        }
    }

    /// The alarms that ring. A local run has none.
    pub(crate) async fn ringing(&self) -> Result<Vec<Ringing>, Failure> {
        match self {
            Self::Local(_) => Ok(Vec::new()),
            Self::Aws(remote) => remote.ringing().await,
        }
    }

    /// Asks `inspect`.
    pub(crate) async fn ask(&self, question: &Value) -> Result<Value, Failure> {
        checked(match self {
            Self::Local(local) => local.ask(question).await?,
            Self::Aws(remote) => remote.invoke("InspectFunction", question).await?,
        })
    }

    /// Tells `reconcile` to do something.
    pub(crate) async fn command(&self, command: &Value) -> Result<Value, Failure> {
        checked(match self {
            Self::Local(local) => local.command(command).await?,
            Self::Aws(remote) => remote.invoke("ReconcileFunction", command).await?,
        })
    }

    /// Tells the audit to do something: the same code as `reconcile`, with more time.
    pub(crate) async fn audit(&self, command: &Value) -> Result<Value, Failure> {
        checked(match self {
            Self::Local(local) => local.command(command).await?,
            Self::Aws(remote) => remote.invoke("AuditFunction", command).await?,
        })
    }
}

/// A queue of messages that no worker could take.
pub(crate) struct DeadLetters {
    pub(crate) queue: AnyQueue,
    back: Back,
}

/// How its messages go back.
enum Back {
    /// To this queue of the same file.
    To(String),
    /// SQS remembers where each came from; this is the queue's ARN.
    Remembered(String),
}

impl DeadLetters {
    /// All of its messages go back to where they came from.
    pub(crate) async fn requeue(&self) -> Result<(), Failure> {
        match (&self.queue, &self.back) {
            (AnyQueue::Sqlite(queue), Back::To(target)) => queue.move_all(target).await.map(|_| ()),
            (AnyQueue::Sqs(queue), Back::Remembered(arn)) => queue.redrive(arn).await,
            (AnyQueue::Sqlite(_), Back::Remembered(_)) | (AnyQueue::Sqs(_), Back::To(_)) => Ok(()),
        }
        .map_err(of_queue)
    }
}

/// Why a queue did not answer. What is wrong with the set-up is mostly a right that is lacking.
pub(crate) fn of_queue(error: QueueError) -> Failure {
    match error {
        QueueError::Misconfigured { .. } => Failure::with(Exit::Credentials, error),
        QueueError::Unavailable { .. } | QueueError::TooLarge { .. } => Failure::new(error),
    }
}

impl Backend {
    /// The queue of parked deliveries.
    pub(crate) fn parked(&self) -> Result<AnyQueue, Failure> {
        match self {
            Self::Local(local) => local.parked(),
            Self::Aws(remote) => remote.queue("ParkedQueueUrl"),
        }
    }

    /// Delivers a parked one again: what became of it.
    pub(crate) async fn requeue(&self, parked: &ParkedDelivery) -> Result<Value, Failure> {
        match self {
            Self::Local(local) => Box::pin(local.requeue(parked)).await,
            Self::Aws(remote) => {
                let answer = remote.invoke("WebhookFunction", &requeue::event(parked)).await?;
                let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
                serde_json::from_str(body).map_err(Failure::new)
            }
        }
    }

    /// The queues of dead letters: one on AWS, one for each worker in a local run.
    pub(crate) fn dead_letters(&self) -> Result<Vec<DeadLetters>, Failure> {
        match self {
            Self::Local(local) => local.dead_letters(),
            Self::Aws(remote) => Ok(vec![DeadLetters {
                queue: remote.queue("DeadLettersUrl")?,
                back: Back::Remembered(remote.output("DeadLetters")?.to_owned()),
            }]),
        }
    }

    /// The document with Wix's key.
    pub(crate) async fn wix_secret(&self) -> Result<SecretString, Failure> {
        match self {
            Self::Local(local) => local.storefront_secrets().await,
            Self::Aws(remote) => remote.secret("WixSecret").await,
        }
    }

    /// Where Wix is.
    pub(crate) fn wix_base_url(&self) -> String {
        match self {
            Self::Local(local) => local.wix_base_url(),
            Self::Aws(remote) => remote.wix_base_url().to_owned(),
        }
    }

    /// The document with the storefronts' secrets.
    pub(crate) async fn storefront_secrets(&self) -> Result<SecretString, Failure> {
        match self {
            Self::Local(local) => local.storefront_secrets().await,
            Self::Aws(remote) => remote.secret("StorefrontSecret").await,
        }
    }

    /// Delivers what a storefront would: the status, and the line that it gets.
    pub(crate) async fn deliver(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<(u16, String), Failure> {
        match self {
            Self::Local(local) => Box::pin(local.deliver(path, headers, &body)).await,
            Self::Aws(remote) => remote.deliver(path, headers, body).await,
        }
    }
}

/// An answer that says what was wrong with the question is a failure here.
fn checked(answer: Value) -> Result<Value, Failure> {
    let Some(error) = answer.get("error").and_then(Value::as_str) else {
        return Ok(answer);
    };
    let exit = match answer.get("kind").and_then(Value::as_str) {
        Some("not_found") => Exit::NotFound,
        Some("not_understood") => Exit::Usage,
        Some("stopped") => Exit::Stopped,
        Some("busy") => Exit::Waiting,
        Some(_) | None => Exit::Failed,
    };
    // What a function accepts is for who calls it without this program.
    let error = error.split(". Accepted are").next().unwrap_or(error);
    let failure = Failure::with(exit, error);
    Err(match exit {
        Exit::NotFound => failure.hint("`reseller order list` has those that are known"),
        Exit::Done
        | Exit::Failed
        | Exit::Usage
        | Exit::Declined
        | Exit::Credentials
        | Exit::Attention
        | Exit::Stopped
        | Exit::Waiting
        | Exit::Interrupted => failure,
    })
}
