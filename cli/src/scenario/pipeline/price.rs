//! What a million messages cost on AWS, by what they use on their way.

use protocol::stats::real;
use results::prices::{
    AURORA_ACU_HOUR, DATA_API_REQUEST, DYNAMODB_WRITE, HTTP_API_REQUEST, KINESIS_GB_IN, KINESIS_GB_OUT,
    KINESIS_PUT_UNIT, KINESIS_SHARD_HOUR, KINESIS_STREAM_HOUR, LAMBDA_REQUEST, Price, RunPrice, compute,
};
use results::scenario::pipeline::DeliveryPrice;

use crate::scenario::shared::billing_log::Billed;

const KB: u64 = 1024;
const GB: f64 = 1024.0 * 1024.0 * 1024.0;

/// What a run used.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// Messages with a confirmed row.
    pub rows: u64,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Memory of each function, MB.
    pub memory_mb: u64,
    /// The invocations of all functions together; none if those of one are unknown.
    pub billed: Option<Billed>,
    /// Requests that reached the API.
    pub requests: u64,
    /// Messages that were put into the stream.
    pub puts: u64,
    /// Items that were written, duplicates included.
    pub writes: u64,
    /// Length of an id, bytes.
    pub id_bytes: u64,
    /// Length of a text, bytes.
    pub message_bytes: u64,
    /// Shards of the stream; 0 if it is on demand.
    pub shards: u64,
    /// From the first request to the last row, s.
    pub seconds: f64,
    /// Invocations of `downstream`, if it writes by the Data API.
    pub data_api_batches: Option<u64>,
    /// Aurora's capacity × time.
    pub acu_hours: Option<f64>,
}

impl Usage {
    /// The price of a million messages; none if a part of it was to be measured and wasn't.
    pub fn price(&self) -> DeliveryPrice {
        if self.rows == 0 {
            return DeliveryPrice::default();
        }
        let million = |usd: f64| usd / real(self.rows) * 1e6;
        let compute_usd = self.billed.and_then(|billed| {
            let price = RunPrice::new(&self.architecture, self.memory_mb, 0, billed.ms)?;
            Some(million(price.compute_price_usd))
        });
        let lambda_requests_usd =
            self.billed.map(|billed| million(real(billed.invocations) * LAMBDA_REQUEST.usd));
        let hours = self.seconds / 3600.0;
        let stream_time = match self.shards {
            0 => hours * KINESIS_STREAM_HOUR.usd,
            shards => real(shards) * hours * KINESIS_SHARD_HOUR.usd,
        };
        let api_usd = Some(million(real(self.requests) * HTTP_API_REQUEST.usd));
        let stream_time_usd = Some(million(stream_time));
        let stream_data_usd = Some(million(real(self.puts) * self.record_usd()));
        let table_usd = Some(million(real(self.writes * self.write_units()) * DYNAMODB_WRITE.usd));
        let data_api_usd = self
            .data_api_batches
            .map(|batches| million(real(self.data_api_requests(batches)) * DATA_API_REQUEST.usd));
        let aurora_usd = self.acu_hours.map(|hours| million(hours * AURORA_ACU_HOUR.usd));
        let always = [api_usd, stream_time_usd, stream_data_usd, table_usd, data_api_usd];
        let per_million_usd = compute_usd
            .zip(lambda_requests_usd)
            .map(|(compute, requests)| compute + requests + always.into_iter().flatten().sum::<f64>());
        DeliveryPrice {
            api_usd,
            compute_usd,
            lambda_requests_usd,
            stream_time_usd,
            stream_data_usd,
            table_usd,
            data_api_usd,
            aurora_usd,
            per_million_usd,
            per_million_with_aurora_usd: per_million_usd
                .zip(aurora_usd)
                .map(|(others, aurora)| others + aurora),
        }
    }

    /// A record in the stream: its partition key and its JSON, whose names, signs and times are some 72 bytes.
    fn record_bytes(&self) -> u64 {
        2 * self.id_bytes + self.message_bytes + 72
    }

    /// What a record costs: provisioned by units of 25 KB, on demand by GB, where what is put in is rounded up to the
    /// next KB.
    fn record_usd(&self) -> f64 {
        let bytes = self.record_bytes();
        if self.shards > 0 {
            return real(bytes.div_ceil(25 * KB)) * KINESIS_PUT_UNIT.usd;
        }
        let rounded = bytes.div_ceil(KB) * KB;
        real(rounded) / GB * KINESIS_GB_IN.usd + real(bytes) / GB * KINESIS_GB_OUT.usd
    }

    /// Write request units of an item, of a KB each. An item's size are its names and values (DynamoDB Developer Guide,
    /// "Item sizes and formats"): six names of 46 bytes together, and numbers of 9 bytes at most.
    fn write_units(&self) -> u64 {
        (self.id_bytes + self.message_bytes + 46 + 4 * 9).div_ceil(KB)
    }

    /// Requests to the Data API: in each batch one statement that writes the rows and one that confirms them, each
    /// counted by 32 KB.
    fn data_api_requests(&self, batches: u64) -> u64 {
        let rows = self.writes.div_ceil(batches.max(1));
        let units = |row_bytes: u64| (rows * row_bytes).div_ceil(32 * KB).max(1);
        batches * (units(self.record_bytes() + 60) + units(self.id_bytes + 3))
    }

    /// The list prices that a price is made of.
    pub fn quoted(&self, price: &DeliveryPrice) -> Vec<Price> {
        let is_on_demand = self.shards == 0;
        let [time, data] = if is_on_demand {
            [KINESIS_STREAM_HOUR, KINESIS_GB_IN]
        } else {
            [KINESIS_SHARD_HOUR, KINESIS_PUT_UNIT]
        };
        let parts = [
            (price.api_usd, Some(HTTP_API_REQUEST)),
            (price.compute_usd, compute(&self.architecture)),
            (price.lambda_requests_usd, Some(LAMBDA_REQUEST)),
            (price.stream_time_usd, Some(time)),
            (price.stream_data_usd, Some(data)),
            (price.stream_data_usd.filter(|_| is_on_demand), Some(KINESIS_GB_OUT)),
            (price.table_usd, Some(DYNAMODB_WRITE)),
            (price.data_api_usd, Some(DATA_API_REQUEST)),
            (price.aurora_usd, Some(AURORA_ACU_HOUR)),
        ];
        parts.into_iter().filter_map(|(usd, price)| usd.and(price)).collect()
    }
}

#[cfg(test)]
#[path = "price_tests.rs"]
mod tests;
