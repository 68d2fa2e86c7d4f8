//! The scenarios that `lambench run` knows: a module, a command and a result each. Nothing else in the command knows one.

pub mod archive;
pub mod aurora;
mod metrics;
pub mod pipeline;
pub mod s3_read;
pub mod shared;
pub mod splitter;

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Subcommand;
use protocol::deployment::Deployment;
use results::cost::Cost;
use results::file::RunResult;
use results::memory_sweep::Point;
use results::scenario::Detail;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::html::picture::{Group, Picture};
use crate::progress::Mode;
use crate::project::Project;
use crate::shutdown::Stop;
use crate::significance::Sample;
use archive::Archive;
use archive::rank_by::RankBy;
use aurora::Aurora;
pub use metrics::metrics;
use pipeline::Pipeline;
use s3_read::S3Read;
use shared::headline::Headline;
use shared::memory_sweep::{self, ComparedBy, WithMemory};
use shared::metric::Metric;
use shared::pictures::Part;
use shared::run::{self, Measurement, Run};
use shared::verdict::{self, Commands, Verdict};
use splitter::Splitter;

/// The scenarios' names.
pub const NAMES: [&str; 5] = [Archive::NAME, Aurora::NAME, Pipeline::NAME, S3Read::NAME, Splitter::NAME];

/// A scenario with the options of one run.
pub trait Scenario: Sized {
    /// As in `functions/`, `stacks/` and `docs/scenarios/`.
    const NAME: &'static str;
    /// What `lambench run <name>` takes.
    type Options: clap::Args;
    /// The scenario's part of a stack's output `environment`.
    type Deployed: DeserializeOwned + Clone + AsRef<Deployment> + AsMut<Deployment>;
    /// What memory sizes are compared by.
    const COMPARED: ComparedBy;
    /// Where a measured function may have a memory of its own, other than the setting's.
    const OWN_MEMORY: &'static str = "what is deployed";

    /// Takes the options of a run.
    ///
    /// # Errors
    /// [`crate::exit::Usage`] if they contradict each other.
    fn new(options: &Self::Options) -> Result<Self>;

    /// Puts the options into what is deployed, as far as they take the place of its settings for this run.
    ///
    /// # Errors
    /// [`crate::exit::Usage`] if they don't fit what is deployed.
    fn apply(&self, _: &mut Self::Deployed) -> Result<()> {
        Ok(())
    }

    /// The functions that are measured, and so get the memory sizes to try.
    fn measured_functions(&self, deployed: &Self::Deployed) -> Vec<String>;

    /// How many invocations a run has under way at once, at most.
    fn invocations_at_once(&self, deployed: &Self::Deployed) -> u64;

    /// Triggers a run, follows it to its end, and measures it. If [`Run::stop`] asks for it, it ends early and returns what was
    /// measured, with what is missing.
    ///
    /// # Errors
    /// If AWS fails; [`crate::exit::Interrupted`] if the user stopped it before anything was measured, or aborted it.
    async fn run(&self, run: &Run<Self::Deployed>) -> Result<Measurement>;
}

/// The scenarios that can be run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Who builds one ZIP of all objects of a bucket cheapest, who fastest?
    #[command(after_help = archive::options::EXAMPLES)]
    Archive(WithMemory<archive::options::Options>),
    /// What load does Aurora PostgreSQL take from functions?
    #[command(after_help = aurora::options::EXAMPLES)]
    Aurora(WithMemory<aurora::options::Options>),
    /// How long does a message take through a stream, from an HTTP call to a row?
    #[command(after_help = pipeline::options::EXAMPLES)]
    Pipeline(WithMemory<pipeline::options::Options>),
    /// How fast do functions read S3, with presigned URLs and with the SDK?
    #[command(name = "s3-read", after_help = s3_read::options::EXAMPLES)]
    S3Read(WithMemory<s3_read::options::Options>),
    /// What does fan-out through a queue buy?
    #[command(after_help = splitter::options::EXAMPLES)]
    Splitter(WithMemory<splitter::options::Options>),
}

impl Command {
    /// The names of all scenarios.
    pub fn names() -> Vec<String> {
        let all = Self::augment_subcommands(clap::Command::new("run"));
        all.get_subcommands().map(|one| one.get_name().to_owned()).collect()
    }

