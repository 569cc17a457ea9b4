//! How many instructions a function executes, counted by callgrind: the same on a busy machine as on a quiet one.

use std::fs;
use std::path::Path;

use crate::failure::{Context, Failure};
use crate::workspace;

/// Whether they can be counted here.
pub(super) fn can_be_counted() -> bool {
    workspace::on_path("valgrind").is_some()
}

/// The command's beginning; the program and its arguments follow.
pub(super) fn counted(output: &Path) -> [String; 3] {
    [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", output.display()),
    ]
}

/// The total of a run that has ended.
pub(super) fn total(output: &Path) -> Result<u64, Failure> {
    let text = fs::read_to_string(output).could_not(format_args!("read {}", output.display()))?;
    parse(&text).ok_or_else(|| Failure::new(format!("{} has no total: callgrind did not finish", output.display())))
}

fn parse(text: &str) -> Option<u64> {
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    line("totals:").or_else(|| line("summary:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_either_line() {
        assert_eq!(parse("events: Ir\nfn=(1)\n3 4\ntotals: 4321\n"), Some(4321));
        assert_eq!(parse("summary: 17\n"), Some(17));
        assert_eq!(parse("events: Ir\n"), None);
    }
}
