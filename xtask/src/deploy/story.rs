//! The test itself: the page's blocks in their order, and between them what a shop, an operator and bad luck do.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::aws::{Aws, sample};
use super::emulator::{self, CATALOG};
use super::shell::Shell;
use super::{Build, artifacts, page};
use crate::demo::sandbox::Sandbox;
use crate::demo::stage;
use crate::failure::{Context, Failure};
use crate::processes::Processes;
use crate::workspace;

/// The key that the page's reader stores first, and its successor.
const WIX_KEY: &str = "sandbox-api-key";
const NEW_WIX_KEY: &str = "the-new-api-key";
const SECRET: &str = "a signing secret";
const NEW_SECRET: &str = "the next signing secret";

/// The order of the samples; other orders are told by another number and another site.
const ORDER: &str = "9007199254740993";

/// A block of the page: a build from nothing compiles for many minutes on a slow machine.
const BLOCK: Duration = Duration::from_secs(2400);
const QUICK: Duration = Duration::from_secs(300);
/// What waits for the schedule, twice over.
const PATIENCE: Duration = Duration::from_secs(180);
/// After a restore a purchase is looked up first, and nothing found counts only after the settle time: once for the plan
/// and once for its voucher, each with a turn of the schedule.
const AFTER_A_RESTORE: Duration = Duration::from_secs(600);

/// A deployed stack and what is around it.
struct Story {
    build: Build,
    folder: PathBuf,
    clone: PathBuf,
    shell: Shell,
    aws: Aws,
    sandbox: Sandbox,
    processes: Processes,
    checks: u64,
}

/// Another order of the same shop.
fn other(order: u32) -> Vec<(String, String)> {
    vec![
        (ORDER.to_owned(), format!("900719925475{order:04}")),
        ("918aa943".to_owned(), format!("918a{order:04}")),
    ]
}

/// The external IDs of an order's packages.
fn packages_of(order: u32) -> [String; 2] {
    ["b1", "v1"].map(|unit| format!("rh-shopify-900719925475{order:04}-{unit}"))
}

/// The external IDs of these orders' packages, and of those of the first order, which is tagged by then.
fn with_the_first(orders: &[u32]) -> Vec<String> {
    let mut packages = ["PO-2026-117", "PO-2026-117-v1"].map(str::to_owned).to_vec();
    packages.extend(orders.iter().flat_map(|order| packages_of(*order)));
    packages
}

pub(super) async fn tell(build: Build) -> Result<u64, Failure> {
    stage::build().await?;
    let mut blocks = page::read("docs/deploy.md")?;
    let account = stage::reseller_account();
    page::fill_in(
        &mut blocks,
        &[
            ("IST.your-key", WIX_KEY),
            ("00000000-0000-0000-0000-000000000000", account),
            ("the signing secret", SECRET),
            ("shopify/5324830114101", "shopify/9007199254740993"),
        ],
    )?;
    let mut story = Story::begin(build).await?;
    let outcome = story.go_through(&blocks).await;
    drop(fs::remove_file(CATALOG));
    outcome?;
    story.processes.check()?;
    Ok(story.checks)
}

