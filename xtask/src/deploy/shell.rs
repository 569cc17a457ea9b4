//! The reader's shell: one bash that lives through all blocks of the page, so that variables, functions and an activated
//! environment stay. Its output is a pipe, as a terminal is no file.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure};
use crate::processes::tail;
use crate::progress::Line;
use crate::workspace;

/// How often the output is looked at.
const POLL: Duration = Duration::from_millis(50);

pub(super) struct Shell {
    folder: PathBuf,
    log: PathBuf,
    child: Child,
    input: ChildStdin,
    count: usize,
}

impl Shell {
    /// `folder` keeps scripts and output; the shell works in `home`, with these variables besides its own.
    pub(super) fn start(folder: &Path, home: &Path, variables: &[(&str, String)]) -> Result<Self, Failure> {
        let log = folder.join("shell.log");
        let mut command = workspace::in_root("sh");
        let mut child = command
            .current_dir(home)
            .env("SHELL_LOG", &log)
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .args(["-c", "bash -e -o pipefail -s 2>&1 | cat > \"$SHELL_LOG\""])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .could_not("start bash")?;
        let input = child
            .stdin
            .take()
            .ok_or_else(|| Failure::new("bash has no standard input"))?;
        // The page's reader confirms what SAM asks.
        fs::write(folder.join("answers"), "y\n".repeat(20)).could_not("write the reader's answers")?;
        Ok(Self {
            folder: folder.to_path_buf(),
            log,
            child,
            input,
            count: 0,
        })
    }

    /// Runs some lines; answers what they printed.
    pub(super) async fn run(&mut self, label: &str, script: &str, at_most: Duration) -> Result<String, Failure> {
        self.count += 1;
        let path = self.folder.join(format!("{:02}.sh", self.count));
        fs::write(&path, script).could_not(format_args!("write {}", path.display()))?;
        let end = format!("::end of {}", self.count);
        let lines = format!(
            "echo '::begin {}: {label}'\nsource '{}' < '{}'\necho '{end}'\n",
            self.count,
            path.display(),
            self.folder.join("answers").display()
        );
        let before = fs::metadata(&self.log).map(|log| log.len()).unwrap_or_default();
        self.input
            .write_all(lines.as_bytes())
            .and_then(|()| self.input.flush())
            .could_not(format_args!("hand bash the lines of {label:?}"))?;
        let started = Instant::now();
        let mut line = Line::new(label);
        loop {
            let said = self.said(before);
            if let Some((output, _)) = said.split_once(&end) {
                line.end(started.elapsed(), true);
                let (_, output) = output.split_once('\n').unwrap_or_default();
                return Ok(output.to_owned());
            }
            let gone = matches!(self.child.try_wait(), Ok(Some(_)));
            if gone || started.elapsed() > at_most {
                line.end(started.elapsed(), false);
                let why = if gone { "failed" } else { "did not end in time" };
                return Err(Failure::new(format!(
                    "{label:?} {why}; the end of {}:\n{}",
                    self.log.display(),
                    tail(&self.log, 40)
                )));
            }
            line.show(started.elapsed(), &tail(&self.log, 1));
            tokio::time::sleep(POLL).await;
        }
    }

    fn said(&self, from: u64) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).into_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Its group has whatever a block that did not end still runs.
        let group = format!("kill -s KILL -- -{} 2>/dev/null", self.child.id());
        drop(Command::new("sh").args(["-c", &group]).status());
        drop(self.child.wait());
    }
}
