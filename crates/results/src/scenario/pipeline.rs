//! The pipeline's own part of a result file.

mod profile;
mod search;
mod stage;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::billing_log::FunctionUse;
use protocol::histogram::Latency;
use protocol::pipeline::{Arrivals, Hop};
use protocol::stats::real;

pub use profile::{Profile, Spike};
pub use search::{Outcome, Search, SearchEnd, Trial};
pub use stage::{Knee, KneeKind, LATE_MS, Stage, WAITED};

/// What a million messages cost on AWS, but for Aurora's capacity.
pub const COST: &str = "a million messages, without Aurora's capacity";
/// The same with Aurora's capacity, where that was measured.
pub const COST_WITH_AURORA: &str = "a million messages, with Aurora's capacity";

/// What became of the messages that a load test sent through the pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// What was to be sent.
    pub offered: Offered,
    /// What the API answered.
    pub requests: Requests,
    /// What became of the messages behind it.
    pub messages: Messages,
    /// Latencies of the messages whose row is confirmed, apart from those of the ramp; `samples` has the whole
    /// distributions.
    pub hops: BTreeMap<Hop, Latency>,
    /// How many of a hop's latencies were below 0 by the clocks of two hosts, and count as 1 µs; a hop without any isn't
    /// here.
    pub negative: BTreeMap<Hop, u64>,
    /// What happened in each second, from the start of the load to the last row; seconds in which nothing happened are left out.
    /// Empty in results of an earlier version, and where a stack's functions are of one that counted nothing by second.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seconds: Vec<Second>,
    /// The three functions on the way, in its order; one is missing if its REPORT lines are.
    pub functions: Vec<FunctionUse>,
    /// How well the load was generated.
    pub generator: Generator,
    /// The parts of the load with a rate of their own, in the order in which they were sent; none of a load with one rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// The first of rising steps that was too much; none if all were kept up with, and of other loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<Knee>,
    /// How soon a spike was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spike: Option<Spike>,
    /// How the highest rate that holds was looked for: all of the above is of its trial at that rate, or if there is none, of its
    /// last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
}

impl Delivery {
    /// Requests per second that were due, apart from the ramp: of a search, in the trial that the figures are of.
    #[must_use]
    pub fn offered_per_second(&self) -> f64 {
        let trial = self.search.as_ref().and_then(Search::measured);
        trial.map_or_else(|| self.offered.per_second(), |trial| trial.stage.offered_per_second())
    }
}

/// A load whose every request is due at a time that is fixed in advance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Offered {
    /// Requests per second; of several rates the highest, and of a search the first one.
    pub rate: u64,
    /// Time in which the rate grew from 0, s; its messages count, but not their latencies.
    pub ramp_seconds: f64,
    /// Time behind that, s; of a search, that of each trial.
    pub seconds: f64,
    /// Keep-alive connections: most requests under way at once. Of a load that functions sent, those of each function; of a search
    /// the fewest, and its trials have their own.
    pub connections: u64,
    /// Bytes of the field `message`.
    pub message_bytes: u64,
    /// Functions that sent it together, in a search those at its last possible rate; none if the machine did that `lambench run` ran
    /// on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u64>,
    /// How requests followed each other.
    #[serde(default, skip_serializing_if = "is_constant")]
    pub arrivals: Arrivals,
    /// What makes random arrivals the same again; none if they are evenly spaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// How the rate changed; none if it was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Requests per second that chance or the profile has made of the rate, apart from the ramp; none if they are evenly spaced at
    /// one rate, and of a search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_per_second: Option<f64>,
}

impl Offered {
    /// Requests per second that were due, apart from the ramp.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.due_per_second.unwrap_or_else(|| real(self.rate.max(1)))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_constant(arrivals: &Arrivals) -> bool {
    *arrivals == Arrivals::Constant
}

