//! A stand-in for Lambda: its Runtime API, from which any number of processes of a function take invocations, one each
//! at a time. `cargo lambda watch` gives a function one invocation at a time however many processes ask.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reseller_hooks::time::{Clock, SystemClock};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::failure::{Context, Failure};

/// The API, as long as this value lives.
pub(super) struct Lambda {
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
    pub(super) port: u16,
}

/// What a function answered.
pub(super) struct Answered {
    pub(super) body: Value,
    pub(super) failed: bool,
    /// From when a process took the invocation until its answer was there.
    pub(super) took: Duration,
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
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lambda {
    /// On any free port.
    pub(super) async fn start() -> Result<Self, Failure> {
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
    pub(super) async fn invoke(&self, function: &str, event: &Value, timeout: Duration) -> Result<Answered, Failure> {
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

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Requests one after the other. What the runtime's client does not send (chunks, pipelines) is not understood.
async fn connection(mut stream: TcpStream, shared: Arc<Shared>) {
    drop(stream.set_nodelay(true));
    let mut bytes = Vec::new();
    while let Some((path, body)) = request(&mut stream, &mut bytes).await {
        let reply = shared.answer(&path, &body).await;
        let reply = reply.unwrap_or_else(|| reply_not_found(&path));
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

/// The path and the body of the next request.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes.drain(..end).collect()).ok()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok())
        .unwrap_or(0);
    while bytes.len() < length {
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = bytes.drain(..length).collect();
    let path = head.split(' ').nth(1)?.to_owned();
    Some((path, body))
}
