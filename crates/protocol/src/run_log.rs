//! The run log: a table with an entry for each item of each run; times are µs since 1970.

/// The run and its [`partition`]; with [`ITEM`] the key.
pub const RUN: &str = "run";
/// The item.
pub const ITEM: &str = "item";
/// When its message was sent.
pub const QUEUED_US: &str = "queued_us";
/// When the latest attempt started.
pub const STARTED_US: &str = "started_us";
/// When it was done.
pub const ENDED_US: &str = "ended_us";
/// Until when the latest attempt has it for itself.
pub const CLAIMED_UNTIL_US: &str = "claimed_until_us";
/// How many attempts were started.
pub const ATTEMPTS: &str = "attempts";
/// The request that did it, or does.
pub const WORKER: &str = "worker";
/// The requests of all attempts: each has a REPORT line.
pub const REQUEST_IDS: &str = "request_ids";
/// Whether that was its environment's first.
pub const COLD: &str = "cold";
/// The execution environment of that request, by the name of its log stream; not there where Lambda names none.
pub const ENVIRONMENT: &str = "environment";
/// The items behind it, where it stands for several.
pub const COUNT: &str = "count";
/// When the entry may go, s since 1970: the table's time to live.
pub const EXPIRES: &str = "expires";

/// Partitions that a run is spread over. One takes 1,000 writes per second (DynamoDB Developer Guide, "Burst and adaptive
/// capacity"), and each item makes three; a new on-demand table takes 4,000.
pub const PARTITIONS: u32 = 8;

/// What an item's entry has as [`RUN`]: its run, and the partition that the item's id leads to.
#[must_use]
pub fn partition(run: &str, item: &str) -> String {
    numbered(run, crc32fast::hash(item.as_bytes()) % PARTITIONS)
}

/// All that entries of a run may have as [`RUN`].
pub fn partitions(run: &str) -> impl Iterator<Item = String> + '_ {
    (0..PARTITIONS).map(move |number| numbered(run, number))
}

fn numbered(run: &str, number: u32) -> String {
    format!("{run}#{number}")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn a_runs_items_are_spread_over_all_partitions_that_readers_know() {
        let mut items: BTreeMap<String, u32> = BTreeMap::new();
        for number in 0..800 {
            *items.entry(partition("run-1", &format!("{number:04}"))).or_default() += 1;
        }
        assert_eq!(items.keys().cloned().collect::<BTreeSet<_>>(), partitions("run-1").collect());
        assert!(items.values().all(|count| (50..=150).contains(count)), "{items:?}");
        assert_eq!(partition("run-1", "split"), partition("run-1", "split"));
    }
}
