//! The highest rate that holds: loads one after the other, each followed to its last row before the next one begins.

use std::time::Duration;

use anyhow::Result;
use results::scenario::pipeline::{LATE_MS, Outcome, Search as Found, SearchEnd, Stage, Trial, Workers};

use super::Run;
use super::execute::{LoadWorkers, Observation, charged, follow, refuse_unknowable};
use super::options::{MAX_RATE, Options};
use super::report::{self, aggregate, failed_checks, stages};
use super::search::Search;
use super::slo::Slo;
use crate::exit::Interrupted;
use crate::scenario::shared::load_generator::Generation;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::tables::{count, ms};

/// A sender that is later than due by more than this share of the shortest limit of a latency is part of what breaks it.
const LATE: f64 = 0.1;

/// A trial that has run to its end.
struct Tried {
    run: Run,
    observation: Observation,
    trial: Trial,
}

/// What is known of a search.
#[derive(Default)]
struct Known {
    trials: Vec<Trial>,
    /// Of the highest rate that has held, or if there is none, of the last one.
    measured: Option<Tried>,
    /// The functions that have sent the trials.
    workers: Vec<LoadWorkers>,
    failed_checks: Vec<String>,
}

/// Looks for the highest rate at which the conditions hold.
///
/// # Errors
/// As [`super::execute::execute`]; [`crate::exit::Usage`] if nobody could tell what became of a trial.
pub async fn find_limit(run: &Run, options: &Options, slo: &Slo) -> Result<Measurement> {
    refuse_unknowable_trials(run, options)?;
    let (mut search, mut known) = (Search::new(options.rate), Known::default());
    let end = loop {
        let Some(rate) = search.next_rate() else { break search.end() };
        match next(run, &options.trial(rate), slo, &mut known).await? {
            Ok(outcome) => search = search.then(rate, outcome == Outcome::Held),
            Err(end) => break end,
        }
    };
    let found = Found { held: search.held(), end, trials: std::mem::take(&mut known.trials) };
    measurement(options, known, found).await
}

/// Tries the next rate: what became of it, or why the search ends there.
async fn next(
    run: &Run,
    options: &Options,
    slo: &Slo,
    known: &mut Known,
) -> Result<Result<Outcome, SearchEnd>> {
    let (number, rate) = (known.trials.len() + 1, options.rate);
    run.context().notify(&format!("trial {number}: {rate} requests/s"));
    let run = Run { name: format!("{}-{number}", run.name), ..run.clone() };
    let observed = Box::pin(follow(&run, options)).await;
    let observation = match run.stop.measured(observed) {
        // What is known already is a result, but not of a run that was aborted.
        Err(error) if known.trials.is_empty() || error.is::<Interrupted>() => return Err(error),
        Err(error) => {
            known.failed_checks.push(format!("the trial at {rate} requests/s could not be run: {error:#}"));
            return Ok(Err(SearchEnd::Failed));
        }
        Ok(None) => return Ok(Err(SearchEnd::Interrupted)),
        Ok(Some(observation)) if !observation.missing.is_empty() => return Ok(Err(SearchEnd::Interrupted)),
        Ok(Some(observation)) => observation,
    };
    let tried = Tried::new(run, observation, slo);
    tried.run.context().notify(&format!("trial {number}: {}", tried.trial_in_words()));
    Ok(known.add(tried))
}

/// Refuses a search of which a trial would be refused.
fn refuse_unknowable_trials(run: &Run, options: &Options) -> Result<()> {
    // What the API doesn't take does not hold: the first such rate is the highest one.
    let allowed = run.deployment().setting("apiRate").unwrap_or(MAX_RATE);
    let doubled = std::iter::successors(Some(options.rate), |rate| Some(2 * rate));
    let highest = doubled.take_while(|rate| *rate <= MAX_RATE).find(|rate| *rate > allowed);
    highest.map_or(Ok(()), |rate| refuse_unknowable(run, &options.trial(rate)))
}

impl Known {
    /// Adds a trial: what became of it, or why the search ends there.
    fn add(&mut self, tried: Tried) -> Result<Outcome, SearchEnd> {
        let outcome = tried.trial.outcome.clone();
        let has_held = self.trials.iter().any(|trial| trial.outcome == Outcome::Held);
        self.trials.push(tried.trial.clone());
        self.workers.extend(tried.observation.workers.clone());
        self.failed_checks.extend(tried.failed_checks());
        if outcome == Outcome::Held || !has_held {
            self.measured = Some(tried);
        }
        if matches!(outcome, Outcome::Generator(_)) { Err(SearchEnd::Generator) } else { Ok(outcome) }
    }
}

impl Tried {
    fn new(run: Run, observation: Observation, slo: &Slo) -> Self {
        let stage = stages::whole(&observation).map(|part| part.stage).unwrap_or_default();
        let workers = observation.workers.as_ref().map(|workers| workers.workers);
        let outcome = outcome(slo, &stage, workers);
        let trial = Trial { run: run.name.clone(), stage, outcome };
        Self { run, observation, trial }
    }

