//! What can be wrong with a catalog, said so that its author finds the place and knows what to write there.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line of the file, counted from 1.
    pub line: usize,
    /// Which entry, such as `product "PREMIUM-1Y"` or `[defaults]`; empty for the file itself.
    pub entry: String,
    /// What is wrong, and what is wanted.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.entry.is_empty() {
            write!(f, ", {}", self.entry)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything that is wrong with a catalog, in the order of its lines. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogErrors(pub Vec<Problem>);

impl fmt::Display for CatalogErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CatalogErrors {}

/// The catalog could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The file is not there, not permitted, not UTF-8, or too large.
    #[error(
        "the catalog {path} cannot be read: {reason}; put it there (deployed, it is a layer), or point CATALOG_URL at it"
    )]
    Unreadable {
        /// The file.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// It was read, and it is wrong.
    #[error("the catalog {path} has to be corrected:\n{errors}")]
    Invalid {
        /// The file.
        path: String,
        /// Everything that is wrong.
        errors: CatalogErrors,
    },
}

/// The known word nearest to what was written, if it is near enough to be what was meant.
pub(super) fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let written = written.to_ascii_lowercase();
    known
        .iter()
        .map(|word| (distance(&written, &word.to_ascii_lowercase()), *word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min()
        .map(|(_, word)| word)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    // Nothing this long is a key of ours.
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = i + 1;
        next.push(left);
        for (cells, to) in row.windows(2).zip(&b) {
            let &[diagonal, above] = cells else { continue };
            left = (diagonal + usize::from(from != *to)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_suggested_and_a_far_one_is_not() {
        let known = ["catalog_product_id", "billing", "country", "countries", "sku"];
        assert_eq!(nearest("catalogProductId", &known), Some("catalog_product_id"));
        assert_eq!(nearest("contry", &known), Some("country"));
        assert_eq!(nearest("SKU", &known), Some("sku"));
        assert_eq!(nearest("colour_of_the_box", &known), None);
        assert_eq!(nearest(&"x".repeat(100_000), &known), None);
    }

    #[test]
    fn distance_counts_edits() {
        for (a, b, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}
