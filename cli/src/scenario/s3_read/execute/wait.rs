//! Waiting until each object is read or dead-lettered. SQS's counts say when it's worth asking, the table and the
//! dead-letter queue say what became of the objects.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;

use super::{Handled, UnderWay, dead_letters, items};
use crate::scenario::shared::queue::{self, Emptying, Limits};
use crate::scenario::shared::wait;

/// After so long without a change, no object of a run that was stopped is under way any more.
const QUIET: Duration = Duration::from_secs(5);

impl Handled {
    /// Objects that were given up and not read, with the reason.
    pub fn failed(&self) -> Vec<(&String, &String)> {
        let read: HashSet<&String> = self.items.iter().map(|item| &item.object).collect();
        self.dead_letters.reasons().iter().filter(|(object, _)| !read.contains(object)).collect()
    }

    /// Read or given up.
    pub fn count(&self) -> u64 {
        (self.items.len() + self.failed().len()) as u64
    }
}

/// Waits until a run's objects are read or dead-lettered, or nothing has changed for longer than a message may take. Once the user
/// presses Ctrl-C, only those are waited for that are being read.
pub async fn until_handled(under_way: UnderWay<'_>, limits: Limits, sent: u64) -> Result<Handled> {
    let context = under_way.run.context();
    let message = format!("{} objects", under_way.variant);
    let url = &under_way.functions.queue.url;
    let (mut handled, mut emptying) = (Handled::default(), Emptying::default());
    wait::until(context, sent, async |wait| {
        let depth = queue::attributes(context, url).await?.depth;
        let counts = [depth, handled.items.len() as u64, handled.dead_letters.count()];
        let idle = wait.report_progress(sent.saturating_sub(depth.max(1)), &message, counts);
        let is_stalled = idle > limits.patience();
        let is_stopped = emptying.is_over(context, url, idle, QUIET).await;
        if depth > 0 && !is_stalled && !is_stopped {
            return Ok(None);
        }
        handled.items = items::query(under_way).await?;
        dead_letters::receive(under_way, &mut handled.dead_letters).await?;
        handled.is_stopped = is_stopped;
        let is_over = is_stalled || is_stopped || handled.count() >= sent;
        if is_over {
            wait.report_progress(
                handled.count(),
                &message,
                [depth, handled.count(), handled.dead_letters.count()],
            );
        }
        Ok(is_over.then(|| std::mem::take(&mut handled)))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::s3_read::testing::{dead_letters, items};

    #[test]
    fn an_object_that_was_read_after_all_is_not_counted_twice() {
        let handled = Handled {
            items: items(3),
            dead_letters: dead_letters(&["files/0002", "files/0009"]),
            ..Handled::default()
        };
        let failed: Vec<_> = handled.failed().into_iter().map(|(object, _)| object.as_str()).collect();
        assert_eq!((failed, handled.count()), (vec!["files/0009"], 4));
    }
}
