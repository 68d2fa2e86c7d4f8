//! One invocation: list, plan, carry out.

use std::sync::Arc;

use contender_kit::{Job, entries, explained};
use lambda_kit::Failure;
use serde::Serialize;
use zip_planner::{Limits, Plan};

use crate::execution::Execution;
use crate::settings::Settings;

/// What was made, and what the plan said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Archived {
    /// Entries in the archive.
    pub entries: usize,
    /// Size of the archive, bytes.
    pub archive_bytes: u64,
    /// Time it was to take, s.
    pub planned_seconds: f64,
    /// Requests it was to take.
    pub planned_requests: u64,
    /// Requests that write it was to take.
    pub planned_writes: u64,
    /// What Lambda and S3 were to charge, USD.
    pub planned_usd: f64,
}

/// Makes the archive.
///
/// # Errors
/// If no archive can be made of the objects, if one of them changes meanwhile, or if S3 fails.
pub async fn archive(settings: Arc<Settings>, job: Arc<Job>) -> Result<Archived, Failure> {
    let objects = job.files().await?;
    let plan = Plan::new(&entries(&objects), settings.objective, &settings.machine, &Limits::S3)?;
    tracing::info!(objective = ?settings.objective, estimate = ?plan.estimate, "planned");
    let archived = planned(&plan);
    let execution = Arc::new(Execution::new(job, plan, objects, settings.memory_budget()));
    execution.carry_out().await.map_err(explained)?;
    Ok(archived)
}

fn planned(plan: &Plan) -> Archived {
    let estimate = &plan.estimate;
    let planned_writes = estimate.requests.writes();
    Archived {
        entries: plan.layout.entries().len(),
        archive_bytes: plan.layout.size(),
        planned_seconds: estimate.seconds,
        planned_requests: planned_writes + estimate.requests.gets + estimate.requests.lists,
        planned_writes,
        planned_usd: estimate.lambda_usd + estimate.requests_usd,
    }
}
