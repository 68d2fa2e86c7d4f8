//! The figures of a load.

use protocol::aurora::Outcome;
use protocol::stats::real;
use results::scenario::aurora::knee::Knee;
use results::scenario::aurora::{Aggregate, Ledger, Load, QueueAction, QueueRun, RampRun, Runs, Stage};

use crate::scenario::aurora::execute::queue::Handled;
use crate::scenario::aurora::execute::ramp::Execution;
use crate::scenario::aurora::execute::{self, Observation};
use crate::scenario::aurora::options::Options;

/// The figures of all runs.
pub fn load(options: &Options, observation: &Observation) -> Load {
    let runs = match &observation.runs {
        execute::Runs::Ramp(executions) => {
            Runs::Ramp(executions.iter().map(|execution| ramp_run(options, execution)).collect())
        }
        execute::Runs::Queue(all) => {
            Runs::Queue(all.iter().map(|handled| queue_run(options, handled)).collect())
        }
    };
    Load { runs }
}

fn ramp_run(
    options: &Options,
    Execution { name, driver, action, output, capacities, .. }: &Execution,
) -> RampRun {
    let seconds = options.seconds();
    let stages = output.stages.iter().map(|stage| Stage {
        clients: stage.clients,
        offered_tps: (options.rate() > 0).then(|| real(options.rate())),
        acus: capacities.range(span_ms(&stage.outcome)),
        aggregate: Aggregate::of(&stage.outcome, real(seconds)),
    });
    let stages: Vec<Stage> = stages.collect();
    RampRun {
        run: name.clone(),
        driver: *driver,
        action: *action,
        host: options.endpoint(*action),
        batch: action.batch(options.batch()).into(),
        seconds,
        knee: Knee::of(&stages),
        stages,
        ledger: output.tally.as_ref().map(Ledger::of),
    }
}

/// When a stage's units ran; nothing is known of one that had none.
fn span_ms(outcome: &Outcome) -> (i64, i64) {
    [outcome.started_at_ms, outcome.ended_at_ms].map(u64::cast_signed).into()
}

fn queue_run(options: &Options, handled: &Handled) -> QueueRun {
    let Handled { name, driver, dead_letters, tally, .. } = handled;
    let actions = tally.actions.iter().map(|one| QueueAction {
        action: one.action,
        host: options.endpoint(one.action),
        aggregate: Aggregate::of(&one.outcome, 0.0),
    });
    QueueRun {
        run: name.clone(),
        driver: *driver,
        statements: options.statements(),
        batch: options.batch().into(),
        sent: handled.sent,
        done: tally.done,
        dead_lettered: dead_letters.count(&tally.done_sources),
        dead_lettered_done: tally.done_sources.len() as u64,
        reasons: dead_letters.reasons(&tally.done_sources),
        acus: handled.capacities.range(handled.span_ms),
        actions: actions.collect(),
        ledger: Ledger::of(tally),
    }
}
