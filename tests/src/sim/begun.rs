//! What a record has as begun: purchases that are sent and changes of instances, each for the units that it is for; and who has the
//! order. It is read from the record's JSON and not by the code under test.

use std::collections::BTreeSet;

use reseller_hooks::time::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Something that was begun.
pub(super) struct Begun {
    /// No two have it in common.
    pub(super) name: String,
    /// For which units of which lines.
    pub(super) units: Vec<(String, u32)>,
    pub(super) must: Must,
}

/// What must be so when something begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Must {
    /// Nothing: it is not sent.
    Nothing,
    /// Each of its units is owed.
    BeOwed,
    /// One of its units is owed: it is sent again as it was stored.
    BeOwedInPart,
    /// None of its units is owed.
    NotBeOwed,
}

#[derive(Deserialize)]
struct Record {
    actual: Actual,
}

#[derive(Deserialize)]
struct Actual {
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    purchases: Vec<Purchase>,
}

#[derive(Deserialize)]
struct Line {
    id: String,
}

#[derive(Deserialize)]
struct Purchase {
    id: String,
    /// Index of the line, number of the unit, component.
    items: Vec<(usize, u32, u32)>,
    state: State,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    InDoubt(Doubt),
    Created(Held),
    Refused(IgnoredAny),
    Dropped(IgnoredAny),
    Ambiguous,
    Closed,
}

#[derive(Deserialize)]
struct Doubt {
    stage: String,
    send_before: Timestamp,
}

#[derive(Deserialize)]
struct Held {
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    i: String,
    #[serde(default)]
    n: u32,
    p: Option<String>,
}

/// What is begun in the record of an order; `known` has what was begun before.
pub(super) fn begun(key: &str, body: &str, now: Timestamp, known: &BTreeSet<String>) -> Vec<Begun> {
    // An erased record has none of this.
    let Ok(Record { actual }) = serde_json::from_str(body) else {
        return Vec::new();
    };
    // What stood beside something that an operator had replaced goes with it.
    let is_replaced = body.contains("\"d\":\"r\"");
    let mut found = Vec::new();
    for Purchase { id, items, state } in &actual.purchases {
        let unit = |item: &(usize, u32, u32)| Some((actual.lines.get(item.0)?.id.clone(), item.1));
        match state {
            State::InDoubt(doubt) => {
                let purchase = format!("{key} {id} ");
                let is_known = known.range(purchase.clone()..).next();
                let must = match is_known.is_some_and(|name| name.starts_with(&purchase)) {
                    // Should what is only looked up be sent, that will not be its beginning.
                    _ if doubt.send_before <= now => Must::Nothing,
                    false => Must::BeOwed,
                    true => Must::BeOwedInPart,
                };
                let stage = if must == Must::Nothing { "" } else { &doubt.stage };
                found.push(Begun {
                    name: format!("{purchase}{stage}"),
                    units: items.iter().filter_map(unit).collect(),
                    must,
                });
            }
            State::Created(held) => {
                for (instance, item) in held.instances.iter().zip(items) {
                    let must = match instance.p.as_deref() {
                        Some("a" | "m" | "j") => Must::BeOwed,
                        Some("u" | "c") if is_replaced => Must::Nothing,
                        Some("u" | "c") => Must::NotBeOwed,
                        // The way back of a move that failed is for no unit.
                        Some(_) | None => continue,
                    };
                    let change = instance.p.as_deref().unwrap_or_default();
                    found.push(Begun {
                        name: format!("{key} {} {change} {}", instance.i, instance.n),
                        units: unit(item).into_iter().collect(),
                        must,
                    });
                }
            }
            State::Refused(_) | State::Dropped(_) | State::Ambiguous | State::Closed => {}
        }
    }
    found
}

/// Who has an order, and until when: only he calls Wix for it.
#[derive(Clone)]
pub(super) struct Lease {
    pub(super) owner: String,
    pub(super) until: Timestamp,
}

impl Lease {
    /// That of a record, which is not read for it.
    pub(super) fn of(body: &str) -> Option<Self> {
        let rest = body.split_once("\"lease\":{\"owner\":\"")?.1;
        let (owner, rest) = rest.split_once("\",\"until\":\"")?;
        let until = rest.split('"').next()?.parse().ok()?;
        Some(Self {
            owner: owner.to_owned(),
            until,
        })
    }
}

/// What is begun in a record, in a few characters each, without reading it: that is done only where one of them is new.
pub(super) fn signs(body: &str) -> BTreeSet<String> {
    let around = |at: usize, opens: &str, after: usize| {
        let from = body[..at].rfind(opens).unwrap_or(at);
        let until = body[at..]
            .char_indices()
            .nth(after)
            .map_or(body.len(), |(end, _)| at + end);
        body[from..until].to_owned()
    };
    let mut signs = BTreeSet::new();
    for (sign, opens, after) in [("\"send_before\":", "{\"id\":", 40), ("\"p\":\"", "{", 6)] {
        // Most records have neither, and that is seen ten times faster so.
        if body.contains(sign) {
            signs.extend(body.match_indices(sign).map(|(at, _)| around(at, opens, after)));
        }
    }
    signs
}
