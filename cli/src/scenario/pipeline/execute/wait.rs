//! Waiting until each accepted message is a row or a dead letter.

use std::cell::Cell;
use std::time::Duration;

use anyhow::Result;
use protocol::deployment::Deployment;
use protocol::pipeline::{Tally, TallyRequest};

use super::dead_letters::DeadLetters;
use super::reconcile::Reconciliation;
use super::tally::tally;
use super::{RequestLog, RequestStatus, Run};
use crate::scenario::shared::wait;

/// Without any change, what has not arrived is lost after this, and after all attempts that Lambda may still make at a batch.
const PATIENCE: Duration = Duration::from_mins(2);
/// A stream keeps its records for a day: nothing arrives later.
const RETENTION: Duration = Duration::from_hours(24);
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

/// Waits until each accepted message has arrived, or nothing has changed for longer than a batch may be tried; `arrived` is how
/// many have.
pub async fn until_arrived(
    run: &Run,
    wanted: &TallyRequest,
    requests: &RequestLog,
    arrived: &Cell<u64>,
) -> Result<Arrived> {
    let accepted = requests.count(RequestStatus::Accepted);
    let patience = patience(run.deployment())?;
    let mut dead_letters = DeadLetters::default();
    let (tally, reconciliation) = wait::until(run.context(), accepted, async |wait| {
        let polled = poll(run, wanted, requests, &mut dead_letters).await;
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
        Ok(is_over(&tally, &reconciliation, idle, patience).then_some((tally, reconciliation)))
    })
    .await?;
    Ok(Arrived { tally, dead_letters, reconciliation })
}

/// Dead letters need to be received only while something is missing.
async fn poll(
    run: &Run,
    wanted: &TallyRequest,
    requests: &RequestLog,
    dead_letters: &mut DeadLetters,
) -> Result<(Tally, Reconciliation)> {
    let tally = tally(run, wanted).await?;
    let reconcile = |dead_letters: &DeadLetters| {
        let dead_letters = dead_letters.by_number(&run.name);
        Reconciliation::new(&requests.statuses, wanted.measured_from, &tally.numbers, &dead_letters)
    };
    let mut reconciliation = reconcile(dead_letters);
    if reconciliation.missing() + reconciliation.open > 0 {
        dead_letters.collect(run).await?;
        reconciliation = reconcile(dead_letters);
    }
    Ok((tally, reconciliation))
}

/// How long nothing may change while the readers of the streams retry: each attempt may take a reader's whole time.
fn patience(deployment: &Deployment) -> Result<Duration> {
    let attempts = u32::try_from(deployment.required("retries")? + 1)?;
    let attempt = Duration::from_secs(deployment.required("timeoutSeconds")?);
    Ok((attempt * attempts + PATIENCE).min(RETENTION))
}

fn is_over(tally: &Tally, reconciliation: &Reconciliation, idle: Duration, patience: Duration) -> bool {
    let is_complete = reconciliation.missing() == 0 && tally.unconfirmed == 0;
    let patience = match (is_complete, reconciliation.open) {
        (true, 0) => return true,
        (true, _) => UNANSWERED_PATIENCE,
        (false, _) => patience,
    };
    idle > patience
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::pipeline::testing::run;

    const LONG: Duration = Duration::from_secs(121);

    fn is_over(tally: &Tally, reconciliation: &Reconciliation, idle: Duration) -> bool {
        super::is_over(tally, reconciliation, idle, PATIENCE)
    }

    #[test]
    fn what_lambda_may_still_retry_is_not_lost() {
        let patience = |retries: u64, seconds: u64| {
            let mut run = run();
            let settings = &mut run.deployed.deployment.settings;
            settings.insert("retries".to_owned(), retries.into());
            settings.insert("timeoutSeconds".to_owned(), seconds.into());
            super::patience(run.deployment()).unwrap().as_secs()
        };
        assert_eq!((patience(0, 60), patience(10, 60)), (180, 780));
        assert_eq!(patience(10_000, 900), 86_400, "the stream keeps nothing for longer");
    }

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
