//! `docs/logging.md` has a row for every line that is logged, with its fields, and no row for one that is not.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A log line in the source: its message, and the names of its fields.
#[derive(Debug)]
struct Logged {
    place: String,
    message: String,
    fields: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.contains("tests") {
            found.push(path);
        }
    }
}

/// The arguments of a macro, split at the commas that stand in no bracket and no string; `text` begins after its `(`.
fn arguments(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for c in text.chars() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else {
            match c {
                '"' => quoted = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    all.push(String::new());
                    continue;
                }
                _ => {}
            }
        }
        all.last_mut().unwrap().push(c);
    }
    all.iter()
        .map(|argument| argument.trim().to_owned())
        .filter(|argument| !argument.is_empty())
        .collect()
}

fn logged() -> Vec<Logged> {
    let mut files = Vec::new();
    for folder in ["shared/src", "functions"] {
        sources(&root().join(folder), &mut files);
    }
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for level in ["error", "warn", "info", "debug", "trace"] {
            for (at, begin) in text.match_indices(&format!("tracing::{level}!(")) {
                let mut arguments = arguments(text.get(at + begin.len()..).unwrap());
                let message = arguments.pop().unwrap();
                let line = text.get(..at).unwrap().lines().count();
                found.push(Logged {
                    place: format!("{}:{line}", file.strip_prefix(root()).unwrap().display()),
                    message: message.trim_matches('"').to_owned(),
                    fields: arguments.iter().map(|field| name(field)).collect(),
                });
            }
        }
    }
    found
}

/// `order = %key`, `%order` and `order` are all the field `order`.
fn name(field: &str) -> String {
    let name = field.split('=').next().unwrap();
    name.trim().trim_start_matches(['%', '?']).to_owned()
}

/// The messages of the page's tables, each with its row.
fn documented() -> BTreeMap<String, String> {
    let page = std::fs::read_to_string(root().join("docs/logging.md")).unwrap();
    let page = page.split("\n## Metrics").next().unwrap();
    let mut rows = BTreeMap::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let messages = row.trim_start_matches('|').split('|').next().unwrap();
        for message in messages.split('`').skip(1).step_by(2) {
            rows.insert(message.to_owned(), row.to_owned());
        }
    }
    rows
}

#[test]
fn every_log_line_has_its_row_with_its_fields() {
    let rows = documented();
    let mut missing = Vec::new();
    let all = logged();
    assert!(all.len() > 40, "{all:?}");
    for line in all {
        let Some(row) = rows.get(&line.message) else {
            missing.push(format!("{}: `{}` has no row", line.place, line.message));
            continue;
        };
        for field in line.fields.iter().filter(|field| !row.contains(&format!("`{field}`"))) {
            missing.push(format!("{}: the row of `{}` lacks `{field}`", line.place, line.message));
        }
    }
    assert!(missing.is_empty(), "docs/logging.md:\n{}", missing.join("\n"));
}

#[test]
fn no_row_is_of_a_line_that_nobody_logs() {
    let messages: Vec<String> = logged().into_iter().map(|line| line.message).collect();
    let gone: Vec<String> = documented().into_keys().filter(|row| !messages.contains(row)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

#[test]
fn a_macro_is_read_with_its_fields_and_message() {
    let read = arguments(r#"order = %key, reason = f(a, "x, y"), %error, "it \"fails\", often"); more("#);
    assert_eq!(read.len(), 4);
    assert_eq!(
        read.iter().map(|field| name(field)).take(3).collect::<Vec<_>>(),
        ["order", "reason", "error"]
    );
    assert_eq!(read.last().unwrap(), r#""it \"fails\", often""#);
}
