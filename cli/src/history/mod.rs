//! The results of earlier runs: which there are, what they say, and which of them `latest` means.

mod conditions;
mod list;
mod reference;
mod sparkline;
mod table;
pub mod trend;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use results::file::RunResult;

use crate::project::Project;

pub use list::{Arguments, EXAMPLES, list};
pub use reference::{HELP, resolve};

/// What benchmarks publish, in formats of their own.
const BENCHMARKS: &str = "bench";

/// A file that has the name of a result: `<scenario>/<UTC time>Z-<stack>.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The folder that it is in.
    pub scenario: String,
    /// As in its name, such as `2026-11-21T10-00-00`.
    time: String,
    /// The stack's name.
    pub stack: String,
    /// Where it is.
    pub file: PathBuf,
}

/// What is in `results/`.
#[derive(Debug, Default)]
pub struct History {
    /// The results, newest first.
    pub results: Vec<Stored>,
    /// Files with other names.
    pub foreign: Vec<PathBuf>,
}

impl History {
    /// That of the checkout around the current folder.
    ///
    /// # Errors
    /// If there is no checkout, or its results cannot be listed.
    pub fn find() -> Result<Self> {
        Self::of(&Project::find()?.root.join("results"))
    }

    /// What is in a folder; nothing in one that doesn't exist.
    ///
    /// # Errors
    /// If it cannot be listed.
    pub fn of(folder: &Path) -> Result<Self> {
        let mut history = Self::default();
        for scenario in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
            let name = name_of(&scenario);
            if name == BENCHMARKS {
                continue;
            }
            for file in entries(&scenario)? {
                match Stored::named(&name, &file) {
                    Some(stored) => history.results.push(stored),
                    None if is_page(&name, &file) => {}
                    None => history.foreign.push(file),
                }
            }
        }
        history.results.sort_by(|one, other| (&other.time, &other.file).cmp(&(&one.time, &one.file)));
        Ok(history)
    }

    /// The same without what isn't of a scenario or a stack, each if given; Pulumi takes `organization/project/stack`, too.
    #[must_use]
    pub fn only(mut self, scenario: Option<&str>, stack: Option<&str>) -> Self {
        self.results.retain(|stored| stored.is_of(scenario, stack));
        let is_in = |file: &PathBuf| file.parent().map(name_of).as_deref() == scenario;
        self.foreign.retain(|file| stack.is_none() && (scenario.is_none() || is_in(file)));
        self
    }

    /// The results that can be read, oldest first, and how many files cannot.
    #[must_use]
    pub fn read(&self) -> (Vec<RunResult>, usize) {
        let (results, unreadable) = list::read_all(self);
        (results.into_iter().rev().map(|(_, result)| result).collect(), unreadable.len())
    }

    /// The newest result of each scenario and stack, by these.
    #[must_use]
    pub fn newest_of_each(&self) -> Vec<&Stored> {
        let mut newest = BTreeMap::new();
        for stored in &self.results {
            newest.entry((&stored.scenario, &stored.stack)).or_insert(stored);
        }
        newest.into_values().collect()
    }
}

impl Stored {
    /// Whether it is of a scenario and a stack, each if given.
    fn is_of(&self, scenario: Option<&str>, stack: Option<&str>) -> bool {
        scenario.is_none_or(|name| name == self.scenario)
            && stack.and_then(short).is_none_or(|name| name == self.stack)
    }

    fn named(scenario: &str, file: &Path) -> Option<Self> {
        let name = name_of(file);
        let (time, stack) = name.strip_suffix(".json")?.split_once("Z-")?;
        let is_time =
            time.len() == "2026-11-21T10-00-00".len() && time.starts_with(|c: char| c.is_ascii_digit());
        (is_time && !stack.is_empty()).then(|| Self {
            scenario: scenario.to_owned(),
            time: time.to_owned(),
            stack: stack.to_owned(),
            file: file.to_owned(),
        })
    }
}

/// Whether a file is the page of a result, which `lambench run --live` leaves beside it.
fn is_page(scenario: &str, file: &Path) -> bool {
    let is_html = file.extension().is_some_and(|extension| extension == "html");
    is_html && Stored::named(scenario, &file.with_extension("json")).is_some()
}

/// A stack's own name.
fn short(stack: &str) -> Option<&str> {
    stack.rsplit('/').next()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is in a folder, by name; nothing in one that doesn't exist.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod testing {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::History;

    /// A folder with empty files, and what is found in it.
    pub fn history(files: &[&str]) -> (TempDir, History) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let history = History::of(folder.path()).unwrap();
        (folder, history)
    }

    /// Paths below a folder.
    pub fn below<'a>(folder: &Path, paths: impl Iterator<Item = &'a Path>) -> Vec<String> {
        paths.map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{below, history};
    use super::*;

    const FILES: [&str; 7] = [
        "archive/2026-11-21T10-00-00Z-dev.json",
        "archive/2026-11-21T11-00-00Z-dev.json",
        "archive/2026-11-20T10-00-00Z-big-Z-one.json",
        "archive/mine.json",
        "aurora/2026-11-21T10-30-00Z-dev.json",
        "aurora/2026-11-21T10-30-00Z-dev.json.bak",
        "bench/archive.json",
    ];

    #[test]
    fn results_are_sorted_by_time_across_scenarios_and_no_benchmark_is_among_them() {
        let (folder, history) = history(&FILES);
        let results = below(folder.path(), history.results.iter().map(|stored| stored.file.as_path()));
        assert_eq!(results, [FILES[1], FILES[4], FILES[0], FILES[2]]);
        assert_eq!(history.results[3].stack, "big-Z-one");
        let foreign = below(folder.path(), history.foreign.iter().map(PathBuf::as_path));
        assert_eq!(foreign, [FILES[3], FILES[5]]);
    }

    #[test]
    fn the_page_of_a_result_is_no_file_of_another_kind() {
        let page = "archive/2026-11-21T10-00-00Z-dev.html";
        let (folder, history) = history(&[page, "archive/mine.html"]);
        assert_eq!(history.results, []);
        let foreign = below(folder.path(), history.foreign.iter().map(PathBuf::as_path));
        assert_eq!(foreign, ["archive/mine.html"]);
    }

    #[test]
    fn the_newest_result_of_each_scenario_and_stack_is_found() {
        let (folder, history) = history(&FILES);
        let newest = |history: &History| {
            below(folder.path(), history.newest_of_each().into_iter().map(|stored| stored.file.as_path()))
        };
        assert_eq!(newest(&history), [FILES[2], FILES[1], FILES[4]]);
        let of_dev = history.only(None, Some("acme/lambench/dev"));
        assert_eq!(newest(&of_dev), [FILES[1], FILES[4]]);
        assert_eq!(of_dev.foreign, Vec::<PathBuf>::new(), "nobody knows whose they are");
        let of_archive = of_dev.only(Some("archive"), None);
        assert_eq!(newest(&of_archive), [FILES[1]]);
    }

    #[test]
    fn where_nothing_was_run_there_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(History::of(&folder.path().join("results")).unwrap().results, []);
    }
}
