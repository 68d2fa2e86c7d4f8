//! What a run of a contender costs.

use results::cost::{Cost, Usage};
use results::price_list::PriceList;
use results::prices::{LAMBDA_REQUEST, LAMBDA_STORAGE, S3_READ, S3_WRITE, compute};
use results::scenario::archive::Success;

use super::contender;

/// The mean run's cost: Lambda's time in all its invocations, and the requests where the number of those to S3 is known.
pub fn cost(prices: &PriceList, stack: &str, success: &Success) -> Cost {
    let mut usage = Usage::default();
    if let Some(price) = compute(&success.architecture) {
        usage.add("compute", success.gb_second_compute, prices.quote(price));
    }
    usage.add("ephemeral storage", success.gb_second_storage, prices.quote(LAMBDA_STORAGE));
    if let Some(s3) = success.s3 {
        usage.add("Lambda requests", success.mean_invocations().unwrap_or(1.0), prices.quote(LAMBDA_REQUEST));
        usage.add("S3 writes", s3.writes, prices.quote(S3_WRITE));
        usage.add("S3 reads", s3.reads, prices.quote(S3_READ));
    }
    usage.cost(format!("{} run", contender(stack, &success.arn)), 1.0)
}
