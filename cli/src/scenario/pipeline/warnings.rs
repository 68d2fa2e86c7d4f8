//! What to know about a load test's figures, each with advice.

use protocol::stats::real;
use results::scenario::pipeline::Delivery;

use super::Test;
use super::find::Findings;
use super::load::record::Throttled;
use crate::scenario::shared::tables::{count, ms};

/// Below this number of measured requests, p99.9 is just the slowest one.
const FEW: u64 = 1000;
/// A generator that is later than due by more than this says more of itself than of the API, ms.
const LATE_MS: f64 = 1.0;
/// More requests than this share that wait for a connection make a latency of its own.
const WAITED: f64 = 0.01;
/// API Gateway's settings have these limits, as `stacks/pipeline.ts` says.
const MAX_RATE: u64 = 10_000;
const MAX_BURST: u64 = 5_000;

/// The warnings about a run.
pub fn of(test: &Test, findings: &Findings, delivery: &Delivery) -> Vec<String> {
    let record = &findings.sent.record;
    let mut warnings = generator(test, delivery);
    if record.warm.count() < FEW {
        warnings.push(format!(
            "fewer than {FEW} measured requests, so p99.9 is just the slowest one: raise --duration or --rate"
        ));
    }
    warnings.extend(throttled(test, record.throttled));
    for (status, count) in &delivery.requests.refused {
        let said = record.said.get(status).map_or_else(String::new, |said| format!(" ('{said}')"));
        if let Some(advice) = advice(test, status) {
            warnings.push(format!("{count} × {status}{said}: {advice}"));
        }
    }
    let unknown: u64 = delivery.requests.unknown.values().sum();
    if unknown > 0 {
        warnings.push(format!(
            "{} without an answer, none of which was tried again; {} of their messages and of those answered with an \
             error have arrived: see the logs of {}",
            count(unknown, "request"),
            delivery.messages.unaccepted_stored,
            test.pipeline.functions.upstream
        ));
    }
    for (hop, negative) in &delivery.negative {
        warnings.push(format!(
            "{} of the hop {hop} below 0, counted as 1 µs: the clocks of two hosts differ by more than the hop took; look \
             at its p99, and at end-to-end",
            count(*negative, "value")
        ));
    }
    warnings.extend(dead_letters(test, findings, delivery));
    warnings.extend(cold_starts(test, delivery));
    if !test.pipeline.deployment.is_on_aws() {
        warnings.push(
            "local: the functions, the streams, PostgreSQL and the load generator share this machine's processor, and there \
             are no ACUs, so Aurora's part of the price is missing: compare settings with each other"
                .to_owned(),
        );
    }
    warnings
}

/// Where the sender itself is what is measured.
fn generator(test: &Test, delivery: &Delivery) -> Vec<String> {
    let generator = &delivery.generator;
    let mut warnings = Vec::new();
    if let Some(late) = generator.late_p99_ms.filter(|late| *late > LATE_MS) {
        warnings.push(format!(
            "the load generator was late itself: 1 % of the requests were sent {} ms later than due or more, which their \
             latencies include: close other programs, or lower --rate",
            ms(late)
        ));
    }
    let measured = test.plan.schedule.total() - test.plan.schedule.measured_from();
    if real(generator.waited) > WAITED * real(measured) {
        warnings.push(format!(
            "{} of {measured} requests were due while all {} connections were busy, and their latencies include the wait: \
             raise --connections to see the API without it, or lower --rate",
            generator.waited, test.plan.connections
        ));
    }
    if delivery.requests.unsent > 0 {
        warnings.push(format!(
            "{} were never sent, as no connection was free for 29 s: lower --rate, or raise --connections",
            count(delivery.requests.unsent, "request")
        ));
    }
    let difference = generator.clock_difference_ms;
    if difference != 0.0 {
        warnings.push(format!(
            "the functions' clock is {} this machine's by {} ms or more, and the hops api and end-to-end are off by as \
             much: set this machine's clock by NTP",
            if difference > 0.0 { "ahead of" } else { "behind" },
            ms(difference.abs())
        ));
    }
    warnings
}

/// Where there was no capacity, and which setting is more of it.
fn throttled(test: &Test, throttled: Throttled) -> Vec<String> {
    let deployment = &test.pipeline.deployment;
    let flag = deployment.stack_option();
    let mut warnings = Vec::new();
    if throttled.by_api > 0 {
        let rate = test.plan.schedule.rate;
        let setting = |name| deployment.setting(name).unwrap_or_default();
        let more = if rate > setting("apiRate") {
            format!("apiRate {}", (2 * rate).min(MAX_RATE))
        } else {
            format!("apiBurst {}", (2 * setting("apiBurst")).clamp(1, MAX_BURST))
        };
        warnings.push(format!(
            "{} throttled by the API, which takes apiRate a second and apiBurst at once: pulumi config set {more} {flag}",
            count(throttled.by_api, "request")
        ));
    }
    if throttled.by_stream > 0 {
        let more = match deployment.setting("shards") {
            Some(shards) if shards > 0 => format!(
                "each shard takes 1,000 records and 1 MB a second: pulumi config set shards {} {flag}",
                shards + 1
            ),
            _ => "an on-demand stream grows within minutes: run it again".to_owned(),
        };
        warnings.push(format!("{} throttled by the stream: {more}", count(throttled.by_stream, "request")));
    }
    warnings
}

/// What an answer means, and what to do about it; none where that is said elsewhere.
fn advice(test: &Test, status: &str) -> Option<String> {
    let upstream = &test.pipeline.functions.upstream;
    let flag = test.pipeline.deployment.stack_option();
    Some(match status {
        "429" => return None,
        "400" | "404" => format!("the API is from another version: deploy it again with: pulumi up {flag}"),
        "403" => "these credentials may not call the API: use those that deployed the stack".to_owned(),
        "413" => "the message is too large: lower --size".to_owned(),
        "connection" => "the API took no connection: lower --rate or --connections".to_owned(),
        "503" | "504" => format!(
            "no capacity, or {upstream} took too long: see its logs, and the account's limit on concurrent executions"
        ),
        _ => format!("see the logs of {upstream}"),
    })
}

fn dead_letters(test: &Test, findings: &Findings, delivery: &Delivery) -> Vec<String> {
    let mut warnings = Vec::new();
    if delivery.messages.dead_lettered > 0 {
        let queues = &test.pipeline.dead_letters;
        warnings.push(format!(
            "{} put aside, and stay in the dead-letter queues: aws sqs receive-message --queue-url {} (or {})",
            count(delivery.messages.dead_lettered, "message"),
            queues.midstream,
            queues.downstream
        ));
    }
    let unread = findings.arrived.dead.unread();
    if let Some(first) = unread.first() {
        warnings.push(format!(
            "{} of records in the dead-letter queues can't be told by their messages, which may count as lost: {first}",
            count(unread.len() as u64, "range")
        ));
    }
    warnings
}

/// A hop's latencies have the cold starts of the functions behind it.
fn cold_starts(test: &Test, delivery: &Delivery) -> Option<String> {
    let cold: u64 =
        delivery.functions.iter().filter(|one| one.function != "upstream").map(|one| one.cold_starts).sum();
    (cold > 0 && test.plan.schedule.ramp.is_zero()).then(|| {
        format!(
            "{} of midstream and downstream in the latencies of the hops: let the functions start with --ramp 10s",
            count(cold, "cold start")
        )
    })
}

#[cfg(test)]
#[path = "warnings_tests.rs"]
mod tests;
