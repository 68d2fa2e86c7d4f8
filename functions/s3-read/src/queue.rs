//! Messages on their way into the queue.

use std::time::Instant;

use aws_config::SdkConfig;
use lambda_kit::Failure;
use lambda_kit::sqs::{self, Message, Sending};

use crate::message::sent_attributes;

/// Requests under way at once.
const CONCURRENCY: usize = 32;
/// The attributes of a message, with their types, without the run's name.
const ATTRIBUTES: usize = 64;

/// The queue.
pub struct Queue(sqs::Queue);

/// Messages that SQS never takes.
#[derive(Debug, thiserror::Error)]
#[error("the queue {url} refuses {messages} messages: {reason}")]
pub struct Refused {
    url: String,
    messages: usize,
    reason: String,
}

impl Queue {
    /// A queue by its URL.
    #[must_use]
    pub fn new(config: &SdkConfig, url: String) -> Self {
        Self(sqs::Queue::new(config, url))
    }

    /// Sends messages of a run; what SQS doesn't take is sent again until `end`. Returns how many are in the queue from the
    /// first on, without a gap; of those behind a gap some may be there, too.
    ///
    /// # Errors
    /// If SQS refuses messages.
    pub async fn send(&self, run: &str, bodies: &[String], end: Instant) -> Result<usize, Failure> {
        let numbers: Vec<_> = (0..bodies.len()).collect();
        let batches = sqs::batches(&numbers, |number| bodies[number].len() + ATTRIBUTES + run.len());
        let message = |number: usize, at_us| Message {
            body: bodies[number].clone(),
            attributes: sent_attributes(run, at_us),
        };
        let sending = Sending { end, concurrency: CONCURRENCY };
        let unsent = self.0.send(batches, sending, message, async |_| Ok(())).await?;
        let refused: Vec<_> = unsent.iter().filter(|message| message.is_permanent).collect();
        if let Some(first) = refused.first() {
            let (url, reason) = (self.0.url().to_owned(), first.reason.clone());
            return Err(Refused { url, messages: refused.len(), reason }.into());
        }
        Ok(unsent.first().map_or(bodies.len(), |first| first.number))
    }
}
