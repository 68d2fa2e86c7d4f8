//! Where a message's time goes, as pictures.

use protocol::histogram::Latency;
use protocol::pipeline::Hop;
use results::scenario::pipeline::Delivery;

use super::by_second;
use super::table::hops;
use crate::html::chart::{Arrangement, Axis, Bars, Part as BarPart, Row, Scale};
use crate::html::picture::Picture;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::tables::ms;

/// A percentile.
type Percentile = (&'static str, fn(&Latency) -> f64);

const PERCENTILES: [Percentile; 2] = [("p50", |latency| latency.p50), ("p99", |latency| latency.p99)];

/// The hops at two percentiles, what happened in each second, and the whole distributions.
pub fn pictures(delivery: &Delivery, part: &Part) -> Vec<Picture> {
    let whole = Hop::EndToEnd.to_string();
    let distributions = [
        part.percentiles("From a request's due time to its row, and to its answer", |name| {
            name == whole || name.starts_with("http")
        }),
        part.percentiles("Each hop", |name| name != whole && !name.starts_with("http")),
    ];
    let by_second = by_second::picture(&delivery.seconds);
    shares(delivery).into_iter().chain(by_second).chain(distributions.into_iter().flatten()).collect()
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
    use crate::scenario::pipeline::testing::delivery;

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
