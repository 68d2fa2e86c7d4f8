//! What a million items cost on AWS, by what they use on their way.

use protocol::stats::real;
use results::cost::{Cost, Usage};
use results::price_list::PriceList;
use results::prices::{DYNAMODB_WRITE, EVENT_64_KB, LAMBDA_REQUEST, SQS_REQUEST, compute, gigabytes};
use results::scenario::COST_OF_LOAD;
use results::scenario::splitter::{
    ONE_INVOCATION_COST, RUN_LOG_COST, SPLIT_COST, SplitRun, Splitting, Trigger, cost_item,
};

use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::cost::lambda;
use crate::scenario::splitter::Run;
use crate::scenario::splitter::execute::{Event, Observation, SplitObservation, batch_size};

/// What SQS and EventBridge count as one request or event, bytes.
const UNIT: u64 = 64 * 1024;
/// Messages that the function sends in a request.
const BATCH: u64 = 10;
/// Writes to the run log for each attempt: a claim, and its end.
const WRITES_PER_ATTEMPT: u64 = 2;

/// The costs of all splits in which an item is done: of what they did, of their run logs, and of the same items in one
/// invocation, each at one concurrency after the other. Behind them the functions that sent the items, which are no part of the
/// price of an item.
pub fn costs(run: &Run, observation: &Observation, splitting: &Splitting) -> Vec<Cost> {
    let splits = observation.splits.iter().zip(&splitting.runs).filter(|(_, figures)| figures.items.done > 0);
    let used: Vec<_> =
        splits.map(|(split, figures)| Quantities::new(run, &observation.event, split, figures)).collect();
    let kinds = [Quantities::split, Quantities::run_log, Quantities::one_invocation];
    let load = observation.splits.iter().filter_map(|split| cost_of_load(run, split));
    kinds.iter().flat_map(|cost| used.iter().map(cost)).chain(load).collect()
}

fn cost_of_load(run: &Run, split: &SplitObservation) -> Option<Cost> {
    let (sent, generator) = split.sent.as_ref().zip(run.deployed.load.as_ref())?;
    let usage = sent.generation.usage(&run.prices, &run.deployment().architecture, generator);
    Some(usage.cost(cost_item(split.concurrency, COST_OF_LOAD), 1.0))
}

/// What a split used.
#[derive(Debug, Clone)]
pub struct Quantities<'a> {
    /// What it is charged for.
    pub prices: &'a PriceList,
    /// Concurrent invocations that the queue is allowed.
    pub concurrency: u64,
    /// How the function came to its work.
    pub trigger: Trigger,
    /// Items of the event.
    pub items: u64,
    /// Those that are done.
    pub done: u64,
    /// What all of them would take one after the other, s.
    pub one_invocation_seconds: f64,
    /// `arm64` or `x86_64`.
    pub architecture: &'a str,
    /// Memory of the function, MB.
    pub memory_mb: u64,
    /// Its invocations; none if they are unknown.
    pub billed: Option<Billed>,
    /// Attempts at splitting the event.
    pub split_attempts: u64,
    /// Attempts at items.
    pub item_attempts: u64,
    /// Items that an invocation by the queue gets at most.
    pub batch_size: u64,
    /// Size of the event, bytes.
    pub event_bytes: u64,
    /// Size of an item's message, bytes.
    pub message_bytes: u64,
}

impl<'a> Quantities<'a> {
    fn new(run: &'a Run, event: &Event, split: &SplitObservation, figures: &SplitRun) -> Self {
        Self {
            prices: &run.prices,
            concurrency: split.concurrency,
            trigger: split.trigger,
            items: split.items,
            done: figures.items.done,
            one_invocation_seconds: figures.one_invocation_seconds,
            architecture: &run.deployment().architecture,
            memory_mb: run.deployment().setting("memory").unwrap_or_default(),
            billed: split.billed,
            split_attempts: split.split_attempts(),
            item_attempts: split.item_attempts(),
            batch_size: batch_size(run),
            event_bytes: event.bytes(&split.run),
            message_bytes: event.message_bytes(&split.run),
        }
    }

