//! The pipeline: its output, the requests to its API, what its functions answer, and what they dead-letter.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decimal;
use crate::deployment::{Cluster, Deployment};
use crate::histogram::Histogram;
use crate::load_generator::LoadGenerator;

/// The longest body of a request, bytes: an item of DynamoDB has 400 KB at most, a dead letter less.
pub const MAX_BODY: usize = 256 * 1024;
/// The field of records and items that a message is known by.
pub const ID: &str = "id";
/// The header of a response that says when the request was at `upstream`, µs since 1970.
pub const ARRIVED_HEADER: &str = "x-arrived-us";
/// The header of a response that says which invocation of `upstream` made it: its request id.
pub const REQUEST_ID_HEADER: &str = "x-lambda-request-id";
/// The header of a response that only the first one of an execution environment has.
pub const COLD_START_HEADER: &str = "x-cold-start";
/// How the message of a response starts that is 503 since the stream has no capacity.
pub const THROTTLED: &str = "throttled";

/// The output `environment.pipeline`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    /// Where, and with which settings.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// Where messages are sent to.
    pub api: Api,
    /// The Kinesis stream.
    pub stream: Stream,
    /// The DynamoDB table.
    pub table: Table,
    /// The URLs of the dead-letter queues.
    pub dead_letters: DeadLetterQueues,
    /// The functions, by name.
    pub functions: Functions,
    /// The database.
    pub cluster: Cluster,
    /// What generates load on Lambda; none of a stack that an earlier version deployed.
    #[serde(default)]
    pub load: Option<LoadGenerator>,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

impl AsMut<Deployment> for Deployed {
    fn as_mut(&mut self) -> &mut Deployment {
        &mut self.deployment
    }
}

/// The HTTP API.
#[derive(Debug, Clone, Deserialize)]
pub struct Api {
    /// Of its only route.
    pub url: String,
    /// Who may call it.
    pub auth: Auth,
}

/// Who may call the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Who signs with credentials that may.
    Iam,
    /// Everybody.
    None,
}

impl FromStr for Auth {
    type Err = UnknownAuth;

    fn from_str(text: &str) -> Result<Self, UnknownAuth> {
        match text {
            "iam" => Ok(Self::Iam),
            "none" => Ok(Self::None),
            _ => Err(UnknownAuth),
        }
    }
}

/// Text that is no [`Auth`].
#[derive(Debug, thiserror::Error)]
#[error("neither 'iam' nor 'none'")]
pub struct UnknownAuth;

/// The Kinesis stream.
#[derive(Debug, Clone, Deserialize)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// The DynamoDB table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The ARN of its stream.
    pub stream_arn: String,
}

/// The URLs of the dead-letter queues, by the function that reads the stream.
#[derive(Debug, Clone, Deserialize)]
pub struct DeadLetterQueues {
    /// Of the Kinesis stream's records.
    pub midstream: String,
    /// Of the table's changes.
    pub downstream: String,
}

/// The functions, by name.
#[derive(Debug, Clone, Deserialize)]
pub struct Functions {
    /// Puts requests into the Kinesis stream.
    pub upstream: String,
    /// Writes records of that stream to the table.
    pub midstream: String,
    /// Writes changes of the table to PostgreSQL.
    pub downstream: String,
    /// Answers with a [`Tally`].
    pub tally: String,
}

/// How the requests of a load follow each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Evenly spaced.
    #[default]
    Constant,
    /// A Poisson process, as many users who know nothing of each other make it: each gap is random, whatever those before it.
    Poisson,
}

/// The body of a request, as a load sends it.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    /// As [`message_id`] makes it.
    pub id: &'a str,
    /// Any text.
    pub message: &'a str,
    /// When it was to be sent, µs since 1970.
    pub timestamp: u64,
}

/// The body of a response.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    /// `success`, or why the request isn't accepted.
    pub message: String,
}

/// The id of one of a run's messages.
#[must_use]
pub fn message_id(run: &str, number: u64) -> String {
    format!("{run}-{number}")
}

/// The number of a message; none if it isn't one of the run's.
#[must_use]
pub fn message_number(run: &str, id: &str) -> Option<u64> {
    let text = id.strip_prefix(run)?.strip_prefix('-')?;
    // Each number has one way to write it.
    decimal::parse(text).filter(|_| text == "0" || !text.starts_with('0'))
}

/// A part of a message's way from an HTTP request to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hop {
    /// From the time at which the sender was to send it until `upstream` has it: API and function.
    Api,
    /// Until `midstream` has it: through the Kinesis stream.
    Stream,
    /// Until `downstream` has it: into the DynamoDB table and through the table's stream.
    Table,
    /// Until PostgreSQL has confirmed the commit of its row.
    Row,
    /// All of the way.
    EndToEnd,
}

