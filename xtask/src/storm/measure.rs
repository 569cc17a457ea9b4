//! What is measured in a storm: calls to Wix, memory, times.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;

/// The calls to Wix of a run, out of the sandbox's summary.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Calls {
    pub(super) all: u64,
    pub(super) throttled: u64,
    /// Those that read.
    pub(super) reads: u64,
}

impl Calls {
    pub(super) fn of(summary: &Value) -> Self {
        let mut calls = Self::default();
        let operations = summary.get("calls").and_then(Value::as_object);
        for (name, count) in operations.into_iter().flatten() {
            let number = |of: &str| count.get(of).and_then(Value::as_u64).unwrap_or_default();
            calls.all += number("calls");
            calls.throttled += number("throttled");
            if name.starts_with("get") || name.starts_with("query") {
                calls.reads += number("calls") - number("throttled");
            }
        }
        calls
    }

    /// Those that were let through.
    pub(super) const fn answered(self) -> u64 {
        self.all - self.throttled
    }
}

/// The most memory that each process ever had, in KiB; only where there is `/proc`.
pub(super) fn peaks(processes: &[(String, u32)]) -> BTreeMap<String, u64> {
    let peak = |id: &u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let of = |(name, id): &(String, u32)| Some((name.clone(), peak(id)?));
    processes.iter().filter_map(of).collect()
}

/// The time that so many in a hundred are within.
pub(crate) fn percentile(times: &mut [Duration], hundredths: usize) -> Duration {
    times.sort_unstable();
    let at = times.len().saturating_sub(1) * hundredths / 100;
    times.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_are_counted_over_all_operations() {
        let summary = json!({ "calls": {
            "createPackage": { "calls": 10, "throttled": 3 },
            "getPackage": { "calls": 4, "throttled": 1 },
        }});
        let calls = Calls::of(&summary);
        assert_eq!(
            (calls.all, calls.throttled, calls.reads, calls.answered()),
            (14, 4, 3, 10)
        );
    }

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let mut times: Vec<Duration> = (1..=101).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut times, 50), Duration::from_millis(51));
        assert_eq!(percentile(&mut times, 99), Duration::from_millis(100));
        assert_eq!(percentile(&mut [], 50), Duration::ZERO);
    }
}
