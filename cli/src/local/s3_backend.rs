//! What answers S3's requests: the choice of `lambench local start --s3`.

use clap::ValueEnum;

use super::choice::Choice;

/// What answers S3's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum S3Backend {
    /// A model of S3's rules, latency, bandwidth and request rates; it does not check IAM policies
    Model,
    /// The emulator: it checks IAM policies, and takes none of the time that S3 would take
    Emulator,
}

impl Choice for S3Backend {
    const FILE: &str = "s3-server";
}
