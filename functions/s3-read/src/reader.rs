//! The reader: a batch of the queue, its objects at once, an item for each that was read.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use lambda_kit::dynamodb::Item;
use lambda_kit::env::EnvError;
use lambda_kit::sqs::DeadLetters;
use lambda_kit::{Deadline, Failure, env};
use tokio::sync::Semaphore;

use crate::hash::{Algorithm, Hashing};
use crate::message::{receives, run_of};
use crate::metrics;
use crate::object::{self, Reading};
use crate::road::Road;
use crate::runtime::memory_mb;
use crate::table::{Table, key, run_key};
use crate::trouble::{Kind, Trouble};
use crate::variant::Variant;

/// What a reader is set up with.
pub struct Reader {
    /// What it reads, and how.
    pub settings: Settings,
    /// How objects are asked for.
    pub road: Road,
    /// Where items go.
    pub table: Table,
    /// Where messages go that are given up.
    pub dead_letters: DeadLetters,
    hashing: Hashing,
    warm: AtomicBool,
}

/// What a reader reads, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The road.
    pub variant: Variant,
    /// The bucket.
    pub bucket: String,
    /// The hash.
    pub algorithm: Algorithm,
    /// Objects under way at once.
    pub concurrency: usize,
    /// The queue's limit of deliveries.
    pub max_receives: u32,
    /// The environment.
    pub worker: String,
    /// The function's memory, MB.
    pub memory_mb: u32,
}

impl Settings {
    /// From the environment.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env() -> Result<Self, EnvError> {
        const OBJECTS: &str = "a number of objects, 1 or more";
        let concurrency: std::num::NonZeroU16 = env::setting("CONCURRENCY", OBJECTS)?;
        Ok(Self {
            variant: Variant::from_env()?,
            bucket: env::setting("s3bucket", "the bucket's name")?,
            algorithm: env::setting("HASH", "md5, crc32 or sha256")?,
            concurrency: concurrency.get().into(),
            max_receives: env::setting("MAX_RECEIVES", "the queue's limit of deliveries")?,
            worker: std::env::var("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_default(),
            memory_mb: memory_mb(),
        })
    }
}

/// What came of a message.
type Outcome = Result<Reading, Trouble>;

