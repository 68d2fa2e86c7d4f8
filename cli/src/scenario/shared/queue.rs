//! What SQS says of a queue.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, QueueAttributeName as Name};
use protocol::deployment::Deployment;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::aws::failed;
use crate::scenario::shared::run_context::RunContext;

/// Messages that a request carries: SQS's limit.
pub const BATCH: i32 = 10;
/// Between two polls of the queue.
const POLL: Duration = Duration::from_secs(1);
/// How long SQS's counts may show messages that are gone: they are right within a minute (SQS API Reference).
pub const COUNTS_SETTLE: Duration = Duration::from_mins(1);

/// How long a message of the queue may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A message that was received is hidden for so long.
    pub visibility: Duration,
    /// Receives before SQS moves a message to the dead-letter queue.
    pub receives: u32,
}

impl Limits {
    /// A message that has been neither done nor dead-lettered for so long has got lost: each receive hides it for the
    /// visibility timeout, and after the last one it is in the dead-letter queue.
    pub fn patience(&self) -> Duration {
        self.visibility * self.receives + COUNTS_SETTLE
    }
}

/// What the queue says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Attributes {
    /// Messages in it, hidden or not.
    pub depth: u64,
    /// How long they may take.
    pub limits: Limits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    max_receive_count: serde_json::Value,
}

/// Waits until the queue is empty, so that no other run's messages disturb this one's; returns its limits.
///
/// # Errors
/// If it isn't within a minute.
pub async fn until_empty(context: RunContext<'_>, url: &str) -> Result<Limits> {
    let deadline = Instant::now() + COUNTS_SETTLE;
    loop {
        let found = attributes(context, url).await?;
        if found.depth == 0 {
            return Ok(found.limits);
        }
        if Instant::now() >= deadline {
            bail!(
                "the queue holds {} messages of another run, which would disturb this one: wait for them, or empty it \
                 with: {}",
                found.depth,
                purge_command(context.deployment, url)
            );
        }
        sleep(POLL).await;
    }
}

/// Asks the queue.
///
/// # Errors
/// If there is none, or it has no dead-letter queue.
pub async fn attributes(context: RunContext<'_>, url: &str) -> Result<Attributes> {
    const COUNTS: [Name; 3] = [
        Name::ApproximateNumberOfMessages,
        Name::ApproximateNumberOfMessagesNotVisible,
        Name::ApproximateNumberOfMessagesDelayed,
    ];
    let answer = Client::new(context.config)
        .get_queue_attributes()
        .queue_url(url)
        .set_attribute_names(Some([&COUNTS[..], &[Name::VisibilityTimeout, Name::RedrivePolicy]].concat()))
        .send()
        .await
        .map_err(|error| failed("GetQueueAttributes", context.deployment)(&error))?;
    let values = answer.attributes.unwrap_or_default();
    let number = |name: &Name| values.get(name).and_then(|value| value.parse::<u64>().ok());
    let receives = values.get(&Name::RedrivePolicy).and_then(|policy| max_receives(policy));
    let limits = number(&Name::VisibilityTimeout)
        .zip(receives)
        .map(|(seconds, receives)| Limits { visibility: Duration::from_secs(seconds), receives });
    Ok(Attributes {
        depth: COUNTS.iter().filter_map(number).sum(),
        limits: limits.with_context(|| {
            format!(
                "{url} has no dead-letter queue: deploy the stack again with: {}",
                context.deployment.pulumi("up")
            )
        })?,
    })
}

