//! Which driver takes more load and costs less, as far as one run of each can tell.

use protocol::aurora::{Action, Driver, Endpoint};
use results::cost::Cost;
use results::scenario::aurora::{COST, COST_WITH_AURORA, Load, QueueRun, RampRun, Runs};

use super::figures::{highest_tps, tps};
use crate::scenario::aurora::clients;
use crate::scenario::shared::cost::usd_of;
use crate::scenario::shared::tables::{distinct, per_second};
use crate::scenario::shared::verdict::{
    Candidate, Commands, Figure, Verdict, by_price, clause, clauses, usd,
};

/// The verdict of a load.
pub fn verdict(load: &Load, costs: &[Cost], commands: &Commands<'_>) -> Verdict {
    let told = match &load.runs {
        Runs::Ramp(runs) => {
            let actions = distinct(runs.iter().map(|run| &run.action));
            actions.into_iter().filter_map(|action| of_action(*action, runs, costs)).collect()
        }
        Runs::Queue(runs) => {
            let measured: Vec<_> =
                runs.iter().map(|run| (run.driver, run.driver.to_string(), tps(run))).collect();
            compared(&candidates(&measured, costs)).into_iter().collect()
        }
    };
    if Vec::is_empty(&told) {
        return commands.nothing("nothing was completed: no TPS, no price");
    }
    Verdict { told, basis: commands.basis_of_one_run() }
}

/// The drivers at one action; none if nothing was completed.
fn of_action(action: Action, runs: &[RampRun], costs: &[Cost]) -> Option<String> {
    let runs: Vec<_> = runs.iter().filter(|run| run.action == action).collect();
    let offered = runs.iter().find_map(|run| run.stages.first()?.offered_tps);
    let measured: Vec<_> =
        runs.iter().map(|run| (run.driver, format!("{} {action}", run.driver), highest_tps(run))).collect();
    let candidates = candidates(&measured, costs);
    let said = match offered {
        None => compared(&candidates)?,
        Some(rate) => {
            // At a steady rate, drivers that keep up are equally fast.
            let kept = runs.iter().map(|run| keeps_up(run, rate));
            kept.chain(clause("cheapest", &by_price(&candidates))).collect::<Vec<_>>().join("; ")
        }
    };
    Some(format!("{action}: {said}"))
}

fn keeps_up(run: &RampRun, rate: f64) -> String {
    let first = run.stages.iter().rev().take_while(|stage| stage.keeps_up()).last();
    match first {
        Some(stage) => {
            format!("{} keeps up with {rate:.0} units/s with {}", run.driver, clients(stage.clients))
        }
        None => format!("{} doesn't keep up with {rate:.0} units/s", run.driver),
    }
}

/// Who wins, or the figures of the only one; none if nothing was completed.
fn compared(candidates: &[Candidate]) -> Option<String> {
    let clauses = clauses(candidates);
    if !clauses.is_empty() {
        return Some(clauses.join("; "));
    }
    let [alone, ..] = candidates else { return None };
    let both = [&alone.time, &alone.price];
    let shown: Vec<_> = both.into_iter().flatten().map(|figure| figure.shown.as_str()).collect();
    Some(format!("{}: {}", alone.name, shown.join(", ")))
}

/// Those that completed something, with the price in all where that is known of each.
fn candidates(measured: &[(Driver, String, f64)], costs: &[Cost]) -> Vec<Candidate> {
    let completed: Vec<_> = measured.iter().filter(|(.., tps)| *tps > 0.0).collect();
    let find = |label: &str, what: &str| usd_of(costs, &format!("{label}: {what}"));
    let are_whole = completed.iter().all(|(_, label, _)| find(label, COST_WITH_AURORA).is_some());
    let (what, aurora) = if are_whole { (COST_WITH_AURORA, "with") } else { (COST, "without") };
    let candidate = |(driver, label, tps): &(Driver, String, f64)| Candidate {
        name: driver.to_string(),
        time: Figure::of_rate(*tps, format!("{} TPS", per_second(*tps))),
        price: Figure::of_costs(costs, &[format!("{label}: {what}")], |price| {
            format!("{} per million completions, {aurora} Aurora's capacity", usd(price))
        }),
    };
    completed.into_iter().map(candidate).collect()
}

/// The options of a load.
pub fn options(load: &Load) -> String {
    match &load.runs {
        Runs::Ramp(runs) => ramp_options(runs),
        Runs::Queue(runs) => queue_options(runs),
    }
}

fn ramp_options(runs: &[RampRun]) -> String {
    let Some(longest) = runs.iter().max_by_key(|run| run.stages.len()) else { return String::new() };
    let clients: Vec<_> = longest.stages.iter().map(|stage| stage.clients).collect();
    let what = what(
        runs.iter().map(|run| run.driver),
        &distinct(runs.iter().map(|run| &run.action)),
        runs.iter().any(|run| run.host == Endpoint::Reader),
        runs.iter().map(|run| run.batch).max(),
    );
    let range =
        clients.first().zip(clients.last()).map(|(first, last)| format!(" --from {first} --to {last}"));
    let step = clients.get(1).map(|second| format!(" --step {}", second.saturating_sub(clients[0]).max(1)));
    let offered = longest.stages.first().and_then(|stage| stage.offered_tps);
    let rate = offered.map(|rate| format!(" --rate {rate:.0}"));
    let [range, step, rate] = [range, step, rate].map(Option::unwrap_or_default);
    format!("{what}{range}{step} --seconds {}{rate}", longest.seconds)
}

