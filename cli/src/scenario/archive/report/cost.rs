//! What a run of a contender costs.

use results::cost::{Cost, Usage};
use results::prices::{LAMBDA_REQUEST, LAMBDA_STORAGE, S3_READ, S3_WRITE, compute};
use results::scenario::archive::Success;

use super::contender;

/// The mean run's cost: Lambda's time, and its requests where those to S3 were counted.
pub fn cost(stack: &str, success: &Success) -> Cost {
    let mut usage = Usage::default();
    if let Some(price) = compute(&success.architecture) {
        usage.add("compute", success.gb_second_compute, price);
    }
    usage.add("ephemeral storage", success.gb_second_storage, LAMBDA_STORAGE);
    if let Some(s3) = success.s3 {
        usage.add("Lambda requests", 1.0, LAMBDA_REQUEST);
        usage.add("S3 writes", s3.writes, S3_WRITE);
        usage.add("S3 reads", s3.reads, S3_READ);
    }
    usage.cost(format!("{} run", contender(stack, &success.arn)), 1.0)
}
