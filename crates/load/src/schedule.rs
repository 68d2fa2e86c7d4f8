//! When each request is due, fixed before the first one is sent: an open loop, whatever the answers.

use std::time::Duration;

use protocol::pipeline::Arrivals;
use protocol::stats::real;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::plan::{Numbers, Plan};

/// A rate that grows linearly from 0 in the ramp, and is held from then on; one or several workers send it together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Requests per second, of all workers together.
    pub rate: u64,
    /// Time in which the rate grows.
    pub ramp: Duration,
    /// Time in which it is held.
    pub duration: Duration,
    /// How requests follow each other.
    pub arrivals: Arrivals,
    /// What makes arrivals that are random the same again.
    pub seed: u32,
    /// Who sends them.
    pub workers: u64,
}

impl Schedule {
    /// Requests of the ramp, by all workers: the number of the first one behind it.
    #[must_use]
    pub fn measured_from(&self) -> u64 {
        match self.arrivals {
            Arrivals::Constant => self.ramp_slots(),
            Arrivals::Poisson => (0..self.workers).map(|worker| self.counts(worker).0).sum(),
        }
    }

    /// All requests of all workers.
    #[must_use]
    pub fn total(&self) -> u64 {
        match self.arrivals {
            Arrivals::Constant => self.slots(),
            Arrivals::Poisson => {
                let counts = (0..self.workers).map(|worker| self.counts(worker));
                counts.map(|(ramp, measured)| ramp + measured).sum()
            }
        }
    }

    /// The numbers of each worker's messages.
    #[must_use]
    pub fn numbers(&self) -> Vec<Numbers> {
        let counts: Vec<_> = (0..self.workers).map(|worker| self.counts(worker)).collect();
        Numbers::blocks(&counts)
    }

    /// What a worker sends, the first worker being 0, and one behind the last one nothing. Together, the workers send evenly spaced
    /// requests by turns; Poisson processes that are independent of each other are one together, with the sum of their rates.
    #[must_use]
    pub fn plan(&self, worker: u64) -> Plan {
        let index = usize::try_from(worker).unwrap_or(usize::MAX);
        let Some(numbers) = self.numbers().into_iter().nth(index) else { return Plan::default() };
        let due = match self.arrivals {
            Arrivals::Constant => {
                let step = usize::try_from(self.workers).unwrap_or(usize::MAX);
                (worker..self.slots()).step_by(step).map(|slot| self.due_of_slot(slot)).collect()
            }
            Arrivals::Poisson => self.poisson(worker).map(|position| self.due_at(position)).collect(),
        };
        Plan::new(due, numbers)
    }

    /// A worker's requests in the ramp and behind it.
    fn counts(&self, worker: u64) -> (u64, u64) {
        match self.arrivals {
            Arrivals::Constant => {
                let until = |slots: u64| (slots + self.workers - 1 - worker) / self.workers;
                let ramp = until(self.ramp_slots());
                (ramp, until(self.slots()) - ramp)
            }
            Arrivals::Poisson => {
                let ramp_end = self.ramp_requests();
                self.poisson(worker).fold((0, 0), |(ramp, measured), position| {
                    if position < ramp_end { (ramp + 1, measured) } else { (ramp, measured + 1) }
                })
            }
        }
    }

    /// What the rate adds up to in the ramp.
    fn ramp_requests(&self) -> f64 {
        real(self.rate) * self.ramp.as_secs_f64() / 2.0
    }

    /// Evenly spaced requests of the ramp.
    fn ramp_slots(&self) -> u64 {
        floor(self.ramp_requests())
    }

    /// All evenly spaced requests.
    fn slots(&self) -> u64 {
        self.ramp_slots() + floor(real(self.rate) * self.duration.as_secs_f64()).max(1)
    }

    /// When an evenly spaced request is due, from the start of the load.
    fn due_of_slot(&self, slot: u64) -> Duration {
        match slot.checked_sub(self.ramp_slots()) {
            None => self.in_ramp(real(slot)),
            Some(behind) => self.behind_ramp(real(behind)),
        }
    }

    /// When the rate has added up to this, from the start of the load.
    fn due_at(&self, requests: f64) -> Duration {
        let behind = requests - self.ramp_requests();
        if behind < 0.0 { self.in_ramp(requests) } else { self.behind_ramp(behind) }
    }

