//! What a run will use, part by part.

use results::cost::{Cost, Usage};

use super::range::{Bound, Range};
use crate::scenario::shared::memory_sweep::prefixed;

/// One part of what a run will cost, with the prices between which it may turn out.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// As it is expected.
    pub expected: Cost,
    /// USD.
    pub usd: Range,
}

impl Part {
    /// A part whose usage depends on what nobody knows beforehand.
    pub fn of(item: impl Into<String>, usage: impl Fn(Bound) -> Usage) -> Self {
        Self::of_many(item, 1.0, usage)
    }

    /// So many of what has such a usage.
    pub fn of_many(item: impl Into<String>, many: f64, usage: impl Fn(Bound) -> Usage) -> Self {
        let expected = usage(Bound::Expected).cost(item, many);
        let usd = |bound| usage(bound).cost("", many).usd.unwrap_or_default();
        let usd = Range::new(usd(Bound::Low), usd(Bound::Expected), usd(Bound::High));
        Self { expected, usd }
    }

    /// The same with a memory size.
    pub fn with_memory(mut self, memory_mb: u64) -> Self {
        self.expected.item = prefixed(memory_mb, &self.expected.item);
        self
    }

    /// What several cost together, USD.
    pub fn sum(parts: &[Self]) -> Range {
        parts.iter().fold(Range::default(), |sum, part| sum.plus(part.usd))
    }
}

/// Of a result's costs, each for a unit such as a million messages, those of the run, under a name that estimates have, too: its
/// lines are those of all `items` together. None if the result lacks one.
pub fn of_run(costs: &[Cost], name: &str, items: &[&str], units: f64) -> Option<Cost> {
    let mut lines = Vec::new();
    for item in items {
        lines.extend(costs.iter().find(|cost| cost.item == **item)?.lines.clone());
    }
    for line in &mut lines {
        line.quantity = line.quantity.map(|quantity| quantity * units);
        line.usd = line.usd.map(|usd| usd * units);
    }
    Some(Cost { item: name.to_owned(), usd: lines.iter().map(|line| line.usd).sum(), lines })
}

#[cfg(test)]
mod tests {
    use results::price_list::US_EAST_1;
    use results::prices::{LAMBDA_REQUEST, SQS_REQUEST};

    use super::*;

    fn usage(requests: f64) -> Usage {
        let mut usage = Usage::default();
        usage.add("queue", 10.0, US_EAST_1.quote(SQS_REQUEST));
        usage.add("Lambda requests", requests, US_EAST_1.quote(LAMBDA_REQUEST));
        usage
    }

    #[test]
    fn a_part_costs_what_its_usage_does_at_either_end() {
        let part = Part::of("a run", |bound| usage(Range::new(10.0, 20.0, 50.0).at(bound)));
        let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} is not {want}");
        close(part.usd.low, 0.000_004 + 0.000_002);
        close(part.usd.expected, 0.000_004 + 0.000_004);
        close(part.usd.high, 0.000_004 + 0.000_01);
        assert_eq!(part.expected.usd, Some(part.usd.expected));
        assert_eq!(part.with_memory(512).expected.item, "512 MB: a run");
    }

    #[test]
    fn the_costs_of_a_million_are_those_of_the_run_again() {
        let million = [usage(20.0).cost("a million", 1e6 / 50.0), usage(0.0).cost("another", 1e6 / 50.0)];
        let run = of_run(&million, "items", &["a million", "another"], 50.0 / 1e6).unwrap();
        let quantities: Vec<_> = run.lines.iter().filter_map(|line| line.quantity).map(f64::round).collect();
        assert_eq!((run.item.as_str(), quantities), ("items", vec![10.0, 20.0, 10.0, 0.0]));
        assert!((run.usd.unwrap() - 0.000_012).abs() < 1e-12);
        assert_eq!(of_run(&million, "items", &["a million", "a third"], 1.0), None);
    }
}
