//! The clock of a load: says when each request is due, to within some ten microseconds. The runtime's own timer counts whole
//! milliseconds, which would show in every latency.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Semaphore;

use crate::generator::Counters;
use crate::plan::Plan;

/// Gives `due` a permit for each request when it is due; the thread returns the CPU time that this took.
pub fn start(
    plan: Arc<Plan>,
    start: Instant,
    due: Arc<Semaphore>,
    counters: Arc<Counters>,
) -> Result<JoinHandle<Duration>> {
    let pace = move || {
        if plan.total() == 0 {
            due.close();
        }
        for index in 0..plan.total() {
            thread::sleep((start + plan.due(index)).saturating_duration_since(Instant::now()));
            if counters.stopped.load(Relaxed) {
                due.close();
                break;
            }
            due.add_permits(1);
        }
        cpu()
    };
    thread::Builder::new().name("pacer".to_owned()).spawn(pace).context("cannot start a thread")
}

/// CPU time that this thread has used.
pub fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}