    fn trial_in_words(&self) -> String {
        match &self.trial.outcome {
            Outcome::Held => "held".to_owned(),
            Outcome::Broke(conditions) => format!("did not hold: {}", conditions.join(", ")),
            Outcome::Generator(why) => format!("the generator was the limit: {why}"),
        }
    }

    /// What doesn't add up.
    fn failed_checks(&self) -> Vec<String> {
        let delivery = aggregate::delivery(&self.run, &self.observation);
        let checks = failed_checks::failed_checks(&delivery, &self.observation.arrived.tally);
        checks.into_iter().map(|check| format!("{} requests/s: {check}", self.trial.stage.rate)).collect()
    }
}

/// Whether a rate held. What the sender itself may have broken is never the pipeline's.
fn outcome(slo: &Slo, stage: &Stage, workers: Option<Workers>) -> Outcome {
    // What holds under less than the rate says nothing of the rate.
    if let Some(Workers { count: all, lost, .. }) = workers.filter(|one| one.lost > 0) {
        return Outcome::Generator(format!("{lost} of {} ended without a report", count(all, "function")));
    }
    let broken = slo.broken(stage);
    if broken.is_empty() {
        return Outcome::Held;
    }
    generator(slo, stage, workers).map_or(Outcome::Broke(broken), Outcome::Generator)
}

/// Why the sender itself was the limit, and what helps; none if it wasn't.
fn generator(slo: &Slo, stage: &Stage, workers: Option<Workers>) -> Option<String> {
    if let Some(Workers { count: all, late, .. }) = workers.filter(|one| one.late > 0) {
        return Some(format!("{late} of {} weren't ready when it began", count(all, "function")));
    }
    let limit_ms = |limit: Duration| limit.as_secs_f64() * 1e3;
    let late = stage.late_p99_ms.unwrap_or_default();
    let shortest = slo.shortest().map(limit_ms);
    if late > LATE_MS && shortest.is_some_and(|limit| late > LATE * limit) || stage.is_late() {
        return Some(format!("1 % of the requests were ready {} ms or more after they were due", ms(late)));
    }
    stage.has_too_few_connections(slo.nearly_all().map(limit_ms)).then(|| {
        format!(
            "{} of {} requests were due while all {} were busy: raise --connections",
            stage.waited,
            stage.due,
            count(stage.connections, "connection")
        )
    })
}

/// The result of a search.
async fn measurement(options: &Options, known: Known, found: Found) -> Result<Measurement> {
    let Known { measured, workers, failed_checks, .. } = known;
    let Some(Tried { run, mut observation, .. }) = measured else {
        return Err(Interrupted("no trial went to its end".to_owned()).into());
    };
    run.stop.waits_for("the REPORT lines of what was sent");
    let own = observation.workers.take();
    observation.workers = own.clone().map(|own| together(own, &workers));
    let mut observation = Box::pin(charged(&run, observation)).await?;
    if let (Some(all), Some(own)) = (&mut observation.workers, own) {
        // What all have cost, and how well those have sent the load whose figures are shown.
        all.workers = own.workers;
    }
    Ok(report::of_search(&run, &observation, options, found, failed_checks))
}

/// The functions of one trial as those of all, to know what all are charged for.
fn together(own: LoadWorkers, all: &[LoadWorkers]) -> LoadWorkers {
    let sum = |of: fn(&LoadWorkers) -> u64| all.iter().map(of).sum();
    let workers =
        Workers { count: sum(|one| one.workers.count), lost: sum(|one| one.workers.lost), ..own.workers };
    let spans = || all.iter().map(|one| one.generation.span_ms);
    let from = spans().map(|(from, _)| from).min().unwrap_or(own.generation.span_ms.0);
    let to = spans().map(|(_, to)| to).max().unwrap_or(own.generation.span_ms.1);
    let generation = Generation {
        workers: sum(|one| one.generation.workers),
        reported: sum(|one| one.generation.reported),
        span_ms: (from, to),
        transitions: sum(|one| one.generation.transitions),
        ..own.generation
    };
    LoadWorkers { workers, generation }
}

#[cfg(test)]
mod tests {
    use protocol::histogram::Latency;
    use results::scenario::Detail;

    use super::*;
    use crate::scenario::pipeline::testing::{observation_of, options, run};

    fn slo() -> Slo {
        "p99<500ms,errors<1%".parse().unwrap()
    }

    fn searching() -> Options {
        let step_duration = Some(Duration::from_secs(10));
        let (find_limit, slo) = (true, Some(slo()));
        Options { rate: 100, ramp: Duration::ZERO, step_duration, find_limit, slo, ..options() }
    }

    /// 400/s for 10 s with a p99 of so many ms.
    fn stage(p99: f64) -> Stage {
        Stage {
            rate: 400,
            seconds: 10.0,
            due: 4000,
            accepted: 4000,
            stored: 4000,
            accepted_per_second: 400.0,
            stored_per_second: 400.0,
            latency_ms: Some(Latency { p50: 5.0, p90: 8.0, p99, p99_9: p99 }),
            connections: 250,
            ..Stage::default()
        }
    }

