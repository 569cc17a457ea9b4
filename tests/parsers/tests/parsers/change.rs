//! Changes of a seed that know what it is made of: values, members and elements where it is JSON, lines and words where
//! it is other text, bytes where it is neither. They find what a change of bytes does not: input that is still whole.

use proptest::prelude::*;
use serde_json::Value;

/// One change. It does nothing where it does not apply.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Json(InJson),
    Text(InText),
    Bytes(InBytes),
}

/// Of a document that is JSON; places count round.
#[derive(Debug, Clone)]
pub(crate) enum InJson {
    /// A value becomes this one.
    Value(usize, Value),
    /// A value becomes the one at another place, of this seed or of the other.
    Copy(usize, usize, bool),
    /// A text is repeated until it is too long for anything.
    Lengthen(usize),
    /// A member of an object, or an element of a list, goes.
    Remove(usize),
    /// An element of a list comes again.
    Repeat(usize),
    /// A member gets the name of another.
    Rename(usize, usize),
}

/// Of a text; places count round.
#[derive(Debug, Clone)]
pub(crate) enum InText {
    /// A line goes.
    Remove(usize),
    /// A line comes again, there.
    Repeat(usize, usize),
    /// A word becomes this one.
    Word(usize, &'static str),
}

/// Of any bytes; places count round.
#[derive(Debug, Clone)]
pub(crate) enum InBytes {
    /// A byte becomes this one.
    Byte(usize, u8),
    /// The rest goes.
    Cut(usize),
}

/// What stands at the edges of what parsers take.
fn values() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "\u{0}",
        "a\nb",
        "\u{7f}",
        "\u{e9}\u{1f4a9}",
        "x, expected y",
        "A#2",
        "a/b",
        "..",
        "0",
        "-1",
        "1.0",
        "0000-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-03-02T14:14:05Z",
        "2250b761-b31c-453b-885b-76e9fc04bdc6",
        "paid",
        "canceled",
    ];
    let long = [100, 101, 255, 300, 5_000].map(|length| Value::from("\u{20ac}".repeat(length)));
    let numbers = [
        0,
        1,
        -1,
        i64::MAX,
        i64::MIN,
        4_294_967_295,
        4_294_967_296,
        253_402_300_800,
    ];
    texts
        .into_iter()
        .map(Value::from)
        .chain(long)
        .chain(numbers.map(Value::from))
        .chain([u64::MAX].map(Value::from))
        .chain([0.5, -0.0, 1e300, 2.0].map(Value::from))
        .chain([true, false].map(Value::from))
        .chain([
            Value::Null,
            Value::Array(Vec::new()),
            Value::Object(serde_json::Map::new()),
        ])
        .collect()
}

const WORDS: [&str; 12] = [
    "",
    "=",
    "[[",
    "]]",
    "{",
    "}",
    "\"",
    "'''",
    "#",
    "7",
    "1979-05-27",
    "product.voucher",
];

/// Which seed, which other seed it may take from, and one to four changes.
pub(crate) fn change(seeds: usize) -> impl Strategy<Value = (usize, usize, Vec<Change>)> {
    let at = any::<usize>;
    let value = prop::sample::select(values());
    let json = prop_oneof![
        4 => (at(), value).prop_map(|(at, value)| InJson::Value(at, value)),
        3 => (at(), at(), any::<bool>()).prop_map(|(at, from, other)| InJson::Copy(at, from, other)),
        2 => at().prop_map(InJson::Lengthen),
        2 => at().prop_map(InJson::Remove),
        2 => at().prop_map(InJson::Repeat),
        1 => (at(), at()).prop_map(|(at, name)| InJson::Rename(at, name)),
    ];
    let text = prop_oneof![
        at().prop_map(InText::Remove),
        (at(), at()).prop_map(|(at, to)| InText::Repeat(at, to)),
        (at(), prop::sample::select(&WORDS[..])).prop_map(|(at, word)| InText::Word(at, word)),
    ];
    let bytes = prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| InBytes::Byte(at, byte)),
        at().prop_map(InBytes::Cut),
    ];
    let change = prop_oneof![
        6 => json.prop_map(Change::Json),
        2 => text.prop_map(Change::Text),
        1 => bytes.prop_map(Change::Bytes),
    ];
    (0..seeds, 0..seeds, prop::collection::vec(change, 1..5))
}

