//! Tables for a terminal: columns as wide as what is in them.

/// Rows with a heading; every row has as many cells as the heading.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self {
            rows: vec![heading.iter().map(|cell| (*cell).to_owned()).collect()],
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table, one line for each row, without spaces at the ends.
    pub(crate) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (at, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
            if at == 0 {
                let lines: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                text.push_str(&lines.join("  "));
                text.push('\n');
            }
        }
        text
    }
}

/// The beginning of an ID, as much as people compare.
pub(crate) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// A long ID without its middle: the beginning says what it is, the end which one.
pub(crate) fn cut(id: &str) -> String {
    const ENDS: usize = 18;
    const MOST: usize = 40;
    let length = id.chars().count();
    if length <= MOST {
        return id.to_owned();
    }
    let begin: String = id.chars().take(ENDS).collect();
    let end: String = id.chars().skip(length - ENDS).collect();
    format!("{begin}…{end}")
}

/// A long text over several lines of at most this many characters, each with the same indent.
pub(crate) fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    let lines: Vec<String> = lines.into_iter().map(|line| format!("{indent}{line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new(&["order", "package"]);
        table.row(vec!["shopify/1".into(), "–".into()]);
        assert_eq!(table.text(), "order      package\n─────────  ───────\nshopify/1  –\n");
    }

    #[test]
    fn a_long_id_loses_its_middle() {
        assert_eq!(cut("shopify/9007199254740993"), "shopify/9007199254740993");
        assert_eq!(
            cut(&format!("wix/{}-b1", "0123456789".repeat(5))),
            "wix/01234567890123…567890123456789-b1"
        );
    }

    #[test]
    fn long_advice_is_wrapped_between_words() {
        assert_eq!(
            wrapped("add it to the catalog", "  ", 10),
            "  add it to\n  the\n  catalog"
        );
    }
}
