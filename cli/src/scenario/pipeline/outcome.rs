//! The result of a load test: its figures, samples, statistics and cost.

use std::collections::BTreeMap;

use protocol::pipeline::Hop;
use protocol::stats::real;
use results::cost::Cost;
use results::scenario::Detail;
use results::scenario::pipeline::{Delivery, Generator, Messages, Requests};

use super::find::{Findings, micros};
use super::load::record::{Fate, Record};
use super::price::Usage;
use super::{Test, violations, warnings};
use crate::scenario::shared::billing_log::{Billed, function_use};
use crate::scenario::shared::cost::quoted;
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::series::{Series, Values};

/// Lost messages that a result names by their ids.
const MAX_IDS: usize = 100;

/// The result of a test.
pub fn result(test: &Test, findings: Findings) -> Measurement {
    let usage = usage(test, &findings);
    let delivery = delivery(test, &findings, &usage);
    let mut warnings = findings.warnings.clone();
    warnings.extend(warnings::of(test, &findings, &delivery));
    let failed_checks = violations::of(&delivery, &findings.arrived.tally);
    let measured = measured(findings, &delivery);
    Measurement {
        series: measured,
        cost: cost(&delivery, &usage).into_iter().collect(),
        warnings,
        failed_checks,
        detail: Detail::Pipeline(Box::new(delivery)),
    }
}

/// What a test has found out, in figures.
pub fn delivery(test: &Test, findings: &Findings, usage: &Usage) -> Delivery {
    Delivery {
        offered: test.plan.offered(),
        requests: requests(test, &findings.sent.record),
        messages: messages(test, findings),
        hops: hops(findings),
        negative: findings.arrived.tally.negative.clone(),
        functions: findings
            .functions
            .iter()
            .filter_map(|(part, billed)| Some(function_use(part, billed.as_ref()?)))
            .collect(),
        price: usage.price(),
        generator: generator(findings),
    }
}

fn requests(test: &Test, record: &Record) -> Requests {
    let measured_from = test.plan.schedule.measured_from();
    let seconds = measured_seconds(test, record.last_answer.as_secs_f64());
    let accepted = record.count_from(0, Fate::Accepted);
    let others = || record.refused.values().chain(record.unknown.values());
    Requests {
        sent: accepted + others().sum::<u64>(),
        accepted,
        refused: record.refused.clone(),
        unknown: record.unknown.clone(),
        unsent: record.unsent,
        throttled: record.throttled.by_api + record.throttled.by_stream,
        cold_starts: record.cold_starts,
        accepted_per_second: real(record.count_from(measured_from, Fate::Accepted)) / seconds,
        seconds,
        latency_ms: record.warm.latency(),
        cold_latency_ms: record.cold.latency(),
    }
}

/// Time without the ramp: until an end, s from the start, and at least as long as the load was to last, so that its last
/// interval counts.
fn measured_seconds(test: &Test, end: f64) -> f64 {
    let schedule = &test.plan.schedule;
    (end - schedule.ramp.as_secs_f64()).max(schedule.duration.as_secs_f64())
}

fn messages(test: &Test, findings: &Findings) -> Messages {
    let (tally, account) = (&findings.arrived.tally, &findings.arrived.account);
    let start_us = findings.sent.start_us;
    let since = |from_us: u64| {
        let stored_us = tally.last_stored_us?;
        Some(real(stored_us.saturating_sub(from_us)) / 1e6)
    };
    let seconds = measured_seconds(test, since(start_us).unwrap_or_default());
    let lost = account.lost.iter().flat_map(|(first, last)| *first..=*last);
    let rows = tally.rows + tally.unconfirmed;
    Messages {
        stored: account.stored,
        dead_lettered: account.dead_lettered,
        reasons: account.reasons.clone(),
        dead_lettered_stored: account.dead_lettered_stored,
        lost: account.missing(),
        lost_ids: lost.take(MAX_IDS).map(|number| test.id(number)).collect(),
        lost_numbers: account.lost.clone(),
        unaccepted_stored: account.unaccepted_stored,
        unaccepted_dead_lettered: account.unaccepted_dead_lettered,
        unconfirmed: tally.unconfirmed,
        foreign: account.foreign,
        deliveries: tally.deliveries,
        duplicates: tally.deliveries.saturating_sub(rows),
        per_second: real(account.stored_measured) / seconds,
        seconds,
        drain_seconds: since(start_us + micros(findings.sent.record.last_answer)),
    }
}

