//! A run's requests to S3, and how their number is known.

use protocol::archive::function_name;
use protocol::stats::real;
use results::scenario::archive::{RequestsSource, S3Use};

use crate::scenario::archive::execute::{FanOut, Observation, Observed, RunUse};

/// Those of the mean run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requests {
    /// How many; none if nobody knows.
    pub s3: Option<S3Use>,
    /// How that is known.
    pub source: RequestsSource,
}

impl Requests {
    /// What nobody knows.
    pub const UNKNOWN: Self = Self { s3: None, source: RequestsSource::Unknown };

    /// Those of a contender. What was measured takes precedence over what the contender says of itself.
    pub fn of(observation: &Observation, observed: &Observed) -> Self {
        let runs = observed.contender.runs.len() as u64;
        let function = function_name(&observed.contender.arn);
        // Those of warm-up runs are counted, too.
        let counted = observation.s3_requests.per_run(function, runs + observation.options.warmup_runs);
        let counted = counted.map(|s3| (s3, RequestsSource::Counted));
        let by_metrics = observation.s3_requests.by_metrics.map(|s3| (s3, RequestsSource::Metrics));
        let own = || Some((own(&observed.fan_out)?, RequestsSource::Contender));
        counted
            .or(by_metrics)
            .or_else(own)
            .map_or(Self::UNKNOWN, |(s3, source)| Self { s3: Some(s3), source })
    }
}

/// What a contender has counted itself; none unless each invocation of each run has logged it.
fn own(fan_out: &FanOut) -> Option<S3Use> {
    let FanOut::Known(runs) = fan_out else { return None };
    let all = RunUse::sum(runs).s3?;
    let mean = |requests: u64| real(requests) / real(runs.len() as u64);
    Some(S3Use {
        writes: mean(all.writes),
        reads: mean(all.reads),
        sent_bytes: None,
        received_bytes: None,
        slow_downs: None,
    })
}

/// How it is known, as people read it.
pub fn in_words(source: RequestsSource) -> &'static str {
    match source {
        RequestsSource::Counted => "counted by the local environment",
        RequestsSource::Contender => "the contender's own count",
        RequestsSource::Metrics => "by S3's request metrics",
        RequestsSource::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::execute::S3Requests;
    use crate::scenario::archive::testing::{counts, observation, observed};
    use crate::scenario::shared::invocation_log::OwnCount;

    /// A contender whose two runs have told these writes.
    fn told(writes: [Option<u64>; 2]) -> Observed {
        let run = |writes: Option<u64>| RunUse {
            invocations: 1,
            s3: writes.map(|writes| OwnCount { writes, reads: 0 }),
            ..RunUse::default()
        };
        Observed { fan_out: FanOut::Known(writes.map(run).to_vec()), ..observed(&[1.0, 2.0], &[]) }
    }

    fn of(observed: &Observed, after: Option<u64>) -> (Option<f64>, RequestsSource) {
        let mut observation = observation(vec![]);
        let after = after.map(|writes| counts(writes, 0));
        let before = after.as_ref().map(|_| counts(0, 0));
        observation.s3_requests = S3Requests { before, after, by_metrics: None };
        let Requests { s3, source } = Requests::of(&observation, observed);
        (s3.map(|s3| s3.writes), source)
    }

    #[test]
    fn what_was_counted_takes_precedence_over_what_a_contender_says() {
        assert_eq!(of(&told([Some(1), Some(1)]), Some(20)), (Some(10.0), RequestsSource::Counted));
        assert_eq!(of(&told([Some(4), Some(6)]), None), (Some(5.0), RequestsSource::Contender));
    }

    #[test]
    fn what_the_metrics_say_takes_precedence_over_what_a_contender_says() {
        let s3 = S3Use { writes: 7.0, reads: 0.0, sent_bytes: None, received_bytes: None, slow_downs: None };
        let mut observation = observation(vec![]);
        observation.s3_requests.by_metrics = Some(s3);
        let found = Requests::of(&observation, &told([Some(1), Some(1)]));
        assert_eq!(found, Requests { s3: Some(s3), source: RequestsSource::Metrics });
    }

    #[test]
    fn a_count_that_lacks_a_run_is_none() {
        assert_eq!(of(&told([Some(4), None]), None), (None, RequestsSource::Unknown));
        assert_eq!(of(&observed(&[1.0], &[]), None), (None, RequestsSource::Unknown));
    }
}
