//! The archive contest: starts the state machine, follows it, and makes a result of its outcome.

pub mod check;
mod interrupt;
mod leftovers;
pub mod options;
mod outcome;
pub mod ranking;
mod requests;
mod sweep;

use anyhow::{Result, bail};
use aws_config::SdkConfig;
use protocol::deployment::Deployment;
use results::scenario::archive::Contest;
use serde::Deserialize;
use serde_json::json;

use crate::exit::Interrupted;
use crate::progress::{Mode, Progress};
use crate::scenario::Scenario;
use crate::scenario::shared::run::{Measurement, Run};
use crate::scenario::shared::state_machine::{Ended, Machine};
use crate::shutdown::requested;

/// The output `environment.archive`, as `stacks/archive.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    #[serde(flatten)]
    deployment: Deployment,
    state_machine: String,
    contenders: Vec<String>,
    functions: Functions,
    fill_command: String,
}

/// The harness's functions, by name.
#[derive(Debug, Clone, Deserialize)]
struct Functions {
    prepare: String,
    judge: String,
    score: String,
    sweep: String,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

/// Who builds one ZIP of all objects of a bucket cheapest, who fastest?
pub struct Archive;

impl Scenario for Archive {
    const NAME: &'static str = "archive";
    type Options = options::Options;
    type Deployed = Deployed;

    fn new(_: &Self::Options) -> Result<Self> {
        Ok(Self)
    }

    async fn run(&self, run: &Run<Self::Deployed>) -> Result<Measurement> {
        let (archive, config) = (&run.deployed, &run.config);
        if archive.contenders.is_empty() {
            bail!(
                "the stack has no contender: put one into contenders/<lang>/<id>/, then: pulumi up {}",
                archive.deployment.stack_option()
            );
        }
        leftovers::clear(&run.project, archive, config).await?;
        let before = requests::counted(&archive.deployment).await;
        let machine = archive.machine(config);
        let input = json!({ "contenders": archive.contenders });
        let execution = machine.start(&run.name, &input).await?;
        let record = leftovers::Record::write(&run.project, archive, &execution, run.started_at)?;
        let followed = tokio::select! {
            followed = archive.follow(&machine, &execution, run.progress) => followed,
            () = requested() => {
                interrupt::end(archive, config, &execution, run.started_at).await?;
                record.remove();
                return Err(Interrupted("the execution is stopped and its archives are removed".to_owned()).into());
            }
        };
        // Where following failed, the execution may go on: the record stays, and the next run ends it.
        let ended = followed?;
        record.remove();
        let mut contest = archive.outcome(&ended)?;
        let after = requests::counted(&archive.deployment).await;
        requests::price(&archive.deployment, &mut contest, before, after);
        Ok(outcome::result(archive, contest))
    }
}

impl Deployed {
    fn machine<'a>(&'a self, config: &SdkConfig) -> Machine<'a> {
        Machine::new(config, &self.deployment, &self.state_machine)
    }

    async fn follow(&self, machine: &Machine<'_>, execution: &str, mode: Mode) -> Result<Ended> {
        let mut progress = Progress::new(mode, self.steps());
        let followed = machine.follow(execution, |tasks| {
            let message = format!("invocations ended, {} under way", tasks.scheduled - tasks.ended);
            progress.set(tasks.ended, &message);
        });
        let ended = followed.await;
        progress.end();
        ended
    }

    /// Every run and its judgement, and the three steps around them.
    fn steps(&self) -> u64 {
        let runs = self.deployment.setting("runsPerContender").unwrap_or(1);
        self.contenders.len() as u64 * runs * 2 + 3
    }

    fn outcome(&self, ended: &Ended) -> Result<Contest> {
        ended.output("the contest", |cause| {
            let refill = || format!("refill it with: {}", self.fill_command);
            cause.contains("source bucket").then(refill)
        })
    }
}

/// The part of a function's ARN behind the last colon.
fn function_name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

#[cfg(test)]
mod testing {
    //! What the tests of this scenario have in common.

    use protocol::stats::real;
    use results::scenario::archive::Success;
    use serde_json::json;

    use super::Deployed;

    /// A deployed contest on the local stack `dev`.
    pub fn archive() -> Deployed {
        serde_json::from_value(json!({
            "stack": "dev", "region": "us-east-1", "endpoint": "http://127.0.0.1:1", "architecture": "x86_64",
            "settingRanges": { "memory": [128, 10240], "timeoutSeconds": [3, 900] }, "memoryPerVcpu": 1769,
            "settings": { "runsPerContender": 2 },
            "stateMachine": "arn:aws:states:us-east-1:0:stateMachine:lambench-dev-archive",
            "contenders": ["arn:aws:lambda:us-east-1:0:function:lambench-dev-rust-stream"],
            "functions": { "prepare": "p", "judge": "j", "score": "s", "sweep": "w" },
            "fillCommand": "aws lambda invoke fill",
        }))
        .unwrap()
    }

    /// A contender that took so many milliseconds, twice.
    pub fn success(contender: &str, ms: u64) -> Success {
        serde_json::from_value(json!({
            "arn": format!("arn:aws:lambda:us-east-1:0:function:lambench-dev-{contender}"),
            "runtime": "provided.al2023", "architecture": "x86_64", "memory_mb": 512, "ephemeral_storage_mb": 512,
            "runs_count": 2, "duration_ms": ms, "duration_ms_stddev": 10, "duration_ms_min": ms - 10,
            "duration_ms_max": ms + 10, "gb_second_compute": real(ms) / 2000.0, "gb_second_storage": 0.0,
            "compute_rate_usd": 0.000_016_666_7, "storage_rate_usd": 0.000_000_030_9,
            "compute_price_usd": real(ms) / 2000.0 * 0.000_016_666_7, "storage_price_usd": 0.0,
            "run_price_usd": real(ms) / 2000.0 * 0.000_016_666_7, "max_memory_mb": 100, "cold_start_ms": null,
            "requests_price_usd": null, "s3": null, "total_price_usd": null, "archive_bytes": 1000, "durations_ms": [ms, ms],
        }))
        .unwrap()
    }
}
