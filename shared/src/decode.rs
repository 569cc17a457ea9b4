//! Reads JSON as fast as serde can; only what cannot be read is read a second time, to say where it is wrong. Keeping
//! track of the place doubles the time of reading, and a record is read with every event.
//!
//! What is said of it goes into logs, so it fits a line, and no value of the JSON is in it, which may be anybody's name.

use std::fmt;

use serde::Deserialize;
use serde_json::error::Category;

/// JSON that is not what it should be. Its Display names the place and what was expected there.
#[derive(Debug)]
pub(crate) struct Misfit {
    path: String,
    error: serde_json::Error,
    /// The document itself is good.
    is_after_end: bool,
}

/// Reads one document, and nothing after it.
pub(crate) fn decode<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Misfit> {
    serde_json::from_slice(json).map_err(|error| misfit::<T>(json, error))
}

/// The same for what is known to be text: nothing of it is looked at twice for that.
pub(crate) fn decode_text<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Misfit> {
    serde_json::from_str(json).map_err(|error| misfit::<T>(json.as_bytes(), error))
}

fn misfit<'a, T: Deserialize<'a>>(json: &'a [u8], error: serde_json::Error) -> Misfit {
    let mut again = serde_json::Deserializer::from_slice(json);
    match serde_path_to_error::deserialize::<_, T>(&mut again) {
        Err(placed) => Misfit {
            path: placed.path().to_string(),
            error: placed.into_inner(),
            is_after_end: false,
        },
        Ok(_) => Misfit {
            path: ".".to_owned(),
            error,
            is_after_end: true,
        },
    }
}

impl Misfit {
    /// The place, such as `lines[0].units`. Names of members come from the outside, too: cut, and on one line.
    pub(crate) fn place(&self) -> String {
        if self.path == "." {
            "the top".to_owned()
        } else {
            self.path.chars().filter(|c| !c.is_control()).take(80).collect()
        }
    }

    /// What is wrong there. Serde repeats the offending value (`invalid type: string "…", expected …`), and so do errors
    /// of our own types, in words that cannot be told from a value: of those nothing is kept.
    pub(crate) fn reason(&self) -> String {
        if self.is_after_end {
            return "not valid JSON: something follows after its end".to_owned();
        }
        if !self.is_of_data() {
            return "not valid JSON".to_owned();
        }
        let message = self.error.to_string();
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

    /// Whether it is JSON, and only not what was expected.
    pub(crate) fn is_of_data(&self) -> bool {
        self.error.classify() == Category::Data
    }

    /// What serde says, which may repeat a value: only for what is not a person's.
    pub(crate) const fn source(&self) -> &serde_json::Error {
        &self.error
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.place(), self.reason())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::order::OrderKey;
    use crate::time::Timestamp;

    fn said<T: serde::de::DeserializeOwned>(json: &str) -> String {
        decode::<T>(json.as_bytes()).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let lines = said::<BTreeMap<String, Vec<u32>>>(r#"{"a":[1],"b":[2,"three"]}"#);
        assert_eq!(lines, "at b[1]: expected u32");
    }

    #[test]
    fn what_follows_after_the_end_is_wrong_too() {
        let after = said::<Vec<u32>>("[1] {}");
        assert_eq!(after, "at the top: not valid JSON: something follows after its end");
        assert!(decode::<Vec<u32>>(b" [1] \n").is_ok());
    }

    #[test]
    fn a_value_is_not_repeated_by_any_type_that_refuses_it() {
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
