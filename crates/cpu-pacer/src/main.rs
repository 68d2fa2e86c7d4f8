//! Holds processes to a share of a processor where there are no control groups: it stops them (SIGSTOP) when they have
//! used their share of 20 ms, and continues them (SIGCONT) when they may run again.
//!
//! It reads commands from its standard input, one a line, and answers each with a line. `PID` is the first process of an
//! execution environment; its descendants share with it.
//!
//! - `limit PID SHARE`: so many processors together, from now on.
//! - `stopped PID`: for how long it was stopped so far, ns. Its invocation is about to start, or has ended.
//! - `end PID`: no limit any more.
//!
//! At the end of its input it continues everything, and ends.

mod environment;
mod processes;

use std::collections::HashMap;
use std::io::{BufRead, stdin};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use environment::Environment;

/// How long to wait for a command while nothing is limited.
const IDLE: Duration = Duration::from_hours(1);

fn main() {
    let (sender, commands) = channel();
    thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    pace(&commands);
}

/// Obeys commands, and looks at environments when it is time to.
fn pace(commands: &Receiver<String>) {
    let mut environments = HashMap::new();
    loop {
        let now = Instant::now();
        environments
            .retain(|_, environment: &mut Environment| environment.next > now || environment.check(now));
        let next = environments.values().map(|environment| environment.next).min();
        let wait = next.map_or(IDLE, |next| next.saturating_duration_since(Instant::now()));
        match commands.recv_timeout(wait) {
            Ok(command) => {
                let answer =
                    obey(&mut environments, &command).unwrap_or_else(|error| format!("error: {error:#}"));
                println!("{answer}");
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    for environment in environments.values_mut() {
        environment.release(Instant::now());
    }
}

fn obey(environments: &mut HashMap<i32, Environment>, command: &str) -> Result<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let (name, pid) = words.first().zip(words.get(1)).context("expected a command and a process id")?;
    let pid = pid.parse().with_context(|| format!("'{pid}' is not a process id"))?;
    let now = Instant::now();
    match (*name, words.get(2)) {
        ("limit", Some(share)) => {
            let share = share.parse().with_context(|| format!("'{share}' is not a share"))?;
            environments.insert(pid, Environment::new(pid, share, now));
        }
        ("stopped", None) => {
            let stopped =
                environments.get_mut(&pid).map_or(Duration::ZERO, |environment| environment.stopped(now));
            return Ok(stopped.as_nanos().to_string());
        }
        ("end", None) => {
            if let Some(mut environment) = environments.remove(&pid) {
                environment.release(now);
            }
        }
        _ => bail!("unknown command '{command}'"),
    }
    Ok("ok".to_owned())
}