impl Reader {
    /// From the environment; see the crate's documentation.
    ///
    /// # Errors
    /// If a variable is missing or wrong, or there are no credentials.
    pub async fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let settings = Settings::from_env()?;
        let table = Table::new(config, env::setting("ddbtable", "the table's name")?);
        let road = Road::new(config, settings.variant, &settings.bucket).await?;
        Ok(Self::new(settings, road, table, DeadLetters::from_env(config)?))
    }

    /// A reader of these parts.
    #[must_use]
    pub fn new(settings: Settings, road: Road, table: Table, dead_letters: DeadLetters) -> Self {
        let hashing = Hashing::new(settings.algorithm);
        Self { settings, road, table, dead_letters, hashing, warm: AtomicBool::default() }
    }

    /// Reads the objects of a batch; the answer names the messages that have to come again.
    pub async fn handle(self: &Arc<Self>, event: SqsEvent, remaining: Duration) -> SqsBatchResponse {
        let cold = !self.warm.swap(true, Ordering::Relaxed);
        let deadline = Deadline::after(remaining);
        let messages: Vec<_> = event.records.into_iter().map(Arc::new).collect();
        let read = self.read_all(&messages, deadline.work()).await;
        let outcomes = self.store(&messages, read, cold, deadline.answer()).await;
        let readings: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        metrics::emit(self.settings.variant, &readings, outcomes.len() - readings.len());
        let given_back =
            join_all(messages.iter().zip(&outcomes).map(|(message, outcome)| self.settle(message, outcome)));
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = given_back.await.into_iter().flatten().collect();
        response
    }

    async fn read_all(
        self: &Arc<Self>,
        messages: &[Arc<SqsMessage>],
        end: Instant,
    ) -> Vec<(String, Outcome)> {
        let places = Arc::new(Semaphore::new(self.settings.concurrency));
        let tasks = messages.iter().map(|message| {
            let (reader, message, places) = (Arc::clone(self), Arc::clone(message), Arc::clone(&places));
            tokio::spawn(async move {
                let _place = places.acquire().await;
                reader.read(&message, end).await
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let broken = |error| {
            let text = format!("the reader broke: {error}");
            (String::new(), Err(Trouble::new(Kind::Server, text)))
        };
        join_all(tasks).await.into_iter().map(|done| done.unwrap_or_else(broken)).collect()
    }

    /// Reads the object that a message names; returns its key, too.
    async fn read(&self, message: &SqsMessage, end: Instant) -> (String, Outcome) {
        match self.road.target(message.body.as_deref().unwrap_or_default()) {
            Ok(target) => {
                let outcome = object::read(&self.road, &target, &self.hashing, end).await;
                (target.key, outcome)
            }
            Err(trouble) => (String::new(), Err(trouble)),
        }
    }

    /// Stores what was read; what the table doesn't take counts as not read.
    async fn store(
        &self,
        messages: &[Arc<SqsMessage>],
        read: Vec<(String, Outcome)>,
        cold: bool,
        end: Instant,
    ) -> Vec<Outcome> {
        let item = |message: &SqsMessage, read: &(String, Outcome)| {
            let (key, outcome) = read;
            outcome.as_ref().ok().map(|reading| self.item(message, key, reading, cold))
        };
        let items: Vec<_> = messages.iter().zip(&read).map(|(message, read)| item(message, read)).collect();
        let keys: Vec<_> = items.iter().map(|item| item.as_ref().map(key)).collect();
        // The same object twice in a batch is one item.
        let items: HashMap<_, _> = items.into_iter().flatten().map(|item| (key(&item), item)).collect();
        let unwritten = self.table.write(items.into_values().collect(), end).await;
        let stored = |(key, (_, outcome)): (Option<_>, (_, Outcome))| {
            let reason = key.and_then(|key| unwritten.get(&key));
            reason.map_or(outcome, |reason| Err(Trouble::new(Kind::Unstored, reason.clone())))
        };
        keys.into_iter().zip(read).map(stored).collect()
    }

    /// Gives up a message that will never be read, or gives it back to the queue.
    async fn settle(&self, message: &SqsMessage, outcome: &Outcome) -> Option<BatchItemFailure> {
        let trouble = outcome.as_ref().err()?;
        let id = message.message_id.clone().unwrap_or_default();
        let is_last = receives(message) >= self.settings.max_receives;
        if trouble.kind.is_permanent() || is_last {
            match self.dead_letters.send(message, &trouble.to_string()).await {
                Ok(()) => return None,
                Err(failure) => tracing::error!(message = id, %failure, "the message is not put aside"),
            }
        }
        tracing::warn!(message = id, %trouble, "the message goes back to the queue");
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        Some(failure)
    }

    fn item(&self, message: &SqsMessage, key: &str, reading: &Reading, cold: bool) -> Item {
        let Settings { variant, bucket, algorithm, worker, memory_mb, .. } = &self.settings;
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let number = |value: &dyn ToString| AttributeValue::N(value.to_string());
        let mut item: HashMap<_, _> = [
            ("Run", text(&run_key(run_of(message), variant))),
            ("Fileurl", text(key)),
            ("Filesize", number(&reading.bytes)),
            (algorithm.attribute(), text(&reading.hash)),
            ("Bucket", text(bucket)),
            ("Variant", text(variant.name())),
            ("FirstByteMs", number(&reading.first_byte_ms)),
            ("TotalMs", number(&reading.total_ms)),
            ("StartedUs", number(&reading.started_us)),
            ("EndedUs", number(&reading.ended_us)),
            ("Tries", number(&reading.tries)),
            ("Cold", AttributeValue::Bool(cold)),
            ("MemoryMb", number(memory_mb)),
            ("Worker", text(worker)),
            ("MessageId", text(message.message_id.as_deref().unwrap_or_default())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let sent = message.message_attributes.get("SentAt").and_then(|sent| sent.string_value.as_ref());
        item.extend(sent.map(|sent| ("SentUs".to_owned(), AttributeValue::N(sent.clone()))));
        item
    }
}
