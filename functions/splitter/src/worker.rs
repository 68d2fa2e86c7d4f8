//! The function: where its work comes from, and what it answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::LocalBoxFuture;
use lambda_kit::run_log::{Claimant, Key, RunLog};
use lambda_kit::sqs::{self, DeadLetters, Queue};
use lambda_kit::{Deadline, Failure, env};
use protocol::decimal;
use protocol::message_attributes::{RUN, SENT_AT};
use protocol::splitter::{ITEM_ATTRIBUTE, Reply, item_id};
use serde::Serialize;

use crate::event::{self, Event, EventError, Parsed};
use crate::{python_literal, reply};

/// What the function is set up with.
pub struct Worker {
    /// What happened in each run.
    pub(crate) log: RunLog,
    /// Its own queue.
    pub(crate) queue: Queue,
    /// Where messages go that can never be handled.
    dead_letters: DeadLetters,
    pub(crate) settings: Settings,
    warm: AtomicBool,
}

/// How the function works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long an item takes, unless its event says otherwise.
    pub item_time: Duration,
    /// What an invocation must have left besides, or the item isn't started: for the run log, before and after the work.
    pub item_reserve: Duration,
    /// The source of events besides `aws.ec2`.
    pub event_source: String,
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
enum MessageError {
    #[error("invalid event argument: {0}")]
    Invalid(EventError),
    #[error("the queue is for events of 1 tag, but this one has {0}: it isn't split again")]
    Again(usize),
}

impl Settings {
    /// From `ITEM_SECONDS`, `ITEM_RESERVE_SECONDS` and `EVENT_SOURCE`.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env() -> Result<Self, Failure> {
        Ok(Self {
            item_time: seconds("ITEM_SECONDS", "how long an item takes, seconds")?,
            item_reserve: seconds("ITEM_RESERVE_SECONDS", "what an item needs besides, seconds")?,
            event_source: env::setting("EVENT_SOURCE", "the source of events besides aws.ec2")?,
        })
    }
}

fn seconds(name: &'static str, expected: &'static str) -> Result<Duration, Failure> {
    let seconds: f64 = env::setting(name, expected)?;
    let invalid = |_| env::EnvError::Invalid { name, value: seconds.to_string(), expected };
    Ok(event::item_time(seconds).map_err(invalid)?)
}

impl Worker {
    /// From the environment: `QUEUE_URL`, `DEAD_LETTER_URL`, `RUN_LOG_TABLE`, and those of [`Settings`].
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let queue = Queue::new(config, env::setting("QUEUE_URL", "the URL of the function's own queue")?);
        let log = RunLog::from_env(config)?;
        Ok(Self::new(log, queue, DeadLetters::from_env(config)?, Settings::from_env()?))
    }

    /// A worker of these parts.
    #[must_use]
    pub fn new(log: RunLog, queue: Queue, dead_letters: DeadLetters, settings: Settings) -> Self {
        Self { log, queue, dead_letters, settings, warm: AtomicBool::default() }
    }

    /// Handles an invocation: an event, or a batch of the queue.
    ///
    /// # Errors
    /// If an event has to come again. Messages of a batch come again one by one.
    #[must_use]
    pub fn handle<'a>(
        &'a self,
        payload: &'a str,
        request_id: &'a str,
        remaining: Duration,
    ) -> LocalBoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let cold = !self.warm.swap(true, Ordering::Relaxed);
            let invocation = Invocation { request_id, cold, deadline: Deadline::after(remaining) };
            let Some(batch) = batch(payload) else {
                return Ok(Answer::Event(self.event(payload, &invocation).await?));
            };
            let response = sqs::each(batch, async |message| self.message(&message, &invocation).await);
            Ok(Answer::Batch(response.await))
        })
    }

    async fn event(&self, payload: &str, invocation: &Invocation<'_>) -> Result<Reply, Failure> {
        let text = event::sendable(payload);
        let reply = match event::parse(&text, &self.settings.event_source) {
            Ok(Parsed::Tags(event)) if event.count() == 1 => {
                let item = item_id(0);
                self.item(&event, Key { run: &event.run, item: &item }, None, invocation).await?;
                reply::handled()
            }
            Ok(Parsed::Tags(event)) => self.split(&event, invocation).await?,
            Ok(Parsed::Ignored) => reply::ignored(),
            Err(invalid) => {
                tracing::warn!(%invalid, "the event cannot be understood");
                reply::invalid()
            }
        };
        tracing::info!(reply = reply::json(&reply), "answered");
        Ok(reply)
    }

    async fn message(&self, message: &SqsMessage, invocation: &Invocation<'_>) -> Result<(), Failure> {
        let body = python_literal::as_json(message.body.as_deref().unwrap_or_default());
        let reply = match event::parse(&body, &self.settings.event_source) {
            Ok(Parsed::Tags(event)) if event.count() == 1 => {
                self.queued_item(&event, message, invocation).await?;
                reply::handled()
            }
            Ok(Parsed::Ignored) => reply::ignored(),
            Ok(Parsed::Tags(event)) => {
                return self.reject(message, &MessageError::Again(event.count())).await;
            }
            Err(invalid) => return self.reject(message, &MessageError::Invalid(invalid)).await,
        };
        tracing::info!(reply = reply::json(&reply), message = message.message_id, "received");
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
        let run = attribute(RUN).unwrap_or(&event.run);
        let item = attribute(ITEM_ATTRIBUTE).unwrap_or(&first);
        let sent_at_us = attribute(SENT_AT).and_then(decimal::parse);
        self.item(event, Key { run, item }, sent_at_us, invocation).await
    }

    async fn reject(&self, message: &SqsMessage, error: &MessageError) -> Result<(), Failure> {
        self.dead_letters.send(message, &error.to_string()).await
    }
}

/// The messages, if it is the queue that invokes.
fn batch(payload: &str) -> Option<SqsEvent> {
    let batch: SqsEvent = serde_json::from_str(payload).ok()?;
    let is_of_sqs = |message: &SqsMessage| message.event_source.as_deref() == Some("aws:sqs");
    batch.records.iter().all(is_of_sqs).then_some(batch)
}
