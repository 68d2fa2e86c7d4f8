//! One invocation: list, plan, carry out; nothing is left behind if it fails.

use std::sync::Arc;
use std::time::Duration;

use contender_kit::{Job, Run, entries, explained, files};
use lambda_kit::Failure;
use serde::Serialize;
use tokio::time::timeout;
use zip_plan::{Limits, Plan};

use crate::execution::Execution;
use crate::settings::Settings;

/// The search for what earlier runs left goes on for so long after the archive is there.
const SEARCH: Duration = Duration::from_secs(2);

/// What was made, and what the plan said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Archived {
    /// Entries in the archive.
    pub entries: usize,
    /// Size of the archive, bytes.
    pub archive_bytes: u64,
    /// Time it took, s.
    pub seconds: f64,
    /// Time it was to take, s.
    pub planned_seconds: f64,
    /// Requests it took, attempts that S3 refused and the search for what earlier runs left included.
    pub requests: u64,
    /// Attempts that S3 refused or that broke.
    pub repeated_requests: u64,
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
/// If no archive can be made of the objects, if one of them changes meanwhile, if S3 fails, or if the time runs out.
pub async fn archive(settings: Arc<Settings>, job: Job) -> Result<Archived, Failure> {
    let (sent, again) = job.s3.requests();
    let run = Run::new("copy-plan", job.remaining);
    let earlier = tokio::spawn(run.clone().remove_earlier(job.s3.clone()));
    let planned = carry_out(&settings, &job, run).await?;
    // It has long ended if it found nothing.
    let _ = timeout(SEARCH, earlier).await;
    let requests = job.s3.requests();
    let archived = Archived {
        seconds: job.start.elapsed().as_secs_f64(),
        requests: requests.0 - sent,
        repeated_requests: requests.1 - again,
        ..planned
    };
    tracing::info!(?archived, "done");
    Ok(archived)
}

async fn carry_out(settings: &Settings, job: &Job, run: Run) -> Result<Archived, Failure> {
    let objects = files(&job.s3, &job.request.files_prefix).await.map_err(explained)?;
    let plan = Plan::new(&entries(&objects), settings.objective, &settings.machine, &Limits::S3)?;
    tracing::info!(objective = ?settings.objective, forecast = ?plan.forecast, "planned");
    let planned = planned(&plan);
    let key = job.request.archive_key.clone();
    let execution = Arc::new(Execution::new(&job.s3, plan, objects, key, run, settings.room()));
    let done = job.finish(execution.carry_out(), &execution.stop).await;
    if done.is_err() {
        execution.run.remove(&job.s3, execution.upload()).await;
    }
    done.map(|()| planned)
}

fn planned(plan: &Plan) -> Archived {
    let forecast = &plan.forecast;
    let planned_writes = forecast.requests.writes();
    Archived {
        entries: plan.layout.entries().len(),
        archive_bytes: plan.layout.size(),
        seconds: 0.0,
        planned_seconds: forecast.seconds,
        requests: 0,
        repeated_requests: 0,
        planned_requests: planned_writes + forecast.requests.gets + forecast.requests.lists,
        planned_writes,
        planned_usd: forecast.lambda_usd + forecast.requests_usd,
    }
}
