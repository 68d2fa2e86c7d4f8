//! A cluster's address and settings, from the environment.

use std::path::Path;
use std::time::Duration;

use crate::{Failure, env};

/// The root certificates of RDS.
pub(super) const RDS_ROOTS: &[u8] = include_bytes!("../rds-global-bundle.pem");

/// A cluster's address and settings.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Host of the endpoint that reads and writes.
    pub writer: String,
    /// Host of the endpoint that only reads; the writer's where the cluster has no reader.
    pub reader: String,
    /// The port of both.
    pub port: u16,
    /// The database.
    pub database: String,
    /// After this, the server cancels a statement; zero for never.
    pub statement_timeout: Duration,
    /// The roots, as PEM, that the server's certificate must come from.
    pub roots: Vec<u8>,
}

/// The file of `PGSSLROOTCERT` cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read '{path}', the root certificates that PGSSLROOTCERT names: {source}")]
pub struct RootsError {
    path: String,
    source: std::io::Error,
}

impl Cluster {
    /// From `CLUSTER_WRITER`, `CLUSTER_READER`, `CLUSTER_PORT`, `DATABASE` and `STATEMENT_TIMEOUT_MS`; RDS's own
    /// roots unless `PGSSLROOTCERT`, libpq's variable, names a file with others.
    ///
    /// # Errors
    /// If one of them is missing or cannot be read.
    pub fn from_env() -> Result<Self, Failure> {
        Ok(Self {
            writer: env::setting("CLUSTER_WRITER", "the host name of the cluster's writer")?,
            reader: env::setting("CLUSTER_READER", "the host name of the cluster's reader")?,
            port: env::setting("CLUSTER_PORT", "the cluster's port")?,
            database: env::setting("DATABASE", "the database's name")?,
            statement_timeout: Duration::from_millis(env::setting(
                "STATEMENT_TIMEOUT_MS",
                "a whole number of milliseconds",
            )?),
            roots: roots(std::env::var("PGSSLROOTCERT").ok().as_deref())?,
        })
    }
}

fn roots(file: Option<&str>) -> Result<Vec<u8>, RootsError> {
    let Some(path) = file.filter(|path| !path.is_empty()) else {
        return Ok(RDS_ROOTS.to_vec());
    };
    std::fs::read(Path::new(path)).map_err(|source| RootsError { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roots_of_rds_are_used_unless_others_are_named() {
        assert_eq!(roots(None).unwrap(), RDS_ROOTS);
        assert_eq!(roots(Some("")).unwrap(), RDS_ROOTS);
        assert!(roots(Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))).unwrap() != RDS_ROOTS);
    }

    #[test]
    fn a_missing_file_of_roots_is_named_with_the_variable_that_names_it() {
        let error = roots(Some("/nowhere/ca.pem")).unwrap_err().to_string();
        assert!(error.contains("'/nowhere/ca.pem'") && error.contains("PGSSLROOTCERT"), "{error}");
    }
}
