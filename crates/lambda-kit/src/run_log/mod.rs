//! What exactly happened in a run: a table with an entry for each of its items.
//!
//! Its attributes are those of [`protocol::run_log`].
//!
//! Queues deliver twice, functions are ended in the middle, and are retried: whoever is about to do an item claims it. One
//! attempt at a time has it, none once it is done, and a claim that nobody can be working on any more may be taken over.
//! So each entry is ended once. What an attempt does before it is ended may happen again in the next.

mod idempotency;
mod queued;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

pub use idempotency::ClaimError;
use protocol::run_log::{
    ATTEMPTS, CLAIMED_UNTIL_US, COLD, COUNT, ENDED_US, ENVIRONMENT, EXPIRES, ITEM, QUEUED_US, REQUEST_IDS,
    RUN, STARTED_US, WORKER, partition,
};

use crate::{Failure, env, now_us};

/// How long entries are kept, seconds.
const RETENTION: u64 = 7 * 24 * 60 * 60;
/// A claim outlives its invocation by this: clocks differ.
const MARGIN: Duration = Duration::from_secs(2);

/// The table.
pub struct RunLog {
    client: Client,
    table: String,
}

/// Which entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// The run.
    pub run: &'a str,
    /// The item's id in it.
    pub item: &'a str,
}

/// Who claims an item.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    /// The invocation's request id.
    pub worker: &'a str,
    /// Whether this is its environment's first invocation.
    pub cold: bool,
    /// The execution environment, by the name of its log stream; none where Lambda names none.
    pub environment: Option<&'a str>,
    /// What is left of the invocation.
    pub remaining: Duration,
}

/// What else is known of an item when it is claimed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    /// When it was queued, µs since 1970.
    pub queued_us: Option<u64>,
    /// How many items it stands for.
    pub count: Option<usize>,
}

/// The result of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim<'a> {
    /// The item is the claimant's to do.
    Claimed(Claimed<'a>),
    /// It is done already.
    Done,
    /// Another invocation is working on it, or was until it was ended just now.
    Busy,
}

/// A claimed item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed<'a> {
    key: Key<'a>,
    /// Which attempt at the item this is, from 1.
    pub attempt: u64,
}

impl RunLog {
    /// The table that `RUN_LOG_TABLE` names.
    ///
    /// # Errors
    /// If the variable is missing.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        Ok(Self::new(config, env::setting("RUN_LOG_TABLE", "the name of the run log's table")?))
    }

    /// A table by its name.
    #[must_use]
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self { client: Client::new(config), table }
    }

    /// Claims an item for as long as the invocation can last.
    ///
    /// # Errors
    /// DynamoDB's.
    pub async fn claim<'a>(
        &self,
        key: Key<'a>,
        claimant: Claimant<'_>,
        known: Known,
    ) -> Result<Claim<'a>, Failure> {
        let now = now_us();
        let mut expression = format!(
            "SET {STARTED_US} = :now, {CLAIMED_UNTIL_US} = :until, {WORKER} = :worker, {COLD} = :cold, {EXPIRES} = :expires"
        );
        // Not done, and nobody else's. An invocation that Lambda repeats has the same request id, as has a claim that the SDK
        // sends again: the attempt before it is over.
        let claimable = format!(
            "attribute_not_exists({ENDED_US}) AND (attribute_not_exists({CLAIMED_UNTIL_US}) OR {CLAIMED_UNTIL_US} < :now OR \
             {WORKER} = :worker)"
        );
        let mut values = HashMap::from([
            (":now", number(now)),
            (":until", number(now.saturating_add(micros(claimant.remaining + MARGIN)))),
            (":worker", text(claimant.worker)),
            (":cold", AttributeValue::Bool(claimant.cold)),
            (":expires", expires(now)),
            (":one", number(1)),
            (":request", AttributeValue::Ss(vec![claimant.worker.to_owned()])),
        ]);
        if let Some(environment) = claimant.environment {
            let _ = write!(expression, ", {ENVIRONMENT} = :environment");
            values.insert(":environment", text(environment));
        }
        if let Some(queued_us) = known.queued_us {
            let _ = write!(expression, ", {QUEUED_US} = if_not_exists({QUEUED_US}, :queued)");
            values.insert(":queued", number(queued_us));
        }
        if let Some(count) = known.count {
            expression.push_str(", #count = :count");
            values.insert(":count", AttributeValue::N(count.to_string()));
        }
        let _ = write!(expression, " ADD {ATTEMPTS} :one, {REQUEST_IDS} :request");
        let update = self
            .update(key, &expression, &claimable, values)
            .set_expression_attribute_names(known.count.map(|_| names()))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(answer) => {
                let attempt =
                    answer.attributes().and_then(|entry| entry.get(ATTEMPTS)?.as_n().ok()?.parse().ok());
                Ok(Claim::Claimed(Claimed { key, attempt: attempt.unwrap_or(1) }))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    let done = failed.item().is_some_and(|entry| entry.contains_key(ENDED_US));
                    Ok(if done { Claim::Done } else { Claim::Busy })
                }
                _ => Err(self.failed("claim", key, &error)),
            },
        }
    }

    /// A claimed item is done. False if another attempt has taken it over meanwhile: then it is that one's.
    ///
    /// # Errors
    /// DynamoDB's.
    pub async fn finish(&self, claimed: Claimed<'_>) -> Result<bool, Failure> {
        let values = HashMap::from([(":now", number(now_us()))]);
        self.close(claimed, "end", &format!("SET {ENDED_US} = :now"), values).await
    }

    /// A claimed item could not be done: whoever comes next may try at once.
    ///
    /// # Errors
    /// DynamoDB's.
    pub async fn release(&self, claimed: Claimed<'_>) -> Result<(), Failure> {
        self.close(claimed, "release", &format!("REMOVE {CLAIMED_UNTIL_US}"), HashMap::new())
            .await
            .map(|_| ())
    }

    /// Returns whether the claim was still good.
    async fn close(
        &self,
        claimed: Claimed<'_>,
        doing: &str,
        expression: &str,
        mut values: HashMap<&str, AttributeValue>,
    ) -> Result<bool, Failure> {
        values.insert(":attempt", number(claimed.attempt));
        // Nobody has claimed it since: every claim counts.
        let is_mine = format!("{ATTEMPTS} = :attempt");
        match self.update(claimed.key, expression, &is_mine, values).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(self.failed(doing, claimed.key, &error)),
            },
        }
    }

    fn update(
        &self,
        key: Key<'_>,
        expression: &str,
        condition: &str,
        values: HashMap<&str, AttributeValue>,
    ) -> UpdateItemFluentBuilder {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.client
            .update_item()
            .table_name(&self.table)
            .key(RUN, text(&partition(key.run, key.item)))
            .key(ITEM, text(key.item))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values))
    }

    fn failed(&self, doing: &str, key: Key<'_>, error: &SdkError<UpdateItemError>) -> Failure {
        let Key { run, item } = key;
        Failure::aws(format_args!("{doing} item {item} of run {run} in the run log {}", self.table), error)
    }
}

/// What a word of DynamoDB's own is called in an expression.
fn names() -> HashMap<String, String> {
    HashMap::from([("#count".to_owned(), COUNT.to_owned())])
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// When an entry of now may go.
fn expires(now_us: u64) -> AttributeValue {
    number(now_us / 1_000_000 + RETENTION)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
