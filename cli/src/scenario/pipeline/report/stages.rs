//! The parts of a load, each with its own rate.

use std::ops::Range;

use protocol::histogram::Histogram;
use protocol::stats::real;
use results::scenario::pipeline::{Profile, Spike, Stage};

use crate::scenario::pipeline::execute::{Observation, RequestStatus, StageLog};
use crate::scenario::shared::series::{Series, Values};

/// A part of a load, with all its latencies.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its figures.
    pub stage: Stage,
    /// Latencies of requests.
    pub http: Histogram,
    /// Latencies of the whole way.
    pub end_to_end: Histogram,
}

/// What is measured of each stage of the schedule.
#[derive(Debug, Clone)]
struct Measured {
    rate: u64,
    /// From the start of the load, s.
    from: f64,
    until: f64,
    numbers: Range<u64>,
    log: StageLog,
    end_to_end: Histogram,
    first_stored_us: Option<u64>,
    last_stored_us: Option<u64>,
}

impl Measured {
    /// Together with the stage behind it.
    fn with(mut self, next: &Self) -> Self {
        self.until = next.until;
        self.numbers.end = next.numbers.end;
        self.log.absorb(&next.log);
        self.end_to_end.merge(&next.end_to_end);
        let stored = [self.first_stored_us, next.first_stored_us];
        self.first_stored_us = stored.into_iter().flatten().min();
        self.last_stored_us = self.last_stored_us.max(next.last_stored_us);
        self
    }

    fn part(self, name: String, observation: &Observation) -> Part {
        let requests = &observation.load.requests;
        let count = |status| requests.count_in(&self.numbers, status);
        let (accepted, stored) = (count(RequestStatus::Accepted), self.stored(observation));
        let seconds = self.until - self.from;
        let answered = self.log.last_accepted.as_secs_f64() - self.from;
        let since_start = |us: u64| (real(us) - real(observation.load.start_us)) / 1e6;
        let storing = self.first_stored_us.zip(self.last_stored_us);
        let stored_in = storing.map_or(0.0, |(first, last)| since_start(last) - since_start(first));
        let stage = Stage {
            name,
            rate: self.rate,
            seconds,
            due: requests.statuses_of(&self.numbers).len() as u64,
            unsent: self.log.unsent + count(RequestStatus::Unreported),
            accepted,
            throttled: self.log.throttled,
            stored,
            accepted_per_second: real(accepted) / answered.max(seconds),
            stored_per_second: real(stored) / stored_in.max(seconds),
            latency_ms: self.log.warm.latency(),
            end_to_end_ms: self.end_to_end.latency(),
            drain_seconds: self.last_stored_us.map(|last| (since_start(last) - self.until).max(0.0)),
            late_p99_ms: self.log.lateness.quantile_ms(0.99),
            waited: self.log.waited,
            connections: observation.options.all_connections(),
        };
        Part { stage, http: self.log.warm, end_to_end: self.end_to_end }
    }

    /// Accepted messages with a row.
    fn stored(&self, observation: &Observation) -> u64 {
        let requests = &observation.load.requests;
        let rows = observation.arrived.tally.numbers.iter();
        let of_stage = rows.map(|(first, last)| {
            let numbers = *first.max(&self.numbers.start)..(last + 1).min(self.numbers.end);
            if numbers.is_empty() { 0 } else { requests.count_in(&numbers, RequestStatus::Accepted) }
        });
        of_stage.sum()
    }
}

/// The whole load behind its ramp as one part.
pub fn whole(observation: &Observation) -> Option<Part> {
    let all = together(measured(observation));
    Some(all?.part(format!("rate {}", observation.options.rate), observation))
}

