//! What an attempt has seen.

use std::time::{Duration, Instant};

use lambda_kit::sql::DbError;
use protocol::aurora::Outcome;

/// Latencies that one attempt writes as metrics at most: 100 log lines.
const SAMPLE: usize = 10_000;

/// An attempt's figures in the making.
#[derive(Debug, Default)]
pub struct AttemptStats {
    /// The figures so far.
    pub outcome: Outcome,
    /// Latencies for the metrics.
    pub sample: Sample,
    /// What went wrong last.
    pub last_error: Option<DbError>,
}

impl AttemptStats {
    /// The database has confirmed a statement of `units` units, `new` of them not repeated.
    pub fn confirm(&mut self, units: u64, new: u64, latency: Duration) {
        self.outcome.completions += new;
        self.outcome.repeats += units.saturating_sub(new);
        if new > 0 {
            self.outcome.latency.record(latency);
            self.sample.add(latency);
        }
    }

    /// A statement has failed.
    pub fn fail(&mut self, error: DbError) {
        *self.outcome.errors.entry(error.kind.clone()).or_default() += 1;
        self.last_error = Some(error);
    }

    /// The first and the last moment of the load.
    pub fn span(&mut self, started_at_ms: u64, start: Instant, end: Instant) {
        let length = u64::try_from((end - start).as_millis()).unwrap_or(u64::MAX);
        self.outcome.started_at_ms = started_at_ms;
        self.outcome.ended_at_ms = started_at_ms.saturating_add(length);
    }
}

/// Every nth latency, n as small as room allows.
#[derive(Debug)]
pub struct Sample {
    every: usize,
    skipped: usize,
    values: Vec<f64>,
}

impl Default for Sample {
    fn default() -> Self {
        Self { every: 1, skipped: 0, values: Vec::new() }
    }
}

impl Sample {
    /// Sees one latency.
    pub fn add(&mut self, latency: Duration) {
        self.skipped += 1;
        if self.skipped < self.every {
            return;
        }
        self.skipped = 0;
        if self.values.len() == SAMPLE {
            let mut odd = false;
            self.values.retain(|_| {
                odd = !odd;
                odd
            });
            self.every *= 2;
        }
        // In whole microseconds, which is what can be told of a network's round trip.
        self.values.push((latency.as_secs_f64() * 1_000_000.0).round() / 1000.0);
    }

    /// The latencies, ms.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_no_completion_and_has_no_latency() {
        let mut stats = AttemptStats::default();
        stats.confirm(1, 1, Duration::from_millis(2));
        stats.confirm(1, 0, Duration::from_millis(2));
        stats.confirm(10, 4, Duration::from_millis(2));
        let outcome = &stats.outcome;
        assert_eq!((outcome.completions, outcome.repeats, outcome.latency.count()), (5, 7, 2));
        assert_eq!(stats.sample.values(), [2.0, 2.0]);
    }

    #[test]
    fn metrics_of_many_statements_are_an_even_sample() {
        let mut sample = Sample::default();
        (0..100_000).for_each(|ms| sample.add(Duration::from_millis(ms)));
        let values = sample.values();
        assert!((SAMPLE / 2..=SAMPLE).contains(&values.len()), "{}", values.len());
        let mean = values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap());
        assert!((mean - 50_000.0).abs() < 500.0, "{mean}");
    }

    #[test]
    fn errors_are_counted_by_kind() {
        let mut stats = AttemptStats::default();
        for kind in ["57014", "connection", "57014"] {
            stats.fail(DbError::new(kind, "…"));
        }
        assert_eq!(stats.outcome.errors["57014"], 2);
        assert_eq!(stats.last_error.unwrap().kind, "57014");
    }
}
