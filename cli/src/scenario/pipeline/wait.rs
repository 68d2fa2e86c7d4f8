//! Waiting until each accepted message is a row or a dead letter.

use std::time::Duration;

use anyhow::Result;
use protocol::pipeline::Tally;
use tokio::time::sleep;

use super::Test;
use super::account::Account;
use super::dead::DeadLetters;
use super::load::record::Record;
use super::tally::tally;
use crate::progress::Progress;
use crate::scenario::shared::stall_timer::StallTimer;

/// Between two looks.
const POLL: Duration = Duration::from_secs(1);
/// What hasn't arrived after so long without any change is lost.
const PATIENCE: Duration = Duration::from_mins(2);
/// Messages whose request wasn't answered may still arrive: after so long without any change, no longer.
const STRAGGLERS: Duration = Duration::from_secs(10);

/// What has arrived in the end.
pub struct Arrived {
    /// What the table says.
    pub tally: Tally,
    /// What the dead-letter queues say.
    pub dead: DeadLetters,
    /// What became of each message.
    pub account: Account,
}

/// Waits until each accepted message has arrived, or nothing has changed for two minutes.
pub async fn until_arrived(test: &Test, record: &Record) -> Result<Arrived> {
    let accepted = record.count_from(0, super::load::record::Fate::Accepted);
    let mut progress = Progress::new(test.progress, accepted);
    let mut dead = DeadLetters::default();
    let mut stall_timer = StallTimer::default();
    loop {
        match look(test, record, &mut dead).await {
            Ok((tally, account)) => {
                let handled = accepted - account.missing();
                test.arrived.set(handled);
                progress.set(
                    handled,
                    &format!("accepted messages have arrived, {} as dead letters", account.dead_lettered),
                );
                let idle =
                    stall_timer.observe([tally.rows, tally.unconfirmed, tally.deliveries, dead.count()]);
                if is_over(&tally, &account, idle) {
                    progress.end();
                    return Ok(Arrived { tally, dead, account });
                }
            }
            // A database that restarts has no answer for a while.
            Err(error) if stall_timer.idle() > PATIENCE => return Err(error),
            Err(_) => {}
        }
        sleep(POLL).await;
    }
}

/// Dead letters need to be looked at only while something is missing.
async fn look(test: &Test, record: &Record, dead: &mut DeadLetters) -> Result<(Tally, Account)> {
    let tally = tally(test).await?;
    let measured_from = test.plan.schedule.measured_from();
    let account = Account::of(&record.fates, measured_from, &tally.numbers, dead.by_number());
    if account.missing() + account.open == 0 {
        return Ok((tally, account));
    }
    dead.collect(test).await?;
    let account = Account::of(&record.fates, measured_from, &tally.numbers, dead.by_number());
    Ok((tally, account))
}

fn is_over(tally: &Tally, account: &Account, idle: Duration) -> bool {
    let is_complete = account.missing() == 0 && tally.unconfirmed == 0;
    let patience = match (is_complete, account.open) {
        (true, 0) => return true,
        (true, _) => STRAGGLERS,
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
        let missing = Account { lost: vec![(3, 4)], ..Account::default() };
        let confirmed = Tally::default();
        assert!(!is_over(&confirmed, &missing, Duration::from_secs(119)));
        assert!(is_over(&confirmed, &missing, LONG));
        assert!(is_over(&confirmed, &Account::default(), Duration::ZERO));
    }

    #[test]
    fn rows_whose_commit_nobody_has_heard_of_have_not_arrived() {
        let tally = Tally { unconfirmed: 1, ..Tally::default() };
        assert!(!is_over(&tally, &Account::default(), Duration::from_secs(30)));
        assert!(is_over(&tally, &Account::default(), LONG));
    }

    #[test]
    fn messages_that_may_have_been_taken_get_a_little_time() {
        let open = Account { open: 2, ..Account::default() };
        assert!(!is_over(&Tally::default(), &open, Duration::from_secs(9)));
        assert!(is_over(&Tally::default(), &open, Duration::from_secs(11)));
    }
}
