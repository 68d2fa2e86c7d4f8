//! What people read of a result: what all scenarios have alike, and what each knows of its own part.

use std::collections::BTreeMap;

use results::cost::Cost;
use results::file::RunResult;
use results::memory_sweep::Point;
use results::scenario::Detail;
use serde_json::{Map, Value};

use super::archive::rank_by::RankBy;
use super::shared::headline::Headline;
use super::shared::memory_sweep;
use super::shared::metric::Metric;
use super::shared::pictures::{self, Part};
use super::shared::verdict::{self, Commands, Verdict};
use super::{archive, own};
use crate::html::picture::{Group, Picture};
use crate::significance::Sample;

/// A scenario's own part of a result.
pub trait Report {
    /// Its tables; `rank_by` is for contenders.
    fn render(&self, stack: &str, costs: &[Cost], rank_by: RankBy) -> String;

    /// What the run was asked to do.
    fn options(&self, stack: &str) -> Value;

    /// The options of `lambench run` that ask for the same, each behind a space; `settings` are the stack's.
    fn command_options(&self, settings: &Map<String, Value>) -> String;

    /// What to choose, what nobody can tell, and the command that tells more. Its checks have passed, and it is complete.
    fn verdict(&self, result: &RunResult, commands: &Commands<'_>) -> Verdict;

    /// The figure that decides; none where nothing came of it.
    fn headline(&self, stack: &str) -> Option<Headline>;

    /// The figures that are neither in `summary` nor in `cost`, by their names.
    fn metrics(&self, _stack: &str) -> Vec<Metric> {
        Vec::new()
    }

    /// Of its costs, those of the run itself, by the items of its estimate.
    fn used(&self, _stack: &str, _costs: &[Cost]) -> Vec<Cost> {
        Vec::new()
    }

    /// What was run, where a setting of the same name may say something else.
    fn settings(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::new()
    }

    /// What did not pass, and why.
    fn out(&self, _stack: &str) -> Vec<String> {
        Vec::new()
    }

    /// Its pictures, each with its values.
    fn pictures(&self, _part: &Part<'_>) -> Vec<Picture> {
        Vec::new()
    }

    /// Whether the load came at a rate of its own, however fast it was handled: then its throughput is no merit.
    fn is_offered(&self) -> bool {
        false
    }
}

/// The tables of a result.
pub fn render(result: &RunResult, rank_by: RankBy) -> String {
    let tables = |detail: &Detail, costs: &[Cost]| {
        own(detail).map_or_else(String::new, |own| own.render(&result.environment.stack, costs, rank_by))
    };
    match &result.detail {
        Detail::MemorySweep(sweep) => {
            memory_sweep::render(sweep, &result.cost, tables, &|point, name| runs_of(result, point, name))
        }
        detail => tables(detail, &result.cost),
    }
}

/// The runs behind the speed of something with a memory size, in its unit; none where it is of one run.
fn runs_of(result: &RunResult, point: &Point, name: &str) -> Option<Sample> {
    let Detail::Archive(contest) = &point.detail else { return None };
    let series = |name: &str| verdict::runs_of(result, &memory_sweep::prefixed(point.memory_mb, name));
    archive::report::verdict::seconds(contest, &result.environment.stack, name, series)
}

/// What to choose by a result, what nobody can tell, and the command that tells more.
pub fn verdict(result: &RunResult) -> Verdict {
    let commands = Commands::of(result, command_options(&result.detail, &result.environment.settings));
    if let Detail::MemorySweep(sweep) = &result.detail {
        let are_contests = sweep.points.iter().any(|point| matches!(point.detail, Detail::Archive(_)));
        let basis = |runs| {
            if are_contests {
                archive::report::verdict::basis_of(runs, &commands)
            } else {
                commands.basis_of_one_run()
            }
        };
        return memory_sweep::verdict(sweep, &|point, name| runs_of(result, point, name), basis);
    }
    match own(&result.detail) {
        _ if !result.failed_checks.is_empty() => commands.unfit(result.failed_checks.len()),
        Some(own) if result.incomplete.is_none() => own.verdict(result, &commands),
        _ => Commands::incomplete(),
    }
}

/// The options of `lambench run` with which a result came about.
fn command_options(detail: &Detail, settings: &Map<String, Value>) -> String {
    match detail {
        Detail::MemorySweep(sweep) => {
            let own = sweep.points.first().map(|point| command_options(&point.detail, settings));
            let sizes = verdict::joined(sweep.points.iter().map(|point| point.memory_mb));
            format!("{} --memory {sizes}", own.unwrap_or_default())
        }
        detail => own(detail).map_or_else(String::new, |own| own.command_options(settings)),
    }
}

/// What was run, where a setting of the same name may say something else.
pub fn settings_of_run(detail: &Detail) -> BTreeMap<&'static str, String> {
    match detail {
        Detail::MemorySweep(sweep) => {
            let mut own =
                sweep.points.first().map(|point| settings_of_run(&point.detail)).unwrap_or_default();
            own.insert("memory", verdict::joined(sweep.points.iter().map(|point| point.memory_mb)));
            own
        }
        detail => own(detail).map(Report::settings).unwrap_or_default(),
    }
}

/// The figure that decides; none where nothing came of it.
pub fn headline(result: &RunResult) -> Option<Headline> {
    let of = |detail: &Detail| own(detail)?.headline(&result.environment.stack);
    match &result.detail {
        Detail::MemorySweep(sweep) => memory_sweep::headline(sweep, of),
        detail => of(detail),
    }
}

