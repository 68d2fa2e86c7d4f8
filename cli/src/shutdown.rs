//! Ctrl-C and SIGTERM: the first one stops a run, which then writes what it has measured, the second one aborts it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Interrupted;
use crate::output;

/// Whether the user has asked a run to stop, and how often. All clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    requests: watch::Sender<u32>,
    /// What a run that is stopped now waits for; none if it has measured nothing yet, and so ends at once.
    waits_for: Mutex<Option<String>>,
}

impl Stop {
    /// From now on, each Ctrl-C and each SIGTERM is a request and no longer the end of this process.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn listen(&self) {
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        let stop = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                stop.request();
            }
        });
    }

    /// Asks the run to stop; for the second time, to abort.
    pub fn request(&self) {
        self.0.requests.send_modify(|requests| *requests += 1);
        let requests = *self.0.requests.borrow();
        match (requests, self.waits_for_now().as_deref()) {
            (1, Some(what)) => output::print_error(format_args!(
                "stopping: waiting for {what}, to write what was measured; press Ctrl-C again to abort"
            )),
            (2, Some(_)) => output::print_error("aborting …"),
            _ => {}
        }
    }

    /// Says what a run that is stopped from now on waits for.
    pub fn waits_for(&self, what: impl Into<String>) {
        *self.waits_for_now() = Some(what.into());
    }

    fn waits_for_now(&self) -> MutexGuard<'_, Option<String>> {
        self.0.waits_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run is to start nothing more.
    pub fn is_requested(&self) -> bool {
        *self.0.requests.borrow() > 0
    }

    /// Ends once the run is to start nothing more.
    pub async fn requested(&self) {
        self.count(1).await;
    }

    /// Works to the end, or until the user presses Ctrl-C twice; `leaves` says what the work leaves behind then.
    ///
    /// # Errors
    /// The work's, and [`Interrupted`].
    pub fn unless_aborted<T>(
        &self,
        work: impl Future<Output = Result<T>>,
        leaves: impl FnOnce() -> String,
    ) -> impl Future<Output = Result<T>> {
        self.unless(2, Box::pin(work), leaves)
    }

    /// Does what comes before anything is measured, or until the user presses Ctrl-C; `leaves` says what the work leaves
    /// behind then.
    ///
    /// # Errors
    /// The work's, and [`Interrupted`].
    pub fn unless_requested<T>(
        &self,
        work: impl Future<Output = Result<T>>,
        leaves: impl FnOnce() -> String,
    ) -> impl Future<Output = Result<T>> {
        self.unless(1, Box::pin(work), leaves)
    }

    /// What a part of a run has brought: none if the user stopped the run before that part had measured anything, but after
    /// others might have.
    ///
    /// # Errors
    /// Any other, and [`Interrupted`] if the run was aborted.
    pub fn measured<T>(&self, part: Result<T>) -> Result<Option<T>> {
        match part {
            Err(error) if error.is::<Interrupted>() && *self.0.requests.borrow() < 2 => Ok(None),
            part => part.map(Some),
        }
    }

    /// The work is in a box: what a scenario keeps while it waits is large.
    async fn unless<T>(
        &self,
        requests: u32,
        work: Pin<Box<impl Future<Output = Result<T>>>>,
        leaves: impl FnOnce() -> String,
    ) -> Result<T> {
        tokio::select! {
            biased;
            () = self.count(requests) => Err(Interrupted(leaves()).into()),
            result = work => result,
        }
    }

    async fn count(&self, least: u32) {
        // The sender lives as long as this does.
        let _ = self.0.requests.subscribe().wait_for(|requests| *requests >= least).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn the_first_request_ends_what_comes_before_a_load_and_the_second_one_the_load() {
        let stop = Stop::default();
        assert_eq!(stop.unless_requested(async { Ok(1) }, String::new).await.unwrap(), 1);
        stop.request();
        stop.requested().await;
        let leaves = || "no message was sent".to_owned();
        let before = stop.unless_requested(pending::<Result<()>>(), leaves).await.unwrap_err();
        assert_eq!(before.to_string(), "interrupted: no message was sent");
        assert_eq!(stop.unless_aborted(async { Ok(2) }, leaves).await.unwrap(), 2, "it may still end");
        stop.request();
        let aborted = stop.unless_aborted(pending::<Result<()>>(), || "5 messages".to_owned()).await;
        assert_eq!(aborted.unwrap_err().to_string(), "interrupted: 5 messages");
    }

    #[test]
    fn a_part_that_was_stopped_leaves_the_others_and_one_that_was_aborted_does_not() {
        let stop = Stop::default();
        let interrupted = || Err::<(), _>(Interrupted(String::new()).into());
        stop.request();
        assert_eq!(stop.measured(Ok(3)).unwrap(), Some(3));
        assert_eq!(stop.measured(interrupted()).unwrap(), None);
        assert!(stop.measured(Err::<(), _>(anyhow::anyhow!("no queue"))).is_err());
        stop.request();
        assert!(stop.measured(interrupted()).is_err());
    }
}
