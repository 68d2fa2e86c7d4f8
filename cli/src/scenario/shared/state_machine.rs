//! One execution of a state machine, from start to outcome.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent, HistoryEventType as Event};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aws::failed;
use protocol::deployment::Deployment;

/// How often to ask: history calls are throttled at 5 per second on AWS (Step Functions quotas page).
const POLL: Duration = Duration::from_secs(1);

/// A state machine of a stack.
pub struct Machine<'a> {
    client: Client,
    deployment: &'a Deployment,
    arn: &'a str,
}

impl<'a> Machine<'a> {
    /// A deployed state machine.
    pub fn new(config: &SdkConfig, deployment: &'a Deployment, arn: &'a str) -> Self {
        Self { client: Client::new(config), deployment, arn }
    }

    /// The ARN that an execution of this name has.
    pub fn execution(&self, name: &str) -> String {
        format!("{}:{name}", self.arn.replacen(":stateMachine:", ":execution:", 1))
    }

    /// Starts an execution; returns its ARN.
    pub async fn start(&self, name: &str, input: &Value) -> Result<String> {
        let started = self
            .client
            .start_execution()
            .state_machine_arn(self.arn)
            .name(name)
            .input(input.to_string())
            .send()
            .await
            .map_err(|error| failed("StartExecution", self.deployment)(&error))?;
        Ok(started.execution_arn)
    }

    /// Follows an execution to its end; `tell` gets to know what has happened so far, at each poll.
    pub async fn follow(&self, execution: &str, mut tell: impl FnMut(&Events)) -> Result<Ended> {
        loop {
            let described = self
                .client
                .describe_execution()
                .execution_arn(execution)
                .send()
                .await
                .map_err(|error| failed("DescribeExecution", self.deployment)(&error))?;
            if described.status != ExecutionStatus::Running {
                return Ok(Ended(described));
            }
            tell(&self.events(execution).await?);
            tokio::time::sleep(POLL).await;
        }
    }

    /// Stops an execution; one that has ended already, or never was, is fine.
    pub async fn stop(&self, execution: &str) -> Result<()> {
        let stop = self.client.stop_execution().execution_arn(execution);
        match stop.error("Interrupted").cause("stopped by lambench").send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_validation_exception() || error.is_execution_does_not_exist()
                }) =>
            {
                Ok(())
            }
            Err(error) => Err(failed("StopExecution", self.deployment)(&error)),
        }
    }

    /// Fails if somebody else's execution is under way: two at once would slow each other down.
    pub async fn refuse_other(&self) -> Result<()> {
        let running = self
            .client
            .list_executions()
            .state_machine_arn(self.arn)
            .status_filter(ExecutionStatus::Running)
            .send()
            .await
            .map_err(|error| failed("ListExecutions", self.deployment)(&error))?;
        let Some(other) = running.executions.first() else { return Ok(()) };
        bail!(
            "another run of this stack is under way since {}, and two at once would slow each other down: wait for it, or \
             stop it with: aws stepfunctions stop-execution --execution-arn {}",
            other.start_date,
            other.execution_arn
        )
    }

    /// Counts the events in an execution's history.
    pub async fn events(&self, execution: &str) -> Result<Events> {
        let history = self.client.get_execution_history().execution_arn(execution);
        let mut pages = history.include_execution_data(false).max_results(1000).into_paginator().send();
        let mut events = Events::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("GetExecutionHistory", self.deployment)(&error))?;
            page.events().iter().for_each(|event| events.count(event));
        }
        Ok(events)
    }
}

/// How often what happened in an execution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Events {
    /// Lambda tasks that were scheduled, each attempt.
    pub scheduled: u64,
    /// Those of them that have ended.
    pub ended: u64,
    /// Task states that were entered.
    tasks: u64,
    /// States of all kinds that were entered.
    states: u64,
}

impl Events {
    fn count(&mut self, event: &HistoryEvent) {
        match &event.r#type {
            Event::TaskScheduled => self.scheduled += 1,
            Event::TaskSucceeded | Event::TaskFailed | Event::TaskTimedOut => self.ended += 1,
            Event::TaskStateEntered => {
                self.tasks += 1;
                self.states += 1;
            }
            other if other.as_str().ends_with("StateEntered") => self.states += 1,
            _ => {}
        }
    }

    /// What is charged for: the start, each state entered, and each retry.
    pub fn transitions(&self) -> u64 {
        1 + self.states + self.scheduled.saturating_sub(self.tasks)
    }
}

