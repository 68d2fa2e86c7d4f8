//! What was observed, in figures.

use std::collections::BTreeMap;

use protocol::histogram::Latency;
use protocol::pipeline::{Hop, message_id};
use protocol::stats::real;
use results::scenario::pipeline::{Delivery, Generator, Knee, Messages, Profile, Requests, Stage};

use super::seconds::seconds;
use super::stages;
use crate::scenario::pipeline::Run;
use crate::scenario::pipeline::execute::{Arrived, Observation, RequestStatus, Schedule, micros};
use crate::scenario::shared::billing_log::function_use;

/// Lost messages that a result names by their ids.
const MAX_IDS: usize = 100;

/// The figures of a load.
pub fn delivery(run: &Run, observation: &Observation) -> Delivery {
    let offered = observation.options.offered(&observation.schedule);
    let profile = offered.profile.as_ref();
    let parts = stages::parts(observation, profile);
    let stages: Vec<Stage> = parts.into_iter().map(|part| part.stage).collect();
    let is_rising = matches!(profile, Some(Profile::Steps { .. }));
    let functions = observation.functions.iter();
    let requests = requests(observation);
    Delivery {
        knee: if is_rising { Knee::of(&stages) } else { None },
        spike: stages::spike(observation, profile),
        stages,
        search: None,
        offered,
        seconds: seconds(observation, &requests),
        requests,
        messages: messages(run, observation),
        hops: hops(observation),
        negative: observation.arrived.tally.negative.clone(),
        functions: functions
            .filter_map(|(part, billed)| Some(function_use(part, billed.as_ref()?)))
            .collect(),
        generator: generator(observation),
    }
}

fn requests(observation: &Observation) -> Requests {
    let (schedule, log) = (&observation.schedule, &observation.load.requests);
    let measured_from = schedule.measured_from();
    let seconds = measured_seconds(schedule, log.last_answer.as_secs_f64());
    let accepted = log.count(RequestStatus::Accepted);
    let others = || log.refused.values().chain(log.unknown.values());
    Requests {
        sent: accepted + others().sum::<u64>(),
        accepted,
        refused: log.refused.clone(),
        unknown: log.unknown.clone(),
        unsent: log.unsent + observation.workers.as_ref().map_or(0, |one| one.workers.unreported),
        throttled: log.throttled.by_api + log.throttled.by_stream,
        cold_starts: log.cold_starts,
        accepted_per_second: real(log.count_from(measured_from, RequestStatus::Accepted)) / seconds,
        seconds,
        latency_ms: log.warm.latency(),
        cold_latency_ms: log.cold.latency(),
    }
}

/// Time without the ramp: until an end, s from the start, and at least as long as the load was to last, so that its last
/// interval counts.
fn measured_seconds(schedule: &Schedule, end: f64) -> f64 {
    (end - schedule.ramp.as_secs_f64()).max(schedule.duration().as_secs_f64())
}

fn messages(run: &Run, observation: &Observation) -> Messages {
    let Arrived { tally, reconciliation, .. } = &observation.arrived;
    let start_us = observation.load.start_us;
    let since = |from_us: u64| {
        let stored_us = tally.last_stored_us?;
        Some(real(stored_us.saturating_sub(from_us)) / 1e6)
    };
    let seconds = measured_seconds(&observation.schedule, since(start_us).unwrap_or_default());
    let lost = reconciliation.lost.iter().flat_map(|(first, last)| *first..=*last);
    let rows = tally.rows + tally.unconfirmed;
    Messages {
        stored: reconciliation.stored,
        dead_lettered: reconciliation.dead_lettered,
        reasons: reconciliation.reasons.clone(),
        dead_lettered_stored: reconciliation.dead_lettered_stored,
        lost: reconciliation.missing(),
        lost_ids: lost.take(MAX_IDS).map(|number| message_id(&run.name, number)).collect(),
        lost_numbers: reconciliation.lost.clone(),
        unaccepted_stored: reconciliation.unaccepted_stored,
        unaccepted_dead_lettered: reconciliation.unaccepted_dead_lettered,
        unconfirmed: tally.unconfirmed,
        foreign: reconciliation.foreign,
        deliveries: tally.deliveries,
        duplicates: tally.deliveries.saturating_sub(rows),
        duplicate_numbers: tally.doubled.clone(),
        per_second: real(reconciliation.stored_measured) / seconds,
        seconds,
        drain_seconds: since(start_us + micros(observation.load.requests.last_answer)),
    }
}

fn hops(observation: &Observation) -> BTreeMap<Hop, Latency> {
    let hops = observation.arrived.tally.hops.iter();
    hops.filter_map(|(hop, histogram)| Some((*hop, histogram.latency()?))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "clocks don't differ by 2^53 µs")]
fn generator(observation: &Observation) -> Generator {
    let load = &observation.load;
    let log = &load.requests;
    Generator {
        late_p99_ms: log.lateness.quantile_ms(0.99),
        waited: log.waited,
        cpu_ms_per_request: load.cpu.as_secs_f64() * 1000.0 / real(log.sent().max(1)),
        clock_difference_ms: log.clock_us as f64 / 1000.0,
        workers: observation.workers.as_ref().map(|one| one.workers),
    }
}