    /// The requests until t are the integral of the rate: rate × t² / (2 × ramp).
    fn in_ramp(&self, requests: f64) -> Duration {
        Duration::from_secs_f64((2.0 * self.ramp.as_secs_f64() * requests / real(self.rate)).sqrt())
    }

    fn behind_ramp(&self, requests: f64) -> Duration {
        self.ramp + Duration::from_secs_f64(requests / real(self.rate))
    }

    /// A worker's Poisson process, where the time is what the rate adds up to: there, the gaps between all workers' requests
    /// have a mean of 1. Each worker draws from a stream of its own of the generator's, which is independent of the others.
    fn poisson(&self, worker: u64) -> impl Iterator<Item = f64> + use<> {
        let mut random = ChaCha8Rng::seed_from_u64(u64::from(self.seed));
        random.set_stream(worker);
        let mean_gap = real(self.workers);
        let end = self.ramp_requests() + real(self.rate) * self.duration.as_secs_f64();
        let mut position = 0.0;
        std::iter::from_fn(move || {
            position += mean_gap * exponential(random.next_u64());
            (position < end).then_some(position)
        })
    }
}

/// A draw as an exponentially distributed number with a mean of 1: −ln(1 − u) for an u from 0 to below 1.
fn exponential(draw: u64) -> f64 {
    let uniform = real(draw >> 11) / real(1 << 53);
    -(-uniform).ln_1p()
}

/// Whole requests; what floating point makes of a whole number is that number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of this kind saturate")]
fn floor(count: f64) -> u64 {
    (count + 1e-6).floor() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(rate: u64, ramp: u64, duration: u64) -> Schedule {
        let [ramp, duration] = [ramp, duration].map(Duration::from_secs);
        Schedule { rate, ramp, duration, arrivals: Arrivals::Constant, seed: 1, workers: 1 }
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
    fn requests_are_due_in_the_order_of_their_numbers() {
        for schedule in [schedule(7, 3, 5), schedule(1, 1, 1), schedule(9999, 1, 1)] {
            let due = due(&schedule.plan(0));
            assert!(due.is_sorted(), "{schedule:?}");
            assert!(due[due.len() - 1] < (schedule.ramp + schedule.duration).as_secs_f64(), "{schedule:?}");
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
    fn poisson_arrivals_grow_in_a_ramp_and_are_the_same_again_by_their_seed() {
        let schedule = Schedule { arrivals: Arrivals::Poisson, ..schedule(1000, 20, 10) };
        let due = due(&schedule.plan(0));
        let until = |end: f64| due.iter().filter(|due| **due < end).count() as u64;
        // 10,000 in the ramp, a quarter of them in its first half.
        assert!(until(10.0).abs_diff(2500) < 250, "{}", until(10.0));
        assert!(until(20.0).abs_diff(10_000) < 500, "{}", until(20.0));
        assert_eq!(schedule.measured_from(), until(20.0));
        assert_eq!(schedule.plan(0), schedule.plan(0));
        assert_ne!(schedule.plan(0), Schedule { seed: 2, ..schedule }.plan(0));
        let two = Schedule { workers: 2, ..schedule };
        assert_ne!(two.plan(0).due(0), two.plan(1).due(0), "workers are independent");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However many share a load, each request is sent once, and evenly spaced ones when they would be from here.
        #[test]
        fn workers_send_the_whole_schedule_and_each_number_once(
            (rate, ramp, duration) in (1_u64..1000, 0_u64..4, 1_u64..3),
            workers in 1_u64..12,
            is_poisson: bool,
        ) {
            let arrivals = if is_poisson { Arrivals::Poisson } else { Arrivals::Constant };
            let whole = Schedule { arrivals, workers, ..schedule(rate, ramp, duration) };
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
            if !is_poisson {
                let mut due: Vec<_> = sent.iter().map(|(_, due)| *due).collect();
                due.sort_unstable();
                let alone = Schedule { workers: 1, ..whole }.plan(0);
                prop_assert!(due.into_iter().eq((0..alone.total()).map(|index| alone.due(index))));
            }
        }
    }
}
