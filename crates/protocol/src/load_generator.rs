//! A load that functions send together: what starts them, and what each is told.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What generates load on Lambda, as the output `environment` has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadGenerator {
    /// The ARN of the state machine that starts the workers.
    pub state_machine: String,
    /// The function that is a worker.
    pub function: String,
    /// Its memory, MB.
    pub memory: u64,
    /// Workers that an inner Map of the state machine starts.
    pub group_size: u64,
}

/// What the state machine takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input<Load> {
    /// What all workers are told.
    pub load: Load,
    /// How many there are.
    pub workers: u64,
    /// Between the start of the execution and that of the load, ms.
    pub start_delay_ms: u64,
}

/// What one worker is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task<Load> {
    /// The load.
    pub load: Load,
    /// Which of its workers this is, from 0.
    pub worker: u64,
    /// When all of them start, ms since 1970.
    pub start_at_ms: u64,
}

impl<Load> Task<Load> {
    /// When the load starts.
    #[must_use]
    pub fn start_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.start_at_ms)
    }
}

/// When a worker sent its part, by its clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When all workers were to start, µs since 1970.
    pub start_us: u64,
    /// How long after that this one was ready, µs.
    pub late_us: u64,
    /// When it had sent all that it could, µs since 1970.
    pub end_us: u64,
}

impl Span {
    /// What those of all workers come to: the load's start, the latest of all, and the load's end.
    #[must_use]
    pub fn of_all(spans: impl IntoIterator<Item = Self>) -> Option<Self> {
        spans.into_iter().reduce(|all, one| Self {
            start_us: all.start_us.min(one.start_us),
            late_us: all.late_us.max(one.late_us),
            end_us: all.end_us.max(one.end_us),
        })
    }
}
