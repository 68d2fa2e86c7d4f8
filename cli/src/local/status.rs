//! `status`: what runs, where, and since when.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use comfy_table::{Table, presets};
use results::cpu::CpuLimit;
use serde::Serialize;

use super::process::Process;
use super::processor::{ON_AWS, Speed};
use super::service::Service;
use super::{cpu_mode, s3_model};
use crate::output;
use crate::project::Project;
use crate::scenario::shared::cpu;

const NOT_ALL_RUN: u8 = 3;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceStatus {
    service: &'static str,
    running: bool,
    pid: Option<i32>,
    address: Option<String>,
    /// Where counters and faults are; only the S3 model has such an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<String>,
    uptime_seconds: Option<u64>,
    log: PathBuf,
    /// What holds functions to their share of a processor; only the emulator has functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<CpuLimit>,
}

/// Prints the state of every service; the exit code is 3 if one does not run.
///
/// # Errors
///
/// When nothing can be printed.
pub fn status(project: &Project, json: bool) -> Result<ExitCode> {
    let services: Vec<ServiceStatus> = Service::all(project).map(|service| of(project, service)).collect();
    if json {
        output::print_line(serde_json::to_string_pretty(&services)?)?;
    } else {
        output::print_line(table(&services))?;
        for limit in services.iter().filter_map(|service| service.cpu.as_ref()) {
            output::print_line(format_args!("\n{}", cpu_mode::describe(limit)))?;
            if let Some(speed) = Speed::stored(project).filter(|_| limit.mechanism != "off") {
                output::print_line(format_args!("  {}", speed.describe(ON_AWS)?))?;
            }
        }
    }
    let all = services.iter().all(|service| service.running);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALL_RUN) })
}

fn of(project: &Project, service: Service) -> ServiceStatus {
    let process = service.process(project);
    let uptime = process.as_ref().and_then(Process::uptime);
    let limit = || cpu::ask(&service.address(project, service.port(project)?)).map(|counts| counts.limit);
    ServiceStatus {
        service: service.id(),
        running: process.is_some(),
        pid: process.map(|process| process.pid),
        address: service.port(project).map(|port| service.address(project, port)),
        admin: s3_model::addresses(project).filter(|_| service == Service::S3).map(|to| to.admin),
        uptime_seconds: uptime.map(|uptime| uptime.as_secs()),
        log: service.log(project),
        cpu: process.filter(|_| service == Service::Emulator).and_then(|_| limit()),
    }
}

fn table(services: &[ServiceStatus]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["service", "state", "pid", "address", "uptime"]);
    for service in services {
        table.add_row([
            service.service.to_owned(),
            if service.running { "running" } else { "stopped" }.to_owned(),
            service.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
            address(service),
            service
                .uptime_seconds
                .map_or_else(|| "-".to_owned(), |seconds| duration(Duration::from_secs(seconds))),
        ]);
    }
    table
}

fn address(service: &ServiceStatus) -> String {
    let address = service.address.as_deref().unwrap_or("-");
    service.admin.as_ref().map_or_else(|| address.to_owned(), |admin| format!("{address}, admin {admin}"))
}

fn duration(uptime: Duration) -> String {
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
        assert_eq!(duration(Duration::from_secs(7)), "7 s");
        assert_eq!(duration(Duration::from_secs(187)), "3 min 7 s");
        assert_eq!(duration(Duration::from_mins(121)), "2 h 1 min");
    }
}
