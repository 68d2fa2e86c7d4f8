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

/// The error of a task whose function was not invoked, since no concurrency was free.
pub const THROTTLED: &str = "Lambda.TooManyRequestsException";
/// Events that a request gets at most: what the API gives, and what is usual between two polls.
const LARGEST_PAGE: i32 = 1000;
const SMALL_PAGE: i32 = 100;

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
        let mut history = History::default();
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
            self.read_on(execution, &mut history).await?;
            tell(&history.events);
            tokio::time::sleep(POLL).await;
        }
    }

    /// Stops an execution; one that has ended already, or never was, is fine.
    pub async fn stop(&self, execution: &str) -> Result<()> {
        stop(&self.client, self.deployment, execution).await
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
            "another run of this stack has been under way since {}, and two at once would slow each other \
             down: wait for it, or stop it with: aws stepfunctions stop-execution --execution-arn {}",
            other.start_date,
            other.execution_arn
        )
    }

    /// Counts the events in an execution's history.
    pub async fn events(&self, execution: &str) -> Result<Events> {
        let mut history = History::default();
        self.read_on(execution, &mut history).await?;
        Ok(history.events)
    }

    /// What the tasks of an execution returned that have ended well, in that order.
    pub async fn task_outputs(&self, execution: &str) -> Result<Vec<String>> {
        let request = self.client.get_execution_history().execution_arn(execution);
        let mut pages = request.max_results(LARGEST_PAGE).into_paginator().send();
        let mut outputs = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("GetExecutionHistory", self.deployment)(&error))?;
            let succeeded = page.events.into_iter().filter_map(|event| event.task_succeeded_event_details);
            outputs.extend(succeeded.filter_map(|details| details.output));
        }
        Ok(outputs)
    }

    /// Counts the events that a history has had since the last time. A running execution's last page has no token to go on
    /// with later (API reference of `GetExecutionHistory`), so they are read from the newest one back.
    async fn read_on(&self, execution: &str, history: &mut History) -> Result<()> {
        let page_size = if history.newest == 0 { LARGEST_PAGE } else { SMALL_PAGE };
        let request = self.client.get_execution_history().execution_arn(execution);
        let request = request.include_execution_data(false).reverse_order(true).max_results(page_size);
        let (mut pages, known) = (request.into_paginator().send(), history.newest);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("GetExecutionHistory", self.deployment)(&error))?;
            for event in page.events() {
                if event.id <= known {
                    return Ok(());
                }
                history.newest = history.newest.max(event.id);
                history.events.count(event);
            }
        }
        Ok(())
    }
}

/// Stops an execution of any state machine; one that has ended already, or never was, is fine.
pub async fn stop(client: &Client, deployment: &Deployment, execution: &str) -> Result<()> {
    let stop = client.stop_execution().execution_arn(execution);
    match stop.error("Interrupted").cause("stopped by lambench").send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error.as_service_error().is_some_and(|error| {
                error.is_validation_exception() || error.is_execution_does_not_exist()
            }) =>
        {
            Ok(())
        }
        Err(error) => Err(failed("StopExecution", deployment)(&error)),
    }
}

/// An execution's history as far as it was read.
#[derive(Default)]
struct History {
    /// The number of the newest event.
    newest: i64,
    events: Events,
}

/// How often what happened in an execution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Events {
    /// Lambda tasks that were scheduled, each attempt.
    pub scheduled: u64,
    /// Those of them that have ended.
    pub ended: u64,
    /// Those that were throttled, and so never reached their functions.
    pub throttled: u64,
    /// States named `Cleanup…` that were entered: from then on, what the execution has made is being removed.
    pub cleanups: u64,
    /// Task states that were entered.
    tasks: u64,
    /// States of all kinds that were entered.
    states: u64,
}

impl Events {
    fn count(&mut self, event: &HistoryEvent) {
        match &event.r#type {
            Event::TaskScheduled => self.scheduled += 1,
            Event::TaskSucceeded | Event::TaskFailed | Event::TaskTimedOut => {
                self.ended += 1;
                let failure = event.task_failed_event_details.as_ref();
                let error = failure.and_then(|details| details.error.as_deref());
                self.throttled += u64::from(error == Some(THROTTLED));
            }
            Event::TaskStateEntered => {
                self.tasks += 1;
                self.states += 1;
                let entered = event.state_entered_event_details.as_ref();
                self.cleanups += u64::from(entered.is_some_and(|state| state.name.starts_with("Cleanup")));
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
        let arn = &ended.execution_arn;
        let advice = advice(&cause).unwrap_or_else(|| {
            format!(
                "see what happened with: aws stepfunctions get-execution-history --execution-arn {arn} --region {}",
                arn.split(':').nth(3).unwrap_or_default()
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;
    use test_kit::aws::Requests;

    use super::*;
    use crate::scenario::shared::testing::{self, Deployed};

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

    fn task_failed(id: i64, error: &str) -> Value {
        let details = json!({ "resourceType": "lambda", "resource": "invoke", "error": error });
        json!({ "id": id, "timestamp": 0, "type": "TaskFailed", "taskFailedEventDetails": details })
    }

    fn task_scheduled(id: i64) -> Value {
        json!({ "id": id, "timestamp": 0, "type": "TaskScheduled" })
    }

    /// A history that grows by two events with each request.
    fn growing(events: Vec<Value>) -> (SdkConfig, Requests) {
        let requests = AtomicUsize::new(0);
        test_kit::aws::config(move |_, request| {
            assert_eq!(request["reverseOrder"], true);
            let known = 2 * (requests.fetch_add(1, Ordering::Relaxed) + 1);
            let mut page: Vec<_> = events.iter().take(known).cloned().collect();
            page.reverse();
            (200, json!({ "events": page }))
        })
    }

    #[tokio::test]
    async fn each_event_of_a_growing_history_is_counted_once_and_a_throttled_task_never_ran() {
        let events = [1, 3, 5].into_iter().flat_map(|id| {
            let error = if id == 3 { THROTTLED } else { "Crash" };
            [task_scheduled(id), task_failed(id + 1, error)]
        });
        let (config, requests) = growing(events.collect());
        let run = testing::run::<Deployed>("x", json!({ "settings": {} }));
        let machine = Machine::new(&config, run.deployment(), ARN);
        let mut history = History::default();
        for tasks in 1..=3 {
            machine.read_on(ARN, &mut history).await.unwrap();
            assert_eq!((history.events.scheduled, history.events.ended), (tasks, tasks));
        }
        assert_eq!(history.events.throttled, 1);
        let pages = test_kit::aws::requests(&requests, "GetExecutionHistory");
        let sizes: Vec<_> = pages.iter().map(|page| page["maxResults"].as_i64().unwrap()).collect();
        assert_eq!(sizes, [1000, 100, 100], "what is known already is not read in full again");
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
