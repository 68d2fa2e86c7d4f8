//! What a run of a contender should take, by the planner, from what is known before it: the stack's settings, the function's
//! configuration, the account's limit. Nothing that was measured goes into it.

use std::collections::BTreeMap;

use anyhow::Result;
use fill_bucket::content::bytes;
use futures::future::try_join_all;
use protocol::deployment::{Deployment, MissingSetting};
use protocol::stats::whole;
use results::price_list::PriceList;
use results::prices::{
    FREE_STORAGE_MB, LAMBDA_REQUEST, LAMBDA_STORAGE, S3_READ, S3_WRITE, compute, gigabytes,
};
use results::scenario::archive::Predicted;
use zip_planner::{Entry, Machine, Objective, PlanError, Prediction, Site, WORKERS};

use super::Run;
use super::execute::{Configuration, configuration};
use super::report::contender;
use crate::scenario::shared::limits::{Account, CONCURRENCY};

const MIB: u64 = 1 << 20;

const COPY_PLAN: &str = "rust-copy-plan";
const STREAM: &str = "rust-stream";
const FAN_OUT: &str = "rust-fan-out";

/// What was predicted, by the contenders' ARNs.
pub type Predictions = BTreeMap<String, Predicted>;

/// How a contender makes an archive, as far as the planner knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Copies inside S3, by the plan that has least of something.
    CopyPlan(Objective),
    /// A stream through one function.
    Stream,
    /// Streams through several.
    FanOut {
        /// How many, the first one included.
        workers: usize,
    },
}

impl Design {
    /// That of a contender, by its short name and its function's environment variables; none if the planner has no model of it, or the
    /// contender will refuse a variable.
    fn of(contender: &str, variables: &BTreeMap<String, String>, invokes_itself: bool) -> Option<Self> {
        match contender {
            COPY_PLAN => match variables.get("OBJECTIVE") {
                None => Some(Self::CopyPlan(Objective::default())),
                Some(name) => Objective::of(name).map(Self::CopyPlan),
            },
            STREAM => Some(Self::Stream),
            // Without that right, the first invocation sends everything.
            FAN_OUT if !invokes_itself => Some(Self::FanOut { workers: 1 }),
            FAN_OUT => {
                let workers = variables.get("WORKERS").map_or(Some(WORKERS), |number| number.parse().ok())?;
                Some(Self::FanOut { workers })
            }
            _ => None,
        }
    }

    /// The contender of this design, by its short name.
    pub fn contender(self) -> &'static str {
        match self {
            Self::CopyPlan(_) => COPY_PLAN,
            Self::Stream => STREAM,
            Self::FanOut { .. } => FAN_OUT,
        }
    }

    /// What one run should take.
    ///
    /// # Errors
    /// If no archive can be made of these entries.
    pub fn predicted(self, entries: &[Entry], site: &Site) -> Result<Predicted, PlanError> {
        let prediction = match self {
            Self::CopyPlan(objective) => site.copy_plan(entries, objective),
            Self::Stream => site.stream(entries),
            Self::FanOut { workers } => site.fan_out(entries, workers),
        };
        prediction.map(|prediction| of(&prediction))
    }
}

fn of(prediction: &Prediction) -> Predicted {
    Predicted {
        seconds: prediction.seconds,
        lambda_usd: prediction.lambda_usd,
        total_usd: prediction.total_usd(),
        invocations: prediction.invocations,
        s3_writes: prediction.requests.charged_writes(),
        s3_reads: prediction.requests.gets,
    }
}

/// The objects that fill-bucket has put into the bucket; their names are as long.
///
/// # Errors
/// If the stack lacks a setting.
pub fn entries(deployment: &Deployment) -> Result<Vec<Entry>, MissingSetting> {
    let mean_bytes = deployment.required("objectSizeMib")? * MIB;
    let seed = deployment.required("seed")?;
    let entry = |index| {
        let name = format!("{index:064x}");
        Entry { key: format!("files/{name}"), name, size: bytes(seed, index, mean_bytes) }
    };
    Ok((0..deployment.required("objectCount")?).map(entry).collect())
}

/// A function's memory and ephemeral storage, MB.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Memory.
    pub memory_mb: u64,
    /// Ephemeral storage.
    pub storage_mb: u64,
}

/// A function in an account that runs so many at once; none if its architecture has no price.
pub fn site(
    prices: &PriceList,
    architecture: &str,
    Size { memory_mb, storage_mb }: Size,
    concurrency: u64,
) -> Option<Site> {
    let usd = |price| prices.quote(price).usd;
    let storage = gigabytes(storage_mb.saturating_sub(FREE_STORAGE_MB)) * usd(LAMBDA_STORAGE);
    // Storage is charged by the same time as memory.
    let gb_second_usd = usd(compute(architecture)?) + storage / gigabytes(memory_mb);
    let memory_mb = u32::try_from(memory_mb).unwrap_or(u32::MAX);
    Some(Site {
        machine: Machine::lambda(memory_mb, gb_second_usd, usd(S3_WRITE), usd(S3_READ)),
        invocation_usd: usd(LAMBDA_REQUEST),
        concurrency: usize::try_from(concurrency).unwrap_or(usize::MAX),
    })
}

/// Functions that the account runs at once; AWS's quota if it doesn't say.
pub fn concurrency(account: &Account, deployment: &Deployment) -> u64 {
    whole(account.allows(&CONCURRENCY, deployment).value)
}