    fn split(&self) -> Cost {
        self.split_usage().cost(cost_item(self.concurrency, SPLIT_COST), 1e6 / real(self.done))
    }

    /// What the function, the queue and the event bus are charged for.
    pub fn split_usage(&self) -> Usage {
        let mut usage = lambda(self.prices, self.architecture, self.memory_mb, self.billed);
        if self.is_queued() {
            usage.add("SQS", self.queue_requests().map(real), self.prices.quote(SQS_REQUEST));
        }
        usage.with(self.event())
    }

    fn run_log(&self) -> Cost {
        self.run_log_usage().cost(cost_item(self.concurrency, RUN_LOG_COST), 1e6 / real(self.done))
    }

    /// Writes of an entry below 1 KB each.
    pub fn run_log_usage(&self) -> Usage {
        // Functions that send items write nothing: with a message, its item's first entry has the time.
        let queued = if self.is_queued() && self.trigger != Trigger::Functions { self.items } else { 0 };
        let writes = queued + WRITES_PER_ATTEMPT * (self.split_attempts + self.item_attempts);
        let mut usage = Usage::default();
        usage.add("run log", real(writes), self.prices.quote(DYNAMODB_WRITE));
        usage
    }

    /// The items' time, one request, and the same event.
    fn one_invocation(&self) -> Cost {
        let mut usage = Usage::default();
        if let Some(price) = compute(self.architecture) {
            usage.add(
                "compute",
                gigabytes(self.memory_mb) * self.one_invocation_seconds,
                self.prices.quote(price),
            );
        }
        usage.add("Lambda requests", 1.0, self.prices.quote(LAMBDA_REQUEST));
        usage
            .with(self.event())
            .cost(cost_item(self.concurrency, ONE_INVOCATION_COST), 1e6 / real(self.items))
    }

    fn event(&self) -> Usage {
        let mut usage = Usage::default();
        if self.trigger == Trigger::EventBus {
            usage.add("EventBridge", real(self.event_bytes.div_ceil(UNIT)), self.prices.quote(EVENT_64_KB));
        }
        usage
    }

    /// Whether items went through the queue.
    fn is_queued(&self) -> bool {
        self.trigger == Trigger::Functions || (self.trigger != Trigger::Sequential && self.items > 1)
    }

    /// Requests that send the messages, and two for each invocation by the queue, which receive and delete its batch; none
    /// if the invocations are unknown.
    fn queue_requests(&self) -> Option<u64> {
        let units = |messages: u64| (messages * self.message_bytes).div_ceil(UNIT);
        let sends = self.items / BATCH * units(BATCH) + units(self.items % BATCH);
        let received = self.billed?.invocations.saturating_sub(self.split_attempts);
        Some(sends + received * (units(self.batch_size) + 1))
    }
}

#[cfg(test)]
mod tests {
    use results::price_list::US_EAST_1;

    use super::*;
    use crate::scenario::splitter::testing::{run, split_at, split_of_functions};

