//! The measured quantities of a run.

use protocol::stats::real;

use super::Aggregate;
use crate::scenario::shared::series::{Series, Values};

/// Latencies to the first byte and to the last one, cold starts apart, each if there are any.
pub fn series(aggregate: &Aggregate) -> Vec<Series> {
    let Aggregate { run, first_byte, total, .. } = aggregate;
    let all = [
        ("first byte", &first_byte.warm, false),
        ("total", &total.warm, true),
        ("first byte, cold", &first_byte.cold, false),
        ("total, cold", &total.cold, false),
    ];
    let measured = all.into_iter().filter(|(_, histogram, _)| histogram.count() > 0);
    let series = measured.map(|(what, histogram, is_whole)| Series {
        name: format!("{} {what}", run.variant),
        values: Values::Histogram(histogram.clone()),
        failures: if is_whole { run.objects.dead_lettered + run.objects.lost } else { 0 },
        per_second: run.seconds.filter(|_| is_whole).map(|seconds| real(run.objects.read) / seconds),
    });
    series.collect()
}

#[cfg(test)]
mod tests {
    use protocol::s3_read::Variant;

    use super::*;
    use crate::scenario::s3_read::testing::aggregate;

    #[test]
    fn samples_are_named_after_the_variant() {
        let names: Vec<_> = series(&aggregate(Variant::Sdk, 512)).into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["sdk first byte", "sdk total", "sdk first byte, cold", "sdk total, cold"]);
    }
}
