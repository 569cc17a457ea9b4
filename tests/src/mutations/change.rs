//! One change of a body: a byte, a value of its JSON, or its length. None makes a number grow, because what is signed
//! and says "nine units" is an order of nine units.

use serde_json::{Map, Value};

use super::samples::Word;
use crate::sim::rng::Rng;

/// More than a delivery may have, in bytes.
const TOO_MUCH: usize = 6_000_001;

/// A name that no sample has, in place of one that comes twice.
const SECOND: &str = "~second~";

/// A text that is changed, with the places in its JSON, which are found once.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) text: String,
    json: Value,
    paths: Vec<String>,
}

/// One change; places count round.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Another byte at this place. Never a digit, nor in place of one.
    Replace(usize, u8),
    /// A byte more; never a digit.
    Insert(usize, u8),
    /// A byte less.
    Delete(usize),
    /// Nothing from here on.
    Cut(usize),
    /// This byte, until there are too many.
    Swell(usize, u8),
    /// A value of the JSON becomes this one.
    Value(usize, Value),
    /// A member of an object, or an element of a list, goes.
    Remove(usize),
    /// An element of a list comes twice.
    Repeat(usize),
    /// A member of an object is there a second time, with another value.
    Second(usize, Value),
}

/// What became of a text.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) bytes: Vec<u8>,
    /// A digit came nearer to another, or an exponent into a number: a number may have grown after all.
    pub(super) may_have_grown: bool,
}

/// What a value becomes: something of every type.
fn values() -> [Value; 12] {
    [
        Value::Null,
        Value::Bool(false),
        Value::from(0),
        Value::from(""),
        Value::Bool(true),
        Value::from(-1),
        Value::from(0.5),
        Value::from("\u{e9}\u{0}x"),
        Value::Array(Vec::new()),
        Value::Object(Map::new()),
        Value::from("x".repeat(400)),
        Value::from(i64::MIN),
    ]
}

impl Subject {
    /// A text of JSON.
    pub(super) fn new(text: String) -> Self {
        let json = serde_json::from_str(&text).expect("a sample is JSON");
        let mut paths = Vec::new();
        collect(&json, String::new(), &mut paths);
        Self { text, json, paths }
    }

    /// Every change of every place in the JSON that chance need not find, and one that makes it too long.
    pub(super) fn structural(&self, most_values: usize) -> Vec<Change> {
        let at_each = |at: usize| {
            let values = values().into_iter().take(most_values);
            let changed = values.map(move |value| Change::Value(at, value));
            changed.chain([Change::Remove(at), Change::Repeat(at), Change::Second(at, Value::Null)])
        };
        let places = (0..self.paths.len()).flat_map(at_each);
        places.chain([Change::Swell(0, b' ')]).collect()
    }

    /// Any change.
    pub(super) fn any(&self, rng: &mut Rng) -> Change {
        let at = rng.index(usize::MAX);
        match rng.below(16) {
            0..=2 => Change::Replace(at, no_digit(rng)),
            3..=5 => Change::Insert(at, no_digit(rng)),
            6..=7 => Change::Delete(at),
            8 => Change::Cut(at),
            9..=11 => Change::Value(at, rng.pick(&values())),
            12 => Change::Remove(at),
            13 => Change::Repeat(at),
            14 => Change::Second(at, rng.pick(&values())),
            // Once in so many, because it costs as much as a thousand others.
            _ if rng.one_in(4_000) => Change::Swell(at, no_digit(rng)),
            _ => Change::Replace(at, b"\"\\{}[],:.-+eE \0\xff"[rng.index(16)]),
        }
    }

    /// The changed text; `None` where the change does not apply, or changes nothing.
    pub(super) fn changed(&self, change: &Change) -> Option<Changed> {
        let mut may_have_grown = false;
        let bytes = match change {
            Change::Value(..) | Change::Remove(_) | Change::Repeat(_) | Change::Second(..) => {
                self.structurally(change)?.into_bytes()
            }
            Change::Replace(..) | Change::Insert(..) | Change::Delete(_) | Change::Cut(_) | Change::Swell(..) => {
                let mut bytes = self.text.clone().into_bytes();
                may_have_grown = bytewise(&mut bytes, change)?;
                bytes
            }
        };
        (bytes != self.text.as_bytes()).then_some(Changed { bytes, may_have_grown })
    }

