//! When requests are due.

use std::time::Duration;

use proptest::prelude::*;
use protocol::pipeline::Arrivals;
use protocol::stats::real;

use crate::{Plan, Schedule, Stage};

fn schedule(rate: u64, ramp: u64, duration: u64) -> Schedule {
    stages(ramp, &[(rate, duration)])
}

/// Rates, each held for so many s, after a ramp of so many.
fn stages(ramp: u64, stages: &[(u64, u64)]) -> Schedule {
    let stage = |&(rate, duration): &(u64, u64)| Stage { rate, duration: Duration::from_secs(duration) };
    Schedule {
        ramp: Duration::from_secs(ramp),
        stages: stages.iter().map(stage).collect(),
        arrivals: Arrivals::Constant,
        seed: 1,
        workers: 1,
    }
}

/// When requests are due, s.
fn due(plan: &Plan) -> Vec<f64> {
    (0..plan.total()).map(|index| plan.due(index).as_secs_f64()).collect()
}

#[test]
fn without_a_ramp_requests_are_evenly_spaced() {
    let schedule = schedule(200, 0, 60);
    assert_eq!((schedule.measured_from(), schedule.total()), (0, 12_000));
    let plan = schedule.plan(0);
    assert_eq!(plan.due(0), Duration::ZERO);
    assert_eq!(plan.due(1), Duration::from_millis(5));
    assert_eq!(plan.due(11_999), Duration::from_millis(59_995));
}

#[test]
fn a_ramp_has_half_the_requests_of_its_time_and_ends_at_the_full_rate() {
    let schedule = schedule(200, 10, 60);
    assert_eq!((schedule.measured_from(), schedule.total()), (1000, 13_000));
    let plan = schedule.plan(0);
    assert_eq!(plan.due(1000), Duration::from_secs(10));
    // A quarter of them by half of its time.
    assert_eq!(plan.due(250), Duration::from_secs(5));
    let last_step = plan.due(999).saturating_sub(plan.due(998));
    assert!((last_step.as_secs_f64() - 0.005).abs() < 1e-4, "{last_step:?}");
}

#[test]
fn each_stage_has_its_rate_from_its_start_to_its_end() {
    let schedule = stages(2, &[(100, 3), (500, 2), (50, 4)]);
    // The ramp grows to the first stage's rate.
    assert_eq!(schedule.ranges(), [100..400, 400..1400, 1400..1600]);
    assert_eq!((schedule.measured_from(), schedule.total()), (100, 1600));
    assert_eq!(schedule.duration(), Duration::from_secs(9));
    let plan = schedule.plan(0);
    for (index, ms) in [(100, 2000), (399, 4990), (400, 5000), (401, 5002), (1400, 7000), (1599, 10_980)] {
        assert_eq!(plan.due(index), Duration::from_millis(ms), "{index}");
    }
    let of = [0, 99, 100, 399, 400, 1400, 1599].map(|index| plan.stage(index));
    assert_eq!(of, [None, None, Some(0), Some(0), Some(1), Some(2), Some(2)]);
}

#[test]
fn a_load_that_was_stopped_has_the_stages_until_then() {
    let schedule = stages(2, &[(100, 3), (500, 2)]);
    assert_eq!(schedule.until(100), None, "the ramp isn't measured");
    assert_eq!(
        schedule.until(250),
        Some(Schedule {
            stages: vec![Stage { rate: 100, duration: Duration::from_millis(1500) }],
            ..schedule.clone()
        })
    );
    assert_eq!(schedule.until(400).unwrap(), stages(2, &[(100, 3)]), "none of the next one was due");
    let second = schedule.until(900).unwrap();
    assert_eq!((second.total(), second.duration()), (900, Duration::from_secs(4)));
    assert_eq!(schedule.until(1400), Some(schedule.clone()));
}

#[test]
fn requests_are_due_in_the_order_of_their_numbers() {
    for schedule in [schedule(7, 3, 5), schedule(1, 1, 1), schedule(9999, 1, 1)] {
        let due = due(&schedule.plan(0));
        assert!(due.is_sorted(), "{schedule:?}");
        assert!(due[due.len() - 1] < (schedule.ramp + schedule.duration()).as_secs_f64(), "{schedule:?}");
    }
}

