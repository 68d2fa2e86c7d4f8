//! The splitter's own part of a result file.

use std::collections::BTreeMap;

use protocol::histogram::Latency;
use protocol::splitter::Reply;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Senders, is_zero};
use crate::billing_log::FunctionUse;

/// What a million items cost on AWS, split.
pub const SPLIT_COST: &str = "a million items";
/// What the run log costs besides: its writes see to it that each item is done once, and measure.
pub const RUN_LOG_COST: &str = "run log of a million items";
/// What the same items would cost one after the other in one invocation.
pub const ONE_INVOCATION_COST: &str = "a million items in one invocation";

/// The item of one of a run's costs.
#[must_use]
pub fn cost_item(concurrency: u64, what: &str) -> String {
    format!("concurrency {concurrency}: {what}")
}

/// What fan-out through a queue brought: the same event at one or more concurrencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Splitting {
    /// The event.
    pub task: Task,
    /// One after the other.
    pub runs: Vec<SplitRun>,
}

/// An event with many items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// The file it is from; none if lambench made it.
    pub file: Option<String>,
    /// How many items it has; 0 if they cannot be read.
    pub items: u64,
    /// How long each takes, s.
    pub item_seconds: f64,
    /// Its size as JSON, bytes; 0 if there was none.
    pub event_bytes: u64,
    /// Size of the message of one item, bytes.
    pub message_bytes: u64,
    /// Items that an invocation by the queue gets at most.
    pub batch_size: u64,
    /// The longest that an invocation of any function may last, s.
    pub max_invocation_seconds: u64,
    /// Functions that sent the items' messages together; none if there was an event to split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u64>,
}

/// How the function comes to its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The event by EventBridge, the items by the queue.
    EventBus,
    /// The event by an invocation of lambench's, the items by the queue.
    Invoke,
    /// One invocation of lambench's after the other, each with one item: nothing is split.
    Sequential,
    /// The items by the queue, into which functions have put them: there is no event.
    Functions,
}

/// What became of the items at one concurrency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SplitRun {
    /// The run's name in the run log.
    pub run: String,
    /// Invocations at once that the queue was allowed.
    pub concurrency: u64,
    /// How the function came to its work.
    pub trigger: Trigger,
    /// What the function answered, as it did, where lambench invoked it.
    pub reply: Option<Reply>,
    /// What became of the items.
    pub items: Items,
    /// How often the function was invoked; none if its REPORT lines are missing.
    pub invocations: Option<Invocations>,
    /// From sending the event to the end of the last item, s; none if no item is done.
    pub elapsed_seconds: Option<f64>,
    /// What the items that are done take one after the other, s: their number × `item_seconds`.
    pub serial_seconds: f64,
    /// `serial_seconds` / `elapsed_seconds`; none if no item is done, or items take no time.
    pub speed_up: Option<f64>,
    /// `speed_up` by the smaller one of `concurrency` and the number of items.
    pub efficiency: Option<f64>,
    /// Most items that were under way at once.
    pub peak_concurrency: u64,
    /// From sending the event, or from the start of the functions that send the items, until all items were queued, s; none if there
    /// was no queue.
    pub split_seconds: Option<f64>,
    /// The functions that sent the items; none if there was an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub senders: Option<Senders>,
    /// From sending an item's message to the start of the attempt that did it; none if there was no queue.
    pub queueing_ms: Option<Latency>,
    /// From the start to the end of the attempt that did an item.
    pub item_ms: Option<Latency>,
    /// The function's invocations; none if its REPORT lines are missing.
    pub function: Option<FunctionUse>,
    /// What all items would take one after the other in one invocation, s: their number × `item_seconds`.
    pub one_invocation_seconds: f64,
    /// Which environment did which item, and when; none if no item is done, or the function is of a version that didn't say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// Which environment did which item, and when, of the items that are done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// The execution environments in the order of their first items here, by the names of their log streams; locally by ids of
    /// their own.
    pub environments: Vec<String>,
    /// The items in the order of their starts: of more than a thousand, the first thousand.
    pub items: Vec<ItemTime>,
    /// How many items are done that are not here, as they started later.
    pub left_out: u64,
}

/// An item that is done: the attempt that did it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemTime {
    /// The item's id: its place among the event's tags.
    pub id: String,
    /// Its place among `environments`, from 0 on.
    pub environment: usize,
    /// From sending the event to the attempt's start, s; below 0 where the function's clock is behind.
    pub started_seconds: f64,
    /// From sending the event to the attempt's end, s.
    pub ended_seconds: f64,
    /// Which attempt at the item it was, from 1 on.
    pub attempt: u64,
    /// Whether it was in its environment's first invocation.
    pub is_cold: bool,
}

/// What became of the items: all are `done`, `dead_lettered`, `lost`, `unsent` and `interrupted` together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Items {
    /// Done, once each, as the run log has it.
    pub done: u64,
    /// Given up after as many attempts as the queue allows, and not done: in the dead-letter queue, or where items were
    /// handed over one after the other, nowhere.
    pub dead_lettered: u64,
    /// Why.
    pub reasons: BTreeMap<String, u64>,
    /// Done, but in the dead-letter queue all the same.
    pub dead_lettered_done: u64,
    /// Neither done nor in the dead-letter queue.
    pub lost: u64,
    /// Their ids, a hundred at most.
    pub lost_ids: Vec<String>,
    /// Neither done nor in the dead-letter queue, and not known to have been sent at all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unsent: u64,
    /// Not done because the user ended the run: they were removed from the queue, or never handed over.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interrupted: u64,
}

/// How often the function was invoked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invocations {
    /// How often it was.
    pub counted: u64,
    /// Once for each item, and once more to split an event of several; fewer are right where the function gets several
    /// items at once.
    pub expected: u64,
    /// Further attempts at splitting the event.
    pub split_repeats: u64,
    /// Further attempts at items, those of dead-lettered ones included.
    pub item_repeats: u64,
    /// Beyond all of these: deliveries of what was done already or under way, and attempts that ended before they had claimed
    /// anything.
    pub others: u64,
}
