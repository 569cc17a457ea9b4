//! How news is said: one text for a person who reads it on a phone, with what to type.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// More problems than these are not spelt out in one message: they are counted.
const MOST_LISTED: usize = 20;

/// A message. It holds order keys, codes and sentences, and no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// At most 100 characters of ASCII, which is what SNS takes.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// A problem of an order that nobody was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) order: String,
    pub(super) code: String,
    pub(super) what: String,
    pub(super) sentence: String,
    pub(super) request_id: Option<String>,
    pub(super) command: String,
}

/// Something that is so, with the command that helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// By what it is known.
    pub(super) name: &'static str,
    /// What is so. It is told again when the sentence is another one.
    pub(super) sentence: String,
    /// What to type.
    pub(super) command: &'static str,
}

/// What is to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) problems: Vec<Problem>,
    /// How many problems there are beside those that are told one by one.
    pub(super) more: usize,
    /// Whether these are to be told, also where nothing else is.
    pub(super) more_is_new: bool,
    /// Orders and codes of problems that are gone.
    pub(super) resolved: Vec<(String, String)>,
    pub(super) facts: Vec<Fact>,
    /// The sentences of facts that are over.
    pub(super) facts_over: Vec<String>,
}

impl News {
    /// The message, if there is anything to tell.
    pub(super) fn message(&self, number: u64, now: Timestamp) -> Option<Message> {
        let new = self.problems.len() + self.facts.len();
        let over = self.resolved.len() + self.facts_over.len();
        if new + over == 0 && !self.more_is_new {
            return None;
        }
        let subject = match (new, over) {
            (0, 0) => format!("reseller-hooks: {} more", self.more),
            (0, over) => format!("reseller-hooks: {over} resolved"),
            (new, 0) => format!("reseller-hooks: {new} new"),
            (new, over) => format!("reseller-hooks: {new} new, {over} resolved"),
        };
        Some(Message {
            subject,
            text: self.text(number, now),
        })
    }

    fn text(&self, number: u64, now: Timestamp) -> String {
        let mut text = format!("Message {number} of reconcile, {now}.\n");
        for Fact { sentence, command, .. } in &self.facts {
            line(&mut text, &format!("\n{sentence}\n  {command}"));
        }
        for problem in self.problems.iter().take(MOST_LISTED) {
            let Problem {
                order,
                code,
                what,
                sentence,
                command,
                request_id,
            } = problem;
            line(&mut text, &format!("\n{order} · {what} · {code}\n{sentence}"));
            if let Some(request_id) = request_id {
                line(&mut text, &format!("Wix's request ID: {request_id}"));
            }
            line(&mut text, &format!("  {command}"));
        }
        let more = self.problems.len().saturating_sub(MOST_LISTED) + self.more;
        if more > 0 {
            line(&mut text, &format!("\nand {more} more problems\n  reseller attention"));
        }
        for (order, code) in self.resolved.iter().take(MOST_LISTED) {
            line(&mut text, &format!("\nresolved: {order} · {code}"));
        }
        let more = self.resolved.len().saturating_sub(MOST_LISTED);
        if more > 0 {
            line(&mut text, &format!("\nresolved: {more} more"));
        }
        for sentence in &self.facts_over {
            line(&mut text, &format!("\nover: {sentence}"));
        }
        text
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}
