//! What memory buys: a scenario's run with one memory size after the other, and the sizes that stand out.
//!
//! The three choices are the strategies `speed`, `cost` and `balanced` of AWS Lambda Power Tuning
//! (<https://github.com/alexcasalboni/aws-lambda-power-tuning/blob/master/lambda/analyzer.js>).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cpu::CpuUse;
use crate::scenario::Detail;

/// What the price weighs in the balanced choice, and the time the rest of 1: Power Tuning's default `balancedWeight`.
const PRICE_WEIGHT: f64 = 0.5;

/// A scenario's runs with one memory size after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemorySweep {
    /// What is compared.
    pub compared: Compared,
    /// In the order in which they ran.
    pub points: Vec<Point>,
    /// The sizes that stand out, for each name in the points' figures.
    pub choices: Vec<Choices>,
}

/// What the sizes are compared by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// What `speed` of the points' figures is, with its unit, such as `elapsed, s` or `TPS`.
    pub speed: String,
    /// Whether that is a rate, the more the better, and not a time.
    pub is_rate: bool,
    /// What `usd` of the points' figures is for, such as `a million items`.
    pub price: String,
}

/// One memory size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Memory of each measured function, MB.
    pub memory_mb: u64,
    /// How fast it is and what it costs, for each contender, variant, or whatever the scenario compares.
    pub figures: Vec<Figure>,
    /// What makes the figures unfit for use: then this size is no choice.
    pub failed_checks: Vec<String>,
    /// What is missing because the user ended the run with this size: then it is no choice either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What functions had of the processors; only a local environment tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuUse>,
    /// What only this scenario has, under the scenario's name.
    #[serde(flatten)]
    pub detail: Detail,
}

impl Point {
    /// Whether its figures can be used: it is complete, and its checks passed.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.failed_checks.is_empty() && self.missing.is_empty()
    }
}

/// How fast something is with a memory size, and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// What it is about, such as `rust-stream` or `concurrency 10`.
    pub name: String,
    /// A time or a rate, as `compared` says; none if nothing was measured.
    pub speed: Option<f64>,
    /// The price, USD; none if that was not measured.
    pub usd: Option<f64>,
}

/// The sizes that stand out, MB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choices {
    /// What the sizes are for, as in the points' figures.
    pub name: String,
    /// The fastest, and of several such the cheapest; none if no speed was measured.
    pub fastest: Option<u64>,
    /// The cheapest, and of several such the fastest; none if no price was measured.
    pub cheapest: Option<u64>,
    /// The smallest sum of time and price, each divided by its maximum over the sizes; none if no size has both.
    pub balanced: Option<u64>,
}

impl MemorySweep {
    /// A sweep with the sizes that stand out in it.
    #[must_use]
    pub fn new(compared: Compared, points: Vec<Point>) -> Self {
        let mut names: Vec<&String> = Vec::new();
        for figure in points.iter().flat_map(|point| &point.figures) {
            if !names.contains(&&figure.name) {
                names.push(&figure.name);
            }
        }
        let choices = names.into_iter().map(|name| Choices::of(name, &compared, &points)).collect();
        Self { compared, points, choices }
    }
}

/// A size that may be chosen.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    memory_mb: u64,
    /// The time, or a rate's time for one.
    time: Option<f64>,
    usd: Option<f64>,
}

impl Choices {
    fn of(name: &str, compared: &Compared, points: &[Point]) -> Self {
        let fit = points.iter().filter(|point| point.is_fit());
        let candidates: Vec<Candidate> = fit
            .filter_map(|point| {
                let figure = point.figures.iter().find(|figure| figure.name == name)?;
                let measured = figure.speed.filter(|speed| *speed > 0.0);
                let time = measured.map(|speed| if compared.is_rate { 1.0 / speed } else { speed });
                Some(Candidate { memory_mb: point.memory_mb, time, usd: figure.usd })
            })
            .collect();
        Self {
            name: name.to_owned(),
            fastest: least(&candidates, |one| one.time, |one| one.usd),
            cheapest: least(&candidates, |one| one.usd, |one| one.time),
            balanced: balanced(&candidates),
        }
    }
}

/// The size with the smallest value, and of several such the one with the smallest other value, if any.
fn least(
    candidates: &[Candidate],
    value: impl Fn(&Candidate) -> Option<f64>,
    other: impl Fn(&Candidate) -> Option<f64>,
) -> Option<u64> {
    let valued = candidates.iter().filter_map(|one| Some((one, value(one)?)));
    let least = valued.min_by(|(one, a), (another, b)| {
        let others = [one, another].map(|candidate| other(candidate).unwrap_or(f64::INFINITY));
        a.total_cmp(b).then(others[0].total_cmp(&others[1]))
    });
    least.map(|(one, _)| one.memory_mb)
}

