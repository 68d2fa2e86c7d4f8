//! What a road costs on AWS: its functions' time, and the requests to the queue, the bucket and the table.

use protocol::stats::real;
use results::prices::{
    DYNAMODB_WRITE, LAMBDA_REQUEST, Price, RunPrice, S3_READ, S3_WRITE, SQS_REQUEST, compute,
};
use results::scenario::s3_read::ReadPrice;

use crate::scenario::shared::billing_log::Billed;

/// Memory of the generator, as `stacks/s3-read-functions.ts` sets it, MB.
const GENERATOR_MB: u64 = 1769;
/// Messages of a `SendMessageBatch`: 64 KB, a request's unit, have room for ten signed URLs.
const A_BATCH: u64 = 10;
/// Objects of a LIST request.
const A_PAGE: u64 = 1000;
const GB: f64 = 1e9;

/// What a run used; the invocations none where REPORT lines are missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// Objects that were read.
    pub read: u64,
    /// What they have.
    pub bytes: u64,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Memory of each reader, MB.
    pub memory_mb: u64,
    /// The readers' invocations.
    pub reader: Option<Billed>,
    /// The generator's invocations.
    pub generator: Option<Billed>,
    /// Objects that were listed.
    pub listed: u64,
    /// Messages that were sent.
    pub sent: u64,
    /// Messages that the reader put aside.
    pub dead_lettered: u64,
    /// GET requests.
    pub gets: u64,
    /// Write units of the table.
    pub write_units: u64,
}

impl Usage {
    /// Its price; there is none if a part of it was to be measured and wasn't, or nothing was read.
    pub fn price(&self) -> ReadPrice {
        if self.read == 0 {
            return ReadPrice::default();
        }
        let thousand = |usd: f64| usd / real(self.read) * 1000.0;
        let compute_usd = self.reader.and_then(|billed| self.compute(self.memory_mb, billed)).map(thousand);
        let lambda_requests_usd =
            self.reader.map(|billed| thousand(real(billed.invocations) * LAMBDA_REQUEST.usd));
        let generator_usd = self.generator.and_then(|billed| {
            let lists = real(self.listed.div_ceil(A_PAGE).max(billed.invocations)) * S3_WRITE.usd;
            let requests = real(billed.invocations) * LAMBDA_REQUEST.usd;
            Some(thousand(self.compute(GENERATOR_MB, billed)? + requests + lists))
        });
        // Lambda takes a batch of messages for each invocation and deletes it, with a request each; looks that find the
        // queue empty are not counted: they are made whether there is load or not.
        let queue_usd = self.reader.map(|billed| {
            let requests = self.sent.div_ceil(A_BATCH) + 2 * billed.invocations + self.dead_lettered;
            thousand(real(requests) * SQS_REQUEST.usd)
        });
        let gets_usd = Some(thousand(real(self.gets) * S3_READ.usd));
        let table_usd = Some(thousand(real(self.write_units) * DYNAMODB_WRITE.usd));
        let parts = [compute_usd, lambda_requests_usd, generator_usd, queue_usd, gets_usd, table_usd];
        let per_thousand_usd = parts.into_iter().sum::<Option<f64>>();
        ReadPrice {
            compute_usd,
            lambda_requests_usd,
            generator_usd,
            queue_usd,
            gets_usd,
            table_usd,
            per_thousand_usd,
            per_gb_usd: per_thousand_usd
                .filter(|_| self.bytes > 0)
                .map(|usd| usd / 1000.0 * real(self.read) / (real(self.bytes) / GB)),
        }
    }

    fn compute(&self, memory_mb: u64, billed: Billed) -> Option<f64> {
        Some(RunPrice::new(&self.architecture, memory_mb, 0, billed.ms)?.compute_price_usd)
    }

    /// The list prices that a price is made of.
    pub fn quoted(&self) -> Vec<Price> {
        [
            compute(&self.architecture),
            Some(LAMBDA_REQUEST),
            Some(S3_WRITE),
            Some(SQS_REQUEST),
            Some(S3_READ),
            Some(DYNAMODB_WRITE),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::s3_read::testing::usage;

    fn assert_close(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|got| (got - want).abs() < 1e-12), "{got:?} is not {want}");
    }

    #[test]
    fn every_part_is_for_a_thousand_objects() {
        // 2,000 objects of 1 MB; 200 invocations of 500 ms at 512 MB, one of 4 s for the generator.
        let price = usage().price();
        assert_close(price.compute_usd, 200.0 * 0.5 * 0.5 * 0.000_013_333_4 / 2.0);
        assert_close(price.lambda_requests_usd, 200.0 * 0.000_000_2 / 2.0);
        let generator = 1769.0 / 1024.0 * 4.0 * 0.000_013_333_4 + 0.000_000_2 + 2.0 * 0.000_005;
        assert_close(price.generator_usd, generator / 2.0);
        assert_close(price.queue_usd, (200.0 + 400.0 + 0.0) * 0.000_000_4 / 2.0);
        assert_close(price.gets_usd, 2100.0 * 0.000_000_4 / 2.0);
        assert_close(price.table_usd, 2000.0 * 0.000_000_625 / 2.0);
        let all = price.per_thousand_usd.unwrap();
        assert_close(price.per_gb_usd, all * 2.0 / 2.0);
        assert!(all > price.compute_usd.unwrap() + price.table_usd.unwrap());
    }

    #[test]
    fn a_part_that_is_unknown_leaves_no_price_rather_than_a_low_one() {
        for usage in [Usage { reader: None, ..usage() }, Usage { generator: None, ..usage() }] {
            let price = usage.price();
            assert_eq!((price.per_thousand_usd, price.per_gb_usd), (None, None));
            assert!(price.gets_usd.is_some());
        }
    }

    #[test]
    fn a_run_that_read_nothing_has_no_price() {
        assert_eq!(Usage { read: 0, ..usage() }.price(), ReadPrice::default());
    }
}
