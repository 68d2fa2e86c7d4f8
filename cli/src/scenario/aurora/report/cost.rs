//! What a million completions cost on AWS, by what their load used.

use protocol::aurora::{Action, Driver, Outcome};
use protocol::stats::real;
use results::cost::{Cost, Usage};
use results::price_list::PriceList;
use results::prices::{AURORA_ACU_HOUR, DATA_API_REQUEST, SQS_REQUEST, STATE_TRANSITION};
use results::scenario::aurora::{COST, COST_WITH_AURORA};

use crate::scenario::aurora::Run;
use crate::scenario::aurora::execute::queue::Handled;
use crate::scenario::aurora::execute::ramp::Execution;
use crate::scenario::aurora::execute::{Charges, Observation, Runs};
use crate::scenario::aurora::options::Options;
use crate::scenario::shared::cost::lambda;

/// The costs of each run: without and, where it was measured, with Aurora's capacity; none of a run in which nothing completed.
pub fn costs(run: &Run, options: &Options, observation: &Observation) -> Vec<Cost> {
    match &observation.runs {
        Runs::Ramp(executions) => executions
            .iter()
            .flat_map(|execution| {
                let label = format!("{} {}", execution.driver, execution.action);
                Quantities::of_execution(run, options, execution).costs(&label)
            })
            .collect(),
        Runs::Queue(all) => all
            .iter()
            .flat_map(|handled| {
                Quantities::of_messages(run, options, handled).costs(&handled.driver.to_string())
            })
            .collect(),
    }
}

/// What a run used.
#[derive(Debug, Clone, Copy)]
pub struct Quantities<'a> {
    /// What it is charged for.
    pub prices: &'a PriceList,
    /// Units that completed.
    pub completions: u64,
    /// `arm64` or `x86_64`.
    pub architecture: &'a str,
    /// Memory of each worker, MB.
    pub memory_mb: u64,
    /// The workers' invocations, and Aurora's capacity.
    pub charges: Charges,
    /// Requests that sent messages; none in a ramp.
    pub sends: Option<u64>,
    /// State transitions; none without a state machine.
    pub transitions: Option<u64>,
    /// Requests to the Data API; none with another driver.
    pub data_api_requests: Option<u64>,
}

impl<'a> Quantities<'a> {
    fn of_execution(run: &'a Run, options: &Options, execution: &Execution) -> Self {
        let outcomes = execution.output.stages.iter().map(|stage| (execution.action, &stage.outcome));
        Self {
            transitions: Some(execution.transitions),
            ..Self::of(run, options, execution.driver, execution.charges, outcomes)
        }
    }

    fn of_messages(run: &'a Run, options: &Options, handled: &Handled) -> Self {
        let outcomes = handled.tally.actions.iter().map(|one| (one.action, &one.outcome));
        Self {
            sends: Some(handled.sends),
            ..Self::of(run, options, handled.driver, handled.charges, outcomes)
        }
    }

    fn of<'b>(
        run: &'a Run,
        options: &Options,
        driver: Driver,
        charges: Charges,
        outcomes: impl Iterator<Item = (Action, &'b Outcome)> + Clone,
    ) -> Self {
        let requests = outcomes
            .clone()
            .map(|(action, outcome)| data_api_requests(action, action.batch(options.batch()), outcome));
        Self {
            prices: &run.prices,
            completions: outcomes.map(|(_, outcome)| outcome.completions).sum(),
            architecture: &run.deployment().architecture,
            memory_mb: run.deployment().setting("memory").unwrap_or_default(),
            charges,
            sends: None,
            transitions: None,
            data_api_requests: (driver == Driver::DataApi).then(|| requests.sum()),
        }
    }

    fn costs(&self, label: &str) -> Vec<Cost> {
        if self.completions == 0 {
            return Vec::new();
        }
        let (usage, million) = (self.usage(), 1e6 / real(self.completions));
        let without = usage.cost(format!("{label}: {COST}"), million);
        let with_aurora = self.charges.acu_hours.map(|hours| {
            let mut aurora = Usage::default();
            aurora.add("Aurora", hours, self.prices.quote(AURORA_ACU_HOUR));
            usage.with(aurora).cost(format!("{label}: {COST_WITH_AURORA}"), million)
        });
        std::iter::once(without).chain(with_aurora).collect()
    }

    /// All but Aurora's capacity.
    pub fn usage(&self) -> Usage {
        let mut usage = lambda(self.prices, self.architecture, self.memory_mb, self.charges.billed);
        if let Some(sends) = self.sends {
            // Lambda takes a batch of messages for each invocation and deletes it, with a request each; polls that find the
            // queue empty are not counted: they are made whether there is load or not.
            let requests = self.charges.billed.map(|billed| real(sends + 2 * billed.invocations));
            usage.add("SQS", requests, self.prices.quote(SQS_REQUEST));
        }
        if let Some(transitions) = self.transitions {
            usage.add("Step Functions", real(transitions), self.prices.quote(STATE_TRANSITION));
        }
        if let Some(requests) = self.data_api_requests {
            usage.add("Data API", real(requests), self.prices.quote(DATA_API_REQUEST));
        }
        usage
    }
}

