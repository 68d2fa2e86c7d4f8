//! What a worker is set up with, and the road it takes.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use lambda_kit::postgres::Cluster;
use lambda_kit::sql::{Road, SqlxDriver};
use lambda_kit::{Failure, env};
use protocol::aurora::{self, Endpoint};

use crate::action::Sizes;
use crate::attempt::Roads;
use crate::driver::Driver;

/// A worker's settings.
pub struct Worker {
    /// The cluster.
    pub cluster: Cluster,
    /// What `aurora-migrate` has generated.
    pub sizes: Sizes,
    /// The road.
    pub road: Road,
}

/// Something to do, whichever the driver.
pub trait Task {
    /// What comes of it.
    type Output;

    /// Does it.
    #[expect(async_fn_in_trait, reason = "a worker's futures stay on its one thread")]
    async fn run<D: Driver>(self, roads: &mut Roads<D>) -> Self::Output;
}

impl Worker {
    /// From the environment; see [`Cluster::from_env`], and `DRIVER`, `ROWS`, `SCALE`, `SECRET_ARN`, `CLUSTER_ARN`.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let cluster = Cluster::from_env()?;
        let sizes = Sizes {
            rows: env::setting("ROWS", "how many transactions are generated")?,
            scale: env::setting("SCALE", "pgbench's scale")?,
        };
        let road = Road::from_env(config, &cluster)?;
        Ok(Self { cluster, sizes, road })
    }

    /// Which driver.
    #[must_use]
    pub fn driver(&self) -> aurora::Driver {
        match self.road {
            Road::Sqlx(_) => aurora::Driver::Sqlx,
            Road::DataApi(_) => aurora::Driver::DataApi,
        }
    }

    /// After this, the server cancels a statement.
    #[must_use]
    pub fn statement_timeout(&self) -> Duration {
        self.cluster.statement_timeout
    }

    /// Does a task at an endpoint; the ledger is at the writer, always.
    pub async fn run<T: Task>(&self, endpoint: Endpoint, task: T) -> T::Output {
        // In boxes: futures nested any deeper are too much for the compiler.
        match &self.road {
            Road::DataApi(driver) => {
                Box::pin(task.run(&mut Roads { load: driver.clone(), ledger: None })).await
            }
            Road::Sqlx(postgres) => {
                let to = |host: &str| SqlxDriver::new(Arc::clone(postgres), host);
                let mut roads = match endpoint {
                    Endpoint::Writer => Roads { load: to(&self.cluster.writer), ledger: None },
                    Endpoint::Reader => {
                        Roads { load: to(&self.cluster.reader), ledger: Some(to(&self.cluster.writer)) }
                    }
                };
                let done = Box::pin(task.run(&mut roads)).await;
                [Some(roads.load), roads.ledger].into_iter().flatten().for_each(SqlxDriver::park);
                done
            }
        }
    }
}
