//! The code of a function that is deployed in the local environment.

use anyhow::{Context, Result};

use super::http;

/// Lambda's own limit on unpacked code, bytes.
const MAX_BYTES: u64 = 262_144_000;

/// The path and query of the URL at which Lambda says a function's code is. We read it from the emulator, whatever
/// host that URL names.
pub fn path(location: &str) -> Option<String> {
    let (_, rest) = location.split_once("://")?;
    rest.find('/').map(|slash| rest[slash..].to_owned())
}

/// Reads a function's code, a ZIP archive.
///
/// # Errors
///
/// When it cannot be read.
pub async fn read(address: &str, path: &str, function: &str) -> Result<Vec<u8>> {
    let url = format!("{address}{path}");
    let archive = tokio::task::spawn_blocking(move || -> Result<Vec<u8>> {
        Ok(http::agent(None).get(&url).call()?.body_mut().with_config().limit(MAX_BYTES).read_to_vec()?)
    });
    archive.await?.with_context(|| format!("cannot read the code of {function}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_read_from_the_local_environment_wherever_its_address_points() {
        assert_eq!(path("https://s3.example.com/code/f?x=1"), Some("/code/f?x=1".to_owned()));
        assert_eq!(path("nowhere"), None);
    }
}
