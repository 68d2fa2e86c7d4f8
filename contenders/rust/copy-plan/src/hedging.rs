//! Hedged requests: copies that all else waits for are sent twice; the plan says how many.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{Either, select};
use s3_client::{Failed, Sent};
use zip_planner::Stage;

/// The copies of one stage, as they start.
pub struct Hedging {
    started: AtomicUsize,
    on_time: usize,
}

impl Hedging {
    pub fn new(stage: Stage) -> Self {
        Self { started: AtomicUsize::new(0), on_time: stage.copies - stage.hedged }
    }

    /// A copy starts, since what it copies is there: whether it is one of the last.
    pub fn should_hedge(&self) -> bool {
        self.started.fetch_add(1, Ordering::Relaxed) >= self.on_time
    }
}

/// The first of two to succeed.
pub async fn first(
    one: impl Future<Output = Result<Sent, Failed>>,
    other: impl Future<Output = Result<Sent, Failed>>,
) -> Result<Sent, Failed> {
    match select(Box::pin(one), Box::pin(other)).await {
        Either::Left((Err(_), rest)) => rest.await,
        Either::Right((Err(_), rest)) => rest.await,
        Either::Left((sent, _)) | Either::Right((sent, _)) => sent,
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use s3_client::Error;

    use super::*;

    #[tokio::test]
    async fn a_copy_that_fails_leaves_it_to_the_other() {
        let sent = |number| Ok(Sent { number, etag: String::new(), crc: None });
        let failed = || Err(Failed { doing: String::new(), error: Error::Stopped });
        assert_eq!(first(ready(failed()), ready(sent(2))).await, sent(2));
        assert_eq!(first(ready(sent(1)), ready(failed())).await, sent(1));
        assert_eq!(first(std::future::pending(), ready(sent(2))).await, sent(2));
        assert_eq!(first(ready(failed()), ready(failed())).await, failed());
    }
}
