//! The function: where its work comes from, and what it answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::LocalBoxFuture;
use lambda_kit::run_log::{Claimant, Key, RunLog};
use lambda_kit::sqs::{self, DeadLetters, Queue};
use lambda_kit::{Deadline, Failure, env};
use protocol::splitter::Reply;
use serde::Serialize;

use crate::event::{self, EventError, Names, Parsed};
use crate::origin::{Origin, OriginError};
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
    /// The longest message that the queue takes, bytes.
    pub max_message_bytes: usize,
    /// This execution environment, by the name of its log stream; none where Lambda names none.
    pub environment: Option<String>,
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
    environment: Option<&'a str>,
    pub(crate) deadline: Deadline,
}

impl Invocation<'_> {
    pub(crate) fn claimant(&self) -> Claimant<'_> {
        Claimant {
            worker: self.request_id,
            cold: self.cold,
            environment: self.environment,
            remaining: self.deadline.remaining(),
        }
    }
}

/// Why a message will never be handled.
#[derive(Debug, thiserror::Error)]
enum MessageError {
    #[error("invalid event argument: {0}")]
    Invalid(EventError),
    #[error("the queue is for events of 1 tag, but this one has {0}: it isn't split again")]
    Again(usize),
    #[error(transparent)]
    Origin(OriginError),
}

impl Settings {
    /// From `ITEM_SECONDS`, `ITEM_RESERVE_SECONDS`, `EVENT_SOURCE` and `MAX_MESSAGE_BYTES`, and from what Lambda sets itself.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env() -> Result<Self, Failure> {
        Ok(Self {
            item_time: seconds("ITEM_SECONDS", "how long an item takes, seconds")?,
            item_reserve: seconds("ITEM_RESERVE_SECONDS", "what an item needs besides, seconds")?,
            event_source: env::setting("EVENT_SOURCE", "the source of events besides aws.ec2")?,
            max_message_bytes: env::setting("MAX_MESSAGE_BYTES", "the longest message of the queue, bytes")?,
            environment: std::env::var("AWS_LAMBDA_LOG_STREAM_NAME").ok().filter(|name| !name.is_empty()),
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
            let environment = self.settings.environment.as_deref();
            let invocation =
                Invocation { request_id, cold, environment, deadline: Deadline::after(remaining) };
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
                let item = event.item_entry(0);
                self.item(&event, Key { run: &event.run, item: &item }, None, invocation).await?;
                reply::handled()
            }
            Ok(Parsed::Tags(event)) => self.split(&event, invocation).await?,
            Ok(Parsed::Ignored) => reply::ignored(),
            Err(invalid) => self.refuse(&text, &invalid.to_string(), invocation).await?,
        };
        tracing::info!(reply = reply::json(&reply), "answered");
        Ok(reply)
    }

    async fn message(&self, message: &SqsMessage, invocation: &Invocation<'_>) -> Result<(), Failure> {
        let body = python_literal::as_json(message.body.as_deref().unwrap_or_default());
        let reply = match event::parse(&body, &self.settings.event_source) {
            Ok(Parsed::Tags(event)) if event.count() == 1 => {
                let Origin { run, entry, queued_us } = match Origin::read(message, &event) {
                    Ok(origin) => origin,
                    Err(invalid) => return self.reject(message, &MessageError::Origin(invalid)).await,
                };
                self.item(&event, Key { run, item: &entry }, queued_us, invocation).await?;
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

    /// Puts an event aside that can never be handled. EventBridge takes any answer of the function for success.
    pub(crate) async fn refuse(
        &self,
        text: &str,
        reason: &str,
        invocation: &Invocation<'_>,
    ) -> Result<Reply, Failure> {
        let Names { id, run } = event::names(text);
        let id = id.as_deref().unwrap_or(invocation.request_id);
        let reason = format!("invalid event argument: {reason}");
        self.dead_letters.send_event(text, id, run.as_deref(), &reason).await?;
        Ok(reply::invalid())
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
