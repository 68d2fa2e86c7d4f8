//! What AWS charges, each price with its source and the day it was read.
//!
//! Region [`REGION`], first tier, no free tier apart from the storage that every function has.

use crate::price_list::PriceList;

/// Whose prices these are.
pub const REGION: &str = "us-east-1";

/// One of AWS's prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// USD a unit.
    pub usd: f64,
    /// What is charged for.
    pub unit: &'static str,
    /// The page that says so.
    pub source: &'static str,
    /// When it said so, `YYYY-MM-DD`.
    pub date: &'static str,
}

const LAMBDA_PRICING: &str = "https://aws.amazon.com/lambda/pricing/";
const S3_PRICING: &str = "https://aws.amazon.com/s3/pricing/";
const SQS_PRICING: &str = "https://aws.amazon.com/sqs/pricing/";
const STEP_FUNCTIONS_PRICING: &str = "https://aws.amazon.com/step-functions/pricing/";
const AURORA_PRICING: &str = "https://aws.amazon.com/rds/aurora/pricing/";
const API_GATEWAY_PRICING: &str = "https://aws.amazon.com/api-gateway/pricing/";
const KINESIS_PRICING: &str = "https://aws.amazon.com/kinesis/data-streams/pricing/";
const EVENTBRIDGE_PRICING: &str = "https://aws.amazon.com/eventbridge/pricing/";
const DYNAMODB_PRICING: &str = "https://aws.amazon.com/dynamodb/pricing/on-demand/";
const PRIVATELINK_PRICING: &str = "https://aws.amazon.com/privatelink/pricing/";
const SECRETS_PRICING: &str = "https://aws.amazon.com/secrets-manager/pricing/";
const CLOUDWATCH_PRICING: &str = "https://aws.amazon.com/cloudwatch/pricing/";
const KMS_PRICING: &str = "https://aws.amazon.com/kms/pricing/";
const DATE: &str = "2026-11-21";
/// When the prices of what is paid by the hour or the month, whether it is used or not, were read.
const STANDING_DATE: &str = "2026-11-30";
/// Hours of a month, as AWS's own examples count them.
pub const MONTH_HOURS: f64 = 730.0;

/// Compute on arm64.
pub const LAMBDA_ARM64: Price =
    Price { usd: 0.000_013_333_4, unit: "GB-second of arm64 compute", source: LAMBDA_PRICING, date: DATE };

/// Compute on `x86_64`.
pub const LAMBDA_X86_64: Price =
    Price { usd: 0.000_016_666_7, unit: "GB-second of x86_64 compute", source: LAMBDA_PRICING, date: DATE };

/// Ephemeral storage above [`FREE_STORAGE_MB`].
pub const LAMBDA_STORAGE: Price = Price {
    usd: 0.000_000_030_9,
    unit: "GB-second of ephemeral storage",
    source: LAMBDA_PRICING,
    date: DATE,
};

/// One invocation.
pub const LAMBDA_REQUEST: Price =
    Price { usd: 0.000_000_2, unit: "Lambda request", source: LAMBDA_PRICING, date: DATE };

/// One PUT, COPY, POST or LIST.
pub const S3_WRITE: Price =
    Price { usd: 0.000_005, unit: "S3 PUT, COPY, POST or LIST request", source: S3_PRICING, date: DATE };

/// One GET, HEAD or other request.
pub const S3_READ: Price =
    Price { usd: 0.000_000_4, unit: "S3 GET, HEAD or other request", source: S3_PRICING, date: DATE };

/// One request to a standard queue: up to 64 KB, ten messages at most.
pub const SQS_REQUEST: Price =
    Price { usd: 0.000_000_4, unit: "SQS request to a standard queue", source: SQS_PRICING, date: DATE };

/// One state entered by an execution of a standard workflow, or one retry.
pub const STATE_TRANSITION: Price = Price {
    usd: 0.000_025,
    unit: "state transition of a standard workflow",
    source: STEP_FUNCTIONS_PRICING,
    date: DATE,
};

