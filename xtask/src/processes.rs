//! Programs in the background: each in a process group of its own, its output in a file, and all of them gone when
//! their owner is dropped, however that comes about (the end, an error, Ctrl-C, a panic).

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure};

/// How long a program may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// The programs that one run started.
pub(crate) struct Processes {
    logs: PathBuf,
    running: Vec<Running>,
}

struct Running {
    name: String,
    child: Child,
}

impl Processes {
    /// Output goes to `NAME.log` in this folder, which is made.
    pub(crate) fn new(logs: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(logs).could_not(format_args!("make the folder {}", logs.display()))?;
        Ok(Self {
            logs: logs.to_path_buf(),
            running: Vec::new(),
        })
    }

    /// The file with a program's output.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// Starts a program; answers its process ID.
    pub(crate) fn start(&mut self, name: &str, command: &mut Command) -> Result<u32, Failure> {
        let path = self.log(name);
        let log = File::create(&path).could_not(format_args!("write {}", path.display()))?;
        let errors = log.try_clone().could_not(format_args!("write {}", path.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .could_not(format_args!("start {name}"))?;
        let id = child.id();
        self.running.push(Running {
            name: name.to_owned(),
            child,
        });
        Ok(id)
    }

    /// Waits for a program's end without holding up anything else.
    pub(crate) async fn end_of(&mut self, name: &str) -> Result<ExitStatus, Failure> {
        loop {
            let Some(running) = self.running.iter_mut().find(|running| running.name == name) else {
                return Err(Failure::new(format!("{name} was not started")));
            };
            match running.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => return Err(error).could_not(format_args!("wait for {name}")),
            }
        }
    }

    /// Takes a program that ended off the list, so that its name is free and nobody misses it.
    pub(crate) fn forget(&mut self, name: &str) {
        self.running.retain(|running| running.name != name);
    }

    /// An error if one of the programs is gone that should still be there, with the end of what it said.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        let logs = self.logs.clone();
        for running in &mut self.running {
            if let Ok(Some(status)) = running.child.try_wait() {
                let log = logs.join(format!("{}.log", running.name));
                return Err(Failure::new(format!(
                    "{} ended by itself ({status}); the end of {}:\n{}",
                    running.name,
                    log.display(),
                    tail(&log, 15)
                )));
            }
        }
        Ok(())
    }

    /// Whether a program was started and nobody has seen it end.
    pub(crate) fn is_running(&self, name: &str) -> bool {
        self.running.iter().any(|running| running.name == name)
    }

    /// Tells one program to end; [`Self::end_of`] waits for that.
    pub(crate) fn terminate(&self, name: &str) -> Result<(), Failure> {
        let running = self.running.iter().find(|running| running.name == name);
        let running = running.ok_or_else(|| Failure::new(format!("{name} was not started")))?;
        signal("TERM", std::iter::once(running.child.id().to_string()));
        Ok(())
    }

