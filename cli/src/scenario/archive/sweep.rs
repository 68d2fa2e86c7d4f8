//! Removal of what contenders wrote.

use anyhow::{Result, bail};
use aws_config::SdkConfig;
use aws_sdk_lambda::primitives::Blob;
use serde_json::json;

use super::Archive;
use crate::aws::failed;

/// Where contenders may write.
const PREFIXES: [&str; 2] = ["archives/", "seg-temps/"];

/// Removes everything below the prefixes where contenders write.
pub async fn sweep(archive: &Archive, config: &SdkConfig) -> Result<()> {
    let client = aws_sdk_lambda::Client::new(config);
    for prefix in PREFIXES {
        let answer = client
            .invoke()
            .function_name(&archive.functions.sweep)
            .payload(Blob::new(json!({ "prefix": prefix }).to_string()))
            .send()
            .await
            .map_err(|error| failed("Invoke", &archive.place)(&error))?;
        if let Some(kind) = answer.function_error {
            let said = answer.payload.map(|payload| String::from_utf8_lossy(payload.as_ref()).into_owned());
            bail!(
                "{} could not remove '{prefix}' ({kind}): {}",
                archive.functions.sweep,
                said.unwrap_or_default()
            );
        }
    }
    Ok(())
}
