//! What became of each request.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use hyper::body::Bytes;
use protocol::histogram::Histogram;
use protocol::pipeline::{ARRIVED_HEADER, COLD_START_HEADER, REQUEST_ID_HEADER, Reply, THROTTLED};
use serde::{Deserialize, Serialize};

use crate::connection::{Answer, SendError};
use crate::plan::Numbers;
use crate::seconds::{Event, Seconds};

/// A function's clock may differ by so much before it is worth a word, µs: what a request's way takes at least.
const CLOCK_TOLERANCE: i64 = 1_000;

/// What the sender knows of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RequestStatus {
    /// It never left.
    Unsent,
    /// The API answered with 200.
    Accepted,
    /// The API, or its function, answered with an error of their own, behind which the message may have arrived.
    Failed,
    /// The API answered that it isn't taken.
    Refused,
    /// There was no answer.
    Unknown,
    /// Its worker has died and told nothing.
    Unreported,
}

impl RequestStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Unsent, Self::Accepted, Self::Failed, Self::Refused, Self::Unknown, Self::Unreported];
}

/// When a request was due, sent and answered, from the start of the load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// When it was to be sent.
    pub due: Duration,
    /// When it was ready to be sent.
    pub sent: Duration,
    /// When its answer had been read.
    pub answered: Duration,
}

/// All requests of a load.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RequestLog {
    /// Of each request, in the order of their numbers.
    #[serde(with = "crate::statuses")]
    pub statuses: Vec<RequestStatus>,
    /// What happened in each second; nothing from a worker of an earlier version.
    #[serde(default)]
    pub seconds: Seconds,
    /// Latencies of accepted requests from when they were due, apart from cold starts.
    pub warm: Histogram,
    /// Latencies of cold starts.
    pub cold: Histogram,
    /// Accepted requests that met a freshly initialized function, those of the ramp included.
    pub cold_starts: u64,
    /// Answers other than 200, by status, and what couldn't be sent.
    pub refused: BTreeMap<String, u64>,
    /// The error message of the first of each.
    pub error_messages: BTreeMap<String, String>,
    /// Requests without an answer.
    pub unknown: BTreeMap<String, u64>,
    /// Answers that say that there was no capacity.
    pub throttled: Throttled,
    /// How much later than due requests were ready, although a connection was free.
    pub lateness: Histogram,
    /// Requests that were due while all connections were busy.
    pub waited: u64,
    /// Requests that weren't sent, as no connection was free for too long.
    pub unsent: u64,
    /// By how much the functions' clock is ahead at least, µs; negative if it is behind.
    pub clock_us: i64,
    /// When the last answer came.
    pub last_answer: Duration,
    /// The same of each stage, as far as its requests were due.
    pub stages: Vec<StageLog>,
    /// The invocations of `upstream` that answered. A worker doesn't pass them on: they are too many.
    #[serde(skip)]
    pub request_ids: HashSet<String>,
}

/// What only a stage's requests were: see [`RequestLog`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StageLog {
    /// Latencies of accepted requests from when they were due, apart from cold starts.
    pub warm: Histogram,
    /// How much later than due requests were ready, although a connection was free.
    pub lateness: Histogram,
    /// Requests that were due while all connections were busy.
    pub waited: u64,
    /// Requests that weren't sent, as no connection was free for too long.
    pub unsent: u64,
    /// Answers that say that there was no capacity.
    pub throttled: u64,
    /// When the last request was accepted.
    pub last_accepted: Duration,
}

impl StageLog {
    /// Adds what another stage, or another worker in the same one, has brought.
    pub fn absorb(&mut self, other: &Self) {
        self.warm.merge(&other.warm);
        self.lateness.merge(&other.lateness);
        self.waited += other.waited;
        self.unsent += other.unsent;
        self.throttled += other.throttled;
        self.last_accepted = self.last_accepted.max(other.last_accepted);
    }
}

/// Requests for which there was no capacity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttled {
    /// API Gateway's limit on the rate: 429.
    pub by_api: u64,
    /// The stream's limit: 503 with the function's words.
    pub by_stream: u64,
}

