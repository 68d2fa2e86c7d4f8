//! What a million items cost on AWS, by what they use on their way.

use protocol::stats::real;
use results::prices::{DYNAMODB_WRITE, EVENT_64_KB, LAMBDA_REQUEST, Price, RunPrice, SQS_REQUEST, compute};
use results::scenario::splitter::{Road, SplitPrice};

use crate::scenario::shared::billing_log::Billed;

/// What SQS and EventBridge count as one request or event, bytes.
const UNIT: u64 = 64 * 1024;
/// Messages that the function sends in a request.
const BATCH: u64 = 10;
/// Writes to the run log for each attempt: a claim, and its end.
const WRITES_AN_ATTEMPT: u64 = 2;

/// What a run used.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// How the function came to its work.
    pub road: Road,
    /// Items of the event.
    pub items: u64,
    /// Those that are done.
    pub done: u64,
    /// How long each takes, s.
    pub item_seconds: f64,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Memory of the function, MB.
    pub memory_mb: u64,
    /// Its invocations; none if they are unknown.
    pub billed: Option<Billed>,
    /// Attempts at splitting the event.
    pub split_attempts: u64,
    /// Attempts at items.
    pub item_attempts: u64,
    /// Items that the function gets from the queue at once.
    pub batch_size: u64,
    /// Size of the event, bytes.
    pub event_bytes: u64,
    /// Size of an item's message, bytes.
    pub message_bytes: u64,
}

impl Usage {
    /// The price of a million items; none if a part of it was to be measured and wasn't.
    pub fn price(&self) -> SplitPrice {
        let one_invocation_seconds = real(self.items) * self.item_seconds;
        if self.done == 0 {
            return SplitPrice { one_invocation_seconds, ..SplitPrice::default() };
        }
        let million = |usd: f64| usd / real(self.done) * 1e6;
        let compute_usd = self.billed.and_then(|billed| Some(million(self.compute_usd(billed.ms)?)));
        let lambda_requests_usd =
            self.billed.map(|billed| million(real(billed.invocations) * LAMBDA_REQUEST.usd));
        let queue_usd = self.queue_requests().map(|requests| million(real(requests) * SQS_REQUEST.usd));
        let event_usd = real(self.event_bytes.div_ceil(UNIT)) * EVENT_64_KB.usd;
        let event_bus_usd = (self.road == Road::EventBus).then(|| million(event_usd));
        let others = queue_usd.unwrap_or_default() + event_bus_usd.unwrap_or_default();
        let one_by_one = self.compute_usd(one_invocation_seconds * 1000.0);
        SplitPrice {
            compute_usd,
            lambda_requests_usd,
            queue_usd,
            event_bus_usd,
            per_million_usd: compute_usd
                .zip(lambda_requests_usd)
                .map(|(compute, requests)| compute + requests + others),
            log_usd: Some(million(real(self.log_writes()) * DYNAMODB_WRITE.usd)),
            one_invocation_usd: one_by_one.map(|compute| {
                let usd = (compute + LAMBDA_REQUEST.usd) / real(self.items) * 1e6;
                usd + event_bus_usd.map_or(0.0, |_| event_usd / real(self.items) * 1e6)
            }),
            one_invocation_seconds,
        }
    }

    /// What Lambda charges for a time.
    fn compute_usd(&self, ms: f64) -> Option<f64> {
        Some(RunPrice::new(&self.architecture, self.memory_mb, 0, ms)?.compute_price_usd)
    }

    /// Requests that send the messages, and two for each invocation by the queue, which receive and delete its batch; none
    /// where nothing went through the queue, or the invocations are unknown.
    fn queue_requests(&self) -> Option<u64> {
        if self.road == Road::OneByOne || self.items < 2 {
            return None;
        }
        let units = |messages: u64| (messages * self.message_bytes).div_ceil(UNIT);
        let sends = self.items / BATCH * units(BATCH) + units(self.items % BATCH);
        let received = self.billed?.invocations.saturating_sub(self.split_attempts);
        Some(sends + received * (units(self.batch_size) + 1))
    }

    /// Writes to the run log, each of an entry below 1 KB.
    fn log_writes(&self) -> u64 {
        let queued = if self.road == Road::OneByOne || self.items < 2 { 0 } else { self.items };
        queued + WRITES_AN_ATTEMPT * (self.split_attempts + self.item_attempts)
    }

