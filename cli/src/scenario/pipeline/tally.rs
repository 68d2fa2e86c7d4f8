//! What the table in PostgreSQL says of a run.

use anyhow::Result;
use protocol::pipeline::Tally;
use serde_json::json;

use super::Test;
use crate::scenario::shared::invoke::invoke;

/// Asks for the run's tally.
pub async fn tally(test: &Test) -> Result<Tally> {
    let Test { pipeline, config, .. } = test;
    let event = json!({ "run": test.name, "measured_from": test.plan.schedule.measured_from() });
    invoke(config, &pipeline.deployment, &pipeline.functions.tally, &event).await
}
