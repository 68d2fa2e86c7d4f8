//! A ramp: an execution of the state machine for each action and driver, one after the other.

use std::cell::RefCell;

use anyhow::Result;
use protocol::aurora::{Action, Driver, Ramp, RampOutput, Tally};
use protocol::stats::real;
use serde_json::json;

use super::{Chargeable, Charges, stopped, workers};
use crate::exit::Interrupted;
use crate::output;
use crate::progress::Progress;
use crate::scenario::aurora::options::Options;
use crate::scenario::aurora::{Run, clients};
use crate::scenario::shared::aurora_capacity::Capacities;
use crate::scenario::shared::billing_log::{Invocations, Span};
use crate::scenario::shared::state_machine::{Machine, message};

/// An execution that has ended well, or that the user has stopped.
#[derive(Debug)]
pub struct Execution {
    /// Its name.
    pub name: String,
    /// How its workers reached the database.
    pub driver: Driver,
    /// What each unit executed.
    pub action: Action,
    /// Whether the user has stopped it.
    pub is_stopped: bool,
    /// What it returned; of one that was stopped, the stages that had ended.
    pub output: RampOutput,
    /// When it started and ended, ms since 1970.
    pub span_ms: (i64, i64),
    /// State transitions that are charged for.
    pub transitions: u64,
    /// What else is.
    pub charges: Charges,
    /// What the database's capacity was.
    pub capacities: Capacities,
}

impl Execution {
    /// The tally, or in the function's own words why there is none.
    pub fn tally(&self) -> Result<&Tally, String> {
        let why = || {
            let error = self.output.tally_error.as_deref().unwrap_or("no reason given");
            error.split_once(": ").map_or_else(|| error.to_owned(), |(_, cause)| message(cause))
        };
        self.output.tally.as_ref().ok_or_else(why)
    }

    pub(super) fn chargeable<'a>(&self, run: &'a Run, options: &Options) -> Result<Chargeable<'a>> {
        let stages = &self.output.stages;
        let reported: u64 = stages.iter().map(|stage| stage.outcome.workers).sum();
        let invocations = Span {
            function: &workers(run, self.driver)?.ramp,
            from_ms: self.span_ms.0,
            to_ms: self.span_ms.1,
            invocations: Invocations::Count(reported..=stages.iter().map(|stage| stage.clients).sum()),
        };
        let intended = real(options.seconds());
        let seconds = stages.iter().map(|stage| stage.outcome.elapsed_seconds(intended)).sum();
        Ok(Chargeable { invocations, seconds })
    }
}

/// Runs all executions. If the user presses Ctrl-C, the one under way is stopped, and its stages that had ended count. Returns what
/// is missing then, too.
///
/// # Errors
/// If one fails; [`Interrupted`] if the user stopped it before a stage had ended, or aborted it.
pub async fn execute(run: &Run, options: &Options) -> Result<(Vec<Execution>, Vec<String>)> {
    let machine = Machine::new(&run.config, run.deployment(), &run.deployed.state_machine);
    run.stop.unless_requested(machine.refuse_other(), || "no execution was started".to_owned()).await?;
    let under_way = RefCell::new(None);
    let left = || {
        format!(
            "the execution is stopped; workers that have started end by themselves after {} s",
            options.seconds()
        )
    };
    run.stop.waits_for("workers that have started to end");
    let work = execute_each(run, options, &machine, &under_way);
    let executions = run.stop.unless_aborted(work, left).await;
    if let (Err(_), Some(execution)) = (&executions, under_way.take()) {
        output::print_error("stopping the execution …");
        machine.stop(&execution).await?;
    }
    let executions = executions?;
    if executions.0.is_empty() {
        return Err(Interrupted(format!("no stage had ended; {}", left())).into());
    }
    Ok(executions)
}

