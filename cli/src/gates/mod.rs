//! Gates for CI: what a result has to keep, and what became of it.

mod fail_on;
pub mod junit;
mod options;
#[cfg(test)]
mod tests;
mod threshold;

use crate::scenario::shared::tables::table;
pub use options::{GateOptions, Gates};

/// A limit, and what was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The figure's name.
    pub name: String,
    /// As it was measured, with its unit.
    pub value: String,
    /// What it may be.
    pub limit: String,
    /// Why it was missed; none if it was kept.
    pub missed: Option<String>,
}

/// All gates of a command, and the checks of the results themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What they are of.
    pub suite: String,
    /// What has to be kept.
    pub gates: Vec<Gate>,
    /// What makes the figures unfit for use.
    pub failed_checks: Vec<String>,
}

impl Gate {
    /// Whether it was kept.
    pub fn is_passed(&self) -> bool {
        self.missed.is_none()
    }

    /// Its row in a table.
    pub fn row(&self) -> Vec<String> {
        let outcome = match &self.missed {
            None => "pass".to_owned(),
            Some(why) => format!("FAIL: {why}"),
        };
        vec![self.name.clone(), self.value.clone(), self.limit.clone(), outcome]
    }
}

impl Report {
    /// Whether all gates were kept, and the figures can be used.
    pub fn is_passed(&self) -> bool {
        self.failed_checks.is_empty() && self.gates.iter().all(Gate::is_passed)
    }

    /// A row for each gate.
    pub fn render(&self) -> String {
        let header = ["gate", "measured", "limit", ""].map(ToOwned::to_owned);
        table(&header, self.gates.iter().map(Gate::row), &[0, 3]).to_string()
    }
}
