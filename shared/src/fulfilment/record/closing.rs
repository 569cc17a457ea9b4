//! Problems that a person has settled: by which ID a problem is known, and who closed it, when and why.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::as_text::as_text;
use crate::time::Timestamp;

/// The namespace of the IDs: a random GUID, drawn once and never changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x2f0c_b0f3_6c1e_4b62_a4d7_0c9d_51d6_8a3b);

/// How many hexadecimal digits an ID has.
const DIGITS: usize = 10;

/// A problem's ID: what it stands on, hashed. It stays the same through every sweep, and is another one when what the
/// problem stands on has moved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProblemId(String);

/// A text that is no problem's ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no problem's ID: it has ten digits or letters a to f, as `attention` lists them")]
pub struct InvalidProblemId(String);

impl ProblemId {
    /// The ID of a problem that stands on these: its code, its subject, a generation or a counter of changes, the
    /// storefront's object with its state. Never a time, a request ID, a number of tries, or the wording.
    pub fn of(parts: &[&str]) -> Self {
        let hash = Uuid::new_v5(&NAMESPACE, parts.join("\n").as_bytes())
            .simple()
            .to_string();
        Self(hash.chars().take(DIGITS).collect())
    }

    /// The ID as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProblemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProblemId {
    type Err = InvalidProblemId;

    fn from_str(text: &str) -> Result<Self, InvalidProblemId> {
        let text = text.trim().to_ascii_lowercase();
        let fits = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits {
            Ok(Self(text))
        } else {
            Err(InvalidProblemId(text.chars().take(40).collect()))
        }
    }
}

as_text!(ProblemId);

/// Printable, without what JSON would write longer, and not longer than so many bytes.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut cut = String::new();
    for c in text
        .trim()
        .chars()
        .filter(|c| !c.is_control() && *c != '"' && *c != '\\')
    {
        if cut.len() + c.len_utf8() > most {
            break;
        }
        cut.push(c);
    }
    cut
}

/// Who settled a problem, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// What the problem was about.
    pub what: String,
    /// Its code.
    pub code: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}