/// One request to the Data API whose data is up to 32 KB.
pub const DATA_API_REQUEST: Price =
    Price { usd: 0.000_000_35, unit: "RDS Data API request of 32 KB", source: AURORA_PRICING, date: DATE };

/// Aurora Serverless v2's capacity, in a cluster of the configuration Standard.
pub const AURORA_ACU_HOUR: Price = Price {
    usd: 0.12,
    unit: "ACU-hour of Aurora Serverless v2, Standard",
    source: AURORA_PRICING,
    date: DATE,
};

/// One request to an HTTP API whose data is up to 512 KB.
pub const HTTP_API_REQUEST: Price =
    Price { usd: 0.000_001, unit: "HTTP API request of 512 KB", source: API_GATEWAY_PRICING, date: DATE };

/// A shard of a provisioned stream.
pub const KINESIS_SHARD_HOUR: Price =
    Price { usd: 0.015, unit: "shard-hour of a provisioned stream", source: KINESIS_PRICING, date: DATE };

/// 25 KB or less of a record that is put to a provisioned stream.
pub const KINESIS_PUT_UNIT: Price =
    Price { usd: 0.000_000_014, unit: "PUT payload unit of 25 KB", source: KINESIS_PRICING, date: DATE };

/// A shard of a provisioned stream for each consumer with enhanced fan-out.
pub const KINESIS_CONSUMER_SHARD_HOUR: Price = Price {
    usd: 0.015,
    unit: "consumer-shard-hour of enhanced fan-out",
    source: KINESIS_PRICING,
    date: DATE,
};

/// Data that a consumer with enhanced fan-out gets from a provisioned stream.
pub const KINESIS_CONSUMER_GB: Price =
    Price { usd: 0.013, unit: "GB to a consumer with enhanced fan-out", source: KINESIS_PRICING, date: DATE };

/// Data that a consumer with enhanced fan-out gets from an on-demand stream, whose shards have no hours.
pub const KINESIS_ON_DEMAND_CONSUMER_GB: Price = Price {
    usd: 0.05,
    unit: "GB to a consumer with enhanced fan-out of an on-demand stream",
    source: KINESIS_PRICING,
    date: DATE,
};

/// An on-demand stream.
pub const KINESIS_STREAM_HOUR: Price =
    Price { usd: 0.04, unit: "hour of an on-demand stream", source: KINESIS_PRICING, date: DATE };

/// Data put to an on-demand stream, each record rounded up to the next KB.
pub const KINESIS_GB_IN: Price =
    Price { usd: 0.08, unit: "GB put to an on-demand stream", source: KINESIS_PRICING, date: DATE };

/// Data read from an on-demand stream.
pub const KINESIS_GB_OUT: Price =
    Price { usd: 0.04, unit: "GB read from an on-demand stream", source: KINESIS_PRICING, date: DATE };

/// One KB or less of an item that is written to an on-demand table. Lambda's reads of a table's stream cost nothing.
pub const DYNAMODB_WRITE: Price = Price {
    usd: 0.000_000_625,
    unit: "write request unit of an on-demand table",
    source: DYNAMODB_PRICING,
    date: DATE,
};

/// 64 KB or less of an event that is put to an event bus.
pub const EVENT_64_KB: Price =
    Price { usd: 0.000_001, unit: "64 KB of a custom event", source: EVENTBRIDGE_PRICING, date: DATE };

/// Data in a bucket, class Standard.
pub const S3_GB_MONTH: Price =
    Price { usd: 0.023, unit: "GB-month of S3 Standard", source: S3_PRICING, date: STANDING_DATE };

/// An interface endpoint, in each of its zones.
pub const ENDPOINT_HOUR: Price = Price {
    usd: 0.01,
    unit: "hour of an interface endpoint",
    source: PRIVATELINK_PRICING,
    date: STANDING_DATE,
};

/// A secret in Secrets Manager.
pub const SECRET_MONTH: Price =
    Price { usd: 0.40, unit: "month of a secret", source: SECRETS_PRICING, date: STANDING_DATE };

