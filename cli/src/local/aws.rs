//! The account that the local environment has, and how the AWS SDKs reach it.

use std::env;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

/// Unless `AWS_REGION` says otherwise.
const DEFAULT_REGION: &str = "us-east-1";

/// Access key and secret key of the emulator's account; nothing else knows them.
pub const CREDENTIALS: &str = "test";

/// The region of everything in the local environment.
pub fn region() -> String {
    env::var("AWS_REGION").unwrap_or_else(|_| DEFAULT_REGION.to_owned())
}

/// The configuration of the AWS SDKs. The credentials are the local environment's own, whatever the caller's variables say.
pub fn sdk_config(address: &str) -> SdkConfig {
    let credentials = Credentials::new(CREDENTIALS, CREDENTIALS, None, None, "local environment");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region()))
        .endpoint_url(address)
        // Without TLS.
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
