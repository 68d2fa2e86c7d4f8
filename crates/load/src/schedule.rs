//! When each request is due, fixed before the first one is sent: an open loop, whatever the answers.

use std::time::Duration;

use protocol::stats::real;

/// A rate that grows linearly from 0 in the ramp, and is held from then on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Requests per second.
    pub rate: u64,
    /// Time in which the rate grows.
    pub ramp: Duration,
    /// Time in which it is held.
    pub duration: Duration,
}

impl Schedule {
    /// Requests of the ramp: the number of the first one behind it.
    #[must_use]
    pub fn measured_from(&self) -> u64 {
        floor(real(self.rate) * self.ramp.as_secs_f64() / 2.0)
    }

    /// All requests.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.measured_from() + floor(real(self.rate) * self.duration.as_secs_f64()).max(1)
    }

    /// When a request is due, from the start of the load.
    #[must_use]
    pub fn due(&self, number: u64) -> Duration {
        let (rate, ramp) = (real(self.rate), self.ramp.as_secs_f64());
        match number.checked_sub(self.measured_from()) {
            // The requests until t are the integral of the rate: rate × t² / (2 × ramp).
            None => Duration::from_secs_f64((2.0 * ramp * real(number) / rate).sqrt()),
            Some(behind) => self.ramp + Duration::from_secs_f64(real(behind) / rate),
        }
    }
}

/// Whole requests; what floating point makes of a whole number is that number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of this kind saturate")]
fn floor(count: f64) -> u64 {
    (count + 1e-6).floor() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: u64, ramp: u64, duration: u64) -> Schedule {
        Schedule { rate, ramp: Duration::from_secs(ramp), duration: Duration::from_secs(duration) }
    }

    #[test]
    fn without_a_ramp_requests_are_evenly_spaced() {
        let schedule = schedule(200, 0, 60);
        assert_eq!((schedule.measured_from(), schedule.total()), (0, 12_000));
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(1), Duration::from_millis(5));
        assert_eq!(schedule.due(11_999), Duration::from_millis(59_995));
    }

    #[test]
    fn a_ramp_has_half_the_requests_of_its_time_and_ends_at_the_full_rate() {
        let schedule = schedule(200, 10, 60);
        assert_eq!((schedule.measured_from(), schedule.total()), (1000, 13_000));
        assert_eq!(schedule.due(1000), Duration::from_secs(10));
        // A quarter of them by half of its time.
        assert_eq!(schedule.due(250), Duration::from_secs(5));
        let last_step = schedule.due(999).saturating_sub(schedule.due(998));
        assert!((last_step.as_secs_f64() - 0.005).abs() < 1e-4, "{last_step:?}");
    }

    #[test]
    fn requests_are_due_in_the_order_of_their_numbers() {
        for schedule in [schedule(7, 3, 5), schedule(1, 1, 1), schedule(9999, 1, 1)] {
            let due: Vec<Duration> = (0..schedule.total()).map(|number| schedule.due(number)).collect();
            assert!(due.is_sorted(), "{schedule:?}");
            assert!(due[due.len() - 1] < schedule.ramp + schedule.duration, "{schedule:?}");
        }
    }
}
