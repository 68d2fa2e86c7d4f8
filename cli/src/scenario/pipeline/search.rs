//! Which rate to try next, on the way to the highest that holds.

use protocol::stats::real;
use results::scenario::pipeline::SearchEnd;

use super::options::MAX_RATE;

/// The interval between a rate that holds and one that does not is halved until it is no longer than this share of the former.
const WITHIN: f64 = 0.1;

/// What is known so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    first: u64,
    /// The highest rate that has held.
    held: Option<u64>,
    /// The lowest rate that has not.
    broken: Option<u64>,
}

impl Search {
    /// Begins at a rate.
    pub fn new(first: u64) -> Self {
        Self { first, held: None, broken: None }
    }

    /// The next rate; none once the answer is known.
    pub fn next_rate(&self) -> Option<u64> {
        match (self.held, self.broken) {
            (None, None) => Some(self.first),
            (Some(held), None) => (held < MAX_RATE).then(|| (2 * held).min(MAX_RATE)),
            (None, Some(broken)) => (broken > 1).then_some(broken / 2),
            (Some(held), Some(broken)) => {
                let is_close = broken - held <= 1 || real(broken - held) <= WITHIN * real(held);
                (!is_close).then_some(u64::midpoint(held, broken))
            }
        }
    }

    /// With what became of the next rate.
    #[must_use]
    pub fn then(self, rate: u64, has_held: bool) -> Self {
        if has_held { Self { held: Some(rate), ..self } } else { Self { broken: Some(rate), ..self } }
    }

    /// The highest rate that has held.
    pub fn held(&self) -> Option<u64> {
        self.held
    }

    /// Why there is no next rate.
    pub fn end(&self) -> SearchEnd {
        match (self.held, self.broken) {
            (Some(_), Some(_)) => SearchEnd::Found,
            (Some(_), None) => SearchEnd::Maximum,
            (None, _) => SearchEnd::None,
        }
    }

    /// The rates of the search that sends most, whatever holds.
    pub fn longest(self) -> Vec<u64> {
        let Some(rate) = self.next_rate() else { return Vec::new() };
        let [held, broken] = [true, false].map(|has_held| self.then(rate, has_held).longest());
        let sum = |rates: &[u64]| rates.iter().sum::<u64>();
        let further = if sum(&broken) > sum(&held) { broken } else { held };
        std::iter::once(rate).chain(further).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rates that are tried where all up to a limit hold, and what is known in the end.
    fn search(first: u64, limit: u64) -> (Vec<u64>, Search) {
        let (mut search, mut rates) = (Search::new(first), Vec::new());
        while let Some(rate) = search.next_rate() {
            rates.push(rate);
            search = search.then(rate, rate <= limit);
        }
        (rates, search)
    }

    #[test]
    fn the_rate_is_doubled_while_it_holds_and_then_the_interval_is_halved() {
        let (rates, found) = search(50, 430);
        assert_eq!(rates, [50, 100, 200, 400, 800, 600, 500, 450, 425]);
        assert_eq!((found.held(), found.end()), (Some(425), SearchEnd::Found));
    }

    #[test]
    fn a_first_rate_that_is_too_high_is_halved_until_one_holds() {
        let (rates, found) = search(50, 14);
        assert_eq!(rates, [50, 25, 12, 18, 15, 13, 14]);
        assert_eq!((found.held(), found.end()), (Some(14), SearchEnd::Found));
    }

    #[test]
    fn what_no_rate_or_every_rate_holds_is_told() {
        let (rates, none) = search(50, 0);
        assert_eq!(rates, [50, 25, 12, 6, 3, 1]);
        assert_eq!((none.held(), none.end()), (None, SearchEnd::None));
        let (rates, all) = search(3000, 20_000);
        assert_eq!(rates, [3000, 6000, 10_000]);
        assert_eq!((all.held(), all.end()), (Some(MAX_RATE), SearchEnd::Maximum));
    }

    proptest! {
        #[test]
        fn the_limit_is_found_to_within_a_tenth_in_few_trials(first in 1..=MAX_RATE, limit in 1_u64..12_000) {
            let (rates, found) = search(first, limit);
            let held = found.held().unwrap();
            prop_assert!(held <= limit && rates.len() <= 20, "{rates:?}");
            let next = held + (held / 10).max(1);
            prop_assert!(next > limit || held == MAX_RATE, "{held} of {limit}");
            let most: u64 = Search::new(first).longest().iter().sum();
            prop_assert!(rates.iter().sum::<u64>() <= most, "no search sends more than the one that is paid for");
        }
    }
}