async fn execute_each(
    run: &Run,
    options: &Options,
    machine: &Machine<'_>,
    under_way: &RefCell<Option<String>>,
) -> Result<(Vec<Execution>, Vec<String>)> {
    let (stages, actions) = (options.stages(), options.actions());
    let pairs = alternating(&actions, options.drivers());
    let steps = (stages.len() * pairs.len()) as u64;
    let mut progress = Progress::new(run.progress, steps);
    let (mut executions, mut missing) = (Vec::new(), Vec::new());
    for (index, (action, driver)) in pairs.into_iter().enumerate() {
        if run.stop.is_requested() {
            missing.push(format!("{driver} {action}"));
            continue;
        }
        let name = format!("{}-{driver}-{}", run.name, action.to_string().to_lowercase());
        under_way.replace(Some(machine.execution(&name)));
        let arn = machine.start(&name, &json!(input(options, &name, action, driver))).await?;
        let followed = machine.follow(&arn, |events| {
            let stage =
                stage_under_way(&stages, |clients| run.deployed.stage_tasks(clients), events.scheduled);
            let message = format!("stages; {driver} {action}, {}", clients(stages[stage]));
            progress.set((index * stages.len() + stage) as u64, &message);
        });
        let ended = tokio::select! {
            ended = followed => Some(ended?),
            () = run.stop.requested() => None,
        };
        let (output, span_ms) = if let Some(ended) = &ended {
            (ended.output(&format!("the ramp of {action} by {driver}"), |_| None)?, ended.span_ms())
        } else {
            let (output, span_ms) = stopped::stop(run, options, machine, &name).await?;
            missing.extend(stopped::missing(&format!("{driver} {action}"), &stages, output.stages.len()));
            (output, span_ms)
        };
        under_way.replace(None);
        if output.stages.is_empty() && ended.is_none() {
            continue;
        }
        let transitions = machine.events(&arn).await?.transitions();
        let (charges, capacities) = Default::default();
        executions.push(Execution {
            name,
            driver,
            action,
            is_stopped: ended.is_none(),
            output,
            span_ms,
            transitions,
            charges,
            capacities,
        });
    }
    if missing.is_empty() {
        progress.set(steps, "stages");
    }
    progress.end();
    // As results have them, whichever was first.
    let position = |driver| options.drivers().iter().position(|other| *other == driver);
    executions.sort_by_key(|execution| {
        (actions.iter().position(|action| *action == execution.action), position(execution.driver))
    });
    Ok((executions, missing))
}

/// Each action by each driver, the drivers in turns the other way round: none is always the one that another one's load has
/// warmed the database's caches for, or made it scale.
fn alternating(actions: &[Action], drivers: &[Driver]) -> Vec<(Action, Driver)> {
    let by = |(index, action): (usize, &Action)| {
        let mut drivers = drivers.to_vec();
        if index % 2 == 1 {
            drivers.reverse();
        }
        let action = *action;
        drivers.into_iter().map(move |driver| (action, driver))
    };
    actions.iter().enumerate().flat_map(by).collect()
}

/// The state machine's input for one execution.
fn input<'a>(options: &Options, name: &'a str, action: Action, driver: Driver) -> Ramp<'a> {
    Ramp {
        run: name,
        action,
        driver,
        endpoint: options.endpoint(action),
        batch: action.batch(options.batch()),
        rate: options.rate(),
        from: options.from(),
        to: options.to(),
        step: options.step(),
        seconds: options.seconds(),
    }
}

/// Which stage is under way when this number of tasks has been scheduled; `tasks_of` says how many a stage of some clients has.
fn stage_under_way(stages: &[u64], tasks_of: impl Fn(u64) -> u64, scheduled: u64) -> usize {
    let mut left = scheduled;
    for (index, clients) in stages.iter().enumerate() {
        let tasks = tasks_of(*clients);
        if left <= tasks {
            return index;
        }
        left -= tasks;
    }
    stages.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::aurora::testing::{execution, run};

    #[test]
    fn progress_knows_the_stage_by_the_tasks_that_were_scheduled() {
        let deployed = run().deployed;
        let stages = [1, 3, 50];
        // 1 worker and 2 merges; 3 workers and 2 merges; 50 workers and 4 merges.
        for (scheduled, stage) in [(0, 0), (1, 0), (3, 0), (4, 1), (8, 1), (9, 2), (58, 2), (61, 2), (62, 2)]
        {
            let under_way = stage_under_way(&stages, |clients| deployed.stage_tasks(clients), scheduled);
            assert_eq!(under_way, stage, "{scheduled} tasks");
        }
    }

    #[test]
    fn no_driver_is_always_first() {
        use Action::{Insert, Select, Tpcb};
        use Driver::{DataApi, Sqlx};
        let order = alternating(&[Select, Insert, Tpcb], &[Sqlx, DataApi]);
        let [first, second] = [[Sqlx, DataApi], [DataApi, Sqlx]];
        assert_eq!(
            order.iter().map(|(_, driver)| *driver).collect::<Vec<_>>(),
            [first, second, first].concat()
        );
        assert_eq!(alternating(&[Select, Insert], &[Sqlx]), [(Select, Sqlx), (Insert, Sqlx)]);
    }

    #[test]
    fn an_execution_whose_ledger_cannot_be_read_still_tells_what_its_workers_say() {
        let cause = json!({ "errorType": "DbError", "errorMessage": "28P01: no entry" });
        let output = json!({ "stages": [], "tally_error": format!("DbError: {cause}") });
        let mut execution = execution(Action::Select, &[]);
        execution.output = serde_json::from_value(output).unwrap();
        assert_eq!(execution.tally(), Err("28P01: no entry".to_owned()));
    }
}
