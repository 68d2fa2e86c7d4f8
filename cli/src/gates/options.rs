//! `--threshold`, `--thresholds`, `--fail-on` and `--junit`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use results::file::RunResult;

use super::fail_on::FailOn;
use super::threshold::{NO_SUCH_FIGURE, Threshold};
use super::{Gate, Report, junit};
use crate::exit::{GATE_MISSED, Usage};
use crate::output;
use crate::result_file::failed_checks;
use crate::scenario::{Command, metrics};

/// What a result has to keep.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Gates (exit code 3 if one is missed)")]
pub struct GateOptions {
    /// A threshold that a figure has to keep, such as 'pipeline.http.p99<200ms'; may be given several times. The error for
    /// an unknown figure lists all of them
    #[arg(long = "threshold", value_name = "THRESHOLD", global = true)]
    thresholds: Vec<Threshold>,
    /// A file with one threshold per line; those of other scenarios are ignored, and # begins a comment
    #[arg(long = "thresholds", value_name = "FILE", global = true)]
    file: Option<PathBuf>,
    /// What else counts as a missed gate [default: nothing; failed checks end 'lambench run' with exit code 1 anyway]
    #[arg(long, value_name = "WHAT,…", value_enum, value_delimiter = ',', global = true)]
    fail_on: Vec<FailOn>,
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        help = "Write each gate and failed check with its outcome as JUnit XML"
    )]
    junit: Option<PathBuf>,
}

/// Gates that can be asked of a scenario's result.
#[derive(Debug)]
pub struct Gates<'a> {
    thresholds: Vec<Threshold>,
    options: &'a GateOptions,
}

impl GateOptions {
    /// Reads all limits for a scenario: before it runs, since it may run for long.
    ///
    /// # Errors
    /// [`Usage`] if one is of another scenario, or the file has a line that is no limit.
    pub fn of(&self, scenario: &str) -> Result<Gates<'_>> {
        if let Some(other) = self.thresholds.iter().find(|one| one.scenario() != scenario) {
            let message =
                format!("--threshold '{other}' is not of the scenario {scenario}: begin it with {scenario}.");
            return Err(Usage(message).into());
        }
        let mut thresholds = self.thresholds.clone();
        thresholds.extend(self.in_file()?.into_iter().filter(|one| one.scenario() == scenario));
        Ok(Gates { thresholds, options: self })
    }

    fn in_file(&self) -> Result<Vec<Threshold>> {
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut thresholds = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |why| Usage(format!("{}, line {number}: {why}", file.display()));
            let threshold: Threshold = line.parse().map_err(wrong)?;
            let names = Command::names();
            if names.iter().all(|name| name != threshold.scenario()) {
                let known = names.join(", ");
                return Err(wrong(format!("'{line}' begins with no scenario's name: {known}")).into());
            }
            thresholds.push(threshold);
        }
        Ok(thresholds)
    }
}

impl Gates<'_> {
    /// Says what became of each gate, and writes it down. Returns how the command ends.
    ///
    /// # Errors
    /// If the report cannot be written.
    pub fn end(&self, result: &RunResult, is_json: bool) -> Result<ExitCode> {
        let report = self.report(result);
        if !report.gates.is_empty() {
            // Standard output is one JSON document.
            if is_json {
                output::print_error(report.render());
            } else {
                output::print_line(report.render())?;
            }
        }
        let is_unknown = |gate: &Gate| gate.missed.as_deref() == Some(NO_SUCH_FIGURE);
        if let Some(gate) = report.gates.iter().find(|gate| is_unknown(gate)) {
            output::print_error(format_args!(
                "error: no figure '{}' in this result: {}",
                gate.name,
                known(result)
            ));
        }
        if let Some(file) = &self.options.junit {
            junit::write(file, &report)?;
        }
        let missed = report.gates.iter().filter(|gate| !gate.is_passed()).count();
        if missed > 0 {
            output::print_error(format_args!("error: {missed} of {} gates missed", report.gates.len()));
            return Ok(ExitCode::from(GATE_MISSED));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What became of each gate.
    pub fn report(&self, result: &RunResult) -> Report {
        let (metrics, scenario) = (metrics(result), &result.run.scenario);
        let thresholds = self.thresholds.iter().map(|threshold| threshold.gate(scenario, &metrics));
        let fail_on = self.options.fail_on.iter().map(|fail_on| fail_on.gate(scenario, &metrics));
        Report {
            suite: format!("{scenario} on stack {}", result.environment.stack),
            gates: thresholds.chain(fail_on).collect(),
            failed_checks: failed_checks(result),
        }
    }
}

/// The names of all figures of a result.
fn known(result: &RunResult) -> String {
    let names: Vec<_> = metrics(result).iter().map(|metric| metric.path(&result.run.scenario)).collect();
    format!("it has {}", names.join(", "))
}
