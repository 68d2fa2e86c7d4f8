//! How S3 is reached: the choice of `lambench local start --s3-tls`.

use clap::ValueEnum;

use super::choice::Choice;

/// How the S3 model is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum S3Tls {
    /// Over HTTPS, which costs functions the CPU time that it costs them on AWS; buckets refuse plain HTTP
    On,
    /// Over plain HTTP; buckets cannot require TLS
    Off,
}

impl Choice for S3Tls {
    const FILE: &str = "s3-tls";
}
