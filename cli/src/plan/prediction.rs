//! The predictions of all designs, and their order.

use anyhow::{Context, Result};
use clap::ValueEnum;
use fill_bucket::content::bytes;
use protocol::deployment::Deployment;
use results::price_list::PriceList;
use results::prices::{LAMBDA_REQUEST, S3_READ, S3_WRITE, compute};
use serde::Serialize;
use zip_planner::{Entry, Machine, Prediction, Site};

const MIB: u64 = 1 << 20;

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
    pub memory: Vec<u32>,
    /// Functions of fan-out.
    pub workers: Vec<usize>,
    /// Functions that the account runs at once.
    pub concurrency: usize,
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
    pub memory_mb: u32,
    /// Invocations, the first one included.
    pub invocations: u64,
    /// Time, s.
    pub seconds: f64,
    /// Price of the time of all invocations, USD.
    pub lambda_usd: f64,
    /// The same, and all requests, USD.
    pub total_usd: f64,
    /// S3's requests that write or list.
    pub s3_writes: u64,
    /// S3's requests that read.
    pub s3_reads: u64,
}

impl Objective {
    fn figure(self, design: &Design) -> f64 {
        match self {
            Self::Time => design.seconds,
            Self::LambdaPrice => design.lambda_usd,
            Self::TotalPrice => design.total_usd,
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
}

/// Predicts all designs.
///
/// # Errors
/// If the stack lacks a setting, or no archive can be made of its objects.
pub fn plan(circumstances: &Circumstances<'_>, objective: Objective) -> Result<Planned> {
    let deployment = circumstances.deployment;
    let entries = entries(deployment)?;
    let mut designs = Vec::new();
    for &memory_mb in &circumstances.memory {
        let site = site(circumstances, memory_mb)?;
        let design = |contender, prediction: Prediction| of(contender, memory_mb, &prediction);
        designs.push(design("rust-copy-plan", site.copy_plan(&entries, zip_planner::Objective::default())?));
        designs.push(design("rust-stream", site.stream(&entries)?));
        for &workers in &circumstances.workers {
            designs.push(design("rust-fan-out", site.fan_out(&entries, workers)?));
        }
    }
    designs.sort_by(|one, other| objective.figure(one).total_cmp(&objective.figure(other)));
    // So few objects that the number of functions makes no difference.
    designs.dedup();
    let bytes = entries.iter().map(|entry| entry.size).sum();
    let (stack, objects) = (deployment.stack.clone(), entries.len() as u64);
    Ok(Planned { stack, objective, objects, bytes, designs })
}

/// The objects that fill-bucket has put into the bucket; their names are as long.
fn entries(deployment: &Deployment) -> Result<Vec<Entry>> {
    let mean_bytes = deployment.required("objectSizeMib")? * MIB;
    let seed = deployment.required("seed")?;
    let entry = |index| {
        let name = format!("{index:064x}");
        Entry { key: format!("files/{name}"), name, size: bytes(seed, index, mean_bytes) }
    };
    Ok((0..deployment.required("objectCount")?).map(entry).collect())
}

fn site(circumstances: &Circumstances<'_>, memory_mb: u32) -> Result<Site> {
    let architecture = &circumstances.deployment.architecture;
    let gb_second = compute(architecture).with_context(|| format!("no price of {architecture}"))?;
    let usd = |price| circumstances.prices.quote(price).usd;
    Ok(Site {
        machine: Machine::lambda(memory_mb, usd(gb_second), usd(S3_WRITE), usd(S3_READ)),
        invocation_usd: usd(LAMBDA_REQUEST),
        concurrency: circumstances.concurrency,
    })
}

fn of(contender: &'static str, memory_mb: u32, prediction: &Prediction) -> Design {
    let requests = &prediction.requests;
    Design {
        contender,
        memory_mb,
        invocations: prediction.invocations,
        seconds: prediction.seconds,
        lambda_usd: prediction.lambda_usd,
        total_usd: prediction.total_usd(),
        s3_writes: requests.charged_writes(),
        s3_reads: requests.gets,
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
        assert_eq!(one.invocations, 3, "a share has 64 MiB");
    }
}