/// A dashboard beyond the three that an account has for nothing.
pub const DASHBOARD_MONTH: Price =
    Price { usd: 3.0, unit: "month of a dashboard", source: CLOUDWATCH_PRICING, date: STANDING_DATE };

/// An alarm of standard resolution.
pub const ALARM_MONTH: Price =
    Price { usd: 0.10, unit: "month of an alarm", source: CLOUDWATCH_PRICING, date: STANDING_DATE };

/// A customer managed key.
pub const KEY_MONTH: Price =
    Price { usd: 1.0, unit: "month of a KMS key", source: KMS_PRICING, date: STANDING_DATE };

/// Ephemeral storage that every function has for nothing, MB.
pub const FREE_STORAGE_MB: u64 = 512;

/// The compute price of an architecture, by Lambda's name for it.
#[must_use]
pub fn compute(architecture: &str) -> Option<Price> {
    match architecture {
        "arm64" => Some(LAMBDA_ARM64),
        "x86_64" => Some(LAMBDA_X86_64),
        _ => None,
    }
}

/// What Lambda charges for the time of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunPrice {
    /// Memory × duration, GB-seconds.
    pub gb_second_compute: f64,
    /// Storage above the free part × duration, GB-seconds.
    pub gb_second_storage: f64,
    /// USD a GB-second of compute.
    pub compute_rate_usd: f64,
    /// `gb_second_compute` × `compute_rate_usd`.
    pub compute_price_usd: f64,
    /// `gb_second_storage` × [`LAMBDA_STORAGE`].
    pub storage_price_usd: f64,
}

impl RunPrice {
    /// The price of `duration_ms` billed milliseconds; `None` for an architecture without a price.
    #[must_use]
    pub fn new(
        prices: &PriceList,
        architecture: &str,
        memory_mb: u64,
        storage_mb: u64,
        duration_ms: f64,
    ) -> Option<Self> {
        let compute_rate_usd = prices.quote(compute(architecture)?).usd;
        let seconds = duration_ms / 1000.0;
        let gb_second_compute = gigabytes(memory_mb) * seconds;
        let gb_second_storage = gigabytes(storage_mb.saturating_sub(FREE_STORAGE_MB)) * seconds;
        Some(Self {
            gb_second_compute,
            gb_second_storage,
            compute_rate_usd,
            compute_price_usd: gb_second_compute * compute_rate_usd,
            storage_price_usd: gb_second_storage * prices.quote(LAMBDA_STORAGE).usd,
        })
    }

    /// Compute and storage together, USD.
    #[must_use]
    pub fn total_usd(&self) -> f64 {
        self.compute_price_usd + self.storage_price_usd
    }
}

/// Lambda's gigabyte has 1,024 MB.
#[expect(clippy::cast_precision_loss, reason = "functions have at most 10,240 MB")]
#[must_use]
pub fn gigabytes(megabytes: u64) -> f64 {
    megabytes as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price_list::US_EAST_1;

    fn assert_close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-9, "{got} is not {want}");
    }

    #[test]
    fn the_public_contest_example_costs_what_it_says() {
        let price = RunPrice::new(&US_EAST_1, "arm64", 512, 512, 212_631.0).unwrap();
        assert_close(price.gb_second_compute, 106.3155);
        assert_close(price.storage_price_usd, 0.0);
        // The example prints 0.001417537: its product was taken with the rate's last digit cut off.
        assert_close(price.total_usd(), 0.001_417_547);
        assert!((price.total_usd() - 0.001_417_537).abs() < 2e-8);
    }

    #[test]
    fn storage_above_the_free_part_costs() {
        let price = RunPrice::new(&US_EAST_1, "x86_64", 1024, 512 + 2048, 10_000.0).unwrap();
        assert_close(price.gb_second_storage, 20.0);
        assert_close(price.compute_price_usd, 0.000_166_667);
        assert_close(price.total_usd(), 0.000_166_667 + 0.000_000_618);
    }

    #[test]
    fn an_architecture_without_a_price_has_none() {
        assert_eq!(RunPrice::new(&US_EAST_1, "riscv64", 512, 512, 1.0), None);
    }
}
