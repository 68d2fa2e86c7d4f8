//! Counts that have to be equal: where they are not, a run's figures can't be trusted.

use results::aurora::{QueueRun, RampRun};
use results::load::Tally;
use results::stats::real;

/// What doesn't add up in a ramp's run.
pub fn in_ramp(run: &RampRun, tally: &Tally) -> Vec<String> {
    let told: u64 = run.stages.iter().map(|stage| stage.figures.completions).sum();
    let is_complete = run.stages.iter().all(|stage| stage.figures.lost == 0);
    let mut violations = in_tables(tally);
    if is_complete && told != run.ledger.completions {
        violations.push(format!(
            "{} {}: the workers report {told} completions, the ledger has {} ({:+.0})",
            run.driver,
            run.action,
            run.ledger.completions,
            real(run.ledger.completions) - real(told),
        ));
    }
    violations
}

/// What doesn't add up in a queue's run.
pub fn in_queue(run: &QueueRun, tally: &Tally) -> Vec<String> {
    let handled = run.done + run.dead_lettered;
    let mut violations = in_tables(tally);
    if handled < run.sent {
        violations.push(format!(
            "{}: {} of {} messages are missing: neither done nor dead-lettered",
            run.driver,
            run.sent - handled,
            run.sent
        ));
    }
    if handled > run.sent {
        violations.push(format!(
            "{}: {} messages were sent, but {} are done and {} dead-lettered",
            run.driver, run.sent, run.done, run.dead_lettered
        ));
    }
    violations
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
    use results::load::Action;

    use super::*;
    use crate::scenario::aurora::testing::{queue_run, ramp_run, tally};

    #[test]
    fn a_run_that_adds_up_has_no_violation() {
        let tally = tally(Action::Insert, 3000, Some(3000));
        assert_eq!(in_ramp(&ramp_run(Action::Insert, &[(1, 1000), (2, 2000)]), &tally), [""; 0]);
        assert_eq!(in_queue(&queue_run(100, 98, 2), &tally), [""; 0]);
    }

    #[test]
    fn completions_that_are_not_rows_are_named() {
        let tally = tally(Action::Insert, 3000, Some(2999));
        let violations = in_ramp(&ramp_run(Action::Insert, &[(1, 1000), (2, 2000)]), &tally);
        assert_eq!(violations, ["sqlx INSERT: 3000 completions, but 2999 rows in the table"]);
    }

    #[test]
    fn workers_that_report_more_than_the_ledger_has_are_named() {
        let tally = tally(Action::Select, 2990, None);
        let mut run = ramp_run(Action::Select, &[(1, 1000), (2, 2000)]);
        run.ledger.completions = 2990;
        assert_eq!(
            in_ramp(&run, &tally),
            ["sqlx SELECT: the workers report 3000 completions, the ledger has 2990 (-10)"]
        );
        run.stages[1].figures.lost = 1;
        assert_eq!(in_ramp(&run, &tally), [""; 0], "what a lost worker did is in the ledger alone");
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
