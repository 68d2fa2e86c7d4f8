//! The verdict below a result: what to choose, what nobody can tell, and the command that tells more.
//!
//! A winner is named only where it leads by more than chance: by Welch's t-test over runs, where there are enough of them.
//! Requests, objects and items of one run are no runs. A figure of fewer runs wins only if it would lead
//! with [`CLEAR_LEAD`] × its time, too, and the verdict says of how many runs it is.

use results::cost::{Cost, CostLine};
use results::file::RunResult;

use super::tables::{count, digits};
use crate::significance::{Difference, FEWEST, Sample, difference};

/// A figure of too few runs for a test has to lead with so many times its time, too: runs of the same design rarely differ by as
/// much.
pub const CLEAR_LEAD: f64 = 1.5;
/// What the price weighs in the balanced choice, and the time the rest of 1, as for memory sizes.
const PRICE_WEIGHT: f64 = 0.5;
/// Where lines after the first one begin.
const INDENT: &str = "         ";

/// A figure, the less of which the better.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Its runs.
    pub sample: Sample,
    /// The part of it that another run may change: of a price that of the time, as what was counted costs the same again.
    pub varying: f64,
    /// How people read it, such as `1.607 s`.
    pub shown: String,
}

impl Figure {
    /// A figure of some runs.
    pub fn of_runs(sample: Sample, shown: String) -> Self {
        Self { sample, varying: sample.mean, shown }
    }

    /// A time of one run.
    pub fn of_one(value: f64, shown: String) -> Self {
        Self::of_runs(Sample::of_one(value), shown)
    }

    /// The price of several items of one run together; none if one of them has none.
    pub fn of_costs(costs: &[Cost], items: &[String], shown: impl Fn(f64) -> String) -> Option<Self> {
        let find = |item: &String| costs.iter().find(|cost| cost.item == *item);
        let found: Vec<&Cost> = items.iter().map(find).collect::<Option<_>>()?;
        let usd = found.iter().map(|cost| cost.usd).sum::<Option<f64>>()?;
        let varying = found.iter().map(|cost| varying(cost)).sum();
        Some(Self { varying, ..Self::of_one(usd, shown(usd)) })
    }

    /// A rate: the more, the better.
    pub fn of_rate(rate: f64, shown: String) -> Option<Self> {
        (rate > 0.0).then(|| Self::of_one(1.0 / rate, shown))
    }
}

/// What of a cost is charged by the time; all of it, where its lines don't say what they came to.
fn varying(cost: &Cost) -> f64 {
    let is_time = |line: &&CostLine| ["second", "hour"].iter().any(|unit| line.price.unit.contains(unit));
    let all = cost.usd.unwrap_or_default();
    if cost.lines.is_empty() || cost.lines.iter().any(|line| line.usd.is_none()) {
        return all;
    }
    cost.lines.iter().filter(is_time).filter_map(|line| line.usd).sum()
}

/// Something to choose.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Such as `rust-stream` or `512 MB`.
    pub name: String,
    /// How long it takes; none if that is unknown.
    pub time: Option<Figure>,
    /// What it costs; none if that is unknown.
    pub price: Option<Figure>,
}

/// A candidate by one of its figures.
#[derive(Debug, Clone)]
pub struct Entrant {
    /// The candidate's name.
    pub name: String,
    /// The figure.
    pub figure: Figure,
}

/// Who leads by a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There are not two to compare.
    Alone,
    /// It does, before all others.
    Leads,
    /// It may, but so may others.
    MayLead,
    /// Another one does.
    Behind,
}

/// The candidates by their times.
pub fn by_time(candidates: &[Candidate]) -> Vec<Entrant> {
    entrants(candidates, |one| one.time.as_ref())
}

/// The candidates by their prices.
pub fn by_price(candidates: &[Candidate]) -> Vec<Entrant> {
    entrants(candidates, |one| one.price.as_ref())
}

fn entrants(candidates: &[Candidate], figure: impl Fn(&Candidate) -> Option<&Figure>) -> Vec<Entrant> {
    let known = candidates.iter().filter_map(|one| Some((one, figure(one)?)));
    known.map(|(one, figure)| Entrant { name: one.name.clone(), figure: figure.clone() }).collect()
}

