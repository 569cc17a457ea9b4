//! An HTTP request and its answer as plain data, so that the sandbox runs without a socket: in a simulation the caller
//! plays the network, in the server hyper does.

/// One HTTP request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PATCH`, `DELETE`.
    pub method: String,
    /// The path as it came, still percent-encoded.
    pub path: String,
    /// What stands after `?`, still percent-encoded.
    pub query: Option<String>,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
}

impl Request {
    /// A request to `target` (path, and perhaps `?query`) with no headers and no body.
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            ..Self::default()
        }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The first header of that name, in any case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first parameter of that name in the query string, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if percent_decode(key, true).as_deref() == Some(name) {
                percent_decode(value, true)
            } else {
                None
            }
        })
    }
}

/// What becomes of an answer on its way to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Deliver,
    /// The connection is closed without an answer. Whether anything was done is in [`Call::committed`](crate::Call::committed).
    Close,
    /// It arrives this much later.
    Stall {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection is closed after this much of the body, while `content-length` promises all of it.
    Truncate {
        /// Bytes of the body that arrive.
        bytes: usize,
    },
    /// The head and this much of the body arrive at once, the rest later.
    StallBody {
        /// Bytes of the body that arrive at once.
        bytes: usize,
        /// Milliseconds until the rest.
        ms: u64,
    },
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case. `content-length` is not among them: the sender of the body writes it.
    pub headers: Vec<(String, String)>,
    /// The whole body, also where [`Fate::Truncate`] lets less of it through.
    pub body: Vec<u8>,
    /// What becomes of it.
    pub fate: Fate,
}

impl Reply {
    /// The first header of that name.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Decodes `%41`; `None` where a percent sign is followed by something else or the bytes are not UTF-8.
pub(crate) fn percent_decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let high = hex(rest.next()?)?;
                let low = hex(rest.next()?)?;
                bytes.push(high * 16 + low);
            }
            b'+' if plus_is_space => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

pub(crate) fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
