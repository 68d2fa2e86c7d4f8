//! Latencies, drawn from a log-normal distribution for each operation.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::profile::{self, Latency, Profile};
use crate::random;

/// How many standard deviations the 99th percentile of a normal distribution is over its median.
const P99_DEVIATIONS: f64 = 2.326_347_874;

/// A server's latencies. The n-th request of an operation always gets the same one: a run can be repeated, and whoever
/// knows profile and seed can compute how long it has to take.
pub struct Latencies {
    seed: u64,
    by_operation: HashMap<String, Law>,
    others: Law,
}

struct Law {
    latency: Latency,
    stream: u64,
    drawn: AtomicU64,
}

impl Latencies {
    /// The latencies of a profile, none drawn yet.
    #[must_use]
    pub fn new(profile: &Profile, seed: u64) -> Self {
        let law = |name: &str| Law {
            latency: profile.latency(name),
            stream: random::stream(name),
            drawn: AtomicU64::new(0),
        };
        let named = profile.latency.keys().filter(|name| *name != profile::OTHERS);
        Self {
            seed,
            by_operation: named.map(|name| (name.clone(), law(name))).collect(),
            others: law(profile::OTHERS),
        }
    }

    /// The latency of the next request of an operation. Operations without a law of their own share one.
    pub fn next(&self, operation: &str) -> Duration {
        let law = self.by_operation.get(operation).unwrap_or(&self.others);
        law.nth(self.seed, law.drawn.fetch_add(1, Ordering::Relaxed))
    }
}

impl Law {
    fn nth(&self, seed: u64, n: u64) -> Duration {
        let Latency { p50_ms, p99_ms } = self.latency;
        // Box and Muller's transform; the first is over 0, so that its logarithm exists.
        let radius = 1.0 - random::uniform(seed, self.stream, 2 * n);
        let angle = random::uniform(seed, self.stream, 2 * n + 1);
        let deviations = (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos();
        let sigma = (p99_ms / p50_ms).ln() / P99_DEVIATIONS;
        Duration::from_secs_f64(p50_ms / 1e3 * (sigma * deviations).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted_ms(latencies: &Latencies, operation: &str) -> Vec<f64> {
        let mut drawn: Vec<_> = (0..20_000).map(|_| latencies.next(operation).as_secs_f64() * 1e3).collect();
        drawn.sort_by(f64::total_cmp);
        drawn
    }

    #[test]
    fn half_are_below_the_p50_and_one_in_a_hundred_is_over_the_p99_of_the_profile() {
        let profile = Profile::default();
        let latencies = Latencies::new(&profile, 1);
        for operation in ["GetObject", "UploadPartCopy", "HeadObject"] {
            let Latency { p50_ms, p99_ms } = profile.latency(operation);
            let drawn = sorted_ms(&latencies, operation);
            let off = |measured: f64, meant: f64| (measured / meant - 1.0).abs();
            assert!(off(drawn[10_000], p50_ms) < 0.03, "{operation}: p50 {}", drawn[10_000]);
            assert!(off(drawn[19_800], p99_ms) < 0.06, "{operation}: p99 {}", drawn[19_800]);
        }
    }

    #[test]
    fn a_run_can_be_repeated_whatever_other_operations_do() {
        let draw = |seed: u64, others: usize| {
            let latencies = Latencies::new(&Profile::default(), seed);
            let mut drawn = Vec::new();
            for _ in 0..10 {
                (0..others).for_each(|_| _ = latencies.next("PutObject"));
                drawn.push(latencies.next("GetObject"));
            }
            drawn
        };
        assert_eq!(draw(1, 0), draw(1, 3));
        assert_ne!(draw(1, 0), draw(2, 0));
    }

    #[test]
    fn a_p99_equal_to_the_p50_is_a_constant() {
        let mut profile = Profile::default();
        profile.latency.insert("GetObject".to_owned(), Latency { p50_ms: 30.0, p99_ms: 30.0 });
        let latencies = Latencies::new(&profile, 1);
        assert!((0..100).all(|_| latencies.next("GetObject") == Duration::from_millis(30)));
    }
}
