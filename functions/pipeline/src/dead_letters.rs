//! Records that can never become a row go to a dead-letter queue, with the reason, for people to look at.

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_sqs::Client;
use futures::{StreamExt, stream};
use lambda_kit::{Failure, env};
use protocol::pipeline::DeadLetter;
use tokio::time::timeout_at;

use crate::batch::{BatchResult, Records, Rejected};
use crate::metrics::Metrics;

/// The longest message that every queue takes: newer ones take more, but only if they are set to.
const MAX_BODY: usize = 256 * 1024;
/// Requests under way at once.
const CONCURRENCY: usize = 10;

/// The dead-letter queue of a function.
pub struct DeadLetters {
    client: Client,
    url: String,
    metrics: Metrics,
}

impl DeadLetters {
    /// The queue that `DEAD_LETTER_URL` names.
    ///
    /// # Errors
    /// If the variable is missing.
    pub fn from_env(config: &SdkConfig, metrics: Metrics) -> Result<Self, Failure> {
        let url = env::setting("DEAD_LETTER_URL", "the URL of the dead-letter queue")?;
        Ok(Self::new(config, url, metrics))
    }

    /// A queue by its URL.
    #[must_use]
    pub fn new(config: &SdkConfig, url: String, metrics: Metrics) -> Self {
        let retries = RetryConfig::standard().with_max_attempts(4).with_max_backoff(Duration::from_secs(1));
        let config = aws_sdk_sqs::config::Builder::from(config).retry_config(retries).build();
        Self { client: Client::from_conf(config), url, metrics }
    }

    /// Sends what a batch has rejected. Returns the sequence number of the first record that has to come again: Lambda
    /// delivers from it on, whatever came of the records after it, so what is rejected behind it is sent then.
    pub(crate) async fn settle(
        &self,
        mut result: BatchResult,
        records: &impl Records,
        end: Instant,
    ) -> Option<String> {
        result.rejected.sort_by_key(|rejected| rejected.position);
        result.rejected.retain(|rejected| result.failed.is_none_or(|failed| rejected.position < failed));
        let letters = stream::iter(&result.rejected).map(|rejected| self.send(rejected, records, end));
        let mut letters = std::pin::pin!(letters.buffered(CONCURRENCY));
        let (mut sent, mut failed) = (0, result.failed);
        while let Some(letter) = letters.next().await {
            if let Err(position) = letter {
                failed = Some(position);
                break;
            }
            sent += 1;
        }
        self.metrics.dead_letters(sent);
        failed.map(|position| records.sequence_number(position).to_owned())
    }

    /// Sends a record to the queue; returns its place if that fails.
    async fn send(&self, rejected: &Rejected, records: &impl Records, end: Instant) -> Result<(), usize> {
        let Rejected { position, id, reason } = rejected;
        let sequence_number = records.sequence_number(*position);
        tracing::warn!(sequence_number, id, reason, "to the dead-letter queue");
        let letter = DeadLetter {
            function: self.metrics.function().to_owned(),
            reason: reason.clone(),
            id: id.clone(),
            sequence_number: sequence_number.to_owned(),
            record: records.text(*position),
        };
        let request = self.client.send_message().queue_url(&self.url).message_body(body(letter));
        let failure = match timeout_at(end.into(), request.send()).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => {
                Failure::aws(format_args!("send to the dead-letter queue {}", self.url), &error).to_string()
            }
            Err(_) => "the invocation's time is up".to_owned(),
        };
        tracing::error!(
            sequence_number,
            failure,
            "cannot dead-letter the record: it will be delivered again"
        );
        Err(*position)
    }
}

/// A dead letter as SQS takes it: not too long, and of characters that it allows.
fn body(mut letter: DeadLetter) -> String {
    let text = json(&letter);
    if text.len() <= MAX_BODY {
        return text;
    }
    // A byte takes six in quotes at most.
    let whole = letter.record.len();
    let kept = letter.record.floor_char_boundary(MAX_BODY / 8);
    letter.record.truncate(kept);
    letter.reason =
        format!("{} (of the record's {whole} bytes, only the first {kept} bytes are here)", letter.reason);
    json(&letter)
}

fn json(letter: &DeadLetter) -> String {
    let text = serde_json::to_string(letter).expect("texts are JSON");
    // The two characters that JSON leaves as they are and SQS refuses.
    text.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(record: String) -> DeadLetter {
        DeadLetter {
            function: "midstream".to_owned(),
            reason: "field 'id' is missing".to_owned(),
            id: None,
            sequence_number: "49".to_owned(),
            record,
        }
    }

    fn parsed(body: &str) -> DeadLetter {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn a_dead_letter_holds_the_record_as_it_came() {
        let letter = letter("{\"message\":\"\u{1}\u{FFFE}\u{FFFF}é\"}".to_owned());
        let body = body(letter.clone());
        assert!(body.chars().all(|one| one >= ' ' && one != '\u{FFFE}' && one != '\u{FFFF}'), "{body}");
        assert_eq!(parsed(&body), letter);
    }

    #[test]
    fn a_record_that_no_queue_takes_is_cut_and_says_so() {
        for filling in ["x", "\"", "\u{1}", "é", "\u{FFFF}"] {
            let body = body(letter(filling.repeat(1024 * 1024 / filling.len())));
            assert!(body.len() <= MAX_BODY, "{filling:?}: {}", body.len());
            let read = parsed(&body);
            assert!(read.record.len() > 30_000 && read.record.starts_with(filling), "{}", read.record.len());
            assert!(
                read.reason.starts_with("field 'id' is missing (of the record's 1048"),
                "{}",
                read.reason
            );
        }
    }
}