    fn structurally(&self, change: &Change) -> Option<String> {
        let path = |at: &usize| self.paths.get(at % self.paths.len().max(1));
        let mut json = self.json.clone();
        let at = match change {
            Change::Value(at, value) => {
                *json.pointer_mut(path(at)?)? = value.clone();
                return Some(json.to_string());
            }
            Change::Remove(at) | Change::Repeat(at) | Change::Second(at, _) => at,
            Change::Replace(..) | Change::Insert(..) | Change::Delete(_) | Change::Cut(_) | Change::Swell(..) => {
                return None;
            }
        };
        let (parent, name) = path(at)?.rsplit_once('/')?;
        let name = name.replace("~1", "/").replace("~0", "~");
        match (json.pointer_mut(parent)?, change) {
            (Value::Object(members), Change::Remove(_)) => {
                members.remove(&name)?;
            }
            (Value::Object(members), Change::Second(_, value)) => {
                members.insert(SECOND.to_owned(), value.clone());
                let text = json.to_string();
                return Some(text.replace(&format!("\"{SECOND}\""), &Value::from(name).to_string()));
            }
            (Value::Array(elements), Change::Remove(_)) => {
                elements.remove(name.parse().ok()?);
            }
            (Value::Array(elements), Change::Repeat(_)) => {
                let element = elements.get(name.parse::<usize>().ok()?)?.clone();
                elements.push(element);
            }
            _ => return None,
        }
        Some(json.to_string())
    }

    /// Whether a changed text says something else at a word that alone stands between the sample and a purchase.
    pub(super) fn says_another(&self, word: Word, changed: &[u8]) -> bool {
        let Ok(json) = serde_json::from_slice::<Value>(changed) else {
            return false; // nothing can be read there
        };
        match json.pointer(word.at) {
            Some(found) => Some(found) != self.json.pointer(word.at),
            None => word.may_be_absent,
        }
    }
}

/// Changes bytes; `true` where a number may have grown by it.
fn bytewise(bytes: &mut Vec<u8>, change: &Change) -> Option<bool> {
    let is_digit = |bytes: &[u8], at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let between = |bytes: &[u8], before: usize, after: usize| {
        is_digit(bytes, before.checked_sub(1)) && is_digit(bytes, Some(after))
    };
    match change {
        Change::Replace(at, byte) => {
            let at = at % bytes.len();
            if bytes[at].is_ascii_digit() {
                return None;
            }
            bytes[at] = *byte;
            Some(between(bytes, at, at + 1))
        }
        Change::Insert(at, byte) => {
            let at = at % (bytes.len() + 1);
            let may_have_grown = between(bytes, at, at);
            bytes.insert(at, *byte);
            Some(may_have_grown)
        }
        Change::Delete(at) => {
            let at = at % bytes.len();
            let may_have_grown = between(bytes, at, at + 1) && !bytes[at].is_ascii_digit();
            bytes.remove(at);
            Some(may_have_grown)
        }
        Change::Cut(at) => {
            bytes.truncate(at % bytes.len());
            Some(false)
        }
        Change::Swell(at, byte) => {
            let at = at % (bytes.len() + 1);
            // In one piece: byte by byte it is seconds of a debug build.
            let filling = vec![*byte; TOO_MUCH.saturating_sub(bytes.len())];
            let rest = bytes.split_off(at);
            *bytes = [bytes.as_slice(), &filling, &rest].concat();
            Some(false)
        }
        Change::Value(..) | Change::Remove(_) | Change::Repeat(_) | Change::Second(..) => None,
    }
}

/// Any bytes with this change; where it is one of JSON, a bit of the byte at its place instead.
pub(super) fn bytes_changed(bytes: &[u8], change: &Change) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.is_empty() {
        return bytes;
    }
    match change {
        Change::Value(at, _) | Change::Remove(at) | Change::Repeat(at) | Change::Second(at, _) => {
            let at = at % bytes.len();
            bytes[at] ^= 1;
        }
        Change::Replace(..) | Change::Insert(..) | Change::Delete(_) | Change::Cut(_) | Change::Swell(..) => {
            bytewise(&mut bytes, change);
        }
    }
    bytes
}

/// Any byte but a digit.
pub(super) fn no_digit(rng: &mut Rng) -> u8 {
    loop {
        let byte = u8::try_from(rng.below(256)).unwrap_or_default();
        if !byte.is_ascii_digit() {
            return byte;
        }
    }
}

/// The pointer of every value but the outermost.
fn collect(json: &Value, path: String, paths: &mut Vec<String>) {
    if let Some(members) = json.as_object() {
        for (name, value) in members {
            let name = name.replace('~', "~0").replace('/', "~1");
            collect(value, format!("{path}/{name}"), paths);
        }
    }
    for (at, value) in json.as_array().into_iter().flatten().enumerate() {
        collect(value, format!("{path}/{at}"), paths);
    }
    if !path.is_empty() {
        paths.push(path);
    }
}
