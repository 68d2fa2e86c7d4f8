//! What a load comes down to: how long nearly all messages take from their request to their row.

use results::scenario::pipeline::Delivery;

use super::figures::figures;
use crate::scenario::shared::headline::Headline;

/// The 99th percentile of the whole way; none if too little has arrived.
pub fn headline(delivery: &Delivery) -> Option<Headline> {
    let figure = figures(delivery, &[]).into_iter().find(|figure| figure.name == "p99")?;
    Some(Headline { of: figure.name, value: figure.speed?, unit: "ms, end-to-end", is_rate: false })
}
