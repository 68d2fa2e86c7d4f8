//! What a run was expected to cost before it began, beside what it has cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cost::Cost;

/// What a run was expected to cost on AWS, by list prices, and what it has cost by the same prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The sum of `items`, USD.
    pub usd: f64,
    /// The same if all that nobody knew beforehand had been as little as was thought possible, USD.
    pub low_usd: f64,
    /// The same if it had been as much, USD.
    pub high_usd: f64,
    /// What the run was expected to use, part by part.
    pub items: Vec<Cost>,
    /// What it has used, under the same names, as far as that was measured; empty before the run.
    #[serde(default)]
    pub measured: Vec<Cost>,
    /// What the quantities are made of that nobody knew beforehand.
    pub assumptions: Vec<String>,
}

/// Both prices of what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What was expected, USD.
    pub estimated_usd: f64,
    /// What it was, USD.
    pub measured_usd: f64,
    /// Items, and lines of items, that were expected and not measured, such as `rust-stream: S3 writes`; they are in neither price.
    pub unmeasured: Vec<String>,
}

impl Estimate {
    /// The estimate beside what was measured; none if nothing was.
    #[must_use]
    pub fn compared(&self) -> Option<Comparison> {
        let (mut estimated_usd, mut measured_usd, mut unmeasured) = (0.0, 0.0, Vec::new());
        let mut is_measured = false;
        for item in &self.items {
            let of_item = self.measured.iter().find(|measured| measured.item == item.item);
            if of_item.is_none() {
                unmeasured.push(item.item.clone());
                continue;
            }
            for line in &item.lines {
                let same = of_item.and_then(|cost| cost.lines.iter().find(|other| other.name == line.name));
                match (line.usd, same.and_then(|same| same.usd)) {
                    (Some(estimated), Some(measured)) => {
                        estimated_usd += estimated;
                        measured_usd += measured;
                        is_measured = true;
                    }
                    _ => unmeasured.push(format!("{}: {}", item.item, line.name)),
                }
            }
        }
        is_measured.then_some(Comparison { estimated_usd, measured_usd, unmeasured })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Usage;
    use crate::price_list::US_EAST_1;
    use crate::prices::{LAMBDA_REQUEST, S3_WRITE};

    fn cost(requests: f64, writes: Option<f64>) -> Cost {
        let mut usage = Usage::default();
        usage.add("Lambda requests", requests, US_EAST_1.quote(LAMBDA_REQUEST));
        usage.add("S3 writes", writes, US_EAST_1.quote(S3_WRITE));
        usage.cost("a run", 1.0)
    }

    fn estimate(measured: Vec<Cost>) -> Estimate {
        let items = vec![cost(100.0, Some(10.0))];
        Estimate { usd: 0.0, low_usd: 0.0, high_usd: 0.0, items, measured, assumptions: Vec::new() }
    }

    #[test]
    fn only_what_was_measured_is_compared() {
        let both = estimate(vec![cost(110.0, Some(12.0))]);
        let compared = both.compared().unwrap();
        assert!((compared.estimated_usd - (0.000_02 + 0.000_05)).abs() < 1e-12, "{compared:?}");
        assert!((compared.measured_usd - (0.000_022 + 0.000_06)).abs() < 1e-12, "{compared:?}");
        assert!(compared.unmeasured.is_empty());
        let one = estimate(vec![cost(110.0, None)]);
        let compared = one.compared().unwrap();
        assert!((compared.estimated_usd - 0.000_02).abs() < 1e-12, "{compared:?}");
        assert_eq!(compared.unmeasured, ["a run: S3 writes"]);
        let mut two = estimate(vec![cost(110.0, Some(12.0))]);
        two.items.push(Cost { item: "another run".to_owned(), ..cost(1.0, None) });
        let compared = two.compared().unwrap();
        assert_eq!(compared.unmeasured, ["another run"]);
        assert!((compared.estimated_usd - (0.000_02 + 0.000_05)).abs() < 1e-12, "{compared:?}");
    }

    #[test]
    fn a_run_of_which_nothing_was_measured_is_compared_with_nothing() {
        assert_eq!(estimate(Vec::new()).compared(), None);
    }
}
