//! When each request is due, fixed before the first one is sent: an open loop, whatever the answers.

use std::ops::Range;
use std::time::Duration;

use protocol::pipeline::Arrivals;
use protocol::stats::real;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::plan::{Numbers, Plan};

/// A rate that grows linearly from 0 to that of the first stage in the ramp, and then the stages, one after the other; one or
/// several workers send it together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Time in which the rate grows.
    pub ramp: Duration,
    /// What is measured: one stage at least.
    pub stages: Vec<Stage>,
    /// How requests follow each other.
    pub arrivals: Arrivals,
    /// What makes arrivals that are random the same again.
    pub seed: u32,
    /// Who sends them.
    pub workers: u64,
}

/// A rate that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Requests per second, of all workers together.
    pub rate: u64,
    /// Time in which it is held.
    pub duration: Duration,
}

impl Stage {
    /// What the rate adds up to.
    fn requests(&self) -> f64 {
        real(self.rate) * self.duration.as_secs_f64()
    }

    /// Evenly spaced requests.
    fn slots(&self) -> u64 {
        floor(self.requests()).max(1)
    }

    /// When the rate has added up to this, from the start of the stage.
    fn due(&self, requests: f64) -> Duration {
        Duration::from_secs_f64(requests / real(self.rate))
    }
}

impl Schedule {
    /// Requests of the ramp, by all workers: the number of the first one behind it.
    #[must_use]
    pub fn measured_from(&self) -> u64 {
        self.segments()[0]
    }

    /// All requests of all workers.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.segments().into_iter().sum()
    }

    /// The numbers of each stage's messages.
    #[must_use]
    pub fn ranges(&self) -> Vec<Range<u64>> {
        let mut segments = self.segments().into_iter();
        let mut next = segments.next().unwrap_or_default();
        let range = |count| {
            let first = next;
            next += count;
            first..next
        };
        segments.map(range).collect()
    }

    /// How long the stages last together.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// Of what one worker sends, the part that was due before a request; none if that is one of the ramp, or the first one behind it.
    #[must_use]
    pub fn until(&self, request: u64) -> Option<Self> {
        let plan = self.plan(0);
        if request >= plan.total() {
            return Some(self.clone());
        }
        let mut left = plan.due(request).saturating_sub(self.ramp);
        let mut stages = self.stages.clone();
        for stage in &mut stages {
            stage.duration = stage.duration.min(left);
            left -= stage.duration;
        }
        stages.retain(|stage| !stage.duration.is_zero());
        (!stages.is_empty()).then(|| Self { stages, ..self.clone() })
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
        Plan::new(self.due(worker), numbers)
    }

    /// When each of a worker's requests is due.
    pub(crate) fn due(&self, worker: u64) -> Vec<Duration> {
        match self.arrivals {
            Arrivals::Constant => {
                let step = usize::try_from(self.workers).unwrap_or(usize::MAX);
                let slots = self.slots().into_iter().sum();
                (worker..slots).step_by(step).map(|slot| self.due_of_slot(slot)).collect()
            }
            Arrivals::Poisson => self.poisson(worker).map(|position| self.place(position).1).collect(),
        }
    }

    /// Requests of all workers in the ramp, and in each stage.
    fn segments(&self) -> Vec<u64> {
        match self.arrivals {
            Arrivals::Constant => self.slots(),
            Arrivals::Poisson => (0..self.workers)
                .map(|worker| self.counts(worker))
                .fold(vec![0; 1 + self.stages.len()], |sums, counts| {
                    sums.into_iter().zip(counts).map(|(sum, count)| sum + count).collect()
                }),
        }
    }

    /// A worker's requests in the ramp, and in each stage.
    fn counts(&self, worker: u64) -> Vec<u64> {
        match self.arrivals {
            Arrivals::Constant => {
                let until = |slots: u64| (slots + self.workers - 1 - worker) / self.workers;
                let mut end = 0;
                let count = |slots| {
                    let before = until(end);
                    end += slots;
                    until(end) - before
                };
                self.slots().into_iter().map(count).collect()
            }
            Arrivals::Poisson => {
                let mut counts = vec![0; 1 + self.stages.len()];
                self.poisson(worker).for_each(|position| counts[self.place(position).0] += 1);
                counts
            }
        }
    }

    /// What the rate grows to.
    fn first_rate(&self) -> f64 {
        self.stages.first().map_or(0.0, |stage| real(stage.rate))
    }

    /// What the rate adds up to in the ramp.
    fn ramp_requests(&self) -> f64 {
        self.first_rate() * self.ramp.as_secs_f64() / 2.0
    }

    /// Evenly spaced requests of the ramp, and of each stage.
    fn slots(&self) -> Vec<u64> {
        let ramp = std::iter::once(floor(self.ramp_requests()));
        ramp.chain(self.stages.iter().map(Stage::slots)).collect()
    }

    /// When an evenly spaced request is due, from the start of the load.
    fn due_of_slot(&self, slot: u64) -> Duration {
        let ramp = floor(self.ramp_requests());
        if slot < ramp {
            return self.in_ramp(real(slot));
        }
        let (mut start, mut behind) = (self.ramp, slot - ramp);
        for stage in &self.stages {
            if behind < stage.slots() {
                return start + stage.due(real(behind));
            }
            behind -= stage.slots();
            start += stage.duration;
        }
        start
    }

    /// Where the rate has added up to this, in the ramp (0) or which stage (from 1 on), and when, from the start of the load.
    fn place(&self, position: f64) -> (usize, Duration) {
        let mut behind = position - self.ramp_requests();
        if behind < 0.0 {
            return (0, self.in_ramp(position));
        }
        let mut start = self.ramp;
        for (segment, stage) in (1..).zip(&self.stages) {
            // Rounding takes none out of the last one.
            if behind < stage.requests() || segment == self.stages.len() {
                return (segment, start + stage.due(behind));
            }
            behind -= stage.requests();
            start += stage.duration;
        }
        (0, start)
    }

    /// The requests until t are the integral of the rate: rate × t² / (2 × ramp).
    fn in_ramp(&self, requests: f64) -> Duration {
        Duration::from_secs_f64((2.0 * self.ramp.as_secs_f64() * requests / self.first_rate()).sqrt())
    }

    /// A worker's Poisson process, where the time is what the rate adds up to: there, the gaps between all workers' requests
    /// have a mean of 1. Each worker draws from a stream of its own of the generator's, which is independent of the others.
    fn poisson(&self, worker: u64) -> impl Iterator<Item = f64> + use<> {
        let mut random = ChaCha8Rng::seed_from_u64(u64::from(self.seed));
        random.set_stream(worker);
        let mean_gap = real(self.workers);
        let end = self.ramp_requests() + self.stages.iter().map(Stage::requests).sum::<f64>();
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
