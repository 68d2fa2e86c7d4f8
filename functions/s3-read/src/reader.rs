//! The reader: a batch of the queue, its objects at once, an item for each that was read.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::LocalBoxFuture;
use futures::future::join_all;
use lambda_kit::dynamodb::Item;
use lambda_kit::env::EnvError;
use lambda_kit::sqs::DeadLetters;
use lambda_kit::sqs::attributes::receives;
use lambda_kit::{Deadline, Failure, env};
use protocol::s3_read::{FailureKind, HashAlgorithm, Variant, item as attribute, run_key};
use tokio::sync::Semaphore;

use crate::error::ReadError;
use crate::hash::Hashing;
use crate::message::Origin;
use crate::metrics;
use crate::mode::Mode;
use crate::object::{self, Reading};
use crate::object_client::ObjectClient;
use crate::table::{Table, Unstored, key};

/// What a reader is set up with.
pub struct Reader {
    /// What it reads, and how.
    pub settings: Settings,
    /// How objects are asked for.
    pub client: ObjectClient,
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
    /// How objects are read.
    pub variant: Variant,
    /// The bucket.
    pub bucket: String,
    /// The hash.
    pub algorithm: HashAlgorithm,
    /// Objects under way at once.
    pub concurrency: usize,
    /// The queue's limit of deliveries.
    pub max_receives: u32,
    /// The environment.
    pub worker: String,
    /// The function's memory, MB.
    pub memory_mb: u32,
    /// Where CloudWatch has its metrics.
    pub metrics_namespace: String,
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
            variant: Mode::from_env()?,
            bucket: env::setting("s3bucket", "the bucket's name")?,
            algorithm: env::setting("HASH", "md5, crc32 or sha256")?,
            concurrency: concurrency.get().into(),
            max_receives: env::setting("MAX_RECEIVES", "the queue's limit of deliveries")?,
            worker: std::env::var("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_default(),
            memory_mb: env::setting("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "the function's memory, MB")?,
            metrics_namespace: env::setting("METRICS_NAMESPACE", "the namespace of the metrics")?,
        })
    }
}

/// What came of a message.
type Outcome = Result<Read, ReadError>;

/// The invocation that reads.
struct Invocation {
    request_id: String,
    /// Whether it is its environment's first.
    cold: bool,
}

/// An object that was read, and the message that named it.
struct Read {
    key: String,
    origin: Origin,
    reading: Reading,
}

