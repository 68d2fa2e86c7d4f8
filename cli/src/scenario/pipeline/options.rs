//! What `lambench run pipeline` takes.

mod check;
#[cfg(test)]
mod tests;

use std::time::Duration;

use clap::ValueEnum;
use protocol::pipeline::{Arrivals, MAX_BODY};
use protocol::stats::{real, whole};
use results::scenario::pipeline::{Offered, Profile};

use super::execute::{Schedule, Stage};
use super::search::Search;
use super::slo::Slo;
use crate::duration;

/// The end of `lambench run pipeline --help`.
pub const EXAMPLES: &str = "\
Each request is due at a time that is fixed in advance, and its latency counts from then, however late a connection is \
free for it. Then the run waits until each message that the API accepted is a row in PostgreSQL or in a dead-letter \
queue; what is neither is lost, and ends the run with exit code 1.

Examples:
  50 requests per second for 30 seconds:
    lambench run pipeline
  200 per second for a minute, after 10 seconds in which the functions start:
    lambench run pipeline --rate 200 --duration 60s --ramp 10s
  Messages of 10 KB on few connections:
    lambench run pipeline --size 10000 --connections 10
  5,000 per second, more than one machine can send, by functions in the region of the API:
    lambench run pipeline --from functions --rate 5000 --duration 120s
  As unevenly as many independent users send:
    lambench run pipeline --arrivals poisson
  What memory buys the functions:
    lambench run pipeline --rate 20 --memory 128,512,1769
  Where it stops keeping up, and how long it takes at each rate:
    lambench run pipeline --steps 100,200,400 --step-duration 30s
  Ten seconds at ten times the rate, and how soon that is over:
    lambench run pipeline --rate 50 --duration 60s --spike 500
  The highest rate at which 99 % of the requests take less than 500 ms and fewer than 1 in 1,000 fails:
    lambench run pipeline --find-limit --slo 'p99<500ms,errors<0.1%'
  Only the figures of the hops:
    lambench run pipeline --json | jq .pipeline.hops";

/// Most requests per second.
pub const MAX_RATE: u64 = 10_000;
/// A trial has so many times the connections that are busy, by Little's law, while requests take as long as they may: random arrivals
/// come faster at times.
const MORE_CONNECTIONS: f64 = 1.25;
/// Most keep-alive connections of a sender.
const MAX_CONNECTIONS: u64 = 1000;
/// How long a rate of several is held, where nothing else is asked for: many times what a stream's poller lets a record wait.
const STEP_DURATION: Duration = Duration::from_secs(30);
/// How long a spike lasts, where nothing else is asked for.
const SPIKE_DURATION: Duration = Duration::from_secs(10);
/// Most intervals behind a spike, of a second at least, in each of which latencies are looked at.
const SPIKE_INTERVALS: u32 = 30;
/// Requests per second of a worker, where nothing else is asked for: some tenth of what it can send.
const RATE_OF_WORKER: u64 = 250;
/// What makes random arrivals the same again, where nothing else is asked for.
const SEED: u32 = 1;
/// What a request's body may have, without the message's other fields, bytes.
const MAX_SIZE: u64 = MAX_BODY as u64 - 1_144;