/// Requests to the Data API that an outcome is made of: one a statement, and for TPC-B's five statements one more at
/// the transaction's start and one at its end. Those of the ledger, which belong to the measurement, are not counted.
pub fn data_api_requests(action: Action, batch: u32, outcome: &Outcome) -> u64 {
    let units = outcome.completions + outcome.repeats;
    outcome.failures()
        + match action {
            Action::Insert => units.div_ceil(batch.max(1).into()),
            Action::Select | Action::Select2 => units,
            Action::Tpcb => 7 * units,
        }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use results::price_list::US_EAST_1;

    use super::*;
    use crate::scenario::shared::billing_log::Billed;

    fn quantities() -> Quantities<'static> {
        let billed = Billed { invocations: 10, ms: 100_000.0, ..Billed::default() };
        Quantities {
            prices: &US_EAST_1,
            completions: 10_000,
            architecture: "arm64",
            memory_mb: 1024,
            charges: Charges { billed: Some(billed), acu_hours: None },
            sends: None,
            transitions: None,
            data_api_requests: None,
        }
    }

    /// The cost without Aurora's capacity.
    fn cost(quantities: Quantities<'_>) -> Cost {
        quantities.costs("sqlx").remove(0)
    }

    /// A line's quantity and USD for all completions, not for a million.
    fn line(cost: &Cost, name: &str) -> Option<(f64, f64)> {
        let line = cost.lines.iter().find(|line| line.name == name)?;
        Some((line.quantity? / 100.0, line.usd? / 100.0))
    }

    fn assert_close(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|got| (got - want).abs() < 1e-9), "{got:?} is not {want}");
    }

    #[test]
    fn a_ramp_costs_its_workers_and_its_transitions() {
        let cost = cost(Quantities { transitions: Some(100), ..quantities() });
        assert_close(line(&cost, "compute").map(|(gb_seconds, _)| gb_seconds), 100.0);
        let usd = 100.0 * 0.000_013_333_4 + 10.0 * 0.000_000_2 + 100.0 * 0.000_025;
        assert_close(cost.usd, usd * 100.0);
        assert_eq!((line(&cost, "SQS"), line(&cost, "Data API")), (None, None));
    }

    #[test]
    fn a_queue_costs_its_sends_and_two_requests_an_invocation() {
        let cost = cost(Quantities { sends: Some(5), data_api_requests: Some(10_000), ..quantities() });
        assert_close(line(&cost, "SQS").map(|(_, usd)| usd), 25.0 * 0.000_000_4);
        assert_close(line(&cost, "Data API").map(|(_, usd)| usd), 0.0035);
    }

    #[test]
    fn aurora_is_a_part_of_its_own_and_has_no_price_where_it_has_no_capacity() {
        assert_eq!(quantities().costs("sqlx").len(), 1);
        let charges = Charges { acu_hours: Some(0.5), ..quantities().charges };
        let costs = Quantities { charges, ..quantities() }.costs("sqlx SELECT");
        let [without, with_aurora] = costs.as_slice() else { panic!("{costs:?}") };
        assert_eq!(without.item, "sqlx SELECT: a million completions, without Aurora's capacity");
        assert_eq!(with_aurora.item, "sqlx SELECT: a million completions, with Aurora's capacity");
        assert_close(line(with_aurora, "Aurora").map(|(_, usd)| usd), 0.06);
        assert_close(with_aurora.usd, without.usd.unwrap() + 6.0);
    }

    #[test]
    fn without_the_billed_time_there_is_no_price_rather_than_a_low_one() {
        let charges = Charges { billed: None, acu_hours: Some(1.0) };
        let costs = Quantities { charges, sends: Some(5), ..quantities() }.costs("sqlx");
        assert_eq!(costs.iter().map(|cost| cost.usd).collect::<Vec<_>>(), [None, None]);
        assert_eq!(line(&costs[0], "SQS"), None);
    }

    #[test]
    fn a_run_in_which_nothing_completed_has_no_price_a_million() {
        assert_eq!(Quantities { completions: 0, ..quantities() }.costs("sqlx"), []);
    }

    #[test]
    fn the_data_api_is_asked_once_a_statement_and_seven_times_a_transaction() {
        let errors = BTreeMap::from([("40001".to_owned(), 3)]);
        let outcome = Outcome { completions: 95, repeats: 5, errors, ..Outcome::default() };
        assert_eq!(data_api_requests(Action::Select, 1, &outcome), 103);
        assert_eq!(data_api_requests(Action::Insert, 30, &outcome), 7);
        assert_eq!(data_api_requests(Action::Tpcb, 1, &outcome), 703);
    }

    #[test]
    fn only_prices_that_were_used_are_quoted() {
        let cost = cost(Quantities { transitions: Some(1), ..quantities() });
        let units: Vec<&str> = cost.lines.iter().map(|line| line.price.unit.as_str()).collect();
        assert_eq!(
            units,
            ["GB-second of arm64 compute", "Lambda request", "state transition of a standard workflow"]
        );
    }
}
