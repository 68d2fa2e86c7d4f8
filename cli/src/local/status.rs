//! `status`: what runs, where, since when.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::part::Part;
use super::process::Process;
use super::{ports, s3};
use crate::project::Project;

const NOT_ALL_RUN: u8 = 3;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartStatus {
    part: &'static str,
    running: bool,
    pid: Option<i32>,
    address: Option<String>,
    /// Of counters and faults; the S3 model's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<String>,
    uptime_seconds: Option<u64>,
    log: PathBuf,
}

/// Print the state of every part; the exit code is 3 if one does not run.
///
/// # Errors
///
/// When nothing can be printed.
pub fn status(project: &Project, json: bool) -> Result<ExitCode> {
    let parts: Vec<PartStatus> = Part::all(project).map(|part| of(project, part)).collect();
    if json {
        println!("{}", serde_json::to_string_pretty(&parts)?);
    } else {
        println!("{}", table(&parts));
    }
    let all = parts.iter().all(|part| part.running);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALL_RUN) })
}

fn of(project: &Project, part: Part) -> PartStatus {
    let process = Process::running(project, part);
    let uptime = process.as_ref().and_then(Process::uptime);
    PartStatus {
        part: part.id(),
        running: process.is_some(),
        pid: process.map(|process| process.pid),
        address: ports::remembered(project, part.id()).map(|port| part.address(port)),
        admin: s3::addresses(project).filter(|_| part == Part::S3).map(|to| to.admin),
        uptime_seconds: uptime.map(|uptime| uptime.as_secs()),
        log: part.log(project),
    }
}

fn table(parts: &[PartStatus]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["part", "state", "pid", "address", "uptime"]);
    for part in parts {
        table.add_row([
            part.part.to_owned(),
            if part.running { "running" } else { "stopped" }.to_owned(),
            part.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
            address(part),
            part.uptime_seconds.map_or_else(|| "-".to_owned(), |seconds| human(Duration::from_secs(seconds))),
        ]);
    }
    table
}

fn address(part: &PartStatus) -> String {
    let address = part.address.as_deref().unwrap_or("-");
    part.admin.as_ref().map_or_else(|| address.to_owned(), |admin| format!("{address}, admin {admin}"))
}

fn human(uptime: Duration) -> String {
    let seconds = uptime.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uptime_reads_well_at_every_length() {
        assert_eq!(human(Duration::from_secs(7)), "7 s");
        assert_eq!(human(Duration::from_secs(187)), "3 min 7 s");
        assert_eq!(human(Duration::from_mins(121)), "2 h 1 min");
    }
}