/// The figures that only this scenario has, by their names.
pub fn own_metrics(result: &RunResult) -> Vec<Metric> {
    let of =
        |detail: &Detail| own(detail).map(|own| own.metrics(&result.environment.stack)).unwrap_or_default();
    match &result.detail {
        Detail::MemorySweep(sweep) => {
            let points = sweep.points.iter().flat_map(|point| {
                let sized = |metric| Metric { memory_mb: Some(point.memory_mb), ..metric };
                of(&point.detail).into_iter().map(sized)
            });
            points.collect()
        }
        detail => of(detail),
    }
}

/// What the run of a result used, by the items of its estimate.
pub fn used(detail: &Detail, stack: &str, costs: &[Cost]) -> Vec<Cost> {
    let of =
        |detail: &Detail, costs: &[Cost]| own(detail).map(|own| own.used(stack, costs)).unwrap_or_default();
    match detail {
        Detail::MemorySweep(sweep) => {
            let points = sweep.points.iter().flat_map(|point| {
                let sized =
                    |cost: Cost| Cost { item: memory_sweep::prefixed(point.memory_mb, &cost.item), ..cost };
                of(&point.detail, &memory_sweep::costs(costs, point.memory_mb)).into_iter().map(sized)
            });
            points.collect()
        }
        detail => of(detail, costs),
    }
}

/// What did not pass, and why.
pub fn out(result: &RunResult) -> Vec<String> {
    let of = |detail: &Detail| own(detail).map(|own| own.out(&result.environment.stack)).unwrap_or_default();
    match &result.detail {
        Detail::MemorySweep(sweep) => {
            let points = sweep.points.iter().flat_map(|point| {
                let sized = |out: String| memory_sweep::prefixed(point.memory_mb, &out);
                of(&point.detail).into_iter().map(sized)
            });
            points.collect()
        }
        detail => of(detail),
    }
}

/// Whether the load came at a rate of its own, however fast it was handled: then its throughput is no merit.
pub fn is_offered(detail: &Detail) -> bool {
    match detail {
        Detail::MemorySweep(sweep) => sweep.points.iter().any(|point| is_offered(&point.detail)),
        detail => own(detail).is_some_and(Report::is_offered),
    }
}

/// The pictures of a result, each with its values.
pub fn pictures(result: &RunResult) -> Vec<Group> {
    let part = Part::of(result);
    let mut groups = match &result.detail {
        Detail::MemorySweep(sweep) => {
            memory_sweep::pictures(sweep, &part, &|point, name| runs_of(result, point, name), own_pictures)
        }
        detail => vec![Group { pictures: own_pictures(&[detail], &part), ..Group::default() }],
    };
    let cpu = result.cpu.as_ref().and_then(pictures::cpu);
    groups.extend(cpu.map(|picture| Group { pictures: vec![picture], ..Group::default() }));
    groups.retain(|group| !group.pictures.is_empty());
    groups
}

/// Those of a scenario's own part; of several memory sizes at once, those that can show them side by side.
fn own_pictures(details: &[&Detail], part: &Part<'_>) -> Vec<Picture> {
    match details {
        [detail] => own(detail).map(|own| own.pictures(part)).unwrap_or_default(),
        [Detail::Archive(_), ..] => {
            let contests = details.iter().filter_map(|detail| match detail {
                Detail::Archive(contest) => Some(contest),
                _ => None,
            });
            archive::report::price_against_time(contests.flat_map(|contest| &contest.success), part)
        }
        _ => Vec::new(),
    }
}

/// The memory of the functions that something of a result is about, MB, such as one of its costs; none if they have several.
pub fn memory_mb(result: &RunResult, item: &str) -> Option<u64> {
    match &result.detail {
        Detail::Archive(contest) => archive::report::memory_mb(contest, &result.environment.stack, item),
        Detail::MemorySweep(_) => None,
        _ => result.environment.settings.get("memory")?.as_u64(),
    }
}

/// What a run was asked to do, as its result has it.
pub fn options(detail: &Detail, stack: &str) -> Value {
    match detail {
        Detail::MemorySweep(sweep) => memory_sweep::options(sweep, |detail| options(detail, stack)),
        detail => own(detail).map_or(Value::Null, |own| own.options(stack)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::*;
    use crate::cli::Cli;
    use crate::result_file::read;

    fn example(scenario: &str) -> RunResult {
        read(&Path::new("tests/v1").join(format!("{scenario}.json"))).unwrap()
    }

    #[test]
    fn every_command_that_a_verdict_gives_is_one_that_lambench_takes() {
        for scenario in ["archive", "aurora", "pipeline", "s3-read", "splitter"] {
            let mut result = example(scenario);
            let mut unfit = example(scenario);
            unfit.failed_checks = vec!["1 item lost".to_owned()];
            let said = [&result, &unfit].map(|result| verdict(result).block()).concat();
            result.environment.stack = "other".to_owned();
            let other = verdict(&result).block();
            let commands: Vec<_> =
                said.split(['\n', '&']).filter_map(|line| Some(&line[line.find("lambench ")?..])).collect();
            assert!(commands.len() >= 2, "{said}");
            for command in commands {
                let parsed = Cli::try_parse_from(command.split_whitespace());
                assert!(
                    parsed.is_ok(),
                    "{command}: {}",
                    parsed.err().map(|error| error.to_string()).unwrap()
                );
            }
            assert!(other.contains(" --stack other"), "{other}");
        }
    }

    #[test]
    fn figures_that_are_unfit_for_use_have_no_winner() {
        let mut result = example("aurora");
        result.failed_checks = vec!["1 item lost".to_owned(), "2 rows too many".to_owned()];
        let Verdict { told, .. } = verdict(&result);
        assert_eq!(told, ["unfit for use: 2 checks failed (ERROR below), so there is no winner"]);
    }
}
