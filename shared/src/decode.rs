//! Reads JSON as fast as serde can; only what cannot be read is read a second time, to say where it is wrong. Keeping
//! track of the place doubles the time of reading, and a record is read with every event.

use serde::Deserialize;

/// JSON that is not what it should be.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// Where, such as `facts.purchases[0].state`; `.` for the top.
    pub(crate) path: String,
    /// What serde says of it. It may repeat the value.
    pub(crate) error: serde_json::Error,
    /// The document itself is good: only something after its end is wrong.
    pub(crate) is_after_end: bool,
}

/// Reads one document, and nothing after it.
pub(crate) fn decode<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Misfit> {
    serde_json::from_slice(json).map_err(|error| {
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only its reading is looked at")]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    struct Line {
        #[expect(dead_code, reason = "only its reading is looked at")]
        units: u32,
    }

    fn wrong(json: &str) -> (String, String) {
        let misfit = decode::<Order>(json.as_bytes()).unwrap_err();
        (misfit.path, misfit.error.to_string())
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let (path, error) = wrong(r#"{"lines":[{"units":1},{"units":"two"}]}"#);
        assert_eq!(path, "lines[1].units");
        assert!(error.starts_with("invalid type: string"), "{error}");
    }

    #[test]
    fn what_follows_after_the_end_is_wrong_too() {
        let misfit = decode::<Order>(br#"{"lines":[]} {}"#).unwrap_err();
        assert_eq!((misfit.path.as_str(), misfit.is_after_end), (".", true));
        assert!(decode::<Order>(b" {\"lines\":[]} \n").is_ok());
    }
}
