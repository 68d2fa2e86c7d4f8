//! `stop`: the end of what `start` has started.

use std::process::ExitCode;

use anyhow::Result;
use rustix::process::Signal;

use super::service::Service;
use super::{emulator, lock};
use crate::output;
use crate::project::Project;

/// Ends what `start` has started.
///
/// # Errors
///
/// When a process does not end.
pub fn stop(project: &Project) -> Result<ExitCode> {
    let _lock = lock::services(project)?;
    // Whatever cannot be told, all are stopped.
    let mut told = Ok(());
    for service in Service::all(project).rev() {
        let Some(process) = service.process(project) else {
            told = told.and(output::print_line(format_args!("{service}: not running")));
            continue;
        };
        output::print_error(format_args!("{service}: stopping"));
        process.stop(signal(service))?;
        told = told.and(output::print_line(format_args!("{service}: stopped")));
    }
    emulator::end_workers(project);
    told.map(|()| ExitCode::SUCCESS)
}

/// On SIGTERM, PostgreSQL waits until its last client has gone; on SIGINT it disconnects them.
fn signal(service: Service) -> Signal {
    match service {
        Service::Emulator | Service::S3 => Signal::TERM,
        Service::Postgres => Signal::INT,
    }
}
