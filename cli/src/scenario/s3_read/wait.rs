//! Waiting until each object is read or dead-lettered. SQS's counts say when it's worth asking, the table and the
//! dead-letter queue say what became of the objects.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;
use results::scenario::s3_read::{Asked, Variant};
use tokio::time::{Instant, sleep};

use super::dead::DeadLetters;
use super::items::{self, Item};
use super::{Road, Test};
use crate::progress::Progress;
use crate::scenario::shared::queue::{self, Limits};
use crate::scenario::shared::stall_timer::StallTimer;

/// Between two looks at the queue.
const POLL: Duration = Duration::from_secs(1);

/// A run, and where it is.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// The road.
    pub variant: Variant,
    /// Its functions and queues.
    pub road: &'a Road,
    /// The run's name.
    pub run: &'a str,
}

/// What became of a run's objects.
pub struct Handled {
    /// Those that were read.
    pub items: Vec<Item>,
    /// Those that were given up, some of which may have been read all the same.
    pub dead: DeadLetters,
}

impl Handled {
    /// Objects that were given up and not read, with the reason.
    pub fn failed(&self) -> Vec<(&String, &String)> {
        let read: HashSet<&String> = self.items.iter().map(|item| &item.object).collect();
        self.dead.iter().filter(|(object, _)| !read.contains(object)).collect()
    }

    /// Read or given up.
    fn count(&self) -> u64 {
        (self.items.len() + self.failed().len()) as u64
    }
}

/// Waits until a run's objects are read or dead-lettered, or nothing has changed for longer than a message may take.
pub async fn until_handled(
    test: &Test,
    under: Under<'_>,
    asked: &Asked,
    limits: &Limits,
    sent: u64,
) -> Result<Handled> {
    let Under { variant, road, run } = under;
    let mut progress = Progress::new(test.progress, sent);
    let mut handled = Handled { items: Vec::new(), dead: DeadLetters::default() };
    let mut stall_timer = StallTimer::default();
    loop {
        let depth = queue::attributes(test.context(), &road.queue.url).await?.depth;
        let idle = stall_timer.observe([depth, handled.items.len() as u64, handled.dead.count()]);
        let is_stalled = idle > limits.patience();
        let looked = Instant::now();
        if depth == 0 || is_stalled {
            handled.items = items::collect(test, &format!("{run}#{variant}"), &asked.hash).await?;
            handled.dead.collect(test, road, variant, run).await?;
            if is_stalled || handled.count() >= sent {
                progress.end();
                return Ok(handled);
            }
        }
        progress.set(sent.saturating_sub(depth.max(1)), &format!("{variant} objects"));
        // Looking at many items takes a while itself.
        sleep(POLL.max(looked.elapsed())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::s3_read::testing::{dead, items};

    #[test]
    fn an_object_that_was_read_after_all_is_not_counted_twice() {
        let handled = Handled { items: items(3), dead: dead(&["files/0002", "files/0009"]) };
        let failed: Vec<_> = handled.failed().into_iter().map(|(object, _)| object.as_str()).collect();
        assert_eq!((failed, handled.count()), (vec!["files/0009"], 4));
    }
}
