//! Limits of services that several scenarios use.

use protocol::deployment::Deployment;
use protocol::stats::real;

use super::quota::{CONCURRENCY, STATE_TRANSITIONS};
use super::{Allowed, Limit};
use crate::scenario::shared::run::Run;

/// Writes per second that each prefix of a bucket takes at least (S3 User Guide, "Best practices design patterns: optimizing Amazon
/// S3 performance").
pub const S3_WRITES: f64 = 3500.0;
/// Reads per second, from the same page.
pub const S3_READS: f64 = 5500.0;
/// Events that the history of an execution holds ("Step Functions service quotas").
const HISTORY_EVENTS: f64 = 25_000.0;
/// Iterations of an inline Map at once (Step Functions Developer Guide, "Using Map state in Inline mode").
const MAP_ITERATIONS: f64 = 40.0;
/// Environments that Lambda adds to a function in [`SCALING_SECONDS`] (Lambda Developer Guide, "Lambda scaling behavior").
const ENVIRONMENTS: f64 = 1000.0;
/// The period of [`ENVIRONMENTS`], s.
pub const SCALING_SECONDS: f64 = 10.0;

/// How many functions the account runs at once.
pub fn concurrency<D: AsRef<Deployment>>(run: &Run<D>, needed: u64) -> Limit {
    Limit::new(
        "invocations at once (Lambda, of the account)",
        real(needed),
        run.account.allows(&CONCURRENCY, run.deployment()),
        format!(
            "what is throttled is tried again, which the figures include: {}, or lower the concurrency",
            CONCURRENCY.raise()
        ),
    )
}

/// How many environments of one function start in [`SCALING_SECONDS`].
pub fn environments(needed: f64, advice: &str) -> Limit {
    Limit::new(
        format!("environments of a function started in {SCALING_SECONDS} s (Lambda)"),
        needed,
        Allowed::documented(ENVIRONMENTS),
        advice,
    )
}

/// How many states Step Functions enters per second, of all executions of the account.
pub fn state_transitions<D: AsRef<Deployment>>(run: &Run<D>, needed: f64, advice: &str) -> Limit {
    Limit::new(
        "state transitions per second (Step Functions, of the account)",
        needed,
        run.account.allows(&STATE_TRANSITIONS, run.deployment()),
        format!("{}, or {advice}", STATE_TRANSITIONS.raise()),
    )
}

/// How many events the history of one execution has.
pub fn history_events(needed: u64, advice: &str) -> Limit {
    let allowed = Allowed::documented(HISTORY_EVENTS);
    Limit::new("events in a history (Step Functions)", real(needed), allowed, advice)
}

/// How many iterations of an inline Map run at once.
pub fn map_iterations(needed: u64, advice: &str) -> Limit {
    let allowed = Allowed::documented(MAP_ITERATIONS);
    Limit::new("iterations of a Map at once (Step Functions)", real(needed), allowed, advice)
}

/// How many iterations of an inline Map run at once that stands in another one.
pub fn nested_map_iterations(needed: u64, advice: &str) -> Limit {
    let allowed = Allowed::documented(MAP_ITERATIONS * MAP_ITERATIONS);
    Limit::new("iterations of a Map in a Map at once (Step Functions)", real(needed), allowed, advice)
}
