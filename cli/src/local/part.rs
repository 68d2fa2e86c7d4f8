//! The processes a local environment consists of.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::s3::S3;
use crate::project::Project;

/// A background process of the local environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// AWS, but for S3, on one port.
    Emulator,
    /// The S3 model.
    S3,
    /// The database server.
    Postgres,
}

impl Part {
    /// All of them, in the order they start: the emulator's database clusters are in PostgreSQL.
    const ALL: [Self; 3] = [Self::Postgres, Self::S3, Self::Emulator];

    /// Its name in files and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Emulator => "emulator",
            Self::S3 => "s3",
            Self::Postgres => "postgres",
        }
    }

    /// The file its output goes to.
    pub fn log(self, project: &Project) -> PathBuf {
        match self {
            Self::Emulator | Self::S3 => project.state.join(format!("logs/{}.log", self.id())),
            Self::Postgres => project.state.join("postgres").join("postgres.log"),
        }
    }

    /// Begin its log anew.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn new_log(self, project: &Project) -> Result<File> {
        project.folder("logs")?;
        let log = self.log(project);
        File::create(&log).with_context(|| format!("cannot write '{}'", log.display()))
    }

    /// The parts that this checkout's environment has.
    pub fn all(project: &Project) -> impl DoubleEndedIterator<Item = Self> + use<> {
        let chosen = S3::chosen(project);
        Self::ALL.into_iter().filter(move |part| *part != Self::S3 || chosen != Some(S3::Emulator))
    }

    /// Where it listens.
    pub fn address(self, port: u16) -> String {
        match self {
            Self::Emulator | Self::S3 => format!("http://127.0.0.1:{port}"),
            Self::Postgres => format!("127.0.0.1:{port}"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Emulator => "emulator",
            Self::S3 => "S3 model",
            Self::Postgres => "PostgreSQL",
        })
    }
}
