//! What a load test comes down to: the highest throughput.

use results::scenario::aurora::Load;

use super::figures::figures;
use crate::scenario::shared::headline::{Headline, best};

/// The run that reached the highest throughput.
pub fn headline(load: &Load) -> Option<Headline> {
    best(figures(load, &[]).into_iter().filter_map(|figure| {
        Some(Headline { of: figure.name, value: figure.speed?, unit: "TPS", is_rate: true })
    }))
}