/// What a run of each contender should take that the planner has a model of.
///
/// # Errors
/// If the stack lacks a setting, or Lambda doesn't say how a function is configured.
pub async fn of_contenders(run: &Run) -> Result<Predictions> {
    let name = |arn: &String| contender(&run.deployment().stack, arn).to_owned();
    let is_known = |arn: &&String| [COPY_PLAN, STREAM, FAN_OUT].contains(&name(arn).as_str());
    let known: Vec<_> = run.deployed.contenders.iter().filter(is_known).collect();
    if known.is_empty() {
        return Ok(Predictions::new());
    }
    let _spinner = run.context().waiting("predicting the contenders' times and prices");
    let entries = entries(run.deployment())?;
    let concurrency = concurrency(&run.account, run.deployment());
    let configurations = try_join_all(known.iter().map(|arn| configuration(run, arn))).await?;
    let predicted = known.into_iter().zip(configurations).filter_map(|(arn, configuration)| {
        let Configuration { architecture, memory_mb, storage_mb, variables, .. } = configuration;
        let design = Design::of(&name(arn), &variables, run.deployed.self_invoking.contains(arn))?;
        let site = site(&run.prices, &architecture, Size { memory_mb, storage_mb }, concurrency)?;
        // A contender that can make no archive of these objects will say so itself.
        Some((arn.clone(), design.predicted(&entries, &site).ok()?))
    });
    Ok(predicted.collect())
}

#[cfg(test)]
mod tests {
    use results::price_list::US_EAST_1;
    use serde_json::{Value, json};

    use super::*;
    use crate::scenario::archive::testing;

    fn arn(name: &str) -> String {
        format!("arn:aws:lambda:us-east-1:0:function:lambench-dev-{name}")
    }

    /// What is predicted of these contenders for 40 objects, in an account that runs so many functions at once, if it says so.
    async fn predicted(variables: Value, self_invoking: &[&str], limit: Option<u64>) -> Predictions {
        let (config, _) = test_kit::aws::config(move |operation, _: &Value| match (operation, limit) {
            ("GET /2016-08-19/account-settings", Some(limit)) => {
                (200, json!({ "AccountLimit": { "UnreservedConcurrentExecutions": limit } }))
            }
            ("GET /2016-08-19/account-settings", None) => {
                test_kit::aws::error("AccessDeniedException", json!({ "Message": "no" }))
            }
            _ => (
                200,
                json!({ "MemorySize": 512, "Architectures": ["arm64"], "Environment": { "Variables": variables } }),
            ),
        });
        let mut run = Run { config, ..testing::run() };
        run.account = Account::read(run.context(), &[]).await;
        let settings = [("objectCount", 40), ("objectSizeMib", 5), ("seed", 1)];
        run.deployed
            .deployment
            .settings
            .extend(settings.map(|(name, value)| (name.to_owned(), value.into())));
        run.deployed.contenders = [COPY_PLAN, STREAM, FAN_OUT, "python-naive"].map(arn).to_vec();
        run.deployed.self_invoking = self_invoking.iter().map(|name| arn(name)).collect();
        of_contenders(&run).await.unwrap()
    }

    #[tokio::test]
    async fn each_contender_that_the_planner_knows_has_a_prediction_before_it_runs() {
        let all = predicted(json!({}), &[FAN_OUT], Some(1_000)).await;
        let invocations: Vec<_> = all.iter().map(|(arn, one)| (arn.as_str(), one.invocations)).collect();
        let [copy_plan, stream, fan_out] = [COPY_PLAN, STREAM, FAN_OUT].map(arn);
        assert_eq!(invocations, [(copy_plan.as_str(), 1), (fan_out.as_str(), 3), (stream.as_str(), 1)]);
        assert!(all[&fan_out].seconds < all[&stream].seconds, "{all:?}");
        assert!(all[&copy_plan].total_usd > 5.0 * all[&stream].total_usd, "{all:?}");
        let gb_seconds = all[&stream].lambda_usd / US_EAST_1.quote(compute("arm64").unwrap()).usd;
        assert!((gb_seconds - all[&stream].seconds * 0.5).abs() < 1e-9, "512 MB for that time: {all:?}");
    }

    #[tokio::test]
    async fn what_a_contender_is_told_counts() {
        let settings = json!({ "WORKERS": "2", "OBJECTIVE": "total-price" });
        let (own, usual) =
            (predicted(settings, &[FAN_OUT], None).await, predicted(json!({}), &[FAN_OUT], None).await);
        assert_eq!(own[&arn(FAN_OUT)].invocations, 2);
        assert!(own[&arn(COPY_PLAN)].s3_writes * 4 < usual[&arn(COPY_PLAN)].s3_writes, "{own:?} {usual:?}");
        let wrong = predicted(json!({ "WORKERS": "many", "OBJECTIVE": "fame" }), &[FAN_OUT], None).await;
        assert_eq!(wrong.into_keys().collect::<Vec<_>>(), [arn(STREAM)], "the others will refuse that");
    }

    #[tokio::test]
    async fn fan_out_is_a_stream_where_it_may_invoke_nothing_and_slower_where_the_account_has_no_room() {
        let alone = predicted(json!({}), &[], Some(1_000)).await;
        assert_eq!(alone[&arn(FAN_OUT)], alone[&arn(STREAM)]);
        let [one, many] = [Some(1), None].map(|limit| predicted(json!({}), &[FAN_OUT], limit));
        let (one, many) = (one.await, many.await);
        assert!(one[&arn(FAN_OUT)].seconds > 2.0 * many[&arn(FAN_OUT)].seconds, "{one:?} {many:?}");
    }

    #[test]
    fn ephemeral_storage_is_charged_by_the_same_time() {
        let usd = |storage_mb| {
            let site = site(&US_EAST_1, "arm64", Size { memory_mb: 512, storage_mb }, 1).unwrap();
            site.machine.usd_per_second()
        };
        let added = usd(512 + 1_024) - usd(512);
        assert!((added - US_EAST_1.quote(LAMBDA_STORAGE).usd).abs() < 1e-15, "{added}");
    }
}
