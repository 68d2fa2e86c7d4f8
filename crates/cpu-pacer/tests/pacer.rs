//! The program holds real processes to their share, and leaves none of them stopped.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_mins(1);
/// The unit of CPU times in `/proc/PID/stat`.
const TICKS_PER_SECOND: f64 = 100.0;
const LOOP: &str = "while :; do :; done";

struct Pacer {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Pacer {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_lambench-cpu-pacer"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (commands, answers) = (process.stdin.take(), process.stdout.take().unwrap());
        Self { process, commands, answers: BufReader::new(answers) }
    }

    fn ask(&mut self, command: &str) -> String {
        writeln!(self.commands.as_ref().unwrap(), "{command}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim().to_owned()
    }

    fn end(mut self) {
        self.commands = None;
        assert!(self.process.wait().unwrap().success());
    }
}

/// A shell; it ends with this value, and so does its child.
struct Shell(Child);

impl Shell {
    fn start(script: &str) -> Self {
        Self(Command::new("sh").args(["-c", script]).spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn child(&self) -> Option<u32> {
        fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.pid())).ok()?.trim().parse().ok()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some(child) = self.child() {
            let _ = Command::new("kill").args(["-KILL", &child.to_string()]).status();
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The state of a process and its CPU time, s.
fn state(pid: u32) -> (char, f64) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    (fields[0].chars().next().unwrap(), ticks / TICKS_PER_SECOND)
}

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < DEADLINE, "{what} did not happen");
        thread::sleep(Duration::from_millis(1));
    }
}

/// How long a process takes for 0.2 s of CPU.
fn elapsed(pid: u32) -> f64 {
    let (started, (_, before)) = (Instant::now(), state(pid));
    wait_for("0.2 s of CPU", || state(pid).1 >= before + 0.2);
    started.elapsed().as_secs_f64()
}

#[test]
fn a_process_gets_its_share_and_everything_once_the_limit_is_off() {
    let (mut pacer, busy) = (Pacer::start(), Shell::start(LOOP));
    assert_eq!(pacer.ask(&format!("limit {} 0.1", busy.pid())), "ok");
    let seconds = elapsed(busy.pid());
    // 2 s; on a busy machine more.
    assert!(seconds > 1.5, "{seconds} s");
    let stopped: f64 = pacer.ask(&format!("stopped {}", busy.pid())).parse().unwrap();
    assert!(stopped / 1e9 > 1.0, "stopped for {stopped} ns");
    assert_eq!(pacer.ask(&format!("end {}", busy.pid())), "ok");
    wait_for("its end as a stopped process", || state(busy.pid()).0 != 'T');
    assert_eq!(pacer.ask(&format!("stopped {}", busy.pid())), "0");
    pacer.end();
}

#[test]
fn processes_that_it_starts_share_with_it() {
    let (mut pacer, busy) = (Pacer::start(), Shell::start(&format!("({LOOP}) & wait")));
    wait_for("its child", || busy.child().is_some());
    let child = busy.child().unwrap();
    assert_eq!(pacer.ask(&format!("limit {} 0.1", busy.pid())), "ok");
    let seconds = elapsed(child);
    assert!(seconds > 1.5, "{seconds} s");
    pacer.end();
    wait_for("its end as a stopped process", || state(child).0 != 'T');
}

#[test]
fn what_it_cannot_do_is_an_error_and_a_process_that_has_ended_is_none() {
    let mut pacer = Pacer::start();
    assert!(pacer.ask("limit x 1").starts_with("error: 'x' is not a process id"));
    assert!(pacer.ask("halt 1").starts_with("error: unknown command"));
    assert!(pacer.ask("").starts_with("error: expected a command"));
    let mut ended = Command::new("true").spawn().unwrap();
    let pid = ended.id();
    ended.wait().unwrap();
    assert_eq!(pacer.ask(&format!("limit {pid} 0.1")), "ok");
    assert_eq!(pacer.ask(&format!("stopped {pid}")), "0");
    pacer.end();
}
