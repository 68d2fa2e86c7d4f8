//! Costs as people read them, and what Lambda's part of one is.

use protocol::stats::real;
use results::cost::{Cost, Usage};
use results::price_list::PriceList;
use results::prices::{LAMBDA_REQUEST, compute, gigabytes};

use super::billing_log::Billed;
use super::tables::{digits, distinct, none, table};

/// What a function's invocations were charged for; no quantities where their REPORT lines are missing.
pub fn lambda(prices: &PriceList, architecture: &str, memory_mb: u64, billed: Option<Billed>) -> Usage {
    lambda_as(["compute", "Lambda requests"], prices, architecture, memory_mb, billed)
}

/// The same with names for its two lines: where a cost has those of several functions.
pub fn lambda_as(
    [time, requests]: [&'static str; 2],
    prices: &PriceList,
    architecture: &str,
    memory_mb: u64,
    billed: Option<Billed>,
) -> Usage {
    let mut usage = Usage::default();
    if let Some(price) = compute(architecture) {
        usage.add(time, billed.map(|billed| gigabytes(memory_mb) * billed.ms / 1000.0), prices.quote(price));
    }
    usage.add(requests, billed.map(|billed| real(billed.invocations)), prices.quote(LAMBDA_REQUEST));
    usage
}

/// What an item costs, USD; none if there is no such item, or its price is not known.
pub fn usd_of(costs: &[Cost], item: &str) -> Option<f64> {
    costs.iter().find(|cost| cost.item == item)?.usd
}

/// How many units one of an item's lines has; none if there is no such line, or they are not known, or none.
pub fn quantity_of(costs: &[Cost], item: &str, line: &str) -> Option<f64> {
    let lines = &costs.iter().find(|cost| cost.item == item)?.lines;
    lines.iter().find(|one| one.name == line)?.quantity.filter(|quantity| *quantity > 0.0)
}

/// A row for each cost, the sum in front of a column for each line, USD; empty without costs.
pub fn render(costs: &[Cost]) -> String {
    render_of_many(costs, 1.0, "USD")
}

/// The same for so many of what each cost is for, under a heading that says so.
pub fn render_of_many(costs: &[Cost], many: f64, heading: &str) -> String {
    if costs.is_empty() {
        return String::new();
    }
    let names = distinct(costs.iter().flat_map(|cost| cost.lines.iter().map(|line| &line.name)));
    let header: Vec<_> = std::iter::once(heading)
        .chain(["sum"])
        .chain(names.iter().map(|name| name.as_str()))
        .map(ToOwned::to_owned)
        .collect();
    let cell = |usd: Option<f64>| usd.map_or_else(none, |usd| digits(usd * many));
    let rows = costs.iter().map(|cost| {
        let usd = |name: &String| cost.lines.iter().find(|line| line.name == *name).and_then(|line| line.usd);
        let lines = names.iter().map(|name| cell(usd(name)));
        [cost.item.clone(), cell(cost.usd)].into_iter().chain(lines).collect()
    });
    format!("{}\n", table(&header, rows, &[0]))
}