    /// Kills one program at once (SIGKILL), as a power cut would.
    pub(crate) fn kill(&mut self, name: &str) -> Result<(), Failure> {
        let Some(at) = self.running.iter().position(|running| running.name == name) else {
            return Err(Failure::new(format!("{name} was not started")));
        };
        let mut running = self.running.remove(at);
        running.child.kill().could_not(format_args!("kill {name}"))?;
        running.child.wait().could_not(format_args!("wait for {name}"))?;
        Ok(())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        let mut alive: Vec<&mut Child> = Vec::new();
        for running in &mut self.running {
            if matches!(running.child.try_wait(), Ok(None)) {
                alive.push(&mut running.child);
            }
        }
        if alive.is_empty() {
            return;
        }
        // `cargo lambda watch` puts what it starts into other process groups, and a killed parent's children are
        // nobody's: so the whole tree is looked up before anything is told to end.
        let roots: BTreeSet<u32> = alive.iter().map(|child| child.id()).collect();
        let tree = descendants(&roots);
        signal("TERM", roots.iter().map(|id| format!("-{id}")));
        let deadline = Instant::now() + GRACE;
        loop {
            let parents_gone = alive.iter_mut().all(|child| !matches!(child.try_wait(), Ok(None)));
            if (parents_gone && tree.iter().all(|id| !is_alive(*id))) || Instant::now() >= deadline {
                break;
            }
            pause(Duration::from_millis(30));
        }
        signal("KILL", roots.iter().map(|id| format!("-{id}")));
        signal("KILL", tree.iter().filter(|id| is_alive(**id)).map(ToString::to_string));
        for child in alive {
            drop(child.wait());
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "Drop cannot await, and the programs are given a moment to end by themselves"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// The last lines of a file.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    let from = all.len().saturating_sub(lines);
    all.get(from..).unwrap_or_default().join("\n")
}

/// Sends a signal through the shell's own `kill`: the standard library can only kill its own children, and no crate is
/// worth it for this.
fn signal(name: &str, targets: impl Iterator<Item = String>) {
    let targets: Vec<String> = targets.collect();
    if targets.is_empty() {
        return;
    }
    let line = format!("kill -s {name} -- {} 2>/dev/null", targets.join(" "));
    drop(Command::new("sh").args(["-c", &line]).status());
}

/// Whether a process exists and is no zombie.
fn is_alive(id: u32) -> bool {
    all_processes()
        .iter()
        .any(|process| process.id == id && !process.is_zombie)
}

/// All processes below these, at any depth.
fn descendants(roots: &BTreeSet<u32>) -> BTreeSet<u32> {
    let all = all_processes();
    let mut found = BTreeSet::new();
    let mut parents = roots.clone();
    while !parents.is_empty() {
        let children: BTreeSet<u32> = all
            .iter()
            .filter(|process| parents.contains(&process.parent) && !found.contains(&process.id))
            .map(|process| process.id)
            .collect();
        found.extend(&children);
        parents = children;
    }
    found
}

struct Process {
    id: u32,
    parent: u32,
    is_zombie: bool,
}

/// `/proc` where there is one, else `ps` (which slim containers lack).
fn all_processes() -> Vec<Process> {
    let Ok(folder) = fs::read_dir("/proc") else {
        return from_ps();
    };
    let found: Vec<Process> = folder
        .filter_map(|entry| {
            let id: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            from_stat(id, &fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
        })
        .collect();
    if found.is_empty() { from_ps() } else { found }
}

/// `ID (NAME) STATE PARENT …`, where NAME may hold spaces and parentheses.
fn from_stat(id: u32, stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    Some(Process {
        id,
        parent,
        is_zombie: state == "Z",
    })
}

fn from_ps() -> Vec<Process> {
    let Ok(output) = Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat="]).output() else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            Some(Process {
                id: fields.next()?.parse().ok()?,
                parent: fields.next()?.parse().ok()?,
                is_zombie: fields.next()?.starts_with('Z'),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()))
    }

    #[tokio::test]
    async fn a_whole_tree_is_gone_when_its_owner_is_dropped() {
        let logs = folder("tree");
        let mut processes = Processes::new(&logs).unwrap();
        // The inner shell is a grandchild that ignores the polite signal and tells its own ID.
        let script = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait";
        processes
            .start("tree", Command::new("sh").args(["-c", script]))
            .unwrap();
        let log = processes.log("tree");
        let grandchild: u32 = loop {
            if let Ok(id) = fs::read_to_string(&log).unwrap().trim().parse() {
                break id;
            }
            tokio::task::yield_now().await;
        };
        assert!(is_alive(grandchild));

        drop(processes);

        assert!(!is_alive(grandchild), "{grandchild} outlived its owner");
        fs::remove_dir_all(logs).unwrap();
    }

    #[tokio::test]
    async fn a_program_that_ends_by_itself_is_named_with_its_last_words() {
        let logs = folder("ended");
        let mut processes = Processes::new(&logs).unwrap();
        processes
            .start(
                "short",
                Command::new("sh").args(["-c", "echo the disk is full; exit 3"]),
            )
            .unwrap();

        let status = processes.end_of("short").await.unwrap();

        assert_eq!(status.code(), Some(3));
        let error = processes.check().unwrap_err().to_string();
        assert!(
            error.contains("short ended") && error.contains("the disk is full"),
            "{error}"
        );
        fs::remove_dir_all(logs).unwrap();
    }

    #[test]
    fn a_process_name_may_hold_parentheses() {
        let process = from_stat(7, "7 (a) b (c) S 42 7 7 0").unwrap();
        assert_eq!((process.parent, process.is_zombie), (42, false));
    }
}
