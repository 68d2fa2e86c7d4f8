//! The queue's worker: a message, its units, its place in the ledger.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::SqsMessage;
use futures::future::LocalBoxFuture;
use lambda_kit::sql::DbError;
use lambda_kit::sqs::DeadLetters;
use lambda_kit::sqs::attributes::receives;
use lambda_kit::{Deadline, Failure, env};

use crate::attempt::{self, Connections};
use crate::attempt_stats::AttemptStats;
use crate::driver::Driver;
use crate::job::{self, Job};
use crate::ledger;
use crate::load::{Plan, load};
use crate::pace::Pace;
use crate::worker::{Task, Worker};

/// What a queue's worker is set up with.
pub struct QueueWorker {
    /// The worker.
    pub worker: Worker,
    /// Where messages go that cannot be done.
    pub dead_letters: DeadLetters,
    /// The queue's limit of deliveries.
    pub max_receives: u32,
}

/// With less time left, a message isn't started.
const MIN_TIME: Duration = Duration::from_secs(1);

/// A message that isn't done, and comes back.
#[derive(Debug, thiserror::Error)]
#[error("{completions} of {wanted} units are done: {reason}")]
pub struct Unfinished {
    completions: u64,
    wanted: u32,
    reason: String,
}

impl QueueWorker {
    /// From the environment; see [`Worker::from_env`], and `DEAD_LETTER_URL`, `MAX_RECEIVES`.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let max_receives = env::setting("MAX_RECEIVES", "the queue's limit of deliveries")?;
        Ok(Self {
            worker: Worker::from_env(config)?,
            dead_letters: DeadLetters::from_env(config)?,
            max_receives,
        })
    }

    /// Handles one message: does its units, or sends it to the dead-letter queue if it can never be done or this was its
    /// last delivery.
    ///
    /// # Errors
    /// If it has to be delivered again.
    #[must_use]
    pub fn handle<'a>(
        &'a self,
        message: &'a SqsMessage,
        remaining: Duration,
    ) -> LocalBoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let job = match job::parse(message, &self.worker.cluster, self.worker.driver()) {
                Ok(job) => job,
                Err(error) => return self.dead_letters.send(message, &error.to_string()).await,
            };
            match self.attempt(job, remaining).await {
                Ok(()) => Ok(()),
                Err(unfinished) if receives(message) >= self.max_receives => {
                    self.dead_letters.send(message, &unfinished.to_string()).await
                }
                Err(unfinished) => Err(unfinished.into()),
            }
        })
    }

    async fn attempt(&self, job: Job, remaining: Duration) -> Result<(), Unfinished> {
        if remaining < MIN_TIME {
            let wanted = job.source.wanted.unwrap_or_default();
            let reason = "its batch's time was up before its turn: raise timeoutSeconds or lower batchSize";
            return Err(Unfinished { completions: 0, wanted, reason: reason.to_owned() });
        }
        let endpoint = job.endpoint;
        let task = Message { worker: &self.worker, job, deadline: Deadline::after(remaining) };
        self.worker.run(endpoint, task).await
    }
}

/// A message's units.
pub struct Message<'a> {
    /// The settings.
    pub worker: &'a Worker,
    /// What the message asks for.
    pub job: Job,
    /// How far the invocation goes.
    pub deadline: Deadline,
}

impl Task for Message<'_> {
    type Output = Result<(), Unfinished>;

    async fn run<D: Driver>(self, connections: &mut Connections<D>) -> Self::Output {
        let mut stats = attempt::new_stats();
        let source = &self.job.source;
        let wanted = source.wanted.unwrap_or_default();
        let completions = self.units(connections, &mut stats).await.unwrap_or_else(|error| {
            // The units are in the tables, if any: the next attempt or the tally counts them.
            tracing::error!(source = %source.id, %error, "the ledger could not be reached");
            0
        });
        tracing::info!(run = source.run, source = %source.id, completions, errors = ?stats.outcome.errors, "attempted");
        if completions >= u64::from(wanted) {
            return Ok(());
        }
        let reason = stats.last_error.map_or("time was up".to_owned(), |error| error.to_string());
        Err(Unfinished { completions, wanted, reason })
    }
}

impl Message<'_> {
    /// Returns all completions that are recorded of the message.
    async fn units<D: Driver>(
        &self,
        connections: &mut Connections<D>,
        stats: &mut AttemptStats,
    ) -> Result<u64, DbError> {
        let (source, deadline) = (&self.job.source, self.deadline);
        let started = attempt::start(connections, source, stats, deadline.work()).await?;
        if started.done {
            return Ok(started.completions);
        }
        let left = attempt::retry(connections.ledger(), stats, deadline.work(), async |driver, _| {
            ledger::left(driver, source, started).await
        });
        let left = left.await?;
        let plan = Plan {
            action: source.action,
            sizes: self.worker.sizes,
            source: source.id,
            batch: source.action.batch(self.job.batch),
            pace: Pace::Closed,
            until: deadline.work(),
            cut: attempt::cut(&deadline),
            statement_timeout: self.worker.statement_timeout(),
            count_connections_at: None,
        };
        load(&mut connections.load, &plan, stats, left.into_iter()).await;
        attempt::settle(connections, source, stats, false, deadline.answer(), &self.worker.metrics_namespace)
            .await
    }
}
