//! What one worker sends of a load.

use std::ops::Range;
use std::time::Duration;

/// A worker's requests, by their index from 0: when each is due, and its message's number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    due: Vec<Duration>,
    numbers: Numbers,
}

/// The numbers of a worker's messages. Those of all ramps come first, a block for each worker, and then those of each stage in the
/// same way: what a stage has sent, or all of them, is a range of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers(Vec<Range<u64>>);

impl Numbers {
    /// The numbers of workers that send so many requests each in the ramp, and in each stage.
    pub(crate) fn blocks(counts: &[Vec<u64>]) -> Vec<Self> {
        let mut workers = vec![Self::default(); counts.len()];
        let mut next = 0;
        for segment in 0..counts.first().map_or(0, Vec::len) {
            for (numbers, counts) in workers.iter_mut().zip(counts) {
                let first = next;
                next += counts[segment];
                numbers.0.push(first..next);
            }
        }
        workers
    }

    /// All of them, in the order in which they are sent.
    pub fn all(&self) -> impl Iterator<Item = u64> + use<> {
        self.0.clone().into_iter().flatten()
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(length).sum()
    }

    /// The block of a request, and its place there; behind the last one, there is none.
    fn place(&self, index: u64) -> Option<(usize, u64)> {
        let mut behind = index;
        for (block, numbers) in self.0.iter().enumerate() {
            if behind < length(numbers) {
                return Some((block, behind));
            }
            behind -= length(numbers);
        }
        None
    }
}

fn length(numbers: &Range<u64>) -> u64 {
    numbers.end - numbers.start
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

    /// The stage of a request, from 0; none of one of the ramp, whose latency doesn't count.
    #[must_use]
    pub fn stage(&self, index: u64) -> Option<usize> {
        self.numbers.place(index)?.0.checked_sub(1)
    }

    /// When a request is due, from the start of the load.
    #[must_use]
    pub fn due(&self, index: u64) -> Duration {
        usize::try_from(index).ok().and_then(|index| self.due.get(index).copied()).unwrap_or(Duration::MAX)
    }

    /// The number of a request's message.
    #[must_use]
    pub fn number(&self, index: u64) -> u64 {
        self.numbers.place(index).map_or(u64::MAX, |(block, behind)| self.numbers.0[block].start + behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_worker_has_a_block_in_the_ramp_and_one_in_each_stage() {
        let counts = [vec![2, 3, 1], vec![1, 2, 0]];
        let [first, second] = &Numbers::blocks(&counts)[..] else { panic!("two workers") };
        assert_eq!(first.all().collect::<Vec<_>>(), [0, 1, 3, 4, 5, 8]);
        assert_eq!(second.all().collect::<Vec<_>>(), [2, 6, 7]);
        assert_eq!((first.count(), second.count()), (6, 3));
        let plan = Plan::new(vec![Duration::ZERO; 6], first.clone());
        assert_eq!([0, 1, 2, 4, 5].map(|index| plan.number(index)), [0, 1, 3, 5, 8]);
        assert_eq!([1, 2, 4, 5, 6].map(|index| plan.stage(index)), [None, Some(0), Some(0), Some(1), None]);
    }
}
