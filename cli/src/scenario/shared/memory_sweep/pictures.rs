//! What memory buys, as pictures: time and price by size, then what the scenario has of each size.

use results::memory_sweep::{Figure, MemorySweep, Point as Size};
use results::scenario::Detail;

use super::table::{costs, not_chosen, prefixed, side_by_side};
use super::verdict::{self, Runs};
use crate::html::chart::{Axis, Line, Plot, Point, Scale, Style};
use crate::html::picture::{Group, Picture};
use crate::layout::Table;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::tables::digits;

/// A value of a figure.
type Value = fn(&Figure) -> Option<f64>;

/// The sizes side by side, and a group for each; `runs` are those behind a figure's speed.
pub fn pictures(
    sweep: &MemorySweep,
    part: &Part,
    runs: &Runs<'_>,
    own: impl Fn(&[&Detail], &Part) -> Vec<Picture>,
) -> Vec<Group> {
    let price = format!("USD for {}", sweep.compared.price);
    let speed: Value = |figure| figure.speed;
    let usd: Value = |figure| figure.usd;
    let named = sweep
        .choices
        .iter()
        .map(|choices| Named { name: &choices.name, choices: verdict::choices(sweep, &choices.name, runs) });
    let (named, data): (Vec<Named>, Table) = (named.collect(), side_by_side(sweep, runs));
    let mut pictures: Vec<Picture> = [(sweep.compared.speed.clone(), speed), (price, usd)]
        .into_iter()
        .filter_map(|(unit, value)| by_memory(sweep, &named, &data, (&unit, value)))
        .collect();
    let fit = sweep.points.iter().filter(|point| point.is_fit());
    let details: Vec<&Detail> = fit.map(|point| &point.detail).collect();
    if details.len() > 1 {
        pictures.extend(own(&details, part));
    }
    let all = Group { pictures, ..Group::default() };
    let each = sweep.points.iter().map(|point| {
        let prefix = prefixed(point.memory_mb, "");
        let part = part.with_prefix(&prefix, costs(&part.costs, point.memory_mb));
        Group {
            title: Some(format!("with {} MB", point.memory_mb)),
            failed_checks: point.failed_checks.clone(),
            pictures: own(&[&point.detail], &part),
        }
    });
    std::iter::once(all).chain(each).collect()
}