fn queue_options(runs: &[QueueRun]) -> String {
    let Some(first) = runs.first() else { return String::new() };
    let actions = distinct(first.actions.iter().map(|one| &one.action));
    let reads_elsewhere = first.actions.iter().any(|one| one.host == Endpoint::Reader);
    let options = what(runs.iter().map(|run| run.driver), &actions, reads_elsewhere, Some(first.batch));
    format!(" --mode queue{options} --messages {} --statements {}", first.sent, first.statements)
}

/// What was executed, and by which drivers.
fn what(
    drivers: impl Iterator<Item = Driver>,
    actions: &[&Action],
    is_split: bool,
    batch: Option<u64>,
) -> String {
    let drivers: Vec<_> = drivers.collect();
    let driver = match distinct(drivers.iter()).as_slice() {
        [alone] => format!(" --driver {alone}"),
        _ => String::new(),
    };
    let actions: Vec<_> = actions.iter().map(ToString::to_string).collect();
    let split = if is_split { " --split" } else { "" };
    let batch = batch.filter(|batch| *batch > 1).map(|batch| format!(" --batch {batch}"));
    format!("{driver} --action {}{split}{}", actions.join(","), batch.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::result_file::read;
    use crate::scenario::aurora::options::Options;
    use crate::scenario::aurora::testing::{queue_run, ramp_run};
    use crate::scenario::shared::testing::parsed;

    fn told(runs: Runs, costs: &[Cost]) -> Vec<String> {
        let result = read(Path::new("tests/aurora-result.json")).unwrap();
        verdict(&Load { runs }, costs, &Commands::of(&result, String::new())).told
    }

    fn cost(label: &str, what: &str, usd: f64) -> Cost {
        Cost { item: format!("{label}: {what}"), usd: Some(usd), lines: vec![] }
    }

    /// Runs of both drivers, whose best stages have so many completions in ten seconds.
    fn ramps(sqlx: u64, data_api: u64) -> Vec<RampRun> {
        let mut other = ramp_run(Action::Insert, &[(1, data_api), (5, data_api / 2)]);
        other.driver = Driver::DataApi;
        vec![ramp_run(Action::Insert, &[(1, sqlx / 2), (5, sqlx)]), other]
    }

    #[test]
    fn drivers_are_compared_at_each_action() {
        let costs = [cost("sqlx INSERT", COST, 0.02), cost("data-api INSERT", COST, 0.5)];
        assert_eq!(
            told(Runs::Ramp(ramps(6000, 800)), &costs),
            [
                "INSERT: fastest: sqlx (600 TPS); cheapest: sqlx (0.02000 USD per million completions, without Aurora's capacity); \
                 balanced: sqlx"
            ]
        );
    }

    #[test]
    fn a_small_lead_of_one_run_names_no_driver() {
        let said = told(Runs::Ramp(ramps(6000, 5500)), &[]);
        assert_eq!(
            said,
            ["INSERT: fastest: can't tell between sqlx (600 TPS) and data-api (550 TPS), n = 1"]
        );
    }

    #[test]
    fn at_a_steady_rate_it_matters_who_keeps_up() {
        let mut runs = ramps(5000, 400);
        runs.iter_mut().flat_map(|run| &mut run.stages).for_each(|stage| stage.offered_tps = Some(500.0));
        let said = told(Runs::Ramp(runs), &[]);
        let expected = "INSERT: sqlx keeps up with 500 units/s with 5 clients; data-api doesn't keep up with 500 units/s";
        assert_eq!(said, [expected]);
    }

    #[test]
    fn one_driver_alone_has_figures_and_no_winner() {
        let costs = [cost("sqlx", COST_WITH_AURORA, 12.5), cost("sqlx", COST, 0.5)];
        let said = told(Runs::Queue(vec![queue_run(100, 100, 0)]), &costs);
        assert_eq!(said, ["sqlx: 1000 TPS, 12.50 USD per million completions, with Aurora's capacity"]);
    }

    #[test]
    fn nothing_completed_has_no_winner_and_no_price() {
        let said = told(Runs::Ramp(vec![ramp_run(Action::Select, &[(1, 0)])]), &[]);
        assert_eq!(said, ["nothing was completed: no TPS, no price"]);
    }

    #[test]
    fn the_options_are_those_of_the_run() {
        let asked = |runs: Runs| parsed::<Options>(&options(&Load { runs })).unwrap();
        let ramp = asked(Runs::Ramp(ramps(6000, 800)));
        ramp.check().unwrap();
        assert_eq!((ramp.stages(), ramp.actions(), ramp.seconds()), (vec![1, 5], vec![Action::Insert], 10));
        assert_eq!(ramp.drivers(), [Driver::Sqlx, Driver::DataApi]);
        let mut one = ramp_run(Action::Select, &[(4, 100)]);
        (one.host, one.batch) = (Endpoint::Reader, 1);
        one.stages[0].offered_tps = Some(500.0);
        let steady = asked(Runs::Ramp(vec![one]));
        steady.check().unwrap();
        assert_eq!((steady.stages(), steady.rate(), steady.drivers()), (vec![4], 500, &[Driver::Sqlx][..]));
        assert_eq!(steady.endpoint(Action::Select), Endpoint::Reader);
        let queue = asked(Runs::Queue(vec![queue_run(20, 20, 0)]));
        queue.check().unwrap();
        assert_eq!((queue.messages(), queue.statements()), (20, 100));
    }
}
