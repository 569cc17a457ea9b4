//! What a run needs around it: the sandbox, `cargo lambda watch`, a SQLite file for ledger and queues, a secret and a
//! catalog; all in a folder of its own, on free ports of the loopback interface, and gone with this value.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use reseller_hooks::queue::sqlite::SqliteQueue;

use super::lambda::Lambda;
use super::sandbox::Sandbox;
use super::sells::Sells;
use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::{ports, progress, tools, workspace};

/// The account of the reseller in the sandbox's own default configuration.
const RESELLER_ACCOUNT: &str = "5a5db0c5-0000-4000-8000-000000000001";
const API_KEY: &str = "sandbox-api-key";

/// The functions' queues, each with the function that works it off.
pub(crate) const QUEUES: [&str; 3] = ["order-paid", "order-canceled", "tag-external-id"];

/// A name in the environment of the functions, and its value.
pub(crate) type Variable = (&'static str, String);

/// What differs between runs.
pub(crate) struct Settings {
    /// The folder of the run, below the scratch folder.
    pub(crate) name: &'static str,
    /// Where `cargo lambda watch` listens; `None`: any free port.
    pub(crate) port: Option<u16>,
    /// Whether `cargo lambda watch` starts the functions, or only speaks Lambda's API with those started by hand.
    pub(crate) starts_functions: bool,
    /// Options of the sandbox.
    pub(crate) sandbox: Vec<String>,
    /// Settings of the functions.
    pub(crate) environment: Vec<Variable>,
}

/// The run's surroundings.
pub(crate) struct Stage {
    pub(crate) processes: Processes,
    pub(crate) folder: PathBuf,
    pub(crate) sandbox: Sandbox,
    pub(crate) lambda: Lambda,
    environment: Vec<Variable>,
}

/// Builds the functions and the sandbox, as `cargo lambda watch` will want them.
pub(crate) async fn build() -> Result<(), Failure> {
    let mut processes = Processes::new(&workspace::scratch()?.join("build"))?;
    let mut command = workspace::cargo();
    command.args(["build", "--locked", "--workspace", "--all-features", "--bins"]);
    let label = "building the functions and the sandbox (from an empty folder: some minutes)";
    let status = progress::run(&mut processes, "build", label, &mut command).await?;
    if status.success() {
        return Ok(());
    }
    let log = processes.log("build");
    Err(Failure::new(format!(
        "the build failed; the end of {}:\n{}",
        log.display(),
        tail(&log, 40)
    )))
}

impl Stage {
    /// Starts everything; what is started ends with the value that is answered.
    pub(crate) async fn set(settings: &Settings) -> Result<Self, Failure> {
        let port = settings.port.map_or_else(ports::free, ports::wanted)?;
        let cargo_lambda = tools::CARGO_LAMBDA.get().await?;
        let folder = workspace::scratch()?.join(settings.name);
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).could_not(format_args!("make the folder {}", folder.display()))?;
        let mut processes = Processes::new(&folder)?;

        let sandbox = start_sandbox(&mut processes, &workspace::binaries()?, &settings.sandbox).await?;
        let environment = environment(&folder, &sandbox, &settings.environment)?;
        write(&folder.join("CargoLambda.toml"), &configuration(&environment))?;

        let mut command = workspace::in_root(&cargo_lambda);
        command
            .current_dir(&folder)
            .args([
                "lambda",
                "watch",
                "--ignore-changes",
                "--locked",
                "--all-features",
                "--wait",
            ])
            .args(["--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
            .arg("--manifest-path")
            .arg(workspace::root().join("Cargo.toml"));
        if !settings.starts_functions {
            command.arg("--only-lambda-apis");
        }
        processes.start("cargo-lambda-watch", &mut command)?;
        listens(&mut processes, "cargo-lambda-watch", port).await?;
        Ok(Self {
            processes,
            folder,
            sandbox,
            lambda: Lambda::new(port)?,
            environment,
        })
    }

    /// The repository's catalog and what the story adds, before any function has read the other one: what it does not sell
    /// is ignored.
    pub(crate) fn sells(&self, more: Sells) -> Result<(), Failure> {
        let from = workspace::root().join("catalog/catalog.toml");
        let catalog = fs::read_to_string(&from).could_not(format_args!("read {}", from.display()))?;
        let defaults = format!("[defaults]\n{}", more.defaults);
        let catalog = catalog.replacen("[defaults]\n", &defaults, 1) + more.products;
        write(&self.folder.join("catalog.toml"), &catalog)
    }

    /// One of the queues of this run.
    pub(crate) fn queue(&self, name: &str) -> Result<SqliteQueue, Failure> {
        SqliteQueue::open(&self.folder.join("queues.db"), name).could_not(format_args!("open the queue {name}"))
    }

    /// Starts one function by hand, for a `cargo lambda watch` that does not. `port` is where it finds Lambda's Runtime
    /// API.
    pub(crate) fn start_function(&mut self, function: &str, port: u16) -> Result<(), Failure> {
        let mut command = function_command(&workspace::binaries()?, function, port, &self.environment);
        self.processes.start(function, &mut command).map(|_| ())
    }
}

/// A function as Lambda would start it, with Lambda's Runtime API on this port.
pub(crate) fn function_command(binaries: &Path, function: &str, port: u16, environment: &[Variable]) -> Command {
    let mut command = Command::new(binaries.join(function));
    command
        .current_dir(workspace::root())
        .env(
            "AWS_LAMBDA_RUNTIME_API",
            format!("http://127.0.0.1:{port}/.rt/{function}"),
        )
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .envs(environment.iter().map(|(name, value)| (*name, value)));
    command
}

async fn listens(processes: &mut Processes, name: &str, port: u16) -> Result<(), Failure> {
    if ports::listening(port, Duration::from_secs(60)).await {
        return processes.check();
    }
    processes.check()?;
    Err(Failure::new(format!(
        "{name} did not listen on port {port} within a minute; what it said is in {}",
        processes.log(name).display()
    )))
}

/// The sandbox takes a free port itself, and says which.
pub(crate) async fn start_sandbox(
    processes: &mut Processes,
    binaries: &Path,
    options: &[String],
) -> Result<Sandbox, Failure> {
    let name = "wix-sandbox";
    let mut command = Command::new(binaries.join(name));
    command
        .args(["--listen", "127.0.0.1:0", "--api-key", API_KEY])
        .args(options);
    processes.start(name, &mut command)?;
    let log = processes.log(name);
    for _ in 0..400 {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let address = said
            .lines()
            .find_map(|line| line.strip_prefix("wix-sandbox listening on "));
        if let Some(address) = address {
            return Sandbox::new(address.trim());
        }
        processes.check()?;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Err(Failure::new(format!(
        "the sandbox did not start; what it said is in {}",
        log.display()
    )))
}

/// The variables of `docs/configuration.md`, for all functions.
pub(crate) fn environment(folder: &Path, sandbox: &Sandbox, more: &[Variable]) -> Result<Vec<Variable>, Failure> {
    let root = workspace::root();
    let catalog = folder.join("catalog.toml");
    write(&catalog, &told_of_unknown_skus(&root.join("catalog/catalog.toml"))?)?;
    let database = folder.join("queues.db");
    let queue = |name: &str| format!("sqlite://{}?queue={name}", database.display());
    let mut environment = vec![
        (
            "SECRET_URL",
            format!("file://{}", root.join("local/secret.json").display()),
        ),
        ("CATALOG_URL", format!("file://{}", catalog.display())),
        ("WIX_API_BASE_URL", sandbox.address().to_owned()),
        ("LEDGER_URL", format!("sqlite://{}", folder.join("ledger.db").display())),
        ("ORDER_PAID_QUEUE_URL", queue("order-paid")),
        ("ORDER_CANCELED_QUEUE_URL", queue("order-canceled")),
        ("TAG_EXTERNAL_ID_QUEUE_URL", queue("tag-external-id")),
        ("PARKED_QUEUE_URL", queue("parked")),
    ];
    environment.extend(more.iter().cloned());
    let folder_is_plain = !environment.iter().any(|(_, value)| value.contains(['"', '\\', '\n']));
    if !folder_is_plain {
        return Err(Failure::new(format!(
            "the path {} has a quotation mark or a backslash in it: clone the repository somewhere else",
            root.display()
        )));
    }
    Ok(environment)
}

/// The repository's catalog, but an SKU that is not in it becomes something to show.
fn told_of_unknown_skus(path: &Path) -> Result<String, Failure> {
    let catalog = fs::read_to_string(path).could_not(format_args!("read {}", path.display()))?;
    let (ignored, told) = ("unknown_sku = \"ignore\"", "unknown_sku = \"attention\"");
    if !catalog.contains(ignored) {
        return Err(Failure::new(format!(
            "{} does not say {ignored} any more",
            path.display()
        )));
    }
    Ok(catalog.replace(ignored, told))
}

/// cargo-lambda reads this file from the folder it is started in, once more whenever it starts a function.
fn configuration(environment: &[Variable]) -> String {
    let variables: Vec<String> = environment
        .iter()
        .map(|(name, value)| format!("  \"{name}={value}\",\n"))
        .collect();
    format!("[watch]\nenv_var = [\n{}]\n", variables.concat())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).could_not(format_args!("write {}", path.display()))
}

/// The reseller's account in the sandbox, for packages that are put there from outside.
pub(crate) const fn reseller_account() -> &'static str {
    RESELLER_ACCOUNT
}
