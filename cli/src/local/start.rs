//! `start`: every service that does not run yet.

use std::fs;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::choice::Choice;
use super::cpu_mode::CpuMode;
use super::process::Process;
use super::s3_backend::S3Backend;
use super::s3_tls::S3Tls;
use super::service::Service;
use super::{certificates, emulator, lock, logs, postgres, s3_model};
use crate::output;
use crate::progress::{Mode, Spinner};
use crate::project::Project;

const READY_TIMEOUT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// Starts the services that do not run yet.
///
/// # Errors
///
/// When a service cannot be started, with the end of its log.
pub fn start(
    project: &Project,
    backend: S3Backend,
    tls: S3Tls,
    cpu: CpuMode,
    progress: Mode,
) -> Result<ExitCode> {
    emulator::check(project)?;
    if backend == S3Backend::Model {
        s3_model::check(project)?;
    }
    let _lock = lock::services(project)?;
    choose(project, backend, tls, cpu)?;
    let in_use = [Service::Postgres, Service::S3].iter().any(|server| server.process(project).is_some());
    certificates::ensure(project, in_use)?;
    project.folder("pulumi/state")?;
    for service in Service::all(project) {
        if service.process(project).is_some() {
            let address = service.port(project).map(|port| service.address(project, port));
            output::print_line(format_args!(
                "{service}: already running at {}",
                address.unwrap_or_default()
            ))?;
            continue;
        }
        let port = service.claim_port(project)?;
        let spinner = Spinner::new(progress, &format!("{service}: starting"));
        let started = Instant::now();
        start_service(project, service, port)?;
        drop(spinner);
        let seconds = started.elapsed().as_secs_f64();
        output::print_line(format_args!(
            "{service}: ready at {} after {seconds:.1} s",
            service.address(project, port)
        ))?;
    }
    output::print_line(format_args!("\nnext: eval \"$(lambench local env)\""))?;
    Ok(ExitCode::SUCCESS)
}

/// Stores which S3 the environment has, how it is reached, and how functions share processors; not while it runs with
/// other choices: the buckets of the other S3 are its own, and functions may be running.
fn choose(project: &Project, backend: S3Backend, tls: S3Tls, cpu: CpuMode) -> Result<()> {
    if [Service::S3, Service::Emulator].iter().any(|service| service.process(project).is_some()) {
        const END: &str = "stop it first with `lambench local stop`";
        if let Some(other) = S3Backend::chosen(project).filter(|chosen| *chosen != backend) {
            bail!("the local environment is running with S3 of the {}: {END}", other.name());
        }
        if let Some(other) = S3Tls::chosen(project).filter(|chosen| *chosen != tls) {
            bail!("the local environment is running with --s3-tls {}: {END}", other.name());
        }
        if let Some(other) = CpuMode::chosen(project).filter(|chosen| *chosen != cpu) {
            bail!("the local environment is running with --cpu {}: {END}", other.name());
        }
    }
    backend.remember(project)?;
    tls.remember(project)?;
    cpu.remember(project)
}

fn start_service(project: &Project, service: Service, port: u16) -> Result<()> {
    let process = match service {
        Service::Emulator => emulator::spawn(project, port)?,
        Service::S3 => s3_model::spawn(project, port)?,
        Service::Postgres => postgres::spawn(project, port).with_context(|| failure(project, service))?,
    };
    service.remember(project, process)?;
    match service {
        Service::Emulator => {
            wait_until_ready(project, service, process, || emulator::is_ready(project, port))
        }
        Service::S3 => wait_until_ready(project, service, process, || s3_model::is_ready(project)),
        // `spawn` has waited.
        Service::Postgres => Ok(()),
    }
}

fn wait_until_ready(
    project: &Project,
    service: Service,
    process: Process,
    is_ready: impl Fn() -> bool,
) -> Result<()> {
    let deadline = Instant::now() + READY_TIMEOUT;
    while !is_ready() {
        if !process.is_alive() {
            bail!("{}", failure(project, service));
        }
        if Instant::now() > deadline {
            process.stop(Signal::TERM)?;
            bail!("no response within {} s; {}", READY_TIMEOUT.as_secs(), failure(project, service));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn failure(project: &Project, service: Service) -> String {
    let file = service.log(project);
    let lines =
        fs::read_to_string(&file).map(|text| logs::last_lines(&text, 10).to_owned()).unwrap_or_default();
    if lines.trim().is_empty() {
        return format!("the {service} did not start");
    }
    format!("the {service} did not start; the end of its log '{}':\n{}", file.display(), lines.trim_end())
}
