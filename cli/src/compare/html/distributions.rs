//! What each side measured one by one: distributions of requests over each other, and each run of a contest as a mark.

use protocol::histogram::Histogram;
use protocol::stats::Spread;
use results::file::Samples;

use crate::compare::Side;
use crate::html::chart::{Axis, Scale, Strip, StripRow};
use crate::html::picture::Picture;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::tables::{digits, distinct, table};

/// A picture for each quantity that two sides have at least; a side that is unfit for use is in none.
pub fn pictures(sides: &[Side]) -> Vec<Picture> {
    let fit: Vec<(usize, &Side)> = sides.iter().enumerate().filter(|(_, side)| !side.is_unfit()).collect();
    let names = distinct(fit.iter().flat_map(|(_, side)| samples(side)).map(|samples| &samples.name));
    let of_name = |name: &String| curves(&fit, name).into_iter().chain(marks(&fit, name));
    names.into_iter().flat_map(of_name).collect()
}

fn samples(side: &Side) -> impl Iterator<Item = &Samples> {
    side.results().flat_map(|result| &result.samples)
}

/// A curve for each side, of all its runs together.
fn curves(fit: &[(usize, &Side)], name: &str) -> Option<Picture> {
    let pooled: Vec<(String, Histogram)> =
        fit.iter().filter_map(|(_, side)| Some((side.letter.to_string(), pooled(side, name)?))).collect();
    if pooled.len() < 2 {
        return None;
    }
    let distributions = pooled.iter().map(|(letter, histogram)| (letter.as_str(), histogram)).collect();
    let part = Part { stack: "", distributions, costs: Vec::new() };
    let mut picture = part.percentiles(name, |_| true)?;
    picture.says +=
        " A curve has the requests of all runs of a side, and says nothing about how much runs differ.";
    Some(picture)
}

fn pooled(side: &Side, name: &str) -> Option<Histogram> {
    let mut found =
        samples(side).filter(|samples| samples.name == name).filter_map(|one| one.histogram.as_ref());
    let mut pooled = found.next()?.clone();
    found.for_each(|histogram| pooled.merge(histogram));
    (pooled.count() > 0).then_some(pooled)
}

/// A row for each side, with a mark for each run.
fn marks(fit: &[(usize, &Side)], name: &str) -> Option<Picture> {
    let measured = fit.iter().filter_map(|(place, side)| {
        let values = samples(side).filter(|samples| samples.name == name).flat_map(|one| one.values.clone());
        let values: Vec<f64> = values.collect();
        Some((*place, side.letter, Spread::of(&values)?, values))
    });
    let measured: Vec<(usize, char, Spread, Vec<f64>)> = measured.collect();
    if measured.len() < 2 {
        return None;
    }
    let x = Axis::new("ms", Scale::fitting(measured.iter().flat_map(|(.., values)| values.iter().copied())));
    let rows = measured.iter().map(|(color, letter, spread, values)| StripRow {
        name: format!("{letter}: {} ± {} ms", digits(spread.mean), digits(spread.stddev)),
        color: *color,
        values: values.clone(),
    });
    let mut strip = Strip { says: String::new(), x, unit: "ms", rows: rows.collect() };
    let mark = if strip.has_ticks() { "The higher a mark, the more runs" } else { "Each mark is one run" };
    let says = format!("{mark}, from left to right the longer.");
    strip.says.clone_from(&says);
    let header = ["side", "runs", "shortest ms", "mean ms", "σ ms", "longest ms"].map(ToOwned::to_owned);
    let data = measured.iter().map(|(_, letter, spread, values)| {
        let numbers = [spread.min, spread.mean, spread.stddev, spread.max].map(digits);
        [letter.to_string(), values.len().to_string()].into_iter().chain(numbers).collect()
    });
    let data = table(&header, data, &[0]);
    Some(Picture { title: name.to_owned(), says, drawing: Some(strip.draw()), legend: vec![], data })
}
