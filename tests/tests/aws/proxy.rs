//! A proxy that passes one kind of request on and cuts the connection where the first answer would come, or one of
//! so many: what was asked is done, and nobody hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    cut: Arc<AtomicU32>,
}

/// Which answers are lost, counted over all connections from 0.
type Loses = fn(u32) -> bool;

impl Proxy {
    /// In front of the emulator; the first answer to a request that names `operation` is lost.
    pub(crate) async fn losing_first_answer_to(operation: &'static str) -> Self {
        Self::start(operation, |answer| answer == 0).await
    }

    /// In front of the emulator; every third answer to a request that names `operation` is lost.
    pub(crate) async fn losing_every_third_answer_to(operation: &'static str) -> Self {
        Self::start(operation, |answer| answer % 3 == 2).await
    }

    async fn start(operation: &'static str, loses: Loses) -> Self {
        let upstream = crate::settings().endpoint_url.unwrap();
        let upstream = upstream.as_str().strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&cut);
        let answers = Arc::new(AtomicU32::new(0));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&upstream).await.unwrap();
                let (answers, cut) = (Arc::clone(&answers), Arc::clone(&counted));
                tokio::spawn(async move {
                    let is_lost = move || loses(answers.fetch_add(1, Ordering::SeqCst));
                    if pass(client, server, operation, is_lost).await {
                        cut.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { port, cut }
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> u32 {
        self.cut.load(Ordering::SeqCst)
    }
}

/// Answers whether it ended by losing an answer.
async fn pass(client: TcpStream, server: TcpStream, operation: &'static str, is_lost: impl Fn() -> bool) -> bool {
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
        // One request at a time: what comes now is the beginning of its answer.
        if asked.swap(false, Ordering::SeqCst) && is_lost() {
            // Dropping both halves closes the connection without a byte of the answer.
            return true;
        }
        if to_client.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    false
}
