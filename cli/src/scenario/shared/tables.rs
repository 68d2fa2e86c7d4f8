//! Numbers and tables as people read them.

use protocol::histogram::Latency;

use crate::layout::Table;

/// What [`latency`] shows.
pub const LATENCIES: &str = "p50 / p90 / p99 / p99.9 ms";

/// Such as `1 client` and `2 clients`.
pub fn count(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The first of some ids, such as `0003, 0007, …`.
pub fn first_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let mut ids = ids.into_iter();
    let first: Vec<_> = ids.by_ref().take(5).collect();
    let more = if ids.next().is_some() { ", …" } else { "" };
    first.join(", ") + more
}

/// A rate.
pub fn per_second(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}

/// A time of some ms, with three digits at least.
pub fn ms(ms: f64) -> String {
    match ms {
        ..10.0 => format!("{ms:.2}"),
        10.0..100.0 => format!("{ms:.1}"),
        _ => format!("{ms:.0}"),
    }
}

/// A value with four digits, or all those before its point.
pub fn digits(value: f64) -> String {
    let scaled = std::iter::successors(Some(value.abs()), |scaled| Some(scaled * 10.0));
    let places = if value == 0.0 { 0 } else { scaled.take(15).take_while(|scaled| *scaled < 1000.0).count() };
    format!("{value:.places$}")
}

/// A count as such, anything else with four digits.
pub fn amount(value: f64) -> String {
    if (value - value.round()).abs() < 1e-9 { format!("{value:.0}") } else { digits(value) }
}

/// The percentiles that [`LATENCIES`] names.
pub fn latency(latency: Option<&Latency>) -> String {
    latency.map_or_else(none, |one| [one.p50, one.p90, one.p99, one.p99_9].map(ms).join(" / "))
}

/// An amount of money.
pub fn usd(usd: f64) -> String {
    if usd < 10.0 { format!("{usd:.3} USD") } else { format!("{usd:.2} USD") }
}

/// What wasn't measured.
pub fn none() -> String {
    "–".to_owned()
}

/// Each item once, in the order in which they come.
pub fn distinct<'a, T: PartialEq + ?Sized>(items: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    let mut once = Vec::new();
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

/// A table whose columns are aligned to the right, apart from those in `left`.
pub fn table(header: &[String], rows: impl Iterator<Item = Vec<String>>, left: &[usize]) -> Table {
    Table::new(header, rows, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_keep_their_digits_and_large_ones_get_none_behind_the_point() {
        let shown = [0.0, 0.000_104_816, 0.5, 5.8009, 395.58, 1034.0, 15418.4].map(digits);
        assert_eq!(shown, ["0", "0.0001048", "0.5000", "5.801", "395.6", "1034", "15418"]);
        assert_eq!([52.0, 0.25, 22_440.0].map(amount), ["52", "0.2500", "22440"]);
    }
}
