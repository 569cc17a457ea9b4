//! The test itself: the pages' blocks in their order, and between them what a shop, an operator and bad luck do. Each file
//! here is a chapter; [`hands`] is what all of them do with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::aws::Aws;
use super::emulator;
use super::emulator::proxy::Proxy;
use super::shell::Shell;
use super::{Build, page};
use crate::demo::sandbox::Sandbox;
use crate::demo::stage;
use crate::failure::Failure;
use crate::processes::Processes;
use crate::workspace;

mod commands;
mod deploy_page;
mod end;
mod first_order;
mod hands;
mod operate_page;
mod trouble;
mod upgrade;
mod verbs;

/// The key that the page's reader stores first, and its successor.
const WIX_KEY: &str = "sandbox-api-key";
const NEW_WIX_KEY: &str = "the-new-api-key";
const SECRET: &str = "a signing secret";
const NEW_SECRET: &str = "the next signing secret";

/// The order of the samples; other orders are told by another number and another site.
const ORDER: &str = "9007199254740993";
const FIRST: &str = "shopify/9007199254740993";
const SITE: &str = "918aa943";

/// A block of the page: a build from nothing compiles for many minutes on a slow machine.
const BLOCK: Duration = Duration::from_secs(2400);
const QUICK: Duration = Duration::from_secs(300);
/// What waits for the schedule, twice over.
const PATIENCE: Duration = Duration::from_secs(180);

/// A deployed stack and what is around it.
struct Story {
    build: Build,
    folder: PathBuf,
    clone: PathBuf,
    shell: Shell,
    aws: Aws,
    sandbox: Sandbox,
    processes: Processes,
    /// Ends with this value.
    _proxy: Proxy,
    /// Each command line of `reseller` that was typed.
    typed: BTreeSet<String>,
    checks: u64,
}

/// Follows the pages from the first block to the last; answers how many checks there were.
pub(super) async fn tell(build: Build) -> Result<u64, Failure> {
    stage::build().await?;
    let mut blocks = page::read("docs/deploy.md")?;
    page::fill_in(
        &mut blocks,
        &[
            ("IST.your-key", WIX_KEY),
            ("00000000-0000-0000-0000-000000000000", stage::reseller_account()),
            ("the signing secret", SECRET),
            ("shopify/5324830114101", FIRST),
        ],
    )?;
    let mut story = Story::begin(build).await?;
    story.follow_the_deployment(&blocks).await?;
    story.every_command_was_typed()?;
    story.processes.check()?;
    Ok(story.checks)
}

impl Story {
    async fn begin(build: Build) -> Result<Self, Failure> {
        let name = match build {
            Build::Debug => "deploy-debug",
            Build::Release | Build::Thin => "deploy",
        };
        let folder = workspace::scratch()?.join(name);
        let mut processes = Processes::new(&folder)?;
        let no_limit = ["--rate-limit", "none"].map(str::to_owned);
        let sandbox = stage::start_sandbox(&mut processes, &workspace::binaries()?, &no_limit).await?;
        let port = emulator::start(&mut processes).await?;
        let proxy = Proxy::start(port).await?;
        let clone = emulator::clone(&folder)?;
        let bin = emulator::programs::write(&folder, build, &proxy.address()).await?;
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("SAM_CLI_TELEMETRY", "0".to_owned()),
            ("AWS_PAGER", String::new()),
            // Where `reseller` finds Wix; the functions are told by the template.
            ("WIX_API_BASE_URL", sandbox.address().to_owned()),
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
            _proxy: proxy,
            typed: BTreeSet::new(),
            checks: 0,
        })
    }

    /// Where the catalog's layer is unpacked, and where functions look.
    fn catalog(&self) -> PathBuf {
        self.folder.join("layers").join("catalog.toml")
    }
}

/// What makes another order of the same shop out of the sample.
fn other(order: u32) -> Vec<(String, String)> {
    [
        (ORDER.to_owned(), id_of(order)),
        ("#2001".to_owned(), format!("#{}", 3000 + order)),
        (SITE.to_owned(), site_of(order)),
    ]
    .to_vec()
}

fn id_of(order: u32) -> String {
    format!("900719925475{order:04}")
}

fn key_of(order: u32) -> String {
    format!("shopify/{}", id_of(order))
}

/// The beginning of its site's ID.
fn site_of(order: u32) -> String {
    format!("918a{order:04}")
}

/// The external IDs of an order's packages.
fn packages_of(order: u32) -> [String; 2] {
    ["b1", "v1"].map(|unit| format!("rh-shopify-{}-{unit}", id_of(order)))
}

/// Between two looks at something that takes its time in other processes.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}
