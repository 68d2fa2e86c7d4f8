//! Costs as people read them, and what Lambda's part of one is.

use protocol::stats::real;
use results::cost::{Cost, Usage};
use results::prices::{LAMBDA_REQUEST, compute, gigabytes};

use super::billing_log::Billed;
use super::tables::{digits, distinct, none, table};

/// What a function's invocations were charged for; no quantities where their REPORT lines are missing.
pub fn lambda(architecture: &str, memory_mb: u64, billed: Option<Billed>) -> Usage {
    let mut usage = Usage::default();
    if let Some(price) = compute(architecture) {
        usage.add("compute", billed.map(|billed| gigabytes(memory_mb) * billed.ms / 1000.0), price);
    }
    usage.add("Lambda requests", billed.map(|billed| real(billed.invocations)), LAMBDA_REQUEST);
    usage
}

/// A row for each line, a column for each cost, USD; empty without costs.
pub fn render(costs: &[Cost]) -> String {
    if costs.is_empty() {
        return String::new();
    }
    let header: Vec<_> = std::iter::once("USD")
        .chain(costs.iter().map(|cost| cost.item.as_str()))
        .map(ToOwned::to_owned)
        .collect();
    let names = distinct(costs.iter().flat_map(|cost| cost.lines.iter().map(|line| &line.name)));
    let cell = |usd: Option<f64>| usd.map_or_else(none, digits);
    let lines = names.into_iter().map(|name| {
        let usd = |cost: &Cost| cost.lines.iter().find(|line| line.name == *name).and_then(|line| line.usd);
        std::iter::once(name.clone()).chain(costs.iter().map(|cost| cell(usd(cost)))).collect()
    });
    let sum = std::iter::once("sum".to_owned()).chain(costs.iter().map(|cost| cell(cost.usd))).collect();
    format!("{}\n", table(&header, lines.chain([sum]), &[0]))
}

/// A cost of which only the sum is known; for scenarios that don't say its lines yet.
pub fn quoted(item: String, usd: f64, prices: Vec<results::prices::Price>) -> Cost {
    let line = |price: results::prices::Price| results::cost::CostLine {
        name: price.unit.to_owned(),
        quantity: None,
        usd: None,
        price: price.into(),
    };
    Cost { item, usd: Some(usd), lines: prices.into_iter().map(line).collect() }
}
