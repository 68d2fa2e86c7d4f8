//! Distributions by percentile, as `HdrHistogram` plots them: each nine of the horizontal axis is as wide as the one before.

use protocol::histogram::Histogram;
use protocol::stats::real;

use super::axes::Axis;
use super::plot::{Line, Plot, Point, Style};
use super::scale::{Scale, small};

/// Points between a percentile and the one with a nine more.
const PER_NINE: usize = 12;
/// Percentiles that are written at the axis, each with the share beyond it.
const TICKS: [(f64, &str); 8] = [
    (1.0, "0 %"),
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1e3, "99.9 %"),
    (1e4, "99.99 %"),
    (1e5, "99.999 %"),
    (1e6, "99.9999 %"),
];

/// A distribution with a name.
#[derive(Debug, Clone, Copy)]
pub struct Distribution<'a> {
    pub name: &'a str,
    pub histogram: &'a Histogram,
}

/// The picture of some distributions, each up to its greatest value.
pub fn percentiles(says: String, distributions: &[Distribution]) -> Plot {
    let lines: Vec<Line> = distributions
        .iter()
        .enumerate()
        .map(|(color, one)| Line {
            name: one.name.to_owned(),
            color,
            style: Style::Smooth,
            points: course(one.histogram),
        })
        .collect();
    let points = || lines.iter().flat_map(|line| &line.points);
    let most = points().map(|point| point.x).fold(10.0, f64::max);
    let ticks = TICKS.iter().filter(|(inverse, _)| *inverse <= most);
    let ticks = ticks.map(|(inverse, label)| (*inverse, (*label).to_owned())).collect();
    let x = Axis::with_ticks("percentile", Scale::log([1.0, most]), ticks);
    let y = Axis::new("ms", Scale::fitting(points().map(|point| point.y)));
    Plot { says, x, y, lines }
}

/// From the smallest value to the greatest one, at which only one of all is left.
fn course(histogram: &Histogram) -> Vec<Point> {
    let count = real(histogram.count());
    let inverses = (0..PER_NINE * 9).map(|index| 10f64.powf(small(index) / small(PER_NINE)));
    let inverses = inverses.take_while(|inverse| *inverse < count).chain((count > 0.0).then_some(count));
    let point = |inverse: f64| {
        let share = if inverse < count { 1.0 - 1.0 / inverse } else { 1.0 };
        Some(Point::at(inverse, histogram.quantile_ms(share)?))
    };
    inverses.filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn histogram(milliseconds: impl Iterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        milliseconds.for_each(|ms| histogram.record(Duration::from_millis(ms)));
        histogram
    }

    #[test]
    fn the_course_goes_from_the_smallest_value_to_the_greatest() {
        let course = course(&histogram(1..=1000));
        let at =
            |inverse: f64| course.iter().find(|point| (point.x - inverse).abs() < 1e-6).expect("a point").y;
        assert_eq!(course.len(), 3 * PER_NINE + 1);
        for (inverse, ms) in [(1.0, 1.0), (10.0, 900.0), (100.0, 990.0), (1000.0, 1000.0)] {
            assert!((at(inverse) - ms).abs() <= 1.0, "{inverse}: {}", at(inverse));
        }
    }

    #[test]
    fn a_distribution_without_values_has_no_course() {
        assert!(course(&Histogram::default()).is_empty());
        let one = histogram(std::iter::once(5));
        let plot = percentiles("says".to_owned(), &[Distribution { name: "one", histogram: &one }]);
        assert_eq!(plot.lines[0].points.len(), 1);
        assert!(plot.draw().into_string().contains("90 %"));
    }
}
