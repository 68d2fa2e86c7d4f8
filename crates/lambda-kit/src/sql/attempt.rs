//! One attempt at a statement, on a connection that works.

use std::time::Duration;

use tokio::time::timeout;

use super::{DbError, Driver};

/// Connects if there is no connection, and runs `work` on it, within `limit`. A connection that is broken afterwards is
/// dropped.
///
/// # Errors
/// The database's, or `timeout`.
pub async fn attempt<D: Driver, T>(
    driver: &mut D,
    limit: Duration,
    work: impl AsyncFnOnce(&mut D) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let result = timeout(limit, async {
        driver.connect().await?;
        work(driver).await
    });
    let late = |_| DbError::new("timeout", format!("no answer from the database within {limit:?}"));
    let result = result.await.map_err(late).flatten();
    if let Err(error) = &result
        && error.retry_action().needs_new_connection()
    {
        driver.disconnect().await;
    }
    result
}
