//! A part of a load with a rate of its own, and the rate that is too much.

use protocol::histogram::Latency;
use protocol::stats::real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::{KEEPS_UP, keeps_up};

/// A part of a load with a rate of its own. Of the requests that were `due`, those that aren't `unsent` were sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// Such as `rate 100` or `before`.
    pub name: String,
    /// Requests per second.
    pub rate: u64,
    /// How long it was held, s.
    pub seconds: f64,
    /// Requests that were due.
    pub due: u64,
    /// Those that were never sent: all connections were busy for longer than a request may take, or their function died.
    pub unsent: u64,
    /// Those that the API answered with 200.
    pub accepted: u64,
    /// Those that the API or Kinesis had no capacity for.
    pub throttled: u64,
    /// Accepted ones with a row in PostgreSQL.
    pub stored: u64,
    /// Accepted requests per second, until the last of them was, or to the end of the stage if that was later.
    pub accepted_per_second: f64,
    /// Rows per second, from the first one to the last one, or over the time of the stage if that is longer.
    pub stored_per_second: f64,
    /// Of accepted requests, apart from cold starts, from the time at which they were due.
    pub latency_ms: Option<Latency>,
    /// From the time at which a request was due until PostgreSQL has confirmed the commit of its row.
    pub end_to_end_ms: Option<Latency>,
    /// From the end of the stage to its last row, s; 0 if that was there before, none without a row.
    pub drain_seconds: Option<f64>,
    /// 99th percentile of how much later than due a request was ready to be sent, although a connection was free, ms.
    pub late_p99_ms: Option<f64>,
    /// Requests that were due while all connections were busy.
    pub waited: u64,
    /// Connections that there were, of all senders together.
    pub connections: u64,
}

impl Stage {
    /// Requests that were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.due - self.unsent
    }

    /// Requests that were sent and not accepted.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.sent() - self.accepted
    }

    /// Requests per second that were due.
    #[must_use]
    pub fn offered_per_second(&self) -> f64 {
        real(self.due) / self.seconds
    }

    /// Where less was completed than offered; none if it was kept up with.
    #[must_use]
    pub fn falls_behind(&self) -> Option<KneeKind> {
        let offered = self.offered_per_second();
        if !keeps_up(offered, self.accepted_per_second) {
            return Some(KneeKind::Requests);
        }
        (!keeps_up(offered, self.stored_per_second)).then_some(KneeKind::Rows)
    }

    /// Whether the sender itself was so late that it may have fallen behind on its own.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let falls_behind_by_ms = (1.0 - KEEPS_UP) * self.seconds * 1e3;
        self.late_p99_ms.is_some_and(|late| late >= falls_behind_by_ms / 2.0)
    }

    /// Whether requests waited for a connection although they took no longer than is `usual_ms`, or nothing says what is usual, so
    /// that nobody can tell what the pipeline would have done. By Little's law, all connections are busy as soon as a request takes
    /// as many seconds as there are connections for each request per second.
    #[must_use]
    pub fn has_too_few_connections(&self, usual_ms: Option<f64>) -> bool {
        let busy_ms = real(self.connections) / self.offered_per_second() * 1e3;
        self.has_waited() && usual_ms.is_none_or(|usual| busy_ms < usual)
    }

    /// Whether more than chance had to wait for a connection.
    #[must_use]
    pub fn has_waited(&self) -> bool {
        real(self.waited) > WAITED * real(self.due)
    }
}

/// A generator that is later than due by more than this measures itself rather than the API, ms.
pub const LATE_MS: f64 = 1.0;
/// More requests than this share that wait for a connection make a latency of its own.
pub const WAITED: f64 = 0.01;

/// The first of rising rates that is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Knee {
    /// Requests per second.
    pub rate: u64,
    /// What falls behind there.
    pub kind: KneeKind,
}

/// What falls behind at a knee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KneeKind {
    /// Fewer requests are accepted than offered.
    Requests,
    /// Requests are accepted, but fewer messages become rows.
    Rows,
    /// The sender itself was the limit: nobody can tell what the pipeline would have taken.
    Generator,
}

impl Knee {
    /// The knee of rising steps; none if all were kept up with. It is where an open loop of aurora has its own: at the first stage
    /// of which less is completed than offered.
    #[must_use]
    pub fn of(steps: &[Stage]) -> Option<Self> {
        let (index, step, kind) =
            steps.iter().enumerate().find_map(|(index, step)| Some((index, step, step.falls_behind()?)))?;
        let lower = index.checked_sub(1).and_then(|before| steps[before].latency_ms);
        let limited = step.is_late() || step.has_too_few_connections(lower.map(|latency| latency.p99));
        Some(Self { rate: step.rate, kind: if limited { KneeKind::Generator } else { kind } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step of 10 s at a rate, of which so many per second were accepted and stored.
    fn step(rate: u64, accepted_per_second: f64, stored_per_second: f64) -> Stage {
        Stage {
            rate,
            seconds: 10.0,
            due: rate * 10,
            accepted: rate * 10,
            accepted_per_second,
            stored_per_second,
            latency_ms: Some(Latency { p50: 5.0, p90: 8.0, p99: 20.0, p99_9: 30.0 }),
            late_p99_ms: Some(0.1),
            connections: 50,
            ..Stage::default()
        }
    }

    fn knee(rate: u64, kind: KneeKind) -> Knee {
        Knee { rate, kind }
    }

    #[test]
    fn the_knee_is_the_first_step_that_falls_behind() {
        let steady = [step(100, 100.0, 99.0), step(200, 200.0, 190.5)];
        assert_eq!(Knee::of(&steady), None);
        let [first, second] = steady;
        let rows = step(400, 400.0, 210.0);
        let requests = step(800, 410.0, 200.0);
        let steps = [first, second, rows, requests.clone()];
        assert_eq!(Knee::of(&steps), Some(knee(400, KneeKind::Rows)));
        assert_eq!(Knee::of(&[requests]), Some(knee(800, KneeKind::Requests)));
        assert_eq!(Knee::of(&[]), None);
    }

    #[test]
    fn a_sender_that_cannot_keep_up_itself_is_never_taken_for_the_pipeline() {
        let usual = step(1000, 1000.0, 1000.0);
        let late = Stage { late_p99_ms: Some(400.0), ..step(4000, 3000.0, 3000.0) };
        assert_eq!(Knee::of(&[usual.clone(), late]), Some(knee(4000, KneeKind::Generator)));
        // 50 connections are busy at 4,000/s as soon as requests take 12.5 ms, which they did before.
        let few = Stage { waited: 20_000, ..step(4000, 3000.0, 3000.0) };
        assert_eq!(Knee::of(&[usual.clone(), few.clone()]), Some(knee(4000, KneeKind::Generator)));
        // With 200 connections, they have taken 50 ms: more than twice what is usual.
        let many = Stage { connections: 200, ..few.clone() };
        assert_eq!(Knee::of(&[usual, many.clone()]), Some(knee(4000, KneeKind::Requests)));
        assert_eq!(Knee::of(&[many]), Some(knee(4000, KneeKind::Generator)), "nothing says what is usual");
        assert!(!Stage { waited: 400, ..few }.has_waited(), "1 % by chance");
    }
}
