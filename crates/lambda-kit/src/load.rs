//! A worker's part of a load that functions send together.

use std::time::Duration;

use protocol::load_generator::{Span, Task};

use crate::now_us;

/// The start of a load, once it is there.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    start_us: u64,
    late_us: u64,
}

impl Start {
    /// Waits for the time at which all workers start; one that is ready later starts at once.
    pub async fn of<Load>(task: &Task<Load>) -> Self {
        let (start_us, ready_us) = (task.start_at_ms * 1000, now_us());
        tokio::time::sleep(Duration::from_micros(start_us.saturating_sub(ready_us))).await;
        Self { start_us, late_us: ready_us.saturating_sub(start_us) }
    }

    /// From then until now.
    #[must_use]
    pub fn until_now(self) -> Span {
        Span { start_us: self.start_us, late_us: self.late_us, end_us: now_us() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(start_at_ms: u64) -> Task<()> {
        Task { load: (), worker: 0, start_at_ms }
    }

    #[tokio::test]
    async fn whoever_is_ready_waits_and_whoever_is_late_says_so() {
        let now_ms = now_us() / 1000;
        let early = Start::of(&task(now_ms + 50)).await.until_now();
        assert_eq!((early.start_us, early.late_us), ((now_ms + 50) * 1000, 0));
        assert!(early.end_us >= early.start_us);
        let late = Start::of(&task(now_ms - 70)).await.until_now();
        assert!(late.late_us >= 70_000, "{late:?}");
    }
}
