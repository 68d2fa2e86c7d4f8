//! What a load costs on AWS: what its workers, messages, transitions, requests and the database's time are charged.

use protocol::aurora::{Action, Outcome};
use protocol::stats::real;
use results::prices::{
    AURORA_ACU_HOUR, DATA_API_REQUEST, LAMBDA_REQUEST, Price, RunPrice, SQS_REQUEST, STATE_TRANSITION,
    compute,
};
use results::scenario::aurora::LoadPrice;

use crate::scenario::shared::billing_log::Billed;

/// What a run used; each none where it wasn't measured or there is no such thing in the run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Units that completed.
    pub completions: u64,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Memory of each worker, MB.
    pub memory_mb: u64,
    /// The workers' invocations.
    pub billed: Option<Billed>,
    /// Requests that sent messages.
    pub sends: Option<u64>,
    /// State transitions.
    pub transitions: Option<u64>,
    /// Requests to the Data API.
    pub data_api_requests: Option<u64>,
    /// Aurora's capacity × time.
    pub acu_hours: Option<f64>,
}

impl Usage {
    /// Its price; a million completions have none if a part of it was to be measured and wasn't.
    pub fn price(&self) -> LoadPrice {
        let storage_mb = 0;
        let compute = self
            .billed
            .and_then(|billed| RunPrice::new(&self.architecture, self.memory_mb, storage_mb, billed.ms));
        let lambda_requests = self.billed.map(|billed| real(billed.invocations) * LAMBDA_REQUEST.usd);
        // Lambda takes a batch of messages for each invocation and deletes it, with a request each; looks that find the
        // queue empty are not counted: they are made whether there is load or not.
        let queue = self
            .sends
            .zip(self.billed)
            .map(|(sends, billed)| real(sends + 2 * billed.invocations) * SQS_REQUEST.usd);
        let transitions = self.transitions.map(|count| real(count) * STATE_TRANSITION.usd);
        let data_api = self.data_api_requests.map(|count| real(count) * DATA_API_REQUEST.usd);
        let aurora = self.acu_hours.map(|hours| hours * AURORA_ACU_HOUR.usd);
        let compute_usd = compute.map(|price| price.compute_price_usd);
        let without_aurora = compute_usd.zip(lambda_requests).map(|(compute, requests)| {
            compute + requests + [queue, transitions, data_api].into_iter().flatten().sum::<f64>()
        });
        let per_million =
            |usd: f64| (self.completions > 0).then(|| usd / real(self.completions) * 1_000_000.0);
        LoadPrice {
            gb_seconds: compute.map(|price| price.gb_second_compute),
            compute_usd,
            lambda_requests_usd: lambda_requests,
            queue_usd: queue,
            transitions_usd: transitions,
            data_api_usd: data_api,
            acu_hours: self.acu_hours,
            aurora_usd: aurora,
            per_million_usd: without_aurora.and_then(per_million),
            per_million_with_aurora_usd: without_aurora
                .zip(aurora)
                .and_then(|(others, aurora)| per_million(others + aurora)),
        }
    }
}

/// Requests to the Data API that an outcome is made of: one a statement, and for TPC-B's five statements one more at
/// the transaction's begin and one at its end. Those of the ledger, which belong to the measurement, are not counted.
pub fn data_api_requests(action: Action, batch: u64, outcome: &Outcome) -> u64 {
    let units = outcome.completions + outcome.repeats;
    outcome.failures()
        + match action {
            Action::Insert => units.div_ceil(batch.max(1)),
            Action::Select | Action::Select2 => units,
            Action::Tpcb => 7 * units,
        }
}

/// The list prices that a price is made of.
pub fn quoted(price: &LoadPrice, architecture: &str) -> Vec<Price> {
    let parts = [
        (price.compute_usd, compute(architecture)),
        (price.lambda_requests_usd, Some(LAMBDA_REQUEST)),
        (price.queue_usd, Some(SQS_REQUEST)),
        (price.transitions_usd, Some(STATE_TRANSITION)),
        (price.data_api_usd, Some(DATA_API_REQUEST)),
        (price.aurora_usd, Some(AURORA_ACU_HOUR)),
    ];
    parts.into_iter().filter_map(|(usd, price)| usd.and(price)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn usage() -> Usage {
        Usage {
            completions: 10_000,
            architecture: "arm64".to_owned(),
            memory_mb: 1024,
            billed: Some(Billed { invocations: 10, ms: 100_000.0, ..Billed::default() }),
            ..Usage::default()
        }
    }

    fn assert_close(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|got| (got - want).abs() < 1e-12), "{got:?} is not {want}");
    }

    #[test]
    fn a_ramp_costs_its_workers_and_its_transitions() {
        let price = Usage { transitions: Some(100), ..usage() }.price();
        assert_close(price.gb_seconds, 100.0);
        let usd = 100.0 * 0.000_013_333_4 + 10.0 * 0.000_000_2 + 100.0 * 0.000_025;
        assert_close(price.per_million_usd, usd * 100.0);
        assert_eq!((price.queue_usd, price.data_api_usd), (None, None));
    }

    #[test]
    fn a_queue_costs_its_sends_and_two_requests_an_invocation() {
        let price = Usage { sends: Some(5), data_api_requests: Some(10_000), ..usage() }.price();
        assert_close(price.queue_usd, 25.0 * 0.000_000_4);
        assert_close(price.data_api_usd, 0.0035);
    }

    #[test]
    fn aurora_is_a_part_of_its_own_and_has_no_price_where_it_has_no_capacity() {
        assert_eq!(usage().price().per_million_with_aurora_usd, None);
        let price = Usage { acu_hours: Some(0.5), ..usage() }.price();
        assert_close(price.aurora_usd, 0.06);
        let without = price.per_million_usd.unwrap();
        assert_close(price.per_million_with_aurora_usd, without + 6.0);
    }

    #[test]
    fn without_the_billed_time_there_is_no_price_rather_than_a_low_one() {
        let price = Usage { billed: None, sends: Some(5), acu_hours: Some(1.0), ..usage() }.price();
        assert_eq!(
            (price.queue_usd, price.per_million_usd, price.per_million_with_aurora_usd),
            (None, None, None)
        );
    }

    #[test]
    fn a_run_in_which_nothing_completed_has_no_price_a_million() {
        assert_eq!(Usage { completions: 0, ..usage() }.price().per_million_usd, None);
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
        let quoted = quoted(&Usage { transitions: Some(1), ..usage() }.price(), "arm64");
        let units: Vec<&str> = quoted.iter().map(|price| price.unit).collect();
        assert_eq!(
            units,
            ["GB-second of arm64 compute", "Lambda request", "state transition of a standard workflow"]
        );
    }
}
