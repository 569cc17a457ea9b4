//! A proxy on the loopback interface, because not every machine's resolver knows names below `localhost`, as the emulator
//! gives them to an API: `reseller` asks this proxy for `http://ID.execute-api.localhost/…`, and the emulator knows by the
//! header `host` which API is meant. On AWS such a name is in the DNS.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::failure::{Context, Failure};

/// Runs until it is dropped.
pub(crate) struct Proxy {
    port: u16,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts it in front of the emulator's port.
    pub(crate) async fn start(emulator: u16) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.could_not("open a port")?;
        let port = listener.local_addr().could_not("open a port")?.port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that breaks is seen by who made it.
                tokio::spawn(async move { pass_on(stream, emulator).await });
            }
        });
        Ok(Self { port, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request, and the connection's end after its answer.
async fn pass_on(mut stream: TcpStream, emulator: u16) -> io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let body = bytes.split_off(end);
    let head = for_a_server(&String::from_utf8_lossy(&bytes));
    let mut server = TcpStream::connect(("127.0.0.1", emulator)).await?;
    server.write_all(head.as_bytes()).await?;
    server.write_all(&body).await?;
    tokio::io::copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}

/// The head of a request to a proxy, as a server wants it: the path alone, and one request for each connection.
fn for_a_server(head: &str) -> String {
    let (request, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let path = |target: &str| match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| rest.split_at(at).1).to_owned(),
        None => target.to_owned(),
    };
    let words: Vec<&str> = request.split(' ').collect();
    let request = match words.as_slice() {
        [method, target, version] => format!("{method} {} {version}", path(target)),
        _ => request.to_owned(),
    };
    format!("{request}\r\nconnection: close\r\n{headers}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_a_proxy_becomes_one_to_a_server() {
        let asked = "POST http://a1.execute-api.localhost:4566/webhooks/wix HTTP/1.1\r\nhost: a1\r\n\r\n";
        let expected = "POST /webhooks/wix HTTP/1.1\r\nconnection: close\r\nhost: a1\r\n\r\n";
        assert_eq!(for_a_server(asked), expected);
        assert_eq!(
            for_a_server("GET http://a HTTP/1.1\r\n\r\n"),
            "GET / HTTP/1.1\r\nconnection: close\r\n\r\n"
        );
    }
}
