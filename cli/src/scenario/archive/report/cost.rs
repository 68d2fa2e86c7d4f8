//! What a run of a contender costs.

use results::cost::{Cost, Usage};
use results::price_list::PriceList;
use results::prices::{LAMBDA_REQUEST, LAMBDA_STORAGE, S3_READ, S3_WRITE, compute};
use results::scenario::archive::Success;

use super::contender;

/// The mean run's cost: Lambda's time in all its invocations, and the requests where the number of those to S3 is known.
pub fn cost(prices: &PriceList, stack: &str, success: &Success) -> Cost {
    let requests = success.s3.map(|s3| Requests {
        invocations: success.mean_invocations().unwrap_or(1.0),
        writes: s3.writes,
        reads: s3.reads,
    });
    let time = [success.gb_second_compute, success.gb_second_storage];
    usage(prices, &success.architecture, time, requests)
        .cost(format!("{} run", contender(stack, &success.arn)), 1.0)
}

/// What a run asks of Lambda and S3.
#[derive(Debug, Clone, Copy)]
pub struct Requests {
    /// The run's invocation, and those that it causes.
    pub invocations: f64,
    /// PUT, COPY, POST and LIST requests.
    pub writes: f64,
    /// All others.
    pub reads: f64,
}

/// What a run uses: GB-seconds of compute and of ephemeral storage, and requests if they are known.
pub fn usage(
    prices: &PriceList,
    architecture: &str,
    [compute_time, storage_time]: [f64; 2],
    requests: Option<Requests>,
) -> Usage {
    let mut usage = Usage::default();
    if let Some(price) = compute(architecture) {
        usage.add("compute", compute_time, prices.quote(price));
    }
    usage.add("ephemeral storage", storage_time, prices.quote(LAMBDA_STORAGE));
    if let Some(Requests { invocations, writes, reads }) = requests {
        usage.add("Lambda requests", invocations, prices.quote(LAMBDA_REQUEST));
        usage.add("S3 writes", writes, prices.quote(S3_WRITE));
        usage.add("S3 reads", reads, prices.quote(S3_READ));
    }
    usage
}