/// The parts that people tell apart: none of a load with one rate.
pub fn parts(observation: &Observation, profile: Option<&Profile>) -> Vec<Part> {
    let measured = measured(observation);
    let named: Vec<(String, Measured)> = match profile {
        Some(Profile::Steps { .. }) => {
            measured.into_iter().map(|one| (format!("rate {}", one.rate), one)).collect()
        }
        Some(Profile::Spike { .. }) => {
            let mut stages = measured.into_iter();
            let parts = [stages.next(), stages.next(), together(stages)];
            let names = ["before", "during", "after"].map(str::to_owned);
            names.into_iter().zip(parts).filter_map(|(name, part)| Some((name, part?))).collect()
        }
        Some(Profile::FindLimit { .. }) | None => return Vec::new(),
    };
    named.into_iter().map(|(name, one)| one.part(name, observation)).collect()
}

/// How soon a spike was over; none of other loads, and of one that was stopped before.
pub fn spike(observation: &Observation, profile: Option<&Profile>) -> Option<Spike> {
    let Some(Profile::Spike { .. }) = profile else { return None };
    let all = measured(observation);
    let [before, _, intervals @ ..] = all.as_slice() else { return None };
    let first = intervals.first()?;
    let back = |of: fn(&Measured) -> &Histogram| {
        let usual = of(before).quantile_ms(0.9)?;
        let is_usual = |one: &&Measured| of(one).quantile_ms(0.5).is_some_and(|median| median <= usual);
        let stays = intervals.iter().rev().take_while(is_usual).last()?;
        Some(stays.from - first.from)
    };
    Some(Spike {
        interval_seconds: first.until - first.from,
        http_back_seconds: back(|one| &one.log.warm),
        end_to_end_back_seconds: back(|one| &one.end_to_end),
    })
}

/// The latencies of each part.
pub fn series(parts: Vec<Part>) -> impl Iterator<Item = Series> {
    parts.into_iter().flat_map(|Part { stage, http, end_to_end }| {
        let series = |of: &str, histogram, failures, per_second| Series {
            name: format!("{}: {of}", stage.name),
            values: Values::Histogram(histogram),
            failures,
            per_second: Some(per_second),
        };
        let undelivered = stage.accepted - stage.stored;
        [
            series("http", http, stage.errors(), stage.accepted_per_second),
            series("end-to-end", end_to_end, undelivered, stage.stored_per_second),
        ]
    })
}

fn together(stages: impl IntoIterator<Item = Measured>) -> Option<Measured> {
    stages.into_iter().reduce(|all, next| all.with(&next))
}