/// The candidates by half their time and half their price, each divided by its maximum.
pub fn by_balance(candidates: &[Candidate]) -> Vec<Entrant> {
    let both: Vec<_> = candidates
        .iter()
        .filter_map(|one| Some((&one.name, one.time.as_ref()?, one.price.as_ref()?)))
        .collect();
    let longest = both.iter().map(|(_, time, _)| time.sample.mean).fold(0.0, f64::max);
    let dearest = both.iter().map(|(.., price)| price.sample.mean).fold(0.0, f64::max);
    let share = |weight: f64, max: f64| if max > 0.0 { weight / max } else { 0.0 };
    let (of_time, of_price) = (share(1.0 - PRICE_WEIGHT, longest), share(PRICE_WEIGHT, dearest));
    let sum = |time: &Figure, price: &Figure| {
        let varying = time.varying * of_time + price.varying * of_price;
        let (time, price) = (time.sample.scaled(of_time), price.sample.scaled(of_price));
        // A price follows the time that it is of, so their deviations add up.
        let sample = Sample {
            mean: time.mean + price.mean,
            stddev: time.stddev + price.stddev,
            count: time.count.min(price.count),
        };
        Figure { sample, varying, shown: String::new() }
    };
    both.into_iter()
        .map(|(name, time, price)| Entrant { name: name.clone(), figure: sum(time, price) })
        .collect()
}

/// How each one stands, in their order.
pub fn standings(entrants: &[Entrant]) -> Vec<Standing> {
    let figures: Vec<&Figure> = entrants.iter().map(|one| &one.figure).collect();
    let Some(best) = figures.iter().min_by(|one, other| one.sample.mean.total_cmp(&other.sample.mean)) else {
        return Vec::new();
    };
    if figures.len() < 2 {
        return vec![Standing::Alone];
    }
    let may_lead: Vec<bool> =
        figures.iter().map(|one| std::ptr::eq(*one, *best) || !is_behind(one, best)).collect();
    let leading =
        if may_lead.iter().filter(|may| **may).count() == 1 { Standing::Leads } else { Standing::MayLead };
    may_lead.into_iter().map(|may| if may { leading } else { Standing::Behind }).collect()
}

fn is_behind(figure: &Figure, best: &Figure) -> bool {
    let lead = figure.sample.mean - best.sample.mean;
    match difference(&figure.sample, &best.sample) {
        Difference::Shown => true,
        Difference::NotShown => false,
        Difference::TooFew => lead > 0.0 && lead >= (CLEAR_LEAD - 1.0) * best.varying,
    }
}

/// Those that stand so.
fn standing(entrants: &[Entrant], wanted: Standing) -> Vec<&Entrant> {
    let all = entrants.iter().zip(standings(entrants));
    all.filter(|(_, standing)| *standing == wanted).map(|(one, _)| one).collect()
}

/// The winner, if there is one.
pub fn winner(entrants: &[Entrant]) -> Option<&Entrant> {
    standing(entrants, Standing::Leads).into_iter().next()
}

/// Who wins, such as `fastest: rust-stream (1.607 s)`, or between whom nobody can tell; none if there is nothing to compare.
pub fn clause(label: &str, entrants: &[Entrant]) -> Option<String> {
    if let Some(winner) = winner(entrants) {
        return Some(format!("{label}: {}", named(winner)));
    }
    let tied = standing(entrants, Standing::MayLead);
    let runs = tied.iter().map(|one| one.figure.sample.count).min()?;
    let names = list(&tied.into_iter().map(named).collect::<Vec<_>>());
    Some(if runs < FEWEST {
        format!("{label}: can't tell between {names}, n = {runs}")
    } else {
        format!("{label}: no difference shown between {names}, n = {runs}")
    })
}

/// Such as `rust-stream (1.607 s)`.
fn named(Entrant { name, figure }: &Entrant) -> String {
    if figure.shown.is_empty() { name.clone() } else { format!("{name} ({})", figure.shown) }
}

/// Such as `a, b and c`.
pub fn list(names: &[String]) -> String {
    match names {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.join(""),
    }
}

/// What is fastest, cheapest and balanced, as far as anybody can tell; empty if there are not two to compare.
pub fn clauses(candidates: &[Candidate]) -> Vec<String> {
    let (time, price, balance) = (by_time(candidates), by_price(candidates), by_balance(candidates));
    // Where neither time nor price has a winner, both together need not be told to have none.
    let is_open = [&time, &price, &balance].into_iter().all(|entrants| winner(entrants).is_none());
    let balanced = if is_open { None } else { clause("balanced", &balance) };
    [clause("fastest", &time), clause("cheapest", &price), balanced].into_iter().flatten().collect()
}

