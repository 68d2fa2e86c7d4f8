//! Statements on PostgreSQL, over its own protocol or over the RDS Data API: the same trait for both.

mod data_api;
mod driver;
mod error;
mod road;
mod schema;
mod sqlx_driver;
mod statement;
mod statements;

pub use data_api::DataApi;
pub use driver::{Cell, Driver, Value};
pub use error::{DbError, Remedy};
pub use road::{DriverError, Road};
pub use schema::{SchemaError, migrate};
pub use sqlx_driver::SqlxDriver;
pub use statement::{Statement, check_statements};