fn measured(observation: &Observation) -> Vec<Measured> {
    let mut from = observation.schedule.ramp.as_secs_f64();
    let stages = observation.schedule.stages.iter().zip(observation.schedule.ranges()).enumerate();
    let measured = stages.map(|(index, (stage, numbers))| {
        let tally = observation.arrived.tally.stages.get(index).cloned().unwrap_or_default();
        let until = from + stage.duration.as_secs_f64();
        Measured {
            rate: stage.rate,
            from: std::mem::replace(&mut from, until),
            until,
            numbers,
            log: observation.load.requests.stages.get(index).cloned().unwrap_or_default(),
            end_to_end: tally.end_to_end,
            first_stored_us: tally.first_stored_us,
            last_stored_us: tally.last_stored_us,
        }
    });
    measured.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use results::scenario::pipeline::{Knee, KneeKind};

    use super::*;
    use crate::scenario::pipeline::options::Options;
    use crate::scenario::pipeline::report::aggregate;
    use crate::scenario::pipeline::testing::{observation_of, observation_of_steps, options, run};

    fn spiky() -> Options {
        let [duration, spike_duration] = [30, 10].map(Duration::from_secs);
        Options {
            rate: 100,
            duration,
            ramp: Duration::ZERO,
            spike: Some(500),
            spike_duration: Some(spike_duration),
            ..options()
        }
    }

    #[test]
    fn each_step_has_its_own_requests_rows_and_times() {
        let delivery = aggregate::delivery(&run(), &observation_of_steps());
        let [first, second, third] = &delivery.stages[..] else { panic!("{:?}", delivery.stages) };
        assert_eq!(
            (first.name.as_str(), first.rate, first.due, first.accepted),
            ("rate 100", 100, 1000, 1000)
        );
        assert_eq!((first.errors(), first.stored, first.drain_seconds), (0, 1000, Some(0.0)));
        assert!((second.accepted_per_second - 200.0).abs() < 1e-9, "{second:?}");
        assert_eq!((third.due, third.errors(), third.throttled, third.unsent), (4000, 400, 400, 0));
        // 3,600 rows in 20 s, the last of them 10 s after the end of the step.
        assert!((third.stored_per_second - 180.0).abs() < 1e-9, "{third:?}");
        assert!((third.drain_seconds.unwrap() - 10.0).abs() < 1e-6, "{third:?}");
        let latencies = (third.latency_ms.unwrap().p99, third.end_to_end_ms.unwrap().p50);
        assert!((latencies.0 - 5.0).abs() < 0.01 && (latencies.1 - 500.0).abs() < 0.5, "{latencies:?}");
        assert_eq!(delivery.knee, Some(Knee { rate: 400, kind: KneeKind::Requests }));
        assert_eq!(delivery.offered.rate, 400, "the highest");
        assert!((delivery.offered.per_second() - 7000.0 / 30.0).abs() < 1e-9);
    }

    #[test]
    fn each_step_has_series_of_its_own_beside_the_whole_loads() {
        let observation = observation_of_steps();
        let delivery = aggregate::delivery(&run(), &observation);
        let names: Vec<_> = super::super::series::series(&observation, &delivery)
            .into_iter()
            .map(|one| (one.name, one.failures))
            .collect();
        let of_steps: Vec<_> = names.iter().filter(|(name, _)| name.contains(": ")).collect();
        assert_eq!(of_steps.len(), 6);
        assert!(names.contains(&("rate 400: http".to_owned(), 400)), "{names:?}");
        assert!(names.contains(&("http".to_owned(), 400)) && names.contains(&("end-to-end".to_owned(), 0)));
    }

    #[test]
    fn steps_that_were_not_sent_are_no_steps() {
        let mut stopped = observation_of_steps();
        stopped.load.requests.statuses.truncate(1500);
        stopped.schedule = stopped.schedule.until(1500).unwrap();
        let delivery = aggregate::delivery(&run(), &stopped);
        let steps: Vec<_> =
            delivery.stages.iter().map(|stage| (stage.rate, stage.due, stage.seconds)).collect();
        assert_eq!(steps, [(100, 1000, 10.0), (200, 500, 2.5)]);
    }

    #[test]
    fn a_spike_has_a_before_a_during_and_an_after() {
        let mut answered = vec![(1000, 0), (5000, 0)];
        answered.extend([(100, 0); 10]);
        let mut observation = observation_of(spiky(), &answered, &[1; 12]);
        let delivery = aggregate::delivery(&run(), &observation);
        let parts: Vec<_> = delivery
            .stages
            .iter()
            .map(|part| (part.name.as_str(), part.rate, part.due, part.seconds))
            .collect();
        assert_eq!(
            parts,
            [("before", 100, 1000, 10.0), ("during", 500, 5000, 10.0), ("after", 100, 1000, 10.0)]
        );
        let back = |observation: &Observation| {
            let spike = aggregate::delivery(&run(), observation).spike.unwrap();
            (spike.http_back_seconds, spike.end_to_end_back_seconds)
        };
        assert_eq!(back(&observation), (Some(0.0), Some(0.0)), "it was never felt");
        // In the first three seconds behind the spike, and again in the fifth one, requests take longer.
        for interval in [2, 3, 4, 6] {
            let log = &mut observation.load.requests.stages[interval];
            (0..200).for_each(|_| log.warm.record(Duration::from_millis(80)));
        }
        let last = observation.arrived.tally.stages.last_mut().unwrap();
        (0..200).for_each(|_| last.end_to_end.record(Duration::from_secs(3)));
        assert_eq!(back(&observation), (Some(5.0), None), "from then on, it stays so");
    }
}
