//! `start` and `stop`.

use std::fs;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::part::Part;
use super::process::Process;
use super::s3::S3;
use super::{emulator, lock, logs, ports, postgres, s3};
use crate::project::Project;

const READY_DEADLINE: Duration = Duration::from_mins(1);
const LOCK: &str = "lock";
const POLL: Duration = Duration::from_millis(50);

/// Start what does not run yet.
///
/// # Errors
///
/// When a part cannot be started, with the end of its log.
pub fn start(project: &Project, s3: S3) -> Result<ExitCode> {
    emulator::check(project)?;
    if s3 == S3::Model {
        s3::check(project)?;
    }
    // Two commands at once would start two emulators.
    let _lock = lock::wait(project, LOCK)?;
    s3.choose(project)?;
    project.folder("pulumi/state")?;
    for part in Part::all(project) {
        if Process::running(project, part).is_some() {
            let address = ports::remembered(project, part.id()).map(|port| part.address(port));
            println!("{part}: already running at {}", address.unwrap_or_default());
            continue;
        }
        let port = ports::claim(project, part.id())?;
        eprintln!("{part}: starting");
        let begun = Instant::now();
        match part {
            Part::Emulator => start_emulator(project, port)?,
            Part::S3 => start_s3(project, port)?,
            Part::Postgres => start_postgres(project, port)?,
        }
        println!("{part}: ready at {} after {:.1} s", part.address(port), begun.elapsed().as_secs_f64());
    }
    println!("\nnext: eval \"$(lambench local env)\"");
    Ok(ExitCode::SUCCESS)
}

/// End what `start` began.
///
/// # Errors
///
/// When a process does not end.
pub fn stop(project: &Project) -> Result<ExitCode> {
    let _lock = lock::wait(project, LOCK)?;
    for part in Part::all(project).rev() {
        let Some(process) = Process::running(project, part) else {
            println!("{part}: not running");
            continue;
        };
        eprintln!("{part}: stopping");
        process.stop(stop_signal(part))?;
        println!("{part}: stopped");
    }
    emulator::end_workers(project);
    Ok(ExitCode::SUCCESS)
}

/// PostgreSQL takes SIGTERM as "when the last client has gone"; SIGINT ends its clients.
fn stop_signal(part: Part) -> Signal {
    match part {
        Part::Emulator | Part::S3 => Signal::TERM,
        Part::Postgres => Signal::INT,
    }
}

fn start_emulator(project: &Project, port: u16) -> Result<()> {
    let process = emulator::spawn(project, port)?;
    process.remember(project, Part::Emulator)?;
    wait_until_ready(project, Part::Emulator, process, || emulator::is_ready(port))
}

fn start_s3(project: &Project, port: u16) -> Result<()> {
    let process = s3::spawn(project, port)?;
    process.remember(project, Part::S3)?;
    wait_until_ready(project, Part::S3, process, || s3::is_ready(project))
}

fn start_postgres(project: &Project, port: u16) -> Result<()> {
    let process = postgres::spawn(project, port).with_context(|| at_start(project, Part::Postgres))?;
    process.remember(project, Part::Postgres)
}

fn wait_until_ready(
    project: &Project,
    part: Part,
    process: Process,
    is_ready: impl Fn() -> bool,
) -> Result<()> {
    let deadline = Instant::now() + READY_DEADLINE;
    while !is_ready() {
        if !process.is_alive() {
            bail!("{}", at_start(project, part));
        }
        if Instant::now() > deadline {
            process.stop(Signal::TERM)?;
            bail!("no answer within {} s; {}", READY_DEADLINE.as_secs(), at_start(project, part));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn at_start(project: &Project, part: Part) -> String {
    let file = part.log(project);
    let lines =
        fs::read_to_string(&file).map(|text| logs::last_lines(&text, 10).to_owned()).unwrap_or_default();
    if lines.trim().is_empty() {
        return format!("the {part} did not start");
    }
    format!("the {part} did not start; the end of its log '{}':\n{}", file.display(), lines.trim_end())
}