/// What to send.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct Options {
    /// Requests per second; with --find-limit, of the first trial
    #[arg(
        long, value_name = "N", default_value_t = 50, conflicts_with = "steps",
        value_parser = clap::value_parser!(u64).range(1..=MAX_RATE)
    )]
    pub rate: u64,
    /// How long to send at that rate, such as 30s, 2m or 1m30s
    #[arg(
        long, value_name = "TIME", default_value = "30s", conflicts_with_all = ["steps", "find_limit"],
        value_parser = duration::parse
    )]
    pub duration: Duration,
    /// Ramp before that, in which the rate grows from 0: its messages count, but not their latencies
    #[arg(
        long, value_name = "TIME", default_value = "0s", conflicts_with = "steps", value_parser = duration::parse
    )]
    pub ramp: Duration,
    /// Rising rates, one after the other, such as 100,500,1000: shows each one's latencies, and where the pipeline falls behind
    #[arg(
        long, value_name = "N,…", value_delimiter = ',', conflicts_with_all = ["spike", "find_limit"],
        value_parser = clap::value_parser!(u64).range(1..=MAX_RATE)
    )]
    pub steps: Vec<u64>,
    /// How long to send at each rate of --steps, or in each trial of --find-limit [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub step_duration: Option<Duration>,
    /// Higher rate in the middle of --duration, requests per second: shows how soon latencies are again what they were before
    #[arg(
        long, value_name = "N", conflicts_with = "find_limit",
        value_parser = clap::value_parser!(u64).range(1..=MAX_RATE)
    )]
    pub spike: Option<u64>,
    /// How long that lasts [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub spike_duration: Option<Duration>,
    /// Look for the highest rate at which --slo holds: doubles the rate while it does, and then halves the interval to within 10 %
    #[arg(long)]
    pub find_limit: bool,
    /// What has to hold, such as 'p99<500ms,errors<0.1%': percentiles of requests (p99) and of the whole way (end-to-end.p99), and
    /// the share of requests whose message did not become a row
    #[arg(long, value_name = "CONDITIONS")]
    pub slo: Option<Slo>,
    /// Where requests come from
    #[arg(long, value_enum, default_value_t)]
    pub from: Origin,
    /// Functions that send the load together [default: one for each 250 requests per second]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1600))]
    pub workers: Option<u64>,
    /// How requests follow each other
    #[arg(long, value_enum, default_value_t)]
    pub arrivals: Spacing,
    /// Random arrivals with the same seed are the same again [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// Keep-alive connections, which limit the requests under way at once; with --from functions, of each function, and with
    /// --find-limit at least
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=MAX_CONNECTIONS))]
    pub connections: u64,
    /// Bytes of the field 'message'
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(0..=MAX_SIZE))]
    pub size: u64,
}

/// Where requests come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Origin {
    /// This machine: its network, clock and processor are in every figure
    #[default]
    Here,
    /// Functions in the region of the API, which send more than a machine can
    Functions,
}

/// How requests follow each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Spacing {
    /// Evenly spaced
    #[default]
    Constant,
    /// As many independent users send: a Poisson process, in which some gaps are short and some long
    Poisson,
}

