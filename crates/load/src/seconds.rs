//! What happened in each second of a load, counted from its agreed start, so that workers' seconds are the same ones.

use std::time::Duration;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::packed::{pack, unpack};

/// What is counted of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was to be sent.
    Due,
    /// It was sent, or couldn't be.
    Sent,
    /// It was answered with 200.
    Accepted,
    /// It was answered with anything else, or couldn't be sent.
    Refused,
    /// It was given up without an answer.
    Unknown,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 5] = [Self::Due, Self::Sent, Self::Accepted, Self::Refused, Self::Unknown];
}

/// How often each event happened in each second, the first one being 0.
///
/// As JSON it is packed: some KB for a worker's quarter of an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seconds([Vec<u64>; Event::ALL.len()]);

impl Seconds {
    /// Counts an event at a time from the start of the load.
    ///
    /// # Panics
    /// If the time has more seconds than this machine can count to.
    pub fn count(&mut self, event: Event, time: Duration) {
        let second = usize::try_from(time.as_secs()).expect("a load takes some hours at most");
        self.add(event, second, 1);
    }

    /// Counts requests that were to be sent at these times.
    pub(crate) fn count_due(&mut self, times: impl IntoIterator<Item = Duration>) {
        times.into_iter().for_each(|time| self.count(Event::Due, time));
    }

    /// Adds those of another worker.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for event in Event::ALL {
            for (second, count) in other.of(event).iter().enumerate() {
                self.add(event, second, *count);
            }
        }
    }

    fn add(&mut self, event: Event, second: usize, count: u64) {
        let counts = &mut self.0[event as usize];
        if counts.len() <= second {
            counts.resize(second + 1, 0);
        }
        counts[second] += count;
    }

    /// How often an event happened in each second, up to the last one that has any.
    #[must_use]
    pub fn of(&self, event: Event) -> &[u64] {
        &self.0[event as usize]
    }

    /// How often it happened in all.
    #[must_use]
    pub fn total(&self, event: Event) -> u64 {
        self.of(event).iter().sum()
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_vec(&self.0).map_err(S::Error::custom)?;
        pack(&text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = unpack(&String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        serde_json::from_slice(&text).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(events: &[(Event, u64)]) -> Seconds {
        let mut seconds = Seconds::default();
        for (event, ms) in events {
            seconds.count(*event, Duration::from_millis(*ms));
        }
        seconds
    }

    fn events() -> impl Strategy<Value = Vec<(Event, u64)>> {
        proptest::collection::vec((proptest::sample::select(&Event::ALL[..]), 0..900_000_u64), 0..300)
    }

    proptest! {
        #[test]
        fn counts_survive_json(events in events()) {
            let seconds = of(&events);
            let text = serde_json::to_string(&seconds).unwrap();
            prop_assert_eq!(serde_json::from_str::<Seconds>(&text).unwrap(), seconds);
        }

        #[test]
        fn workers_together_have_counted_what_one_would_have(one in events(), other in events()) {
            let mut merged = of(&one);
            merged.absorb(&of(&other));
            let all = [one, other].concat();
            prop_assert_eq!(&merged, &of(&all));
            for event in Event::ALL {
                let count = all.iter().filter(|(which, _)| *which == event).count();
                prop_assert_eq!(merged.total(event), count as u64);
            }
        }
    }

    #[test]
    fn a_second_has_what_happened_from_its_beginning_until_the_next_one() {
        let seconds = of(&[(Event::Sent, 0), (Event::Sent, 999), (Event::Sent, 2000), (Event::Due, 1000)]);
        assert_eq!(seconds.of(Event::Sent), [2, 0, 1]);
        assert_eq!(seconds.of(Event::Due), [0, 1]);
        assert_eq!(seconds.of(Event::Unknown), [0; 0]);
    }

    #[test]
    fn those_of_the_longest_load_of_a_function_take_a_small_part_of_its_report() {
        // 13 minutes and the last answers, in which nothing is even.
        let mut seconds = Seconds::default();
        for event in Event::ALL {
            for second in 0..810_usize {
                let random = (second + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ event as usize) >> 55;
                seconds.add(event, second, random as u64);
            }
        }
        let text = serde_json::to_string(&seconds).unwrap();
        assert!(text.len() < 12_000, "{} bytes", text.len());
    }

    #[test]
    fn what_is_no_list_of_counts_is_refused() {
        for text in ["\"!\"", "\"AAAA\"", "[]"] {
            assert!(serde_json::from_str::<Seconds>(text).is_err(), "{text}");
        }
    }
}
