//! What the storefront says and this software cannot act on.

use serde::{Deserialize, Serialize};

/// Something that a person must see.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What it is about, stable: the storefront's object with its state (`refund:re_1:failed`). Never a time, a number
    /// of tries or the wording, so that a notice that was closed stays closed.
    pub id: String,
    /// A word for it, in the style of Wix's codes.
    pub code: String,
    /// The cause and the remedy, in one sentence without personal data.
    pub sentence: String,
}

impl Notice {
    /// The longest `id` and `code`, in characters.
    pub const MAX_ID_CHARS: usize = 120;
    /// The longest sentence, in characters.
    pub const MAX_CHARS: usize = 400;

    /// A notice, its parts cut to their limits and freed of control characters.
    pub fn new(id: &str, code: &str, sentence: &str) -> Self {
        let cut = |text: &str, chars| text.chars().filter(|c| !c.is_control()).take(chars).collect();
        Self {
            id: cut(id, Self::MAX_ID_CHARS),
            code: cut(code, Self::MAX_ID_CHARS),
            sentence: cut(sentence, Self::MAX_CHARS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_cut_to_one_line() {
        let notice = Notice::new("a\nb", "CODE", &"x".repeat(1_000));
        assert_eq!((notice.id.as_str(), notice.sentence.len()), ("ab", Notice::MAX_CHARS));
    }
}
