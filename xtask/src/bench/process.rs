//! What the system says of a process: the time that it had a core, and the most memory that it ever had.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::failure::{Context, Failure};

/// The time on a core of all threads, with what the kernel did for them.
pub(super) fn cpu(id: u32) -> Result<Duration, Failure> {
    let threads = format!("/proc/{id}/task");
    let entries = fs::read_dir(&threads).could_not(format_args!("list {threads}: figures need Linux's /proc"))?;
    let mut nanoseconds = 0;
    for entry in entries.flatten() {
        let told = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
        let first = told
            .split_whitespace()
            .next()
            .and_then(|number| number.parse::<u64>().ok());
        nanoseconds += first.unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The peak of the memory in use, in KiB.
pub(super) fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How large a program is in a zip, about: as gzip's best compression makes it.
pub(super) fn zipped(program: &std::path::Path) -> Result<u64, Failure> {
    let output = Command::new("gzip")
        .args(["-9", "--stdout"])
        .arg(program)
        .output()
        .could_not("start gzip")?;
    u64::try_from(output.stdout.len()).could_not("count bytes")
}
