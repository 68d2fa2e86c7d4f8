//! What functions had of the processors of a local environment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How functions are held to their share of a processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CpuLimit {
    /// `cgroup v2`, `cgroup v1`, `systemd scope`, `pacer` or `off`.
    pub mechanism: String,
    /// Why it was none of the better ones.
    pub refusals: Vec<String>,
    /// What memory/1,769 MB is multiplied by, because a processor here is faster or slower than Lambda's.
    pub scale: f64,
    /// Processors of this machine.
    pub processors: u64,
    /// The memory that buys all of them, MB.
    pub max_memory_mb: u64,
}

/// What a run's functions had of the processors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CpuUse {
    /// All invocations together.
    pub total: CpuTimes,
    /// Each function, by name.
    pub functions: Vec<FunctionCpu>,
    /// The invocations one by one, in the order in which they ended: of a long run the last 2,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invocations: Vec<InvocationCpu>,
}

/// What an invocation had of the processors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvocationCpu {
    /// The function's name.
    pub function: String,
    /// The invocation's request id, as in its REPORT line.
    pub request_id: String,
    /// The processors that its memory buys, of this machine.
    pub share: f64,
    /// Its duration, ms.
    pub duration_ms: f64,
    /// CPU time, ms.
    pub cpu_ms: f64,
    /// How long it was kept from running because its share was used up, ms; added up over processors.
    pub throttled_ms: f64,
    /// How long it was kept from running by other programs although its share allowed it, ms: an estimate.
    pub waited_ms: f64,
}

/// What a function had of the processors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionCpu {
    /// Its name.
    pub function: String,
    /// The processors that its memory buys, of this machine.
    pub share: f64,
    /// Its invocations together.
    #[serde(flatten)]
    pub times: CpuTimes,
}

/// Times of several invocations together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CpuTimes {
    /// How many invocations these are.
    pub invocations: u64,
    /// How many others ended before they could be measured.
    pub unmeasured: u64,
    /// Their durations, ms.
    pub duration_ms: f64,
    /// CPU time, ms.
    pub cpu_ms: f64,
    /// How long they were kept from running because their share was used up, ms; added up over processors.
    pub throttled_ms: f64,
    /// How long they were kept from running by other programs although their share allowed it, ms: an estimate.
    pub waited_ms: f64,
}

impl CpuTimes {
    /// The part of the duration that was spent waiting for a processor.
    #[must_use]
    pub fn waited(&self) -> f64 {
        if self.duration_ms > 0.0 { self.waited_ms / self.duration_ms } else { 0.0 }
    }
}
