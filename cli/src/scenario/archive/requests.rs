//! What the S3 requests of a run cost, where they are counted: by the local environment, not by AWS.

use std::collections::HashMap;
use std::time::Duration;

use protocol::stats::real;
use results::prices;
use results::scenario::archive::{Contest, S3Use, Success};
use serde::Deserialize;

use super::function_name;
use protocol::deployment::Deployment;

/// S3 requests of one function since the local environment started, by price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Requests {
    /// PUT, COPY, POST and LIST.
    writes: u64,
    /// GET, HEAD and all others that cost.
    reads: u64,
    /// Bytes of request bodies; the S3 model counts them.
    bytes_in: Option<u64>,
    /// Bytes of response bodies.
    bytes_out: Option<u64>,
    /// Answers 503 `SlowDown`.
    slow_downs: Option<u64>,
}

/// The requests so far, by function; none where nobody counts them. AWS has no such counter: S3's request metrics
/// don't tell functions apart, and its access logs come hours later.
pub async fn counted(deployment: &Deployment) -> Option<HashMap<String, Requests>> {
    let url = format!("{}/_lambench/requests", deployment.endpoint.as_ref()?);
    tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().into();
        agent.get(&url).call().ok()?.body_mut().read_json().ok()
    })
    .await
    .ok()?
}

/// Adds the price of the requests made between two counts to each contender's figures.
pub fn price(
    deployment: &Deployment,
    contest: &mut Contest,
    before: Option<HashMap<String, Requests>>,
    after: Option<HashMap<String, Requests>>,
) {
    let (Some(before), Some(after)) = (before, after) else {
        if deployment.endpoint.is_some() {
            contest.warnings.push(
                "S3's requests were not counted, so their price is missing: lambench local logs".to_owned(),
            );
        }
        return;
    };
    for success in &mut contest.success {
        let name = function_name(&success.arn);
        let Some(now) = after.get(name) else { continue };
        let then = before.get(name).copied().unwrap_or_default();
        let used = per_run(success, &then, now);
        let requests = used.writes * prices::S3_WRITE.usd + used.reads * prices::S3_READ.usd;
        let total = requests + prices::LAMBDA_REQUEST.usd;
        success.requests_price_usd = Some(total);
        success.total_price_usd = Some(success.run_price_usd + total);
        success.s3 = Some(used);
    }
}

/// What the mean run asked for between two counts.
fn per_run(success: &Success, then: &Requests, now: &Requests) -> S3Use {
    let mean = |then: u64, now: u64| real(now - then) / real(success.runs_count.max(1));
    let counted = |then: Option<u64>, now: Option<u64>| Some(mean(then.unwrap_or(0), now?));
    S3Use {
        writes: mean(then.writes, now.writes),
        reads: mean(then.reads, now.reads),
        sent_bytes: counted(then.bytes_in, now.bytes_in),
        received_bytes: counted(then.bytes_out, now.bytes_out),
        slow_downs: counted(then.slow_downs, now.slow_downs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::{archive, success};

    fn counts(writes: u64, reads: u64) -> HashMap<String, Requests> {
        HashMap::from([(
            "lambench-dev-rust-stream".to_owned(),
            Requests { writes, reads, ..Requests::default() },
        )])
    }

    fn contest() -> Contest {
        Contest { success: vec![success("rust-stream", 2000)], failure: vec![], warnings: vec![] }
    }

    #[test]
    fn only_the_requests_of_this_run_are_priced_and_shared_among_its_runs() {
        let mut contest = contest();
        price(
            &archive().deployment,
            &mut contest,
            Some(counts(1000, 500)),
            Some(counts(1000 + 400, 500 + 3000)),
        );
        // Two runs: 200 writes and 1,500 reads each, and an invocation.
        let expected = 200.0 * 0.000_005 + 1500.0 * 0.000_000_4 + 0.000_000_2;
        let one = &contest.success[0];
        assert!((one.requests_price_usd.unwrap() - expected).abs() < 1e-12);
        assert!((one.total_price_usd.unwrap() - one.run_price_usd - expected).abs() < 1e-12);
        let used = one.s3.unwrap();
        assert_eq!((used.writes, used.reads, used.sent_bytes, used.slow_downs), (200.0, 1500.0, None, None));
    }

    #[test]
    fn bytes_and_slow_downs_are_a_runs_mean_too() {
        let count = |n| {
            let counted = Requests {
                writes: n,
                reads: n,
                bytes_in: Some(n),
                bytes_out: Some(2 * n),
                slow_downs: Some(n),
            };
            Some(HashMap::from([("lambench-dev-rust-stream".to_owned(), counted)]))
        };
        let mut contest = contest();
        price(&archive().deployment, &mut contest, Some(HashMap::new()), count(100));
        let used = contest.success[0].s3.unwrap();
        let told = (used.sent_bytes, used.received_bytes, used.slow_downs);
        assert_eq!(told, (Some(50.0), Some(100.0), Some(50.0)));
    }

    #[test]
    fn requests_that_nobody_counted_have_no_price() {
        let mut contest = contest();
        price(&archive().deployment, &mut contest, None, Some(counts(1, 1)));
        price(&archive().deployment, &mut contest, Some(counts(1, 1)), Some(HashMap::new()));
        assert_eq!(contest.success[0].requests_price_usd, None);
        assert_eq!(contest.warnings.len(), 1, "only the first could not be counted");
    }
}
