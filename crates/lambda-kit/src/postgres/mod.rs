//! One connection to a PostgreSQL cluster whose password is in Secrets Manager; TLS with the server's name verified.

mod cluster;
mod login;
#[cfg(test)]
mod roots_tests;

use std::collections::HashMap;
use std::sync::Mutex;

use futures::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, PgConnection};

pub use cluster::Cluster;
pub use login::{Credentials, Login};

use crate::Failure;

/// `SQLSTATE`s that say: not with this name and password.
const REFUSED: [&str; 2] = ["28P01", "28000"];

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Name and password could not be read.
    #[error("no credentials: {0}")]
    Credentials(Failure),
    /// The server could not be reached, or refused.
    #[error(transparent)]
    Server(#[from] sqlx::Error),
}

/// A cluster with its login, and the connections that are kept warm between invocations, one per host.
pub struct Postgres {
    cluster: Cluster,
    login: Login,
    kept: Mutex<HashMap<String, PgConnection>>,
}

impl Postgres {
    /// `cluster` with this login.
    #[must_use]
    pub fn new(cluster: Cluster, login: Login) -> Self {
        Self { cluster, login, kept: Mutex::default() }
    }

    /// From the environment; see [`Cluster::from_env`] and [`Login::from_env`].
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &aws_config::SdkConfig) -> Result<Self, Failure> {
        Ok(Self::new(Cluster::from_env()?, Login::from_env(config)?))
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The connection to `host` that was kept, if any. Whoever drops it, or is dropped, closes it: no one else gets a
    /// connection with half a transaction on it.
    #[must_use]
    pub fn take(&self, host: &str) -> Option<PgConnection> {
        self.kept.lock().ok()?.remove(host)
    }

    /// Keeps a connection to `host`, on which nothing is under way, for the next invocation.
    pub fn keep(&self, host: &str, connection: PgConnection) {
        if let Ok(mut kept) = self.kept.lock() {
            kept.insert(host.to_owned(), connection);
        }
    }

    /// A new connection. If the server refuses the password, the secret is read again, once: it may have been rotated.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn connect<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<PgConnection, ConnectError>> {
        Box::pin(self.connect_once_or_twice(host))
    }

    async fn connect_once_or_twice(&self, host: &str) -> Result<PgConnection, ConnectError> {
        let credentials = self.login.credentials().await.map_err(ConnectError::Credentials)?;
        match self.options(host, &credentials).connect().await {
            Err(sqlx::Error::Database(error))
                if error.code().is_some_and(|code| REFUSED.contains(&code.as_ref())) =>
            {
                let newer = self.login.again().await.map_err(ConnectError::Credentials)?;
                if newer == credentials {
                    return Err(sqlx::Error::Database(error).into());
                }
                Ok(self.options(host, &newer).connect().await?)
            }
            connected => Ok(connected?),
        }
    }

    fn options(&self, host: &str, credentials: &Credentials) -> PgConnectOptions {
        let cluster = &self.cluster;
        let timeout = cluster.statement_timeout.as_millis();
        PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(cluster.port)
            .database(&cluster.database)
            .username(&credentials.username)
            .password(&credentials.password)
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert_from_pem(cluster.roots.clone())
            .application_name("lambench")
            .options([("statement_timeout", timeout)])
            // Statements are measured by their callers, not logged.
            .disable_statement_logging()
    }
}
