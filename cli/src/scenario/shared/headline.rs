//! The figure that decides a scenario, of one result.

use serde::Serialize;

/// What a result comes down to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Headline {
    /// Whose figure it is, such as `rust-stream` or `concurrency 10`.
    pub of: String,
    /// The figure.
    pub value: f64,
    /// Its unit, and what it is for, such as `USD for 1,000 runs`.
    pub unit: &'static str,
    /// Whether more is better.
    #[serde(skip)]
    pub is_rate: bool,
}

/// The best one; of several such the first.
pub fn best(headlines: impl Iterator<Item = Headline>) -> Option<Headline> {
    headlines.reduce(|best, next| {
        let is_better = if next.is_rate { next.value > best.value } else { next.value < best.value };
        if is_better { next } else { best }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_the_shortest_time_or_the_highest_rate() {
        let headline = |value, is_rate| Headline {
            of: format!("{value}"),
            value,
            unit: if is_rate { "TPS" } else { "s" },
            is_rate,
        };
        let best =
            |is_rate| best([2.0, 1.0, 3.0].map(|value| headline(value, is_rate)).into_iter()).unwrap().of;
        assert_eq!((best(false), best(true)), ("1".to_owned(), "3".to_owned()));
    }
}
