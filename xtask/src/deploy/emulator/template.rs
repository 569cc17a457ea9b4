//! What the emulator does not know of a built template, and what it gets instead. All the rest is deployed as it was built.

use std::path::Path;

use crate::failure::Failure;

/// What an alarm over several metrics becomes, which the emulator does not know: nothing there looks at alarms.
const ONE_METRIC: &str =
    "      MetricName: AnsweredUnverified\n      Namespace: ResellerHooks\n      Statistic: Sum\n      Period: 3600\n";

/// The sandbox shows a package at once; after a restore every purchase waits for this time, and its voucher again.
const SETTLE_SECONDS: &str = "2";

/// The sandbox answers without a limit; with Wix's own, every few orders would wait for the next window.
const NO_LIMIT: &str = "60000";

/// Where Lambda unpacks layers: the emulator mounts none, and a test has no business in `/opt`.
const MOUNTED: &str = "file:///opt/catalog.toml";

/// The emulator knows no saved queries, no CodeDeploy and no alarms over several metrics; Wix is the sandbox, and the
/// catalog in this file. Parameters get other defaults, because a page's reader gives none of these.
pub(crate) fn adapted(built: &str, wix: &str, catalog: &Path) -> Result<String, Failure> {
    let defaults = [
        ("SavedQueries", "'false'"),
        ("WixApiBaseUrl", wix),
        ("SettleSeconds", SETTLE_SECONDS),
        ("WixCallsPerMinute", NO_LIMIT),
    ];
    let mut adapted = String::new();
    let mut section = String::new();
    let mut skipped_below = None;
    let (mut preferences, mut given, mut catalogs) = (0, 0, 0);
    for line in built.lines() {
        let indent = line.len() - line.trim_start().len();
        let is_item = line.trim_start().starts_with("- ");
        if skipped_below.is_some_and(|above| indent > above || (indent == above && is_item)) {
            continue;
        }
        skipped_below = None;
        if indent == 2 {
            line.trim().trim_end_matches(':').clone_into(&mut section);
        }
        if line.trim() == "DeploymentPreference:" {
            preferences += 1;
            skipped_below = Some(indent);
            continue;
        }
        if line == "      Metrics:" {
            skipped_below = Some(indent);
            adapted.push_str(ONE_METRIC);
            continue;
        }
        let default = defaults.iter().find(|(name, _)| *name == section);
        match default.filter(|_| line.trim_start().starts_with("Default:")) {
            Some((_, value)) => {
                given += 1;
                adapted.push_str(&format!("    Default: {value}"));
            }
            None if line.contains(MOUNTED) => {
                catalogs += 1;
                adapted.push_str(&line.replace(MOUNTED, &format!("file://{}", catalog.display())));
            }
            None => adapted.push_str(line),
        }
        adapted.push('\n');
    }
    if (preferences, given, catalogs) == (1, defaults.len(), 1) {
        return Ok(adapted);
    }
    Err(Failure::new(format!(
        "the built template has {preferences} deployment preferences and {catalogs} places of the catalog, where one each is expected, and defaults of {given} of the parameters {}",
        defaults.map(|(name, _)| name).join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_emulator_lacks_is_changed_in_a_built_template() {
        let built = "Parameters:\n  WixApiBaseUrl:\n    Default: https://www.wixapis.com\n  SavedQueries:\n    Default: 'true'\n  SettleSeconds:\n    Default: 60\n  WixCallsPerMinute:\n    Default: 200\n  WebhookRate:\n    Default: 50\nGlobals:\n  Function:\n    CATALOG_URL: file:///opt/catalog.toml\nResources:\n  WebhookFunction:\n    Properties:\n      DeploymentPreference:\n        Type:\n          Ref: WebhookShift\n      Timeout: 10\n  LossAlarm:\n    Properties:\n      Metrics:\n      - Id: lost\n        Label: lost\n      - Id: stored\n      Threshold: 0\n";
        let expected = "Parameters:\n  WixApiBaseUrl:\n    Default: http://wix\n  SavedQueries:\n    Default: 'false'\n  SettleSeconds:\n    Default: 2\n  WixCallsPerMinute:\n    Default: 60000\n  WebhookRate:\n    Default: 50\nGlobals:\n  Function:\n    CATALOG_URL: file:///tmp/c.toml\nResources:\n  WebhookFunction:\n    Properties:\n      Timeout: 10\n  LossAlarm:\n    Properties:\n      MetricName: AnsweredUnverified\n      Namespace: ResellerHooks\n      Statistic: Sum\n      Period: 3600\n      Threshold: 0\n";
        let catalog = Path::new("/tmp/c.toml");
        assert_eq!(adapted(built, "http://wix", catalog).unwrap(), expected);
        assert!(adapted("Parameters:\n", "http://wix", catalog).is_err());
    }
}
