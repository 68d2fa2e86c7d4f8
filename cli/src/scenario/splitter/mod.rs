//! An event with many items, split through a queue: how much sooner they are done, and for how much more money.

mod dead;
mod event;
mod find;
mod log;
mod mapping;
mod one_by_one;
pub mod options;
mod outcome;
mod price;
pub mod table;
#[cfg(test)]
mod testing;
mod violations;
mod wait;
mod warnings;

use anyhow::Result;
use aws_config::SdkConfig;
use jiff::Timestamp;
use results::file::RunResult;
use serde::Deserialize;

use crate::progress::Mode;
use crate::project::Project;
use crate::record;
use crate::site::Site;
use crate::stack::{self, Place};
use event::Event;
use options::Plan;

/// The output `environment.splitter`, as `stacks/splitter.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Splitter {
    #[serde(flatten)]
    place: Place,
    queue: Queue,
    run_log: RunLogTable,
    /// Where events are put.
    event_bus: String,
    /// The source of events that lambench may send.
    source: String,
    function: String,
    /// What names the function in an event: several stacks hear of it.
    function_arn: String,
}

/// The function's own queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queue {
    url: String,
    arn: String,
    dead_letter_url: String,
}

/// The table with what happened.
#[derive(Debug, Clone, Deserialize)]
struct RunLogTable {
    table: String,
}

/// What to send, where, and under which name.
struct Test {
    splitter: Splitter,
    config: SdkConfig,
    event: Event,
    /// One after the other; never empty.
    concurrencies: Vec<u64>,
    progress: Mode,
    name: String,
    started_at: Timestamp,
}

/// Has an event split on a stack, at one concurrency after the other.
///
/// # Errors
/// If the stack or its place fails; [`crate::exit::Interrupted`] if the user ended it.
pub async fn run(project: &Project, stack: Option<&str>, progress: Mode, plan: Plan) -> Result<RunResult> {
    let splitter: Splitter = stack::environment("splitter", stack)?;
    let config = crate::aws::config(&splitter.place).await;
    let event = Event::of(&plan, &splitter)?;
    let concurrencies = match plan.concurrencies {
        all if all.is_empty() => vec![splitter.place.required("concurrency")?],
        all => all,
    };
    let started_at = Timestamp::now();
    let name = record::name(started_at);
    let test = Test { splitter, config, event, concurrencies, progress, name, started_at };
    test.check()?;
    let findings = find::run(&test).await?;
    Ok(outcome::result(project, &test, &findings))
}

impl Test {
    /// Where it runs.
    fn site(&self) -> Site<'_> {
        Site { place: &self.splitter.place, config: &self.config, progress: self.progress }
    }

    /// The name of the run at a concurrency; the how manieth it is tells it from others at the same.
    fn run(&self, index: usize) -> String {
        format!("{}-{}-{}", self.name, index + 1, self.concurrencies[index])
    }

    /// Items that the function gets from the queue at once.
    fn batch_size(&self) -> u64 {
        self.splitter.place.setting("batchSize").unwrap_or(1)
    }
}