/// The redrive policy's number, which clients write as a number or as text.
fn max_receives(policy: &str) -> Option<u32> {
    let policy: RedrivePolicy = serde_json::from_str(policy).ok()?;
    match policy.max_receive_count {
        serde_json::Value::Number(number) => number.as_u64()?.try_into().ok(),
        serde_json::Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Empties the queue of a run that the user stops, and knows when what was under way has ended.
#[derive(Debug, Default)]
pub struct Emptying {
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// The user has not stopped the run.
    #[default]
    Full,
    /// Since a time, no message is there but those that were received already.
    Emptied(Instant),
    /// That was not possible: all messages are waited for.
    Refused,
}

impl Emptying {
    /// Whether a run that was stopped is over: its queue has been emptied, and nothing has changed since then and for longer than
    /// a message that is under way may take; `idle` is for how long nothing has.
    pub async fn is_over(
        &mut self,
        context: RunContext<'_>,
        url: &str,
        idle: Duration,
        quiet: Duration,
    ) -> bool {
        if matches!(self.state, State::Full) && context.stop.is_requested() {
            self.state = empty(context, url).await;
        }
        match self.state {
            State::Emptied(since) => idle.min(since.elapsed()) > quiet,
            State::Full | State::Refused => false,
        }
    }
}

async fn empty(context: RunContext<'_>, url: &str) -> State {
    match Client::new(context.config).purge_queue().queue_url(url).send().await {
        Ok(_) => State::Emptied(Instant::now()),
        Err(error) => {
            let error = failed("PurgeQueue", context.deployment)(&error);
            context.notify(&format!(
                "the queue cannot be emptied, so all its messages are waited for: {error:#}"
            ));
            State::Refused
        }
    }
}

/// The command that empties a queue.
pub fn purge_command(deployment: &Deployment, url: &str) -> String {
    format!("{} --queue-url {url}", deployment.aws("sqs purge-queue"))
}

/// An attribute of a message that is text.
pub fn attribute<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.message_attributes()?.get(name)?.string_value()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::time::advance;

    use super::*;
    use crate::scenario::shared::run::Run;
    use crate::scenario::shared::testing::{self, Deployed};

    /// A run whose `PurgeQueue` is answered with a status, and how often it was asked for.
    fn run(status: u16) -> (Run<Deployed>, test_kit::aws::Requests) {
        let (config, requests) = test_kit::aws::config(move |_, _| (status, json!({})));
        (Run { config, ..testing::run("x", json!({ "settings": {} })) }, requests)
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_is_stopped_empties_its_queue_once_and_waits_for_what_is_under_way() {
        let (run, requests) = run(200);
        let (quiet, idle) = (Duration::from_secs(5), Duration::from_mins(1));
        let mut emptying = Emptying::default();
        let mut is_over = async |idle| emptying.is_over(run.context(), "http://q", idle, quiet).await;
        assert!(!is_over(idle).await, "nobody has stopped it");
        run.stop.request();
        assert!(!is_over(idle).await, "what was received before may still change something");
        advance(Duration::from_secs(6)).await;
        assert!(!is_over(Duration::from_secs(1)).await, "something has just changed");
        assert!(is_over(idle).await);
        assert_eq!(test_kit::aws::requests(&requests, "PurgeQueue").len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_cannot_be_emptied_is_waited_for() {
        let (run, _) = run(403);
        run.stop.request();
        let mut emptying = Emptying::default();
        let (quiet, idle) = (Duration::from_secs(5), Duration::from_mins(1));
        assert!(!emptying.is_over(run.context(), "http://q", idle, quiet).await);
        advance(Duration::from_mins(2)).await;
        assert!(!emptying.is_over(run.context(), "http://q", idle, quiet).await);
    }

    #[test]
    fn a_message_may_use_all_its_receives_before_it_counts_as_lost() {
        let limits = Limits { visibility: Duration::from_mins(6), receives: 5 };
        assert_eq!(limits.patience(), Duration::from_mins(31));
    }

    #[test]
    fn the_number_of_receives_is_read_in_both_of_its_forms() {
        assert_eq!(max_receives(r#"{"maxReceiveCount": 5, "deadLetterTargetArn": "a"}"#), Some(5));
        assert_eq!(max_receives(r#"{"maxReceiveCount": "3"}"#), Some(3));
        assert_eq!(max_receives("{}"), None);
    }
}
