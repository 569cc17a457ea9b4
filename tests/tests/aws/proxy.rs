//! A proxy that passes one kind of request on and cuts the connection where the first answer would come: what was
//! asked is done, and nobody hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    cut: Arc<AtomicU32>,
}

impl Proxy {
    /// In front of the emulator; the first answer to a request that names `operation` is lost.
    pub(crate) async fn losing_first_answer_to(operation: &'static str) -> Self {
        let upstream = crate::settings().endpoint_url.unwrap();
        let upstream = upstream.as_str().strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&upstream).await.unwrap();
                tokio::spawn(pass(client, server, operation, Arc::clone(&counted)));
            }
        });
        Self { port, cut }
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> u32 {
        self.cut.load(Ordering::SeqCst)
    }
}

async fn pass(client: TcpStream, server: TcpStream, operation: &'static str, cut: Arc<AtomicU32>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            // The operation stands in a header, within the first bytes of a request.
            if buffer[..length]
                .windows(operation.len())
                .any(|window| window == operation.as_bytes())
            {
                seen.store(true, Ordering::SeqCst);
            }
            if to_server.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
        if asked.load(Ordering::SeqCst) && cut.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            // Dropping both halves closes the connection without a byte of the answer.
            return;
        }
        if to_client.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
