//! How the figures of a stack have changed, run by run, in all of its results: so that a regression shows.

use maud::{Markup, html};
use results::file::{Kind, RunResult};

use crate::compare::Side;
use crate::history;
use crate::history::trend::{Change, Trend, TrendRun, change, heading, in_words, trends, when};
use crate::html::chart::{Axis, Line, Plot, Point, Scale, Style};
use crate::html::picture::{Group, Picture};
use crate::scenario::shared::headline::Headline;
use crate::scenario::shared::tables::{count, digits, distinct, table};
use crate::significance::Sample;

/// Runs that are written at an axis.
const MOST_TICKS: usize = 8;

/// The results of a scenario on a stack.
pub struct History {
    stack: String,
    /// With the same settings and options each, AWS and local apart.
    trends: Vec<Trend>,
    unreadable: usize,
}

/// A figure of a run.
struct Reached {
    /// Which of the trend's runs it is, from 0 on.
    place: usize,
    value: f64,
    /// Whose figure it is.
    of: String,
}

impl History {
    /// Those of each stack in a comparison; none outside of a checkout.
    pub fn of(sides: &[Side]) -> Vec<Self> {
        // All sides have its scenario, and are of AWS or local as it is.
        let Some(first) = sides.first().and_then(Side::results_first) else { return Vec::new() };
        let stacks = distinct(sides.iter().flat_map(Side::results).map(|result| &result.environment.stack));
        let of_stack = |stack: &String| {
            let found = history::History::find().ok()?.only(Some(&first.run.scenario), Some(stack));
            let (results, unreadable) = found.read();
            Some(Self::from(stack, &results, first.environment.kind, unreadable))
        };
        stacks.into_iter().filter_map(of_stack).collect()
    }

    /// That of results, oldest first: only those of the same kind.
    pub fn from(stack: &str, results: &[RunResult], kind: Kind, unreadable: usize) -> Self {
        let alike: Vec<&RunResult> = results.iter().filter(|one| one.environment.kind == kind).collect();
        Self { stack: stack.to_owned(), trends: trends(&alike), unreadable }
    }

    /// A picture for each deciding figure, and below one for each measured quantity.
    pub fn draw(&self, sides: &[Side]) -> Markup {
        let (drawn, single): (Vec<_>, Vec<_>) = self.trends.iter().partition(|trend| trend.runs.len() > 1);
        html! {
            @if drawn.is_empty() {
                p { "Stack " (self.stack) " has no two results in results/ that are fit for use and have the same settings and options." }
            }
            @for trend in &drawn {
                p class="remark" { (heading(trend, &self.trends).trim_end()) }
                @for group in groups(trend, sides) { (group.draw()) }
            }
            @if !single.is_empty() && !drawn.is_empty() {
                p {
                    (count(single.len() as u64, "other combination")) " of settings and options on stack " (self.stack)
                    ": fewer than two results that are fit for use, so no picture."
                }
            }
            @if self.unreadable > 0 {
                p class="remark warning" {
                    b { "warning" } ": " (count(self.unreadable as u64, "file"))
                    " in results/ cannot be read and is left out: 'lambench list' says why"
                }
            }
        }
    }
}

fn groups(trend: &Trend, sides: &[Side]) -> Vec<Group> {
    let headlines = trend.runs.iter().filter_map(|run| run.headline.as_ref());
    let units = distinct(headlines.map(|headline| headline.unit));
    let deciding = units.into_iter().filter_map(|unit| deciding(trend, sides, unit)).collect();
    let measured: Vec<Picture> =
        trend.series.iter().filter_map(|line| measured(trend, sides, line)).collect();
    let title = match measured.len() {
        1 => "the means of 1 measured quantity".to_owned(),
        number => format!("the means of {number} measured quantities"),
    };
    let measured = Group { title: Some(title), pictures: measured, ..Group::default() };
    let all = [Group { pictures: deciding, ..Group::default() }, measured];
    all.into_iter().filter(|group| !group.pictures.is_empty()).collect()
}

