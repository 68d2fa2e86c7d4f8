//! A load that functions send: an execution of the state machine that starts them, and what they report.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::Result;
use load::{Counters, GeneratedLoad, MergedLoad, RequestLog, RequestStatus, SharedLoad};
use protocol::load_generator::{Input, LoadGenerator};
use results::scenario::pipeline::Workers;

use super::{Run, Status};
use crate::scenario::pipeline::options::Options;
use crate::scenario::shared::load_generator::{self, Execution, Generation, Reports};

/// The functions that have sent a load.
#[derive(Debug, Clone, Default)]
pub struct LoadWorkers {
    /// How many, and how well.
    pub workers: Workers,
    /// What started them, and what they are charged for.
    pub generation: Generation,
}

/// Has the functions send the load to its end.
pub async fn send(run: &Run, options: &Options, status: &Status) -> Result<(GeneratedLoad, LoadWorkers)> {
    let input = input(run, options);
    let schedule = &input.load.schedule;
    run.stop.waits_for("the functions to send the rest of the load");
    let execution = Execution {
        generator: generator(run)?,
        name: &run.name,
        logs: &run.logs_command("pipeline/load"),
        under_way: &status.execution,
    };
    let sent = load_generator::send(run.context(), execution, &input).await?;
    let Reports { reports, generation } = sent;
    let merged = MergedLoad::new(schedule, reports);
    status.counters.replace(Some(Arc::new(counters(&merged.load.requests))));
    let workers = Workers {
        count: schedule.workers,
        lost: schedule.workers - merged.reported,
        unreported: merged.unreported,
        late: merged.late,
        latest_ms: merged.load.late.as_secs_f64() * 1000.0,
    };
    Ok((merged.load, LoadWorkers { workers, generation }))
}

/// What generates load on Lambda.
pub fn generator(run: &Run) -> Result<&LoadGenerator> {
    load_generator::deployed(run.deployed.load.as_ref(), run.deployment())
}

fn input(run: &Run, options: &Options) -> Input<SharedLoad> {
    let schedule = options.schedule();
    let workers = schedule.workers;
    let load = SharedLoad {
        run: run.name.clone(),
        schedule,
        connections: options.connections,
        message_bytes: options.size,
    };
    load_generator::input(load, workers)
}

/// What there is to know of a load under way, once it is over.
fn counters(requests: &RequestLog) -> Counters {
    let counters = Counters::default();
    counters.sent.store(requests.sent(), Relaxed);
    counters.accepted.store(requests.count(RequestStatus::Accepted), Relaxed);
    counters
}

#[cfg(test)]
mod tests {
    use load::Task;
    use serde_json::json;

    use super::*;
    use crate::scenario::pipeline::options::Origin;
    use crate::scenario::pipeline::testing::{options, run};

    fn by_functions() -> Options {
        Options { from: Origin::Functions, workers: Some(40), ..options() }
    }

    #[test]
    fn the_state_machine_gets_what_each_worker_is_told() {
        let input = json!(input(&run(), &by_functions()));
        assert_eq!((&input["start_delay_ms"], &input["workers"]), (&json!(5800), &json!(40)));
        let task = json!({ "load": input["load"], "worker": 7, "start_at_ms": 1_763_719_200_000_u64 });
        let task: Task = serde_json::from_value(task).unwrap();
        assert_eq!(task.load.schedule, by_functions().schedule());
    }

    #[test]
    fn whoever_aborts_the_run_is_told_what_was_sent() {
        let mut requests = RequestLog::new(5);
        requests.statuses.fill(RequestStatus::Accepted);
        let counters = counters(&requests);
        assert_eq!((counters.sent.load(Relaxed), counters.accepted.load(Relaxed)), (5, 5));
    }

    #[tokio::test]
    async fn a_stack_without_such_functions_says_how_to_get_them() {
        let mut run = run();
        run.deployed.load = None;
        let said = send(&run, &by_functions(), &Status::default()).await.unwrap_err().to_string();
        assert!(said.ends_with("deploy it again with: pulumi up --stack dev"), "{said}");
    }
}
