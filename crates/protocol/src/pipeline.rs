//! The pipeline: what its functions answer, and what they put aside.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

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

/// What the table in PostgreSQL says of a run: the answer of the function `pipeline-tally`.
///
/// The messages of a run have ids such as `<run>-17`: its name and a number.
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
    /// a run.
    pub numbers: Vec<(u64, u64)>,
    /// Latencies of the confirmed rows; of a run those of the messages with the number `measured_from` or a higher one.
    pub hops: BTreeMap<Hop, Histogram>,
    /// How many of a hop's latencies were below 0, since the clocks of two hosts differ by more than the hop took: they are in
    /// `hops` as 1 µs. A hop without any isn't here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub negative: BTreeMap<Hop, u64>,
    /// When the first of the messages was at `upstream`, µs since 1970.
    pub first_arrived_us: Option<u64>,
    /// When the last row was confirmed, µs since 1970.
    pub last_stored_us: Option<u64>,
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
