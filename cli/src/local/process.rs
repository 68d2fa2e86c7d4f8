//! Background processes, identified by id and start time so that a reused id is never mistaken for ours.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::{Deserialize, Serialize};

const POLL: Duration = Duration::from_millis(20);
/// On SIGTERM the emulator writes its state to disk: 10 s for a million metric values.
const GRACE: Duration = Duration::from_mins(1);
/// The unit of start times in `/proc`; Linux fixed it for programs.
const TICKS_PER_SECOND: u64 = 100;

/// A process that `lambench local start` has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Process id.
    pub pid: i32,
    /// Clock ticks between the machine's start and its own.
    started: u64,
}

impl Process {
    /// The process with this id.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn of(pid: i32) -> Result<Self> {
        let stat = Stat::read(pid).with_context(|| format!("process {pid} has ended"))?;
        Ok(Self { pid, started: stat.started })
    }

    /// Whether it has not ended; a process that has and was not collected counts as ended.
    pub fn is_alive(&self) -> bool {
        Stat::read(self.pid).is_some_and(|stat| stat.started == self.started && stat.state != 'Z')
    }

    /// Time since its start.
    pub fn uptime(&self) -> Option<Duration> {
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let seconds: f64 = uptime.split_whitespace().next()?.parse().ok()?;
        let started = Duration::from_millis(self.started * 1000 / TICKS_PER_SECOND);
        Some(Duration::from_secs_f64(seconds).saturating_sub(started))
    }

    /// Ends it: with this signal first, then with SIGKILL.
    ///
    /// # Errors
    ///
    /// When it is still there afterwards.
    pub fn stop(&self, first: Signal) -> Result<()> {
        for kind in [first, Signal::KILL] {
            if !self.is_alive() {
                return Ok(());
            }
            signal(self.pid, kind);
            let deadline = Instant::now() + GRACE;
            while self.is_alive() && Instant::now() < deadline {
                thread::sleep(POLL);
            }
        }
        if self.is_alive() {
            bail!("process {} does not exit: kill it with `kill -9 {}`", self.pid, self.pid);
        }
        Ok(())
    }
}

/// Kills every process that has this entry, `NAME=value`, in its environment.
pub fn kill_marked(entry: &str) {
    let Ok(processes) = fs::read_dir("/proc") else { return };
    for pid in processes.flatten().filter_map(|process| process.file_name().to_str()?.parse().ok()) {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|other| other == entry.as_bytes()) {
            signal(pid, Signal::KILL);
        }
    }
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid).filter(|pid| test_kill_process(*pid).is_ok()) {
        // It may end by itself in between: callers check whether it is there afterwards.
        let _ = kill_process(pid, signal);
    }
}

struct Stat {
    state: char,
    started: u64,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Fields by number of proc(5): the name, field 2, may contain spaces and brackets itself.
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_whitespace().collect();
        Some(Self { state: fields.first()?.chars().next()?, started: fields.get(19)?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 7 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0";
        let stat = Stat::parse(stat).unwrap();
        assert_eq!((stat.state, stat.started), ('S', 4242));
    }

    #[test]
    fn a_reused_id_is_neither_alive_nor_stopped() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(child.id().cast_signed()).unwrap();
        let earlier = Process { started: process.started - 1, ..process };
        assert!(process.is_alive() && !earlier.is_alive());
        earlier.stop(Signal::TERM).unwrap();
        assert!(process.is_alive(), "stop ended a process that is not ours");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_marked_process_is_ended_and_no_other() {
        let sleep = |mark: &str| Command::new("sleep").arg("60").env("LAMBENCH_TEST", mark).spawn().unwrap();
        let mark = format!("a b {}", std::process::id());
        let (mut marked, mut other) = (sleep(&mark), sleep(&format!("{mark}0")));
        // A process that has just started may not show its environment yet.
        let deadline = Instant::now() + Duration::from_secs(30);
        while marked.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the marked process was not ended");
            kill_marked(&format!("LAMBENCH_TEST={mark}"));
            thread::sleep(POLL);
        }
        assert!(other.try_wait().unwrap().is_none(), "a process of another checkout was ended");
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn a_stopped_process_is_gone() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(child.id().cast_signed()).unwrap();
        process.stop(Signal::TERM).unwrap();
        assert!(!process.is_alive());
        child.wait().unwrap();
    }
}