/// The gaps of a Poisson process are exponential: their mean and their standard deviation are the same.
#[test]
fn poisson_arrivals_have_the_rate_on_average_and_gaps_as_uneven_as_chance() {
    for workers in [1, 40] {
        let schedule = Schedule { arrivals: Arrivals::Poisson, workers, ..schedule(1000, 0, 100) };
        let mut due: Vec<_> = (0..workers).flat_map(|worker| due(&schedule.plan(worker))).collect();
        due.sort_by(f64::total_cmp);
        let count = real(due.len() as u64);
        // Five standard deviations of a Poisson-distributed count.
        assert!((count - 100_000.0).abs() < 5.0 * 100_000_f64.sqrt(), "{count} by {workers}");
        let gaps: Vec<_> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / count;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count).sqrt();
        assert!((deviation / mean - 1.0).abs() < 0.02, "{deviation} and {mean} by {workers}");
        let long = real(gaps.iter().filter(|gap| **gap > mean).count() as u64) / count;
        assert!((long - (-1_f64).exp()).abs() < 0.01, "{long} of the gaps are longer than the mean");
    }
}

#[test]
fn poisson_arrivals_have_each_stages_rate() {
    let schedule =
        Schedule { arrivals: Arrivals::Poisson, workers: 7, ..stages(0, &[(200, 50), (2000, 50)]) };
    let counts: Vec<_> = schedule.ranges().into_iter().map(|range| range.end - range.start).collect();
    assert!(counts[0].abs_diff(10_000) < 500 && counts[1].abs_diff(100_000) < 1600, "{counts:?}");
}

#[test]
fn poisson_arrivals_grow_in_a_ramp_and_are_the_same_again_by_their_seed() {
    let schedule = Schedule { arrivals: Arrivals::Poisson, ..schedule(1000, 20, 10) };
    let due = due(&schedule.plan(0));
    let until = |end: f64| due.iter().filter(|due| **due < end).count() as u64;
    // 10,000 in the ramp, a quarter of them in its first half.
    assert!(until(10.0).abs_diff(2500) < 250, "{}", until(10.0));
    assert!(until(20.0).abs_diff(10_000) < 500, "{}", until(20.0));
    assert_eq!(schedule.measured_from(), until(20.0));
    assert_eq!(schedule.plan(0), schedule.plan(0));
    assert_ne!(schedule.plan(0), Schedule { seed: 2, ..schedule.clone() }.plan(0));
    let two = Schedule { workers: 2, ..schedule };
    assert_ne!(two.plan(0).due(0), two.plan(1).due(0), "workers are independent");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However many share a load, and whatever its rates, each request is sent once, and evenly spaced ones when they would be from here.
    #[test]
    fn workers_send_the_whole_schedule_and_each_number_once(
        ramp in 0_u64..4,
        held in proptest::collection::vec((1_u64..500, 1_u64..3), 1..5),
        workers in 1_u64..12,
        is_poisson: bool,
    ) {
        let arrivals = if is_poisson { Arrivals::Poisson } else { Arrivals::Constant };
        let whole = Schedule { arrivals, workers, ..stages(ramp, &held) };
        let plans: Vec<_> = (0..workers).map(|worker| whole.plan(worker)).collect();
        let mut sent: Vec<(u64, Duration)> = plans
            .iter()
            .flat_map(|plan| (0..plan.total()).map(|index| (plan.number(index), plan.due(index))))
            .collect();
        sent.sort_unstable();
        prop_assert!(sent.iter().map(|(number, _)| *number).eq(0..whole.total()));
        for (number, due) in &sent {
            prop_assert_eq!(*number >= whole.measured_from(), *due >= whole.ramp);
        }
        // Each stage's messages have a range of numbers, and are due while it lasts.
        let mut start = whole.ramp;
        for (range, stage) in whole.ranges().into_iter().zip(&whole.stages) {
            let end = start + stage.duration;
            for (_, due) in sent.iter().filter(|(number, _)| range.contains(number)) {
                prop_assert!((start..=end).contains(due), "{:?} is not from {:?} to {:?}", due, start, end);
            }
            if !is_poisson {
                prop_assert_eq!(range.end - range.start, stage.rate * stage.duration.as_secs());
            }
            start = end;
        }
        if !is_poisson {
            let mut due: Vec<_> = sent.iter().map(|(_, due)| *due).collect();
            due.sort_unstable();
            let alone = Schedule { workers: 1, ..whole }.plan(0);
            prop_assert!(due.into_iter().eq((0..alone.total()).map(|index| alone.due(index))));
        }
    }
}
