//! The command line.

use std::path::{Path, PathBuf};

use clap::Parser;

/// A local S3: S3's rules, latency, bandwidth and request rates; faults on request.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "lambench-s3-model",
    version,
    after_help = "Example:\n  lambench-s3-model --port 9000 --admin-port 9001 --data .lambench/s3\n  \
                  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws --endpoint-url http://127.0.0.1:9000 s3 ls"
)]
pub struct Options {
    /// Port of S3 on 127.0.0.1; 0 takes a free one
    #[arg(long)]
    pub port: u16,

    /// Port of the admin endpoint on 127.0.0.1 (counters, faults, profile); 0 takes a free one
    #[arg(long)]
    pub admin_port: u16,

    /// Certificate chain of S3's port, PEM; without it the port has no TLS. With it, it still answers plain HTTP, as S3's
    /// port 80 does
    #[arg(long, requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,

    /// Private key of the --tls-certificate, PEM
    #[arg(long, requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,

    /// Folder of the stored objects; created if it is missing, and kept
    #[arg(long)]
    pub data: PathBuf,

    /// File of the constants (latency, bandwidth, limits); without it the built-in profile
    #[arg(long)]
    pub profile: Option<PathBuf>,

    /// Switch latency, bandwidth and request rates off
    #[arg(long)]
    pub instant: bool,

    /// Seed of latencies and faults
    #[arg(long, default_value_t = 0)]
    pub seed: u64,

    /// URL to ask for an unknown access key's secret, with `GET URL?access_key=KEY`
    #[arg(long)]
    pub credentials_url: Option<String>,

    /// Answer every correctly signed request, without checking what roles may do
    #[arg(long)]
    pub ignore_policies: bool,

    /// Access key that is accepted; may be given several times, each with its --secret-key
    #[arg(long = "access-key", env = "S3MODEL_ACCESS_KEY", default_value = "test")]
    pub access_keys: Vec<String>,

    /// Secret of the --access-key at the same position
    #[arg(long = "secret-key", env = "S3MODEL_SECRET_KEY", default_value = "test", hide_env_values = true)]
    pub secret_keys: Vec<String>,
}

impl Options {
    /// For a test: free ports, no latency, bandwidth and request rates, one pair of keys.
    #[must_use]
    pub fn for_test(data: &Path) -> Self {
        Self {
            port: 0,
            admin_port: 0,
            tls_certificate: None,
            tls_key: None,
            data: data.to_owned(),
            profile: None,
            instant: true,
            seed: 0,
            credentials_url: None,
            ignore_policies: false,
            access_keys: vec!["test".to_owned()],
            secret_keys: vec!["test".to_owned()],
        }
    }
}
