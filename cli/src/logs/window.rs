//! The time whose events are meant.

use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

use super::event::time;
use super::functions::Function;
use crate::exit::Usage;
use crate::project::Project;

/// A REPORT line may be written a little after the invocation's answer; the next run starts 3 s later at the earliest.
const LATE_MS: i64 = 2_000;

/// The time whose events are meant, ms since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// From when on.
    pub from_ms: i64,
    /// Until when, both included; none where it goes on.
    pub to_ms: Option<i64>,
    /// The run that it is the time of.
    run: Option<KnownRun>,
}

/// A run, as far as its result file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KnownRun {
    id: String,
    scenario: Option<String>,
}

/// What is read of a result file.
#[derive(Deserialize)]
struct Summary {
    run: SummaryRun,
    environment: SummaryEnvironment,
}

#[derive(Deserialize)]
struct SummaryRun {
    id: String,
    scenario: String,
    ended_at: Timestamp,
}

#[derive(Deserialize)]
struct SummaryEnvironment {
    stack: String,
}

/// The time from so long ago until now and after.
pub fn last(since: Duration) -> Window {
    let since_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let from_ms = Timestamp::now().as_millisecond().saturating_sub(since_ms).max(0);
    Window { from_ms, to_ms: None, run: None }
}

/// The time of a run.
///
/// # Errors
/// [`Usage`] if it is no run's id, or the run was on another stack.
pub fn of_run(project: &Project, id: &str, stack: &str) -> Result<Window> {
    let started = started(id).ok_or_else(|| {
        Usage(format!(
            "'{id}' is no run's id, such as lambench-20261130T102643512Z: a result file has it, as .run.id"
        ))
    })?;
    let from_ms = started.as_millisecond();
    let Some(Summary { run, environment }) = result(project, id, started)? else {
        let run = Some(KnownRun { id: id.to_owned(), scenario: None });
        return Ok(Window { from_ms, to_ms: None, run });
    };
    if environment.stack != stack {
        return Err(Usage(format!(
            "the run {id} was on the stack {other}, not on {stack}: add --stack {other}",
            other = environment.stack
        ))
        .into());
    }
    let to_ms = Some(run.ended_at.as_millisecond() + LATE_MS);
    Ok(Window { from_ms, to_ms, run: Some(KnownRun { id: run.id, scenario: Some(run.scenario) }) })
}

impl Window {
    /// Those of the functions that a run has used: its scenario's, if that is known.
    ///
    /// # Errors
    /// [`Usage`] if there is none.
    pub fn only_its_scenario(&self, mut functions: Vec<Function>) -> Result<Vec<Function>> {
        let Some(KnownRun { id, scenario: Some(scenario) }) = &self.run else { return Ok(functions) };
        let named = functions.first().map(|one| one.scenario.clone()).unwrap_or_default();
        functions.retain(|one| one.scenario == *scenario);
        if functions.is_empty() {
            let message =
                format!("the run {id} was one of {scenario}: name one of its functions, not of {named}'s");
            return Err(Usage(message).into());
        }
        Ok(functions)
    }

