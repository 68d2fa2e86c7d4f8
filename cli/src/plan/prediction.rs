//! The predictions of all designs, and their order.

use anyhow::{Context, Result};
use clap::ValueEnum;
use protocol::deployment::Deployment;
use results::price_list::PriceList;
use results::prices::FREE_STORAGE_MB;
use results::scenario::archive::Predicted;
use serde::Serialize;
use zip_planner::Objective as PlannedFor;

use crate::scenario::archive::prediction::{self, Size};

/// What a design should have least of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Time
    #[default]
    Time,
    /// What Lambda charges for the time of all invocations
    LambdaPrice,
    /// The same, and S3's and Lambda's requests
    TotalPrice,
}

/// What the designs are compared for.
pub struct Circumstances<'a> {
    /// Its settings say what is in the bucket.
    pub deployment: &'a Deployment,
    /// Those of its region.
    pub prices: &'a PriceList,
    /// Memory sizes, MB.
    pub memory: Vec<u64>,
    /// Functions of fan-out.
    pub workers: Vec<usize>,
    /// Functions that the account runs at once.
    pub concurrency: u64,
}

/// What all designs should take.
#[derive(Debug, Serialize)]
pub struct Planned {
    /// The stack.
    pub stack: String,
    /// Whose best comes first.
    pub objective: Objective,
    /// Objects in the bucket.
    pub objects: u64,
    /// Their sizes together, bytes.
    pub bytes: u64,
    /// The best first.
    pub designs: Vec<Design>,
}

/// What one design should take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Design {
    /// The contender.
    pub contender: &'static str,
    /// Memory of a function, MB.
    pub memory_mb: u64,
    /// What a run of it should take.
    #[serde(flatten)]
    pub predicted: Predicted,
    /// What it has least of.
    pub best: Vec<Objective>,
}

impl Objective {
    const ALL: [Self; 3] = [Self::Time, Self::LambdaPrice, Self::TotalPrice];

    fn figure(self, design: &Design) -> f64 {
        match self {
            Self::Time => design.predicted.seconds,
            Self::LambdaPrice => design.predicted.lambda_usd,
            Self::TotalPrice => design.predicted.total_usd,
        }
    }

    /// Completes "least".
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::LambdaPrice => "Lambda price",
            Self::TotalPrice => "total price",
        }
    }

    /// What the design is that has least of it.
    pub fn winner(self) -> &'static str {
        match self {
            Self::Time => "fastest",
            Self::LambdaPrice => "cheapest by Lambda's price",
            Self::TotalPrice => "cheapest in all",
        }
    }
}

/// Predicts all designs.
///
/// # Errors
/// If the stack lacks a setting, or no archive can be made of its objects.
pub fn plan(circumstances: &Circumstances<'_>, objective: Objective) -> Result<Planned> {
    let Circumstances { deployment, prices, concurrency, .. } = circumstances;
    let entries = prediction::entries(deployment)?;
    let fan_outs = circumstances.workers.iter().map(|&workers| prediction::Design::FanOut { workers });
    let alone = [prediction::Design::CopyPlan(PlannedFor::default()), prediction::Design::Stream];
    let all: Vec<_> = alone.into_iter().chain(fan_outs).collect();
    let mut designs = Vec::new();
    for &memory_mb in &circumstances.memory {
        let memory = Size { memory_mb, storage_mb: FREE_STORAGE_MB };
        let site = prediction::site(prices, &deployment.architecture, memory, *concurrency)
            .with_context(|| format!("no price of {}", deployment.architecture))?;
        for design in &all {
            let predicted = design.predicted(&entries, &site)?;
            designs.push(Design { contender: design.contender(), memory_mb, predicted, best: Vec::new() });
        }
    }
    designs.sort_by(|one, other| objective.figure(one).total_cmp(&objective.figure(other)));
    // So few objects that the number of functions makes no difference.
    designs.dedup();
    mark(&mut designs);
    let bytes = entries.iter().map(|entry| entry.size).sum();
    let (stack, objects) = (deployment.stack.clone(), entries.len() as u64);
    Ok(Planned { stack, objective, objects, bytes, designs })
}

/// Says of each objective which design is best; several that are equally good all are.
fn mark(designs: &mut [Design]) {
    for objective in Objective::ALL {
        let least = designs.iter().map(|design| objective.figure(design)).fold(f64::INFINITY, f64::min);
        let is_best = |design: &&mut Design| objective.figure(design).total_cmp(&least).is_eq();
        designs.iter_mut().filter(is_best).for_each(|design| design.best.push(objective));
    }
}

#[cfg(test)]
mod tests {
    use results::price_list::US_EAST_1;
    use serde_json::json;

    use super::*;
    use crate::plan::table::render;
    use crate::scenario::shared::testing;

    fn planned(objects: u64, objective: Objective) -> Planned {
        let settings = json!({ "settings": { "objectCount": objects, "objectSizeMib": 5, "seed": 1 } });
        let run = testing::run::<testing::Deployed>("archive", settings);
        let circumstances = Circumstances {
            deployment: run.deployment(),
            prices: &US_EAST_1,
            memory: vec![512],
            workers: vec![50, 150],
            concurrency: 1_000,
        };
        plan(&circumstances, objective).unwrap()
    }

    /// The figures of docs/scenarios/archive.md.
    #[test]
    fn designs_are_shown_in_the_order_of_the_objective() {
        insta::assert_snapshot!(render(&planned(3_000, Objective::Time)));
        insta::assert_snapshot!(render(&planned(3_000, Objective::TotalPrice)));
    }

    #[test]
    fn numbers_of_functions_that_a_small_archive_has_not_are_one_line() {
        let planned = planned(40, Objective::LambdaPrice);
        let fan_outs: Vec<_> =
            planned.designs.iter().filter(|design| design.contender == "rust-fan-out").collect();
        let [one] = fan_outs[..] else { panic!("{planned:?}") };
        assert_eq!(one.predicted.invocations, 3, "a share has 64 MiB");
    }

    #[test]
    fn the_best_by_each_objective_is_marked_whatever_comes_first() {
        for objective in Objective::ALL {
            let planned = planned(3_000, objective);
            assert!(planned.designs[0].best.contains(&objective), "{planned:?}");
            for marked in Objective::ALL {
                let least = planned
                    .designs
                    .iter()
                    .min_by(|one, other| marked.figure(one).total_cmp(&marked.figure(other)));
                assert!(least.unwrap().best.contains(&marked), "{marked:?}: {planned:?}");
            }
            let marks: usize = planned.designs.iter().map(|design| design.best.len()).sum();
            assert_eq!(marks, 3, "{planned:?}");
        }
    }
}