    fn generator_says(stage: &Stage, workers: Option<Workers>) -> String {
        match outcome(&slo(), stage, workers) {
            Outcome::Generator(why) => why,
            outcome => panic!("{outcome:?}"),
        }
    }

    #[test]
    fn a_rate_holds_or_breaks_by_its_conditions() {
        assert_eq!(outcome(&slo(), &stage(499.0), None), Outcome::Held);
        assert_eq!(outcome(&slo(), &stage(501.0), None), Outcome::Broke(vec!["p99 501 ms".to_owned()]));
    }

    #[test]
    fn what_the_sender_may_have_broken_is_never_the_pipelines() {
        let slow = stage(700.0);
        let late = Stage { late_p99_ms: Some(51.0), ..slow.clone() };
        assert_eq!(
            generator_says(&late, None),
            "1 % of the requests were ready 51.0 ms or more after they were due"
        );
        let hardly = Stage { late_p99_ms: Some(20.0), ..slow.clone() };
        assert!(matches!(outcome(&slo(), &hardly, None), Outcome::Broke(_)), "20 ms are no 700");
        // 150 connections at 400/s are busy as soon as requests take 375 ms, which they may.
        let few = Stage { connections: 150, waited: 3000, ..slow.clone() };
        assert_eq!(
            generator_says(&few, None),
            "3000 of 4000 requests were due while all 150 connections were busy: raise --connections"
        );
        // 250 are not before they take 625 ms.
        let enough = Stage { waited: 3000, ..slow.clone() };
        assert!(matches!(outcome(&slo(), &enough, None), Outcome::Broke(_)));
        let died = Some(Workers { count: 4, lost: 1, ..Workers::default() });
        assert_eq!(generator_says(&stage(400.0), died), "1 of 4 functions ended without a report");
        let unready = Some(Workers { count: 4, late: 2, ..Workers::default() });
        assert_eq!(generator_says(&slow, unready), "2 of 4 functions weren't ready when it began");
        assert_eq!(outcome(&slo(), &stage(400.0), unready), Outcome::Held, "they made it harder");
        assert_eq!(outcome(&slo(), &Stage { late_p99_ms: Some(51.0), ..stage(400.0) }, None), Outcome::Held);
    }

    #[test]
    fn a_trial_has_the_connections_that_its_conditions_allow_to_be_busy() {
        let trial = searching().trial(400);
        assert_eq!((trial.rate, trial.duration), (400, Duration::from_secs(10)));
        assert_eq!(trial.connections, 250);
        assert!(trial.slo.is_none() && !trial.find_limit, "it is a load of its own");
        assert_eq!(searching().trial(10).connections, 50, "those that were asked for at least");
    }

    /// A trial at a rate, all of whose messages became rows but some that were refused.
    fn tried(rate: u64, refused: u64) -> Tried {
        let total = rate * 10;
        let observation = observation_of(searching().trial(rate), &[(total - refused, refused)], &[10]);
        let run = Run { name: format!("run-{rate}"), ..run() };
        Tried::new(run, observation, &slo())
    }

    #[test]
    fn the_figures_are_those_of_the_highest_rate_that_held() {
        let mut known = Known::default();
        for (rate, refused) in [(100, 100), (50, 0), (75, 0), (87, 30)] {
            known.add(tried(rate, refused)).unwrap();
        }
        let held: Vec<_> = known.trials.iter().map(|trial| trial.outcome == Outcome::Held).collect();
        assert_eq!(held, [false, true, true, false]);
        let both = ["errors 10.00 % (100 throttled)", "90.0 requests were accepted per second of 100"];
        assert_eq!(known.trials[0].outcome, Outcome::Broke(both.map(str::to_owned).to_vec()));
        let Tried { run, observation, .. } = known.measured.take().unwrap();
        let found = Found { held: Some(75), end: SearchEnd::Found, trials: known.trials };
        let measurement = report::of_search(&run, &observation, &searching(), found, known.failed_checks);
        assert_eq!((measurement.missing.len(), measurement.failed_checks.len()), (0, 0));
        let Detail::Pipeline(delivery) = measurement.detail else { panic!("a delivery") };
        assert_eq!(
            (delivery.requests.sent, delivery.offered.rate),
            (750, 100),
            "what was asked for stays so"
        );
        assert!((delivery.offered_per_second() - 75.0).abs() < 1e-9);
        assert_eq!(delivery.search.unwrap().sent(), 3120);
    }

    #[test]
    fn what_the_functions_of_all_trials_have_cost_is_counted() {
        let of = |count, span_ms, transitions| LoadWorkers {
            workers: Workers { count, ..Workers::default() },
            generation: Generation { span_ms, transitions, ..Generation::default() },
        };
        let all = [of(1, (10, 20), 6), of(2, (30, 40), 8), of(4, (50, 60), 12)];
        let sum = together(all[1].clone(), &all);
        assert_eq!(
            (sum.workers.count, sum.generation.span_ms, sum.generation.transitions),
            (7, (10, 60), 26)
        );
    }
}
