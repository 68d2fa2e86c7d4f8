//! Removal of what contenders wrote.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use serde_json::{Value, json};

use super::Deployed;
use crate::scenario::shared::invoke::invoke;

/// Where contenders may write.
const PREFIXES: [&str; 2] = ["archives/", "seg-temps/"];

/// Removes everything below the prefixes where contenders write.
pub async fn sweep(archive: &Deployed, config: &SdkConfig) -> Result<()> {
    for prefix in PREFIXES {
        invoke::<Value>(config, &archive.deployment, &archive.functions.sweep, &json!({ "prefix": prefix }))
            .await
            .with_context(|| format!("can't remove '{prefix}'"))?;
    }
    Ok(())
}
