//! `docs/deploy.md`, block by block.

use std::fs;

use super::{BLOCK, FIRST, Story};
use crate::deploy::{Build, artifacts, emulator, twice};
use crate::failure::{Context, Failure};

/// The activated environment must not hide the test's own programs.
const PROGRAMS: &str = "PATH=\"$TEST_BIN:$PATH\"";

impl Story {
    pub(super) async fn follow_the_deployment(&mut self, blocks: &[String]) -> Result<(), Failure> {
        self.sh("the programs of the test", PROGRAMS).await?;
        for block in blocks {
            let is = |start: &str| block.starts_with(start);
            if is("umask") {
                self.nothing_is_taken_without_secrets().await?;
            } else if is("aws logs tail") {
                self.a_paid_order_arrives().await?;
            } else if is("sam build") {
                self.live_until_an_upgrade().await?;
            } else if is("sam delete") {
                self.operate().await?;
            }
            let first = block.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let said = self.block(first, block).await?;
            if is("python3 -m venv") {
                self.sh("the programs of the test", PROGRAMS).await?;
            } else if block.contains("sam build") {
                self.the_same_bytes_again(block).await?;
            } else if is("output()") {
                self.find_the_api(&said).await?;
            } else if is("aws logs tail") {
                self.expect(
                    "a stored delivery in webhook's log",
                    said.contains("\"disposition\":\"stored\""),
                )?;
            } else if is("ask()") {
                self.expect("the order in the answer", said.contains(FIRST))?;
                self.packages("nothing is bought while it is paused", &[]).await?;
            } else if block.contains("Paused=false") {
                self.it_is_bought_once().await?;
            } else if block.trim() == "sam deploy" {
                self.live_after_the_upgrade().await?;
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
            let adapted = emulator::template::adapted(&text, self.sandbox.address(), &self.catalog())?;
            fs::write(&template, adapted).could_not("write the built template")?;
        }
        if block.contains("sam deploy") {
            let template = fs::read_to_string(self.clone.join(".aws-sam/build/template.yaml"));
            let layers = self.folder.join("layers");
            let script = emulator::after_deployment(&template.could_not("read the built template")?, &layers);
            let listed = self.sh("what the emulator lacks", &script).await?;
            self.checks += artifacts::sizes(&listed, self.build)?;
        }
        Ok(said)
    }

    /// Another build of the same sources, after the first one. Debug programs are not compiled here.
    async fn the_same_bytes_again(&mut self, block: &str) -> Result<(), Failure> {
        if self.build == Build::Debug || block.trim() == "sam build" {
            return Ok(());
        }
        let said = self
            .shell
            .run(
                "the same function, built in another folder",
                &twice::build_again(&self.folder),
                BLOCK,
            )
            .await?;
        self.expect("the same bytes from another folder", said.contains("the same bytes"))
    }

    /// Keeps the address that the page's reader sees.
    async fn find_the_api(&mut self, said: &str) -> Result<(), Failure> {
        let host = said
            .trim()
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'));
        let (host, _) = host.ok_or_else(|| Failure::new(format!("the output WebhookUrl is {said:?}")))?;
        host.clone_into(&mut self.aws.api_host);
        let name = self.sh("the name of reconcile", "output ReconcileFunction").await?;
        name.trim().clone_into(&mut self.aws.reconcile);
        Ok(())
    }
}
