//! What a load comes down to: how long nearly all messages take from their request to their row.

use protocol::stats::real;
use results::scenario::pipeline::Delivery;

use super::figures::figures;
use crate::scenario::shared::headline::Headline;

/// The 99th percentile of the whole way; none if too little has arrived. Of a search the rate that held; none if none did.
pub fn headline(delivery: &Delivery) -> Option<Headline> {
    if let Some(search) = &delivery.search {
        let value = real(search.held?);
        return Some(Headline { of: "limit".to_owned(), value, unit: "requests/s", is_rate: true });
    }
    let figure = figures(delivery, &[]).into_iter().find(|figure| figure.name == "p99")?;
    Some(Headline { of: figure.name, value: figure.speed?, unit: "ms, end-to-end", is_rate: false })
}