/// One value by size, a line for each name; none if nothing was measured.
fn by_memory(
    sweep: &MemorySweep,
    named: &[Named<'_>],
    data: &Table,
    (unit, value): (&str, Value),
) -> Option<Picture> {
    let lines: Vec<Line> = named
        .iter()
        .enumerate()
        .map(|(color, named)| Line {
            name: named.name.to_owned(),
            color,
            style: Style::Connected,
            points: points(sweep, named, unit, value),
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let values =
        |of: fn(&Point) -> f64| lines.iter().flat_map(|line| &line.points).map(of).collect::<Vec<_>>();
    let (sizes, heights) = (values(|point| point.x), values(|point| point.y));
    let is_hollow = lines.iter().flat_map(|line| &line.points).any(|point| point.is_hollow);
    let hollow = if is_hollow { " A hollow mark is a size that cannot be used." } else { "" };
    let says = chosen(sweep, named) + hollow;
    let mut ticks: Vec<(f64, String)> = sizes.iter().map(|size| (*size, size.to_string())).collect();
    ticks.sort_by(|one, other| one.0.total_cmp(&other.0));
    ticks.dedup_by(|one, other| one.1 == other.1);
    let plot = Plot {
        says: says.clone(),
        x: Axis::with_ticks("memory, MB (logarithmic)", Scale::log(sizes), ticks),
        y: Axis::new(unit, Scale::fitting(heights)),
        lines,
    };
    Some(Picture {
        title: format!("What memory buys: {unit}"),
        says,
        drawing: Some(plot.draw()),
        legend: plot.lines.iter().map(|line| (line.color, line.name.clone())).collect(),
        data: data.clone(),
    })
}

fn points(sweep: &MemorySweep, named: &Named<'_>, unit: &str, value: Value) -> Vec<Point> {
    let measured = sweep.points.iter().zip(&named.choices).filter_map(|(size, choice)| {
        let figure = size.figures.iter().find(|figure| figure.name == named.name)?;
        Some((size, choice, value(figure)?))
    });
    measured.map(|(size, choice, y)| point(size, named.name, choice, (unit, y))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "no function has that much memory")]
fn point(size: &Size, name: &str, choice: &str, (unit, y): (&str, f64)) -> Point {
    let is_hollow = !size.is_fit();
    let is_chosen = !choice.is_empty() && !is_hollow;
    let behind = match not_chosen(size) {
        Some(why) => format!(" (none: {why})"),
        None if is_chosen => format!(" ({choice})"),
        None => String::new(),
    };
    Point {
        x: size.memory_mb as f64,
        y,
        says: format!("{name}, {} MB: {} {unit}{behind}", size.memory_mb, digits(y)),
        label: is_chosen.then(|| choice.to_owned()),
        is_marked: is_chosen,
        is_hollow,
    }
}

/// What is measured apart, and what each size may be chosen for by its figures.
struct Named<'a> {
    name: &'a str,
    choices: Vec<String>,
}

/// The sizes that stand out, in words.
fn chosen(sweep: &MemorySweep, named: &[Named<'_>]) -> String {
    let each = named.iter().map(|Named { name, choices }| {
        let sizes = sweep.points.iter().zip(choices).filter(|(_, choice)| !choice.is_empty());
        let sizes: Vec<_> = sizes.map(|(size, choice)| format!("{choice} {} MB", size.memory_mb)).collect();
        format!(
            "{name}: {}",
            if sizes.is_empty() { "nothing to choose".to_owned() } else { sizes.join(", ") }
        )
    });
    each.collect::<Vec<_>>().join("; ") + "."
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::histogram::Histogram;
    use results::memory_sweep::Compared;
    use serde_json::json;

    use super::*;

    fn size(memory_mb: u64, speed: f64, failed_checks: &[&str]) -> Size {
        serde_json::from_value(json!({
            "memory_mb": memory_mb, "failed_checks": failed_checks,
            "figures": [{ "name": "rust-stream", "speed": speed, "usd": 0.1 * speed }, { "name": "go", "speed": null, "usd": null }],
            "archive": { "success": [], "failure": [] },
        }))
        .unwrap()
    }

    fn sweep() -> MemorySweep {
        let compared =
            Compared { speed: "mean run, s".to_owned(), is_rate: false, price: "1,000 runs".to_owned() };
        MemorySweep::new(
            compared,
            vec![size(128, 1.0, &["1 object lost"]), size(512, 4.0, &[]), size(1024, 2.0, &[])],
        )
    }

    #[test]
    fn each_size_is_a_point_and_one_whose_checks_failed_is_hollow_and_no_choice() {
        let part = Part { stack: "dev", distributions: vec![], costs: vec![] };
        let groups = pictures(&sweep(), &part, &|_, _| None, |_, _| vec![]);
        assert_eq!(groups[0].pictures.len(), 2, "speed and price");
        for picture in &groups[0].pictures {
            let drawn = picture.drawing.as_ref().unwrap().clone().into_string();
            let count = |what: &str| drawn.matches(what).count();
            assert_eq!((count("class=\"mark"), count(" hollow\""), count("class=\"ring")), (3, 1, 1));
            assert_eq!(picture.legend.len(), 1, "nothing was measured of the other one");
        }
        insta::assert_snapshot!(groups[0].pictures[0].says);
    }

    #[test]
    fn each_size_has_the_scenarios_own_pictures_below_its_failed_checks() {
        let mut histogram = Histogram::default();
        histogram.record(Duration::from_millis(5));
        let distributions = vec![("512 MB: item", &histogram), ("128 MB: item", &histogram)];
        let part = Part { stack: "dev", distributions, costs: vec![] };
        let groups = pictures(&sweep(), &part, &|_, _| None, |_, part| {
            part.percentiles("x", |name| name == "item").into_iter().collect()
        });
        let own: Vec<(Option<&str>, usize, usize)> = groups[1..]
            .iter()
            .map(|group| (group.title.as_deref(), group.failed_checks.len(), group.pictures.len()))
            .collect();
        assert_eq!(
            own,
            [(Some("with 128 MB"), 1, 1), (Some("with 512 MB"), 0, 1), (Some("with 1024 MB"), 0, 0)]
        );
    }
}
