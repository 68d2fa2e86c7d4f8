//! What a load will cost and meet, before it begins.

use anyhow::Result;
use protocol::aurora::{Action, Driver, Outcome};
use protocol::stats::{real, whole};
use results::cost::Cost;
use results::prices::gigabytes;
use results::scenario::Detail;
use results::scenario::aurora::{COST, Load, Runs};

use super::Run;
use super::execute::Charges;
use super::options::{Mode, Options};
use super::report::{Quantities, data_api_requests};
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::cost::quantity_of;
use crate::scenario::shared::estimate::{Bound, Part, Past, Plan, Range, database, of_run, scaling};
use crate::scenario::shared::limits::{
    Limit, concurrency, environments, history_events, nested_map_iterations, state_transitions,
};

/// What a ramp's worker is billed for besides its stage: all start as late as a cold one can, s.
const WORKER_SECONDS: Range = Range::new(2.8, 3.0, 4.5);
/// Requests per second that a client makes to the Data API in a closed loop.
const CLIENT_REQUESTS: Range = Range::new(10.0, 50.0, 250.0);
/// What a message's unit takes by sqlx, and what each request to the Data API takes, ms.
const SQLX_UNIT_MS: Range = Range::new(0.5, 3.0, 20.0);
const DATA_API_REQUEST_MS: Range = Range::new(4.0, 20.0, 100.0);
/// What a queue worker's invocation takes besides, ms.
const INVOCATION_MS: Range = Range::new(5.0, 30.0, 200.0);
/// Between stages, and from the last one to the tally, s.
const BETWEEN_SECONDS: Range = Range::new(1.0, 2.0, 10.0);
/// Around all: REPORT lines, and Aurora's capacity in CloudWatch, s.
const AROUND_SECONDS: Range = Range::new(5.0, 30.0, 240.0);
/// Events of a worker in the execution's history.
const WORKER_EVENTS: u64 = 9;
/// What helps where a stage is too large.
const FEWER_CLIENTS: &str = "lower --to";
/// Messages of a `SendMessageBatch`.
const MESSAGES_PER_SEND: u64 = 10;

/// What a load will cost and meet.
pub fn plan(run: &Run, options: &Options, invocations_at_once: u64, pasts: &[&Past]) -> Result<Plan> {
    options.check_clients(run.deployed.max_clients())?;
    let loads = Expected::all(run, options, pasts);
    let readers = run.deployment().setting("readers").unwrap_or(0);
    let mut limits = vec![concurrency(run, invocations_at_once)];
    if options.mode == Mode::Ramp {
        limits.extend(limits_of_ramp(run, options));
    }
    let seconds = loads.iter().fold(AROUND_SECONDS, |sum, load| sum.plus(load.seconds()));
    let mut assumptions: Vec<String> = loads.iter().filter_map(Expected::assumption).collect();
    assumptions.dedup();
    Ok(Plan {
        standing: database(&run.prices, run.deployment(), 1 + readers, 2),
        parts: loads
            .iter()
            .map(|load| Part::of(load.label(), |bound| load.quantities(bound).usage()))
            .collect(),
        besides: scaling(&run.prices, run.deployment(), 1 + readers, seconds),
        seconds,
        limits,
        assumptions,
        not_counted: "Aurora's storage and I/O, and its least capacity, which is in the stack's price per hour; the functions that merge and \
                      tally; logs, metrics and tracing; data through the interface endpoints",
    })
}

/// What starting the workers of the largest stage takes, and keeping track of all.
fn limits_of_ramp(run: &Run, options: &Options) -> Vec<Limit> {
    let (stages, group_size) = (options.stages(), run.deployed.group_size);
    let largest = stages.iter().copied().max().unwrap_or_default();
    let transitions = 1 + largest.div_ceil(group_size) + largest;
    vec![
        environments(real(largest), FEWER_CLIENTS),
        state_transitions(run, real(transitions) / WORKER_SECONDS.expected, FEWER_CLIENTS),
        history_events(WORKER_EVENTS * stages.iter().sum::<u64>(), "raise --step, or lower --to"),
        nested_map_iterations(largest, FEWER_CLIENTS),
    ]
}

