//! Golden records: records as runs of the simulation wrote them, kept in `tests/golden/records`, so that every later version
//! shows that it still reads them and writes them in the same form. A record shows *traits*: the members that it has, and
//! the words that its states have. The folder has a record for each trait that was ever seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use reseller_hooks::order::StorefrontKind;
use serde_json::Value;

use super::{Profile, history};
use crate::deployment::{Deployment, catalog_of};
use crate::mutations::SAMPLES;

/// The folder of the records.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/records")
}

/// The records of the folder by their file names.
///
/// # Errors
/// When a file cannot be read.
pub fn records() -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(found)
}

/// What a record shows: each member by its path, and the word that it has where that is a state. Keys that are IDs are `*`.
pub fn traits(record: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(record, "", &mut found);
    found
}

fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                // A name in capitals is an SKU's.
                let is_member = is_word(key) && key.bytes().any(|byte| byte.is_ascii_lowercase());
                let name = if is_member { key.as_str() } else { "*" };
                let path = format!("{path}/{name}");
                found.insert(path.clone());
                collect(member, &path, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|member| collect(member, path, found)),
        Value::String(word) if is_state(path) && is_word(word) => {
            found.insert(format!("{path}={word}"));
        }
        Value::Number(number) if path == "/schema" => {
            found.insert(format!("{path}={number}"));
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Whether the text at a path is one of few words, and not a name.
fn is_state(path: &str) -> bool {
    !["/hash", "/by", "/reason", "/what", "/sku", "/code", "/site", "/account"]
        .iter()
        .any(|name| path.ends_with(name))
}

/// The traits of every record that these histories write, each with the shortest record that shows it.
pub fn shown(seeds: std::ops::Range<u64>) -> BTreeMap<String, String> {
    let profile = Profile {
        keeps_records: true,
        ..Profile::default()
    };
    let mut shortest: BTreeMap<String, String> = BTreeMap::new();
    let written = seeds.flat_map(|seed| history(seed, &profile).records);
    for body in written.chain(of_samples()) {
        let Ok(record) = serde_json::from_str(&body) else {
            continue;
        };
        for shown in traits(&record) {
            let known = shortest.entry(shown).or_insert_with(|| body.clone());
            if body.len() < known.len() {
                known.clone_from(&body);
            }
        }
    }
    shortest
}

/// The records that the samples of `events/` make, one after the other: storefronts say there what the simulation's do not.
fn of_samples() -> Vec<String> {
    let skus = [
        "PREMIUM-1Y",
        "PREMIUM-1M",
        "price_1SamplePremium1Y",
        "price_1SampleLarger1Y",
    ];
    let mut found = Vec::new();
    for kind in StorefrontKind::ALL {
        let shop = Deployment::selling(&catalog_of(&skus, "attention"), "2026-03-02T14:14:10Z");
        for sample in SAMPLES.iter().filter(|sample| sample.kind == kind) {
            shop.deliver(kind, sample.topic, sample.body);
            shop.settle();
            let entries = shop.world.ledger.entries();
            let records = entries.into_iter().filter(|entry| entry.key.contains('/'));
            found.extend(records.map(|entry| entry.body));
        }
    }
    found
}

/// Adds a record for each trait that the folder does not show yet, and never changes one that is there; how many were added.
///
/// # Errors
/// When a file cannot be read or written.
pub fn add(seeds: std::ops::Range<u64>) -> io::Result<usize> {
    fs::create_dir_all(folder())?;
    let known = records()?;
    let parsed = known.values().filter_map(|text| serde_json::from_str(text).ok());
    let mut covered: BTreeSet<String> = parsed.flat_map(|record: Value| traits(&record)).collect();
    let (mut number, mut added) = (0, 0);
    for (shown, body) in shown(seeds) {
        if covered.contains(&shown) {
            continue;
        }
        let Ok(record) = serde_json::from_str::<Value>(&body) else {
            continue;
        };
        covered.extend(traits(&record));
        let file = loop {
            number += 1;
            let file = folder().join(format!("{number:03}.json"));
            if !file.exists() {
                break file;
            }
        };
        let text = serde_json::to_string_pretty(&record).unwrap_or(body);
        fs::write(file, text + "\n")?;
        added += 1;
    }
    Ok(added)
}
