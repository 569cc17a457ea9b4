//! Where the answers come from. On AWS a question goes to the function `inspect`, which can change nothing, and a verb to
//! `reconcile`: the code that decides is the one that is deployed. With `--local` the same code runs in this process.

use reseller_hooks::config::Env;
use secrecy::SecretString;
use serde_json::Value;

use crate::arguments::Global;
use crate::exit::{Exit, Failure};

mod aws;
mod local;
mod sign;
mod stack;
mod variables;

pub(crate) use aws::Remote;
pub(crate) use local::Local;

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

impl Backend {
    /// The document with the storefronts' secrets.
    pub(crate) async fn storefront_secrets(&self) -> Result<SecretString, Failure> {
        match self {
            Self::Local(local) => local.storefront_secrets().await,
            Self::Aws(remote) => remote.storefront_secrets().await,
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
        Some("not_found" | "NoSuchOrder") => Exit::NotFound,
        Some("not_understood" | "NotUnderstood") => Exit::Usage,
        Some("stopped") => Exit::Stopped,
        Some("busy") => Exit::Waiting,
        Some(_) | None => Exit::Failed,
    };
    let failure = Failure::with(exit, error);
    Err(match exit {
        Exit::NotFound => failure.hint("`reseller order show NUMBER` finds an order by what a customer would say"),
        Exit::Done
        | Exit::Failed
        | Exit::Usage
        | Exit::Declined
        | Exit::Credentials
        | Exit::Attention
        | Exit::Stopped
        | Exit::Waiting => failure,
    })
}
