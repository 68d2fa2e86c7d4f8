//! The result of reading a bucket: figures, samples, statistics and cost.

use std::collections::BTreeMap;

use protocol::stats::real;
use results::cost::Cost;
use results::scenario::Detail;
use results::scenario::s3_read::{Listing, Objects, ReadRun, Reading, Variant};

use super::dead::kind;
use super::figures::Figures;
use super::find::{Found, invocations};
use super::price::Usage;
use super::wait::Handled;
use super::{Test, violations, warnings};
use crate::scenario::shared::cost::quoted;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::series::{Series, Values};

const MB: f64 = 1e6;

/// The result of all runs.
pub fn result(test: &Test, found: Vec<Found>) -> Measurement {
    let violations = violations::of(&found);
    let mut warnings: Vec<String> = found.iter().flat_map(|one| one.warnings.clone()).collect();
    warnings.extend(warnings::of(test, &found));
    let is_sweep = !test.plan.memories.is_empty();
    let measured: Vec<Series> = found.iter().flat_map(|one| measured(one, is_sweep)).collect();
    Measurement {
        series: measured,
        cost: found.iter().flat_map(|one| costs(one, is_sweep)).collect(),
        warnings,
        failed_checks: violations,
        detail: Detail::S3Read(Reading {
            asked: test.asked(),
            runs: found.into_iter().map(|one| one.run).collect(),
        }),
    }
}

/// What became of a run's objects.
pub fn objects(listing: &Listing, handled: &Handled, figures: &Figures) -> Objects {
    let read = handled.items.len() as u64;
    let failed = handled.failed();
    let mut failures = BTreeMap::new();
    for (_, reason) in &failed {
        *failures.entry(kind(reason).to_owned()).or_default() += 1;
    }
    let dead_lettered = failed.len() as u64;
    Objects {
        read,
        dead_lettered,
        failures,
        dead_lettered_read: handled.dead.count() - dead_lettered,
        lost: listing.sent.saturating_sub(read + dead_lettered),
        at_once: figures.at_once,
    }
}

/// An object that was given up for each kind of failure, with the reason.
pub fn examples(handled: &Handled) -> Vec<(String, String)> {
    let mut by_kind = BTreeMap::new();
    for (object, reason) in handled.failed() {
        by_kind.entry(kind(reason)).or_insert((object.clone(), reason.clone()));
    }
    by_kind.into_values().collect()
}

/// A run in figures.
pub fn read_run(
    run: &str,
    variant: Variant,
    memory_mb: u64,
    listing: Listing,
    objects: Objects,
    figures: &Figures,
    usage: &Usage,
) -> ReadRun {
    let rate = |seconds: f64| (seconds > 0.0).then(|| real(figures.bytes) / MB / seconds);
    ReadRun {
        run: run.to_owned(),
        variant,
        memory_mb,
        listing,
        objects,
        bytes: figures.bytes,
        seconds: figures.seconds,
        mb_per_second: figures.seconds.and_then(rate),
        functions: figures.functions,
        busy_seconds: figures.busy_seconds,
        mb_per_second_a_function: rate(figures.busy_seconds),
        first_byte_ms: figures.first_byte.warm.latency(),
        total_ms: figures.total.warm.latency(),
        cold_first_byte_ms: figures.first_byte.cold.latency(),
        cold_total_ms: figures.total.cold.latency(),
        invocations: invocations(usage),
        price: usage.price(),
    }
}

/// Such as `sdk`, or in a sweep `sdk 512 MB`.
fn name(run: &ReadRun, is_sweep: bool) -> String {
    if is_sweep { format!("{} {} MB", run.variant, run.memory_mb) } else { run.variant.to_string() }
}

fn measured(found: &Found, is_sweep: bool) -> Vec<Series> {
    let Found { run, figures, .. } = found;
    let all = [
        ("first byte", &figures.first_byte.warm, false),
        ("total", &figures.total.warm, true),
        ("first byte, cold", &figures.first_byte.cold, false),
        ("total, cold", &figures.total.cold, false),
    ];
    let named = all.into_iter().filter(|(_, histogram, _)| histogram.count() > 0);
    let measured = named.map(|(what, histogram, is_whole)| Series {
        name: format!("{} {what}", name(run, is_sweep)),
        values: Values::Histogram(histogram.clone()),
        failures: if is_whole { run.objects.dead_lettered + run.objects.lost } else { 0 },
        per_second: run.seconds.filter(|_| is_whole).map(|seconds| real(run.objects.read) / seconds),
    });
    measured.collect()
}

fn costs(found: &Found, is_sweep: bool) -> Vec<Cost> {
    let Found { run, usage, .. } = found;
    let parts = [("1,000 objects", run.price.per_thousand_usd), ("a GB", run.price.per_gb_usd)];
    let costs = parts.into_iter().filter_map(|(what, usd)| {
        Some(quoted(format!("{}: {what}", name(run, is_sweep)), usd?, usage.quoted()))
    });
    costs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::s3_read::testing::{dead, found, items};

    #[test]
    fn every_object_that_was_sent_is_read_dead_lettered_or_lost() {
        let handled = Handled { items: items(3), dead: dead(&["files/0001", "files/0008", "files/0009"]) };
        let listing = Listing { sent: 7, ..Listing::default() };
        let objects = objects(&listing, &handled, &Figures::of(&handled.items));
        assert_eq!((objects.read, objects.dead_lettered, objects.lost), (3, 2, 2));
        assert_eq!(objects.dead_lettered_read, 1);
        assert_eq!(objects.failures, BTreeMap::from([("missing".to_owned(), 2)]));
        assert_eq!(examples(&handled).len(), 1, "one for each kind");
    }

    #[test]
    fn a_function_reads_as_fast_as_it_does_while_it_reads() {
        let run = found(Variant::Sdk, 512).run;
        // 4 objects of 1 MB in 50 ms; two environments were busy for 40 ms each.
        assert!((run.mb_per_second.unwrap() - 80.0).abs() < 1e-6);
        assert!((run.mb_per_second_a_function.unwrap() - 50.0).abs() < 1e-6);
    }

    #[test]
    fn samples_are_named_by_memory_only_where_there_are_several_sizes() {
        let one = found(Variant::Sdk, 512);
        let names = |is_sweep| measured(&one, is_sweep).into_iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names(false), ["sdk first byte", "sdk total", "sdk first byte, cold", "sdk total, cold"]);
        assert_eq!(names(true)[0], "sdk 512 MB first byte");
    }
}
