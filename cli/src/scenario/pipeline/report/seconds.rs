//! What happened in each second of a load and of the time until its last row.

use std::collections::BTreeMap;

use results::scenario::pipeline::{Requests, Second};

use crate::scenario::pipeline::Run;
use crate::scenario::pipeline::execute::{Event, Observation};

/// A count of a second.
type Field = fn(&mut Second) -> &mut u64;

/// What the sender counts.
const EVENTS: [(Event, Field); Event::ALL.len()] = [
    (Event::Due, |second| &mut second.due),
    (Event::Sent, |second| &mut second.sent),
    (Event::Accepted, |second| &mut second.accepted),
    (Event::Refused, |second| &mut second.refused),
    (Event::Unknown, |second| &mut second.unknown),
];

/// The seconds in which something happened, by what all have counted; none if that is not all that there was.
pub fn seconds(observation: &Observation, requests: &Requests) -> Vec<Second> {
    let (load, arrived) = (&observation.load, &observation.arrived);
    let mut seconds = BTreeMap::<u64, Second>::new();
    let mut add = |second: u64, field: Field, count: u64| {
        if count > 0 {
            *field(seconds.entry(second).or_insert(Second { second, ..Second::default() })) += count;
        }
    };
    for (event, field) in EVENTS {
        for (second, count) in (0..).zip(load.requests.seconds.of(event)) {
            add(second, field, *count);
        }
    }
    for (second, rows) in &arrived.tally.seconds {
        add(*second, |second| &mut second.rows, *rows);
    }
    let start_ms = load.start_us / 1000;
    for came_ms in arrived.dead_letters.came_ms() {
        let ms = u64::try_from(came_ms).unwrap_or_default().saturating_sub(start_ms);
        add(ms / 1000, |second| &mut second.dead_lettered, 1);
    }
    let seconds: Vec<Second> = seconds.into_values().collect();
    if add_up(&seconds, requests, arrived.tally.rows) { seconds } else { Vec::new() }
}

/// Whether they are what was counted in all.
fn add_up(seconds: &[Second], requests: &Requests, rows: u64) -> bool {
    let [refused, unknown] = [&requests.refused, &requests.unknown].map(|kinds| kinds.values().sum::<u64>());
    let sum = |of: fn(&Second) -> u64| seconds.iter().map(of).sum::<u64>();
    sum(|one| one.due) == requests.sent + requests.unsent
        && sum(|one| one.sent) == requests.sent
        && sum(|one| one.accepted) == requests.accepted
        && sum(|one| one.refused) == refused
        && sum(|one| one.unknown) == unknown
        && sum(|one| one.rows) == rows
}

/// What to do where there are none.
pub fn warning(run: &Run, seconds: &[Second]) -> Option<String> {
    seconds.is_empty().then(|| {
        format!(
            "what was counted by second is not all that was counted, so there are no figures by second: an earlier version of \
             lambench may have deployed the stack; deploy it again with: {}",
            run.deployment().pulumi("up")
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scenario::pipeline::execute::DeadLetters;
    use crate::scenario::pipeline::report::{aggregate, measurement};
    use crate::scenario::pipeline::testing::{observation, observation_of_functions, run};

    #[test]
    fn all_seconds_together_have_what_is_counted_in_all() {
        for observation in [observation(), observation_of_functions()] {
            let delivery = aggregate::delivery(&run(), &observation);
            let requests = &delivery.requests;
            let sum = |of: fn(&Second) -> u64| delivery.seconds.iter().map(of).sum::<u64>();
            assert!(!delivery.seconds.is_empty());
            assert_eq!(sum(|one| one.due), 13_000, "whoever sent it, and though a function died");
            assert_eq!(sum(|one| one.sent), requests.sent);
            assert_eq!(sum(|one| one.accepted), requests.accepted);
            assert_eq!(sum(|one| one.refused), requests.refused.values().sum::<u64>());
            let messages = &delivery.messages;
            assert_eq!(sum(|one| one.rows), messages.stored + messages.unaccepted_stored);
            assert!(delivery.seconds.is_sorted_by_key(|one| one.second));
        }
    }

    #[test]
    fn the_second_of_a_refusal_has_it() {
        let delivery = aggregate::delivery(&run(), &observation());
        // Requests 5,000 to 5,009 are due 20 s after the ramp of 10 s, 200 a second.
        let refused: Vec<(u64, u64)> = delivery
            .seconds
            .iter()
            .filter(|one| one.refused > 0)
            .map(|one| (one.second, one.refused))
            .collect();
        assert_eq!(refused, [(30, 10)]);
        let [first, .., last] = delivery.seconds.as_slice() else { panic!("many seconds") };
        assert_eq!((first.second, last.second), (0, 70));
        assert_eq!((last.due, last.sent, last.rows), (0, 0, 82), "those of the last 410 ms");
    }

    #[test]
    fn dead_letters_are_in_the_second_in_which_they_came() {
        let (run, mut observation) = (run(), observation());
        let start_ms = i64::try_from(observation.load.start_us / 1000).unwrap();
        observation.arrived.dead_letters = DeadLetters::of(
            &run,
            &[(6000, start_ms + 95_400), (6001, start_ms + 95_900), (6002, start_ms - 7)],
        );
        let delivery = aggregate::delivery(&run, &observation);
        let came = delivery.seconds.iter().filter(|one| one.dead_lettered > 0);
        let came: Vec<_> = came.map(|one| (one.second, one.dead_lettered)).collect();
        assert_eq!(came, [(0, 1), (95, 2)], "SQS's clock may be behind");
    }

    #[test]
    fn counts_that_are_not_all_are_left_out_and_it_is_said_what_to_do() {
        let changes: [fn(&mut Observation); 3] = [
            |observation| observation.arrived.tally.seconds.clear(),
            |observation| observation.load.requests.seconds = load::Seconds::default(),
            |observation| observation.load.requests.seconds.count(Event::Sent, Duration::ZERO),
        ];
        let warned = |observation: &Observation| {
            let warnings = measurement(&run(), observation).warnings;
            warnings.iter().any(|one| one.starts_with("what was counted by second is not all"))
        };
        assert!(!warned(&observation()));
        for change in changes {
            let mut observation = observation();
            change(&mut observation);
            assert_eq!(aggregate::delivery(&run(), &observation).seconds, []);
            assert!(warned(&observation));
        }
    }
}
