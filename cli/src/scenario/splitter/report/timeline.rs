//! Which environment did which item, and when.

use protocol::stats::real;
use results::scenario::splitter::{ItemTime, Timeline};

use crate::scenario::splitter::execute::RunLog;

/// Items that a result has one by one, and a picture draws.
pub const MOST_ITEMS: usize = 1000;

/// The items of a run that are done, those that started first; none if one of them lacks its environment.
pub fn timeline(log: &RunLog, sent_us: u64) -> Option<Timeline> {
    let mut done: Vec<_> = log.done().collect();
    done.sort_by_key(|(id, _, start, _)| (*start, *id));
    let all = done.len();
    let (mut environments, mut items) = (Vec::new(), Vec::new());
    for (index, (id, entry, start, end)) in done.into_iter().enumerate() {
        let name = entry.environment.as_ref()?;
        if index >= MOST_ITEMS {
            continue;
        }
        let known = environments.iter().position(|known| known == name);
        let environment = known.unwrap_or_else(|| {
            environments.push(name.clone());
            environments.len() - 1
        });
        items.push(ItemTime {
            id: id.clone(),
            environment,
            started_seconds: seconds_between(sent_us, start),
            ended_seconds: seconds_between(sent_us, end),
            attempt: entry.attempts,
            is_cold: entry.is_cold,
        });
    }
    let left_out = (all - items.len()) as u64;
    (!items.is_empty()).then_some(Timeline { environments, items, left_out })
}

/// From a time to another one, in either direction.
fn seconds_between(from_us: u64, to_us: u64) -> f64 {
    let seconds = real(from_us.abs_diff(to_us)) / 1e6;
    if to_us < from_us { -seconds } else { seconds }
}

#[cfg(test)]
mod tests {
    use protocol::splitter::item_id;

    use super::*;
    use crate::scenario::splitter::execute::run_log::Entry;
    use crate::scenario::splitter::testing::{SENT_US, split_at};

    fn entry(start_us: u64, environment: &str) -> Entry {
        Entry {
            started_us: Some(start_us),
            ended_us: Some(start_us + 5000),
            attempts: 1,
            environment: Some(environment.to_owned()),
            ..Entry::default()
        }
    }

    fn log(entries: impl IntoIterator<Item = Entry>) -> RunLog {
        let named = entries.into_iter().enumerate().map(|(index, entry)| (item_id(index), entry));
        RunLog { items: named.collect(), ..RunLog::default() }
    }

    #[test]
    fn items_are_in_the_order_of_their_starts_and_environments_in_that_of_their_first_item() {
        let retried = Entry { attempts: 3, is_cold: true, ..entry(1_020_000, "b") };
        let log = log([retried, entry(1_000_000, "a"), entry(990_000, "b")]);
        let Timeline { environments, items, left_out } = timeline(&log, 1_000_000).unwrap();
        assert_eq!((environments, left_out), (vec!["b".to_owned(), "a".to_owned()], 0));
        let shown: Vec<_> =
            items.iter().map(|one| (one.id.as_str(), one.environment, one.attempt, one.is_cold)).collect();
        assert_eq!(shown, [("0002", 0, 1, false), ("0001", 1, 1, false), ("0000", 0, 3, true)]);
        let times: Vec<_> = items.iter().map(|one| (one.started_seconds, one.ended_seconds)).collect();
        assert_eq!(times, [(-0.01, -0.005), (0.0, 0.005), (0.02, 0.025)]);
    }

    #[test]
    fn of_more_than_a_thousand_items_those_are_left_out_that_started_last_and_counted() {
        let log = log((0..1003).map(|index| entry(2_000_000 - index, "a")));
        let Timeline { items, left_out, .. } = timeline(&log, 0).unwrap();
        assert_eq!((items.len(), left_out), (1000, 3));
        assert_eq!((items[0].id.as_str(), items[999].id.as_str()), ("1002", "0003"));
    }

    #[test]
    fn without_the_environment_of_each_item_there_is_no_timeline() {
        assert_eq!(timeline(&RunLog::default(), 0), None);
        let mut log = split_at(5).handled.log;
        assert!(timeline(&log, SENT_US).is_some());
        log.items.get_mut("0019").unwrap().environment = None;
        assert_eq!(timeline(&log, SENT_US), None);
    }

    #[test]
    fn an_item_that_is_not_done_is_not_in_it() {
        let waiting = Entry { ended_us: None, ..entry(1, "a") };
        let Timeline { items, left_out, .. } = timeline(&log([waiting, entry(2, "a")]), 0).unwrap();
        assert_eq!((items.len(), left_out), (1, 0));
    }
}
