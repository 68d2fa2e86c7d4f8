//! What answers S3's requests: the choice of `lambench local start --s3`.

use std::fs;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::project::Project;

const FILE: &str = "s3-server";

/// What answers S3's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum S3Backend {
    /// A model of S3's rules, latency, bandwidth and request rates; it does not check IAM policies
    Model,
    /// The emulator: it checks IAM policies, and takes none of the time that S3 would take
    Emulator,
}

impl S3Backend {
    /// The one that the environment was last started with.
    pub fn chosen(project: &Project) -> Option<Self> {
        let name = fs::read_to_string(project.state.join(FILE)).ok()?;
        Self::from_str(name.trim(), false).ok()
    }

    /// Stores the choice for the other commands.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn remember(self, project: &Project) -> Result<()> {
        let file = project.folder("")?.join(FILE);
        fs::write(&file, self.name()).with_context(|| format!("cannot write '{}'", file.display()))
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Emulator => "emulator",
        }
    }
}