    /// The scenario's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Archive(_) => Archive::NAME,
            Self::Aurora(_) => Aurora::NAME,
            Self::Pipeline(_) => Pipeline::NAME,
            Self::S3Read(_) => S3Read::NAME,
            Self::Splitter(_) => Splitter::NAME,
        }
    }

    /// What to rank the result by.
    pub fn rank_by(&self) -> RankBy {
        match self {
            Self::Archive(WithMemory { options, .. }) => options.rank_by,
            _ => RankBy::default(),
        }
    }

    /// Runs the scenario on a stack; without `stack`, on the selected one.
    ///
    /// # Errors
    /// As [`run::run`].
    pub async fn run(
        &self,
        project: Project,
        stack: Option<&str>,
        progress: Mode,
        stop: Stop,
    ) -> Result<RunResult> {
        match self {
            Self::Archive(options) => run::run::<Archive>(options, project, stack, progress, stop).await,
            Self::Aurora(options) => run::run::<Aurora>(options, project, stack, progress, stop).await,
            Self::Pipeline(options) => run::run::<Pipeline>(options, project, stack, progress, stop).await,
            Self::S3Read(options) => run::run::<S3Read>(options, project, stack, progress, stop).await,
            Self::Splitter(options) => run::run::<Splitter>(options, project, stack, progress, stop).await,
        }
    }
}

/// What only this scenario has, as people read it: its tables.
pub fn render(result: &RunResult, rank_by: RankBy) -> String {
    let tables =
        |detail: &Detail, cost: &[Cost]| render_detail(detail, &result.environment.stack, cost, rank_by);
    match &result.detail {
        Detail::MemorySweep(sweep) => {
            memory_sweep::render(sweep, &result.cost, tables, &|point, name| runs_of(result, point, name))
        }
        detail => tables(detail, &result.cost),
    }
}

fn render_detail(detail: &Detail, stack: &str, cost: &[Cost], rank_by: RankBy) -> String {
    match detail {
        Detail::Archive(contest) => archive::report::render(contest, stack, cost, rank_by),
        Detail::Aurora(load) => aurora::report::render(load, cost),
        Detail::Pipeline(delivery) => pipeline::report::render(delivery, cost),
        Detail::S3Read(reading) => s3_read::report::render(reading, cost),
        Detail::Splitter(splitting) => splitter::report::render(splitting, cost),
        // A size has no sizes of its own.
        Detail::MemorySweep(_) => String::new(),
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
    let is_sweep = matches!(result.detail, Detail::MemorySweep(_));
    if !result.failed_checks.is_empty() && !is_sweep {
        return commands.unfit(result.failed_checks.len());
    }
    if result.incomplete.is_some() && !is_sweep {
        return commands.incomplete();
    }
    match &result.detail {
        Detail::Archive(contest) => {
            let runs = |name: &str| verdict::runs_of(result, name);
            archive::report::verdict::verdict(contest, &result.environment.stack, runs, &commands)
        }
        Detail::Aurora(load) => aurora::report::verdict::verdict(load, &result.cost, &commands),
        Detail::Pipeline(delivery) => pipeline::report::verdict::verdict(delivery, &result.cost, &commands),
        Detail::S3Read(reading) => s3_read::report::verdict::verdict(reading, &result.cost, &commands),
        Detail::Splitter(splitting) => splitter::report::verdict::verdict(splitting, &result.cost, &commands),
        Detail::MemorySweep(sweep) => {
            let are_contests = sweep.points.iter().any(|point| matches!(point.detail, Detail::Archive(_)));
            let basis = |runs| {
                if are_contests {
                    archive::report::verdict::basis_of(runs, &commands)
                } else {
                    commands.basis_of_one_run()
                }
            };
            memory_sweep::verdict(sweep, &|point, name| runs_of(result, point, name), basis)
        }
    }
}

/// The options of `lambench run` with which a result came about.
fn command_options(detail: &Detail, settings: &Map<String, Value>) -> String {
    match detail {
        Detail::Archive(contest) => archive::report::verdict::options(contest),
        Detail::Aurora(load) => aurora::report::verdict::options(load),
        Detail::Pipeline(delivery) => pipeline::report::verdict::options(&delivery.offered),
        Detail::S3Read(reading) => s3_read::report::verdict::options(reading, settings),
        Detail::Splitter(splitting) => splitter::report::verdict::options(splitting, settings),
        Detail::MemorySweep(sweep) => {
            let own = sweep.points.first().map(|point| command_options(&point.detail, settings));
            let sizes = verdict::joined(sweep.points.iter().map(|point| point.memory_mb));
            format!("{} --memory {sizes}", own.unwrap_or_default())
        }
    }
}

/// What was run, where a setting of the same name may say something else.
pub fn settings_of_run(detail: &Detail) -> BTreeMap<&'static str, String> {
    match detail {
        Detail::Archive(contest) => archive::report::settings(contest),
        Detail::S3Read(reading) => s3_read::report::settings(reading),
        Detail::Splitter(splitting) => splitter::report::settings(splitting),
        Detail::Aurora(_) | Detail::Pipeline(_) => BTreeMap::new(),
        Detail::MemorySweep(sweep) => {
            let mut own =
                sweep.points.first().map(|point| settings_of_run(&point.detail)).unwrap_or_default();
            own.insert("memory", verdict::joined(sweep.points.iter().map(|point| point.memory_mb)));
            own
        }
    }
}

