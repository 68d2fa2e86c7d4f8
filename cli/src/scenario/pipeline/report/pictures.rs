//! Where a message's time goes, as pictures.

use protocol::histogram::Latency;
use protocol::pipeline::Hop;
use protocol::stats::real;
use results::scenario::pipeline::{Delivery, KneeKind, Stage};

use super::by_second;
use super::profile;
use super::table::hops;
use crate::html::chart::{Arrangement, Axis, Bars, Line, Part as BarPart, Plot, Point, Row, Scale, Style};
use crate::html::picture::Picture;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::tables::ms;

/// A percentile.
type Percentile = (&'static str, fn(&Latency) -> f64);

const PERCENTILES: [Percentile; 2] = [("p50", |latency| latency.p50), ("p99", |latency| latency.p99)];

/// A way of messages, by its name, and how long it took in a stage.
type Way = (&'static str, fn(&Stage) -> Option<Latency>);

/// The way from a request to its row.
const WHOLE_WAY: &str = "end-to-end";

/// The latencies at each rate, the hops at two percentiles, what happened in each second, and the whole distributions.
pub fn pictures(delivery: &Delivery, part: &Part) -> Vec<Picture> {
    let whole = Hop::EndToEnd.to_string();
    let distributions = [
        part.percentiles("From a request's due time to its row, and to its answer", |name| {
            name == whole || name.starts_with("http")
        }),
        part.percentiles("Each hop", |name| {
            name != whole && !name.starts_with("http") && !name.contains(": ")
        }),
        part.percentiles("From a request's due time to its answer, by rate", |name| name.ends_with(": http")),
        part.percentiles("From a request's due time to its row, by rate", |name| {
            name.ends_with(": end-to-end")
        }),
    ];
    let by_second = by_second::picture(&delivery.seconds);
    let figures = rising(delivery).into_iter().chain(shares(delivery)).chain(by_second);
    figures.chain(distributions.into_iter().flatten()).collect()
}

/// The latencies against the rates of steps, or of a search's trials; none of a load with one rate.
fn rising(delivery: &Delivery) -> Option<Picture> {
    let (mut stages, data, says) = if let Some(search) = &delivery.search {
        let stages: Vec<&Stage> = search.trials.iter().map(|trial| &trial.stage).collect();
        (stages, profile::trials(&search.trials), profile::found(search))
    } else {
        let says = profile::knee(delivery)?;
        (delivery.stages.iter().collect(), profile::stages(&delivery.stages), says)
    };
    stages.sort_by_key(|stage| stage.rate);
    let marked = match &delivery.search {
        Some(search) => search.held.map(|rate| (rate, "held")),
        None => delivery.knee.filter(|knee| knee.kind != KneeKind::Generator).map(|knee| (knee.rate, "knee")),
    };
    let ways: [Way; 2] = [("HTTP", |stage| stage.latency_ms), (WHOLE_WAY, |stage| stage.end_to_end_ms)];
    let lines = ways.into_iter().enumerate().map(|(color, (name, of))| {
        let points = stages.iter().filter_map(|stage| Some(point(name, stage, of(stage)?.p99, marked)));
        Line { name: name.to_owned(), color, style: Style::Connected, points: points.collect() }
    });
    let lines: Vec<Line> = lines.filter(|line| !line.points.is_empty()).collect();
    let values =
        |of: fn(&Point) -> f64| lines.iter().flat_map(|line| &line.points).map(of).collect::<Vec<_>>();
    let x = Axis::new("requests/s offered", Scale::linear(values(|point| point.x)));
    let y = Axis::new("p99 latency, ms", Scale::fitting(values(|point| point.y)));
    let legend = lines.iter().map(|line| (line.color, line.name.clone())).collect();
    let drawing = (!lines.is_empty()).then(|| Plot { says: says.clone(), x, y, lines }.draw());
    Some(Picture { title: "p99 latency against the rate".to_owned(), says, drawing, legend, data })
}

fn point(way: &str, stage: &Stage, p99: f64, marked: Option<(u64, &str)>) -> Point {
    let label = marked.filter(|(rate, _)| *rate == stage.rate).map(|(_, label)| label.to_owned());
    Point {
        says: format!("{way}, {} requests/s: {} ms", stage.rate, ms(p99)),
        is_marked: label.is_some(),
        label,
        ..Point::at(real(stage.rate), p99)
    }
}

/// The hops one behind the other, and below them the whole way; none if no hop was measured.
fn shares(delivery: &Delivery) -> Option<Picture> {
    let whole = delivery.hops.get(&Hop::EndToEnd);
    let parts: Vec<(usize, Hop, &Latency)> = Hop::ALL
        .into_iter()
        .filter(|hop| *hop != Hop::EndToEnd)
        .enumerate()
        .filter_map(|(color, hop)| Some((color, hop, delivery.hops.get(&hop)?)))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let part = |color, hop: Hop, value| BarPart { color, value, says: format!("{hop}: {} ms", ms(value)) };
    let rows: Vec<Row> = PERCENTILES
        .into_iter()
        .flat_map(|(name, of)| {
            let hops = parts.iter().map(|(color, hop, latency)| part(*color, *hop, of(latency)));
            let hops = Row { name: format!("{name} of each hop"), parts: hops.collect() };
            let whole = whole.map(|latency| Row {
                name: format!("{name} of the whole way: {} ms", ms(of(latency))),
                parts: vec![part(parts.len(), Hop::EndToEnd, of(latency))],
            });
            std::iter::once(hops).chain(whole)
        })
        .collect();
    let lengths = rows.iter().map(|row| row.parts.iter().map(|part| part.value).sum());
    let x = Axis::new("ms", Scale::linear(lengths));
    let says = in_words(&parts);
    let bars = Bars { says: says.clone(), x, arrangement: Arrangement::Stacked, rows };
    let legend = parts.iter().map(|(color, hop, _)| (*color, hop.to_string()));
    let legend = legend.chain(whole.map(|_| (parts.len(), Hop::EndToEnd.to_string()))).collect();
    let data = hops(delivery);
    Some(Picture { title: "Each hop's time".to_owned(), says, drawing: Some(bars.draw()), legend, data })
}

fn in_words(parts: &[(usize, Hop, &Latency)]) -> String {
    let longest = PERCENTILES.iter().filter_map(|(name, of)| {
        let (_, hop, latency) = parts.iter().max_by(|(.., a), (.., b)| of(a).total_cmp(&of(b)))?;
        Some(format!("At {name}, the hop with the longest time is {hop} with {} ms.", ms(of(latency))))
    });
    let longest: Vec<String> = longest.collect();
    format!(
        "{} Percentiles don't add up: the message with a hop's p99 is rarely the one with another hop's, so compare \
         hops with each other, and the whole way with its own bar.",
        longest.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use protocol::histogram::Histogram;

    use super::*;
    use crate::scenario::pipeline::report::aggregate;
    use crate::scenario::pipeline::testing::{delivery, observation_of_steps, run};

    fn part<'a>(distributions: Vec<(&'a str, &'a Histogram)>) -> Part<'a> {
        Part { stack: "dev", distributions, costs: vec![] }
    }

    #[test]
    fn each_hop_and_the_whole_way_has_its_part_at_each_percentile() {
        let delivery = delivery();
        let picture = shares(&delivery).unwrap();
        let drawing = picture.drawing.unwrap().into_string();
        assert_eq!(drawing.matches("<rect").count(), 2 * delivery.hops.len());
        insta::assert_snapshot!(picture.says);
    }

    #[test]
    fn each_step_is_a_point_of_both_ways_and_the_knee_is_marked() {
        let (one_rate, steps) = (delivery(), aggregate::delivery(&run(), &observation_of_steps()));
        let picture = rising(&steps).unwrap();
        let drawing = picture.drawing.unwrap().into_string();
        let count = |what: &str| drawing.matches(what).count();
        assert_eq!((count("class=\"mark"), count("class=\"ring")), (6, 2));
        assert!(drawing.contains(">knee<"), "{drawing}");
        assert_eq!(picture.data.cells().1.len(), 3);
        assert!(rising(&one_rate).is_none(), "one rate has no picture");
    }

    #[test]
    fn distributions_are_shown_where_the_result_has_them() {
        let mut delivery = delivery();
        (delivery.hops, delivery.seconds) = (BTreeMap::new(), Vec::new());
        assert!(pictures(&delivery, &part(vec![])).is_empty());
        let mut histogram = Histogram::default();
        histogram.record(Duration::from_millis(5));
        let all = pictures(
            &delivery,
            &part(vec![("http", &histogram), ("end-to-end", &histogram), ("row", &histogram)]),
        );
        let rows: Vec<usize> = all.iter().map(|picture| picture.data.cells().1.len()).collect();
        assert_eq!(rows, [2, 1]);
    }
}
