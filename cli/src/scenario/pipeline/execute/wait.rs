//! Waiting until each accepted message is a row or a dead letter.

use std::cell::Cell;
use std::time::Duration;

use anyhow::Result;
use protocol::pipeline::Tally;

use super::dead_letters::DeadLetters;
use super::reconcile::Reconciliation;
use super::tally::tally;
use super::{RequestLog, RequestStatus, Run};
use crate::scenario::shared::wait;

/// What hasn't arrived after so long without any change is lost.
const PATIENCE: Duration = Duration::from_mins(2);
/// Messages whose request wasn't answered may still arrive: after so long without any change, no longer.
const UNANSWERED_PATIENCE: Duration = Duration::from_secs(10);

/// What has arrived in the end.
pub struct Arrived {
    /// What the table says.
    pub tally: Tally,
    /// What the dead-letter queues say.
    pub dead_letters: DeadLetters,
    /// What became of each message.
    pub reconciliation: Reconciliation,
}

/// Waits until each accepted message has arrived, or nothing has changed for two minutes; `arrived` is how many have.
pub async fn until_arrived(
    run: &Run,
    measured_from: u64,
    requests: &RequestLog,
    arrived: &Cell<u64>,
) -> Result<Arrived> {
    let accepted = requests.count(RequestStatus::Accepted);
    let mut dead_letters = DeadLetters::default();
    let (tally, reconciliation) = wait::until(run.context(), accepted, async |wait| {
        let polled = poll(run, measured_from, requests, &mut dead_letters).await;
        let (tally, reconciliation) = match polled {
            Ok(polled) => polled,
            Err(error) if wait.idle() > PATIENCE => return Err(error),
            // A database that restarts has no answer for a while.
            Err(_) => return Ok(None),
        };
        arrived.set(accepted - reconciliation.missing());
        let message =
            format!("accepted messages have arrived, {} as dead letters", reconciliation.dead_lettered);
        let counts = [tally.rows, tally.unconfirmed, tally.deliveries, dead_letters.count()];
        let idle = wait.report_progress(arrived.get(), &message, counts);
        Ok(is_over(&tally, &reconciliation, idle).then_some((tally, reconciliation)))
    })
    .await?;
    Ok(Arrived { tally, dead_letters, reconciliation })
}

/// Dead letters need to be received only while something is missing.
async fn poll(
    run: &Run,
    measured_from: u64,
    requests: &RequestLog,
    dead_letters: &mut DeadLetters,
) -> Result<(Tally, Reconciliation)> {
    let tally = tally(run, measured_from).await?;
    let reconcile = |dead_letters: &DeadLetters| {
        let dead_letters = dead_letters.by_number(&run.name);
        Reconciliation::new(&requests.statuses, measured_from, &tally.numbers, &dead_letters)
    };
    let mut reconciliation = reconcile(dead_letters);
    if reconciliation.missing() + reconciliation.open > 0 {
        dead_letters.collect(run).await?;
        reconciliation = reconcile(dead_letters);
    }
    Ok((tally, reconciliation))
}

fn is_over(tally: &Tally, reconciliation: &Reconciliation, idle: Duration) -> bool {
    let is_complete = reconciliation.missing() == 0 && tally.unconfirmed == 0;
    let patience = match (is_complete, reconciliation.open) {
        (true, 0) => return true,
        (true, _) => UNANSWERED_PATIENCE,
        (false, _) => PATIENCE,
    };
    idle > patience
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(121);

    #[test]
    fn the_end_is_waited_for_as_long_as_messages_keep_arriving() {
        let missing = Reconciliation { lost: vec![(3, 4)], ..Reconciliation::default() };
        let confirmed = Tally::default();
        assert!(!is_over(&confirmed, &missing, Duration::from_secs(119)));
        assert!(is_over(&confirmed, &missing, LONG));
        assert!(is_over(&confirmed, &Reconciliation::default(), Duration::ZERO));
    }

    #[test]
    fn rows_whose_commit_nobody_has_heard_of_have_not_arrived() {
        let tally = Tally { unconfirmed: 1, ..Tally::default() };
        assert!(!is_over(&tally, &Reconciliation::default(), Duration::from_secs(30)));
        assert!(is_over(&tally, &Reconciliation::default(), LONG));
    }

    #[test]
    fn messages_that_may_have_been_taken_get_a_little_time() {
        let open = Reconciliation { open: 2, ..Reconciliation::default() };
        assert!(!is_over(&Tally::default(), &open, Duration::from_secs(9)));
        assert!(is_over(&Tally::default(), &open, Duration::from_secs(11)));
    }
}
