//! Says what is going on while something takes its time: on a terminal in one line that changes, elsewhere a line now
//! and then, so that a log stays readable.

use std::io::{IsTerminal, Write};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::processes::{Processes, tail};

/// How often a log gets a sign of life.
const IN_LOGS: Duration = Duration::from_secs(20);

/// Runs a program to its end and shows the last line of its output while it does.
pub(crate) async fn run(
    processes: &mut Processes,
    name: &str,
    label: &str,
    command: &mut Command,
) -> Result<ExitStatus, Failure> {
    let log = processes.log(name);
    processes.start(name, command)?;
    let started = Instant::now();
    let mut line = Line::new(label);
    let status = loop {
        tokio::select! {
            status = processes.end_of(name) => break status?,
            () = tokio::time::sleep(Duration::from_millis(250)) => line.show(started.elapsed(), &tail(&log, 1)),
        }
    };
    processes.forget(name);
    line.end(started.elapsed(), status.success());
    Ok(status)
}

/// One piece of work, as it is shown.
pub(crate) struct Line {
    label: String,
    on_terminal: bool,
    next: Duration,
}

impl Line {
    pub(crate) fn new(label: &str) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        if !on_terminal {
            eprintln!("  … {label}");
        }
        Self {
            label: label.to_owned(),
            on_terminal,
            next: IN_LOGS,
        }
    }

    /// `detail` is what the work last said of itself.
    pub(crate) fn show(&mut self, elapsed: Duration, detail: &str) {
        let detail = detail.trim();
        if self.on_terminal {
            let text = format!("  … {} · {} s · {detail}", self.label, elapsed.as_secs());
            let text: String = text.chars().filter(|c| !c.is_control()).take(110).collect();
            eprint!("\r\x1b[2K{text}");
            drop(std::io::stderr().flush());
        } else if elapsed >= self.next {
            self.next += IN_LOGS;
            let detail: String = detail.chars().filter(|c| !c.is_control()).take(90).collect();
            eprintln!("    {} s · {detail}", elapsed.as_secs());
        }
    }

    pub(crate) fn end(self, elapsed: Duration, fine: bool) {
        let mark = if fine { "✓" } else { "✗" };
        let clear = if self.on_terminal { "\r\x1b[2K" } else { "" };
        eprintln!("{clear}  {mark} {} ({})", self.label, seconds(elapsed));
    }
}

/// `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    match whole {
        0..10 => format!("{whole}.{} s", time.subsec_millis() / 100),
        10..60 => format!("{whole} s"),
        60.. => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(seconds(Duration::from_millis(450)), "0.4 s");
        assert_eq!(seconds(Duration::from_millis(12_900)), "12 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