impl Hop {
    /// Every hop, in a message's order, the whole way last.
    pub const ALL: [Self; 5] = [Self::Api, Self::Stream, Self::Table, Self::Row, Self::EndToEnd];
}

impl fmt::Display for Hop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Api => "api",
            Self::Stream => "stream",
            Self::Table => "table",
            Self::Row => "row",
            Self::EndToEnd => "end-to-end",
        })
    }
}

/// Which messages the function `pipeline-tally` is to report.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TallyRequest {
    /// A run's; all messages if there is none.
    pub run: Option<String>,
    /// The first of them whose latencies count.
    #[serde(default)]
    pub measured_from: u64,
    /// The first message of each stage of the load, in order: each stage's rows are told, too.
    #[serde(default)]
    pub stages_from: Vec<u64>,
    /// Whether to tell which invocations stored them, instead of the numbers.
    #[serde(default)]
    pub invocations: bool,
    /// Whether to leave out the histograms and the numbers, which only programs read.
    #[serde(default)]
    pub summary: bool,
    /// When the run's load started, µs since 1970: rows are counted by the seconds from then on. Without it, or without a run,
    /// they aren't.
    #[serde(default)]
    pub start_us: Option<u64>,
}

/// What the table in PostgreSQL says of a run: the answer of the function `pipeline-tally`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// The run; none for all messages that there are.
    pub run: Option<String>,
    /// Messages whose row PostgreSQL has confirmed.
    pub rows: u64,
    /// Rows that are there, but whose commit nobody has heard of yet.
    pub unconfirmed: u64,
    /// How often messages were delivered to the table; what exceeds `rows` was absorbed as duplicates.
    pub deliveries: u64,
    /// The numbers of the messages that have a row, confirmed or not, as ranges with both ends included; empty without
    /// a run, and with `invocations`.
    pub numbers: Vec<(u64, u64)>,
    /// Those of them that were delivered more than once, as ranges; of more than an answer holds, the first ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubled: Vec<(u64, u64)>,
    /// Latencies of the confirmed rows; of a run those of the messages with the number `measured_from` or a higher one.
    pub hops: BTreeMap<Hop, Histogram>,
    /// How many latencies of a hop were below 0, because the clocks of two hosts differ by more than the hop took: `hops` has
    /// them as 1 µs. A hop without any isn't here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub negative: BTreeMap<Hop, u64>,
    /// The seconds from the start of the load in which rows were confirmed, in their order, and how many: `rows` in all. One
    /// whose time is before the start, by another clock, is in the first second.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seconds: Vec<(u64, u64)>,
    /// The rows of each stage that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageTally>,
    /// When the first of the messages was at `upstream`, µs since 1970.
    pub first_arrived_us: Option<u64>,
    /// When the last row was confirmed, µs since 1970.
    pub last_stored_us: Option<u64>,
    /// The invocations that stored the messages; none unless they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocations: Option<Invocations>,
}

/// What the table says of a stage of a load.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageTally {
    /// Latencies of the confirmed rows, from the time at which the sender was to send them.
    pub end_to_end: Histogram,
    /// When the first row was confirmed, µs since 1970.
    pub first_stored_us: Option<u64>,
    /// When the last one was.
    pub last_stored_us: Option<u64>,
}

/// The invocations that stored messages, by function. One that failed, or came second, has stored none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Invocations {
    /// Of `midstream`.
    pub midstream: RequestIds,
    /// Of `downstream`.
    pub downstream: RequestIds,
}

/// Invocations of a function.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RequestIds {
    /// How many they are.
    pub count: u64,
    /// Their request ids; of more than an answer holds, some.
    pub ids: Vec<String>,
}

/// A record that can never become a row: the body of its message in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The function that gave it up.
    pub function: String,
    /// Why.
    pub reason: String,
    /// The message's id, if it could be read.
    pub id: Option<String>,
    /// The record's place in its stream.
    pub sequence_number: String,
    /// The record as it came: JSON text, or base64 of data that is no text.
    pub record: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_a_run_has_one_id() {
        for number in [0, 7, u64::MAX] {
            assert_eq!(message_number("run", &message_id("run", number)), Some(number));
        }
        for id in ["run-007", "run-+7", "run--7", "run-", "run-7 ", "run7", "run", "other-7", "run-7-7"] {
            assert_eq!(message_number("run", id), None, "'{id}'");
        }
    }
}