impl RequestLog {
    /// Of requests that are all still to be sent.
    #[must_use]
    pub fn new(total: u64) -> Self {
        let statuses = vec![RequestStatus::Unsent; usize::try_from(total).unwrap_or_default()];
        Self { statuses, ..Self::default() }
    }

    /// What only a stage's requests were.
    fn stage(&mut self, stage: usize) -> &mut StageLog {
        if self.stages.len() <= stage {
            self.stages.resize_with(stage + 1, StageLog::default);
        }
        &mut self.stages[stage]
    }

    /// Takes down when a request was ready to be sent, on a connection that has been free since a time; the ramp is no stage.
    pub(crate) fn ready(&mut self, stage: Option<usize>, due: Duration, free: Duration, sent: Duration) {
        self.seconds.count(Event::Sent, sent);
        let Some(stage) = stage else { return };
        let (waited, lateness) = (u64::from(free > due), sent.saturating_sub(due.max(free)));
        self.waited += waited;
        self.lateness.record(lateness);
        let log = self.stage(stage);
        log.waited += waited;
        log.lateness.record(lateness);
    }

    /// Takes down that no connection was free for a request for too long; the ramp is no stage.
    pub(crate) fn give_up(&mut self, stage: Option<usize>) {
        self.unsent += 1;
        if let Some(stage) = stage {
            self.stage(stage).unsent += 1;
        }
    }

    /// Takes down an answer; latencies count only if the request is one of a stage. The start of the load is in µs since 1970.
    pub(crate) fn answered(
        &mut self,
        number: u64,
        times: Times,
        answer: &Answer,
        stage: Option<usize>,
        start_us: u64,
    ) {
        self.last_answer = self.last_answer.max(times.answered);
        let event = if answer.status == 200 { Event::Accepted } else { Event::Refused };
        self.seconds.count(event, times.answered);
        let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
        self.request_ids.extend(header(REQUEST_ID_HEADER).map(str::to_owned));
        if answer.status != 200 {
            return self.refuse(number, answer.status.as_u16(), &answer.body, stage);
        }
        self.set(number, RequestStatus::Accepted);
        let is_cold = header(COLD_START_HEADER).is_some();
        self.cold_starts += u64::from(is_cold);
        if let Some(stage) = stage {
            self.accepted(stage, times, is_cold);
        }
        if let Some(arrived_us) = header(ARRIVED_HEADER).and_then(|us| us.parse().ok()) {
            self.compare_clocks(arrived_us, times, start_us);
        }
    }

    fn accepted(&mut self, stage: usize, times: Times, is_cold: bool) {
        let latency = times.answered.saturating_sub(times.due);
        let whole = if is_cold { &mut self.cold } else { &mut self.warm };
        whole.record(latency);
        let log = self.stage(stage);
        log.last_accepted = log.last_accepted.max(times.answered);
        if !is_cold {
            log.warm.record(latency);
        }
    }

    /// Takes down that there is no answer.
    pub(crate) fn failed(&mut self, number: u64, error: SendError, answered: Duration) {
        self.last_answer = self.last_answer.max(answered);
        match error {
            SendError::NotSent => {
                self.seconds.count(Event::Refused, answered);
                *self.refused.entry("connection".to_owned()).or_default() += 1;
            }
            SendError::Unknown => self.unanswered(number, "connection", answered),
        }
    }

    /// Takes down that there was no answer in time.
    pub(crate) fn timed_out(&mut self, number: u64, answered: Duration) {
        self.last_answer = self.last_answer.max(answered);
        self.unanswered(number, "timeout", answered);
    }

    fn unanswered(&mut self, number: u64, kind: &str, answered: Duration) {
        self.seconds.count(Event::Unknown, answered);
        self.set(number, RequestStatus::Unknown);
        *self.unknown.entry(kind.to_owned()).or_default() += 1;
    }

