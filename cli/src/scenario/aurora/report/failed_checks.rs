//! Counts that have to be equal: where they are not, a run's figures cannot be trusted.

use protocol::aurora::Tally;
use protocol::stats::real;
use results::scenario::aurora::{Load, QueueRun, RampRun, Runs};

use crate::scenario::aurora::execute::{self, Observation};

/// What doesn't add up in a load.
pub fn failed_checks(observation: &Observation, load: &Load) -> Vec<String> {
    match (&observation.runs, &load.runs) {
        (execute::Runs::Ramp(executions), Runs::Ramp(runs)) => {
            let both = runs.iter().zip(executions);
            both.flat_map(|(run, execution)| in_ramp(run, execution.tally(), execution.is_stopped)).collect()
        }
        (execute::Runs::Queue(all), Runs::Queue(runs)) => {
            runs.iter().zip(all).flat_map(|(run, handled)| in_queue(run, &handled.tally)).collect()
        }
        _ => unreachable!("a load's figures are of the load that was observed"),
    }
}

/// What doesn't add up in a ramp's run, by its tally or the reason why there is none. The ledger of one that was stopped also has
/// what the stage did that had not ended.
fn in_ramp(run: &RampRun, tally: Result<&Tally, String>, is_stopped: bool) -> Vec<String> {
    let (tally, ledger) = match (tally, &run.ledger) {
        (Ok(tally), Some(ledger)) => (tally, ledger),
        (why, _) => {
            let why = why.err().unwrap_or_default();
            let label = format!("{} {}", run.driver, run.action);
            return vec![format!(
                "{label}: the ledger cannot be read, so nothing checks the completions: {why}"
            )];
        }
    };
    let told: u64 = run.stages.iter().map(|stage| stage.aggregate.completions).sum();
    let is_complete = run.stages.iter().all(|stage| stage.aggregate.lost == 0);
    let mut failed = in_tables(tally);
    // A read leaves nothing behind: where its worker could not reach the ledger at its end, nobody can make up for it.
    let adds_up = told == ledger.completions || is_stopped && told < ledger.completions;
    if is_complete && ledger.rows.is_some() && !adds_up {
        failed.push(format!(
            "{} {}: the workers report {told} completions, the ledger has {} ({:+.0})",
            run.driver,
            run.action,
            ledger.completions,
            real(ledger.completions) - real(told),
        ));
    }
    failed
}

/// What doesn't add up in a queue's run.
fn in_queue(run: &QueueRun, tally: &Tally) -> Vec<String> {
    let handled = run.done + run.dead_lettered;
    let mut failed = in_tables(tally);
    if handled < run.sent {
        failed.push(format!(
            "{}: {} of {} messages are missing: neither done nor dead-lettered",
            run.driver,
            run.sent - handled,
            run.sent
        ));
    }
    if handled > run.sent {
        failed.push(format!(
            "{}: {} messages were sent, but {} are done and {} dead-lettered",
            run.driver, run.sent, run.done, run.dead_lettered
        ));
    }
    failed
}

/// Writes whose rows are more or fewer than their completions.
fn in_tables(tally: &Tally) -> Vec<String> {
    let differing = tally.actions.iter().filter_map(|one| {
        let rows = one.rows?;
        let completions = one.outcome.completions;
        (rows != completions).then(|| {
            format!("{} {}: {completions} completions, but {rows} rows in the table", one.driver, one.action)
        })
    });
    differing.collect()
}

#[cfg(test)]
mod tests {
    use protocol::aurora::Action;
    use results::scenario::aurora::Ledger;

    use super::*;
    use crate::scenario::aurora::testing::{queue_run, ramp_run, tally};

    #[test]
    fn a_run_that_adds_up_has_no_failed_check() {
        let tally = tally(Action::Insert, 3000, Some(3000));
        assert_eq!(in_ramp(&ramp_run(Action::Insert, &[(1, 1000), (2, 2000)]), Ok(&tally), false), [""; 0]);
        assert_eq!(in_queue(&queue_run(100, 98, 2), &tally), [""; 0]);
    }

    #[test]
    fn completions_that_are_not_rows_are_named() {
        let tally = tally(Action::Insert, 3000, Some(2999));
        let failed_checks = in_ramp(&ramp_run(Action::Insert, &[(1, 1000), (2, 2000)]), Ok(&tally), false);
        assert_eq!(failed_checks, ["sqlx INSERT: 3000 completions, but 2999 rows in the table"]);
    }

    #[test]
    fn workers_that_report_more_than_the_ledger_has_are_named() {
        let tally = tally(Action::Insert, 2990, Some(2990));
        let mut run = ramp_run(Action::Insert, &[(1, 1000), (2, 2000)]);
        run.ledger = Some(Ledger::of(&tally));
        assert_eq!(
            in_ramp(&run, Ok(&tally), false),
            ["sqlx INSERT: the workers report 3000 completions, the ledger has 2990 (-10)"]
        );
        run.stages[1].aggregate.lost = 1;
        assert_eq!(
            in_ramp(&run, Ok(&tally), false),
            [""; 0],
            "what a lost worker did is in the ledger alone"
        );
    }

    #[test]
    fn the_ledger_of_a_ramp_that_was_stopped_may_have_more_than_its_stages_and_not_less() {
        let mut run = ramp_run(Action::Insert, &[(1, 1000), (2, 2000)]);
        for (completions, failed) in [(3700, 0), (3000, 0), (2990, 1)] {
            let tally = tally(Action::Insert, completions, Some(completions));
            run.ledger = Some(Ledger::of(&tally));
            assert_eq!(in_ramp(&run, Ok(&tally), true).len(), failed, "{completions}");
        }
    }

    #[test]
    fn a_ledger_that_cannot_be_read_is_told_with_the_reason() {
        let mut run = ramp_run(Action::Insert, &[(1, 1000)]);
        run.ledger = None;
        let said = in_ramp(&run, Err("28P01: password authentication failed".to_owned()), false);
        assert!(said[0].starts_with("sqlx INSERT: the ledger cannot be read"), "{said:?}");
        assert!(said[0].ends_with("28P01: password authentication failed"), "{said:?}");
    }

    #[test]
    fn missing_and_surplus_messages_are_counted() {
        let tally = tally(Action::Select, 10, None);
        assert_eq!(
            in_queue(&queue_run(100, 95, 2), &tally),
            ["sqlx: 3 of 100 messages are missing: neither done nor dead-lettered"]
        );
        let surplus = in_queue(&queue_run(100, 99, 2), &tally);
        assert_eq!(surplus, ["sqlx: 100 messages were sent, but 99 are done and 2 dead-lettered"]);
    }
}