/// The seed with the changes, one after the other.
pub(crate) fn changed(seed: &[u8], other: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for change in changes {
        let next = match change {
            Change::Json(change) => in_json(&bytes, other, change),
            Change::Text(change) => in_text(&bytes, change),
            Change::Bytes(change) => in_bytes(&bytes, change),
        };
        bytes = next.unwrap_or(bytes);
    }
    bytes
}

fn in_json(bytes: &[u8], other: &[u8], change: &InJson) -> Option<Vec<u8>> {
    let mut json: Value = serde_json::from_slice(bytes).ok()?;
    let places = places(&json);
    let place = |at: usize| places.get(at % places.len().max(1));
    match change {
        InJson::Value(at, value) => *json.pointer_mut(place(*at)?)? = value.clone(),
        InJson::Copy(at, from, is_other) => {
            let source: Value = if *is_other {
                serde_json::from_slice(other).ok()?
            } else {
                json.clone()
            };
            let theirs = self::places(&source);
            let value = source.pointer(theirs.get(from % theirs.len().max(1))?)?.clone();
            *json.pointer_mut(place(*at)?)? = value;
        }
        InJson::Lengthen(at) => {
            let value = json.pointer_mut(place(*at)?)?;
            let text = value.as_str()?;
            *value = Value::from(text.repeat(600 / text.len().max(1) + 1));
        }
        InJson::Remove(at) => match parent(&mut json, place(*at)?)? {
            (Value::Object(members), name) => drop(members.remove(&name)),
            (Value::Array(elements), name) => drop(elements.remove(name.parse().ok()?)),
            _ => return None,
        },
        InJson::Repeat(at) => match parent(&mut json, place(*at)?)? {
            (Value::Array(elements), name) => {
                let element = elements.get(name.parse::<usize>().ok()?)?.clone();
                elements.push(element);
            }
            _ => return None,
        },
        InJson::Rename(at, other) => {
            let (_, name) = place(*other)?.rsplit_once('/')?;
            let (Value::Object(members), old) = parent(&mut json, place(*at)?)? else {
                return None;
            };
            let value = members.remove(&old)?;
            members.insert(unescaped(name), value);
        }
    }
    Some(json.to_string().into_bytes())
}

fn in_text(bytes: &[u8], change: &InText) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines: Vec<&str> = text.lines().collect();
    let count = lines.len().max(1);
    match change {
        InText::Remove(at) if !lines.is_empty() => drop(lines.remove(at % count)),
        InText::Remove(_) => return None,
        InText::Repeat(at, to) => lines.insert(to % count, lines.get(at % count).copied()?),
        InText::Word(at, word) => {
            let mut words: Vec<&str> = text.split_inclusive([' ', '\n', '.', ',', '=']).collect();
            let count = words.len().max(1);
            *words.get_mut(at % count)? = word;
            return Some(words.concat().into_bytes());
        }
    }
    Some(lines.join("\n").into_bytes())
}

fn in_bytes(bytes: &[u8], change: &InBytes) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let length = bytes.len().max(1);
    match change {
        InBytes::Byte(at, byte) => *bytes.get_mut(at % length)? = *byte,
        InBytes::Cut(at) => bytes.truncate(at % length),
    }
    Some(bytes)
}

/// The pointers to every value but the whole.
fn places(json: &Value) -> Vec<String> {
    fn collect(json: &Value, path: &str, places: &mut Vec<String>) {
        let members = json.as_object().into_iter().flatten();
        let members = members.map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value));
        let elements = json.as_array().into_iter().flatten().enumerate();
        let elements = elements.map(|(at, value)| (at.to_string(), value));
        for (name, value) in members.chain(elements) {
            let path = format!("{path}/{name}");
            collect(value, &path, places);
            places.push(path);
        }
    }
    let mut places = Vec::new();
    collect(json, "", &mut places);
    places
}

/// What holds the value at this place, and under which name.
fn parent<'a>(json: &'a mut Value, place: &str) -> Option<(&'a mut Value, String)> {
    let (parent, name) = place.rsplit_once('/')?;
    Some((json.pointer_mut(parent)?, unescaped(name)))
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}