impl Reader {
    /// From the environment; see the crate's documentation.
    ///
    /// # Errors
    /// If a variable is missing or wrong, or there are no credentials.
    #[must_use]
    pub fn from_env(config: &SdkConfig) -> LocalBoxFuture<'_, Result<Self, Failure>> {
        Box::pin(async move {
            let settings = Settings::from_env()?;
            let table = Table::new(config, env::setting("ddbtable", "the table's name")?);
            let client = ObjectClient::new(config, settings.variant, &settings.bucket).await?;
            Ok(Self::new(settings, client, table, DeadLetters::from_env(config)?))
        })
    }

    /// A reader of these parts.
    #[must_use]
    pub fn new(settings: Settings, client: ObjectClient, table: Table, dead_letters: DeadLetters) -> Self {
        let hashing = Hashing::new(settings.algorithm);
        Self { settings, client, table, dead_letters, hashing, warm: AtomicBool::default() }
    }

    /// Reads the objects of a batch; the answer names the messages that have to come again.
    #[must_use]
    pub fn handle(
        self: &Arc<Self>,
        event: SqsEvent,
        request_id: String,
        remaining: Duration,
    ) -> LocalBoxFuture<'_, SqsBatchResponse> {
        Box::pin(async move {
            let invocation = Invocation { request_id, cold: !self.warm.swap(true, Ordering::Relaxed) };
            let deadline = Deadline::after(remaining);
            let messages: Vec<_> = event.records.into_iter().map(Arc::new).collect();
            let read = self.read_all(&messages, deadline.work()).await;
            let outcomes = self.store(&messages, read, &invocation, deadline.answer()).await;
            let read = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
            let readings: Vec<_> = read.map(|read| &read.reading).collect();
            let Settings { metrics_namespace, variant, .. } = &self.settings;
            metrics::emit(metrics_namespace, *variant, &readings, outcomes.len() - readings.len());
            let given_back = join_all(
                messages.iter().zip(&outcomes).map(|(message, outcome)| self.settle(message, outcome)),
            );
            let mut response = SqsBatchResponse::default();
            response.batch_item_failures = given_back.await.into_iter().flatten().collect();
            response
        })
    }

    async fn read_all(self: &Arc<Self>, messages: &[Arc<SqsMessage>], end: Instant) -> Vec<Outcome> {
        let places = Arc::new(Semaphore::new(self.settings.concurrency));
        let tasks = messages.iter().map(|message| {
            let (reader, message, places) = (Arc::clone(self), Arc::clone(message), Arc::clone(&places));
            tokio::spawn(async move {
                let _place = places.acquire().await;
                reader.read(&message, end).await
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let broken = |error| Err(ReadError::new(FailureKind::Server, format!("the reader crashed: {error}")));
        join_all(tasks).await.into_iter().map(|done| done.unwrap_or_else(broken)).collect()
    }

    /// Reads the object that a message names.
    async fn read(&self, message: &SqsMessage, end: Instant) -> Outcome {
        // All that comes with a message is checked first: an item that the table refuses would have been read for nothing.
        let origin = Origin::read(message)?;
        let target = self.client.target(message.body.as_deref().unwrap_or_default())?;
        let reading = object::read(&self.client, &target, &self.hashing, end).await?;
        Ok(Read { key: target.key, origin, reading })
    }

    /// Stores what was read; what the table doesn't take counts as not read.
    async fn store(
        &self,
        messages: &[Arc<SqsMessage>],
        read: Vec<Outcome>,
        invocation: &Invocation,
        end: Instant,
    ) -> Vec<Outcome> {
        let item = |(message, read): (&Arc<SqsMessage>, &Outcome)| {
            Some(self.item(message, read.as_ref().ok()?, invocation))
        };
        let items: Vec<_> = messages.iter().zip(&read).map(item).collect();
        let keys: Vec<_> = items.iter().map(|item| item.as_ref().map(key)).collect();
        // The same object twice in a batch is one item.
        let items: HashMap<_, _> = items.into_iter().flatten().map(|item| (key(&item), item)).collect();
        let unstored = self.table.write(items.into_values().collect(), end).await;
        let stored = |(key, read): (Option<_>, Outcome)| match key.and_then(|key| unstored.get(&key)) {
            Some(Unstored { kind, reason }) => Err(ReadError::new(*kind, reason.clone())),
            None => read,
        };
        keys.into_iter().zip(read).map(stored).collect()
    }

    /// Gives up a message that will never be read, or gives it back to the queue.
    async fn settle(&self, message: &SqsMessage, outcome: &Outcome) -> Option<BatchItemFailure> {
        let error = outcome.as_ref().err()?;
        let id = message.message_id.clone().unwrap_or_default();
        let is_last = receives(message) >= self.settings.max_receives;
        if error.kind.is_permanent() || is_last {
            match self.dead_letters.send(message, &error.to_string()).await {
                Ok(()) => return None,
                Err(failure) => tracing::error!(message = id, %failure, "the message is not dead-lettered"),
            }
        }
        tracing::warn!(message = id, %error, "the message goes back to the queue");
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        Some(failure)
    }

    fn item(&self, message: &SqsMessage, read: &Read, Invocation { request_id, cold }: &Invocation) -> Item {
        let Read { key, origin, reading } = read;
        let Settings { variant, bucket, algorithm, worker, memory_mb, .. } = &self.settings;
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let number = |value: &dyn ToString| AttributeValue::N(value.to_string());
        let mut item: HashMap<_, _> = [
            (attribute::RUN, text(&run_key(&origin.run, *variant))),
            (attribute::OBJECT, text(key)),
            (attribute::BYTES, number(&reading.bytes)),
            (algorithm.attribute(), text(&reading.hash)),
            (attribute::BUCKET, text(bucket)),
            (attribute::VARIANT, text(variant.name())),
            (attribute::FIRST_BYTE_MS, number(&reading.first_byte_ms)),
            (attribute::TOTAL_MS, number(&reading.total_ms)),
            (attribute::STARTED_US, number(&reading.started_us)),
            (attribute::ENDED_US, number(&reading.ended_us)),
            (attribute::ATTEMPTS, number(&reading.attempts)),
            (attribute::COLD, AttributeValue::Bool(*cold)),
            (attribute::MEMORY_MB, number(memory_mb)),
            (attribute::WORKER, text(worker)),
            (attribute::REQUEST_ID, text(request_id)),
            (attribute::MESSAGE_ID, text(message.message_id.as_deref().unwrap_or_default())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        item.extend(origin.sent_us.map(|us| (attribute::SENT_US.to_owned(), number(&us))));
        item
    }
}
