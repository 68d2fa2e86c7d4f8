//! Pauses between attempts.

use std::time::Duration;

/// Attempts a request gets. Each of thousands has to succeed, also where S3 refuses one in three.
pub const ATTEMPTS: u32 = 16;
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait before attempt `next`, counted from 1: longer each time, and random, so that refused requests don't
/// come back together.
pub fn pause(next: u32) -> Duration {
    let longest = FIRST.saturating_mul(1 << next.min(16)).min(LONGEST);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit() {
        assert!((1..100).all(|_| (FIRST..=2 * FIRST).contains(&pause(1))));
        assert!((1..100).all(|next| pause(next) <= LONGEST));
        assert!(pause(ATTEMPTS) >= LONGEST / 2);
    }
}
