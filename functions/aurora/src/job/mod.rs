//! What a message of the queue asks for.

use std::collections::HashMap;

use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use lambda_kit::postgres::Cluster;
use protocol::aurora::message::{ACTION, BATCH, DATABASE, HOST, MAX_STATEMENTS, RUN, STATEMENTS};
use protocol::aurora::{Action, Driver, Endpoint, MAX_BATCH};
use protocol::decimal;
use protocol::run_name::{self, InvalidName};
use uuid::Uuid;

use crate::ledger::Source;

/// The run of messages that name none.
const DEFAULT_RUN: &str = "manual";

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Whose units, which and how many.
    pub source: Source,
    /// Where.
    pub endpoint: Endpoint,
    /// Rows per statement.
    pub batch: u32,
}

/// Why a message can never be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// An attribute isn't there.
    #[error("the message attribute {0} is missing")]
    Missing(&'static str),
    /// An unknown action.
    #[error("Action is '{0}', but must be INSERT, SELECT, SELECT2 or TPCB")]
    Action(String),
    /// Not a run.
    #[error("RUN cannot be used: {0}")]
    Run(InvalidName),
    /// A number that is none, or out of range.
    #[error("{name} is '{value}', but must be a whole number from 1 to {max}")]
    Number {
        /// The attribute.
        name: &'static str,
        /// Its value.
        value: String,
        /// The largest.
        max: u32,
    },
    /// Not an endpoint of the cluster.
    #[error("HOST is '{0}', but must be the cluster's writer '{1}' or its reader '{2}'")]
    Host(String, String, String),
    /// Not the database.
    #[error("DBNAME is '{0}', but must be '{1}'")]
    Database(String, String),
    /// The reader, over a driver that doesn't reach it.
    #[error("HOST is the reader '{0}', but the Data API only reaches the writer")]
    Reader(String),
}

/// Reads a message.
///
/// # Errors
/// [`JobError`] if it can never be done.
pub fn parse(message: &SqsMessage, cluster: &Cluster, driver: Driver) -> Result<Job, JobError> {
    let attributes = Attributes(&message.message_attributes);
    let action = attributes.required(ACTION)?;
    let action =
        serde_json::from_value::<Action>(action.into()).map_err(|_| JobError::Action(action.into()))?;
    let wanted = number(STATEMENTS, attributes.required(STATEMENTS)?, MAX_STATEMENTS)?;
    let endpoint = endpoint(attributes.required(HOST)?, cluster, driver)?;
    let database = attributes.required(DATABASE)?;
    if database != cluster.database {
        return Err(JobError::Database(database.to_owned(), cluster.database.clone()));
    }
    let batch = attributes.optional(BATCH).map_or(Ok(1), |batch| number(BATCH, batch, MAX_BATCH))?;
    let run =
        run_name::check(attributes.optional(RUN).unwrap_or(DEFAULT_RUN)).map_err(JobError::Run)?.to_owned();
    let id = source_id(message.message_id.as_deref().unwrap_or_default());
    Ok(Job { source: Source { id, run, action, wanted: Some(wanted) }, endpoint, batch })
}

/// A message's id; SQS's are UUIDs.
fn source_id(id: &str) -> Uuid {
    Uuid::parse_str(id).unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()))
}

struct Attributes<'a>(&'a HashMap<String, SqsMessageAttribute>);

impl<'a> Attributes<'a> {
    /// A String's or a Number's value; both are text.
    fn optional(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.string_value.as_deref().map(str::trim)
    }

    fn required(&self, name: &'static str) -> Result<&'a str, JobError> {
        self.optional(name).ok_or(JobError::Missing(name))
    }
}

fn number(name: &'static str, value: &str, max: u32) -> Result<u32, JobError> {
    let number = decimal::parse(value).and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| JobError::Number { name, value: value.to_owned(), max })
}

/// The host is only compared: credentials go to the cluster's own hosts, never to one from a message.
fn endpoint(host: &str, cluster: &Cluster, driver: Driver) -> Result<Endpoint, JobError> {
    if host.eq_ignore_ascii_case(&cluster.writer) {
        return Ok(Endpoint::Writer);
    }
    if !host.eq_ignore_ascii_case(&cluster.reader) {
        return Err(JobError::Host(host.to_owned(), cluster.writer.clone(), cluster.reader.clone()));
    }
    match driver {
        Driver::Sqlx => Ok(Endpoint::Reader),
        Driver::DataApi => Err(JobError::Reader(host.to_owned())),
    }
}

#[cfg(test)]
mod tests;