/// What the runs of a result used.
pub fn used(load: &Load, costs: &[Cost]) -> Vec<Cost> {
    let of = |label: String, completions: u64| {
        of_run(costs, &label, &[&format!("{label}: {COST}")], real(completions) / 1e6)
    };
    completions(load).into_iter().filter_map(|(label, completions)| of(label, completions)).collect()
}

/// The units that completed in each run, by its name in costs.
fn completions(load: &Load) -> Vec<(String, u64)> {
    match &load.runs {
        Runs::Ramp(runs) => runs
            .iter()
            .map(|run| {
                let of_stages = run.stages.iter().map(|stage| stage.aggregate.completions);
                (ramp_label(run.driver, run.action), of_stages.sum())
            })
            .collect(),
        Runs::Queue(runs) => runs
            .iter()
            .map(|run| {
                let of_actions = run.actions.iter().map(|one| one.aggregate.completions);
                (run.driver.to_string(), of_actions.sum())
            })
            .collect(),
    }
}

fn ramp_label(driver: Driver, action: Action) -> String {
    format!("{driver} {action}")
}

/// A run that is to come.
struct Expected<'a> {
    run: &'a Run,
    options: &'a Options,
    driver: Driver,
    /// What a ramp executes; a queue's messages have all actions.
    action: Option<Action>,
    pasts: Vec<&'a Past>,
}

impl<'a> Expected<'a> {
    fn all(run: &'a Run, options: &'a Options, pasts: &[&'a Past]) -> Vec<Self> {
        let of = |driver: Driver, action| Self { run, options, driver, action, pasts: pasts.to_vec() };
        let drivers = options.drivers().iter();
        match options.mode {
            Mode::Ramp => {
                let actions = options.actions().into_iter();
                actions
                    .flat_map(|action| drivers.clone().map(move |driver| of(*driver, Some(action))))
                    .collect()
            }
            Mode::Queue => drivers.map(|driver| of(*driver, None)).collect(),
        }
    }

    fn label(&self) -> String {
        self.action.map_or_else(|| self.driver.to_string(), |action| ramp_label(self.driver, action))
    }

    fn memory_mb(&self) -> u64 {
        self.run.deployment().setting("memory").unwrap_or_default()
    }

    fn quantities(&self, bound: Bound) -> Quantities<'_> {
        let billed = Billed {
            invocations: whole(self.invocations().at(bound)),
            ms: self.ms().at(bound),
            ..Billed::default()
        };
        Quantities {
            prices: &self.run.prices,
            completions: 0,
            architecture: &self.run.deployment().architecture,
            memory_mb: self.memory_mb(),
            charges: Charges { billed: Some(billed), acu_hours: None },
            sends: self.action.is_none().then(|| self.options.messages().div_ceil(MESSAGES_PER_SEND)),
            transitions: self.action.map(|_| self.transitions()),
            data_api_requests: (self.driver == Driver::DataApi).then(|| whole(self.requests().at(bound))),
        }
    }

    /// Clients of all stages.
    fn workers(&self) -> f64 {
        real(self.options.stages().iter().sum())
    }

    fn invocations(&self) -> Range {
        if self.action.is_some() {
            return Range::exact(self.workers());
        }
        let batch = self.run.deployment().setting("batchSize").unwrap_or(1).max(1);
        let messages = self.options.messages();
        let batches = real(messages.div_ceil(batch));
        Range::new(batches, batches, real(messages))
    }

    /// Billed time of all invocations.
    fn ms(&self) -> Range {
        if self.action.is_some() {
            let stage = real(self.options.seconds());
            return WORKER_SECONDS.map(|seconds| self.workers() * (stage + seconds) * 1e3);
        }
        if let Some((past, of_unit)) = self.past_queue_ms() {
            let longer = past.durations(self.run.deployment(), past.memory_mb, self.memory_mb());
            return longer.map(|longer| longer * of_unit * self.units());
        }
        let work = match self.driver {
            Driver::Sqlx => SQLX_UNIT_MS.map(|ms| ms * self.units()),
            Driver::DataApi => DATA_API_REQUEST_MS.times(self.requests()),
        };
        work.plus(INVOCATION_MS.times(self.invocations()))
    }

