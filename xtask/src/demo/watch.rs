//! Whether a plain `cargo lambda watch` works as in a fresh clone: the repository's own configuration, catalog and secret,
//! the sandbox where the configuration says that Wix is, and the very commands of `events/README.md`. A local set-up that
//! records orders and never buys them fails here.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reseller_hooks::queue::sqlite::SqliteQueue;
use reseller_hooks::time::{Clock, SystemClock};
use serde_json::Value;

use super::sandbox::{Package, Sandbox};
use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::{ports, tools, workspace};

/// Where `CargoLambda.toml` says that Wix is.
const SANDBOX_PORT: u16 = 9400;

/// What the samples' order must come to at Wix: the external IDs of its base and of its voucher package, as bought and
/// as tagged with the shop's own reference.
const BOUGHT: [&str; 2] = ["rh-shopify-9007199254740993-b1", "rh-shopify-9007199254740993-v1"];
const TAGGED: [&str; 2] = ["PO-2026-117", "PO-2026-117-v1"];

/// How long one command may take; the first one of each function starts it through cargo.
const PATIENCE: Duration = Duration::from_secs(180);

/// A copy of what a run reads and writes, so that nobody's own `local/` is touched, and what runs in it.
struct Clone {
    folder: PathBuf,
    path: OsString,
    processes: Processes,
    sandbox: Sandbox,
}

pub(crate) async fn run() -> Result<(), Failure> {
    super::stage::build().await?;
    let mut clone = Clone::start().await?;
    let readme = read(&workspace::root().join("events/README.md"))?;
    let commands = commands(&readme);
    let functions = functions()?;
    let named: BTreeSet<&str> = commands.iter().map(|(function, _)| function.as_str()).collect();
    if named != functions.iter().map(String::as_str).collect() {
        return Err(Failure::new(format!(
            "events/README.md has commands for {named:?}, and the functions are {functions:?}"
        )));
    }
    for (function, command) in &commands {
        let answer = clone.invoke(function, command).await?;
        clone.check(function, &answer).await.map_err(|failure| {
            let log = clone.processes.log("cargo-lambda-watch");
            Failure::new(format!(
                "`{command}`: {failure}. It answered {answer}; the end of {}:\n{}",
                log.display(),
                tail(&log, 12)
            ))
        })?;
    }
    clone.processes.check()
}

impl Clone {
    async fn start() -> Result<Self, Failure> {
        let cargo_lambda = tools::CARGO_LAMBDA.get().await?;
        let folder = workspace::scratch()?.join("watch");
        drop(fs::remove_dir_all(&folder));
        let mut processes = Processes::new(&folder)?;

        let wix = ports::wanted(SANDBOX_PORT).or_else(|_| ports::free())?;
        let mut command = workspace::in_root(workspace::binaries()?.join("wix-sandbox"));
        command.args(["--listen", &format!("127.0.0.1:{wix}")]);
        processes.start("wix-sandbox", &mut command)?;
        listens(&mut processes, "wix-sandbox", wix).await?;
        copy_of_the_repository(&folder, wix)?;

        let port = ports::free()?;
        let mut command = workspace::in_root(&cargo_lambda);
        command
            .current_dir(&folder)
            .args(["lambda", "watch", "--ignore-changes"])
            .args(["--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
            .arg("--manifest-path")
            .arg(workspace::root().join("Cargo.toml"));
        processes.start("cargo-lambda-watch", &mut command)?;
        listens(&mut processes, "cargo-lambda-watch", port).await?;
        Ok(Self {
            path: path_with_port(&folder, &cargo_lambda, port)?,
            sandbox: Sandbox::new(&format!("http://127.0.0.1:{wix}"))?,
            folder,
            processes,
        })
    }

    /// Runs a command of the page as it stands.
    async fn invoke(&mut self, function: &str, command: &str) -> Result<Value, Failure> {
        let name = format!("invoke-{function}");
        let mut shell = workspace::in_root("sh");
        shell
            .current_dir(&self.folder)
            .env("PATH", &self.path)
            .args(["-c", command]);
        self.processes.start(&name, &mut shell)?;
        let ended = tokio::time::timeout(PATIENCE, self.processes.end_of(&name)).await;
        let log = self.processes.log(&name);
        let said = fs::read_to_string(&log).unwrap_or_default();
        let Ok(status) = ended else {
            return Err(Failure::new(format!("`{command}` did not end in {PATIENCE:?}")));
        };
        if !status?.success() {
            return Err(Failure::new(format!("`{command}` failed: {said}")));
        }
        self.processes.forget(&name);
        let answer = said.lines().find(|line| line.starts_with('{')).unwrap_or_default();
        serde_json::from_str(answer).could_not(format_args!("read the answer of `{command}`: {said}"))
    }

    /// What each function's sample must have done.
    async fn check(&self, function: &str, answer: &Value) -> Result<(), Failure> {
        match function {
            "webhook" => {
                expect("status 200", answer.get("statusCode") == Some(&Value::from(200)))?;
                let queue = SqliteQueue::open(&self.folder.join("local/queues.db"), "order-paid")
                    .could_not("open the queue order-paid")?;
                let depth = queue.depth(SystemClock.now()).await.could_not("count messages")?;
                expect("one message in the queue of order-paid", depth.visible == 1)
            }
            "order-paid" => {
                taken(answer)?;
                let packages = self.packages(BOUGHT).await?;
                expect("its package and its voucher package on the site", on_site(&packages))
            }
            "tag-external-id" => {
                taken(answer)?;
                let packages = self.packages(TAGGED).await?;
                expect("the packages still on the site", on_site(&packages))
            }
            "order-canceled" => {
                taken(answer)?;
                let packages = self.packages(TAGGED).await?;
                expect("the packages taken off the site", !on_site(&packages))
            }
            "reconcile" => expect(
                "that no order failed or waits",
                answer.get("failed") == Some(&Value::from(0)) && answer.get("stopped") == Some(&Value::Null),
            ),
            "inspect" => expect(
                "an order of which nothing is left",
                answer.pointer("/verdict/word") == Some(&Value::from("ended")),
            ),
            other => Err(Failure::new(format!("nobody has said what {other}'s sample does"))),
        }
    }

    /// All packages at Wix; an error unless they are these two, base and voucher.
    async fn packages(&self, wanted: [&str; 2]) -> Result<Vec<Package>, Failure> {
        let packages = self.sandbox.packages().await?;
        let found: Vec<(&str, bool)> = packages
            .iter()
            .map(|package| (package.external_id.as_str(), package.is_voucher()))
            .collect();
        let [base, voucher] = wanted;
        if found == [(base, false), (voucher, true)] {
            return Ok(packages);
        }
        Err(Failure::new(format!(
            "expected at Wix the package {base} and its voucher package {voucher}, found {found:?}"
        )))
    }
}

/// Whether some unit of each package is on its site.
fn on_site(packages: &[Package]) -> bool {
    packages
        .iter()
        .all(|package| package.instances.iter().any(|instance| instance.on_site()))
}

fn expect(what: &str, holds: bool) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(Failure::new(format!("expected {what}")))
    }
}

