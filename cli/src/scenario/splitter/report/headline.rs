//! What splitting comes down to: how soon all items are done.

use results::scenario::splitter::Splitting;

use super::figure;
use crate::scenario::shared::headline::{Headline, best};

/// The concurrency at which all items were done soonest.
pub fn headline(splitting: &Splitting) -> Option<Headline> {
    best(splitting.runs.iter().map(|run| figure(run, &[])).filter_map(|figure| {
        Some(Headline { of: figure.name, value: figure.speed?, unit: "s elapsed", is_rate: false })
    }))
}
