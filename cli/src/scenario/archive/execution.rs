//! One execution of the state machine, from start to outcome.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use aws_config::SdkConfig;
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent, HistoryEventType as Event};
use jiff::Timestamp;
use results::contest::Contest;

use super::{Archive, states};
use crate::aws::failed;
use crate::progress::{Mode, Progress};

/// How often to ask: history calls are throttled at 5 a second on AWS (Step Functions quotas page).
const POLL: Duration = Duration::from_secs(1);

/// Starts the contest; returns the execution's ARN.
pub async fn start(archive: &Archive, config: &SdkConfig, now: Timestamp) -> Result<String> {
    let started = states(config)
        .start_execution()
        .state_machine_arn(&archive.state_machine)
        .name(now.strftime("lambench-%Y%m%dT%H%M%S%3fZ").to_string().replace('.', ""))
        .input(serde_json::json!({ "contenders": archive.contenders }).to_string())
        .send()
        .await
        .map_err(|error| failed("StartExecution", &archive.place)(&error))?;
    Ok(started.execution_arn)
}

/// Follows an execution to its end; the inner result is its outcome.
pub async fn follow(archive: &Archive, config: &SdkConfig, arn: &str, mode: Mode) -> Result<Result<Contest>> {
    let mut progress = Progress::new(mode, steps(archive));
    let client = states(config);
    let described = loop {
        let described = client
            .describe_execution()
            .execution_arn(arn)
            .send()
            .await
            .map_err(|error| failed("DescribeExecution", &archive.place)(&error))?;
        if described.status != ExecutionStatus::Running {
            break described;
        }
        let tasks = tasks(archive, config, arn).await?;
        let message = format!("invocations ended, {} under way", tasks.scheduled - tasks.ended);
        progress.set(tasks.ended, &message);
        tokio::time::sleep(POLL).await;
    };
    progress.end();
    Ok(match described.status {
        ExecutionStatus::Succeeded => serde_json::from_str(&described.output.unwrap_or_default())
            .context("the execution's output is from another version: deploy the stack again"),
        status => Err(failure(archive, arn, &status, described.error.as_deref(), described.cause.as_deref())),
    })
}

/// Stops an execution; one that has ended already is fine.
pub async fn stop(archive: &Archive, config: &SdkConfig, arn: &str) -> Result<()> {
    let stopped = states(config)
        .stop_execution()
        .execution_arn(arn)
        .error("Interrupted")
        .cause("stopped by lambench")
        .send()
        .await;
    match stopped {
        Ok(_) => Ok(()),
        Err(error) if ended(&error) => Ok(()),
        Err(error) => Err(failed("StopExecution", &archive.place)(&error)),
    }
}

fn ended(
    error: &aws_sdk_sfn::error::SdkError<aws_sdk_sfn::operation::stop_execution::StopExecutionError>,
) -> bool {
    error
        .as_service_error()
        .is_some_and(|error| error.is_validation_exception() || error.is_execution_does_not_exist())
}

/// Fails if somebody else's execution of this stack is under way: two at once would slow each other down.
pub async fn refuse_other(archive: &Archive, config: &SdkConfig) -> Result<()> {
    let running = states(config)
        .list_executions()
        .state_machine_arn(&archive.state_machine)
        .status_filter(ExecutionStatus::Running)
        .send()
        .await
        .map_err(|error| failed("ListExecutions", &archive.place)(&error))?;
    let Some(other) = running.executions.first() else { return Ok(()) };
    bail!(
        "another run of this stack is under way since {}, and two at once would slow each other down: wait for it, or \
         stop it with: aws stepfunctions stop-execution --execution-arn {}",
        other.start_date,
        other.execution_arn
    )
}

/// How many Lambda tasks an execution has scheduled, and how many of those have ended.
pub struct Tasks {
    pub scheduled: u64,
    pub ended: u64,
}

/// Counts the tasks in an execution's history.
pub async fn tasks(archive: &Archive, config: &SdkConfig, arn: &str) -> Result<Tasks> {
    let mut pages =
        states(config).get_execution_history().execution_arn(arn).max_results(1000).into_paginator().send();
    let mut tasks = Tasks { scheduled: 0, ended: 0 };
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("GetExecutionHistory", &archive.place)(&error))?;
        tasks.scheduled += count(&page.events, &[Event::TaskScheduled]);
        tasks.ended += count(&page.events, &[Event::TaskSucceeded, Event::TaskFailed, Event::TaskTimedOut]);
    }
    Ok(tasks)
}

fn count(events: &[HistoryEvent], kinds: &[Event]) -> u64 {
    events.iter().filter(|event| kinds.contains(&event.r#type)).count() as u64
}

/// Every run and its judgement, and the three steps around them.
fn steps(archive: &Archive) -> u64 {
    let runs = archive.place.setting("runsPerContender").unwrap_or(1);
    archive.contenders.len() as u64 * runs * 2 + 3
}

fn failure(
    archive: &Archive,
    arn: &str,
    status: &ExecutionStatus,
    error: Option<&str>,
    cause: Option<&str>,
) -> anyhow::Error {
    let cause = cause.map(message).unwrap_or_default();
    let advice = if cause.contains("source bucket") {
        format!("refill it with: {}", archive.fill_command)
    } else {
        format!("see what happened with: aws stepfunctions get-execution-history --execution-arn {arn}")
    };
    let what = error.map_or_else(|| status.as_str().to_lowercase(), ToOwned::to_owned);
    anyhow!("the contest failed ({what}): {cause}\n{advice}")
}

/// A function's own message, out of the JSON that Lambda wraps it in.
fn message(cause: &str) -> String {
    serde_json::from_str::<serde_json::Value>(cause)
        .ok()
        .and_then(|payload| payload.get("errorMessage")?.as_str().map(ToOwned::to_owned))
        .unwrap_or_else(|| cause.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::archive;

    const ARN: &str = "arn:aws:states:us-east-1:0:execution:lambench-dev-archive:x";

    #[test]
    fn a_wrong_bucket_is_told_with_the_command_that_refills_it() {
        let cause = r#"{"errorType":"Prepare","errorMessage":"source bucket 'b' holds 0 of 40 objects under 'files/'"}"#;
        let error =
            failure(&archive(), ARN, &ExecutionStatus::Failed, Some("Prepare"), Some(cause)).to_string();
        assert_eq!(
            error,
            "the contest failed (Prepare): source bucket 'b' holds 0 of 40 objects under 'files/'\n\
             refill it with: aws lambda invoke fill"
        );
    }

    #[test]
    fn an_execution_that_somebody_stopped_is_told_as_aborted() {
        let error = failure(&archive(), ARN, &ExecutionStatus::Aborted, None, None).to_string();
        assert!(error.starts_with("the contest failed (aborted): "), "{error}");
        assert!(error.contains(&format!("get-execution-history --execution-arn {ARN}")), "{error}");
    }
}
