//! The table in PostgreSQL.

use std::time::Duration;

use aws_lambda_events::streams::DynamoDbEventResponse;
use lambda_kit::sql::SqlTransport;
use pipeline::downstream::Downstream;
use pipeline::migrate::migrate;
use serde_json::Value;
use sqlx::PgConnection;
use test_kit::postgres::Server;

use super::{Requests, aws, dead_letters, events, metrics, sqs};

/// What an invocation has left; tests of time have less.
pub const REMAINING: Duration = Duration::from_mins(1);

/// A row without the times that the functions' clocks give.
pub type Row = (String, String, i64, i64, bool, i32);

/// A server with the table.
pub async fn server() -> Server {
    let server = Server::start().await;
    migrate(&server.postgres()).await.unwrap();
    server
}

/// The function, and what it asks of AWS.
pub fn downstream(server: &Server) -> (Downstream, Requests) {
    let (config, asked) = aws(sqs);
    let postgres = server.postgres();
    let cluster = postgres.cluster().clone();
    let (dead_letters, metrics) = (dead_letters(&config, "downstream"), metrics("downstream"));
    (Downstream::new(cluster, SqlTransport::Sqlx(postgres), dead_letters, metrics), asked)
}

/// Delivers a batch of images.
pub async fn deliver(downstream: &Downstream, images: &[Value]) -> DynamoDbEventResponse {
    downstream.handle(&events::table(images), "request", REMAINING).await
}

/// All rows in the order of their ids: id, message, arrival, at `midstream`, confirmed, deliveries.
pub async fn rows(db: &mut PgConnection) -> Vec<Row> {
    let query = "SELECT id, message, arrived_us, midstream_us, coalesce(stored_us >= downstream_us, false), deliveries
                 FROM messages ORDER BY id";
    sqlx::query_as(query).fetch_all(db).await.unwrap()
}

pub async fn number(db: &mut PgConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(db).await.unwrap()
}

/// Waits for a condition in the database, ten seconds at most.
pub async fn until(db: &mut PgConnection, query: &'static str) {
    let condition = async {
        while !sqlx::query_scalar::<_, bool>(query).fetch_one(&mut *db).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), condition)
        .await
        .unwrap_or_else(|_| panic!("never: {query}"));
}
