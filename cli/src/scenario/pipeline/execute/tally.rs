//! What the table in PostgreSQL says of a run.

use anyhow::Result;
use protocol::pipeline::{Tally, TallyRequest};

use super::Run;
use crate::scenario::shared::invoke::invoke;

/// The run's tally; latencies count from a number on.
pub async fn tally(run: &Run, measured_from: u64) -> Result<Tally> {
    let request = serde_json::to_value(TallyRequest { run: Some(run.name.clone()), measured_from })?;
    invoke(&run.config, run.deployment(), &run.deployed.functions.tally, &request).await
}