fn balanced(candidates: &[Candidate]) -> Option<u64> {
    let measured = || candidates.iter().filter_map(|one| Some((one.memory_mb, one.time?, one.usd?)));
    let longest = measured().map(|(_, time, _)| time).fold(0.0, f64::max);
    let dearest = measured().map(|(.., usd)| usd).fold(0.0, f64::max);
    let share = |value: f64, max: f64| if max > 0.0 { value / max } else { 0.0 };
    let sum = |time: f64, usd: f64| {
        PRICE_WEIGHT * share(usd, dearest) + (1.0 - PRICE_WEIGHT) * share(time, longest)
    };
    let valued = measured().map(|(memory_mb, time, usd)| (memory_mb, sum(time, usd)));
    valued.min_by(|one, another| one.1.total_cmp(&another.1)).map(|(memory_mb, _)| memory_mb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::Contest;

    fn point(memory_mb: u64, figures: &[(&str, Option<f64>, Option<f64>)]) -> Point {
        let figures = figures.iter().map(|(name, speed, usd)| Figure {
            name: (*name).to_owned(),
            speed: *speed,
            usd: *usd,
        });
        Point {
            memory_mb,
            figures: figures.collect(),
            failed_checks: vec![],
            missing: vec![],
            cpu: None,
            detail: Detail::Archive(Contest::default()),
        }
    }

    fn compared(is_rate: bool) -> Compared {
        Compared { speed: "elapsed, s".to_owned(), is_rate, price: "a run".to_owned() }
    }

    /// Fastest, cheapest and balanced of one thing at these sizes.
    fn chosen(is_rate: bool, sizes: &[(u64, Option<f64>, Option<f64>)]) -> [Option<u64>; 3] {
        let points = sizes.iter().map(|(memory_mb, speed, usd)| point(*memory_mb, &[("a", *speed, *usd)]));
        let sweep = MemorySweep::new(compared(is_rate), points.collect());
        let Choices { fastest, cheapest, balanced, .. } = sweep.choices[0];
        [fastest, cheapest, balanced]
    }

    #[test]
    fn each_strategy_has_its_size() {
        // Sums of shares: 128 MB (1 + 0.4)/2, 512 MB (0.25 + 0.5)/2, 1769 MB (0.2 + 1)/2.
        let sizes = [(128, Some(10.0), Some(0.4)), (512, Some(2.5), Some(0.5)), (1769, Some(2.0), Some(1.0))];
        assert_eq!(chosen(false, &sizes), [Some(1769), Some(128), Some(512)]);
    }

    #[test]
    fn a_rate_is_the_better_the_higher() {
        let sizes = [(128, Some(10.0), Some(0.4)), (512, Some(40.0), Some(0.5))];
        assert_eq!(chosen(true, &sizes), [Some(512), Some(128), Some(512)]);
    }

    #[test]
    fn what_is_alike_in_one_is_decided_by_the_other() {
        let sizes = [(128, Some(2.0), Some(0.4)), (256, Some(1.0), Some(0.4)), (512, Some(1.0), Some(0.8))];
        assert_eq!(chosen(false, &sizes), [Some(256); 3]);
    }

    #[test]
    fn where_nothing_was_measured_nothing_is_chosen() {
        assert_eq!(chosen(false, &[(128, None, None), (512, Some(0.0), None)]), [None; 3]);
        assert_eq!(
            chosen(false, &[(128, Some(1.0), None), (512, None, Some(1.0))]),
            [Some(128), Some(512), None]
        );
    }

    #[test]
    fn a_size_whose_checks_failed_is_no_choice() {
        let mut broken = point(128, &[("a", Some(1.0), Some(0.1))]);
        broken.failed_checks = vec!["1 item lost".to_owned()];
        let points = vec![broken, point(512, &[("a", Some(2.0), Some(0.2))])];
        let choices = MemorySweep::new(compared(false), points).choices;
        assert_eq!((choices[0].fastest, choices[0].balanced), (Some(512), Some(512)));
    }

    #[test]
    fn a_size_with_which_the_run_was_interrupted_is_no_choice() {
        let mut interrupted = point(128, &[("a", Some(1.0), Some(0.1))]);
        interrupted.missing = vec!["38 of 50 items".to_owned()];
        let points = vec![interrupted, point(512, &[("a", Some(2.0), Some(0.2))])];
        let choices = MemorySweep::new(compared(false), points).choices;
        assert_eq!(
            (choices[0].fastest, choices[0].cheapest, choices[0].balanced),
            (Some(512), Some(512), Some(512))
        );
    }

    #[test]
    fn what_failed_with_one_size_has_its_choices_among_the_others() {
        let points = vec![
            point(128, &[("a", Some(1.0), Some(0.1))]),
            point(512, &[("a", Some(0.5), Some(0.2)), ("b", Some(3.0), Some(0.3))]),
        ];
        let choices = MemorySweep::new(compared(false), points).choices;
        let fastest: Vec<_> = choices.iter().map(|one| (one.name.as_str(), one.fastest)).collect();
        assert_eq!(fastest, [("a", Some(512)), ("b", Some(512))]);
    }

    #[test]
    fn a_point_has_the_scenarios_own_part_under_its_name() {
        let sweep = MemorySweep::new(compared(false), vec![point(128, &[("a", None, None)])]);
        let written = serde_json::to_value(&sweep).unwrap();
        assert!(written["points"][0]["archive"]["success"].is_array(), "{written}");
        assert_eq!(serde_json::from_value::<MemorySweep>(written).unwrap(), sweep);
    }
}
