//! Ctrl-C.

use tokio::signal::unix::{SignalKind, signal};

/// Ends when the user presses Ctrl-C, or another program asks this one to end.
pub async fn requested() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
