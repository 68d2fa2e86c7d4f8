//! Ending a run early without leaving anything behind.

use std::time::Duration;

use anyhow::Result;
use futures::future::try_join_all;
use jiff::Timestamp;
use protocol::archive::function_name;
use tokio::time::{Instant, sleep};

use super::cleanup::clean_up;
use super::recovery::RunMarker;
use super::{Run, machine};
use crate::exit::Interrupted;
use crate::output;
use crate::scenario::shared::billing_log::{Span, search};

const POLL: Duration = Duration::from_secs(1);

/// Stops the last of a contest's executions, measures what it has brought, and removes what it wrote. A contender that is running
/// cannot be stopped and might still write its archive: so its end is waited for, unless the user presses Ctrl-C again.
///
/// # Errors
/// [`Interrupted`] if the user did that.
pub async fn shut_down<T>(
    run: &Run,
    executions: &[String],
    measure: impl Future<Output = Result<T>>,
) -> Result<T> {
    let marker = RunMarker::write(run, executions)?;
    run.context().notify("stopping the execution …");
    stop(run, executions).await?;
    let measured = async {
        wait_for_invocations(run, executions, run.started_at).await?;
        measure.await
    };
    let measured = run.stop.unless_aborted(measured, || {
        "the execution was stopped and its archives were removed; the next run removes what invocations under way still write"
            .to_owned()
    });
    let measured = measured.await;
    // After another error, the next run ends what may go on.
    if measured.as_ref().err().is_none_or(anyhow::Error::is::<Interrupted>) {
        clean_up(run).await?;
        marker.remove();
    }
    measured
}

/// Stops the last of a contest's executions: those before it have ended.
pub async fn stop(run: &Run, executions: &[String]) -> Result<()> {
    match executions.last() {
        Some(execution) => machine(run).stop(execution).await,
        None => Ok(()),
    }
}

/// Waits until every invocation that the executions started has logged its end, or could not run any longer.
pub async fn wait_for_invocations(run: &Run, executions: &[String], since: Timestamp) -> Result<()> {
    let mut started = 0;
    for execution in executions {
        let events = machine(run).events(execution).await?;
        // A throttled attempt never reached its function, so it logs nothing; and cleaning up is no part of the contest.
        started += (events.scheduled - events.throttled).saturating_sub(events.cleanups);
    }
    let longest_run = Duration::from_secs(run.deployment().setting("timeoutSeconds").unwrap_or(900));
    let deadline = Instant::now() + longest_run;
    let mut told = 0;
    while Instant::now() < deadline {
        let running = started.saturating_sub(ended_invocations(run, since).await?);
        if running == 0 {
            break;
        }
        if told != running {
            told = running;
            output::print_error(format_args!("waiting for {running} invocations under way …"));
        }
        sleep(POLL).await;
    }
    Ok(())
}

/// How many invocations of the contest's functions have ended since a time: each logs one REPORT line.
async fn ended_invocations(run: &Run, since: Timestamp) -> Result<u64> {
    let archive = &run.deployed;
    let harness = [&archive.functions.preflight, &archive.functions.verify].map(String::as_str);
    let functions = archive.contenders.iter().map(|arn| function_name(arn)).chain(harness);
    let spans: Vec<_> = functions.map(|function| Span::since(function, since)).collect();
    let reports = try_join_all(spans.iter().map(|span| search(run.context(), span))).await?;
    Ok(reports.iter().map(|reports| reports.len() as u64).sum())
}