fn hops(findings: &Findings) -> BTreeMap<Hop, protocol::histogram::Latency> {
    let hops = findings.arrived.tally.hops.iter();
    hops.filter_map(|(hop, histogram)| Some((*hop, histogram.latency()?))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "clocks don't differ by 2^53 µs")]
fn generator(findings: &Findings) -> Generator {
    let record = &findings.sent.record;
    let sent = record.fates.iter().filter(|fate| **fate != Fate::Unsent).count() as u64;
    Generator {
        late_p99_ms: record.late.quantile_ms(0.99),
        waited: record.waited,
        cpu_ms_per_request: findings.sent.cpu.as_secs_f64() * 1000.0 / real(sent.max(1)),
        clock_difference_ms: record.clock_us as f64 / 1000.0,
    }
}

/// What the run used.
pub fn usage(test: &Test, findings: &Findings) -> Usage {
    let deployment = &test.pipeline.deployment;
    let (tally, account, record) =
        (&findings.arrived.tally, &findings.arrived.account, &findings.sent.record);
    let arrived = account.unaccepted_stored + account.unaccepted_dead_lettered;
    let puts = record.count_from(0, Fate::Accepted) + arrived;
    let requests = record.fates.iter().filter(|fate| **fate != Fate::Unsent).count() as u64;
    let by_data_api = deployment.settings.get("driver").is_some_and(|driver| driver == "data-api");
    let downstream = findings.functions.iter().find(|(part, _)| *part == "downstream");
    Usage {
        rows: tally.rows,
        architecture: deployment.architecture.clone(),
        memory_mb: deployment.setting("memory").unwrap_or_default(),
        billed: sum(&findings.functions),
        requests,
        puts,
        writes: tally.deliveries.max(tally.rows),
        id_bytes: test.id(test.plan.schedule.total()).len() as u64,
        message_bytes: test.plan.size,
        shards: deployment.setting("shards").unwrap_or_default(),
        seconds: findings.seconds(),
        data_api_batches: downstream
            .filter(|_| by_data_api)
            .and_then(|(_, billed)| Some(billed.as_ref()?.invocations)),
        acu_hours: findings.acu_hours,
    }
}

/// All functions together; none if one of them is unknown.
fn sum(functions: &[(&str, Option<Billed>)]) -> Option<Billed> {
    functions.iter().try_fold(Billed::default(), |sum, (_, billed)| {
        let billed = billed.as_ref()?;
        Some(Billed { invocations: sum.invocations + billed.invocations, ms: sum.ms + billed.ms, ..sum })
    })
}

fn measured(findings: Findings, delivery: &Delivery) -> Vec<Series> {
    let requests = &delivery.requests;
    let failures = requests.sent - requests.accepted;
    let name = |name: &str| name.to_owned();
    let http = Series {
        name: name("http"),
        values: Values::Histogram(findings.sent.record.warm),
        failures,
        per_second: Some(requests.accepted_per_second),
    };
    let cold = Series {
        name: name("http, cold starts"),
        values: Values::Histogram(findings.sent.record.cold),
        failures: 0,
        per_second: None,
    };
    let hops = findings.arrived.tally.hops.into_iter().map(|(hop, histogram)| Series {
        name: hop.to_string(),
        values: Values::Histogram(histogram),
        failures: if hop == Hop::EndToEnd {
            delivery.messages.dead_lettered + delivery.messages.lost
        } else {
            0
        },
        per_second: (hop == Hop::EndToEnd).then_some(delivery.messages.per_second),
    });
    [http, cold].into_iter().chain(hops).filter(Series::has_values).collect()
}

/// The price of a million messages; with Aurora's capacity, where that was measured.
fn cost(delivery: &Delivery, usage: &Usage) -> Option<Cost> {
    let price = &delivery.price;
    let (usd, with) = match (price.per_million_with_aurora_usd, price.per_million_usd) {
        (Some(usd), _) => (usd, "with"),
        (None, usd) => (usd?, "without"),
    };
    Some(quoted(format!("a million messages, {with} Aurora's capacity"), usd, usage.quoted(price)))
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
