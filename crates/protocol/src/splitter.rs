//! The splitter: events, messages of items, what the function answers, and what stands in the run log.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::decimal;
use crate::deployment::{Deployment, Queue, RunLogTable};
use crate::load_generator::{LoadGenerator, Span};

/// The type of events that CloudTrail makes of calls.
pub const DETAIL_TYPE: &str = "AWS API Call via CloudTrail";
/// A tag with this key always fails: to see what becomes of an item that cannot be done.
pub const POISON: &str = "lambench:poison";
/// The message attribute that says which item of the run a message stands for.
pub const ITEM_ATTRIBUTE: &str = "Item";
/// The id of the splitting itself in the run log.
pub const SPLIT_ID: &str = "split";
/// Between an id and a digest in the name of an entry.
const SEPARATOR: char = '#';

/// The output `environment.splitter`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    /// Where, and with which settings.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// The function's own queue.
    pub queue: Queue,
    /// What happened in each run.
    pub run_log: RunLogTable,
    /// Where events are put.
    pub event_bus: String,
    /// The source of events that lambench may send.
    pub source: String,
    /// By name.
    pub functions: Functions,
    /// What names the function in an event: several stacks hear of it.
    pub function_arn: String,
    /// What an invocation must have left besides an item's own time, or the function doesn't start it, seconds.
    pub item_reserve_seconds: f64,
    /// How often Lambda tries an event again on which the function fails.
    pub event_retries: u32,
    /// What sends items' messages without splitting; none of a stack that an earlier version deployed.
    #[serde(default)]
    pub load: Option<LoadGenerator>,
}

/// The functions, by name.
#[derive(Debug, Clone, Deserialize)]
pub struct Functions {
    /// Splits events, and handles items.
    pub worker: String,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

impl AsMut<Deployment> for Deployed {
    fn as_mut(&mut self) -> &mut Deployment {
        &mut self.deployment
    }
}

/// What the function answers to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// As HTTP has it.
    pub status_code: u16,
    /// Items that were handled or queued.
    pub count: u64,
    /// In words.
    pub body: String,
}

impl Reply {
    /// Whether the event was one that the function cannot handle.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.status_code == 400
    }
}

/// What all functions are told that send the messages of items together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedItems {
    /// The run's name.
    pub run: String,
    /// Items of all functions.
    pub items: u64,
    /// How many functions there are.
    pub workers: u64,
    /// How long an item takes, s; none for as long as the function that handles it is set to.
    pub item_seconds: Option<f64>,
}

/// What one of them answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemsReport {
    /// Which of them it was, from 0.
    pub worker: u64,
    /// When it sent.
    pub span: Span,
    /// Messages in the queue.
    pub sent: u64,
    /// Items that the queue has not confirmed, as ranges with both ends included; of more than an answer holds, the last range goes
    /// on to the end of the function's part.
    pub unsent: Vec<(u64, u64)>,
    /// Why the first of them is not there.
    pub reason: Option<String>,
}

impl SharedItems {
    /// A function's part.
    #[must_use]
    pub fn part(&self, worker: u64) -> Range<u64> {
        let at = |worker: u64| self.items * worker / self.workers.max(1);
        at(worker)..at(worker + 1)
    }
}

/// The event of items by their places, as lambench makes it.
#[must_use]
pub fn generated_event(source: &str, items: Range<u64>, item_seconds: Option<f64>) -> Value {
    let tag = |index: u64| json!({ "key": format!("Item-{index:04}"), "value": "lambench" });
    let mut event = json!({
        "source": source,
        "detail-type": DETAIL_TYPE,
        "detail": {
            "eventName": "CreateTags",
            "requestParameters": {
                "resourcesSet": { "items": [{ "resourceId": "i-0123456789abcdef0" }] },
                "tagSet": { "items": items.map(tag).collect::<Vec<_>>() },
            },
        },
    });
    if let Some(seconds) = item_seconds {
        event["detail"]["itemSeconds"] = json!(seconds);
    }
    event
}

/// The id of an item: its place among the event's tags.
#[must_use]
pub fn item_id(index: usize) -> String {
    format!("{index:04}")
}

/// The place that an id names; none if no item has this id.
#[must_use]
pub fn item_index(id: &str) -> Option<usize> {
    let index = usize::try_from(decimal::parse(id)?).ok()?;
    (item_id(index) == id).then_some(index)
}

/// The name of an entry of the run log: an id, and a digest of what it stands for. So two events that name the same run, or two
/// messages that name the same item of it, are only the same if they are about the same tags.
#[must_use]
pub fn entry(id: &str, digest: u64) -> String {
    format!("{id}{SEPARATOR}{digest:016x}")
}

/// The id in an entry's name.
#[must_use]
pub fn entry_id(entry: &str) -> &str {
    entry.split_once(SEPARATOR).map_or(entry, |(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_entry_has_its_id() {
        assert_eq!(entry("0003", 0x1a2b), "0003#0000000000001a2b");
        assert_eq!(["0003#0000000000001a2b", "0003"].map(entry_id), ["0003", "0003"]);
    }

    #[test]
    fn functions_have_all_items_and_each_once() {
        for (items, workers) in [(0, 1), (1, 1), (1, 3), (10, 3), (1_000_000, 40), (1_000_000, 1600), (7, 7)]
        {
            let load = SharedItems { run: "r".to_owned(), items, workers, item_seconds: None };
            let parts: Vec<_> = (0..workers).map(|worker| load.part(worker)).collect();
            assert!(parts.iter().cloned().flatten().eq(0..items), "{items} by {workers}");
            let sizes = parts.iter().map(|part| part.end - part.start);
            assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1, "{items} by {workers}");
        }
    }

    #[test]
    fn an_item_has_one_id() {
        for index in [0, 7, 9999, 10_000] {
            assert_eq!(item_index(&item_id(index)), Some(index));
        }
        for id in ["", "7", "00007", "+007", "split", "-001"] {
            assert_eq!(item_index(id), None, "'{id}'");
        }
    }
}
