//! What memory sizes are compared by.

use results::cost::Cost;
use results::memory_sweep::Figure;
use results::scenario::aurora::{COST, Load, QueueRun, RampRun, Runs};

use crate::scenario::shared::cost::usd_of;

/// The throughput of each run, and what a million completions cost.
pub fn figures(load: &Load, costs: &[Cost]) -> Vec<Figure> {
    let figure = |name: String, tps: f64| {
        let usd = usd_of(costs, &format!("{name}: {COST}"));
        Figure { name, speed: (tps > 0.0).then_some(tps), usd }
    };
    match &load.runs {
        Runs::Ramp(runs) => runs
            .iter()
            .map(|run| figure(format!("{} {}", run.driver, run.action), highest_tps(run)))
            .collect(),
        Runs::Queue(runs) => runs.iter().map(|run| figure(run.driver.to_string(), tps(run))).collect(),
    }
}

/// That of the stage with the highest.
pub fn highest_tps(run: &RampRun) -> f64 {
    run.stages.iter().map(|stage| stage.aggregate.tps).fold(0.0, f64::max)
}

/// Of all actions together: their messages are mixed.
pub fn tps(run: &QueueRun) -> f64 {
    run.actions.iter().map(|one| one.aggregate.tps).sum()
}

#[cfg(test)]
mod tests {
    use protocol::aurora::Action;

    use super::*;
    use crate::scenario::aurora::testing::{queue_run, ramp_run};

    fn cost(item: &str, usd: f64) -> Cost {
        Cost { item: item.to_owned(), usd: Some(usd), lines: vec![] }
    }

    fn figure(name: &str, speed: Option<f64>, usd: Option<f64>) -> Figure {
        Figure { name: name.to_owned(), speed, usd }
    }

    #[test]
    fn a_ramp_counts_by_its_best_stage_and_the_price_without_aurora() {
        let run = ramp_run(Action::Select, &[(1, 100), (2, 300), (4, 200)]);
        let costs = [
            cost("sqlx SELECT: a million completions, with Aurora's capacity", 9.0),
            cost("sqlx SELECT: a million completions, without Aurora's capacity", 3.0),
        ];
        let figures = figures(&Load { runs: Runs::Ramp(vec![run]) }, &costs);
        assert_eq!(figures, [figure("sqlx SELECT", Some(30.0), Some(3.0))]);
    }

    #[test]
    fn a_ramp_in_which_nothing_completed_has_no_figures() {
        let load = Load { runs: Runs::Ramp(vec![ramp_run(Action::Select, &[(1, 0)])]) };
        assert_eq!(figures(&load, &[]), [figure("sqlx SELECT", None, None)]);
    }

    #[test]
    fn messages_count_by_all_their_actions_together() {
        let run = queue_run(100, 100, 0);
        let tps: f64 = run.actions.iter().map(|one| one.aggregate.tps).sum();
        let figures = figures(&Load { runs: Runs::Queue(vec![run]) }, &[]);
        assert!(tps > 0.0);
        assert_eq!(figures, [figure("sqlx", Some(tps), None)]);
    }
}
