//! The S3 requests of contenders, where they are counted: by the local environment, not by AWS.

use std::collections::HashMap;
use std::time::Duration;

use protocol::deployment::Deployment;
use protocol::stats::real;
use results::scenario::archive::S3Use;
use serde::Deserialize;

/// S3 requests since the local environment started, by function.
pub type Counts = HashMap<String, Requests>;

/// S3 requests of one function, by price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Requests {
    /// PUT, COPY, POST and LIST.
    pub writes: u64,
    /// GET, HEAD and all others that cost.
    pub reads: u64,
    /// Bytes of request bodies; the S3 model counts them.
    pub bytes_in: Option<u64>,
    /// Bytes of response bodies.
    pub bytes_out: Option<u64>,
    /// Answers 503 `SlowDown`.
    pub slow_downs: Option<u64>,
}

/// The requests before a contest and after it; none where nobody counted them.
#[derive(Debug, Clone, Default)]
pub struct S3Requests {
    /// Before.
    pub before: Option<Counts>,
    /// After.
    pub after: Option<Counts>,
    /// Those of the mean run by S3's request metrics, where these were asked for.
    pub by_metrics: Option<S3Use>,
}

/// The requests so far; none where nobody counts them. AWS has no such counter: S3's request metrics don't tell functions
/// apart, and its access logs come hours later.
pub async fn count(deployment: &Deployment) -> Option<Counts> {
    let url = format!("{}/_lambench/requests", deployment.endpoint.as_ref()?);
    tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().into();
        agent.get(&url).call().ok()?.body_mut().read_json().ok()
    })
    .await
    .ok()?
}

impl S3Requests {
    /// Whether somebody counted them.
    pub fn are_counted(&self) -> bool {
        self.before.is_some() && self.after.is_some()
    }

    /// What the mean run of a function asked for; none if that was not counted.
    pub fn per_run(&self, function: &str, runs: u64) -> Option<S3Use> {
        let before = self.before.as_ref()?.get(function).copied().unwrap_or_default();
        let after = self.after.as_ref()?.get(function)?;
        let mean = |before: u64, after: u64| real(after - before) / real(runs.max(1));
        let counted =
            |before: Option<u64>, after: Option<u64>| Some(mean(before.unwrap_or_default(), after?));
        Some(S3Use {
            writes: mean(before.writes, after.writes),
            reads: mean(before.reads, after.reads),
            sent_bytes: counted(before.bytes_in, after.bytes_in),
            received_bytes: counted(before.bytes_out, after.bytes_out),
            slow_downs: counted(before.slow_downs, after.slow_downs),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::counts;

    #[test]
    fn only_the_requests_of_this_run_are_shared_among_its_runs() {
        let requests = S3Requests {
            before: Some(counts(1000, 500)),
            after: Some(counts(1000 + 400, 500 + 3000)),
            by_metrics: None,
        };
        let used = requests.per_run("lambench-dev-rust-stream", 2).unwrap();
        assert_eq!((used.writes, used.reads, used.sent_bytes, used.slow_downs), (200.0, 1500.0, None, None));
    }

    #[test]
    fn bytes_and_slow_downs_are_a_runs_mean_too() {
        let n = Some(100);
        let counted = Requests { writes: 100, reads: 100, bytes_in: n, bytes_out: Some(200), slow_downs: n };
        let after = HashMap::from([("stream".to_owned(), counted)]);
        let requests = S3Requests { before: Some(HashMap::new()), after: Some(after), by_metrics: None };
        let used = requests.per_run("stream", 2).unwrap();
        let told = (used.sent_bytes, used.received_bytes, used.slow_downs);
        assert_eq!(told, (Some(50.0), Some(100.0), Some(50.0)));
    }

    #[test]
    fn requests_that_nobody_counted_are_not_none() {
        let (some, none) = (Some(counts(1, 1)), None);
        let uncounted = S3Requests { before: none, after: some.clone(), by_metrics: None };
        assert!(!uncounted.are_counted() && uncounted.per_run("lambench-dev-rust-stream", 2).is_none());
        let counted = S3Requests { before: some, after: Some(HashMap::new()), by_metrics: None };
        assert!(counted.are_counted() && counted.per_run("lambench-dev-rust-stream", 2).is_none());
    }
}
