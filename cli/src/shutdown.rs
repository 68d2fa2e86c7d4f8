//! Ctrl-C.

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Interrupted;

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

/// Works to the end, or until the user presses Ctrl-C; `leaves` says what the work leaves behind then.
///
/// # Errors
/// The work's, and [`Interrupted`].
pub async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T>>,
    leaves: impl FnOnce() -> String,
) -> Result<T> {
    tokio::select! {
        result = work => result,
        () = requested() => Err(Interrupted(leaves()).into()),
    }
}
