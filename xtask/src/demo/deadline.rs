//! A proxy before Lambda's Runtime API that gives invocations a deadline. `cargo lambda watch` sends none that can be
//! used, and how long a killed worker's lease lasts depends on it.

use std::net::Ipv4Addr;
use std::time::Duration;

use reseller_hooks::time::{Clock, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::failure::{Context, Failure};

/// What `cargo lambda watch` 1.9 sends with every invocation.
const SENT: &[u8] = b"lambda-runtime-deadline-ms: 600000\r\n";

/// A running proxy; it ends with this value.
pub(super) struct Proxy {
    pub(super) port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Forwards to `target` on 127.0.0.1. Every invocation that passes may take `timeout` from then on.
    pub(super) async fn start(target: u16, timeout: Duration) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .could_not("find a free port on 127.0.0.1")?;
        let port = listener.local_addr().could_not("read the port just taken")?.port();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, target, timeout));
            }
        });
        Ok(Self { port, task })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ends with the connection, on whichever side that is closed.
async fn forward(client: TcpStream, target: u16, timeout: Duration) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        drop(tokio::io::copy(&mut from_client, &mut to_server).await);
    };
    let back = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length) = from_server.read(&mut buffer).await {
            let read = buffer.get(..length).unwrap_or_default();
            if read.is_empty() || to_client.write_all(&with_deadline(read, timeout)).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

/// The header is in the first bytes of an answer, which come in one piece over the loopback interface.
fn with_deadline(read: &[u8], timeout: Duration) -> Vec<u8> {
    let Some(at) = read
        .windows(SENT.len())
        .position(|window| window.eq_ignore_ascii_case(SENT))
    else {
        return read.to_vec();
    };
    let deadline = (SystemClock.now() + timeout).as_millis();
    let header = format!("lambda-runtime-deadline-ms: {deadline}\r\n");
    let (before, rest) = read.split_at(at);
    let after = rest.get(SENT.len()..).unwrap_or_default();
    [before, header.as_bytes(), after].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_is_replaced_and_nothing_else() {
        let answer = b"HTTP/1.1 200 OK\r\nlambda-runtime-deadline-ms: 600000\r\ncontent-length: 2\r\n\r\n{}";
        let changed = String::from_utf8(with_deadline(answer, Duration::from_secs(6))).unwrap();
        assert!(
            changed.starts_with("HTTP/1.1 200 OK\r\nlambda-runtime-deadline-ms: 1"),
            "{changed}"
        );
        assert!(changed.ends_with("\r\ncontent-length: 2\r\n\r\n{}"), "{changed}");
        assert!(!changed.contains("600000"), "{changed}");
    }
}
