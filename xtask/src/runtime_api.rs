//! A stand-in for Lambda: its Runtime API, from which any number of processes of a function take invocations, one each
//! at a time. `cargo lambda watch` gives a function one invocation at a time however many processes ask.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reseller_hooks::time::{Clock, SystemClock};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::failure::{Context, Failure};
use crate::plain_http::{self, reply};

/// The API, as long as this value lives.
pub(crate) struct Lambda {
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
    pub(crate) port: u16,
}

/// What a function answered.
pub(crate) struct Answered {
    pub(crate) body: Value,
    pub(crate) failed: bool,
    /// From when a process took the invocation until its answer was there.
    pub(crate) took: Duration,
}

struct Invocation {
    id: u64,
    event: String,
    timeout: Duration,
    answer: oneshot::Sender<Answered>,
}

struct Function {
    send: mpsc::UnboundedSender<Invocation>,
    // The processes of a function stand in line here, so that they are served in turn.
    receive: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>>,
}

#[derive(Default)]
struct Shared {
    functions: Mutex<HashMap<String, Function>>,
    under_way: Mutex<HashMap<u64, (Instant, oneshot::Sender<Answered>)>>,
    last: Mutex<u64>,
    /// When a process of each function first asked for work.
    asked: Mutex<HashMap<String, Instant>>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lambda {
    /// On any free port.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .could_not("find a free port on 127.0.0.1")?;
        let port = listener.local_addr().could_not("read the port just taken")?.port();
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&served)));
            }
        });
        Ok(Self { shared, task, port })
    }

    /// Waits for a process of the function, and for its answer.
    pub(crate) async fn invoke(&self, function: &str, event: &Value, timeout: Duration) -> Result<Answered, Failure> {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut last = lock(&self.shared.last);
            *last += 1;
            *last
        };
        let invocation = Invocation {
            id,
            event: event.to_string(),
            timeout,
            answer,
        };
        let gone = |_| Failure::new(format!("{function} is gone"));
        self.shared
            .sender(function)
            .send(invocation)
            .map_err(|_| Failure::new(format!("{function} is gone")))?;
        answered.await.map_err(gone)
    }
}

impl Lambda {
    /// When a process of the function first asked for work: it has started then.
    pub(crate) fn asked(&self, function: &str) -> Option<Instant> {
        lock(&self.shared.asked).get(function).copied()
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn with<T>(&self, function: &str, take: impl FnOnce(&Function) -> T) -> T {
        let mut functions = lock(&self.functions);
        let function = functions.entry(function.to_owned()).or_insert_with(|| {
            let (send, receive) = mpsc::unbounded_channel();
            let receive = Arc::new(tokio::sync::Mutex::new(receive));
            Function { send, receive }
        });
        take(function)
    }

    fn sender(&self, function: &str) -> mpsc::UnboundedSender<Invocation> {
        self.with(function, |function| function.send.clone())
    }

    /// `/.rt/FUNCTION/2018-06-01/runtime/invocation/next`, or `…/ID/response`, `…/ID/error`.
    async fn answer(&self, path: &str, body: &[u8]) -> Option<String> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            [".rt", function, _, "runtime", "invocation", "next"] => Some(self.next(function).await),
            [".rt", _, _, "runtime", "invocation", id, how @ ("response" | "error")] => {
                let (since, answer) = lock(&self.under_way).remove(&id.parse().ok()?)?;
                let answered = Answered {
                    body: serde_json::from_slice(body).unwrap_or_default(),
                    failed: *how == "error",
                    took: since.elapsed(),
                };
                // Nobody waits any more where the run is over.
                drop(answer.send(answered));
                Some(reply("202 Accepted", "", "{}"))
            }
            _ => None,
        }
    }

    async fn next(&self, function: &str) -> String {
        lock(&self.asked)
            .entry(function.to_owned())
            .or_insert_with(Instant::now);
        let receive = self.with(function, |function| Arc::clone(&function.receive));
        let Some(invocation) = receive.lock().await.recv().await else {
            return reply("500 Internal Server Error", "", "{}");
        };
        let deadline = (SystemClock.now() + invocation.timeout).as_millis();
        let headers = format!(
            "lambda-runtime-aws-request-id: {}\r\nlambda-runtime-deadline-ms: {deadline}\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:{function}\r\n",
            invocation.id
        );
        lock(&self.under_way).insert(invocation.id, (Instant::now(), invocation.answer));
        reply("200 OK", &headers, &invocation.event)
    }
}

/// Requests one after the other. What the runtime's client does not send (chunks, pipelines) is not understood.
async fn connection(mut stream: TcpStream, shared: Arc<Shared>) {
    drop(stream.set_nodelay(true));
    let mut bytes = Vec::new();
    while let Some(request) = plain_http::request(&mut stream, &mut bytes).await {
        let reply = shared.answer(&request.path, &request.body).await;
        let reply = reply.unwrap_or_else(|| reply_not_found(&request.path));
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn reply_not_found(path: &str) -> String {
    reply(
        "404 Not Found",
        "",
        &serde_json::json!({ "errorMessage": path }).to_string(),
    )
}
