//! What one worker sends of a load.

use std::ops::Range;
use std::time::Duration;

/// A worker's requests, by their index from 0: when each is due, and its message's number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    due: Vec<Duration>,
    numbers: Numbers,
}

/// The numbers of a worker's messages. Those of all ramps come first, a block for each worker, and then those behind the
/// ramps in the same way: what is measured is every number from one on, and what a worker sent are two ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    ramp: Range<u64>,
    measured: Range<u64>,
}

impl Numbers {
    /// The numbers of workers that send so many requests each in the ramp, and behind it.
    pub(crate) fn blocks(counts: &[(u64, u64)]) -> Vec<Self> {
        let (mut ramp, mut measured) = (0, counts.iter().map(|(ramp, _)| ramp).sum());
        let take = |next: &mut u64, count: u64| {
            let first = *next;
            *next += count;
            first..*next
        };
        let blocks = counts.iter().map(|(in_ramp, behind)| Self {
            ramp: take(&mut ramp, *in_ramp),
            measured: take(&mut measured, *behind),
        });
        blocks.collect()
    }

    /// All of them, in the order in which they are sent.
    pub fn all(&self) -> impl Iterator<Item = u64> + use<> {
        self.ramp.clone().chain(self.measured.clone())
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.in_ramp() + self.measured.end - self.measured.start
    }

    fn in_ramp(&self) -> u64 {
        self.ramp.end - self.ramp.start
    }
}

impl Plan {
    pub(crate) fn new(due: Vec<Duration>, numbers: Numbers) -> Self {
        Self { due, numbers }
    }

    /// How many requests there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.due.len() as u64
    }

    /// The first request whose latency counts.
    #[must_use]
    pub fn measured_from(&self) -> u64 {
        self.numbers.in_ramp()
    }

    /// When a request is due, from the start of the load.
    #[must_use]
    pub fn due(&self, index: u64) -> Duration {
        usize::try_from(index).ok().and_then(|index| self.due.get(index).copied()).unwrap_or(Duration::MAX)
    }

    /// The number of a request's message.
    #[must_use]
    pub fn number(&self, index: u64) -> u64 {
        match index.checked_sub(self.measured_from()) {
            None => self.numbers.ramp.start + index,
            Some(behind) => self.numbers.measured.start + behind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_worker_has_a_block_in_the_ramp_and_one_behind_it() {
        let [first, second] = &Numbers::blocks(&[(2, 3), (1, 2)])[..] else { panic!("two workers") };
        assert_eq!(first.all().collect::<Vec<_>>(), [0, 1, 3, 4, 5]);
        assert_eq!(second.all().collect::<Vec<_>>(), [2, 6, 7]);
        assert_eq!((first.count(), second.count()), (5, 3));
        let plan = Plan::new(vec![Duration::ZERO; 3], second.clone());
        assert_eq!([0, 1, 2].map(|index| plan.number(index)), [2, 6, 7]);
    }
}
