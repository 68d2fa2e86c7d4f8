//! What the table in PostgreSQL says of a run.

use anyhow::Result;
use load::Schedule;
use protocol::pipeline::{Invocations, Tally, TallyRequest};

use super::Run;
use crate::scenario::shared::invoke::invoke;

/// The run's tally.
pub async fn tally(run: &Run, wanted: &TallyRequest) -> Result<Tally> {
    ask(run, wanted.clone()).await
}

/// What to ask for of a load: latencies but those of its ramp, and the rows of each stage.
pub fn wanted(schedule: &Schedule) -> TallyRequest {
    let stages_from: Vec<u64> = schedule.ranges().into_iter().map(|numbers| numbers.start).collect();
    let measured_from = stages_from.first().copied().unwrap_or_default();
    TallyRequest { measured_from, stages_from, ..TallyRequest::default() }
}

/// The invocations that stored the run's messages.
pub async fn invocations(run: &Run) -> Result<Invocations> {
    let tally = ask(run, TallyRequest { invocations: true, ..TallyRequest::default() }).await?;
    Ok(tally.invocations.unwrap_or_default())
}

async fn ask(run: &Run, request: TallyRequest) -> Result<Tally> {
    let request = serde_json::to_value(TallyRequest { run: Some(run.name.clone()), ..request })?;
    invoke(&run.config, run.deployment(), &run.deployed.functions.tally, &request).await
}
