//! Marks values in a document, so that it can be seen where they come out again.

use serde_json::Value;

/// What stands in every marked value: base64 stays base64 with it, and nobody writes it by chance.
const MARK: &str = "zQ7Marked9Kx";

/// What stands in a path for an element of a list.
pub(crate) const ELEMENT: &str = "[]";

/// The document with the mark before every text whose path (the names above it, the innermost last) is chosen. `None`
/// where there is none, where it is no JSON, and where the mark stands in it already: a fuzzer learns to write it.
pub(crate) fn marked(document: &str, chosen: &dyn Fn(&[&str]) -> bool) -> Option<String> {
    fn walk(value: &mut Value, path: &[&str], chosen: &dyn Fn(&[&str]) -> bool) -> bool {
        match value {
            Value::String(text) if chosen(path) => {
                // After the prefix that says what kind of secret it is, which is no secret.
                let at = if text.starts_with("whsec_") { 6 } else { 0 };
                text.insert_str(at, MARK);
                true
            }
            Value::Array(elements) => elements.iter_mut().fold(false, |any, element| {
                let path: Vec<&str> = path.iter().copied().chain([ELEMENT]).collect();
                walk(element, &path, chosen) | any
            }),
            Value::Object(members) => members.iter_mut().fold(false, |any, (name, value)| {
                let path: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
                walk(value, &path, chosen) | any
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    if document.contains(MARK) {
        return None;
    }
    let mut json: Value = serde_json::from_str(document).ok()?;
    walk(&mut json, &[], chosen).then(|| json.to_string())
}

/// Fails where a marked value came out.
pub(crate) fn assert_unmarked(text: &str, what: &str) {
    assert!(!text.contains(MARK), "{what} tells a value that it must not: {text}");
}

/// The same for a list of its bytes, which is how a derived Debug shows a key.
pub(crate) fn assert_unmarked_bytes(text: &str, what: &str) {
    let bytes: Vec<String> = MARK.bytes().map(|byte| byte.to_string()).collect();
    assert!(
        !text.contains(&bytes.join(", ")),
        "{what} tells a value that it must not: {text}"
    );
}