impl Options {
    /// When each request is due.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            ramp: self.ramp,
            stages: self.stages(),
            arrivals: self.arrivals(),
            seed: self.seed.unwrap_or(SEED),
            workers: self.workers().unwrap_or(1),
        }
    }

    /// The rates, in their order; of a search, that of its first trial.
    fn stages(&self) -> Vec<Stage> {
        let (rate, step) = (self.rate, self.step_duration());
        if !self.steps.is_empty() {
            return self.steps.iter().map(|&rate| Stage { rate, duration: step }).collect();
        }
        if self.find_limit {
            return vec![Stage { rate, duration: step }];
        }
        let Some(spike) = self.spike else { return vec![Stage { rate, duration: self.duration }] };
        let around = self.duration.saturating_sub(self.spike_duration());
        let before = around / 2;
        let behind = around.saturating_sub(before);
        let intervals = u32::try_from(behind.as_secs()).unwrap_or(u32::MAX).clamp(1, SPIKE_INTERVALS);
        let stage = |rate, duration| Stage { rate, duration };
        let mut stages = vec![stage(rate, before), stage(spike, self.spike_duration())];
        stages.extend((1..intervals).map(|_| stage(rate, behind / intervals)));
        stages.push(stage(rate, behind.saturating_sub(behind / intervals * (intervals - 1))));
        stages
    }

    /// How long each rate of several is held.
    pub fn step_duration(&self) -> Duration {
        self.step_duration.unwrap_or(STEP_DURATION)
    }

    fn spike_duration(&self) -> Duration {
        self.spike_duration.unwrap_or(SPIKE_DURATION)
    }

    /// The highest rate that may be sent.
    pub fn highest_rate(&self) -> u64 {
        if self.find_limit {
            return MAX_RATE;
        }
        self.stages().into_iter().map(|stage| stage.rate).max().unwrap_or_default()
    }

    /// How many functions send it at most; none if this machine does.
    pub fn workers(&self) -> Option<u64> {
        let workers = || self.workers.unwrap_or_else(|| self.highest_rate().div_ceil(RATE_OF_WORKER));
        (self.from == Origin::Functions).then(workers)
    }

    /// A search's trial at a rate: a load of its own, with as many connections as the conditions allow requests to be under way.
    pub fn trial(&self, rate: u64) -> Self {
        let workers = self.workers.map(|workers| workers.min(rate));
        let trial = Self {
            rate,
            duration: self.step_duration(),
            step_duration: None,
            find_limit: false,
            slo: None,
            workers,
            ..self.clone()
        };
        let limit = self.slo.as_ref().and_then(Slo::nearly_all).unwrap_or_default();
        let under_way = MORE_CONNECTIONS * real(rate) * limit.as_secs_f64();
        let of_each = whole(under_way).div_ceil(trial.workers().unwrap_or(1));
        Self { connections: of_each.clamp(self.connections, MAX_CONNECTIONS), ..trial }
    }

    /// The loads that it sends one after the other: one, or of a search the trials that send most.
    pub fn loads(&self) -> Vec<Self> {
        if !self.find_limit {
            return vec![self.clone()];
        }
        let trials = Search::new(self.rate).longest();
        trials.into_iter().map(|rate| self.trial(rate)).collect()
    }

    /// Requests under way at once, at most: a connection has one at a time, and an invocation of upstream takes less than 100 ms.
    pub fn requests_at_once(&self) -> u64 {
        let connections = self.loads().iter().map(Self::all_connections).max().unwrap_or_default();
        connections.min(self.highest_rate().div_ceil(10).max(1))
    }

    /// Connections of all senders together.
    pub fn all_connections(&self) -> u64 {
        self.connections * self.workers().unwrap_or(1)
    }

    fn arrivals(&self) -> Arrivals {
        match self.arrivals {
            Spacing::Constant => Arrivals::Constant,
            Spacing::Poisson => Arrivals::Poisson,
        }
    }

    /// How the rate changes; none if it is held.
    fn profile(&self) -> Option<Profile> {
        if let Some(slo) = self.slo.as_ref().filter(|_| self.find_limit) {
            return Some(Profile::FindLimit { slo: slo.to_string(), workers: self.workers });
        }
        if self.spike.is_some() {
            let seconds = self.spike_duration().as_secs_f64();
            return Some(Profile::Spike { usual_rate: self.rate, seconds });
        }
        let seconds = self.step_duration().as_secs_f64();
        (!self.steps.is_empty()).then(|| Profile::Steps { rates: self.steps.clone(), seconds })
    }

    /// The load as a result file names it; `schedule` is what was due of it.
    pub fn offered(&self, schedule: &Schedule) -> Offered {
        let is_random = self.arrivals == Spacing::Poisson;
        let varies = !self.find_limit && (is_random || schedule.stages.len() > 1);
        let due_per_second =
            || real(schedule.total() - schedule.measured_from()) / schedule.duration().as_secs_f64();
        Offered {
            rate: if self.find_limit { self.rate } else { self.highest_rate() },
            ramp_seconds: self.ramp.as_secs_f64(),
            seconds: schedule.duration().as_secs_f64(),
            connections: self.connections,
            message_bytes: self.size,
            workers: self.workers(),
            arrivals: self.arrivals(),
            seed: is_random.then(|| self.seed.unwrap_or(SEED)),
            profile: self.profile(),
            due_per_second: varies.then(due_per_second),
        }
    }
}