    /// 50 items of 2 s, each handled by an invocation of its own that takes 50 ms longer.
    fn quantities() -> Quantities<'static> {
        Quantities {
            prices: &US_EAST_1,
            concurrency: 10,
            trigger: Trigger::EventBus,
            items: 50,
            done: 50,
            one_invocation_seconds: 100.0,
            architecture: "arm64",
            memory_mb: 128,
            billed: Some(Billed { invocations: 51, ms: 50.0 * 2050.0 + 100.0, ..Billed::default() }),
            split_attempts: 1,
            item_attempts: 50,
            batch_size: 1,
            event_bytes: 3000,
            message_bytes: 400,
        }
    }

    fn line(cost: &Cost, name: &str) -> Option<f64> {
        cost.lines.iter().find(|line| line.name == name)?.usd
    }

    fn assert_close(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|got| (got - want).abs() < 1e-9), "{got:?} is not {want}");
    }

    #[test]
    fn each_part_of_splitting_has_its_price() {
        let (split, run_log) = (quantities().split(), quantities().run_log());
        let million = 1e6 / 50.0;
        let compute = 102.6 / 8.0 * 0.000_013_333_4 * million;
        assert_close(line(&split, "compute"), compute);
        assert_close(line(&split, "Lambda requests"), 51.0 * 0.000_000_2 * million);
        // Five batches, and each of 50 messages is received and deleted.
        assert_close(line(&split, "SQS"), 105.0 * 0.000_000_4 * million);
        assert_close(line(&split, "EventBridge"), 0.000_001 * million);
        assert_close(split.usd, compute + (10.2 + 42.0 + 1.0) * million / 1e6);
        assert_close(run_log.usd, (50.0 + 100.0 + 2.0) * 0.000_000_625 * million);
    }

    #[test]
    fn one_long_invocation_is_the_items_time_one_request_and_the_same_event() {
        let (split, one_invocation) = (quantities().split(), quantities().one_invocation());
        let usd = 100.0 / 8.0 * 0.000_013_333_4 + 0.000_000_2 + 0.000_001;
        assert_close(one_invocation.usd, usd * 1e6 / 50.0);
        assert!(split.usd > one_invocation.usd, "splitting isn't for nothing");
    }

    #[test]
    fn large_messages_and_events_are_several_requests_and_events() {
        let large = Quantities { message_bytes: 20_000, event_bytes: 200_000, items: 25, ..quantities() };
        // Two batches of 200,000 bytes, and one of 100,000.
        assert_eq!(large.queue_requests(), Some(2 * 4 + 2 + 50 * 2));
        assert_close(line(&large.split(), "EventBridge"), 4.0 * 0.000_001 * 1e6 / 50.0);
        let batches = Quantities { batch_size: 10, ..large };
        assert_eq!(batches.queue_requests(), Some(2 * 4 + 2 + 50 * (4 + 1)));
    }

    #[test]
    fn what_is_handed_over_one_after_the_other_uses_neither_queue_nor_event_bus() {
        let sequential = Quantities { trigger: Trigger::Sequential, split_attempts: 0, ..quantities() };
        let (split, run_log) = (sequential.split(), sequential.run_log());
        assert_eq!((line(&split, "SQS"), line(&split, "EventBridge")), (None, None));
        assert_close(run_log.usd, 100.0 * 0.000_000_625 * 1e6 / 50.0);
        assert!(split.usd.is_some());
    }

    #[test]
    fn items_of_functions_need_no_event_and_no_log_of_what_was_queued_and_these_are_apart() {
        let sent = Quantities {
            trigger: Trigger::Functions,
            split_attempts: 0,
            event_bytes: 0,
            billed: Some(Billed { invocations: 50, ms: 102_500.0, ..Billed::default() }),
            ..quantities()
        };
        let million = 1e6 / 50.0;
        assert_eq!(line(&sent.split(), "EventBridge"), None);
        assert_close(line(&sent.split(), "SQS"), 105.0 * 0.000_000_4 * million);
        assert_close(sent.run_log().usd, 100.0 * 0.000_000_625 * million);
        let costs = [split_of_functions()].map(|split| cost_of_load(&run(), &split));
        let [Some(load)] = costs else { panic!("functions have sent the items") };
        assert_eq!(load.item, "concurrency 5: the load generator, for this run");
        let compute = 1769.0 / 1024.0 * 10.2 * 0.000_013_333_4;
        assert_close(load.usd, compute + 2.0 * 0.000_000_2 + 8.0 * 0.000_025);
        assert_eq!(cost_of_load(&run(), &split_at(5)), None);
    }

    #[test]
    fn without_the_billed_time_there_is_no_sum_rather_than_a_low_one() {
        let split = Quantities { billed: None, ..quantities() }.split();
        assert_eq!((split.usd, line(&split, "SQS")), (None, None));
    }
}
