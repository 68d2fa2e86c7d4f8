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
use crate::scenario::shared::billing_log::all_since;
use crate::scenario::shared::invocation_log::{Invocation, invocations, lines};

const POLL: Duration = Duration::from_secs(1);
/// How late CloudWatch has a START line, at most.
const LATE: Duration = Duration::from_secs(15);

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
    let mut none_since: Option<Instant> = None;
    while Instant::now() < deadline {
        let logged = logged_invocations(run, since).await?;
        let running = running(started, &logged);
        if running == 0 {
            // There are more than were started: one whose start cannot be found yet is not counted then.
            let since = *none_since.get_or_insert_with(Instant::now);
            let is_late = run.deployment().is_on_aws() && logged.len() as u64 > started;
            if !is_late || since.elapsed() >= LATE {
                break;
            }
        } else {
            none_since = None;
        }
        if running > 0 && told != running {
            told = running;
            output::print_error(format_args!("waiting for {running} invocations under way …"));
        }
        sleep(POLL).await;
    }
    Ok(())
}

/// How many of the contest's invocations are under way at least: those that were started and have logged no end, and those that
/// have logged their start only. Contenders that invoke themselves have more than were started.
fn running(started: u64, logged: &[Invocation]) -> u64 {
    let ended = logged.iter().filter(|one| one.report.is_some()).count();
    started.saturating_sub(ended as u64).max((logged.len() - ended) as u64)
}

/// The invocations of the contest's functions since a time.
async fn logged_invocations(run: &Run, since: Timestamp) -> Result<Vec<Invocation>> {
    let archive = &run.deployed;
    let harness = [&archive.functions.preflight, &archive.functions.verify].map(String::as_str);
    let functions: Vec<_> = archive.contenders.iter().map(|arn| function_name(arn)).chain(harness).collect();
    let (from_ms, to_ms) = all_since(since);
    let logs = functions.iter().map(|function| lines(run.context(), function, from_ms, to_ms));
    Ok(try_join_all(logs).await?.iter().flat_map(|lines| invocations(lines)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::log::Log;

    #[test]
    fn invocations_that_a_run_has_caused_are_not_taken_for_the_end_of_the_run() {
        let log = Log::default().start("run", 1000).in_stream("a").invocation("worker", 1100, 100);
        let logged = invocations(&log.in_stream("b").invocation("another", 1100, 100).lines());
        assert_eq!(running(1, &logged), 1, "the run itself");
        assert_eq!(running(5, &logged), 3, "what has logged nothing yet");
        assert_eq!(running(2, &logged[1..]), 0);
    }
}
