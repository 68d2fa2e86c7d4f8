//! What is noted of each request.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::body::Bytes;
use protocol::histogram::Histogram;
use serde::Deserialize;

use super::connection::{Answer, Failure};

/// A function's clock may differ by so much before it is worth a word, µs: what a request's way takes at least.
const CLOCK_TOLERANCE: i64 = 1_000;

/// What the sender knows of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
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
}

/// When a request was due, sent and answered, from the start of the load.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// When it was to be sent.
    pub due: Duration,
    /// When it was ready to be sent.
    pub sent: Duration,
    /// When its answer had been read.
    pub answered: Duration,
}

/// All requests of a load.
#[derive(Debug, Default)]
pub struct Record {
    /// Of each number.
    pub fates: Vec<Fate>,
    /// Latencies of accepted requests from when they were due, apart from cold starts.
    pub warm: Histogram,
    /// Latencies of cold starts.
    pub cold: Histogram,
    /// Accepted requests that met a freshly initialized function, those of the ramp included.
    pub cold_starts: u64,
    /// Answers other than 200, by status, and what couldn't be sent.
    pub refused: BTreeMap<String, u64>,
    /// What the first of each said.
    pub said: BTreeMap<String, String>,
    /// Requests without an answer.
    pub unknown: BTreeMap<String, u64>,
    /// Answers that say that there was no capacity.
    pub throttled: Throttled,
    /// How much later than due requests were ready, although a connection was free.
    pub late: Histogram,
    /// Requests that were due while all connections were busy.
    pub waited: u64,
    /// Requests that weren't sent, as no connection was free for too long.
    pub unsent: u64,
    /// By how much the functions' clock is ahead at least, µs; negative if it is behind.
    pub clock_us: i64,
    /// When the last answer came.
    pub last_answer: Duration,
}

/// Requests for which there was no capacity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Throttled {
    /// API Gateway's limit on the rate: 429.
    pub by_api: u64,
    /// The stream's limit: 503 with the function's words.
    pub by_stream: u64,
}

/// An error's body.
#[derive(Deserialize)]
struct Said {
    message: String,
}

impl Record {
    /// A record of requests that are all still to be sent.
    pub fn new(total: u64) -> Self {
        let fates = vec![Fate::Unsent; usize::try_from(total).unwrap_or_default()];
        Self { fates, ..Self::default() }
    }

    /// Notes when a request was ready to be sent, on a connection that has been free since a time.
    pub fn ready(&mut self, due: Duration, free: Duration, sent: Duration) {
        self.waited += u64::from(free > due);
        self.late.record(sent.saturating_sub(due.max(free)));
    }

    /// Notes an answer; latencies count only if the request is `measured`. The start of the load is in µs since 1970.
    pub fn answered(&mut self, number: u64, times: Times, answer: &Answer, measured: bool, start_us: u64) {
        self.last_answer = self.last_answer.max(times.answered);
        let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
        if answer.status != 200 {
            return self.refuse(number, answer.status.as_u16(), &answer.body);
        }
        self.set(number, Fate::Accepted);
        let is_cold = header("x-cold-start").is_some();
        self.cold_starts += u64::from(is_cold);
        if measured {
            let histogram = if is_cold { &mut self.cold } else { &mut self.warm };
            histogram.record(times.answered.saturating_sub(times.due));
        }
        if let Some(arrived_us) = header("x-arrived-us").and_then(|us| us.parse().ok()) {
            self.compare_clocks(arrived_us, times, start_us);
        }
    }

    /// Notes that there is no answer.
    pub fn failed(&mut self, number: u64, failure: &Failure, answered: Duration) {
        self.last_answer = self.last_answer.max(answered);
        match failure {
            Failure::NotSent => *self.refused.entry("connection".to_owned()).or_default() += 1,
            Failure::Unknown => self.lose(number, "connection"),
        }
    }

    /// Notes that there was no answer in time.
    pub fn timed_out(&mut self, number: u64, answered: Duration) {
        self.last_answer = self.last_answer.max(answered);
        self.lose(number, "timeout");
    }

    fn lose(&mut self, number: u64, kind: &str) {
        self.set(number, Fate::Unknown);
        *self.unknown.entry(kind.to_owned()).or_default() += 1;
    }

    fn refuse(&mut self, number: u64, status: u16, body: &Bytes) {
        let said = serde_json::from_slice(body)
            .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |Said { message }| message);
        match status {
            429 => self.throttled.by_api += 1,
            503 if said.starts_with("throttled") => self.throttled.by_stream += 1,
            _ => {}
        }
        self.set(number, if status < 500 { Fate::Refused } else { Fate::Failed });
        *self.refused.entry(status.to_string()).or_default() += 1;
        self.said.entry(status.to_string()).or_insert_with(|| said.chars().take(200).collect());
    }

    /// A message can't have arrived before it was sent, nor after it was answered: if it has, by the function's clock,
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

    fn set(&mut self, number: u64, fate: Fate) {
        let deployment = usize::try_from(number).ok().and_then(|index| self.fates.get_mut(index));
        *deployment.expect("numbers come from the schedule") = fate;
    }

    /// How many messages from a number on have a fate.
    pub fn count_from(&self, number: u64, fate: Fate) -> u64 {
        let from = usize::try_from(number).unwrap_or(usize::MAX);
        self.fates.iter().skip(from).filter(|one| **one == fate).count() as u64
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
