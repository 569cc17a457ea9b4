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
    /// Opened by all warm events together.
    pub(super) connections: u64,
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
            ("connections", Some(self.connections), Unit::Times),
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
    Times,
    Count,
}

impl Unit {
    fn shown(self, value: u64) -> String {
        match self {
            Self::Microseconds => format!("{}.{:02} ms", value / 1_000, value % 1_000 / 10),
            Self::Kibibytes => format!("{}.{} MiB", value / 1_024, value % 1_024 * 10 / 1_024),
            Self::Bytes => format!("{}.{:02} MB", value / 1_000_000, value % 1_000_000 / 10_000),
            Self::Hundredths => format!("{}.{:02}", value / 100, value % 100),
            Self::Times => value.to_string(),
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
        "connections" => "connections opened by warm events",
        "instructions_to_first_request" => "instructions to asking for work",
        "instructions_per_event" => "instructions for an event",
        other => other,
    };
    words.to_owned()
}

/// The name under which a function's figures over TLS are kept.
pub(super) fn over_tls(function: &str) -> String {
    format!("{function} over TLS")
}

/// The figures as a table: plain, over TLS where that was measured, and the ratio to every other run that has it (`1.00` is
/// the same, less is better).
pub(super) fn table(figures: &[Figures], others: &[(&str, Value)]) -> String {
    let mut heading = vec!["function", "figure", "measured", "over TLS"];
    heading.extend(others.iter().map(|(name, _)| *name));
    let mut table = Table::new(&heading);
    for of in figures {
        let name = over_tls(&of.function);
        let encrypted = figures.iter().find(|figures| figures.function == name);
        // What has a plain column beside it is no row of its own.
        if figures.iter().any(|plain| over_tls(&plain.function) == of.function) {
            continue;
        }
        for (at, (name, value, unit)) in of.rows().into_iter().enumerate() {
            let Some(value) = value else { continue };
            let encrypted = encrypted.and_then(|figures| figures.rows().get(at)?.1);
            let shown = encrypted.map(|value| unit.shown(value)).unwrap_or_default();
            let mut row = vec![of.function.clone(), words(name), unit.shown(value), shown];
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

/// What came of a comparison with what is recorded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// How many figures were compared.
    pub(super) count: u64,
    /// What has grown by more than it may.
    pub(super) grown: Vec<String>,
}

/// Compares the figures that are the same on every machine; `most` is by how many hundredths one may have grown. Sizes and
/// instructions are compared where the same compiler made the program.
pub(super) fn compare(figures: &[Figures], recorded_run: &Value, same_compiler: bool, most: u64) -> Compared {
    let mut compared = Compared::default();
    for of in figures {
        for (name, value, unit) in of.rows() {
            let is_exact = match unit {
                Unit::Hundredths | Unit::Times => true,
                Unit::Bytes | Unit::Count => same_compiler,
                Unit::Microseconds | Unit::Kibibytes => false,
            };
            let before = recorded(recorded_run, &of.function, name);
            let (true, Some(value), Some(before)) = (is_exact, value, before) else {
                continue;
            };
            compared.count += 1;
            if value * 100 > before * (100 + most) {
                compared.grown.push(format!(
                    "{}, {}: {}, was {}",
                    of.function,
                    words(name),
                    unit.shown(value),
                    unit.shown(before)
                ));
            }
        }
    }
    compared
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
            connections: 0,
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
    fn tls_is_a_column_and_a_figure_of_its_own() {
        let mut encrypted = figures(1_200_000, 6_000);
        encrypted.function = over_tls("webhook");
        let both = [figures(960_000, 4_000), encrypted.clone()];
        let text = table(&both, &[]);
        let row = text.lines().find(|line| line.contains("instructions for an event"));
        assert!(
            row.unwrap().contains("0.960 M") && row.unwrap().ends_with("1.200 M"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2 + 14, "{text}");
        let grown = compare(&both, &kept(&encrypted), true, 5);
        assert_eq!((grown.count, grown.grown), (8, Vec::new()));
    }

    #[test]
    fn what_depends_on_the_machine_cannot_have_grown() {
        let before = kept(&figures(800_000, 1));
        let fine = compare(&[figures(839_000, 9_000)], &before, true, 5);
        assert_eq!((fine.count, fine.grown), (8, Vec::new()));
        let grown = compare(&[figures(841_000, 1)], &before, true, 5).grown;
        assert_eq!(grown, ["webhook, instructions for an event: 0.841 M, was 0.800 M"]);
    }

    #[test]
    fn another_compilers_calls_are_compared_and_its_code_is_not() {
        let mut larger = figures(2_000_000, 1);
        larger.wix_calls = 1;
        let compared = compare(&[larger], &kept(&figures(800_000, 1)), false, 5);
        assert_eq!(compared.grown, ["webhook, calls to Wix: 0.01, was 0.00"]);
        assert_eq!(compared.count, 5);
    }

    /// Every handshake costs as much as a fifth of an order: a client that loses its connections is seen in the step.
    #[test]
    fn one_connection_that_a_warm_event_opens_is_an_error() {
        let mut opened = figures(800_000, 1);
        opened.connections = 1;
        let grown = compare(&[opened], &kept(&figures(800_000, 1)), true, 5).grown;
        assert_eq!(grown, ["webhook, connections opened by warm events: 1, was 0"]);
    }

    #[test]
    fn what_cannot_be_counted_here_is_not_compared() {
        let mut uncounted = figures(1, 1);
        uncounted.instructions_per_event = None;
        let compared = compare(&[uncounted], &kept(&figures(1, 1)), true, 5);
        assert_eq!((compared.count, compared.grown), (7, Vec::new()));
    }
}
