//! The difference of each figure with its confidence interval, as the verdicts beside the ratios have it.

use crate::compare::Side;
use crate::compare::pairing::{Pairing, Row};
use crate::compare::table::{is_shown, named};
use crate::compare::verdict::{Verdict, verdict};
use crate::html::chart::{Axis, Interval, Intervals, Scale};
use crate::html::picture::Picture;
use crate::scenario::shared::metric::{Metric, Unit};
use crate::scenario::shared::tables::{none, table};
use crate::significance::margin;

/// How to read the pictures.
const LEGEND: &str = "Each mark is the difference of two means in per cent of A's mean, with its 95 % confidence interval (Welch). \
                      Where the interval has 0 in it, no difference is shown and the mark is hollow. Without an interval \
                      nobody can tell: that takes 3 runs on each side.";

/// A figure of a side beside A's.
struct Compared<'a> {
    letter: char,
    place: usize,
    first: &'a Metric,
    verdict: Verdict,
    /// Of the means.
    difference: f64,
    /// How far it may be off.
    margin: Option<f64>,
}

/// What was measured, and what it costs; none without anything to compare.
pub fn pictures(sides: &[Side], pairing: &Pairing) -> Vec<Picture> {
    let all: Vec<Compared> = pairing.rows.iter().flat_map(|row| compared(sides, row)).collect();
    let (costs, measured): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.first.unit == Unit::Usd);
    let pictures = [("Measured, compared with A", measured), ("Cost, compared with A", costs)];
    pictures.into_iter().filter_map(|(title, all)| picture(title, sides, &all)).collect()
}

fn compared<'a>(sides: &'a [Side], row: &'a Row) -> Vec<Compared<'a>> {
    let of_side = |place: usize| {
        let (first, one) = row.found[0].as_ref().zip(row.found[place].as_ref())?;
        let is_fit = !sides[place].is_unfit() && !sides[0].is_unfit();
        let (runs, of_first) = one.runs.zip(first.runs)?;
        let verdict = verdict(one, first, is_fit).filter(|_| is_shown(row) && of_first.mean > 0.0)?;
        Some(Compared {
            letter: sides[place].letter,
            place,
            first,
            verdict,
            difference: runs.mean - of_first.mean,
            margin: margin(&runs, &of_first),
        })
    };
    (1..sides.len()).filter_map(of_side).collect()
}

impl Compared<'_> {
    /// Its mark; with a letter where there are several sides.
    fn interval(&self, is_lettered: bool) -> Interval {
        let percent = |value: f64| 100.0 * value / self.first.value.unwrap_or(f64::NAN);
        let (value, margin) = (percent(self.difference), self.margin.map(percent));
        let letter = if is_lettered { format!("{}: ", self.letter) } else { String::new() };
        let figure = format!("{letter}{} {}", self.first.label(), self.first.name);
        let off = margin.map_or_else(String::new, |margin| format!(" ± {margin:.1}"));
        Interval {
            name: format!("{figure}: {}", self.verdict.says()),
            says: format!("{figure}: {value:+.1}{off} %, {}", self.verdict.says()),
            color: self.place - 1,
            value,
            margin,
            is_shown: matches!(self.verdict, Verdict::Shown(_)),
        }
    }

    fn row(&self) -> Vec<String> {
        let [measured, figure] = named(self.first);
        let number = |value: f64| self.first.unit.digits(value);
        let ends = self.margin.map(|margin| [self.difference - margin, self.difference + margin]);
        let [low, high] = ends.map_or_else(|| [none(), none()], |ends| ends.map(number));
        let letter = self.letter.to_string();
        vec![measured, figure, letter, number(self.difference), low, high, self.verdict.says()]
    }
}

fn picture(title: &str, sides: &[Side], all: &[Compared]) -> Option<Picture> {
    if all.is_empty() {
        return None;
    }
    let rows: Vec<Interval> = all.iter().map(|one| one.interval(sides.len() > 2)).collect();
    let ends = rows.iter().flat_map(|row| row.ends().into_iter().flatten().chain([row.value]));
    let x = Axis::new("difference from A, % of A's mean", Scale::linear(ends));
    let drawing = Intervals { says: LEGEND.to_owned(), x, rows }.draw();
    let header = ["measured", "figure", "side", "difference from A", "from", "to", "verdict"];
    let legend = sides.iter().skip(1).enumerate().map(|(color, side)| (color, side.letter.to_string()));
    Some(Picture {
        title: title.to_owned(),
        says: LEGEND.to_owned(),
        drawing: Some(drawing),
        legend: legend.collect(),
        data: table(&header.map(ToOwned::to_owned), all.iter().map(Compared::row), &[0, 1, 2, 6]),
    })
}