    /// Units of all messages.
    fn units(&self) -> f64 {
        real(self.options.messages() * self.options.statements())
    }

    /// Requests to the Data API.
    fn requests(&self) -> Range {
        let of = |action: Action, units: f64| {
            let outcome = Outcome { completions: whole(units), ..Outcome::default() };
            real(data_api_requests(action, action.batch(self.options.batch()), &outcome))
        };
        let Some(action) = self.action else {
            let actions = self.options.actions();
            let each = self.units() / real(actions.len() as u64);
            return Range::exact(actions.into_iter().map(|action| of(action, each)).sum());
        };
        let seconds = real(self.options.seconds());
        let rates = self.past_client_requests().map_or(CLIENT_REQUESTS, |(_, rates)| rates);
        let closed_loop = rates.map(|rate| rate * self.workers() * seconds);
        match self.options.rate() {
            0 => closed_loop,
            rate => {
                let stages = real(self.options.stages().len() as u64);
                closed_loop.clamp(0.0, of(action, real(rate) * seconds * stages))
            }
        }
    }

    /// States that an execution enters, and its start: those around the stages, those of each stage, of each group, and of each worker
    /// (`stacks/aurora/definition.asl.json`).
    fn transitions(&self) -> u64 {
        let groups = |clients: u64| clients.div_ceil(self.run.deployed.group_size.max(1));
        let stages = self.options.stages();
        5 + stages.iter().map(|clients| 3 + 2 * groups(*clients) + 2 * clients).sum::<u64>()
    }

    fn seconds(&self) -> Range {
        if self.action.is_some() {
            let stages = real(self.options.stages().len() as u64);
            let each = real(self.options.seconds());
            let stage = WORKER_SECONDS.plus(BETWEEN_SECONDS).map(|seconds| seconds + each);
            return stage.map(|seconds| seconds * stages).plus(BETWEEN_SECONDS);
        }
        let concurrency = real(self.run.deployment().setting("concurrency").unwrap_or(1).max(1));
        let at_once = concurrency.min(self.invocations().low.max(1.0));
        self.ms().map(|ms| ms / 1e3 / at_once).plus(BETWEEN_SECONDS)
    }

    /// What a unit of an earlier run's messages took, ms.
    fn past_queue_ms(&self) -> Option<(&'a Past, f64)> {
        self.pasts.iter().find_map(|past| {
            let Detail::Aurora(Load { runs: Runs::Queue(_) }) = &past.detail else { return None };
            let gb_seconds = quantity_of(&past.cost, &format!("{}: {COST}", self.label()), "compute")? / 1e6;
            (past.memory_mb > 0).then(|| (*past, gb_seconds / gigabytes(past.memory_mb) * 1e3))
        })
    }

    /// Requests per second to the Data API that an earlier run's clients made.
    fn past_client_requests(&self) -> Option<(&'a Past, Range)> {
        self.pasts.iter().find_map(|past| {
            let Detail::Aurora(load) = &past.detail else { return None };
            let Runs::Ramp(runs) = &load.runs else { return None };
            let run = runs.iter().find(|run| ramp_label(run.driver, run.action) == self.label())?;
            let client_seconds =
                run.stages.iter().map(|stage| real(stage.clients * run.seconds)).sum::<f64>();
            let (_, completions) = completions(load).into_iter().find(|(label, _)| *label == self.label())?;
            let of_million = quantity_of(&past.cost, &format!("{}: {COST}", self.label()), "Data API")?;
            let rate = of_million * real(completions) / 1e6 / client_seconds;
            // Shorter durations are more requests.
            let longer = past.durations(self.run.deployment(), past.memory_mb, self.memory_mb());
            let faster = Range::new(1.0 / longer.high, 1.0 / longer.expected, 1.0 / longer.low);
            (client_seconds > 0.0).then(|| (*past, faster.map(|faster| faster * rate)))
        })
    }

