//! Every command of `reseller` that only looks, typed once against the deployed stack.

use std::fs;

use super::{FIRST, Story};
use crate::failure::{Context, Failure};
use crate::workspace;

/// A product more than the deployed catalog has.
const ONE_MORE: &str = "\n[[product]]\nsku = \"PLUS-1Y\"\ncatalog_product_id = \"00ba7923-2655-402a-852d-2b2100568bcf\"\n\
    billing = { type = \"RECURRING\", unit = \"YEAR\", count = 1 }\n";

impl Story {
    pub(super) async fn look_at_everything(&mut self) -> Result<(), Failure> {
        let catalog = self.clone.join("catalog/catalog.toml");
        let deployed = fs::read_to_string(catalog).could_not("read the catalog")?;
        fs::write(self.clone.join("other.toml"), deployed + ONE_MORE).could_not("write another catalog")?;
        for (words, exit, says) in [
            ("attention", 0, "nothing needs a person"),
            ("order list", 0, FIRST),
            ("order list --state due", 0, ""),
            ("order show '#2001'", 0, "ended: "),
            ("order show shopify/1", 5, "no order"),
            (
                "order plan shopify/9007199254740993",
                0,
                "By itself: nothing would be bought",
            ),
            (
                "order plan --event events/shopify/orders_paid_bundle.json --storefront shopify --catalog other.toml",
                0,
                "Units",
            ),
            ("order wait shopify/9007199254740993", 0, "ended: "),
            ("paid-for", 0, "kept as the catalog says"),
            ("catalog check", 0, "nothing wrong"),
            ("catalog diff other.toml", 0, "+ PLUS-1Y"),
            ("secrets check", 0, "Wix takes the key"),
            ("logs --order shopify/9007199254740993", 0, "package created"),
            ("audit run", 0, "nothing found"),
            ("audit show", 0, "came to its end"),
            ("dead list", 0, "not an order event"),
            ("dead show shopify/1", 5, "no dead letter"),
            // The emulator has no redrive: what would be given back is said, and that is all.
            ("dead requeue --dry-run", 0, "requeue: 1 message"),
            ("completion bash", 0, "_reseller"),
            ("report --html report.html", 0, "report.html"),
            ("doctor", 0, "the set-up is complete"),
        ] {
            self.types(words, exit, says).await?;
        }
        let found = self
            .types("packages query --external-id PO-2026-117 -o json", 0, "PO-2026-117")
            .await?;
        let id = found.split("\"id\": \"").nth(1).and_then(|rest| rest.split('"').next());
        let id = id.ok_or_else(|| Failure::new(format!("no package has an ID in {found}")))?;
        self.types(&format!("packages get {id}"), 0, "PO-2026-117")
            .await
            .map(|_| ())
    }

    /// Each command that docs/cli.md has: a new one is typed in a chapter, or the test fails.
    pub(super) fn every_command_was_typed(&mut self) -> Result<(), Failure> {
        let page = fs::read_to_string(workspace::root().join("docs/cli.md")).could_not("read docs/cli.md")?;
        let missing: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("## reseller "))
            .filter(|command| {
                let begins = |words: &String| words == command || words.starts_with(&format!("{command} "));
                !self.typed.iter().any(begins)
            })
            .collect();
        if missing.is_empty() {
            self.checks += 1;
            return Ok(());
        }
        Err(Failure::new(format!(
            "no chapter of the deployment test types these commands of docs/cli.md: {}",
            missing.join(", ")
        )))
    }
}
