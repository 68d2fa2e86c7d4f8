//! The function: where its work comes from, and what it answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_kit::run_log::{Claimant, Key, RunLog};
use lambda_kit::sqs::{self, DeadLetters, Queue};
use lambda_kit::{Deadline, Failure, env};
use serde::Serialize;

use crate::event::{self, Event, Invalid, Reading, item_id};
use crate::reply::Reply;
use crate::repr;

/// What the function is set up with.
pub struct Worker {
    /// What happened in each run.
    pub(crate) log: RunLog,
    /// Its own queue.
    pub(crate) queue: Queue,
    /// Where messages go that can never be handled.
    dead_letters: DeadLetters,
    /// How long an item takes, unless its event says otherwise.
    pub(crate) item_time: Duration,
    warm: AtomicBool,
}

/// What the function answers: to an event, or to a batch of the queue.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To an event.
    Event(Reply),
    /// To a batch: the messages that have to come again.
    Batch(SqsBatchResponse),
}

/// Who works, and how long it may.
pub(crate) struct Invocation<'a> {
    request_id: &'a str,
    cold: bool,
    pub(crate) deadline: Deadline,
}

impl Invocation<'_> {
    pub(crate) fn claimant(&self) -> Claimant<'_> {
        Claimant { worker: self.request_id, cold: self.cold, remaining: self.deadline.remaining() }
    }
}

/// Why a message will never be handled.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("invalid event argument: {0}")]
    Invalid(Invalid),
    #[error("the queue is for events of 1 tag, but this one has {0}: it isn't split again")]
    Again(usize),
}

impl Worker {
    /// From the environment: `QUEUE_URL`, `DEAD_LETTER_URL`, `RUN_LOG_TABLE`, `ITEM_SECONDS`.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        const WHAT: &str = "how long an item takes, seconds";
        let seconds = env::setting("ITEM_SECONDS", WHAT)?;
        let item_time = event::item_time(seconds).map_err(|_| env::EnvError::Invalid {
            name: "ITEM_SECONDS",
            value: seconds.to_string(),
            expected: WHAT,
        })?;
        let queue = Queue::new(config, env::setting("QUEUE_URL", "the URL of the function's own queue")?);
        let log = RunLog::from_env(config)?;
        Ok(Self::new(log, queue, DeadLetters::from_env(config)?, item_time))
    }

    /// A worker of these parts.
    #[must_use]
    pub fn new(log: RunLog, queue: Queue, dead_letters: DeadLetters, item_time: Duration) -> Self {
        Self { log, queue, dead_letters, item_time, warm: AtomicBool::default() }
    }

    /// Handles an invocation: an event, or a batch of the queue.
    ///
    /// # Errors
    /// If an event has to come again. Messages of a batch come again one by one.
    pub async fn handle(
        &self,
        payload: &str,
        request_id: &str,
        remaining: Duration,
    ) -> Result<Answer, Failure> {
        let cold = !self.warm.swap(true, Ordering::Relaxed);
        let invocation = Invocation { request_id, cold, deadline: Deadline::after(remaining) };
        let Some(batch) = batch(payload) else {
            return Ok(Answer::Event(self.event(payload, &invocation).await?));
        };
        let response = sqs::each(batch, async |message| self.message(&message, &invocation).await);
        Ok(Answer::Batch(response.await))
    }

    async fn event(&self, payload: &str, invocation: &Invocation<'_>) -> Result<Reply, Failure> {
        let text = event::sendable(payload);
        let reply = match event::read(&text) {
            Ok(Reading::Tags(event)) if event.count() == 1 => {
                let item = item_id(0);
                self.item(&event, Key { run: &event.run, item: &item }, None, invocation).await?;
                Reply::handled()
            }
            Ok(Reading::Tags(event)) => self.split(&event, invocation).await?,
            Ok(Reading::Nothing) => Reply::ignored(),
            Err(invalid) => {
                tracing::warn!(%invalid, "the event can't be understood");
                Reply::invalid()
            }
        };
        tracing::info!(%reply, "answered");
        Ok(reply)
    }

    async fn message(&self, message: &SqsMessage, invocation: &Invocation<'_>) -> Result<(), Failure> {
        let body = repr::as_json(message.body.as_deref().unwrap_or_default());
        let reply = match event::read(&body) {
            Ok(Reading::Tags(event)) if event.count() == 1 => {
                self.queued_item(&event, message, invocation).await?;
                Reply::handled()
            }
            Ok(Reading::Nothing) => Reply::ignored(),
            Ok(Reading::Tags(event)) => return self.refuse(message, &Refusal::Again(event.count())).await,
            Err(invalid) => return self.refuse(message, &Refusal::Invalid(invalid)).await,
        };
        tracing::info!(%reply, message = message.message_id, "received");
        Ok(())
    }

    /// The message of an item; one that somebody else has put into the queue is a run of its own.
    async fn queued_item(
        &self,
        event: &Event<'_>,
        message: &SqsMessage,
        invocation: &Invocation<'_>,
    ) -> Result<(), Failure> {
        let attribute = |name| message.message_attributes.get(name)?.string_value.as_deref();
        let first = item_id(0);
        let run = attribute("Run").unwrap_or(&event.run);
        let item = attribute("Item").unwrap_or(&first);
        let sent_at_us = attribute("SentAt").and_then(|time| time.parse().ok());
        self.item(event, Key { run, item }, sent_at_us, invocation).await
    }

    async fn refuse(&self, message: &SqsMessage, refusal: &Refusal) -> Result<(), Failure> {
        self.dead_letters.send(message, &refusal.to_string()).await
    }
}

/// The messages, if it is the queue that invokes.
fn batch(payload: &str) -> Option<SqsEvent> {
    let batch: SqsEvent = serde_json::from_str(payload).ok()?;
    let is_of_sqs = |message: &SqsMessage| message.event_source.as_deref() == Some("aws:sqs");
    batch.records.iter().all(is_of_sqs).then_some(batch)
}
