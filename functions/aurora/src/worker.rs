//! What a worker is set up with, and how it reaches the database.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use lambda_kit::postgres::Cluster;
use lambda_kit::sql::{SqlTransport, SqlxDriver};
use lambda_kit::{Failure, env};
use protocol::aurora::{self, Endpoint};

use crate::action::Sizes;
use crate::attempt::Connections;
use crate::driver::Driver;
use crate::metrics;

/// A worker's settings.
pub struct Worker {
    /// The cluster.
    pub cluster: Cluster,
    /// What `aurora-migrate` has generated.
    pub sizes: Sizes,
    /// How it reaches the database.
    pub transport: SqlTransport,
    /// Where CloudWatch has its metrics.
    pub metrics_namespace: String,
}

/// Something to do, whichever the driver.
pub trait Task {
    /// What comes of it.
    type Output;

    /// Does it.
    #[expect(async_fn_in_trait, reason = "a worker's futures stay on its one thread")]
    async fn run<D: Driver>(self, connections: &mut Connections<D>) -> Self::Output;
}

impl Worker {
    /// From the environment; see [`Cluster::from_env`], and `DRIVER`, `ROWS`, `SCALE`, `SECRET_ARN`, `CLUSTER_ARN`, `METRICS_NAMESPACE`.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        let cluster = Cluster::from_env()?;
        let sizes = Sizes {
            rows: env::setting("ROWS", "how many transactions are generated")?,
            scale: env::setting("SCALE", "pgbench's scale")?,
        };
        let transport = SqlTransport::from_env(config, &cluster)?;
        Ok(Self { cluster, sizes, transport, metrics_namespace: metrics::namespace()? })
    }

    /// Which driver.
    #[must_use]
    pub fn driver(&self) -> aurora::Driver {
        match self.transport {
            SqlTransport::Sqlx(_) => aurora::Driver::Sqlx,
            SqlTransport::DataApi(_) => aurora::Driver::DataApi,
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
        match &self.transport {
            SqlTransport::DataApi(driver) => {
                Box::pin(task.run(&mut Connections { load: driver.clone(), ledger: None })).await
            }
            SqlTransport::Sqlx(postgres) => {
                let to = |host: &str| SqlxDriver::new(Arc::clone(postgres), host);
                let mut connections = match endpoint {
                    Endpoint::Writer => Connections { load: to(&self.cluster.writer), ledger: None },
                    Endpoint::Reader => {
                        Connections { load: to(&self.cluster.reader), ledger: Some(to(&self.cluster.writer)) }
                    }
                };
                let done = Box::pin(task.run(&mut connections)).await;
                [Some(connections.load), connections.ledger]
                    .into_iter()
                    .flatten()
                    .for_each(SqlxDriver::release);
                done
            }
        }
    }
}