impl Story {
    async fn begin(build: Build) -> Result<Self, Failure> {
        let folder = workspace::scratch()?.join("deploy");
        let mut processes = Processes::new(&folder)?;
        let no_limit = ["--rate-limit", "none"].map(str::to_owned);
        let sandbox = stage::start_sandbox(&mut processes, &workspace::binaries()?, &no_limit).await?;
        let port = emulator::start(&mut processes).await?;
        let clone = emulator::clone(&folder)?;
        let bin = emulator::programs(&folder, build).await?;
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("SAM_CLI_TELEMETRY", "0".to_owned()),
            ("AWS_PAGER", String::new()),
            ("TEST_BIN", bin.display().to_string()),
        ];
        if build == Build::Thin {
            variables.push(("CARGO_PROFILE_RELEASE_LTO", "thin".to_owned()));
            variables.push(("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16".to_owned()));
        }
        let shell = Shell::start(&folder, &clone, &variables)?;
        Ok(Self {
            build,
            clone,
            shell,
            aws: Aws::new(port)?,
            sandbox,
            processes,
            folder,
            checks: 0,
        })
    }

    async fn go_through(&mut self, blocks: &[String]) -> Result<(), Failure> {
        self.sh("the programs of the test", "PATH=\"$TEST_BIN:$PATH\"").await?;
        for block in blocks {
            let first = block.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let is = |start: &str| block.starts_with(start);
            if is("aws logs tail") {
                self.a_paid_order_arrives().await?;
            } else if is("sam delete") {
                self.live_through_everything(blocks).await?;
            } else if is("umask") {
                self.nothing_is_taken_without_secrets().await?;
            }
            // The upgrade's blocks are run where there is something in flight.
            if is("sam build") || (is("sam deploy") && block.trim() == "sam deploy") {
                continue;
            }
            let said = self.block(first, block).await?;
            if is("python3 -m venv") {
                // The activated environment must not hide the test's own programs.
                self.sh("the programs of the test", "PATH=\"$TEST_BIN:$PATH\"").await?;
            } else if is("output()") {
                let host = said
                    .trim()
                    .strip_prefix("http://")
                    .and_then(|rest| rest.split_once('/'));
                let (host, _) = host.ok_or_else(|| Failure::new(format!("the output WebhookUrl is {said:?}")))?;
                host.clone_into(&mut self.aws.api_host);
                let name = self.sh("the name of reconcile", "output ReconcileFunction").await?;
                name.trim().clone_into(&mut self.aws.reconcile);
            } else if is("aws logs tail") {
                self.expect(
                    "a stored delivery in webhook's log",
                    said.contains("\"disposition\":\"stored\""),
                )?;
            } else if is("ask()") {
                self.expect("the order in the answer", said.contains("shopify/9007199254740993"))?;
                self.packages("nothing is bought while it is paused", &[]).await?;
            } else if block.contains("Paused=false") {
                self.it_is_bought_once().await?;
            } else if is("sam delete") {
                self.what_is_kept().await?;
            }
        }
        Ok(())
    }

    /// Runs a block of the page, with what the emulator needs around it.
    async fn block(&mut self, label: &str, block: &str) -> Result<String, Failure> {
        let said = self.shell.run(label, block, BLOCK).await?;
        if block.contains("sam build") {
            let built = self.clone.join(".aws-sam/build");
            self.checks += artifacts::programs(&built, self.build)?;
            let template = built.join("template.yaml");
            let text = fs::read_to_string(&template).could_not("read the built template")?;
            let adapted = emulator::adapted(&text, self.sandbox.address())?;
            fs::write(&template, adapted).could_not("write the built template")?;
        }
        if block.contains("sam deploy") {
            let template = fs::read_to_string(self.clone.join(".aws-sam/build/template.yaml"));
            let script = emulator::after_deployment(&template.could_not("read the built template")?);
            let listed = self.sh("what the emulator lacks", &script).await?;
            self.checks += artifacts::sizes(&listed, self.build)?;
        }
        Ok(said)
    }

    async fn nothing_is_taken_without_secrets(&mut self) -> Result<(), Failure> {
        let paid = sample("orders_paid.json", "orders/paid", &[]);
        let status = self.aws.deliver(&paid, SECRET).await?;
        self.expect("503 before the secrets are there", status == 503)
    }

    async fn a_paid_order_arrives(&mut self) -> Result<(), Failure> {
        let paid = sample("orders_paid.json", "orders/paid", &[]);
        self.delivered(&paid, SECRET).await?;
        // Twice, as storefronts do.
        let status = self.aws.deliver(&paid, SECRET).await?;
        self.expect("200 for the repetition", status == 200)?;
        self.recorded("shopify/9007199254740993").await
    }

    /// Nobody but the schedule takes the order up.
    async fn it_is_bought_once(&mut self) -> Result<(), Failure> {
        let [base, voucher] = ["rh-shopify-9007199254740993-b1", "rh-shopify-9007199254740993-v1"].map(str::to_owned);
        self.packages("the schedule buys what waited", &[base.clone(), voucher.clone()])
            .await?;
        let paid = sample("orders_paid.json", "orders/paid", &[]);
        let status = self.aws.deliver(&paid, SECRET).await?;
        self.expect("200 for a late repetition", status == 200)?;
        self.settled("shopify/9007199254740993").await?;
        let (_, created) = self.sandbox.calls("createPackage").await?;
        self.expect("two packages created in all", created == 2)
    }

    async fn live_through_everything(&mut self, blocks: &[String]) -> Result<(), Failure> {
        self.the_order_goes_on().await?;
        self.strangers_are_refused().await?;
        self.a_poison_message().await?;
        self.the_wix_key_is_revoked().await?;
        self.the_shop_has_a_new_secret().await?;
        self.pause_upgrade_restore(blocks).await
    }

    async fn the_order_goes_on(&mut self) -> Result<(), Failure> {
        let tag = sample("orders_updated_reference.json", "orders/updated", &[]);
        self.delivered(&tag, SECRET).await?;
        let tagged = ["PO-2026-117", "PO-2026-117-v1"].map(str::to_owned);
        self.packages("the shop's reference is at Wix", &tagged).await?;
        let refund = sample("refunds_create.json", "refunds/create", &[]);
        self.delivered(&refund, SECRET).await?;
        let cancel = sample("orders_cancelled.json", "orders/cancelled", &[]);
        self.delivered(&cancel, SECRET).await?;
        let started = Instant::now();
        while self.on_site().await? {
            if started.elapsed() > PATIENCE {
                return Err(Failure::new("a canceled order is still on its site"));
            }
            pause().await;
        }
        self.checks += 1;
        Ok(())
    }

    async fn strangers_are_refused(&mut self) -> Result<(), Failure> {
        let forged = sample("orders_paid.json", "orders/paid", &[]).forged();
        let status = self.aws.deliver(&forged, SECRET).await?;
        self.expect("401 for a forged delivery", status == 401)?;
        let get = self
            .aws
            .request(Method::GET, "/webhooks/shopify", &[], Vec::new())
            .await?;
        self.expect("404 for a GET", get == 404)?;
        let nobody = self
            .aws
            .request(Method::POST, "/webhooks/nobody", &[], Vec::new())
            .await?;
        self.expect("404 for an address that is none", nobody == 404)
    }

    async fn a_poison_message(&mut self) -> Result<(), Failure> {
        // Five receipts take half an hour with the deployed visibility: for this test it is lowered, and given back.
        self.sh(
            "a poison message",
            "queue=$(aws cloudformation describe-stack-resource --stack-name reseller-hooks \
               --logical-resource-id OrderPaidQueue --query StackResourceDetail.PhysicalResourceId --output text)\n\
             aws sqs set-queue-attributes --queue-url \"$queue\" --attributes VisibilityTimeout=1\n\
             aws sqs send-message --queue-url \"$queue\" --message-body 'not an order event' > /dev/null",
        )
        .await?;
        let good = sample("orders_paid.json", "orders/paid", &other(1));
        self.delivered(&good, SECRET).await?;
        self.packages_of_orders("a good order passes beside it", &[1]).await?;
        let dead = "aws sqs get-queue-attributes --queue-url \"$(output DeadLettersUrl)\" \
             --attribute-names ApproximateNumberOfMessages --query Attributes.ApproximateNumberOfMessages --output text";
        let started = Instant::now();
        while self.sh("dead letters", dead).await?.trim() != "1" {
            if started.elapsed() > PATIENCE {
                return Err(Failure::new("the poison message is not among the dead letters"));
            }
        }
        self.checks += 1;
        self.sh(
            "the visibility as it was",
            "aws sqs set-queue-attributes --queue-url \"$queue\" --attributes VisibilityTimeout=360",
        )
        .await
        .map(|_| ())
    }

    async fn the_wix_key_is_revoked(&mut self) -> Result<(), Failure> {
        self.sandbox.replace_api_key(WIX_KEY, NEW_WIX_KEY).await?;
        let order = sample("orders_paid.json", "orders/paid", &other(2));
        self.delivered(&order, SECRET).await?;
        self.recorded("shopify/9007199254750002").await?;
        self.sh(
            "one outage for the API key",
            "group=$(aws cloudformation describe-stack-resource --stack-name reseller-hooks \
               --logical-resource-id OrderPaidLogs --query StackResourceDetail.PhysicalResourceId --output text)\n\
             until aws logs tail \"$group\" --since 5m | grep 'wix is not called' | grep -i 'api key'; do sleep 1; done",
        )
        .await?;
        self.checks += 1;
        let attention = self.aws.ask(&json!({ "attention": {} })).await?;
        self.expect(
            "no order blamed for it",
            !attention.to_string().contains("900719925475"),
        )?;
        let document = json!({ "wix": { "api_key": NEW_WIX_KEY, "account_id": stage::reseller_account() } });
        self.store("WixSecret", &document.to_string()).await?;
        self.packages_of_orders("the new key buys what waited", &[1, 2]).await
    }

    async fn the_shop_has_a_new_secret(&mut self) -> Result<(), Failure> {
        let document = json!({ "storefronts": { "shopify": { "secrets": [NEW_SECRET, SECRET] } } });
        self.store("StorefrontSecret", &document.to_string()).await?;
        let order = sample("orders_paid.json", "orders/paid", &other(3));
        // Read again at the first signature that fails, at most once a minute.
        self.delivered(&order, NEW_SECRET).await?;
        let status = self.aws.deliver(&order, SECRET).await?;
        self.expect("200 for the old secret too", status == 200)?;
        self.packages_of_orders("an order with the new secret is bought", &[1, 2, 3])
            .await
    }

    /// The commands of docs/operate.md, with an order in flight all the time.
    async fn pause_upgrade_restore(&mut self, page: &[String]) -> Result<(), Failure> {
        let operate = page::read("docs/operate.md")?;
        let set_parameters = page::function(&operate, "set_parameters")?.to_owned();
        self.sh("set_parameters", &set_parameters).await?;
        let restore: Vec<&String> = operate
            .iter()
            .filter(|block| block.starts_with("set_parameters Paused") || block.starts_with("set_parameters Restored"))
            .collect();
        let invoked = |function: &str| {
            let begin = format!("aws lambda invoke --function-name \"$(output {function})\"");
            let block = operate.iter().find(|block| block.starts_with(&begin));
            block.ok_or_else(|| Failure::new(format!("docs/operate.md does not invoke {function}")))
        };
        let (audit, resume) = (invoked("AuditFunction")?, invoked("ReconcileFunction")?);
        let [pause, restored] = restore.as_slice() else {
            return Err(Failure::new(format!(
                "docs/operate.md pauses and uses the restored ledger in {} blocks, not in two",
                restore.len()
            )));
        };
        self.shell.run("pause", pause, QUICK).await?;
        let order = sample("orders_paid.json", "orders/paid", &other(4));
        self.delivered(&order, SECRET).await?;
        self.recorded("shopify/9007199254750004").await?;

        // Another catalog is what is deployed most often.
        self.sh("another catalog", "echo '# One more line.' >> catalog/catalog.toml")
            .await?;
        for block in page {
            if block.starts_with("sam build") || block.trim() == "sam deploy" {
                self.block("upgrade", block).await?;
            }
        }
        let changed = fs::read_to_string(CATALOG).could_not("read the unpacked layer")?;
        self.expect(
            "the new catalog where functions look",
            changed.ends_with("# One more line.\n"),
        )?;
        let parameters = "aws cloudformation describe-stacks --stack-name reseller-hooks \
             --query \"Stacks[0].Parameters[?ParameterKey=='Paused'].ParameterValue\" --output text";
        let kept = self.sh("parameters", parameters).await?;
        self.expect("a second deployment that keeps it paused", kept.trim() == "true")?;
        self.packages_of_orders("nothing is bought while it is paused", &[1, 2, 3])
            .await?;

        self.sh("a restored table", emulator::RESTORE).await?;
        self.shell.run("use the restored table", restored, QUICK).await?;
        let again = sample("orders_paid.json", "orders/paid", &[]);
        self.delivered(&again, SECRET).await?;
        let said = self.shell.run("audit", audit, QUICK).await?;
        self.expect(
            "an audit that finished",
            said.contains("\"finished\":true") || said.contains("\"finished\": true"),
        )?;
        self.packages_of_orders("nothing is bought before somebody resumes", &[1, 2, 3])
            .await?;
        self.shell.run("resume", resume, QUICK).await?;
        let what = "the order in flight is bought, and none a second time";
        self.packages_within(AFTER_A_RESTORE, what, &with_the_first(&[1, 2, 3, 4]))
            .await
    }

    async fn what_is_kept(&mut self) -> Result<(), Failure> {
        let secrets = "aws secretsmanager list-secrets --query 'SecretList[].Name' --output text";
        let kept = self.sh("secrets", secrets).await?;
        self.expect(
            "both secrets kept",
            kept.contains("WixSecret") && kept.contains("StorefrontSecret"),
        )?;
        let tables = self
            .sh("tables", "aws dynamodb list-tables --query TableNames --output text")
            .await?;
        self.expect("the ledger kept", tables.contains("reseller-hooks-Ledger"))?;
        let functions = self.sh(
            "functions",
            "aws lambda list-functions --query 'Functions[].FunctionName' --output text",
        );
        let gone = functions.await?;
        self.expect("no function kept", gone.trim().is_empty() || gone.trim() == "None")
    }

    // What the chapters above are made of.

    /// Delivers until it is answered 200: a function takes up to a minute to read a secret again.
    async fn delivered(&mut self, delivery: &crate::demo::deliver::Delivery, secret: &str) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            let status = self.aws.deliver(delivery, secret).await?;
            if status == 200 {
                self.checks += 1;
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{} is answered {status}", delivery.file)));
            }
            pause().await;
        }
    }

    /// Waits until the ledger knows an order.
    async fn recorded(&mut self, key: &str) -> Result<(), Failure> {
        self.shown(key, "known", |shown| !shown.contains("\"error\"")).await
    }

    /// Waits until nothing is to be done for an order.
    async fn settled(&mut self, key: &str) -> Result<(), Failure> {
        self.shown(key, "settled", |shown| {
            shown.contains("\"due_at\":null") || !shown.contains("due_at")
        })
        .await
    }

    async fn shown(&mut self, key: &str, what: &str, holds: impl Fn(&str) -> bool) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            let shown = self.aws.ask(&json!({ "show": key })).await?.to_string();
            if holds(&shown) {
                self.checks += 1;
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{key} is not {what}: {shown}")));
            }
            pause().await;
        }
    }

    /// Waits until Wix has the packages of these orders beside those of the first, which is tagged by then.
    async fn packages_of_orders(&mut self, what: &str, orders: &[u32]) -> Result<(), Failure> {
        self.packages(what, &with_the_first(orders)).await
    }

    /// Waits until Wix has these packages and no others.
    async fn packages(&mut self, what: &str, wanted: &[String]) -> Result<(), Failure> {
        self.packages_within(PATIENCE, what, wanted).await
    }

    async fn packages_within(&mut self, patience: Duration, what: &str, wanted: &[String]) -> Result<(), Failure> {
        let mut wanted = wanted.to_vec();
        wanted.sort();
        let started = Instant::now();
        loop {
            let packages = self.sandbox.packages().await?;
            let mut found: Vec<String> = packages.into_iter().map(|package| package.external_id).collect();
            found.sort();
            if found == wanted {
                println!("  ✓ {what}");
                self.checks += 1;
                return Ok(());
            }
            if started.elapsed() > patience || found.len() > wanted.len() {
                return Err(Failure::new(format!(
                    "{what}: expected {wanted:?} at Wix, found {found:?}"
                )));
            }
            self.processes.check()?;
            pause().await;
        }
    }

    async fn on_site(&self) -> Result<bool, Failure> {
        let packages = self.sandbox.packages().await?;
        let mut instances = packages.iter().flat_map(|package| &package.instances);
        Ok(instances.any(|instance| instance.on_site))
    }

    async fn store(&mut self, output: &str, document: &str) -> Result<(), Failure> {
        let path = self.folder.join("secret.json");
        fs::write(&path, document).could_not("write a secret")?;
        let script = format!(
            "aws secretsmanager put-secret-value --secret-id \"$(output {output})\" --secret-string file://'{}'",
            path.display()
        );
        self.sh(&format!("another {output}"), &script).await.map(|_| ())
    }

    async fn sh(&mut self, label: &str, script: &str) -> Result<String, Failure> {
        self.shell.run(label, script, QUICK).await
    }

    fn expect(&mut self, what: &str, holds: bool) -> Result<(), Failure> {
        if !holds {
            return Err(Failure::new(format!("expected {what}")));
        }
        println!("  ✓ {what}");
        self.checks += 1;
        Ok(())
    }
}

/// Between two looks at something that takes its time in other processes.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}
