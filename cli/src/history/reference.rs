//! `latest`, `latest~1`, `archive/latest`: results by their place in time, wherever a command takes a file.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use super::{History, short};
use crate::exit::Usage;

/// How to name a result: the end of the help of what takes one.
pub const HELP: &str = "\
A RESULT is a file, or one of these names: 'latest', 'latest~1' (the one before it), 'archive/latest' (the latest of a \
scenario); with --stack, only results of that stack count. If a file has such a name, the file is meant. 'lambench list' shows \
all results.";

/// The word for the newest result.
const LATEST: &str = "latest";

/// A result by its place in time.
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    scenario: Option<&'a str>,
    /// How many are newer.
    back: usize,
}

/// The files that arguments mean. Those that aren't by time are taken as they are.
///
/// # Errors
/// If there is no such result; [`Usage`] if a stack is given and nothing is of it.
pub fn resolve(arguments: &[PathBuf], stack: Option<&str>) -> Result<Vec<PathBuf>> {
    let references: Vec<_> = arguments.iter().map(|argument| reference(argument)).collect::<Result<_>>()?;
    let is_by_time = references.iter().any(Option::is_some);
    if stack.is_some() && !is_by_time && !arguments.is_empty() {
        let message = "--stack belongs to 'latest': a file is of its own stack, so leave --stack out";
        return Err(Usage(message.to_owned()).into());
    }
    let history = if is_by_time { History::find()? } else { History::default() };
    let file = |(argument, reference): (&PathBuf, &Option<Reference<'_>>)| match reference {
        Some(reference) => reference.file(&history, stack),
        None => Ok(argument.clone()),
    };
    arguments.iter().zip(&references).map(file).collect()
}

/// What an argument means if it is by time, and no file has that name.
fn reference(argument: &Path) -> Result<Option<Reference<'_>>> {
    let text = argument.to_str().unwrap_or_default();
    let (scenario, word) =
        text.split_once('/').map_or((None, text), |(scenario, word)| (Some(scenario), word));
    let Some(back) = word.strip_prefix(LATEST).filter(|back| back.is_empty() || back.starts_with('~')) else {
        return Ok(None);
    };
    if argument.exists() {
        return Ok(None);
    }
    let back = match back.strip_prefix('~') {
        Some(back) => back.parse().map_err(|_| {
            Usage(format!("'{text}' names no result: write latest~1 for the one before the latest"))
        })?,
        None => 0,
    };
    Ok(Some(Reference { scenario, back }))
}

impl Reference<'_> {
    fn file(&self, history: &History, stack: Option<&str>) -> Result<PathBuf> {
        let mut fitting = history.results.iter().filter(|found| found.is_of(self.scenario, stack));
        let found = fitting.clone().count();
        fitting
            .nth(self.back)
            .map(|stored| stored.file.clone())
            .ok_or_else(|| anyhow!("{}: {}", self.missing(found, stack), what_there_is(history)))
    }

    /// Such as `there is no latest~2 of archive on the stack dev, which has 2 results`.
    fn missing(&self, found: usize, stack: Option<&str>) -> String {
        let back = if self.back == 0 { LATEST.to_owned() } else { format!("{LATEST}~{}", self.back) };
        let of = self.scenario.map(|scenario| format!(" of {scenario}")).unwrap_or_default();
        let on = stack.and_then(short).map(|stack| format!(" on the stack '{stack}'")).unwrap_or_default();
        match found {
            0 => format!("there is no result{of}{on}"),
            1 => format!("there is no {back}{of}{on}, but only 1 result"),
            _ => format!("there is no {back}{of}{on}, but only {found} results"),
        }
    }
}

/// How many results there are of each scenario and stack.
fn what_there_is(history: &History) -> String {
    if history.results.is_empty() {
        return "results/ has none: 'lambench run' writes them".to_owned();
    }
    let counted = history.newest_of_each().into_iter().map(|newest| {
        let is_alike =
            |one: &&super::Stored| (&one.scenario, &one.stack) == (&newest.scenario, &newest.stack);
        let count = history.results.iter().filter(is_alike).count();
        format!("{count} of {} on '{}'", newest.scenario, newest.stack)
    });
    format!("results/ has {} ('lambench list' shows them)", counted.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::history;
    use super::*;

    const FILES: [&str; 4] = [
        "archive/2026-11-21T10-00-00Z-dev.json",
        "archive/2026-11-21T11-00-00Z-dev.json",
        "archive/2026-11-21T12-00-00Z-prod.json",
        "aurora/2026-11-21T13-00-00Z-dev.json",
    ];

    /// The file that an argument means, or why it means none.
    fn meant(files: &[&str], argument: &str, stack: Option<&str>) -> String {
        let (folder, history) = history(files);
        let reference = reference(Path::new(argument)).unwrap().expect("it is by time");
        match reference.file(&history, stack) {
            Ok(file) => file.strip_prefix(folder.path()).unwrap().display().to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_result_is_found_by_time_scenario_and_stack() {
        for (argument, stack, expected) in [
            ("latest", None, FILES[3]),
            ("latest~0", None, FILES[3]),
            ("latest~3", None, FILES[0]),
            ("archive/latest", None, FILES[2]),
            ("archive/latest", Some("acme/lambench/dev"), FILES[1]),
            ("archive/latest~1", Some("dev"), FILES[0]),
        ] {
            assert_eq!(meant(&FILES, argument, stack), expected, "{argument} {stack:?}");
        }
    }

    #[test]
    fn what_is_missing_is_told_with_what_there_is() {
        let there_is = "results/ has 2 of archive on 'dev', 1 of archive on 'prod', 1 of aurora on 'dev' \
                        ('lambench list' shows them)";
        for (argument, stack, expected) in [
            ("latest~4", None, "there is no latest~4, but only 4 results"),
            ("aurora/latest~1", None, "there is no latest~1 of aurora, but only 1 result"),
            ("pipeline/latest", None, "there is no result of pipeline"),
            ("archive/latest", Some("big"), "there is no result of archive on the stack 'big'"),
        ] {
            assert_eq!(meant(&FILES, argument, stack), format!("{expected}: {there_is}"));
        }
        let nothing = "there is no result: results/ has none: 'lambench run' writes them";
        assert_eq!(meant(&[], "latest", None), nothing);
    }

    #[test]
    fn files_are_taken_as_they_are_and_what_looks_like_a_place_in_time_is_checked() {
        for file in ["results/archive/latest.json", "latest.json", "latests", "a/b/latest", "./other.json"] {
            assert_eq!(reference(Path::new(file)).unwrap(), None, "{file}");
        }
        for wrong in ["latest~", "latest~x", "archive/latest~-1"] {
            let error = reference(Path::new(wrong)).unwrap_err();
            assert!(error.is::<Usage>() && error.to_string().contains("write latest~1"), "{error}");
        }
    }
}