    fn assumption(&self) -> Option<String> {
        let deployment = self.run.deployment();
        match (self.action, self.driver) {
            (Some(_), Driver::Sqlx) => None,
            (Some(_), Driver::DataApi) => Some(match self.past_client_requests() {
                Some((past, _)) => {
                    past.says(deployment, &format!("{}: requests of each client", self.label()))
                }
                None => format!(
                    "requests to the Data API: assumed: {} to {} per second and client",
                    CLIENT_REQUESTS.low, CLIENT_REQUESTS.high
                ),
            }),
            (None, driver) => Some(self.past_queue_ms().map_or_else(
                || {
                    let ms = if driver == Driver::Sqlx { SQLX_UNIT_MS } else { DATA_API_REQUEST_MS };
                    format!("{driver}: durations: assumed: {} to {} ms for a statement", ms.low, ms.high)
                },
                |(past, _)| past.says(deployment, &format!("{driver}: durations")),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Usage;
    use crate::scenario::Scenario;
    use crate::scenario::aurora::Aurora;
    use crate::scenario::aurora::testing::run;
    use crate::scenario::shared::estimate::testing::{again, assert_alike};
    use crate::scenario::shared::testing::parsed;

    #[tokio::test]
    async fn the_same_ramps_again_are_estimated_as_they_were() {
        let aurora = Aurora::new(&parsed("--action TPCB --seconds 5").unwrap()).unwrap();
        // The emulator's histories lack the states inside of Maps.
        assert_alike(&again(&aurora, run()).await, &["Step Functions"]);
    }

    #[test]
    fn an_execution_enters_the_states_of_its_definition() {
        let (run, options) = (run(), parsed::<Options>("--driver sqlx --from 1 --to 50 --step 49").unwrap());
        let expected = Expected::all(&run, &options, &[]);
        // Ramp, Stages, Tally, Done and the start; Countdown, Groups and MergeGroups of two stages; Workers and MergeWorkers of one
        // group and of three; Work and Worked of 51 workers.
        assert_eq!(expected[0].transitions(), 5 + 2 * 3 + 2 * (1 + 3) + 2 * 51);
    }

    #[tokio::test]
    async fn messages_ask_for_known_units() {
        let run = run();
        let line = "--mode queue --messages 100 --statements 10 --action INSERT,TPCB --batch 5";
        let options: Options = parsed(line).unwrap();
        let plan = plan(&run, &options, 10, &[]).unwrap();
        let quantity = |part: usize, name: &str| {
            let lines = &plan.parts[part].expected.lines;
            lines.iter().find(|line| line.name == name).and_then(|line| line.quantity)
        };
        let items: Vec<_> = plan.parts.iter().map(|part| part.expected.item.as_str()).collect();
        assert_eq!(items, ["sqlx", "data-api"]);
        // 500 rows, five in a statement; 500 transactions.
        assert_eq!(quantity(1, "Data API"), Some(100.0 + 7.0 * 500.0));
        assert_eq!((quantity(0, "Data API"), quantity(0, "Step Functions")), (None, None));
        // Ten requests that send, and two for each batch of ten.
        assert_eq!((quantity(0, "SQS"), quantity(0, "Lambda requests")), (Some(30.0), Some(10.0)));
    }

    #[tokio::test]
    async fn a_rate_limits_what_the_data_api_is_asked() {
        let run = run();
        let requests = |line: &str| {
            let options: Options = parsed(line).unwrap();
            Expected::all(&run, &options, &[])[0].requests()
        };
        let line = "--driver data-api --action SELECT --from 2 --to 2 --seconds 10";
        assert_eq!(requests(line), CLIENT_REQUESTS.map(|rate| rate * 20.0));
        let limited = requests(&format!("{line} --rate 30"));
        assert_eq!((limited.low, limited.high), (200.0, 300.0));
    }

    #[tokio::test]
    async fn what_cannot_be_run_is_not_estimated() {
        let (run, options) = (run(), parsed::<Options>("--from 1000 --to 1000").unwrap());
        assert!(plan(&run, &options, 1000, &[]).unwrap_err().is::<Usage>());
    }
}
