//! What the ledger in the database says of a run.

use anyhow::Result;
use protocol::aurora::{Tally, TallyRequest};
use serde_json::json;

use crate::scenario::aurora::Run;
use crate::scenario::shared::invoke::invoke;

/// Asks for a run's tally, and whether some of its messages are done; work of killed workers is settled by asking.
pub async fn tally(run: &Run, name: &str, messages: Vec<String>) -> Result<Tally> {
    let request = TallyRequest { run: Some(name.to_owned()), sources: messages };
    invoke(&run.config, run.deployment(), &run.deployed.functions.tally, &json!(request)).await
}