    /// Fails if nothing can come any more.
    ///
    /// # Errors
    /// [`Usage`].
    pub fn check_open(&self) -> Result<()> {
        match (&self.run, self.to_ms) {
            (Some(KnownRun { id, .. }), Some(_)) => {
                Err(Usage(format!("the run {id} has ended: leave --follow out")).into())
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = time(self.from_ms);
        match (&self.run, self.to_ms) {
            (Some(run), Some(to_ms)) => write!(formatter, "of the run {}, {from} to {}", run.id, time(to_ms)),
            (Some(run), None) => write!(formatter, "since the run {} started", run.id),
            (None, _) => write!(formatter, "since {from}: look further back with --since 2h"),
        }
    }
}

/// When a run started, from its id. What has an id of its own in a run, such as one memory size, has the run's in front.
fn started(id: &str) -> Option<Timestamp> {
    let digits = id.strip_prefix("lambench-")?.split_once('Z')?.0;
    let (seconds, ms) = digits.split_at_checked("20261130T102643".len())?;
    format!("{seconds}.{ms}Z").parse().ok().filter(|_| ms.len() == 3)
}

/// The result file of a run; none if it wrote none.
fn result(project: &Project, id: &str, started: Timestamp) -> Result<Option<Summary>> {
    let start = started.strftime("%Y-%m-%dT%H-%M-%SZ-").to_string();
    let Ok(scenarios) = fs::read_dir(project.root.join("results")) else { return Ok(None) };
    for folder in scenarios.flatten() {
        let Ok(files) = fs::read_dir(folder.path()) else { continue };
        for file in files.flatten().filter(|file| file.file_name().to_string_lossy().starts_with(&start)) {
            let path = file.path();
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let Ok(summary) = serde_json::from_str::<Summary>(&text) else { continue };
            let is_part =
                id.strip_prefix(&summary.run.id).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
            if is_part {
                return Ok(Some(summary));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "lambench-20261130T102643512Z";

    fn checkout(results: &[(&str, &str, &str)]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for (scenario, stack, id) in results {
            let path = folder.path().join("results").join(scenario);
            fs::create_dir_all(&path).unwrap();
            let result = serde_json::json!({
                "run": { "id": id, "scenario": scenario, "ended_at": "2026-11-30T10:27:00Z" },
                "environment": { "stack": stack },
            });
            fs::write(path.join(format!("2026-11-30T10-26-43Z-{stack}.json")), result.to_string()).unwrap();
        }
        let project = Project { root: folder.path().to_owned(), state: folder.path().join(".lambench") };
        (folder, project)
    }

    fn functions(scenarios: &[&str]) -> Vec<Function> {
        let of = |scenario: &&str| Function {
            scenario: (*scenario).to_owned(),
            name: "tally".to_owned(),
            log_group: String::new(),
        };
        scenarios.iter().map(of).collect()
    }

    #[test]
    fn a_run_that_has_ended_has_its_time_and_its_scenario() {
        let (_folder, project) = checkout(&[("aurora", "other", "x"), ("pipeline", "dev", ID)]);
        let window = of_run(&project, ID, "dev").unwrap();
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        assert_eq!(window.from_ms, ms("2026-11-30T10:26:43.512Z"));
        assert_eq!(window.to_ms, Some(ms("2026-11-30T10:27:02Z")));
        assert_eq!(
            window.only_its_scenario(functions(&["aurora", "pipeline"])).unwrap(),
            functions(&["pipeline"])
        );
        let said = window.only_its_scenario(functions(&["aurora"])).unwrap_err().to_string();
        assert!(said.ends_with("was one of pipeline: name one of its functions, not of aurora's"), "{said}");
        assert!(window.check_open().unwrap_err().to_string().contains("has ended: leave --follow out"));
        // A part of it has its time.
        let part = of_run(&project, &format!("{ID}-1-10"), "dev").unwrap();
        assert_eq!((part.from_ms, part.to_ms), (window.from_ms, window.to_ms));
    }

    #[test]
    fn a_run_without_a_result_goes_on_since_its_start() {
        let (_folder, project) = checkout(&[("pipeline", "dev", "lambench-20261130T102643999Z")]);
        let window = of_run(&project, ID, "dev").unwrap();
        assert_eq!(window.to_ms, None);
        assert_eq!(window.only_its_scenario(functions(&["aurora"])).unwrap().len(), 1);
        assert_eq!(window.to_string(), format!("since the run {ID} started"));
        window.check_open().unwrap();
    }

    #[test]
    fn what_is_no_run_of_the_stack_is_refused() {
        let (_folder, project) = checkout(&[("pipeline", "dev", ID)]);
        let said = of_run(&project, ID, "full").unwrap_err();
        assert!(said.is::<Usage>() && said.to_string().ends_with("not on full: add --stack dev"), "{said}");
        for id in ["latest", "lambench-", "lambench-20261130T1026Z", "lambench-20261330T102643512Z"] {
            assert!(of_run(&project, id, "dev").unwrap_err().to_string().contains("is no run's id"), "{id}");
        }
    }
}