    fn refuse(&mut self, number: u64, status: u16, body: &Bytes, stage: Option<usize>) {
        let message = serde_json::from_slice(body)
            .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |Reply { message }| message);
        let throttled = match status {
            429 => Throttled { by_api: 1, by_stream: 0 },
            503 if message.starts_with(THROTTLED) => Throttled { by_api: 0, by_stream: 1 },
            _ => Throttled::default(),
        };
        self.throttled.by_api += throttled.by_api;
        self.throttled.by_stream += throttled.by_stream;
        if let Some(stage) = stage {
            self.stage(stage).throttled += throttled.by_api + throttled.by_stream;
        }
        self.set(number, if status < 500 { RequestStatus::Refused } else { RequestStatus::Failed });
        *self.refused.entry(status.to_string()).or_default() += 1;
        self.error_messages.entry(status.to_string()).or_insert_with(|| message.chars().take(200).collect());
    }

    /// A message cannot have arrived before it was sent, nor after it was answered: if it has, by the function's clock,
    /// that clock differs by so much at least.
    fn compare_clocks(&mut self, arrived_us: i64, times: Times, start_us: u64) {
        let micros =
            |time: Duration| i64::try_from(u128::from(start_us) + time.as_micros()).unwrap_or(i64::MAX);
        let (sent, answered) = (micros(times.sent), micros(times.answered));
        let ahead = (arrived_us - answered).max(0) - (sent - arrived_us).max(0);
        if ahead.abs() > CLOCK_TOLERANCE.max(self.clock_us.abs()) {
            self.clock_us = ahead;
        }
    }

    /// Adds what a worker did, whose messages had these numbers.
    pub(crate) fn absorb(&mut self, other: Self, numbers: &Numbers) {
        self.seconds.absorb(&other.seconds);
        for (number, status) in numbers.all().zip(other.statuses) {
            self.set(number, status);
        }
        for (all, one) in [(&mut self.warm, other.warm), (&mut self.cold, other.cold)] {
            all.merge(&one);
        }
        self.lateness.merge(&other.lateness);
        for (stage, log) in other.stages.iter().enumerate() {
            self.stage(stage).absorb(log);
        }
        for (all, one) in [(&mut self.refused, other.refused), (&mut self.unknown, other.unknown)] {
            for (kind, count) in one {
                *all.entry(kind).or_default() += count;
            }
        }
        for (status, message) in other.error_messages {
            self.error_messages.entry(status).or_insert(message);
        }
        self.cold_starts += other.cold_starts;
        self.throttled.by_api += other.throttled.by_api;
        self.throttled.by_stream += other.throttled.by_stream;
        self.waited += other.waited;
        self.unsent += other.unsent;
        self.last_answer = self.last_answer.max(other.last_answer);
        if other.clock_us.abs() > self.clock_us.abs() {
            self.clock_us = other.clock_us;
        }
    }

    pub(crate) fn set(&mut self, number: u64, status: RequestStatus) {
        let entry = usize::try_from(number).ok().and_then(|index| self.statuses.get_mut(index));
        *entry.expect("numbers come from the schedule") = status;
    }

    /// How many requests have a status.
    #[must_use]
    pub fn count(&self, status: RequestStatus) -> u64 {
        self.count_from(0, status)
    }

    /// How many requests from a number on have a status.
    #[must_use]
    pub fn count_from(&self, number: u64, status: RequestStatus) -> u64 {
        let from = usize::try_from(number).unwrap_or(usize::MAX);
        self.statuses.iter().skip(from).filter(|one| **one == status).count() as u64
    }

    /// How many requests of a range of numbers have a status.
    #[must_use]
    pub fn count_in(&self, numbers: &Range<u64>, status: RequestStatus) -> u64 {
        self.statuses_of(numbers).iter().filter(|one| **one == status).count() as u64
    }

    /// What became of the requests of a range of numbers, as far as they were due.
    #[must_use]
    pub fn statuses_of(&self, numbers: &Range<u64>) -> &[RequestStatus] {
        let end = usize::try_from(numbers.end).unwrap_or(usize::MAX).min(self.statuses.len());
        let start = usize::try_from(numbers.start).unwrap_or(usize::MAX).min(end);
        &self.statuses[start..end]
    }

    /// How many requests have left, as far as their workers have told.
    #[must_use]
    pub fn sent(&self) -> u64 {
        let others = self.count(RequestStatus::Unsent) + self.count(RequestStatus::Unreported);
        self.statuses.len() as u64 - others
    }
}
