//! What splitting an event through a queue buys, and at what price.

use protocol::stats::real;
use results::cost::Cost;
use results::scenario::splitter::{
    ONE_INVOCATION_COST, RUN_LOG_COST, SPLIT_COST, SplitRun, Splitting, Task, Trigger, cost_item,
};
use serde_json::{Map, Value};

use crate::scenario::shared::cost::usd_of;
use crate::scenario::shared::verdict::{
    Candidate, Commands, Figure, Verdict, by_time, clauses, joined, list, quoted, usd, winner,
};

/// The verdict of an event's splits.
pub fn verdict(splitting: &Splitting, costs: &[Cost], commands: &Commands<'_>) -> Verdict {
    let (done, undone): (Vec<_>, Vec<_>) = splitting.runs.iter().partition(|run| is_done(run));
    if done.is_empty() {
        return commands.nothing("no run did all items of an event: no time, no price");
    }
    let candidates: Vec<_> = done.iter().map(|run| candidate(run, costs)).collect();
    let mut told = clauses(&candidates);
    let fastest = winner(&by_time(&candidates)).map(|one| one.name.clone());
    let fastest = done.iter().find(|run| done.len() == 1 || Some(name(run)) == fastest);
    told.extend(fastest.and_then(|run| gain(&splitting.task, run, costs)));
    if !undone.is_empty() {
        let names: Vec<_> = undone.into_iter().map(name).collect();
        told.push(format!("left out, as not all their items are done: {}", list(&names)));
    }
    Verdict { told, basis: commands.basis_of_one_run() }
}

fn is_done(run: &SplitRun) -> bool {
    run.items.done > 0 && run.items.dead_lettered + run.items.lost + run.items.unsent == 0
}

fn name(run: &SplitRun) -> String {
    format!("concurrency {}", run.concurrency)
}

fn candidate(run: &SplitRun, costs: &[Cost]) -> Candidate {
    Candidate {
        name: name(run),
        time: run.elapsed_seconds.map(|seconds| Figure::of_one(seconds, format!("{seconds:.2} s"))),
        price: price(run, costs),
    }
}

/// What a million items cost in all.
fn price(run: &SplitRun, costs: &[Cost]) -> Option<Figure> {
    let items = [SPLIT_COST, RUN_LOG_COST].map(|what| cost_item(run.concurrency, what));
    Figure::of_costs(costs, &items, |price| format!("{} per million items, run log included", usd(price)))
}

/// What splitting brings against doing one item after the other; none where nothing was split.
fn gain(task: &Task, run: &SplitRun, costs: &[Cost]) -> Option<String> {
    if run.trigger == Trigger::Sequential {
        return Some("nothing was split: concurrency 1 does one item after the other".to_owned());
    }
    let speed_up = run.speed_up?;
    let what = if run.trigger == Trigger::Functions { "the queue" } else { "splitting" };
    let gain = format!("{what} at {}: speed-up {speed_up:.2} ×", name(run));
    let one_invocation = usd_of(costs, &cost_item(run.concurrency, ONE_INVOCATION_COST));
    let is_possible = run.one_invocation_seconds <= real(task.max_invocation_seconds);
    let more = price(run, costs).zip(one_invocation.filter(|_| is_possible)).map(|(split, one)| {
        format!(
            ", for {} more per million items than one invocation, run log included",
            usd(split.sample.mean - one)
        )
    });
    Some(gain + &more.unwrap_or_default())
}

/// The options with which an event was split.
pub fn options(Splitting { task, runs }: &Splitting, settings: &Map<String, Value>) -> String {
    let event = match &task.file {
        Some(file) => format!(" --event {}", quoted(file)),
        None => format!(" --items {}", task.items),
    };
    let is_setting = settings.get("itemSeconds").and_then(Value::as_f64) == Some(task.item_seconds);
    let seconds =
        (!is_setting && task.file.is_none()).then(|| format!(" --item-seconds {}", task.item_seconds));
    let from = task.workers.map(|workers| format!(" --from functions --workers {workers}"));
    let concurrency = joined(runs.iter().map(|run| run.concurrency));
    let [seconds, from] = [seconds, from].map(Option::unwrap_or_default);
    format!("{event}{seconds}{from} --concurrency {concurrency}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use results::file::RunResult;
    use results::scenario::Detail;

    use super::*;
    use crate::result_file::read;
    use crate::scenario::shared::testing::parsed;
    use crate::scenario::splitter::options::Options;

    fn example() -> (RunResult, Splitting) {
        let result = read(Path::new("tests/v1/splitter.json")).unwrap();
        let Detail::Splitter(splitting) = result.detail.clone() else { panic!("a splitter's result") };
        (result, splitting)
    }

    fn told(splitting: &Splitting, result: &RunResult) -> Vec<String> {
        verdict(splitting, &result.cost, &Commands::of(result, String::new())).told
    }

    #[test]
    fn one_concurrency_says_what_splitting_brings_and_costs() {
        let (result, mut splitting) = example();
        splitting.runs.drain(..2);
        assert_eq!(
            told(&splitting, &result),
            [
                "splitting at concurrency 10: speed-up 8.21 ×, for 2.969 USD more per million items than one invocation, \
                 run log included"
            ]
        );
        splitting.task.max_invocation_seconds = 5;
        assert_eq!(told(&splitting, &result)[0], "splitting at concurrency 10: speed-up 8.21 ×");
    }

    #[test]
    fn a_run_that_left_items_undone_is_compared_with_nothing() {
        let (result, mut splitting) = example();
        splitting.runs[2].items.lost = 1;
        let told = told(&splitting, &result);
        assert!(told[0].starts_with("fastest: concurrency 5 (2.30 s)"), "{told:?}");
        assert_eq!(told.last().unwrap(), "left out, as not all their items are done: concurrency 10");
    }

    #[test]
    fn without_any_item_there_is_no_winner() {
        let (result, mut splitting) = example();
        splitting.runs.iter_mut().for_each(|run| run.items.done = 0);
        assert_eq!(told(&splitting, &result), ["no run did all items of an event: no time, no price"]);
    }

    #[test]
    fn the_options_are_those_of_the_run() {
        let (result, mut splitting) = example();
        let of = |splitting: &Splitting| {
            let line = options(splitting, &result.environment.settings);
            (parsed::<Options>(&line).unwrap(), line)
        };
        let (options, line) = of(&splitting);
        assert_eq!((options.items, options.item_seconds, options.concurrency), (50, None, vec![1, 5, 10]));
        assert!(line.starts_with(" --items 50 "), "{line}");
        splitting.task.item_seconds = 1.5;
        assert_eq!(of(&splitting).0.item_seconds, Some(1.5));
        splitting.task.workers = Some(4);
        splitting.runs.remove(0);
        let (functions, line) = of(&splitting);
        assert_eq!((functions.workers(), functions.concurrency), (Some(4), vec![5, 10]), "{line}");
        splitting.task.workers = None;
        splitting.task.file = Some("five-tags.json".to_owned());
        assert_eq!(of(&splitting).0.event.unwrap(), Path::new("five-tags.json"));
    }
}
