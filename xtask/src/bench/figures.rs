//! The figures of a function, as they are shown, kept and compared.

use serde_json::{Value, json};

use crate::demo::table::Table;

/// What was measured of one function. Times are medians in microseconds unless they say otherwise; `reads`, `writes`,
/// `messages` and `wix_calls` are hundredths for each event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) function: String,
    pub(super) start_us: u64,
    pub(super) first_answer_us: u64,
    pub(super) warm_p50_us: u64,
    pub(super) warm_p99_us: u64,
    pub(super) cpu_us: u64,
    pub(super) peak_kib: u64,
    pub(super) zip_bytes: u64,
    pub(super) reads: u64,
    pub(super) writes: u64,
    pub(super) messages: u64,
    pub(super) wix_calls: u64,
    pub(super) instructions_to_first_request: Option<u64>,
    pub(super) instructions_per_event: Option<u64>,
}

/// So many for each of so many, in hundredths.
pub(super) fn hundredths(all: u64, of: u64) -> u64 {
    (all * 100).checked_div(of).unwrap_or(0)
}

impl Figures {
    /// Each figure with its name and how it is shown.
    fn rows(&self) -> Vec<(&'static str, Option<u64>, Unit)> {
        vec![
            ("start_us", Some(self.start_us), Unit::Microseconds),
            ("first_answer_us", Some(self.first_answer_us), Unit::Microseconds),
            ("warm_p50_us", Some(self.warm_p50_us), Unit::Microseconds),
            ("warm_p99_us", Some(self.warm_p99_us), Unit::Microseconds),
            ("cpu_us", Some(self.cpu_us), Unit::Microseconds),
            ("peak_kib", Some(self.peak_kib), Unit::Kibibytes),
            ("zip_bytes", Some(self.zip_bytes), Unit::Bytes),
            ("reads", Some(self.reads), Unit::Hundredths),
            ("writes", Some(self.writes), Unit::Hundredths),
            ("messages", Some(self.messages), Unit::Hundredths),
            ("wix_calls", Some(self.wix_calls), Unit::Hundredths),
            (
                "instructions_to_first_request",
                self.instructions_to_first_request,
                Unit::Count,
            ),
            ("instructions_per_event", self.instructions_per_event, Unit::Count),
        ]
    }

    pub(super) fn json(&self) -> Value {
        let mut object = serde_json::Map::new();
        object.insert("function".to_owned(), json!(self.function));
        for (name, value, _) in self.rows() {
            object.insert(name.to_owned(), json!(value));
        }
        Value::Object(object)
    }
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Microseconds,
    Kibibytes,
    Bytes,
    Hundredths,
    Count,
}

impl Unit {
    fn shown(self, value: u64) -> String {
        match self {
            Self::Microseconds => format!("{}.{:02} ms", value / 1_000, value % 1_000 / 10),
            Self::Kibibytes => format!("{}.{} MiB", value / 1_024, value % 1_024 * 10 / 1_024),
            Self::Bytes => format!("{}.{:02} MB", value / 1_000_000, value % 1_000_000 / 10_000),
            Self::Hundredths => format!("{}.{:02}", value / 100, value % 100),
            Self::Count => format!("{}.{:03} M", value / 1_000_000, value % 1_000_000 / 1_000),
        }
    }
}

/// A figure's name in words.
fn words(name: &str) -> String {
    let words = match name {
        "start_us" => "start, to asking for work",
        "first_answer_us" => "first answer",
        "warm_p50_us" => "warm answer, median",
        "warm_p99_us" => "warm answer, 99th percentile",
        "cpu_us" => "CPU for an event, kernel included",
        "peak_kib" => "peak memory",
        "zip_bytes" => "zipped",
        "reads" => "reads of the ledger",
        "writes" => "writes to the ledger",
        "messages" => "messages sent",
        "wix_calls" => "calls to Wix",
        "instructions_to_first_request" => "instructions to asking for work",
        "instructions_per_event" => "instructions for an event",
        other => other,
    };
    words.to_owned()
}