/// The figure that decides; none where nothing came of it.
pub fn headline(result: &RunResult) -> Option<Headline> {
    headline_of(&result.detail, &result.environment.stack)
}

fn headline_of(detail: &Detail, stack: &str) -> Option<Headline> {
    match detail {
        Detail::Archive(contest) => archive::report::headline(contest, stack),
        Detail::Aurora(load) => aurora::report::headline(load),
        Detail::Pipeline(delivery) => pipeline::report::headline(delivery),
        Detail::S3Read(reading) => s3_read::report::headline(reading),
        Detail::Splitter(splitting) => splitter::report::headline(splitting),
        Detail::MemorySweep(sweep) => memory_sweep::headline(sweep, |detail| headline_of(detail, stack)),
    }
}

/// The figures that only this scenario has, by their names.
fn own_metrics(detail: &Detail, stack: &str) -> Vec<Metric> {
    match detail {
        Detail::Archive(contest) => archive::report::metrics(contest, stack),
        Detail::Aurora(load) => aurora::report::metrics(load),
        Detail::Pipeline(delivery) => pipeline::report::metrics(delivery),
        Detail::S3Read(reading) => s3_read::report::metrics(reading),
        Detail::Splitter(splitting) => splitter::report::metrics(splitting),
        Detail::MemorySweep(sweep) => {
            let points = sweep.points.iter().flat_map(|point| {
                let sized = |metric| Metric { memory_mb: Some(point.memory_mb), ..metric };
                own_metrics(&point.detail, stack).into_iter().map(sized)
            });
            points.collect()
        }
    }
}

/// What did not pass, and why.
pub fn out(result: &RunResult) -> Vec<String> {
    let stack = &result.environment.stack;
    match &result.detail {
        Detail::Archive(contest) => archive::report::out(contest, stack),
        Detail::MemorySweep(sweep) => {
            let points = sweep.points.iter().flat_map(|point| {
                let Detail::Archive(contest) = &point.detail else { return Vec::new() };
                let sized = |out: String| memory_sweep::prefixed(point.memory_mb, &out);
                archive::report::out(contest, stack).into_iter().map(sized).collect()
            });
            points.collect()
        }
        _ => Vec::new(),
    }
}

/// The pictures of a result, each with its values.
pub fn pictures(result: &RunResult) -> Vec<Group> {
    let own = Part::of(result);
    let mut groups = match &result.detail {
        Detail::MemorySweep(sweep) => {
            memory_sweep::pictures(sweep, &own, &|point, name| runs_of(result, point, name), own_pictures)
        }
        detail => vec![Group { pictures: own_pictures(&[detail], &own), ..Group::default() }],
    };
    let cpu = result.cpu.as_ref().and_then(shared::pictures::cpu);
    groups.extend(cpu.map(|picture| Group { pictures: vec![picture], ..Group::default() }));
    groups.retain(|group| !group.pictures.is_empty());
    groups
}

/// Those of a scenario's own part; of several memory sizes at once, those that can show them side by side.
fn own_pictures(details: &[&Detail], part: &Part) -> Vec<Picture> {
    match details {
        [Detail::Archive(contest)] => archive::report::pictures(contest, part),
        [Detail::Aurora(load)] => aurora::report::pictures(load, part),
        [Detail::Pipeline(delivery)] => pipeline::report::pictures(delivery, part),
        [Detail::S3Read(reading)] => s3_read::report::pictures(reading, part),
        [Detail::Splitter(splitting)] => splitter::report::pictures(splitting, part),
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
        Detail::Archive(contest) => archive::options::of_result(contest, stack),
        Detail::Aurora(load) => aurora::options::of_result(load),
        Detail::Pipeline(delivery) => serde_json::json!(delivery.offered),
        Detail::S3Read(reading) => s3_read::options::of_result(reading),
        Detail::Splitter(splitting) => splitter::options::of_result(splitting),
        Detail::MemorySweep(sweep) => memory_sweep::options(sweep, |detail| options(detail, stack)),
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
                // The run and the one that repeats it, as a shell finds them.
                let command = command.replace("*-dev.json", "1-dev.json results/2-dev.json");
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
