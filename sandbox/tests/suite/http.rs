//! Over a socket: answers, faults that only a socket can show, and the control endpoint.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wix_sandbox::{Config, SharedWix, Wix, serve_with_clock, share};

use super::*;

struct Server {
    address: SocketAddr,
    wix: SharedWix,
    client: reqwest::Client,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let wix = share(Wix::new(Config::default()));
        // Nothing is encrypted here, but reqwest asks for a provider. Err: another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        tokio::spawn(serve_with_clock(listener, std::sync::Arc::clone(&wix), || NOON));
        Self {
            address,
            wix,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let response = self
            .client
            .request(method, format!("http://{}{path}", self.address))
            .header("authorization", "sandbox-api-key")
            .header("wix-account-id", MAIN)
            .body(body.to_string())
            .send()
            .await?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    async fn create(&self, name: &str) -> Result<(u16, Value), reqwest::Error> {
        self.send("POST", "/resellers/v2/packages", &order(name, vec![plan()]))
            .await
    }

    async fn fault(&self, effect: Value) {
        let (status, body) = self
            .send("POST", "/_sandbox/faults", &json!({"effect": effect}))
            .await
            .unwrap();
        assert_eq!(status, 200, "{body}");
    }

    fn packages(&self) -> usize {
        self.wix.lock().unwrap().packages().count()
    }
}

#[tokio::test]
async fn packages_are_made_and_found_over_http() {
    let server = Server::start().await;
    let (status, body) = server.create("a").await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(body["package"]["createdDate"], "2026-01-01T12:00:00.000Z");
    let (_, found) = server
        .send(
            "POST",
            "/resellers/v1/packages/query",
            &json!({"query": {"filter": {"externalId": "a"}}}),
        )
        .await
        .unwrap();
    assert_eq!(found["packages"][0]["id"], body["package"]["id"]);
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection_after_it_was_done() {
    let server = Server::start().await;
    server.fault(json!({"type": "loseAnswer"})).await;
    server.create("a").await.unwrap_err();
    assert_eq!(server.packages(), 1);
    server.fault(json!({"type": "dropBefore"})).await;
    server.create("b").await.unwrap_err();
    assert_eq!(server.packages(), 1);
    assert_eq!(server.create("c").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_truncated_answer_promises_more_than_it_sends() {
    let server = Server::start().await;
    server.fault(json!({"type": "truncate", "bytes": 30})).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let body = order("a", vec![plan()]).to_string();
    let request = format!(
        "POST /resellers/v2/packages HTTP/1.1\r\nhost: x\r\nauthorization: sandbox-api-key\r\nwix-account-id: {MAIN}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let promised: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(promised > 300, "{promised}");
    assert_eq!(body.len(), 30);
    assert_eq!(server.packages(), 1);
}

#[tokio::test]
async fn a_stalled_answer_comes_later_or_never_to_who_does_not_wait() {
    let server = Server::start().await;
    server
        .fault(json!({"type": "stall", "ms": 600_000, "commit": true}))
        .await;
    let patience = std::time::Duration::from_millis(100);
    tokio::time::timeout(patience, server.create("a")).await.unwrap_err();
    assert_eq!(server.packages(), 1);
    server.fault(json!({"type": "stall", "ms": 30, "commit": true})).await;
    assert_eq!(server.create("b").await.unwrap().0, 200);
    server.fault(json!({"type": "stallBody", "ms": 30})).await;
    assert_eq!(server.create("c").await.unwrap().1["package"]["externalId"], "c");
    server.fault(json!({"type": "stallBody", "ms": 600_000})).await;
    tokio::time::timeout(patience, server.create("d")).await.unwrap_err();
    assert_eq!(server.packages(), 4);
}

#[tokio::test]
async fn a_body_above_ten_megabytes_is_413() {
    let server = Server::start().await;
    let (status, _) = server
        .send(
            "POST",
            "/resellers/v2/packages",
            &json!({"externalId": "x".repeat(11 * 1024 * 1024)}),
        )
        .await
        .unwrap();
    assert_eq!(status, 413);
}

#[tokio::test]
async fn the_control_endpoint_shows_and_changes_the_world() {
    let server = Server::start().await;
    let (_, made) = server.create("a").await.unwrap();
    let package = made["package"]["id"].as_str().unwrap();
    let instance = made["package"]["productInstances"][0]["instanceId"].as_str().unwrap();
    let failed = json!({"status": "FAILED", "failure": {"code": "DELIVERY_TIMEOUT"}, "siteId": SITE});
    let (status, body) = server
        .send("POST", &format!("/_sandbox/instances/{instance}"), &failed)
        .await
        .unwrap();
    assert_eq!(
        (status, &body["productInstances"][0]["status"]),
        (200, &json!("FAILED"))
    );
    assert_eq!(body["productInstances"][0]["siteId"], SITE);
    let floats = json!({"siteId": null});
    let (_, body) = server
        .send("POST", &format!("/_sandbox/instances/{instance}"), &floats)
        .await
        .unwrap();
    assert!(body["productInstances"][0].get("siteId").is_none());
    assert_eq!(body["productInstances"][0]["status"], "FAILED");

    let foreign = json!({"count": 3, "package": {
        "accountId": SUB, "externalId": "theirs-{n}", "instances": [{"catalogProductId": PLAN}],
    }});
    let (_, body) = server.send("POST", "/_sandbox/packages", &foreign).await.unwrap();
    assert_eq!(
        (&body["created"], body["ids"].as_array().unwrap().len()),
        (&json!(3), 3)
    );
    let (_, body) = server
        .send("GET", "/_sandbox/packages?externalId=theirs-1", &json!({}))
        .await
        .unwrap();
    assert_eq!(body["packages"].as_array().unwrap().len(), 1);

    let (status, _) = server
        .send("DELETE", &format!("/_sandbox/packages/{package}"), &json!({}))
        .await
        .unwrap();
    assert_eq!(status, 200);
    let (_, summary) = server.send("GET", "/_sandbox/summary", &json!({})).await.unwrap();
    assert_eq!(
        (&summary["packages"], &summary["instancesByStatus"]),
        (&json!(3), &json!({"ENABLED": 3}))
    );
    assert_eq!(summary["calls"]["createPackage"]["committed"], 1);
    let (_, calls) = server.send("GET", "/_sandbox/calls", &json!({})).await.unwrap();
    assert_eq!(calls.as_array().unwrap().len(), 1);
    assert_eq!(calls[0]["operation"], "createPackage");
    let (_, calls) = server.send("GET", "/_sandbox/calls?after=1", &json!({})).await.unwrap();
    assert_eq!(calls, json!([]));
}

#[tokio::test]
async fn keys_and_settings_are_changed_and_nonsense_is_refused() {
    let server = Server::start().await;
    let (status, _) = server
        .send(
            "POST",
            "/_sandbox/api-keys",
            &json!({"add": "new", "revoke": "sandbox-api-key"}),
        )
        .await
        .unwrap();
    assert_eq!(status, 200);
    assert_eq!(server.create("a").await.unwrap().0, 401);
    server
        .send("POST", "/_sandbox/api-keys", &json!({"add": "sandbox-api-key"}))
        .await
        .unwrap();
    assert_eq!(server.create("a").await.unwrap().0, 200);

    let change =
        json!({"idempotency": {"mode": "forget", "afterMs": 5}, "rateLimitPerMinute": null, "queryDelayMs": 50});
    let (status, body) = server.send("POST", "/_sandbox/settings", &change).await.unwrap();
    assert_eq!(
        (status, &body["queryDelayMs"], &body["rateLimitPerMinute"]),
        (200, &json!(50), &Value::Null)
    );
    assert_eq!(body["acceptAnySite"], true);
    let owned = json!({"sites": {SITE: SUB}, "acceptAnySite": false});
    let (status, body) = server.send("POST", "/_sandbox/settings", &owned).await.unwrap();
    assert_eq!((status, &body["sites"][SITE]), (200, &json!(SUB)));
    for (path, body) in [
        ("/_sandbox/settings", json!({"querryDelayMs": 1})),
        ("/_sandbox/settings", json!({"idempotency": {"mode": "sometimes"}})),
        ("/_sandbox/faults", json!({"effect": {"type": "explode"}})),
        ("/_sandbox/faults", json!({"effect": {"type": "html"}})),
        ("/_sandbox/faults", json!({"effect": {"type": "dropBefore"}, "time": 3})),
        ("/_sandbox/instances/me", json!({})),
    ] {
        let (status, answer) = server.send("POST", path, &body).await.unwrap();
        assert_eq!(status, 400, "{path} {body} {answer}");
        assert!(answer["error"].is_string());
    }
    assert_eq!(
        server.send("GET", "/_sandbox/nothing", &json!({})).await.unwrap().0,
        404
    );

    server.send("POST", "/_sandbox/reset", &json!({})).await.unwrap();
    assert_eq!(server.packages(), 0);
    let (_, settings) = server.send("GET", "/_sandbox/settings", &json!({})).await.unwrap();
    assert_eq!(settings["queryDelayMs"], 50);
}
