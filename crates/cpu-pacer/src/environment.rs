//! One execution environment: what its processes may use, and whether they run.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::processes::{self, Thread};

/// Lambda's period: every 20 ms the share is available anew.
const PERIOD: Duration = Duration::from_millis(20);
/// Looking more often costs more than it tells: the kernel itself updates a thread's CPU time every 1 to 4 ms.
const SHORTEST_WAIT: Duration = Duration::from_micros(500);

/// A process with its descendants.
pub struct Environment {
    pid: i32,
    /// CPU time that a period brings, s.
    quota: f64,
    /// CPU time left, s; less than nothing if it was stopped too late, which the next periods make up for.
    left: f64,
    period_end: Instant,
    /// CPU time of each thread when it was last looked at.
    seen: HashMap<Thread, u64>,
    last_active: Instant,
    stopped_since: Option<Instant>,
    stopped: Duration,
    processors: f64,
    /// When it is to be looked at.
    pub next: Instant,
}

impl Environment {
    /// The process and its descendants, with so many processors from now on.
    pub fn new(pid: i32, share: f64, now: Instant) -> Self {
        let quota = share * PERIOD.as_secs_f64();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            pid,
            quota,
            left: quota,
            period_end: now + PERIOD,
            seen: processes::threads(&processes::tree(pid)).collect(),
            last_active: now,
            stopped_since: None,
            stopped: Duration::ZERO,
            processors: u32::try_from(processors).map_or(1.0, f64::from),
            next: now,
        }
    }

    /// Stops or continues it; false if its process has ended.
    pub fn check(&mut self, now: Instant) -> bool {
        let tree = processes::tree(self.pid);
        if tree.is_empty() {
            return false;
        }
        let used = self.used(&tree);
        if used > 0.0 {
            self.last_active = now;
        }
        self.left -= used;
        while now >= self.period_end {
            self.left = (self.left + self.quota).min(self.quota);
            self.period_end += PERIOD;
        }
        if self.left <= 0.0 {
            self.stop(&tree, now);
        } else {
            self.go_on(&tree, now);
        }
        true
    }

    /// For how long it was stopped so far. Whoever asks is about to use it: it is watched closely for a while.
    pub fn stopped(&mut self, now: Instant) -> Duration {
        self.last_active = now;
        self.next = self.next.min(now + SHORTEST_WAIT);
        self.stopped + self.stopped_since.map_or(Duration::ZERO, |since| now - since)
    }

    /// Lets it run without a limit.
    pub fn release(&mut self, now: Instant) {
        let tree = processes::tree(self.pid);
        self.proceed(&tree, now);
    }

    /// CPU time since the last look, s.
    fn used(&mut self, tree: &[i32]) -> f64 {
        let now: HashMap<Thread, u64> = processes::threads(tree).collect();
        let nanoseconds: u64 = now
            .iter()
            .map(|(thread, cpu)| cpu.saturating_sub(self.seen.get(thread).copied().unwrap_or(0)))
            .sum();
        self.seen = now;
        Duration::from_nanos(nanoseconds).as_secs_f64()
    }

    fn stop(&mut self, tree: &[i32], now: Instant) {
        // Again where it is stopped already: a process may have been started in between.
        processes::signal(tree, Signal::STOP);
        self.stopped_since.get_or_insert(now);
        // At the end of this period one quota comes, and there may be a debt of several.
        let debt = (-self.left / self.quota).floor();
        self.next = self.period_end + PERIOD.mul_f64(debt);
    }

    fn go_on(&mut self, tree: &[i32], now: Instant) {
        self.proceed(tree, now);
        let is_active = now - self.last_active <= PERIOD;
        let soonest = Duration::from_secs_f64(self.left / self.processors).max(SHORTEST_WAIT);
        self.next = if is_active { self.period_end.min(now + soonest) } else { self.period_end };
    }

    fn proceed(&mut self, tree: &[i32], now: Instant) {
        if let Some(since) = self.stopped_since.take() {
            self.stopped += now - since;
            processes::signal(tree, Signal::CONT);
        }
    }
}
