//! A load that several workers generate together: what each is told, what each answers, and what these are together.

use std::time::Duration;

use protocol::load_generator;
use serde::{Deserialize, Serialize};

use crate::generator::GeneratedLoad;
use crate::plan::Numbers;
use crate::request_log::{RequestLog, RequestStatus};
use crate::schedule::Schedule;

/// What all workers of a load are told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedLoad {
    /// What the ids of its messages start with.
    pub run: String,
    /// When each request is due, and how many workers there are.
    pub schedule: Schedule,
    /// Keep-alive connections of each worker.
    pub connections: u64,
    /// Bytes of each message's text.
    pub message_bytes: u64,
}

/// What one worker is told.
pub type Task = load_generator::Task<SharedLoad>;

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// Which worker it was.
    pub worker: u64,
    /// What it has sent.
    pub load: GeneratedLoad,
}

/// What all workers have sent together.
#[derive(Debug)]
pub struct MergedLoad {
    /// Its requests by the numbers of their messages.
    pub load: GeneratedLoad,
    /// Workers that have reported.
    pub reported: u64,
    /// Those of them that weren't ready when the load started.
    pub late: u64,
    /// Requests of the others: nobody knows which of them were sent.
    pub unreported: u64,
}

impl MergedLoad {
    /// Puts the reports of a load together; the first one of each worker counts.
    #[must_use]
    pub fn new(schedule: &Schedule, reports: impl IntoIterator<Item = Report>) -> Self {
        let mut missing: Vec<Option<Numbers>> = schedule.numbers().into_iter().map(Some).collect();
        let mut requests = RequestLog::new(schedule.total());
        let mut merged = GeneratedLoad::default();
        let (mut reported, mut late) = (0, 0);
        for Report { worker, load } in reports {
            let index = usize::try_from(worker).unwrap_or(usize::MAX);
            let Some(numbers) = missing.get_mut(index).and_then(Option::take) else { continue };
            reported += 1;
            late += u64::from(load.late > Duration::ZERO);
            merged.start_us = load.start_us;
            merged.cpu += load.cpu;
            merged.late = merged.late.max(load.late);
            requests.absorb(load.requests, &numbers);
        }
        let mut unreported = 0;
        for (worker, numbers) in (0..).zip(missing) {
            let Some(numbers) = numbers else { continue };
            unreported += numbers.count();
            numbers.all().for_each(|number| requests.set(number, RequestStatus::Unreported));
            // Its requests were due all the same.
            requests.seconds.count_due(schedule.due(worker));
        }
        Self { load: GeneratedLoad { requests, ..merged }, reported, late, unreported }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use protocol::pipeline::Arrivals;

    use super::*;
    use crate::request_log::{StageLog, Throttled};
    use crate::schedule::Stage;
    use crate::seconds::Event;

    const START_US: u64 = 1_763_719_200_000_000;

    fn schedule(workers: u64) -> Schedule {
        let [ramp, duration] = [1, 2].map(Duration::from_secs);
        let stages = vec![Stage { rate: 100, duration }, Stage { rate: 200, duration }];
        Schedule { ramp, stages, arrivals: Arrivals::Poisson, seed: 1, workers }
    }

    /// A worker whose requests were all accepted but the last one; each took as many ms as the worker's number.
    fn report(schedule: &Schedule, worker: u64) -> Report {
        let plan = schedule.plan(worker);
        let mut requests = RequestLog::new(plan.total());
        requests.statuses.fill(RequestStatus::Accepted);
        requests.set(plan.total() - 1, RequestStatus::Refused);
        (1..plan.total()).for_each(|_| requests.warm.record(Duration::from_millis(worker + 1)));
        requests.refused = BTreeMap::from([("429".to_owned(), 1)]);
        requests.throttled = Throttled { by_api: 1, by_stream: 0 };
        requests.last_answer = Duration::from_secs(2 + worker);
        let stage = |stage: u64| StageLog {
            throttled: stage,
            last_accepted: Duration::from_secs(2 * stage + worker),
            warm: requests.warm.clone(),
            ..StageLog::default()
        };
        requests.stages = vec![stage(1), stage(2)];
        requests.clock_us = if worker == 1 { -3000 } else { 2000 };
        for index in 0..plan.total() {
            let due = plan.due(index);
            let answer = if index + 1 == plan.total() { Event::Refused } else { Event::Accepted };
            requests.seconds.count(Event::Due, due);
            requests.seconds.count(Event::Sent, due);
            requests.seconds.count(answer, due + Duration::from_millis(worker + 1));
        }
        let cpu = Duration::from_millis(100);
        let late = Duration::from_millis(if worker == 2 { 40 } else { 0 });
        Report { worker, load: GeneratedLoad { start_us: START_US, requests, cpu, late } }
    }

    proptest! {
        #[test]
        fn whoever_reports_all_seconds_have_what_there_is_in_all(
            workers in 1..6_u64,
            dead in proptest::collection::hash_set(0..6_u64, 0..4),
        ) {
            let schedule = schedule(workers);
            let alive = (0..workers).filter(|worker| !dead.contains(worker));
            let merged = MergedLoad::new(&schedule, alive.map(|worker| passed_on(&report(&schedule, worker))));
            let requests = &merged.load.requests;
            let [accepted, refused] =
                [RequestStatus::Accepted, RequestStatus::Refused].map(|status| requests.count(status));
            let counted = Event::ALL.map(|event| requests.seconds.total(event));
            prop_assert_eq!(counted, [schedule.total(), requests.sent(), accepted, refused, 0]);
        }
    }

    #[test]
    fn a_worker_of_an_earlier_version_has_counted_nothing_by_second() {
        let mut json = serde_json::to_value(report(&schedule(1), 0)).unwrap();
        json["load"]["requests"].as_object_mut().unwrap().remove("seconds").unwrap();
        let report: Report = serde_json::from_value(json).unwrap();
        assert_eq!(report.load.requests.seconds, crate::Seconds::default());
    }

    /// As it comes from a function.
    fn passed_on(report: &Report) -> Report {
        serde_json::from_str(&serde_json::to_string(report).unwrap()).unwrap()
    }

    #[test]
    fn the_reports_of_all_workers_are_one_load() {
        let schedule = schedule(3);
        let reports: Vec<_> = (0..3).map(|worker| report(&schedule, worker)).collect();
        let merged = MergedLoad::new(&schedule, reports.iter().rev().map(passed_on));
        let requests = &merged.load.requests;
        let total = schedule.total();
        assert_eq!(requests.statuses.len() as u64, total);
        assert_eq!(requests.count(RequestStatus::Accepted), total - 3);
        assert_eq!((requests.refused["429"], requests.throttled.by_api), (3, 3));
        assert_eq!(requests.warm.count(), total - 3);
        assert!((requests.warm.quantile_ms(1.0).unwrap() - 3.0).abs() < 0.01, "the slowest worker's");
        // The last request of a worker is the last of its block.
        let last = schedule.numbers()[0].all().last().unwrap();
        assert_eq!(requests.statuses[usize::try_from(last).unwrap()], RequestStatus::Refused);
        assert_eq!(requests.last_answer, Duration::from_secs(4));
        let stages: Vec<_> =
            requests.stages.iter().map(|one| (one.throttled, one.last_accepted.as_secs())).collect();
        assert_eq!(stages, [(3, 4), (6, 6)]);
        assert_eq!(requests.stages[1].warm.count(), total - 3);
        assert_eq!(requests.clock_us, -3000, "the greatest difference");
        assert_eq!((merged.load.start_us, merged.load.cpu), (START_US, Duration::from_millis(300)));
        assert_eq!((merged.load.late, merged.late), (Duration::from_millis(40), 1));
        assert_eq!((merged.reported, merged.unreported), (3, 0));
        let counted = Event::ALL.map(|event| requests.seconds.total(event));
        assert_eq!(counted, [total, total, total - 3, 3, 0], "as many as there are in all");
        let first_second = (0..3).map(|worker| {
            let plan = schedule.plan(worker);
            (0..plan.total()).take_while(|index| plan.due(*index) < Duration::from_secs(1)).count() as u64
        });
        assert_eq!(requests.seconds.of(Event::Due)[0], first_second.sum::<u64>());
    }

    #[test]
    fn what_a_worker_that_died_has_sent_is_unknown_and_the_others_stand() {
        let schedule = schedule(3);
        let reports = [report(&schedule, 2), report(&schedule, 0), report(&schedule, 0)];
        let merged = MergedLoad::new(&schedule, reports);
        let slice = &schedule.numbers()[1];
        assert_eq!((merged.reported, merged.unreported), (2, slice.count()));
        let requests = &merged.load.requests;
        assert_eq!(requests.count(RequestStatus::Unreported), slice.count());
        assert!(slice.all().all(|number| {
            requests.statuses[usize::try_from(number).unwrap()] == RequestStatus::Unreported
        }));
        assert_eq!(requests.sent(), schedule.total() - slice.count(), "a report counts once");
        let counted = |event| requests.seconds.total(event);
        assert_eq!(counted(Event::Sent), requests.sent());
        assert_eq!(counted(Event::Due), schedule.total(), "the dead worker's were due as well");
    }
}
