//! The signals that end `watch`.

use anyhow::{Context, Result};
use futures::future::select_all;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for a signal that asks this process to end.
///
/// # Errors
///
/// When signals cannot be received.
pub async fn end() -> Result<SignalKind> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals = Vec::new();
    for kind in kinds {
        signals.push((kind, signal(kind).context("cannot receive signals")?));
    }
    let received = signals.iter_mut().map(|(kind, signal)| {
        Box::pin(async {
            signal.recv().await;
            *kind
        })
    });
    Ok(select_all(received).await.0)
}
