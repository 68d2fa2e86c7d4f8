//! What the ledger in the database says of a run.

use anyhow::Result;
use protocol::aurora::Tally;
use serde_json::json;

use super::Test;
use crate::scenario::shared::invoke::invoke;

/// Asks for a run's tally, and whether some of its messages are done; work of killed workers is settled by asking.
pub async fn tally(test: &Test, run: &str, messages: &[String]) -> Result<Tally> {
    let Test { aurora, config, .. } = test;
    invoke(config, &aurora.deployment, &aurora.functions.tally, &json!({ "run": run, "sources": messages }))
        .await
}
