//! What the environment says.

use std::str::FromStr;

use lambda_kit::Failure;
use lambda_kit::env::setting;
use results::prices::{S3_READ, S3_WRITE, compute};
use zip_planner::{Machine, Objective};

/// Requests under way at once: two for each MB, since each has a connection, whose buffers take memory; a function has
/// 1,024 file descriptors.
const MOST_REQUESTS: u32 = 512;

/// Settings of the contender.
#[derive(Debug, Clone)]
pub struct Settings {
    /// S3, and the limit of requests.
    pub s3: s3_client::Settings,
    /// What the plan should have least of.
    pub objective: Objective,
    /// What the plan is made for.
    pub machine: Machine,
}

struct Goal(Objective);

impl FromStr for Goal {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Objective::of(name).map(Self).ok_or(())
    }
}

impl Settings {
    /// Lambda's variables, and `OBJECTIVE` if it is set.
    ///
    /// # Errors
    /// If one is missing or wrong.
    pub fn of_environment() -> Result<Self, Failure> {
        let memory_mb: u32 = setting("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "the function's memory in MB")?;
        let objective = match std::env::var_os("OBJECTIVE") {
            None => Objective::default(),
            Some(_) => setting::<Goal>("OBJECTIVE", "duration, lambda-price or total-price")?.0,
        };
        let concurrency = (2 * memory_mb).min(MOST_REQUESTS) as usize;
        let gb_second_usd = compute(architecture()).map_or(0.0, |price| price.usd);
        let machine = Machine::lambda(memory_mb, gb_second_usd, S3_WRITE.usd, S3_READ.usd);
        Ok(Self { s3: s3_client::Settings::of_environment(concurrency)?, objective, machine })
    }

    /// Memory for what is read and sent, bytes: a few packs, so that some are sent while others are read.
    pub fn memory_budget(&self) -> u64 {
        3 * self.machine.pack_bytes
    }
}

/// Lambda's name for it.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}
