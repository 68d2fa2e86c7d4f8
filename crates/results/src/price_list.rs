//! What AWS charges in one region, as far as its price list was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cost::QuotedPrice;
use crate::prices::Price;

/// A region's prices by their units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PriceList(BTreeMap<String, QuotedPrice>);

/// What applies where no price list was read: the prices of [`crate::prices::REGION`].
pub static US_EAST_1: PriceList = PriceList(BTreeMap::new());

impl PriceList {
    /// Adds what a region charges for something, and where that stands.
    pub fn add(&mut self, price: Price, usd: f64, source: String, date: String) {
        let unit = price.unit.to_owned();
        self.0.insert(unit.clone(), QuotedPrice { usd, unit, source, date });
    }

    /// Whether it has the region's own price of a unit.
    #[must_use]
    pub fn has(&self, unit: &str) -> bool {
        self.0.contains_key(unit)
    }

    /// The region's price, or else that of us-east-1.
    #[must_use]
    pub fn quote(&self, price: Price) -> QuotedPrice {
        self.0.get(price.unit).cloned().unwrap_or_else(|| QuotedPrice {
            usd: price.usd,
            unit: price.unit.to_owned(),
            source: price.source.to_owned(),
            date: price.date.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::{LAMBDA_REQUEST, SQS_REQUEST};

    #[test]
    fn a_price_that_was_not_read_is_that_of_us_east_1() {
        let mut prices = PriceList::default();
        prices.add(SQS_REQUEST, 0.000_000_5, "the price list".to_owned(), "2026-11-01".to_owned());
        let quoted = prices.quote(SQS_REQUEST);
        assert_eq!((quoted.usd, quoted.source.as_str()), (0.000_000_5, "the price list"));
        assert_eq!(prices.quote(LAMBDA_REQUEST), US_EAST_1.quote(LAMBDA_REQUEST));
        assert!(prices.has(SQS_REQUEST.unit) && !prices.has(LAMBDA_REQUEST.unit));
    }
}
