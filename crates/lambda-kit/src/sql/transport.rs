//! How a function reaches the database.

use std::sync::Arc;

use aws_config::SdkConfig;

use super::DataApi;
use crate::postgres::{Cluster, Login, Postgres};
use crate::{Failure, env};

/// The names of drivers in settings.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable DRIVER is '{0}', but must be sqlx or data-api")]
pub struct DriverError(String);

/// How statements reach the database.
pub enum SqlTransport {
    /// PostgreSQL's own protocol.
    Sqlx(Arc<Postgres>),
    /// HTTPS requests.
    DataApi(DataApi),
}

impl SqlTransport {
    /// The one that `DRIVER` names, to a cluster; see [`Login::from_env`] and [`DataApi::from_env`].
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig, cluster: &Cluster) -> Result<Self, Failure> {
        let driver: String = env::setting("DRIVER", "sqlx or data-api")?;
        match driver.as_str() {
            "sqlx" => Ok(Self::Sqlx(Arc::new(Postgres::new(cluster.clone(), Login::from_env(config)?)))),
            "data-api" => Ok(Self::DataApi(DataApi::from_env(config, cluster)?)),
            _ => Err(DriverError(driver).into()),
        }
    }
}
