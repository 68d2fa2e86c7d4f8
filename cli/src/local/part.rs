//! The processes a local environment consists of.

use std::fmt;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::project::Project;

/// A background process of the local environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// AWS on one port.
    Emulator,
    /// The database server.
    Postgres,
}

impl Part {
    /// All of them, in the order they start: the emulator's database clusters are in PostgreSQL.
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Emulator];

    /// Its name in files and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Emulator => "emulator",
            Self::Postgres => "postgres",
        }
    }

    /// The file its output goes to.
    pub fn log(self, project: &Project) -> PathBuf {
        match self {
            Self::Emulator => project.state.join("logs/emulator.log"),
            Self::Postgres => project.state.join("postgres").join("postgres.log"),
        }
    }

    /// Where it listens.
    pub fn address(self, port: u16) -> String {
        match self {
            Self::Emulator => format!("http://127.0.0.1:{port}"),
            Self::Postgres => format!("127.0.0.1:{port}"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Emulator => "emulator",
            Self::Postgres => "PostgreSQL",
        })
    }
}
