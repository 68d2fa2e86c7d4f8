//! What to know about a load test's figures, each with advice.

use protocol::stats::real;
use results::scenario::pipeline::{Delivery, LATE_MS, Profile, WAITED};

use crate::scenario::pipeline::Run;
use crate::scenario::pipeline::execute::{LoadWorkers, Observation, TIMEOUT, Throttled};
use crate::scenario::pipeline::options::Options;
use crate::scenario::shared::tables::{count, ms};
use crate::scenario::shared::warnings::{few, in_dead_letter_queue, local};

/// Below this number of measured requests, p99.9 is just the slowest one.
const FEW: u64 = 1000;

/// The warnings about a run.
pub fn warnings(run: &Run, observation: &Observation, delivery: &Delivery) -> Vec<String> {
    let options = &observation.options;
    let requests = &observation.load.requests;
    let mut warnings = generator(observation, delivery);
    warnings.extend(workers(run, observation));
    if requests.warm.count() < FEW {
        let advice = match &delivery.offered.profile {
            None | Some(Profile::Spike { .. }) => "raise --duration or --rate",
            Some(Profile::Steps { .. } | Profile::FindLimit { .. }) => "raise --step-duration",
        };
        warnings.push(few(FEW, "measured requests", advice));
    }
    warnings.extend(throttled(run, options, requests.throttled));
    for (status, count) in &delivery.requests.refused {
        let message =
            requests.error_messages.get(status).map_or_else(String::new, |message| format!(" ('{message}')"));
        if let Some(hint) = error_hint(run, status) {
            warnings.push(format!("{count} × {status}{message}: {hint}"));
        }
    }
    let unknown: u64 = delivery.requests.unknown.values().sum();
    if unknown > 0 {
        warnings.push(format!(
            "{} without an answer, none of which was retried; {} of their messages and of those answered with an \
             error have arrived: {}",
            count(unknown, "request"),
            delivery.messages.unaccepted_stored,
            see_upstream(run)
        ));
    }
    for (hop, negative) in &delivery.negative {
        warnings.push(format!(
            "{} of the hop {hop} below 0, counted as 1 µs: the clocks of two hosts differ by more than the hop took; look \
             at its p99, and at end-to-end",
            count(*negative, "value")
        ));
    }
    warnings.extend(dead_letters(run, observation, delivery));
    warnings.extend(cold_starts(options, delivery));
    let caveats = "the functions, the streams, PostgreSQL and the load generator share this machine's processor, and there \
                   are no ACUs, so Aurora's part of the price is missing";
    warnings.extend(local(run.deployment(), caveats, "settings"));
    warnings
}

/// Where the sender itself is what is measured.
fn generator(observation: &Observation, delivery: &Delivery) -> Vec<String> {
    let (options, generator) = (&observation.options, &delivery.generator);
    let mut warnings = Vec::new();
    if let Some(late) = generator.late_p99_ms.filter(|late| *late > LATE_MS) {
        let advice = match generator.workers {
            Some(_) => "raise --workers",
            None => "close other programs, or lower --rate",
        };
        warnings.push(format!(
            "the load generator itself was late: 1 % of the requests were sent {} ms or more after they were \
             due, which their latencies include: {advice}",
            ms(late)
        ));
    }
    let measured = observation.schedule.total() - observation.schedule.measured_from();
    if real(generator.waited) > WAITED * real(measured) {
        warnings.push(format!(
            "{} of {measured} requests were due while all {} connections{} were busy, and their latencies include the wait: \
             raise --connections to see the API without it, or lower --rate",
            generator.waited,
            options.connections,
            if generator.workers.is_some() { " of their function" } else { "" }
        ));
    }
    let unsent = delivery.requests.unsent - generator.workers.map_or(0, |workers| workers.unreported);
    if unsent > 0 {
        warnings.push(format!(
            "{} were never sent, as no connection was free for {} s: lower --rate, or raise --connections",
            count(unsent, "request"),
            TIMEOUT.as_secs()
        ));
    }
    let difference = generator.clock_difference_ms;
    if difference != 0.0 {
        let direction = if difference > 0.0 { "ahead of" } else { "behind" };
        let (whose, advice) = match generator.workers {
            Some(_) => {
                ("that of those that sent the load", "look at the HTTP latencies, which one clock takes")
            }
            None => ("this machine's", "synchronize this machine's clock with NTP"),
        };
        warnings.push(format!(
            "the functions' clock is {direction} {whose} by {} ms or more, and the hops api and end-to-end are \
             off by as much: {advice}",
            ms(difference.abs())
        ));
    }
    warnings
}

