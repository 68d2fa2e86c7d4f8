//! Statements on PostgreSQL, over its own protocol or over the RDS Data API: the same trait for both.

mod attempt;
mod data_api;
mod driver;
mod error;
mod migrations;
mod schema;
mod sqlx_driver;
mod statement;
mod statements;
mod transport;

pub use attempt::attempt;
pub use data_api::DataApi;
pub use driver::{Cell, Driver, Value};
pub use error::{DbError, RetryAction};
pub use migrations::{Migrations, check_migrations};
pub use schema::{SchemaError, migrate};
pub use sqlx_driver::SqlxDriver;
pub use statement::{Statement, check_statements};
pub use transport::{DriverError, SqlTransport};
