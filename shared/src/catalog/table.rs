//! Takes typed values out of TOML tables and notes what is wrong on the way, so that a catalog's problems are
//! reported together and not one by one.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, nearest};

/// Everything noted so far, and where lines begin.
pub(super) struct Notes {
    line_starts: Vec<usize>,
    pub(super) problems: Vec<Problem>,
}

/// One table, and the entry that it belongs to.
pub(super) struct Table<'t, 'i> {
    pub(super) entry: String,
    pub(super) span: Range<usize>,
    pub(super) table: &'t DeTable<'i>,
}

impl Notes {
    pub(super) fn new(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            line_starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect(),
            problems: Vec::new(),
        }
    }

    /// The line of a place in the text, counted from 1.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.line_starts.partition_point(|start| *start <= span.start).max(1)
    }

    pub(super) fn note(&mut self, span: &Range<usize>, entry: &str, message: String) {
        self.problems.push(Problem {
            line: self.line(span),
            entry: entry.to_owned(),
            message,
        });
    }

    /// Notes that a key has to be there.
    pub(super) fn missing(&mut self, table: &Table<'_, '_>, key: &str, wanted: &str) {
        self.note(&table.span, &table.entry, format!("`{key}` is missing: {wanted}"));
    }

    /// Notes every key that is none of `known`, with the one that was probably meant.
    pub(super) fn unknown_keys(&mut self, table: &Table<'_, '_>, known: &[&str]) {
        for (key, _) in table.table {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let shown: String = name.chars().take(60).collect();
            let message = match nearest(name, known) {
                Some(meant) => format!("there is no key `{shown}`: did you mean `{meant}`?"),
                None => format!("there is no key `{shown}`: known are {}", quoted(known)),
            };
            self.note(&key.span(), &table.entry, message);
        }
    }

    fn wrong_type(&mut self, table: &Table<'_, '_>, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.note(
            &value.span(),
            &table.entry,
            format!("`{key}` is of the type {found}: wanted is {wanted}"),
        );
    }

    pub(super) fn text<'t>(&mut self, table: &Table<'t, '_>, key: &str) -> Option<(&'t str, Range<usize>)> {
        let value = table.get(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some((text, value.span())),
            None => {
                self.wrong_type(table, key, value, "a string in quotes");
                None
            }
        }
    }

    /// A string that is one of our newtypes; their errors say what is wanted.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, table: &Table<'_, '_>, key: &str) -> Option<T> {
        let (text, span) = self.text(table, key)?;
        self.parse(table, key, text, &span)
    }

    fn parse<T: FromStr<Err: Display>>(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        text: &str,
        span: &Range<usize>,
    ) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(span, &table.entry, format!("`{key}`: {error}"));
                None
            }
        }
    }

    /// A list of strings that are one of our newtypes.
    pub(super) fn parsed_list<T: FromStr<Err: Display>>(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Vec<T>> {
        let value = table.get(key)?;
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(table, key, value, "a list of strings, such as [\"a\", \"b\"]");
            return None;
        };
        let mut values = Vec::new();
        for item in list.iter() {
            match item.get_ref().as_str() {
                Some(text) => values.extend(self.parse::<T>(table, key, text, &item.span())),
                None => self.wrong_type(table, key, item, "a list of strings, such as [\"a\", \"b\"]"),
            }
        }
        Some(values)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, table: &Table<'_, '_>, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let (text, span) = self.text(table, key)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let shown: String = text.chars().take(60).collect();
        let message = match nearest(text, &words) {
            Some(meant) => format!("`{key}` cannot be {shown:?}: did you mean {meant:?}?"),
            None => format!("`{key}` cannot be {shown:?}: wanted is one of {}", quoted(&words)),
        };
        self.note(&span, &table.entry, message);
        None
    }

    pub(super) fn flag(&mut self, table: &Table<'_, '_>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(table, key, value, "true or false");
        }
        flag
    }

    /// A whole number of 1 or more.
    pub(super) fn count(&mut self, table: &Table<'_, '_>, key: &str) -> Option<u32> {
        let value = table.get(key)?;
        let count = value
            .get_ref()
            .as_integer()
            .and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|count| *count > 0);
        if count.is_none() {
            let message = format!("`{key}` has to be a whole number of 1 or more, without quotes");
            self.note(&value.span(), &table.entry, message);
        }
        count
    }

    /// A table within the table; `what` names it in problems.
    pub(super) fn table<'t, 'i>(&mut self, table: &Table<'t, 'i>, key: &str, what: &str) -> Option<Table<'t, 'i>> {
        let value = table.get(key)?;
        let Some(inner) = value.get_ref().as_table() else {
            self.wrong_type(table, key, value, "a table");
            return None;
        };
        Some(Table {
            entry: what.to_owned(),
            span: value.span(),
            table: inner,
        })
    }

    /// A list of tables, each with its place; `header` is how one begins.
    pub(super) fn tables<'t, 'i>(
        &mut self,
        table: &Table<'t, 'i>,
        key: &str,
        header: &str,
    ) -> Option<Vec<Table<'t, 'i>>> {
        let value = table.get(key)?;
        let wanted = format!("a list of tables, each beginning with {header}");
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(table, key, value, &wanted);
            return None;
        };
        let mut tables = Vec::new();
        for item in list.iter() {
            match item.get_ref().as_table() {
                Some(inner) => tables.push(Table {
                    entry: table.entry.clone(),
                    span: item.span(),
                    table: inner,
                }),
                None => self.wrong_type(table, key, item, &wanted),
            }
        }
        Some(tables)
    }
}

impl<'t, 'i> Table<'t, 'i> {
    pub(super) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.table.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

/// Words as a list in prose: `a`, `b`, `c`.
fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
