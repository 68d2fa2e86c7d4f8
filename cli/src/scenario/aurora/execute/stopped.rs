//! What an execution of the ramp has measured that the user stops: it returns nothing itself.

use std::time::Duration;

use anyhow::Result;
use protocol::aurora::{Outcome, RampOutput, StageOutput};
use serde_json::Value;
use tokio::time::sleep;

use super::tally::tally;
use crate::scenario::aurora::Run;
use crate::scenario::aurora::options::Options;
use crate::scenario::shared::state_machine::Machine;
use crate::scenario::shared::tables::count;

/// What workers take besides their load: to start, to wait for each other, and to write down what they did.
const BESIDES: Duration = Duration::from_secs(10);

/// Stops an execution; returns its stages that had ended, with the ledger once no worker is under way, and when it started and
/// ended, ms since 1970.
pub async fn stop(
    run: &Run,
    options: &Options,
    machine: &Machine<'_>,
    name: &str,
) -> Result<(RampOutput, (i64, i64))> {
    let arn = machine.execution(name);
    machine.stop(&arn).await?;
    let stages = ended(&machine.task_outputs(&arn).await?, &options.stages());
    let times = stages.iter().flat_map(|stage| [stage.outcome.started_at_ms, stage.outcome.ended_at_ms]);
    let times: Vec<_> = times.filter(|ms| *ms > 0).map(u64::cast_signed).collect();
    let span_ms = times.iter().min().copied().zip(times.iter().max().copied()).unwrap_or_default();
    if stages.is_empty() {
        return Ok((RampOutput { stages, tally: None, tally_error: None }, span_ms));
    }
    let _spinner = run.context().waiting("waiting for the workers that have started");
    sleep(Duration::from_secs(options.seconds()) + BESIDES).await;
    let (tally, tally_error) = match tally(run, name, Vec::new()).await {
        Ok(tally) => (Some(tally), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    Ok((RampOutput { stages, tally, tally_error }, span_ms))
}

/// What an execution lacks that was stopped after so many of its stages, in words.
pub fn missing(title: &str, stages: &[u64], ended: usize) -> Option<String> {
    let left: Vec<_> = stages.iter().skip(ended).map(u64::to_string).collect();
    match (ended, left.last()) {
        (_, None) => None,
        (0, _) => Some(title.to_owned()),
        (_, Some(_)) if left.len() == 1 => Some(format!("{title}: the stage of {} clients", left[0])),
        (_, Some(last)) => {
            Some(format!("{title}: {} from {} to {last} clients", count(left.len() as u64, "stage"), left[0]))
        }
    }
}

/// The stages of so many clients that have ended, by what the execution's tasks returned in their order: each worker what it did,
/// and each merge what several did. What all workers of a stage did together is what the stage did; larger ones come later.
fn ended(outputs: &[String], stages: &[u64]) -> Vec<StageOutput> {
    let mut left = stages.iter().copied().peekable();
    let mut ended = Vec::new();
    for output in outputs {
        let Ok(mut output) = serde_json::from_str::<Value>(output) else { continue };
        let Ok(outcome) = serde_json::from_value::<Outcome>(output["Payload"].take()) else { continue };
        if let Some(clients) = left.next_if_eq(&(outcome.workers + outcome.lost)) {
            ended.push(StageOutput { clients, outcome });
        }
    }
    ended
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::aurora::testing;

    /// What a task returned that `workers` did so much.
    fn output(workers: u64, completions: u64) -> String {
        json!({ "StatusCode": 200, "Payload": testing::outcome(workers, completions) }).to_string()
    }

    #[test]
    fn a_stage_has_ended_when_all_its_workers_are_merged() {
        let of_one = [output(1, 10), output(1, 10), output(1, 10)];
        let of_three = [output(1, 4), output(1, 5), output(1, 6), output(3, 15), output(3, 15)];
        let begun = [output(1, 7), output(1, 8)];
        let all = [&of_one[..], &of_three, &begun].concat();
        let stages: Vec<_> =
            ended(&all, &[1, 3, 5]).iter().map(|stage| (stage.clients, stage.outcome.completions)).collect();
        assert_eq!(stages, [(1, 10), (3, 15)]);
    }

    #[test]
    fn a_stage_of_several_groups_is_no_group_and_a_lost_worker_is_part_of_it() {
        let outputs = [output(20, 100), output(20, 100), output(40, 200)];
        assert_eq!(ended(&outputs[..2], &[40]), []);
        assert_eq!(ended(&outputs, &[40])[0].outcome.completions, 200);
        let mut lost = testing::outcome(2, 9);
        lost.lost = 1;
        let merged = json!({ "Payload": lost }).to_string();
        assert_eq!(ended(&[merged], &[3])[0].outcome.lost, 1);
        assert_eq!(ended(&["no JSON".to_owned(), "{}".to_owned()], &[1]), []);
    }

    #[test]
    fn what_is_missing_is_named_by_its_clients() {
        let of = |ended| missing("sqlx INSERT", &[1, 2, 4, 8], ended);
        assert_eq!(of(4), None);
        assert_eq!(of(3).unwrap(), "sqlx INSERT: the stage of 8 clients");
        assert_eq!(of(1).unwrap(), "sqlx INSERT: 3 stages from 2 to 8 clients");
        assert_eq!(of(0).unwrap(), "sqlx INSERT");
    }
}
