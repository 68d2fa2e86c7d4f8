//! What a run, or a unit of its work, costs on AWS: quantities × list prices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One item of what a run costs on AWS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// What is paid for, such as `rust-stream run` or `sdk: 1,000 objects`.
    pub item: String,
    /// The sum of its lines, USD; none if one of them wasn't measured.
    pub usd: Option<f64>,
    /// What it is made of.
    pub lines: Vec<CostLine>,
}

/// One part of a cost: a quantity at a price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CostLine {
    /// What is charged for, such as `compute` or `queue`.
    pub name: String,
    /// How many units of the price; none if that wasn't measured.
    pub quantity: Option<f64>,
    /// `quantity` × the price; none if that wasn't measured.
    pub usd: Option<f64>,
    /// The list price.
    pub price: QuotedPrice,
}

/// A list price, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedPrice {
    /// USD per unit.
    pub usd: f64,
    /// What one unit is.
    pub unit: String,
    /// The page that has it.
    pub source: String,
    /// When it was read there, ISO 8601.
    pub date: String,
}

/// What was used, line by line: of it, the cost of any share is made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    lines: Vec<(&'static str, Option<f64>, QuotedPrice)>,
}

impl Usage {
    /// Adds a line; a quantity that was to be measured and wasn't is none, and leaves the cost without a sum.
    pub fn add(&mut self, name: &'static str, quantity: impl Into<Option<f64>>, price: QuotedPrice) {
        self.lines.push((name, quantity.into(), price));
    }

    /// The same with the lines of another usage behind its own.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self
    }

    /// The cost of a share of it: 1 for all, or such as 1,000,000 / completions for a million of them.
    #[must_use]
    pub fn cost(&self, item: impl Into<String>, share: f64) -> Cost {
        let line = |(name, quantity, price): &(&'static str, Option<f64>, QuotedPrice)| {
            let quantity = quantity.map(|quantity| quantity * share);
            let usd = quantity.map(|quantity| quantity * price.usd);
            CostLine { name: (*name).to_owned(), quantity, usd, price: price.clone() }
        };
        let lines: Vec<CostLine> = self.lines.iter().map(line).collect();
        Cost { item: item.into(), usd: lines.iter().map(|line| line.usd).sum(), lines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price_list::US_EAST_1;
    use crate::prices::{LAMBDA_REQUEST, SQS_REQUEST};

    #[test]
    fn a_share_costs_the_sum_of_its_lines() {
        let mut usage = Usage::default();
        usage.add("requests", 50.0, US_EAST_1.quote(LAMBDA_REQUEST));
        usage.add("queue", 100.0, US_EAST_1.quote(SQS_REQUEST));
        let cost = usage.cost("a million", 1e6 / 50.0);
        assert!((cost.usd.unwrap() - (0.2 + 0.8)).abs() < 1e-12, "{cost:?}");
        assert!((cost.lines[1].quantity.unwrap() - 2e6).abs() < 1e-6, "{cost:?}");
    }

    #[test]
    fn without_one_of_its_lines_there_is_no_sum_rather_than_a_low_one() {
        let mut usage = Usage::default();
        usage.add("requests", 50.0, US_EAST_1.quote(LAMBDA_REQUEST));
        usage.add("queue", None, US_EAST_1.quote(SQS_REQUEST));
        let cost = usage.cost("a run", 1.0);
        assert_eq!(cost.usd, None);
        assert!(cost.lines[0].usd.is_some());
    }
}