/// Where functions that sent the load died, or weren't ready for it.
fn workers(run: &Run, observation: &Observation) -> Vec<String> {
    let Some(LoadWorkers { workers, generation }) = &observation.workers else { return Vec::new() };
    let mut warnings: Vec<_> = generation.deaths(&run.logs_command("pipeline/load")).collect();
    if workers.late > 0 {
        warnings.push(format!(
            "{} of {} weren't ready when the load started, the last one {} ms later, and made up for it in a burst: run it \
             again now that the functions are warm, or check the account's limit on concurrent executions",
            workers.late,
            count(workers.count, "function"),
            ms(workers.latest_ms)
        ));
    }
    warnings
}

/// Where there was no capacity, and which setting is more of it.
fn throttled(run: &Run, options: &Options, throttled: Throttled) -> Vec<String> {
    let setting = |name| run.deployment().setting(name).unwrap_or_default();
    let mut warnings = Vec::new();
    if throttled.by_api > 0 {
        let (name, value) = if options.highest_rate() > setting("apiRate") {
            ("apiRate", 2 * options.highest_rate())
        } else {
            ("apiBurst", 2 * setting("apiBurst"))
        };
        warnings.push(format!(
            "{} throttled by the API, which takes apiRate per second and apiBurst at once: {}",
            count(throttled.by_api, "request"),
            run.context().set_command(name, run.deployment().clamp(name, value))
        ));
    }
    if throttled.by_stream > 0 {
        let more = match setting("shards") {
            shards @ 1.. => format!(
                "each shard takes 1,000 records and 1 MB per second: {}",
                run.context().set_command("shards", run.deployment().clamp("shards", shards + 1))
            ),
            0 => "an on-demand stream grows within minutes: run it again".to_owned(),
        };
        warnings.push(format!("{} throttled by the stream: {more}", count(throttled.by_stream, "request")));
    }
    warnings
}

/// What an answer means, and what to do about it; none where that is said elsewhere.
fn error_hint(run: &Run, status: &str) -> Option<String> {
    Some(match status {
        "429" => return None,
        "400" | "404" => {
            format!(
                "the API is from another version: deploy it again with: {}",
                run.deployment().pulumi("up")
            )
        }
        "403" => {
            "these credentials are not allowed to call the API: use those that deployed the stack".to_owned()
        }
        "413" => "the message is too large: lower --size".to_owned(),
        "connection" => "the API accepted no connection: lower --rate or --connections".to_owned(),
        "503" | "504" => format!(
            "no capacity, or upstream took too long: check the account's limit on concurrent executions, and {}",
            see_upstream(run)
        ),
        _ => see_upstream(run),
    })
}

fn see_upstream(run: &Run) -> String {
    format!("see what it logged with: {}", run.logs_command("pipeline/upstream"))
}

fn dead_letters(run: &Run, observation: &Observation, delivery: &Delivery) -> Vec<String> {
    let mut warnings = Vec::new();
    if delivery.messages.dead_lettered > 0 {
        let queues = &run.deployed.dead_letters;
        let dead_lettered = count(delivery.messages.dead_lettered, "message");
        let warning = in_dead_letter_queue(run.deployment(), &dead_lettered, &queues.midstream);
        warnings.push(format!("{warning} (or {})", queues.downstream));
    }
    let unreadable = observation.arrived.dead_letters.unreadable();
    if let Some(first) = unreadable.first() {
        warnings.push(format!(
            "{} of records in the dead-letter queues cannot be matched to messages, which may count as lost: {first}",
            count(unreadable.len() as u64, "range")
        ));
    }
    warnings
}

