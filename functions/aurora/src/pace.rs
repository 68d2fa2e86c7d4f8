//! When units are to start.

use std::time::{Duration, Instant};

/// When a worker starts its units.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// Closed loop: each when the one before has ended.
    Closed,
    /// Open loop: at fixed times, however long the units before take; latency counts from there.
    Open {
        /// The first.
        first: Instant,
        /// From each to the next, seconds.
        every: f64,
    },
}

impl Pace {
    /// Worker `worker`'s part of an open loop in which `workers` together start `rate` units per second, `batch` of them with
    /// one statement: its statements are due at `start` + (worker + k · workers) · batch / rate.
    #[must_use]
    pub fn open(start: Instant, rate: f64, batch: u32, worker: u32, workers: u32) -> Self {
        let gap = f64::from(batch) / rate;
        let first = start + Duration::from_secs_f64(f64::from(worker) * gap);
        Self::Open { first, every: f64::from(workers) * gap }
    }

    /// When statement `number` is due; none if it is due when it can be.
    #[must_use]
    pub fn due(&self, number: u32) -> Option<Instant> {
        match self {
            Self::Closed => None,
            Self::Open { first, every } => Some(*first + Duration::from_secs_f64(f64::from(number) * every)),
        }
    }

    /// The first statement that isn't due before `ready`: a worker that is late leaves out what it has missed, and is
    /// reported as late; its own delay is none of the database's.
    #[must_use]
    pub fn first_from(&self, ready: Instant) -> u32 {
        let mut number = 0;
        while self.due(number).is_some_and(|due| due < ready) {
            number += 1;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(pace: Pace, start: Instant) -> Vec<u128> {
        (0..3).map(|k| (pace.due(k).unwrap() - start).as_millis()).collect()
    }

    #[test]
    fn the_workers_of_an_open_loop_take_turns() {
        let start = Instant::now();
        let schedule: Vec<_> =
            (0..2).map(|worker| offsets(Pace::open(start, 100.0, 1, worker, 2), start)).collect();
        assert_eq!(schedule, [[0, 20, 40], [10, 30, 50]]);
    }

    #[test]
    fn a_rate_counts_rows_not_statements() {
        let start = Instant::now();
        assert_eq!(offsets(Pace::open(start, 100.0, 10, 1, 2), start), [100, 300, 500]);
    }

    #[test]
    fn a_late_worker_leaves_out_what_it_missed() {
        let start = Instant::now();
        let pace = Pace::open(start, 100.0, 1, 0, 1);
        assert_eq!(pace.first_from(start), 0);
        assert_eq!(pace.first_from(start + Duration::from_millis(45)), 5);
        assert_eq!(Pace::Closed.first_from(start), 0);
    }
}
