//! A stand-in for AWS: Secrets Manager, SQS and DynamoDB, as much of each as a function asks while it works on an ordinary
//! order. It takes every write, keeps what was written, and counts.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::failure::{Context, Failure};
use crate::plain_http::{self, Request, reply};

/// The services, as long as this value lives.
pub(super) struct Aws {
    shared: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
    pub(super) port: u16,
}

#[derive(Default)]
struct State {
    /// The secret document.
    secret: String,
    items: HashMap<String, Value>,
    /// The bodies of what was sent to a queue.
    sent: Vec<String>,
    /// How often each operation was asked for.
    asked: BTreeMap<String, u64>,
    /// How many connections were opened.
    opened: u64,
}

fn lock(of: &Mutex<State>) -> MutexGuard<'_, State> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Aws {
    /// On any free port; `secret` is the document of every secret.
    pub(super) async fn start(secret: &Value) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .could_not("find a free port on 127.0.0.1")?;
        let port = listener.local_addr().could_not("read the port just taken")?.port();
        let shared = Arc::new(Mutex::new(State {
            secret: secret.to_string(),
            ..State::default()
        }));
        let served = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                lock(&served).opened += 1;
                tokio::spawn(connection(stream, Arc::clone(&served)));
            }
        });
        Ok(Self { shared, task, port })
    }

    /// The messages that were sent since this was last asked.
    pub(super) fn take_sent(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared).sent)
    }

    /// What was asked since this was last asked, by operation.
    pub(super) fn take_asked(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut lock(&self.shared).asked)
    }

    /// How many connections were opened so far.
    pub(super) fn opened(&self) -> u64 {
        lock(&self.shared).opened
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection(mut stream: TcpStream, shared: Arc<Mutex<State>>) {
    drop(stream.set_nodelay(true));
    let mut bytes = Vec::new();
    while let Some(request) = plain_http::request(&mut stream, &mut bytes).await {
        let answer = lock(&shared).answer(&request);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> String {
        let target = request.header("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        *self.asked.entry(operation.clone()).or_default() += 1;
        let answer = match operation.as_str() {
            "GetSecretValue" => json!({
                "ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:bench",
                "Name": "bench",
                "SecretString": self.secret,
                "VersionId": "bench-bench-bench-bench-bench-bench",
            }),
            "SendMessage" => {
                let message = body.get("MessageBody").and_then(Value::as_str).unwrap_or_default();
                self.sent.push(message.to_owned());
                json!({ "MessageId": "0", "MD5OfMessageBody": "0" })
            }
            "GetQueueAttributes" => json!({ "Attributes": {} }),
            "GetItem" => key(&body, "Key")
                .and_then(|key| self.items.get(&key))
                .map_or_else(|| json!({}), |item| json!({ "Item": item })),
            "PutItem" => {
                if let (Some(key), Some(item)) = (key(&body, "Item"), body.get("Item")) {
                    self.items.insert(key, item.clone());
                }
                json!({})
            }
            // A permit for calls: given, whatever is asked for, and never used up.
            "UpdateItem" => json!({ "Attributes": self.items.get("limit") }),
            other => {
                let error = json!({ "__type": "UnknownOperationException", "message": other });
                return reply("400 Bad Request", "", &error.to_string());
            }
        };
        reply("200 OK", "", &answer.to_string())
    }
}

/// The partition key in a member of a request.
fn key(body: &Value, member: &str) -> Option<String> {
    let key = body.get(member)?.get("pk")?.get("S")?.as_str()?;
    Some(key.to_owned())
}
