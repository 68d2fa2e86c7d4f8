//! What reading a bucket comes down to: what a function reads per second.

use results::scenario::s3_read::Reading;

use super::figure;
use crate::scenario::shared::headline::{Headline, best};

/// The variant whose functions read most per second, of those that have read all objects.
pub fn headline(reading: &Reading) -> Option<Headline> {
    best(reading.runs.iter().map(|run| figure(run, &[])).filter_map(|figure| {
        Some(Headline { of: figure.name, value: figure.speed?, unit: "MB/s per function", is_rate: true })
    }))
}
