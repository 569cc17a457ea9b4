//! A socket in front of a [`Wix`]: answers over HTTP/1.1, and really closes, cuts and stalls connections where a fault wants it.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};

use crate::control::control;
use crate::message::{Fate, Reply, Request};
use crate::wix::Wix;

/// The largest body that is read. A create of 1,000 products with everything set has about 400 KB.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// How long what was sent gets to leave before a connection is cut, so that it is cut in the body and not before it.
const LINGER: Duration = Duration::from_millis(20);

/// A Wix that a server and others use together. Hold the lock for moments only.
pub type SharedWix = Arc<Mutex<Wix>>;

type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Makes a Wix that can be shared.
pub fn share(wix: Wix) -> SharedWix {
    Arc::new(Mutex::new(wix))
}

/// Serves on `listener` by the system's clock until it is dropped; all connections end with it.
pub async fn serve(listener: TcpListener, wix: SharedWix) -> io::Result<Infallible> {
    serve_with_clock(listener, wix, system_clock).await
}

/// The same by another clock, which gives milliseconds since 1970. Stalls are real time nevertheless.
pub async fn serve_with_clock(
    listener: TcpListener,
    wix: SharedWix,
    clock: impl Fn() -> i64 + Send + Sync + 'static,
) -> io::Result<Infallible> {
    let clock: Clock = Arc::new(clock);
    let mut connections = JoinSet::new();
    loop {
        // Done ones are let go here, or a long run would keep them all.
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, Arc::clone(&wix), Arc::clone(&clock)));
            }
            // The peer's own fault, or no file descriptor is free: neither ends the server.
            Err(_) => sleep(LINGER).await,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the server reads the clock"
)]
pub(crate) fn system_clock() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

async fn connection(stream: TcpStream, wix: SharedWix, clock: Clock) {
    // Small answers leave at once. Where it cannot be set they leave a little later.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| exchange(request, Arc::clone(&wix), Arc::clone(&clock)));
    // Every error here is a connection that ended, by the client or on purpose.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The error that makes hyper close a connection.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for Closed {}

async fn exchange(
    request: hyper::Request<Incoming>,
    wix: SharedWix,
    clock: Clock,
) -> Result<hyper::Response<Payload>, Closed> {
    let (head, body) = request.into_parts();
    let Some(body) = read(body).await? else {
        return respond(too_large());
    };
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body,
    };
    let reply = {
        let now = clock();
        let mut wix = lock(&wix);
        match control(&mut wix, now, &request) {
            Some(reply) => reply,
            None => wix.handle(now, &request),
        }
    };
    match reply.fate {
        Fate::Close => return Err(Closed),
        Fate::Stall { ms } => sleep(Duration::from_millis(ms)).await,
        Fate::Deliver | Fate::Truncate { .. } | Fate::StallBody { .. } => {}
    }
    respond(reply)
}

/// A panic elsewhere that held the lock leaves packages as they were: go on with them.
fn lock(wix: &SharedWix) -> MutexGuard<'_, Wix> {
    wix.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The whole body; `None` where it is too large.
async fn read(mut body: Incoming) -> Result<Option<Vec<u8>>, Closed> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Some(data) = frame.map_err(|_| Closed)?.data_ref() {
            if bytes.len() + data.len() > MAX_BODY {
                return Ok(None);
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(Some(bytes))
}

fn too_large() -> Reply {
    Reply {
        status: 413,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: br#"{"message":"the body is larger than 10 MB","details":{}}"#.to_vec(),
        fate: Fate::Deliver,
    }
}

fn respond(reply: Reply) -> Result<hyper::Response<Payload>, Closed> {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response
        .body(Payload::new(Bytes::from(reply.body), reply.fate))
        .map_err(|_| Closed)
}

/// A body that may pause in the middle, and may break off there.
struct Payload {
    length: u64,
    first: Option<Bytes>,
    pause: Option<Pin<Box<Sleep>>>,
    rest: Option<Bytes>,
    breaks: bool,
}

impl Payload {
    fn new(body: Bytes, fate: Fate) -> Self {
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let (first, pause, breaks) = match fate {
            Fate::Deliver | Fate::Close | Fate::Stall { .. } => (body.len(), None, false),
            Fate::Truncate { bytes } => (bytes, Some(LINGER), true),
            Fate::StallBody { bytes, ms } => (bytes, Some(Duration::from_millis(ms)), false),
        };
        let mut rest = body;
        let first = rest.split_to(first.min(rest.len()));
        Self {
            length,
            first: Some(first).filter(|first| !first.is_empty()),
            pause: pause.map(|pause| Box::pin(sleep(pause))),
            rest: Some(rest).filter(|rest| !rest.is_empty() && !breaks),
            breaks,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
        }
        if self.breaks {
            return Poll::Ready(Some(Err(Closed)));
        }
        Poll::Ready(self.rest.take().map(|rest| Ok(Frame::data(rest))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_none() && !self.breaks
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
