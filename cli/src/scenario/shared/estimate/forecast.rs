//! The forecast of a run: what each memory size adds to it, as one.

use anyhow::Result;
use protocol::deployment::Deployment;
use protocol::stats::real;
use results::cost::Cost;
use results::estimate::Estimate;
use serde::Serialize;

use super::part::Part;
use super::past::Pasts;
use super::range::Range;
use super::standing::Standing;
use crate::scenario::Scenario;
use crate::scenario::shared::limits::Limit;
use crate::scenario::shared::memory_sweep;
use crate::scenario::shared::run::Run;
use crate::scenario::shared::warnings;

/// Between two runs with other memory: the pause, and the change of the functions, s.
const BETWEEN_SIZES: Range = Range::new(3.0, 5.0, 20.0);

/// What a scenario knows of a run before it begins.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What is paid by the hour while the stack stands.
    pub standing: Vec<Standing>,
    /// What the run will use, as its result's costs count it.
    pub parts: Vec<Part>,
    /// What it will use besides, which is compared with nothing of a result.
    pub besides: Vec<Part>,
    /// How long it takes, s.
    pub seconds: Range,
    /// The limits that it meets.
    pub limits: Vec<Limit>,
    /// What is not known, and what is taken in its place.
    pub assumptions: Vec<String>,
    /// What is in none of the prices.
    pub not_counted: &'static str,
}

/// What is known of a run before it begins.
#[derive(Debug, Clone, Serialize)]
pub struct Forecast {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The stack.
    pub stack: String,
    /// AWS region.
    pub region: String,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Whether the stack is on AWS: nothing is charged elsewhere.
    pub is_on_aws: bool,
    /// What is paid by the hour while the stack stands.
    pub standing: Vec<Standing>,
    /// What the run will cost, as its result counts it.
    pub run: Estimate,
    /// What it will cost besides.
    pub besides: Vec<Cost>,
    /// Both together, USD.
    pub total_usd: Range,
    /// How long it takes, s.
    pub seconds: Range,
    /// The limits that it meets.
    pub limits: Vec<Limit>,
    /// What is in none of the prices.
    pub not_counted: &'static str,
    /// What the reader of the figures should know.
    pub warnings: Vec<String>,
}

/// The forecast of a run with some memory sizes; without any, with the functions' own.
///
/// # Errors
/// If the options don't fit what is deployed, or the stack lacks what the run needs.
pub async fn forecast<S: Scenario>(scenario: &S, run: &Run<S::Deployed>, sizes: &[u64]) -> Result<Forecast> {
    let pasts = Pasts::find(&run.project, S::NAME, run.deployment());
    let plan = match sizes {
        [] => scenario.estimate(run, None, &pasts.for_stack(run.deployment())).await?,
        sizes => {
            let mut all = Vec::new();
            for &memory_mb in sizes {
                let run = memory_sweep::with_memory(run, memory_mb);
                let plan =
                    scenario.estimate(&run, Some(memory_mb), &pasts.for_stack(run.deployment())).await?;
                all.push((memory_mb, plan));
            }
            merged(all)
        }
    };
    Ok(of_plan(S::NAME, run, plan))
}

/// One plan of those of several memory sizes: what stands and what is limited is the same for all.
fn merged(plans: Vec<(u64, Plan)>) -> Plan {
    let sizes = plans.len();
    let mut all = Plan::default();
    for (memory_mb, plan) in plans {
        let named = |parts: Vec<Part>| parts.into_iter().map(move |part| part.with_memory(memory_mb));
        all.parts.extend(named(plan.parts));
        all.besides.extend(named(plan.besides));
        all.seconds = all.seconds.plus(plan.seconds);
        for assumption in plan.assumptions {
            if !all.assumptions.contains(&assumption) {
                all.assumptions.push(assumption);
            }
        }
        (all.standing, all.not_counted) = (plan.standing, plan.not_counted);
        all.limits = most(all.limits, plan.limits);
    }
    all.seconds =
        all.seconds.plus(BETWEEN_SIZES.map(|seconds| seconds * real(sizes.saturating_sub(1) as u64)));
    all
}

/// Each limit with what the size needs that needs most of it.
fn most(mut all: Vec<Limit>, others: Vec<Limit>) -> Vec<Limit> {
    for other in others {
        match all.iter_mut().map(|limit| &mut limit.of_run).find(|same| same.what == other.of_run.what) {
            Some(same) => same.needed = same.needed.max(other.of_run.needed),
            None => all.push(other),
        }
    }
    all
}

fn of_plan<D: AsRef<Deployment>>(scenario: &'static str, run: &Run<D>, plan: Plan) -> Forecast {
    let Plan { standing, parts, besides, seconds, limits, assumptions, not_counted } = plan;
    let usd = Part::sum(&parts);
    let total_usd = usd.plus(Part::sum(&besides));
    let costs = |parts: Vec<Part>| parts.into_iter().map(|part| part.expected).collect::<Vec<_>>();
    let (items, besides) = (costs(parts), costs(besides));
    let priced: Vec<Cost> = items.iter().chain(&besides).cloned().collect();
    let deployment = run.deployment();
    Forecast {
        scenario,
        stack: deployment.stack.clone(),
        region: deployment.region.clone(),
        architecture: deployment.architecture.clone(),
        is_on_aws: deployment.is_on_aws(),
        standing,
        run: Estimate {
            usd: usd.expected,
            low_usd: usd.low,
            high_usd: usd.high,
            items,
            measured: Vec::new(),
            assumptions,
        },
        besides,
        total_usd,
        seconds,
        limits,
        not_counted,
        warnings: warnings::prices(run, &priced).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use results::cost::Usage;
    use results::price_list::US_EAST_1;
    use results::prices::SQS_REQUEST;

    use super::*;
    use crate::scenario::shared::limits::Allowed;

    fn plan(requests: f64) -> Plan {
        let usage = |_| {
            let mut usage = Usage::default();
            usage.add("queue", requests, US_EAST_1.quote(SQS_REQUEST));
            usage
        };
        Plan {
            parts: vec![Part::of("messages", usage)],
            seconds: Range::exact(10.0),
            limits: vec![Limit::new(
                "requests per second",
                requests,
                Allowed::documented(100.0),
                "send less",
            )],
            assumptions: vec!["assumed: nothing".to_owned()],
            ..Plan::default()
        }
    }

    #[test]
    fn a_memory_sweep_is_a_run_with_each_size() {
        let all = merged(vec![(128, plan(10.0)), (512, plan(20.0)), (1769, plan(15.0))]);
        let items: Vec<_> = all.parts.iter().map(|part| part.expected.item.as_str()).collect();
        assert_eq!(items, ["128 MB: messages", "512 MB: messages", "1769 MB: messages"]);
        assert!((Part::sum(&all.parts).expected - 45.0 * 0.000_000_4).abs() < 1e-12);
        assert_eq!(all.seconds, Range::new(36.0, 40.0, 70.0));
        assert_eq!((all.limits.len(), all.limits[0].of_run.needed, all.assumptions.len()), (1, 20.0, 1));
    }
}