/// An amount of money.
pub fn usd(usd: f64) -> String {
    format!("{} USD", digits(usd))
}

/// The verdict of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What can be told, and what cannot.
    pub told: Vec<String>,
    /// What that rests on, and what to run to tell more.
    pub basis: Vec<String>,
}

impl Verdict {
    /// A block of lines.
    pub fn block(&self) -> String {
        let told = self.told.join(&format!(";\n{INDENT}"));
        let basis = self.basis.iter().map(|line| format!("{INDENT}{line}\n"));
        format!("verdict: {told}.\n{}", basis.collect::<String>())
    }
}

/// The commands that tell more than a result.
#[derive(Debug, Clone)]
pub struct Commands<'a> {
    scenario: &'a str,
    stack: &'a str,
    options: String,
}

impl<'a> Commands<'a> {
    /// Those of a result, whose run had these options: such as ` --rate 20`, or nothing.
    pub fn of(result: &'a RunResult, options: String) -> Self {
        Self::new(&result.run.scenario, &result.environment.stack, options)
    }

    /// Those of a run on a stack.
    pub fn new(scenario: &'a str, stack: &'a str, options: String) -> Self {
        Self { scenario, stack, options }
    }

    /// Runs the same again.
    pub fn run(&self) -> String {
        self.run_with("")
    }

    /// Runs the same again with further options: such as ` --runs 20`.
    pub fn run_with(&self, further: &str) -> String {
        format!("lambench run {}{}{further} --stack {}", self.scenario, self.options, self.stack)
    }

    /// Repeats the run, and shows both side by side.
    pub fn repeat(&self) -> Vec<String> {
        let (scenario, stack) = (self.scenario, self.stack);
        vec![self.run(), format!("lambench compare {scenario}/latest~1 {scenario}/latest --stack {stack}")]
    }

    /// What figures of one run rest on, and how to learn how runs differ.
    pub fn basis_of_one_run(&self) -> Vec<String> {
        let basis = format!(
            "n = 1 run, and another may differ: a winner is named only if it would still lead had it taken {CLEAR_LEAD} × as \
             long. To tell more, repeat it:"
        );
        std::iter::once(basis).chain(self.repeat()).collect()
    }

    /// What to say where nothing came of a run.
    pub fn nothing(&self, told: impl Into<String>) -> Verdict {
        Verdict { told: vec![told.into()], basis: vec![format!("To try again: {}", self.run())] }
    }

    /// What to think of a result of a run that the user ended early. Its options are not told: it has those of what was run.
    pub fn incomplete() -> Verdict {
        Verdict {
            told: vec!["incomplete (INCOMPLETE above), so there is no winner".to_owned()],
            basis: vec!["For the whole run, start it again with the same options.".to_owned()],
        }
    }

    /// What to think of a result whose checks failed.
    pub fn unfit(&self, failed: usize) -> Verdict {
        let checks = count(failed as u64, "check");
        Verdict {
            told: vec![format!("unfit for use: {checks} failed (ERROR below), so there is no winner")],
            basis: vec![format!("Once that is put right: {}", self.run())],
        }
    }
}

/// What figures of some runs each rest on.
pub fn basis_of_runs(runs: u64) -> String {
    let runs_each = count(runs, "run");
    if runs < FEWEST {
        format!(
            "{runs_each} each, too few for a test: a winner is named only if it would still lead had it taken {CLEAR_LEAD} × as long."
        )
    } else {
        format!("{runs_each} each: a winner is named where Welch's t-test shows the difference, at 95 %.")
    }
}

/// How many times as much the one is as the other, such as `17.3 ×`; none if that is nothing.
pub fn times(one: f64, other: f64) -> Option<String> {
    (other > 0.0).then(|| format!("{:.1} ×", one / other))
}

/// An option's value as a shell takes it.
pub fn quoted(value: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "/._-,:=@%+".contains(one);
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// Numbers as an option takes them, such as `128,512`.
pub fn joined(values: impl IntoIterator<Item = u64>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(",")
}

/// The runs behind a measured quantity of a result, in its unit; none if it has no such quantity.
pub fn runs_of(result: &RunResult, name: &str) -> Option<Sample> {
    let summary = result.summary.iter().find(|one| one.name == name)?;
    Some(Sample::of_runs(result, summary))
}

#[cfg(test)]
mod tests;