/// A worker's answer when it took its whole batch.
fn taken(answer: &Value) -> Result<(), Failure> {
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    expect("no batch item failures", failures.is_some_and(Vec::is_empty))
}

/// The configuration is used as it is, but for the sandbox's port where somebody else has it.
fn copy_of_the_repository(folder: &Path, wix: u16) -> Result<(), Failure> {
    let root = workspace::root();
    let configuration = read(&root.join("CargoLambda.toml"))?;
    let address = format!("=http://127.0.0.1:{SANDBOX_PORT}\"");
    if !configuration.contains(&address) {
        return Err(Failure::new(format!(
            "CargoLambda.toml does not say that Wix is at port {SANDBOX_PORT}, where the sandbox listens"
        )));
    }
    for name in ["catalog", "local"] {
        let made = folder.join(name);
        fs::create_dir_all(&made).could_not(format_args!("make the folder {}", made.display()))?;
    }
    let configuration = configuration.replace(&address, &format!("=http://127.0.0.1:{wix}\""));
    fs::write(folder.join("CargoLambda.toml"), configuration).could_not("copy CargoLambda.toml")?;
    for file in ["catalog/catalog.toml", "local/secret.json"] {
        fs::copy(root.join(file), folder.join(file)).could_not(format_args!("copy {file}"))?;
    }
    symlink(root.join("events"), folder.join("events")).could_not("link events/")
}

/// `cargo lambda invoke` takes its port from nothing but an option, and the page's commands have none: so the
/// `cargo-lambda` that they find adds it.
#[expect(
    clippy::disallowed_methods,
    reason = "the PATH is extended for another program, and configures nothing here"
)]
fn path_with_port(folder: &Path, cargo_lambda: &Path, port: u16) -> Result<OsString, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = workspace::on_path(&cargo_lambda.to_string_lossy())
        .ok_or_else(|| Failure::new(format!("{} is not on the PATH any more", cargo_lambda.display())))?;
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).could_not(format_args!("make the folder {}", bin.display()))?;
    let script = format!(
        "#!/bin/sh\nexec '{}' \"$@\" --invoke-address 127.0.0.1 --invoke-port {port}\n",
        program.display()
    );
    let wrapper = bin.join("cargo-lambda");
    fs::write(&wrapper, script).could_not(format_args!("write {}", wrapper.display()))?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))
        .could_not(format_args!("make {} a program", wrapper.display()))?;
    std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).could_not("extend the PATH")
}

/// The page's commands, each with the function that it invokes, in the page's order.
fn commands(readme: &str) -> Vec<(String, String)> {
    readme
        .split('`')
        .filter_map(|span| {
            let function = span.strip_prefix("cargo lambda invoke ")?.split(' ').next()?;
            Some((function.to_owned(), span.to_owned()))
        })
        .collect()
}

fn functions() -> Result<BTreeSet<String>, Failure> {
    let folder = workspace::root().join("functions");
    let entries = fs::read_dir(&folder).could_not(format_args!("list {}", folder.display()))?;
    entries
        .map(|entry| {
            let entry = entry.could_not(format_args!("list {}", folder.display()))?;
            Ok(entry.file_name().to_string_lossy().into_owned())
        })
        .collect()
}

async fn listens(processes: &mut Processes, name: &str, port: u16) -> Result<(), Failure> {
    let listening = ports::listening(port, Duration::from_secs(60)).await;
    processes.check()?;
    if listening {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{name} did not listen on port {port} within a minute"
    )))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).could_not(format_args!("read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_command_for_each_function() {
        let page = fs::read_to_string(workspace::root().join("events/README.md")).unwrap();
        let named: Vec<String> = commands(&page).into_iter().map(|(function, _)| function).collect();
        assert_eq!(named.len(), 6, "{named:?}");
        assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), functions().unwrap());
    }

    #[test]
    fn a_command_is_taken_as_it_stands() {
        let page = "| `a/` | SQS events | `cargo lambda invoke a --data-file x y.json` |\n`cargo xtask demo`";
        let expected = ("a".to_owned(), "cargo lambda invoke a --data-file x y.json".to_owned());
        assert_eq!(commands(page), [expected]);
    }
}
