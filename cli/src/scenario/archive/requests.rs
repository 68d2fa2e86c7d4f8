//! What the S3 requests of a run cost, where they are counted: by the local environment, not by AWS.

use std::collections::HashMap;
use std::time::Duration;

use results::contest::{Contest, Success};
use results::prices;
use results::stats::real;
use serde::Deserialize;

use super::function_name;
use crate::stack::Place;

/// S3 requests of one function since the local environment started, by price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Requests {
    /// PUT, COPY, POST and LIST.
    writes: u64,
    /// GET, HEAD and all others that cost.
    reads: u64,
}

/// The requests so far, by function; none where nobody counts them. AWS has no such counter: S3's request metrics
/// don't tell functions apart, and its access logs come hours later.
pub async fn counted(place: &Place) -> Option<HashMap<String, Requests>> {
    let url = format!("{}/_lambench/requests", place.endpoint.as_ref()?);
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
    contest: &mut Contest,
    before: Option<HashMap<String, Requests>>,
    after: Option<HashMap<String, Requests>>,
) {
    let (Some(before), Some(after)) = (before, after) else { return };
    for success in &mut contest.success {
        let name = function_name(&success.arn);
        let Some(now) = after.get(name) else { continue };
        let then = before.get(name).copied().unwrap_or_default();
        let usd = per_run(success, now.writes - then.writes, now.reads - then.reads);
        success.requests_price_usd = Some(usd);
        success.total_price_usd = Some(success.run_price_usd + usd);
    }
}

/// The mean run's S3 requests and its invocation, USD.
fn per_run(success: &Success, writes: u64, reads: u64) -> f64 {
    let [writes, reads, runs] = [writes, reads, success.runs_count.max(1)].map(real);
    (writes * prices::S3_WRITE.usd + reads * prices::S3_READ.usd) / runs + prices::LAMBDA_REQUEST.usd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::success;

    fn counts(writes: u64, reads: u64) -> HashMap<String, Requests> {
        HashMap::from([("lambench-dev-rust-stream".to_owned(), Requests { writes, reads })])
    }

    fn contest() -> Contest {
        Contest { success: vec![success("rust-stream", 2000)], failure: vec![], warnings: vec![] }
    }

    #[test]
    fn only_the_requests_of_this_run_are_priced_and_shared_among_its_runs() {
        let mut contest = contest();
        price(&mut contest, Some(counts(1000, 500)), Some(counts(1000 + 400, 500 + 3000)));
        // Two runs: 200 writes and 1,500 reads each, and an invocation.
        let expected = 200.0 * 0.000_005 + 1500.0 * 0.000_000_4 + 0.000_000_2;
        let one = &contest.success[0];
        assert!((one.requests_price_usd.unwrap() - expected).abs() < 1e-12);
        assert!((one.total_price_usd.unwrap() - one.run_price_usd - expected).abs() < 1e-12);
    }

    #[test]
    fn requests_that_nobody_counted_have_no_price() {
        let mut contest = contest();
        price(&mut contest, None, Some(counts(1, 1)));
        price(&mut contest, Some(counts(1, 1)), Some(HashMap::new()));
        assert_eq!(contest.success[0].requests_price_usd, None);
    }
}
