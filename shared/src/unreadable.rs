//! What is said of JSON that could not be read: the place, and what was expected there. It goes into logs, so it fits a
//! line, and no value of the JSON is in it, which may be anybody's name.

/// The place. Names of members come from the outside, too: cut, and on one line.
pub(crate) fn place(path: &serde_path_to_error::Path) -> String {
    let path = path.to_string();
    if path == "." {
        "the top".to_owned()
    } else {
        path.chars().filter(|c| !c.is_control()).take(80).collect()
    }
}

/// What is wrong there. Serde repeats the offending value (`invalid type: string "…", expected …`), and so do errors of
/// our own types, in words that cannot be told from a value: of those nothing is kept.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    if error.classify() != serde_json::error::Category::Data {
        return "not valid JSON".to_owned();
    }
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(head, _)| head);
    if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        return message.to_owned();
    }
    let is_serdes = message.starts_with("invalid ") || message.starts_with("unknown ");
    match message.rsplit_once(", expected ").filter(|_| is_serdes) {
        Some((_, expected)) => format!("expected {expected}"),
        None => "a value that cannot be used".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::order::OrderKey;
    use crate::time::Timestamp;

    fn said<T: serde::de::DeserializeOwned>(json: &str) -> String {
        let mut json = serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, T>(&mut json)
            .map(|_| ())
            .unwrap_err();
        format!("at {}: {}", place(error.path()), reason(error.inner()))
    }

    #[test]
    fn a_value_is_not_repeated_whoever_refuses_it() {
        assert_eq!(said::<u32>("\"Sample Buyer, expected\""), "at the top: expected u32");
        assert_eq!(
            said::<Timestamp>("\"x, expected Sample Buyer\""),
            "at the top: a value that cannot be used"
        );
        assert_eq!(
            said::<Vec<OrderKey>>("[\"Sample Buyer/1\"]"),
            "at [0]: a value that cannot be used"
        );
        assert_eq!(said::<Vec<u32>>("[7, Sample"), "at [1]: not valid JSON");
    }

    #[test]
    fn a_place_is_short_and_on_one_line() {
        let json = format!("{{\"a\\nb\\u007f{}\": -1}}", "c".repeat(10_000));
        let text = said::<BTreeMap<String, u32>>(&json);
        assert!(text.starts_with("at abccc"), "{text}");
        assert!(text.ends_with("c: expected u32"), "{text}");
        assert!(text.len() < 110, "{text}");
    }
}
