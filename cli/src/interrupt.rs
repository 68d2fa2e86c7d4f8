//! Ctrl-C.

/// Ends when the user presses Ctrl-C.
pub async fn asked() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