/// The figures as a table, each with its ratio to every other run that has it (`1.00` is the same, less is better).
pub(super) fn table(figures: &[Figures], others: &[(&str, Value)]) -> String {
    let mut heading = vec!["function", "figure", "measured"];
    heading.extend(others.iter().map(|(name, _)| *name));
    let mut table = Table::new(&heading);
    for of in figures {
        for (name, value, unit) in of.rows() {
            let Some(value) = value else { continue };
            let mut row = vec![of.function.clone(), words(name), unit.shown(value)];
            for (_, other) in others {
                row.push(ratio(value, recorded(other, &of.function, name)));
            }
            table.row(row);
        }
    }
    table.text()
}

/// A figure of a run that was kept.
pub(super) fn recorded(run: &Value, function: &str, name: &str) -> Option<u64> {
    let functions = run.get("functions")?.as_array()?;
    let of = functions
        .iter()
        .find(|of| of.get("function").is_some_and(|name| name == function))?;
    of.get(name)?.as_u64()
}

fn ratio(value: u64, other: Option<u64>) -> String {
    match other {
        Some(other) if other > 0 => {
            let hundredths = value * 100 / other;
            format!("{}.{:02}", hundredths / 100, hundredths % 100)
        }
        Some(_) | None => String::new(),
    }
}

/// What has grown by more than so many hundredths, of the figures that are the same on every machine.
pub(super) fn grown(figures: &[Figures], recorded_run: &Value, most: u64) -> Vec<String> {
    let mut grown = Vec::new();
    for of in figures {
        for (name, value, unit) in of.rows() {
            let is_exact = matches!(unit, Unit::Bytes | Unit::Hundredths | Unit::Count);
            let (Some(value), Some(before), true) = (value, recorded(recorded_run, &of.function, name), is_exact)
            else {
                continue;
            };
            if value * 100 > before * (100 + most) {
                let (now, before) = (unit.shown(value), unit.shown(before));
                grown.push(format!("{}, {}: {now}, was {before}", of.function, words(name)));
            }
        }
    }
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(instructions: u64, start: u64) -> Figures {
        Figures {
            function: "webhook".to_owned(),
            start_us: start,
            first_answer_us: 1_300,
            warm_p50_us: 900,
            warm_p99_us: 1_200,
            cpu_us: 500,
            peak_kib: 7_680,
            zip_bytes: 3_000_000,
            reads: 0,
            writes: 0,
            messages: 100,
            wix_calls: 0,
            instructions_to_first_request: Some(3_600_000),
            instructions_per_event: Some(instructions),
        }
    }

    fn kept(figures: &Figures) -> Value {
        json!({ "functions": [figures.json()] })
    }

    #[test]
    fn a_run_is_shown_as_ratios_to_another() {
        let text = table(
            &[figures(960_000, 4_000)],
            &[("recorded", kept(&figures(800_000, 5_000)))],
        );
        let row = text
            .lines()
            .find(|line| line.contains("instructions for an event"))
            .unwrap();
        assert!(row.contains("0.960 M") && row.ends_with("1.20"), "{row}");
        assert!(text.contains("7.5 MiB") && text.contains("4.00 ms"), "{text}");
    }

    #[test]
    fn what_depends_on_the_machine_cannot_have_grown() {
        let before = kept(&figures(800_000, 1));
        assert_eq!(grown(&[figures(839_000, 9_000)], &before, 5), Vec::<String>::new());
        let grown = grown(&[figures(841_000, 1)], &before, 5);
        assert_eq!(grown, ["webhook, instructions for an event: 0.841 M, was 0.800 M"]);
    }

    #[test]
    fn what_cannot_be_counted_here_is_not_compared() {
        let mut uncounted = figures(1, 1);
        uncounted.instructions_per_event = None;
        assert_eq!(grown(&[uncounted], &kept(&figures(1, 1)), 5), Vec::<String>::new());
    }
}
