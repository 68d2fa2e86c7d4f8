//! AWS configuration and clients, made once a process.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use futures::future::BoxFuture;

/// Attempts a request gets, the first included: S3 answers 503 `SlowDown` for seconds while it scales a
/// prefix.
const ATTEMPTS: u32 = 10;
/// A host that accepts no connection within this is not going to.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// To the first byte of the answer, the request's body included: a part of an upload on a shared link takes
/// seconds.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// Region, credentials and endpoint from the environment; standard retries; a body that stalls is an error.
///
/// It is boxed, as `async fn`s that each program would compile for itself are here: they are compiled once, in this crate.
#[must_use]
pub fn config() -> BoxFuture<'static, SdkConfig> {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(200))
        .with_max_backoff(Duration::from_secs(10));
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    Box::pin(
        aws_config::defaults(BehaviorVersion::latest()).retry_config(retries).timeout_config(timeouts).load(),
    )
}

/// An S3 client. An endpoint of one's own gets path-style addresses, since its host has no name for each
/// bucket.
#[must_use]
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let own_endpoint = config.endpoint_url().is_some();
    aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(config).force_path_style(own_endpoint).build(),
    )
}
