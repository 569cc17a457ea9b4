//! How things are written: data to standard output, everything else to standard error, colours only where somebody looks.

use std::fmt;
use std::io::{BufRead, Write};

use clap::Subcommand as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::Value;

use crate::Terminal;
use crate::arguments::{Format, Order};
use crate::exit::{Exit, Failure};

/// The streams of a session.
pub(crate) struct Out<'a> {
    pub(crate) terminal: Terminal,
    pub(crate) format: Format,
    input: &'a mut dyn BufRead,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    /// A line of progress stands on the terminal.
    is_in_progress: bool,
}

/// How a text looks on a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    Bold,
    Dim,
    Good,
    Bad,
}

impl<'a> Out<'a> {
    pub(crate) fn new(
        terminal: Terminal,
        input: &'a mut dyn BufRead,
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
    ) -> Self {
        Self {
            terminal,
            format: Format::Text,
            input,
            out,
            err,
            is_in_progress: false,
        }
    }

    /// A line of data.
    pub(crate) fn line(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        self.clear();
        match writeln!(self.out, "{line}") {
            // `reseller … | head` has read enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                Err(Failure::with(Exit::Done, String::new()))
            }
            written => Ok(written?),
        }
    }

    /// Data for a program.
    pub(crate) fn json(&mut self, value: &Value) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(Failure::new)?;
        self.line(text)
    }

    /// Something to know that is no data.
    pub(crate) fn note(&mut self, line: impl fmt::Display) {
        self.clear();
        // Nobody can be told when standard error is gone.
        drop(writeln!(self.err, "{line}"));
    }

    /// What is being done, on a terminal only: the next note or line takes its place.
    pub(crate) fn progress(&mut self, what: impl fmt::Display) {
        if !self.terminal.is_err {
            return;
        }
        drop(write!(self.err, "\r\u{1b}[K{what} …"));
        drop(self.err.flush());
        self.is_in_progress = true;
    }

    /// Takes away what [`Self::progress`] wrote.
    fn clear(&mut self) {
        if std::mem::take(&mut self.is_in_progress) {
            drop(write!(self.err, "\r\u{1b}[K"));
            drop(self.err.flush());
        }
    }

    /// A text as it looks where somebody looks at it.
    pub(crate) fn look(&self, look: Look, text: &str) -> String {
        if !self.terminal.is_out || self.terminal.no_color {
            return text.to_owned();
        }
        let code = match look {
            Look::Bold => "1",
            Look::Dim => "2",
            Look::Good => "32",
            Look::Bad => "31;1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A table. Columns are as wide as their widest cell; nothing is cut, so that a pipe loses nothing.
    pub(crate) fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let width = |at: usize| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(at))
                .map(|cell| cell.chars().count());
            cells
                .chain(heads.get(at).map(|head| head.chars().count()))
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        let pad = |cells: &mut dyn Iterator<Item = &str>| {
            let padded: Vec<String> = cells
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            padded.join("  ").trim_end().to_owned()
        };
        let head = pad(&mut heads.iter().copied());
        let head = self.look(Look::Bold, &head);
        self.line(head)?;
        for row in rows {
            self.line(pad(&mut row.iter().map(String::as_str)))?;
        }
        Ok(())
    }

    /// Asks for a yes. Where nobody can be asked the answer is no.
    pub(crate) fn confirms(&mut self, question: &str) -> Result<bool, Failure> {
        if !self.terminal.is_in {
            return Err(Failure::with(
                Exit::Declined,
                "nothing was done: standard input is no terminal, so that nobody can be asked",
            )
            .hint("repeat it with --yes"));
        }
        self.clear();
        drop(write!(self.err, "{question} [y/N] "));
        drop(self.err.flush());
        let mut answer = String::new();
        self.input.read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// What is wrong with the command line, or the help that was asked for.
    pub(crate) fn usage(&mut self, error: &clap::Error) -> Exit {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            drop(write!(self.out, "{}", error.render()));
            return Exit::Done;
        }
        drop(write!(self.err, "{}", error.render()));
        if let Some(tip) = of_an_order(error) {
            self.note(format_args!("\n  did you mean: {tip}"));
        }
        Exit::Usage
    }

    pub(crate) fn failed(&mut self, failure: &Failure) {
        if failure.what.is_empty() {
            return;
        }
        self.note(format_args!("error: {}", failure.what));
        if let Some(hint) = &failure.hint {
            self.note(format_args!("  {hint}"));
        }
    }
}

/// What is said of an order without the word `order`.
fn of_an_order(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(said)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let is_verb = Order::augment_subcommands(clap::Command::new("order"))
        .get_subcommands()
        .any(|verb| verb.get_name() == said);
    match said.trim_start_matches('#').parse::<u64>() {
        Ok(_) => Some(format!("reseller order show '{said}'")),
        Err(_) => is_verb.then(|| format!("reseller order {said}")),
    }
}

/// A long sentence as lines of at most so many characters, each after an indent.
pub(crate) fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let is_full = line.chars().count() + 1 + word.chars().count() + indent.chars().count() > width;
        if is_full && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
        .iter()
        .map(|line| format!("{indent}{line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
