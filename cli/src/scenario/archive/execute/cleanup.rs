//! Removal of what contenders wrote.

use anyhow::{Context, Result};
use protocol::archive::{CleanupRequest, Removed};
use serde_json::json;

use super::Run;
use crate::scenario::shared::invoke::invoke;

/// Removes everything below the prefixes where contenders write.
pub async fn clean_up(run: &Run) -> Result<()> {
    let archive = &run.deployed;
    for prefix in [&archive.archive_prefix, &archive.scratch_prefix] {
        let request = json!(CleanupRequest { prefix: prefix.clone() });
        invoke::<Removed>(&run.config, &archive.deployment, &archive.functions.cleanup, &request)
            .await
            .with_context(|| format!("cannot remove '{prefix}'"))?;
    }
    Ok(())
}
