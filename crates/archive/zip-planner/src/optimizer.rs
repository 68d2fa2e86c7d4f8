//! Which of the possible plans is best.

use crate::estimate::Estimate;
use crate::layout::{Entry, check};
use crate::packing::Rules;
use crate::plan::Plan;
use crate::{Limits, PlanError};

/// Objects up to this size are sent rather than copied even when time is all that counts: five requests take longer.
const TINY: u64 = 256 << 10;

/// What a plan should have least of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Objective {
    /// Time.
    #[default]
    Duration,
    /// What Lambda charges for the time.
    LambdaPrice,
    /// What Lambda charges and what the requests cost.
    TotalPrice,
}

impl Objective {
    /// The names of the objectives.
    pub const NAMES: [&str; 3] = ["duration", "lambda-price", "total-price"];

    /// The objective of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let all = [Self::Duration, Self::LambdaPrice, Self::TotalPrice];
        Self::NAMES.iter().zip(all).find(|(known, _)| **known == name).map(|(_, objective)| objective)
    }

    fn cost(self, estimate: &Estimate) -> f64 {
        match self {
            Self::Duration => estimate.seconds,
            Self::LambdaPrice => estimate.lambda_usd,
            Self::TotalPrice => estimate.lambda_usd + estimate.requests_usd,
        }
    }
}

/// What carries a plan out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// Memory of the function, MB.
    pub memory_mb: u32,
    /// Price per GB-second, USD.
    pub gb_second_usd: f64,
    /// Price of a request that writes or lists, USD.
    pub write_usd: f64,
    /// Price of a request that reads, USD.
    pub read_usd: f64,
    /// Bandwidth in each direction, bytes per second.
    pub bytes_per_second: f64,
    /// Write requests per second.
    pub writes_per_second: f64,
    /// What one pack may take of the memory, bytes.
    pub pack_bytes: u64,
}

/// Bandwidth of a function, bytes per second.
const BANDWIDTH: f64 = 75e6;
/// Write requests per second: S3 takes 3,500 of a new bucket, whatever the prefixes, and some of them again.
const WRITES: f64 = 2_500.0;
/// One pack of objects that are sent, bytes.
const PACK: u64 = 16 << 20;

impl Machine {
    /// A Lambda function with so much memory, at these prices.
    #[must_use]
    pub fn lambda(memory_mb: u32, gb_second_usd: f64, write_usd: f64, read_usd: f64) -> Self {
        Self {
            memory_mb,
            gb_second_usd,
            write_usd,
            read_usd,
            bytes_per_second: BANDWIDTH,
            writes_per_second: WRITES,
            pack_bytes: PACK.min(u64::from(memory_mb) << 16),
        }
    }

    /// What Lambda charges per second, USD.
    #[must_use]
    pub fn usd_per_second(&self) -> f64 {
        f64::from(self.memory_mb) / 1024.0 * self.gb_second_usd
    }

    /// The rules worth trying, from those that copy most to those that send most.
    fn rules(&self, limits: &Limits, entries: &[Entry]) -> Vec<Rules> {
        let pack = (self.pack_bytes / 2).max(limits.min_part);
        let bytes: u64 = entries.iter().map(|entry| entry.size).sum();
        let tiny = TINY.min(limits.min_part / 20);
        let copying = [0, bytes / 100, bytes / 10].map(|max_borrowed| Rules {
            min_part: limits.min_part,
            max_sent: tiny,
            pack,
            max_borrowed,
            rows: false,
        });
        let in_rows = copying.map(|rules| Rules { rows: true, ..rules });
        let sending =
            [limits.min_part / 2, limits.min_part - 1, pack].map(|max_sent| Rules { max_sent, ..copying[0] });
        copying.into_iter().chain(in_rows).chain(sending).collect()
    }
}

/// The plan with the least cost; of several such the one that copies most.
pub fn best(
    entries: &[Entry],
    objective: Objective,
    machine: &Machine,
    limits: &Limits,
) -> Result<Plan, PlanError> {
    check(entries)?;
    let mut best: Option<Plan> = None;
    for rules in machine.rules(limits, entries) {
        let plan = Plan::by_rules(entries, &rules, machine, limits)?;
        if best.as_ref().is_none_or(|best| objective.cost(&plan.estimate) < objective.cost(&best.estimate)) {
            best = Some(plan);
        }
    }
    Ok(best.unwrap_or_else(|| unreachable!("there are rules")))
}
