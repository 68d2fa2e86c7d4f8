//! One or several results of a design, under a letter.

use std::path::PathBuf;

use anyhow::{Result, bail};
use results::file::RunResult;

use super::settings_diff::requested;
use crate::result_file;
use crate::scenario::shared::tables::distinct;

/// What is compared: the results of a design, and what it is called beside the others.
pub struct Side {
    /// From A on.
    pub letter: char,
    /// A file each, one or several.
    pub runs: Vec<(PathBuf, RunResult)>,
}

impl Side {
    /// Reads files.
    ///
    /// # Errors
    /// If one cannot be read, or several don't have the same settings and options.
    pub fn read(letter: char, files: &[PathBuf]) -> Result<Self> {
        let run = |file: &PathBuf| Ok((file.clone(), result_file::read(file)?));
        let side = Self { letter, runs: files.iter().map(run).collect::<Result<_>>()? };
        side.must_be_of_one_design()?;
        Ok(side)
    }

    /// Runs of different designs have no mean.
    fn must_be_of_one_design(&self) -> Result<()> {
        for pair in self.runs.windows(2) {
            let [(one_file, one), (other_file, other)] = pair else { continue };
            must_go_together(&pair[0], &pair[1])?;
            let (one, other) = (requested(one), requested(other));
            let mut names = one.keys().chain(other.keys());
            if let Some(name) = names.find(|name| one.get(*name) != other.get(*name)) {
                bail!(
                    "{} and {} differ in '{name}', so they are no runs of the same design: compare them with each other \
                     first",
                    one_file.display(),
                    other_file.display()
                );
            }
        }
        Ok(())
    }

    /// The first one.
    pub fn results_first(&self) -> Option<&RunResult> {
        self.results().next()
    }

    /// All of them.
    pub fn results(&self) -> impl Iterator<Item = &RunResult> {
        self.runs.iter().map(|(_, result)| result)
    }

    /// The scenario that all are of.
    pub fn scenario(&self) -> &str {
        self.results_first().map_or("", |result| &result.run.scenario)
    }

    /// Whether one of them is unfit for use.
    pub fn is_unfit(&self) -> bool {
        self.results().any(|result| !result.is_fit())
    }

    /// What makes its figures unfit for use.
    pub fn failed_checks(&self) -> Vec<String> {
        let checks = self.results().flat_map(result_file::failed_checks);
        checks.map(|check| format!("{}: {check}", self.letter)).collect()
    }

    /// Each once.
    pub fn warnings(&self) -> Vec<&String> {
        distinct(self.results().flat_map(|result| &result.warnings))
    }
}

/// Apples beside oranges, or a laptop beside AWS, would be wrong numbers.
///
/// # Errors
/// If they are of different scenarios, or of different kinds of environments.
pub fn must_be_alike(sides: &[Side]) -> Result<()> {
    let firsts: Vec<_> = sides.iter().filter_map(|side| side.runs.first()).collect();
    firsts.windows(2).try_for_each(|pair| must_go_together(pair[0], pair[1]))
}

fn must_go_together(
    (one_file, one): &(PathBuf, RunResult),
    (other_file, other): &(PathBuf, RunResult),
) -> Result<()> {
    let files = format!("{} and {}", one_file.display(), other_file.display());
    let scenarios = (&one.run.scenario, &other.run.scenario);
    if scenarios.0 != scenarios.1 {
        bail!(
            "{files} are results of {} and {}: compare results of the same scenario",
            scenarios.0,
            scenarios.1
        );
    }
    if one.environment.kind != other.environment.kind {
        bail!("one of {files} is local, the other from AWS: compare results of the same kind");
    }
    Ok(())
}
