//! Programs that stand before the reader's own on the PATH. Each stands for something that this machine lacks, or for a
//! compiler whose work is done already.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::deploy::Build;
use crate::failure::{Context, Failure};
use crate::tools::{self, AwsCommandLine};
use crate::workspace;

/// Version 1 of the AWS command line, which PyPI has, takes the commands of the pages but for two: it has no `logs tail`,
/// and takes a payload as it is without being told.
const AS_VERSION_1: &str = r#"
if [ "$1 $2" = "logs tail" ]; then
  minutes=${5%m}
  set -- logs filter-log-events --log-group-name "$3" --start-time "$(( ($(date +%s) - minutes * 60) * 1000 ))" \
    --query 'events[].[message]' --output text
fi
for word do
  shift
  case $word in
    --cli-binary-format) ;;
    raw-in-base64-out) ;;
    *) set -- "$@" "$word" ;;
  esac
done
"#;

/// The reader sits at a terminal and is asked: there `script`-like, because the test's shell has a file for an input.
const AT_A_TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// Writes them into a folder, which is answered. `proxy` knows the names of the deployed API.
pub(crate) async fn write(folder: &Path, build: Build, proxy: &str) -> Result<PathBuf, Failure> {
    let bin = folder.join("bin");
    drop(fs::remove_dir_all(&bin));
    fs::create_dir_all(&bin).could_not(format_args!("make the folder {}", bin.display()))?;
    let (aws, as_version_1) = match tools::aws_command_line().await? {
        AwsCommandLine::Version2(aws) => (aws, ""),
        AwsCommandLine::Version1(aws) => (aws, AS_VERSION_1),
    };
    // Older ones do not know the variable with an emulator's address.
    let run = format!("exec '{}' --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"", aws.display());
    program(&bin.join("aws"), &format!("{as_version_1}\n{run}"))?;
    let binaries = workspace::binaries()?;
    let reseller = binaries.join("reseller");
    // `--yes` answers what is asked; without it a person does, with the shell's input.
    let asked = "case \" $* \" in\n  *' --yes '*|*' -y '*|*' --dry-run '*) ;;\n  *' requeue '*|*' delete '*|*' erase '*) exec python3 -c";
    program(
        &bin.join("reseller-of-the-test"),
        &format!(
            "export http_proxy={proxy} no_proxy=127.0.0.1\n{asked} '{AT_A_TERMINAL}' '{0}' \"$@\" ;;\nesac\nexec '{0}' \"$@\"",
            reseller.display()
        ),
    )?;
    // The command line is compiled already, by the workspace's own build.
    let cargo = workspace::on_path("cargo").ok_or_else(|| Failure::new("there is no cargo on the PATH"))?;
    program(
        &bin.join("cargo"),
        &format!(
            "if [ \"$*\" = 'build --release --package reseller' ]; then\n  mkdir -p target/release\n  exec cp '{}/reseller-of-the-test' target/release/reseller\nfi\nexec '{}' \"$@\"",
            bin.display(),
            cargo.display()
        ),
    )?;
    if build == Build::Debug {
        // A compiler that hands out what is there.
        let script = format!(
            "while [ $# -gt 0 ]; do if [ \"$1\" = --bin ]; then bin=$2; fi; shift; done\n\
             mkdir -p \"$CARGO_TARGET_DIR/lambda/$bin\"\n\
             strip -o \"$CARGO_TARGET_DIR/lambda/$bin/bootstrap\" '{}'/\"$bin\"",
            binaries.display()
        );
        program(&bin.join("cargo-lambda"), &script)?;
    }
    Ok(bin)
}

fn program(path: &Path, script: &str) -> Result<(), Failure> {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).could_not(format_args!("write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .could_not(format_args!("make {} a program", path.display()))
}