/// An execution that has ended, well or not.
pub struct Ended(DescribeExecutionOutput);

impl Ended {
    /// When it started and ended, by the clock of Step Functions, ms since 1970.
    pub fn span_ms(&self) -> (i64, i64) {
        let ms = |time: &DateTime| time.to_millis().unwrap_or_default();
        let start = ms(&self.0.start_date);
        (start, self.0.stop_date.as_ref().map_or(start, ms))
    }

    /// What a successful execution returned; otherwise an error that says what failed and what to do, for which
    /// `advice` gets the cause.
    pub fn output<T: DeserializeOwned>(
        &self,
        what: &str,
        advice: impl FnOnce(&str) -> Option<String>,
    ) -> Result<T> {
        let Self(ended) = self;
        if ended.status == ExecutionStatus::Succeeded {
            return serde_json::from_str(ended.output.as_deref().unwrap_or_default())
                .context("the execution's output is from another version: deploy the stack again");
        }
        let cause = ended.cause.as_deref().map(message).unwrap_or_default();
        let advice = advice(&cause).unwrap_or_else(|| {
            format!(
                "see what happened with: aws stepfunctions get-execution-history --execution-arn {}",
                ended.execution_arn
            )
        });
        let error = ended.error.clone().unwrap_or_else(|| ended.status.as_str().to_lowercase());
        Err(anyhow!("{what} failed ({error}): {cause}\n{advice}"))
    }
}

/// A function's own message, out of the JSON that Lambda wraps it in.
pub fn message(cause: &str) -> String {
    serde_json::from_str::<Value>(cause)
        .ok()
        .and_then(|payload| payload.get("errorMessage")?.as_str().map(ToOwned::to_owned))
        .unwrap_or_else(|| cause.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:states:us-east-1:0:execution:lambench-dev-archive:x";

    fn ended(status: ExecutionStatus, error: Option<&str>, cause: Option<&str>) -> Ended {
        let described = DescribeExecutionOutput::builder()
            .execution_arn(ARN)
            .state_machine_arn("arn")
            .start_date(DateTime::from_secs(0))
            .status(status)
            .set_error(error.map(ToOwned::to_owned))
            .set_cause(cause.map(ToOwned::to_owned));
        Ended(described.build().unwrap())
    }

    #[test]
    fn a_failure_is_told_in_the_functions_own_words_with_the_scenarios_advice() {
        let cause = r#"{"errorType":"Prepare","errorMessage":"source bucket 'b' is empty"}"#;
        let ended = ended(ExecutionStatus::Failed, Some("Prepare"), Some(cause));
        let error = ended.output::<Value>("the contest", |cause| {
            assert_eq!(cause, "source bucket 'b' is empty");
            Some("refill it".to_owned())
        });
        assert_eq!(
            error.unwrap_err().to_string(),
            "the contest failed (Prepare): source bucket 'b' is empty\nrefill it"
        );
    }

    #[test]
    fn an_execution_that_somebody_stopped_is_told_as_aborted() {
        let error = ended(ExecutionStatus::Aborted, None, None).output::<Value>("the contest", |_| None);
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("the contest failed (aborted): "), "{error}");
        assert!(error.contains(&format!("get-execution-history --execution-arn {ARN}")), "{error}");
    }

    #[test]
    fn retries_are_charged_for_as_transitions() {
        let mut events = Events::default();
        let entered = [Event::PassStateEntered, Event::MapStateEntered, Event::TaskStateEntered];
        let task = [Event::TaskScheduled, Event::TaskFailed, Event::TaskScheduled, Event::TaskSucceeded];
        for (id, kind) in (1_i64..).zip(entered.into_iter().chain(task)) {
            let event = HistoryEvent::builder().timestamp(DateTime::from_secs(0)).r#type(kind).id(id);
            events.count(&event.build().unwrap());
        }
        assert_eq!((events.scheduled, events.ended, events.transitions()), (2, 2, 1 + 3 + 1));
    }
}