/// The figure that decides, in a unit.
fn deciding(trend: &Trend, sides: &[Side], unit: &str) -> Option<Picture> {
    let of_unit = |run: &'_ TrendRun| run.headline.clone().filter(|headline| headline.unit == unit);
    let reached = trend.runs.iter().enumerate().filter_map(|(place, run)| {
        let Headline { of, value, .. } = of_unit(run)?;
        Some(Reached { place, value, of })
    });
    let reached: Vec<Reached> = reached.collect();
    let is_rate = trend.runs.iter().find_map(of_unit)?.is_rate;
    // The best figure of a result is a single value, whatever it was chosen from.
    let samples: Vec<Sample> = reached.iter().map(|one| Sample::of_one(one.value)).collect();
    let change = change(&samples);
    let word = match change {
        Change::Shown { percent, .. } if (percent > 0.0) == is_rate => ": better",
        Change::Shown { .. } => ": worse",
        _ => "",
    };
    let says = in_words(change, reached.len()) + word;
    picture(trend, sides, ("The figure that decides", unit), &reached, &says)
}

/// The mean of a measured quantity.
fn measured(trend: &Trend, sides: &[Side], line: &history::trend::Line) -> Option<Picture> {
    let values = line.places.iter().zip(&line.means);
    let reached: Vec<Reached> =
        values.map(|(place, value)| Reached { place: *place, value: *value, of: String::new() }).collect();
    let says = in_words(line.change, reached.len());
    picture(trend, sides, (&line.name, &line.unit), &reached, &says)
}

/// A line from run to run, with those that are compared marked; none of a single run.
fn picture(
    trend: &Trend,
    sides: &[Side],
    (title, unit): (&str, &str),
    reached: &[Reached],
    change: &str,
) -> Option<Picture> {
    let [first, .., latest] = reached else { return None };
    let run = |one: &Reached| trend.runs.get(one.place).map_or_else(String::new, when);
    let value = |one: &Reached| format!("{} {unit}", digits(one.value));
    let names = [first, latest]
        .map(|one| if one.of.is_empty() { value(one) } else { format!("{} ({})", value(one), one.of) });
    let says = format!(
        "From {} in the first of {} to {} in the latest: {change}.",
        names[0],
        count(reached.len() as u64, "run"),
        names[1]
    );
    let points = reached.iter().map(|one| {
        let letter = trend.runs.get(one.place).and_then(|run| letter(run, sides));
        Point {
            says: format!("{}: {} {}", run(one), value(one), one.of).trim_end().to_owned(),
            is_marked: letter.is_some(),
            label: letter.map(String::from),
            ..Point::at(number(one.place), one.value)
        }
    });
    let points: Vec<Point> = points.collect();
    let last = trend.runs.len();
    let ticks = (1..=last).step_by(last.div_ceil(MOST_TICKS)).map(|run| (number(run - 1), run.to_string()));
    let plot = Plot {
        says: says.clone(),
        x: Axis::with_ticks("run, the oldest first", Scale::linear([number(last - 1)]), ticks.collect()),
        y: Axis::new(unit, Scale::linear(points.iter().map(|point| point.y))),
        lines: vec![Line { name: title.to_owned(), color: 0, style: Style::Connected, points }],
    };
    let header = ["run", "when, and of which commit", "compared as", "of", unit].map(ToOwned::to_owned);
    let rows = reached.iter().map(|one| {
        let letter = trend.runs.get(one.place).and_then(|run| letter(run, sides));
        let letter = letter.map_or_else(String::new, String::from);
        vec![(one.place + 1).to_string(), run(one), letter, one.of.clone(), digits(one.value)]
    });
    let data = table(&header, rows, &[1, 2, 3]);
    Some(Picture { title: title.to_owned(), says, drawing: Some(plot.draw()), legend: vec![], data })
}

/// The run's number on the axis.
fn number(place: usize) -> f64 {
    protocol::stats::real(place as u64 + 1)
}

/// The side that a run is of.
fn letter(run: &TrendRun, sides: &[Side]) -> Option<char> {
    let is_it = |result: &RunResult| result.run.id == run.id && result.run.started_at == run.started_at;
    sides.iter().find(|side| side.results().any(is_it)).map(|side| side.letter)
}
