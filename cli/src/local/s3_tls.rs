//! How S3 is reached: the choice of `lambench local start --s3-tls`.

use std::fs;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::project::Project;

const FILE: &str = "s3-tls";

/// How the S3 model is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum S3Tls {
    /// Over HTTPS, which costs functions the CPU time that it costs them on AWS; buckets refuse plain HTTP
    On,
    /// Over plain HTTP; buckets cannot require TLS
    Off,
}

impl S3Tls {
    /// How the environment was last started; off if that was before there was a choice.
    pub fn chosen(project: &Project) -> Self {
        let name = fs::read_to_string(project.state.join(FILE)).unwrap_or_default();
        Self::from_str(name.trim(), false).unwrap_or(Self::Off)
    }

    /// Stores the choice for the other commands.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn remember(self, project: &Project) -> Result<()> {
        let file = project.folder("")?.join(FILE);
        let name = match self {
            Self::On => "on",
            Self::Off => "off",
        };
        fs::write(&file, name).with_context(|| format!("cannot write '{}'", file.display()))
    }
}