/// A hop's latencies have the cold starts of the functions behind it.
fn cold_starts(options: &Options, delivery: &Delivery) -> Option<String> {
    let cold: u64 =
        delivery.functions.iter().filter(|one| one.function != "upstream").map(|one| one.cold_starts).sum();
    let (first, ramp) = ("look at the steps behind the first one", "let the functions start with --ramp 10s");
    let advice = if options.steps.is_empty() { ramp } else { first };
    (cold > 0 && options.ramp.is_zero()).then(|| {
        format!(
            "the latencies of the hops include {} of midstream and downstream: {advice}",
            count(cold, "cold start")
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use results::scenario::pipeline::Workers;

    use super::*;
    use crate::scenario::pipeline::report::aggregate;
    use crate::scenario::pipeline::testing::{observation, run};
    use crate::scenario::shared::load_generator::Generation;

    fn on_aws() -> Run {
        let mut run = run();
        run.deployed.deployment.endpoint = None;
        run
    }

    /// A run without any error.
    fn smooth() -> Observation {
        let mut observation = observation();
        observation.load.requests.refused.clear();
        observation.load.requests.throttled = Throttled::default();
        observation.arrived.reconciliation.dead_lettered = 0;
        observation
    }

    fn warned(run: &Run, observation: &Observation) -> Vec<String> {
        warnings(run, observation, &aggregate::delivery(run, observation))
    }

    /// The only warning of a smooth run on AWS, after a change.
    fn only(change: impl FnOnce(&mut Observation)) -> String {
        let mut observation = smooth();
        change(&mut observation);
        let warnings = warned(&on_aws(), &observation);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        warnings.into_iter().next().unwrap()
    }

    #[test]
    fn a_run_without_any_error_has_no_warning() {
        assert_eq!(warned(&on_aws(), &smooth()), [""; 0]);
    }

    #[test]
    fn a_local_run_says_what_it_is_good_for() {
        let warnings = warned(&run(), &smooth());
        assert!(warnings.len() == 1 && warnings[0].starts_with("local: "), "{warnings:?}");
    }

    #[test]
    fn few_requests_are_warned_of() {
        let said =
            only(|observation| observation.load.requests.warm = protocol::histogram::Histogram::default());
        assert!(said.contains("raise --duration or --rate"), "{said}");
    }

    #[test]
    fn throttled_requests_come_with_the_setting_that_helps() {
        let by_api = |observation: &mut Observation| {
            observation.load.requests.throttled.by_api = 3;
            observation.options.rate = 2000;
        };
        assert!(only(by_api).ends_with("pulumi config set --path pipeline.apiRate 4000 --stack dev"));
        let burst = only(|observation| observation.load.requests.throttled.by_api = 3);
        assert!(burst.ends_with("pulumi config set --path pipeline.apiBurst 1000 --stack dev"), "{burst}");
        let shard = only(|observation| observation.load.requests.throttled.by_stream = 1);
        assert!(shard.starts_with("1 request throttled by the stream"), "{shard}");
        assert!(shard.ends_with("pulumi config set --path pipeline.shards 2 --stack dev"), "{shard}");
    }

    #[test]
    fn errors_come_with_the_apis_words_and_with_what_to_do() {
        let said = only(|observation| {
            observation.load.requests.refused = BTreeMap::from([("403".to_owned(), 2)]);
            observation.load.requests.error_messages =
                BTreeMap::from([("403".to_owned(), "Forbidden".to_owned())]);
        });
        assert_eq!(
            said,
            "2 × 403 ('Forbidden'): these credentials are not allowed to call the API: use those that deployed the stack"
        );
        let unknown = |observation: &mut Observation| {
            observation.load.requests.unknown = BTreeMap::from([("timeout".to_owned(), 4)]);
        };
        assert!(only(unknown).starts_with("4 requests without an answer, none of which was retried"));
    }

    #[test]
    fn a_generator_that_is_late_itself_says_so() {
        let late = |observation: &mut Observation| {
            (0..100).for_each(|_| observation.load.requests.lateness.record(Duration::from_millis(3)));
        };
        assert!(only(late).contains("3.00 ms or more after they were due"));
    }

    #[test]
    fn functions_that_were_the_limit_or_died_are_told_with_what_helps() {
        let workers = Workers { count: 40, late: 2, latest_ms: 41.5, ..Workers::default() };
        let of_functions = |observation: &mut Observation, workers| {
            observation.workers = Some(LoadWorkers { workers, ..LoadWorkers::default() });
        };
        let late = only(|observation| {
            of_functions(observation, Workers { late: 0, ..workers });
            (0..100).for_each(|_| observation.load.requests.lateness.record(Duration::from_millis(3)));
        });
        assert!(late.ends_with("which their latencies include: raise --workers"), "{late}");
        let unready = only(|observation| of_functions(observation, workers));
        assert!(
            unready.starts_with(
                "2 of 40 functions weren't ready when the load started, the last one 41.5 ms later"
            ),
            "{unready}"
        );
        let died = only(|observation| {
            let errors = BTreeMap::from([("Runtime.ExitError: killed".to_owned(), 3)]);
            let generation = Generation { errors, ..Generation::default() };
            observation.workers = Some(LoadWorkers { generation, ..LoadWorkers::default() });
        });
        assert!(
            died.starts_with("3 functions of the load generator died (Runtime.ExitError: killed)"),
            "{died}"
        );
        assert!(died.contains(": lambench logs pipeline/load --run "), "{died}");
    }

    #[test]
    fn few_connections_are_told_apart_from_a_slow_api() {
        let said = only(|observation| observation.load.requests.waited = 200);
        assert!(
            said.starts_with("200 of 12000 requests were due while all 50 connections were busy"),
            "{said}"
        );
        let few = smooth();
        assert_eq!(warned_with_waited(few, 100), [""; 0], "less than 1 %");
        let unsent = only(|observation| observation.load.requests.unsent = 7);
        assert!(unsent.starts_with("7 requests were never sent"), "{unsent}");
    }

    fn warned_with_waited(mut observation: Observation, waited: u64) -> Vec<String> {
        observation.load.requests.waited = waited;
        warned(&on_aws(), &observation)
    }

    #[test]
    fn clocks_that_differ_are_told_with_the_figures_that_are_off() {
        let behind = only(|observation| observation.load.requests.clock_us = -2500);
        assert!(
            behind.starts_with("the functions' clock is behind this machine's by 2.50 ms or more"),
            "{behind}"
        );
        assert!(behind.contains("hops api and end-to-end"), "{behind}");
    }

    #[test]
    fn dead_letters_come_with_the_command_that_shows_them() {
        let said = only(|observation| observation.arrived.reconciliation.dead_lettered = 4);
        assert!(said.contains("--queue-url http://q/midstream-dead (or http://q/downstream-dead)"), "{said}");
    }

    #[test]
    fn cold_starts_in_the_hops_are_kept_out_by_a_ramp() {
        let said = only(|observation| observation.options.ramp = Duration::ZERO);
        assert!(said.starts_with("the latencies of the hops include 4 cold starts of midstream"), "{said}");
        assert!(said.ends_with("--ramp 10s"), "{said}");
    }

    #[test]
    fn a_hop_that_took_less_than_no_time_is_told() {
        let said = only(|observation| {
            observation.arrived.tally.negative.insert(protocol::pipeline::Hop::Stream, 3);
        });
        assert!(said.starts_with("3 values of the hop stream below 0, counted as 1 µs"), "{said}");
    }
}