/// What the API answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Requests {
    /// All that were sent, those of the ramp included: `accepted`, `refused` and `unknown` together.
    pub sent: u64,
    /// Answered with 200.
    pub accepted: u64,
    /// Answered with anything else, by status, and by `connection` those that couldn't be sent.
    pub refused: BTreeMap<String, u64>,
    /// Sent, but never answered, by `timeout` and `connection`: their messages may have arrived.
    pub unknown: BTreeMap<String, u64>,
    /// Never sent, as all connections were busy for longer than a request may take; and those of functions that died, of
    /// which nobody knows whether they were sent.
    pub unsent: u64,
    /// Those of `refused` that the API or Kinesis had no capacity for.
    pub throttled: u64,
    /// Answered by a freshly initialized function.
    pub cold_starts: u64,
    /// Accepted requests per second, apart from the ramp, over `seconds`.
    pub accepted_per_second: f64,
    /// From the end of the ramp to the last answer, or to the end of the load if that was later.
    pub seconds: f64,
    /// Of accepted requests, apart from cold starts and the ramp, from the time at which they were due.
    pub latency_ms: Option<Latency>,
    /// The same of cold starts.
    pub cold_latency_ms: Option<Latency>,
}

/// What became of the messages. The accepted ones are `stored`, `dead_lettered` and `lost` together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Messages {
    /// Accepted ones with a row in PostgreSQL.
    pub stored: u64,
    /// Accepted ones without a row that are in a dead-letter queue.
    pub dead_lettered: u64,
    /// Why, each message counted once.
    pub reasons: BTreeMap<String, u64>,
    /// In a dead-letter queue, but with a row all the same.
    pub dead_lettered_stored: u64,
    /// Accepted ones that are nowhere.
    pub lost: u64,
    /// Their ids, a hundred at most.
    pub lost_ids: Vec<String>,
    /// Their numbers, as ranges with both ends included.
    pub lost_numbers: Vec<(u64, u64)>,
    /// With a row, although their request wasn't answered with 200.
    pub unaccepted_stored: u64,
    /// In a dead-letter queue, although their request wasn't answered with 200.
    pub unaccepted_dead_lettered: u64,
    /// Rows whose commit nobody has heard of.
    pub unconfirmed: u64,
    /// Rows of messages that were never sent.
    pub foreign: u64,
    /// How often messages were delivered to PostgreSQL.
    pub deliveries: u64,
    /// Deliveries of messages that were there already, and changed nothing.
    pub duplicates: u64,
    /// The numbers of messages that were delivered more than once, as ranges with both ends included; of very many, the first
    /// ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicate_numbers: Vec<(u64, u64)>,
    /// Rows per second, apart from the ramp, over `seconds`.
    pub per_second: f64,
    /// From the end of the ramp to the last row, or to the end of the load if that was later.
    pub seconds: f64,
    /// From the last answer to the last row, s; none without a row.
    pub drain_seconds: Option<f64>,
}

/// What happened in a second. All seconds together have what `requests` and `messages` count in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Second {
    /// Time from the start of the load, the ramp included, to the beginning of this second, s.
    pub second: u64,
    /// Requests that were to be sent: in all, `sent` and `unsent` together.
    pub due: u64,
    /// Requests that were sent, and those that couldn't be.
    pub sent: u64,
    /// Answers with 200, whenever their requests were sent.
    pub accepted: u64,
    /// Any other answers, and requests that couldn't be sent.
    pub refused: u64,
    /// Requests that were given up without an answer.
    pub unknown: u64,
    /// Rows whose commit PostgreSQL confirmed, whether or not their requests were answered.
    pub rows: u64,
    /// Messages that came to a dead-letter queue, by the queue's clock.
    pub dead_lettered: u64,
}

/// How well the load was generated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Generator {
    /// 99th percentile of how much later than due a request was ready to be sent, although a connection was free, ms.
    pub late_p99_ms: Option<f64>,
    /// Requests that were due while all connections were busy.
    pub waited: u64,
    /// CPU time that it took for each request, ms.
    pub cpu_ms_per_request: f64,
    /// By how much the functions' clock is ahead of the sender's at least, ms (behind if negative); 0 if no request
    /// shows a difference.
    pub clock_difference_ms: f64,
    /// The functions that sent it; none if the machine did that `lambench run` ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<Workers>,
}

/// Functions that generated a load together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Workers {
    /// How many there were.
    pub count: u64,
    /// Those of them that ended without a report.
    pub lost: u64,
    /// The requests that these were to send, which are part of `unsent`.
    pub unreported: u64,
    /// Those that weren't ready when the load started.
    pub late: u64,
    /// How long after the start the last one was ready, ms.
    pub latest_ms: f64,
}
