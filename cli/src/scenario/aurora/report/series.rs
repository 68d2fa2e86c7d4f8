//! The latencies of each stage, or of each action's messages.

use protocol::aurora::Outcome;
use protocol::stats::real;
use results::scenario::aurora::Aggregate;

use crate::scenario::aurora::clients;
use crate::scenario::aurora::execute::{Observation, Runs};
use crate::scenario::aurora::options::Options;
use crate::scenario::shared::series::{Series, Values};

/// All of them.
pub fn series(options: &Options, observation: &Observation) -> Vec<Series> {
    let mut all = Vec::new();
    match &observation.runs {
        Runs::Ramp(executions) => {
            for execution in executions {
                let (driver, action) = (execution.driver, execution.action);
                all.extend(execution.output.stages.iter().map(|stage| {
                    let name = format!("{driver} {action}, {}", clients(stage.clients));
                    latencies(name, &stage.outcome, real(options.seconds()))
                }));
            }
        }
        Runs::Queue(queues) => {
            for handled in queues {
                all.extend(
                    handled.tally.actions.iter().map(|one| {
                        latencies(format!("{} {}", handled.driver, one.action), &one.outcome, 0.0)
                    }),
                );
            }
        }
    }
    all
}

fn latencies(name: String, outcome: &Outcome, intended_seconds: f64) -> Series {
    Series {
        name,
        failures: outcome.failures(),
        values: Values::Histogram(outcome.latency.clone()),
        per_second: Some(Aggregate::of(outcome, intended_seconds).tps),
    }
}
