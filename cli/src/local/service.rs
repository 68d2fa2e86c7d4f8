//! A service of the local environment: one background process with its log, port and process id.

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::choice::Choice;
use super::ports;
use super::process::Process;
use super::s3_backend::S3Backend;
use super::s3_tls::S3Tls;
use crate::project::Project;

/// A background process of the local environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// AWS except for S3, on one port.
    Emulator,
    /// The S3 model.
    S3,
    /// The database server.
    Postgres,
}

impl Service {
    /// In the order in which they start: the emulator's database clusters are in PostgreSQL.
    const ALL: [Self; 3] = [Self::Postgres, Self::S3, Self::Emulator];

    /// The services that this checkout's environment has, in the order in which they start.
    pub fn all(project: &Project) -> impl DoubleEndedIterator<Item = Self> + use<> {
        let without_model = S3Backend::chosen(project) == Some(S3Backend::Emulator);
        Self::ALL.into_iter().filter(move |service| *service != Self::S3 || !without_model)
    }

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

    /// Creates its log, empty.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn create_log(self, project: &Project) -> Result<File> {
        project.folder("logs")?;
        let log = self.log(project);
        File::create(&log).with_context(|| format!("cannot write '{}'", log.display()))
    }

    /// Its port, if it has ever started.
    pub fn port(self, project: &Project) -> Option<u16> {
        ports::remembered(project, self.id())
    }

    /// The port on which it may start to listen.
    ///
    /// # Errors
    ///
    /// When another process has its port.
    pub fn claim_port(self, project: &Project) -> Result<u16> {
        ports::claim(project, self.id())
    }

    /// Its address with this port.
    pub fn address(self, project: &Project, port: u16) -> String {
        match self {
            Self::S3 if S3Tls::chosen(project) == Some(S3Tls::On) => format!("https://127.0.0.1:{port}"),
            Self::Emulator | Self::S3 => format!("http://127.0.0.1:{port}"),
            Self::Postgres => format!("127.0.0.1:{port}"),
        }
    }

    /// Its process, if it runs.
    pub fn process(self, project: &Project) -> Option<Process> {
        let text = fs::read_to_string(project.state.join("pids").join(self.id())).ok()?;
        serde_json::from_str(&text).ok().filter(Process::is_alive)
    }

    /// Stores its process for later commands.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn remember(self, project: &Project, process: Process) -> Result<()> {
        let file = project.folder("pids")?.join(self.id());
        fs::write(&file, serde_json::to_string(&process)?)
            .with_context(|| format!("cannot write '{}'", file.display()))
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Emulator => "emulator",
            Self::S3 => "S3 model",
            Self::Postgres => "PostgreSQL",
        })
    }
}
