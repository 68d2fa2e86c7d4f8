//! What the S3 requests of a run cost, where they are counted: by the local environment, not by AWS.

use std::collections::HashMap;
use std::time::Duration;

use results::contest::{Contest, Success};
use results::prices;
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
    #[expect(clippy::cast_precision_loss, reason = "a run makes far fewer than 2^53 requests")]
    let [writes, reads, runs] = [writes, reads, success.runs_count.max(1)].map(|count| count as f64);
    (writes * prices::S3_WRITE.usd + reads * prices::S3_READ.usd) / runs + prices::LAMBDA_REQUEST.usd
}
