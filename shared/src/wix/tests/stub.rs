//! A server of a hundred lines: it reads one HTTP/1.1 request at a time, does what the script says next, and keeps
//! what it saw.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do with one request.
pub(super) enum Act {
    /// Answer, and keep the connection.
    Answer(Vec<u8>),
    /// Answer one byte after the other, and keep the connection.
    AnswerSlowly(Vec<u8>),
    /// Answer with these bytes, then close.
    AnswerAndClose(Vec<u8>),
    /// Answer with these bytes, then reset.
    AnswerAndReset(Vec<u8>),
    /// Answer with the first bytes, then with the others again and again for as long as they are taken.
    AnswerWithoutEnd(Vec<u8>, Vec<u8>),
    /// Answer with these bytes, then leave the connection open and silent for good.
    AnswerAndFallSilent(Vec<u8>),
    /// Read the request, close.
    Close,
    /// Read the request, reset.
    Reset,
    /// Reset the connection before anything is read.
    ResetAtOnce,
    /// Read so many bytes of the request and no more.
    Within(usize, Cut),
    /// Read the request, never answer.
    Stall,
}

/// What becomes of a connection whose request was not read whole.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cut {
    /// It is closed.
    Close,
    /// It is reset.
    Reset,
    /// It is left open and silent for good.
    Stall,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Which connection it came over, counted from 0.
    pub(super) connection: usize,
    /// Such as `GET /path`.
    pub(super) line: String,
    /// By name in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

pub(super) struct Stub {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

type Script = Arc<Mutex<VecDeque<Act>>>;

impl Stub {
    /// Starts a server that does these acts, one for each request; a request beyond them is kept and its connection
    /// closed, so that counting [`Stub::seen`] finds it.
    pub(super) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script: Script = Arc::new(Mutex::new(acts.into_iter().collect()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, connection, Arc::clone(&script), Arc::clone(&kept)));
                connection += 1;
            }
        });
        Self { url, seen }
    }

    /// Every request so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The one request that there was.
    pub(super) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:#?}");
        seen[0].clone()
    }
}

/// An answer with a right `Content-Length`.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

pub(super) fn ok(body: &str) -> Act {
    Act::Answer(answer(200, "Content-Type: application/json\r\n", body))
}

async fn serve(mut stream: TcpStream, connection: usize, script: Script, kept: Arc<Mutex<Vec<Seen>>>) {
    loop {
        if let Some((bytes, cut)) = before_a_request(&script) {
            return cut_off(stream, bytes, cut).await;
        }
        let Some(seen) = read_request(&mut stream, connection).await else {
            return;
        };
        kept.lock().unwrap().push(seen);
        let act = script.lock().unwrap().pop_front();
        match act {
            Some(Act::Answer(bytes)) => stream.write_all(&bytes).await.unwrap(),
            Some(Act::AnswerSlowly(bytes)) => {
                stream.set_nodelay(true).unwrap();
                for byte in bytes {
                    stream.write_all(&[byte]).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
            Some(Act::AnswerAndClose(bytes)) => {
                stream.write_all(&bytes).await.unwrap();
                return;
            }
            Some(Act::AnswerAndReset(bytes)) => {
                stream.write_all(&bytes).await.unwrap();
                stream.set_zero_linger().unwrap();
                return;
            }
            Some(Act::AnswerWithoutEnd(first, piece)) => {
                stream.set_nodelay(true).unwrap();
                stream.write_all(&first).await.unwrap();
                while stream.write_all(&piece).await.is_ok() {
                    tokio::task::yield_now().await;
                }
                return;
            }
            Some(Act::AnswerAndFallSilent(bytes)) => {
                stream.write_all(&bytes).await.unwrap();
                return std::future::pending().await;
            }
            Some(Act::Stall) => return std::future::pending().await,
            Some(Act::Reset) => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Some(Act::Close) | None => return,
            Some(Act::ResetAtOnce | Act::Within(..)) => unreachable!("taken before the request was read"),
        }
    }
}

/// The next act, where it is one that does not read the whole request.
fn before_a_request(script: &Script) -> Option<(usize, Cut)> {
    let mut script = script.lock().unwrap();
    let cut = match script.front() {
        Some(Act::ResetAtOnce) => (0, Cut::Reset),
        Some(Act::Within(bytes, cut)) => (*bytes, *cut),
        Some(_) | None => return None,
    };
    script.pop_front();
    Some(cut)
}

async fn cut_off(mut stream: TcpStream, bytes: usize, cut: Cut) {
    if stream.read_exact(&mut vec![0; bytes]).await.is_err() {
        return;
    }
    match cut {
        Cut::Close => {}
        Cut::Reset => stream.set_zero_linger().unwrap(),
        Cut::Stall => std::future::pending().await,
    }
}

async fn read_request(stream: &mut TcpStream, connection: usize) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen {
        connection,
        line,
        headers,
        body: String::from_utf8(bytes[head_end..head_end + length].to_vec()).unwrap(),
    })
}
