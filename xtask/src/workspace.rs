//! Where things are in this repository, and how cargo is called in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Context, Failure};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Where cargo put this program, and puts the others: `target/debug`.
pub(crate) fn binaries() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().could_not("find this program's own path")?;
    let folder = own.parent().map(Path::to_path_buf);
    folder.ok_or_else(|| Failure::new(format!("{} is in no folder", own.display())))
}

/// Where the commands keep logs and the state of their runs.
pub(crate) fn scratch() -> Result<PathBuf, Failure> {
    Ok(binaries()?.join("xtask-runs"))
}

/// Cargo, in the root, without what the outer `cargo run` told this program about itself: some build scripts look at
/// those variables and would build their crate again.
pub(crate) fn cargo() -> Command {
    let mut command = in_root("cargo");
    command.env("CARGO_TERM_COLOR", "never");
    command
}

/// A program that is started in the root, without the variables of the outer `cargo run`.
pub(crate) fn in_root(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let told_by_cargo = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_NAME",
            "CARGO_PRIMARY_",
        ];
        if told_by_cargo.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// Where a program is that a shell would start by this name.
#[expect(
    clippy::disallowed_methods,
    reason = "the PATH says where programs are, and configures nothing here"
)]
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
}
