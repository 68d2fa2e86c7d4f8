//! Requests to servers of this machine: straight there, so that neither a proxy of the shell nor AWS is met by mistake.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::emulator;

/// For plain requests, with so much patience for each; without any, no end.
pub fn agent(patience: Option<Duration>) -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(patience).proxy(None).build().new_agent()
}

/// For the AWS SDKs. Credentials are the local environment's own, whatever the caller's variables say.
pub fn sdk(address: &str) -> SdkConfig {
    let secret = emulator::CREDENTIALS;
    let credentials = Credentials::new(secret, secret, None, None, "local environment");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(emulator::region()))
        .endpoint_url(address)
        // Without TLS.
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
