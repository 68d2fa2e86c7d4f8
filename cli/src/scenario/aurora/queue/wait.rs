//! Waiting until each message is done or dead-lettered. SQS's counts say when it's worth asking, the ledger and the
//! dead-letter queue say what became of the messages.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_sqs::types::QueueAttributeName as Name;
use results::load::{Driver, Tally};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::dead::DeadLetters;
use crate::aws::failed;
use crate::progress::Progress;
use crate::scenario::aurora::tally::tally;
use crate::scenario::aurora::{Queue, Test};

/// Between two looks at the queue.
const POLL: Duration = Duration::from_secs(1);
/// How long SQS's counts may show messages that are gone: they are right within a minute (SQS API Reference).
const COUNTS_SETTLE: Duration = Duration::from_mins(1);

/// How long a message of the queue may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    visibility: Duration,
    receives: u32,
}

impl Limits {
    /// A message that has been neither done nor dead-lettered for so long has got lost: each receive hides it for the
    /// visibility timeout, and after the last one it is in the dead-letter queue.
    fn patience(&self) -> Duration {
        self.visibility * self.receives + COUNTS_SETTLE
    }
}

/// What the queue says of itself.
struct Attributes {
    depth: u64,
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    max_receive_count: serde_json::Value,
}

/// Waits until the queue is empty, so that no other run's messages disturb this one's; returns its limits.
pub async fn until_empty(test: &Test, queue: &Queue) -> Result<Limits> {
    let deadline = Instant::now() + COUNTS_SETTLE;
    loop {
        let found = attributes(test, queue).await?;
        if found.depth == 0 {
            return Ok(found.limits);
        }
        if Instant::now() >= deadline {
            bail!(
                "the queue holds {} messages of another run, which would disturb this one: wait for them, or empty it \
                 with: aws sqs purge-queue --queue-url {}",
                found.depth,
                queue.url
            );
        }
        sleep(POLL).await;
    }
}

/// Waits until a run's messages are done or dead-lettered, or nothing has changed for longer than one may take.
pub async fn until_handled(
    test: &Test,
    queue: &Queue,
    limits: &Limits,
    run: &str,
    sent: u64,
    driver: Driver,
) -> Result<(Tally, DeadLetters)> {
    let mut progress = Progress::new(test.progress, sent);
    let mut dead = DeadLetters::default();
    let mut seen = Seen::new(limits.patience());
    loop {
        let depth = attributes(test, queue).await?.depth;
        let is_stalled = seen.is_stalled(Instant::now());
        let mut done = 0;
        if depth == 0 || is_stalled {
            dead.collect(test, queue, run).await?;
            match tally(test, run, &dead.ids()).await {
                Ok(tally) if is_stalled || tally.done + dead.count(&tally.done_sources) >= sent => {
                    progress.end();
                    return Ok((tally, dead));
                }
                Ok(tally) => done = tally.done,
                // A database that restarts has no answer for a while.
                Err(error) if is_stalled || seen.is_unchanged_for(COUNTS_SETTLE) => return Err(error),
                Err(_) => {}
            }
        }
        progress.set(sent.saturating_sub(depth.max(1)), &format!("{driver} messages"));
        seen.look((depth, done, dead.ids().len() as u64), Instant::now());
        sleep(POLL).await;
    }
}

/// Since when nothing has changed.
struct Seen {
    counts: (u64, u64, u64),
    since: Instant,
    patience: Duration,
}

impl Seen {
    fn new(patience: Duration) -> Self {
        Self { counts: (0, 0, 0), since: Instant::now(), patience }
    }

    fn look(&mut self, counts: (u64, u64, u64), now: Instant) {
        if self.counts != counts {
            self.counts = counts;
            self.since = now;
        }
    }

    fn is_stalled(&self, now: Instant) -> bool {
        now.duration_since(self.since) > self.patience
    }

    fn is_unchanged_for(&self, time: Duration) -> bool {
        self.since.elapsed() > time
    }
}

async fn attributes(test: &Test, queue: &Queue) -> Result<Attributes> {
    const COUNTS: [Name; 3] = [
        Name::ApproximateNumberOfMessages,
        Name::ApproximateNumberOfMessagesNotVisible,
        Name::ApproximateNumberOfMessagesDelayed,
    ];
    let answer = aws_sdk_sqs::Client::new(&test.config)
        .get_queue_attributes()
        .queue_url(&queue.url)
        .set_attribute_names(Some([&COUNTS[..], &[Name::VisibilityTimeout, Name::RedrivePolicy]].concat()))
        .send()
        .await
        .map_err(|error| failed("GetQueueAttributes", &test.aurora.place)(&error))?;
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
                "{} has no dead-letter queue: deploy the stack again with: pulumi up {}",
                queue.url,
                test.aurora.place.flag()
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn only_a_time_without_any_change_is_a_stall() {
        let minute = Duration::from_mins(1);
        let mut seen = Seen::new(minute * 2);
        let start = seen.since;
        seen.look((5, 0, 0), start + minute);
        assert!(!seen.is_stalled(start + minute * 3), "the depth changed two minutes ago");
        seen.look((5, 0, 0), start + minute * 3);
        assert!(seen.is_stalled(start + minute * 4));
        seen.look((4, 1, 0), start + minute * 4);
        assert!(!seen.is_stalled(start + minute * 5));
    }
}
