//! What the items of a run say together.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::histogram::Histogram;
use protocol::s3_read::kind_name;
use protocol::stats::real;
use results::billing_log::FunctionUse;
use results::scenario::s3_read::{Objects, ReadRun};

use crate::scenario::s3_read::execute::Observation;
use crate::scenario::s3_read::execute::items::Item;
use crate::scenario::shared::billing_log::function_use;

const MB: f64 = 1e6;

/// A run in figures.
pub struct Aggregate {
    /// What the figures are made of.
    pub observation: Observation,
    /// The figures of the result.
    pub run: ReadRun,
    /// To the first byte.
    pub first_byte: Latencies,
    /// To the last byte.
    pub total: Latencies,
    /// Requests to S3 that the objects took.
    pub gets: u64,
    /// DynamoDB's write units: one for each KB of an item.
    pub write_units: u64,
}

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

impl Aggregate {
    /// The figures of a run.
    pub fn of(observation: Observation) -> Self {
        let items = &observation.handled.items;
        let first_byte = Latencies::of(items, |item| item.first_byte_ms);
        let total = Latencies::of(items, |item| item.total_ms);
        let bytes = items.iter().map(|item| item.bytes).sum();
        let (seconds, busy) = (elapsed(items), busy_seconds(items));
        let rate = |seconds: f64| (seconds > 0.0).then(|| real(bytes) / MB / seconds);
        let run = ReadRun {
            run: observation.run.clone(),
            variant: observation.variant,
            memory_mb: observation.memory_mb,
            listing: observation.listing,
            objects: objects(&observation),
            bytes,
            seconds,
            mb_per_second: seconds.and_then(rate),
            functions: busy.len() as u64,
            busy_seconds: busy.iter().sum(),
            mb_per_second_per_function: rate(busy.iter().sum()),
            first_byte_ms: first_byte.warm.latency(),
            total_ms: total.warm.latency(),
            cold_first_byte_ms: first_byte.cold.latency(),
            cold_total_ms: total.cold.latency(),
            invocations: invocations(&observation),
        };
        let gets = items.iter().map(|item| item.attempts).sum();
        let write_units = items.iter().map(|item| item.stored_bytes.div_ceil(1024)).sum();
        Self { observation, run, first_byte, total, gets, write_units }
    }
}

/// What became of a run's objects.
fn objects(observation: &Observation) -> Objects {
    let Observation { listing, handled, .. } = observation;
    let (read, failed) = (handled.items.len() as u64, handled.failed());
    let mut failures = BTreeMap::new();
    for (_, reason) in &failed {
        *failures.entry(kind_name(reason).to_owned()).or_default() += 1;
    }
    let dead_lettered = failed.len() as u64;
    let interrupted = observation.interrupted();
    Objects {
        read,
        dead_lettered,
        failures,
        dead_lettered_read: handled.dead_letters.count() - dead_lettered,
        lost: listing.sent.saturating_sub(read + dead_lettered + interrupted),
        interrupted,
        first_try: handled.items.iter().filter(|item| item.attempts == 1).count() as u64,
    }
}

/// The invocations of both functions, as far as they are known.
fn invocations(observation: &Observation) -> Vec<FunctionUse> {
    let both = [("generator", &observation.generator), ("reader", &observation.reader)];
    both.into_iter().filter_map(|(part, billed)| Some(function_use(part, billed.as_ref()?))).collect()
}

/// From the start of the first object to the end of the last one, s; none if there is none.
fn elapsed(items: &[Item]) -> Option<f64> {
    let start = items.iter().map(|item| item.started_us).min()?;
    let end = items.iter().map(|item| item.ended_us).max()?;
    Some(seconds(end.saturating_sub(start)))
}

/// For each environment that has read objects, how long it had one under way, s.
fn busy_seconds(items: &[Item]) -> Vec<f64> {
    let mut workers: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for item in items {
        workers.entry(&item.worker).or_default().push((item.started_us, item.ended_us));
    }
    workers.into_values().map(|spans| seconds(covered(spans))).collect()
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
    use protocol::s3_read::Variant;
    use results::scenario::s3_read::Listing;

    use super::*;
    use crate::scenario::s3_read::execute::Handled;
    use crate::scenario::s3_read::testing::{aggregate, dead_letters, items, observation};

    #[test]
    fn a_function_is_busy_while_any_of_its_objects_is_under_way() {
        assert_eq!(covered(vec![(10, 20), (15, 30), (40, 50), (42, 44)]), 30);
        assert_eq!(covered(vec![]), 0);
    }

    #[test]
    fn cold_starts_are_apart_and_everything_else_is_of_all() {
        // Each takes 20 ms and starts 10 ms after the one before; every other one is the other environment's.
        let figures = aggregate(Variant::Sdk, 512);
        let run = &figures.run;
        assert_eq!((run.bytes, run.functions, figures.gets, run.objects.first_try), (4_000_000, 2, 5, 3));
        assert_eq!((figures.total.cold.count(), figures.total.warm.count()), (1, 3));
        assert!((run.seconds.unwrap() - 0.05).abs() < 1e-9);
        assert!((run.busy_seconds - 0.08).abs() < 1e-9);
        assert_eq!(figures.write_units, 4);
    }

    #[test]
    fn a_function_reads_as_fast_as_it_does_while_it_reads() {
        let run = aggregate(Variant::Sdk, 512).run;
        // 4 objects of 1 MB in 50 ms; two environments were busy for 40 ms each.
        assert!((run.mb_per_second.unwrap() - 80.0).abs() < 1e-6);
        assert!((run.mb_per_second_per_function.unwrap() - 50.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_read_has_no_time() {
        let nothing = Observation { handled: Handled::default(), ..observation(Variant::Sdk, 512) };
        let run = Aggregate::of(nothing).run;
        assert_eq!((run.seconds, run.mb_per_second, run.functions), (None, None, 0));
    }

    #[test]
    fn every_object_that_was_sent_is_read_dead_lettered_or_lost() {
        let dead_letters = dead_letters(&["files/0001", "files/0008", "files/0009"]);
        let objects = objects(&Observation {
            listing: Listing { sent: 7, ..Listing::default() },
            handled: Handled { items: items(3), dead_letters, is_stopped: false },
            ..observation(Variant::Sdk, 512)
        });
        assert_eq!((objects.read, objects.dead_lettered, objects.lost), (3, 2, 2));
        assert_eq!(objects.dead_lettered_read, 1);
        assert_eq!(objects.failures, BTreeMap::from([("missing".to_owned(), 2)]));
    }

    #[test]
    fn an_object_that_the_user_did_not_wait_for_is_not_lost() {
        let stopped = Observation {
            listing: Listing { sent: 7, ..Listing::default() },
            handled: Handled {
                items: items(3),
                dead_letters: dead_letters(&["files/0009"]),
                is_stopped: true,
            },
            ..observation(Variant::Sdk, 512)
        };
        let objects = objects(&stopped);
        assert_eq!((objects.read, objects.dead_lettered, objects.lost, objects.interrupted), (3, 1, 0, 3));
    }
}