    /// The list prices that a price is made of.
    pub fn quoted(&self, price: &SplitPrice) -> Vec<Price> {
        let parts = [
            (price.compute_usd, compute(&self.architecture)),
            (price.lambda_requests_usd, Some(LAMBDA_REQUEST)),
            (price.queue_usd, Some(SQS_REQUEST)),
            (price.event_bus_usd, Some(EVENT_64_KB)),
            (price.log_usd, Some(DYNAMODB_WRITE)),
        ];
        parts.into_iter().filter_map(|(usd, price)| usd.and(price)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 50 items of 2 s, each handled by an invocation of its own that takes 50 ms longer.
    fn usage() -> Usage {
        Usage {
            road: Road::EventBus,
            items: 50,
            done: 50,
            item_seconds: 2.0,
            architecture: "arm64".to_owned(),
            memory_mb: 128,
            billed: Some(Billed { invocations: 51, ms: 50.0 * 2050.0 + 100.0, ..Billed::default() }),
            split_attempts: 1,
            item_attempts: 50,
            batch_size: 1,
            event_bytes: 3000,
            message_bytes: 400,
        }
    }

    fn assert_close(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|got| (got - want).abs() < 1e-9), "{got:?} is not {want}");
    }

    #[test]
    fn each_part_of_splitting_has_its_price() {
        let price = usage().price();
        let million = 1e6 / 50.0;
        let compute = 102.6 / 8.0 * 0.000_013_333_4 * million;
        assert_close(price.compute_usd, compute);
        assert_close(price.lambda_requests_usd, 51.0 * 0.000_000_2 * million);
        // Five batches, and each of 50 messages is received and deleted.
        assert_close(price.queue_usd, 105.0 * 0.000_000_4 * million);
        assert_close(price.event_bus_usd, 0.000_001 * million);
        assert_close(price.per_million_usd, compute + (10.2 + 42.0 + 1.0) * million / 1e6);
        assert_close(price.log_usd, (50.0 + 100.0 + 2.0) * 0.000_000_625 * million);
    }

    #[test]
    fn one_long_invocation_is_the_items_time_one_request_and_the_same_event() {
        let price = usage().price();
        let usd = 100.0 / 8.0 * 0.000_013_333_4 + 0.000_000_2 + 0.000_001;
        assert_close(price.one_invocation_usd, usd * 1e6 / 50.0);
        assert!((price.one_invocation_seconds - 100.0).abs() < 1e-9);
        assert!(price.per_million_usd > price.one_invocation_usd, "splitting isn't for nothing");
    }

    #[test]
    fn large_messages_and_events_are_several_requests_and_events() {
        let large = Usage { message_bytes: 20_000, event_bytes: 200_000, items: 25, ..usage() };
        // Two batches of 200,000 bytes, and one of 100,000.
        assert_eq!(large.queue_requests(), Some(2 * 4 + 2 + 50 * 2));
        assert_close(large.price().event_bus_usd, 4.0 * 0.000_001 * 1e6 / 50.0);
        let batches = Usage { batch_size: 10, ..large };
        assert_eq!(batches.queue_requests(), Some(2 * 4 + 2 + 50 * (4 + 1)));
    }

    #[test]
    fn what_is_handed_over_one_by_one_uses_neither_queue_nor_event_bus() {
        let price = Usage { road: Road::OneByOne, split_attempts: 0, ..usage() }.price();
        assert_eq!((price.queue_usd, price.event_bus_usd), (None, None));
        assert_close(price.log_usd, 100.0 * 0.000_000_625 * 1e6 / 50.0);
        assert!(price.per_million_usd.is_some());
    }

    #[test]
    fn without_the_billed_time_there_is_no_price_rather_than_a_low_one() {
        let usage = Usage { billed: None, ..usage() };
        let price = usage.price();
        assert_eq!((price.per_million_usd, price.queue_usd), (None, None));
        assert!(!usage.quoted(&price).iter().any(|price| price.unit.contains("SQS")));
        assert_eq!(Usage { done: 0, ..usage }.price().log_usd, None);
    }
}
