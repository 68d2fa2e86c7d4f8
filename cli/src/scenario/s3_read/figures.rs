//! What the items of a run say together.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::histogram::Histogram;
use protocol::stats::real;

use super::items::Item;

/// Latencies of the first invocations of environments, and of the others.
#[derive(Debug, Default)]
pub struct Latencies {
    /// Warm ones.
    pub warm: Histogram,
    /// Cold ones.
    pub cold: Histogram,
}

impl Latencies {
    fn of(items: &[Item], ms: impl Fn(&Item) -> f64) -> Self {
        let mut latencies = Self::default();
        for item in items {
            let histogram = if item.cold { &mut latencies.cold } else { &mut latencies.warm };
            histogram.record(Duration::try_from_secs_f64(ms(item) / 1000.0).unwrap_or_default());
        }
        latencies
    }
}

/// Figures of objects that were read.
#[derive(Debug)]
pub struct Figures {
    /// Their sizes added up.
    pub bytes: u64,
    /// From the begin of the first one to the end of the last one, s; none if there is none.
    pub seconds: Option<f64>,
    /// From and to, ms since 1970; none if there is none.
    pub span_ms: Option<(i64, i64)>,
    /// Environments that have read them.
    pub functions: u64,
    /// The time in which each environment had one under way, added up, s.
    pub busy_seconds: f64,
    /// To the first byte.
    pub first_byte: Latencies,
    /// To the last byte.
    pub total: Latencies,
    /// Requests to S3 that they took.
    pub gets: u64,
    /// Those that took a single one.
    pub at_once: u64,
    /// DynamoDB's write units: one for each KB of an item.
    pub write_units: u64,
}

impl Figures {
    /// Of items.
    pub fn of(items: &[Item]) -> Self {
        let start = items.iter().map(|item| item.started_us).min();
        let end = items.iter().map(|item| item.ended_us).max();
        let mut workers: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
        for item in items {
            workers.entry(&item.worker).or_default().push((item.started_us, item.ended_us));
        }
        let span = start.zip(end);
        let ms = |us: u64| i64::try_from(us / 1000).unwrap_or(i64::MAX);
        Self {
            bytes: items.iter().map(|item| item.bytes).sum(),
            seconds: span.map(|(start, end)| seconds(end.saturating_sub(start))),
            span_ms: span.map(|(start, end)| (ms(start), ms(end) + 1)),
            functions: workers.len() as u64,
            busy_seconds: workers.into_values().map(|spans| seconds(covered(spans))).sum(),
            first_byte: Latencies::of(items, |item| item.first_byte_ms),
            total: Latencies::of(items, |item| item.total_ms),
            gets: items.iter().map(|item| item.tries).sum(),
            at_once: items.iter().filter(|item| item.tries == 1).count() as u64,
            write_units: items.iter().map(|item| item.stored_bytes.div_ceil(1024)).sum(),
        }
    }
}

fn seconds(us: u64) -> f64 {
    real(us) / 1e6
}

/// How long at least one of some spans was on; they overlap, as a reader has several objects under way.
fn covered(mut spans: Vec<(u64, u64)>) -> u64 {
    spans.sort_unstable();
    let (mut all, mut until) = (0, 0);
    for (start, end) in spans {
        all += end.saturating_sub(start.max(until));
        until = until.max(end);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::s3_read::testing::items;

    #[test]
    fn a_function_is_busy_while_any_of_its_objects_is_under_way() {
        assert_eq!(covered(vec![(10, 20), (15, 30), (40, 50), (42, 44)]), 30);
        assert_eq!(covered(vec![]), 0);
    }

    #[test]
    fn cold_starts_are_apart_and_everything_else_is_of_all() {
        // Each takes 20 ms and begins 10 ms after the one before; every other one is the other environment's.
        let figures = Figures::of(&items(4));
        assert_eq!((figures.bytes, figures.functions, figures.gets, figures.at_once), (4_000_000, 2, 5, 3));
        assert_eq!((figures.total.cold.count(), figures.total.warm.count()), (1, 3));
        assert!((figures.seconds.unwrap() - 0.05).abs() < 1e-9);
        assert!((figures.busy_seconds - 0.08).abs() < 1e-9);
        assert_eq!(figures.write_units, 4);
    }

    #[test]
    fn nothing_read_has_no_time() {
        let figures = Figures::of(&[]);
        assert_eq!((figures.seconds, figures.span_ms, figures.functions), (None, None, 0));
    }
}
