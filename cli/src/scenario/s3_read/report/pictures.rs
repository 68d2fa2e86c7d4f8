//! How fast a bucket was read, as pictures.

use results::scenario::s3_read::{ReadRun, Reading};

use super::cost::{GB, of_run};
use super::title;
use crate::html::chart::{Arrangement, Axis, Bars, Part as BarPart, Row, Scale};
use crate::html::picture::Picture;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::tables::{digits, per_second, table};

/// Throughput and price of each variant, and its latencies.
pub fn pictures(Reading { runs, .. }: &Reading, part: &Part) -> Vec<Picture> {
    let speed =
        bars(runs, ("MB/s per function", "What one function reads while it reads", per_second), |run| {
            run.mb_per_second_per_function
        });
    let price =
        bars(runs, ("USD for a GB", "What reading a GB costs", digits), |run| of_run(&part.costs, run, GB));
    let first = part.percentiles("First byte, warm and cold", |name| name.contains("first byte"));
    let total = part.percentiles("Last byte, warm and cold", |name| name.contains("total"));
    [speed, price, first, total].into_iter().flatten().collect()
}

/// A bar for each variant; none if nothing was measured.
fn bars(
    runs: &[ReadRun],
    (unit, what, show): (&str, &str, fn(f64) -> String),
    value: impl Fn(&ReadRun) -> Option<f64>,
) -> Option<Picture> {
    let measured: Vec<(usize, &ReadRun, f64)> =
        runs.iter().enumerate().filter_map(|(color, run)| Some((color, run, value(run)?))).collect();
    let row = |(color, run, value): &(usize, &ReadRun, f64)| {
        let name = format!("{}: {}", title(run), show(*value));
        Row { parts: vec![BarPart { color: *color, value: *value, says: name.clone() }], name }
    };
    let rows: Vec<Row> = measured.iter().map(row).collect();
    if rows.is_empty() {
        return None;
    }
    let each: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let says = format!("{what}, {unit}: {}.", each.join("; "));
    let scale = Scale::linear(rows.iter().flat_map(|row| &row.parts).map(|part| part.value));
    let bars =
        Bars { says: says.clone(), x: Axis::new(unit, scale), arrangement: Arrangement::Stacked, rows };
    let data = measured.iter().map(|(_, run, value)| vec![title(run), show(*value)]);
    let data = table(&["variant", unit].map(ToOwned::to_owned), data, &[0]);
    Some(Picture { title: what.to_owned(), says, drawing: Some(bars.draw()), legend: vec![], data })
}

#[cfg(test)]
mod tests {
    use protocol::s3_read::Variant;
    use results::cost::Cost;

    use super::*;
    use crate::scenario::s3_read::testing::{aggregate, request};

    #[test]
    fn each_variant_has_a_bar_where_it_was_measured() {
        let mut runs = [Variant::Signed, Variant::Sdk].map(|variant| aggregate(variant, 512).run).to_vec();
        let costs = vec![Cost { item: "sdk: a GB".to_owned(), usd: Some(0.002), lines: vec![] }];
        let part = Part { stack: "dev", distributions: vec![], costs };
        let bars = |runs: &[ReadRun]| {
            let reading = Reading { request: request(), runs: runs.to_vec() };
            let drawn = pictures(&reading, &part).into_iter().filter_map(|picture| picture.drawing);
            drawn.map(|drawing| drawing.into_string().matches("<rect").count()).collect::<Vec<_>>()
        };
        assert_eq!(bars(&runs), [2, 1], "only one has a price");
        for run in &mut runs {
            run.mb_per_second_per_function = None;
        }
        assert_eq!(bars(&runs), [1]);
    }

    #[test]
    fn distributions_are_shown_cold_and_warm() {
        let one = aggregate(Variant::Sdk, 512);
        let distributions = vec![
            ("sdk first byte", &one.first_byte.warm),
            ("sdk first byte, cold", &one.first_byte.cold),
            ("sdk total", &one.total.warm),
        ];
        let part = Part { stack: "dev", distributions, costs: vec![] };
        let reading = Reading { request: request(), runs: vec![] };
        let rows: Vec<usize> =
            pictures(&reading, &part).iter().map(|picture| picture.data.cells().1.len()).collect();
        assert_eq!(rows, [2, 1]);
    }
}
