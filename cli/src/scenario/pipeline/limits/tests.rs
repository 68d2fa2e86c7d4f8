//! What loads meet: snapshots of whole estimates are in `estimate.rs`.

use load::Stage;
use proptest::prelude::*;
use protocol::pipeline::Arrivals;
use serde_json::{Value, json};
use test_kit::aws;

use super::*;
use crate::scenario::Scenario;
use crate::scenario::pipeline::Pipeline;
use crate::scenario::pipeline::testing::run;
use crate::scenario::shared::estimate::forecast;
use crate::scenario::shared::limits::{Account, meets_first, warnings};
use crate::scenario::shared::testing::parsed;

/// An account on AWS whose API Gateway takes less than most, and a stream with two shards.
fn account(operation: &str, request: &Value) -> aws::Answer {
    let body = match operation {
        "GET /2016-08-19/account-settings" => {
            json!({ "AccountLimit": { "ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900 } })
        }
        "GetServiceQuota" => {
            let value = match request["QuotaCode"].as_str().unwrap() {
                "L-8A5B8E43" => 2500.0,
                "L-CDF5615A" => 1250.0,
                "L-AD9B4E93" => 800.0,
                other => panic!("{other}"),
            };
            json!({ "Quota": { "Value": value } })
        }
        "DescribeStreamSummary" => json!({ "StreamDescriptionSummary": {
            "StreamName": "s", "StreamARN": "a", "StreamStatus": "ACTIVE", "RetentionPeriodHours": 24,
            "StreamCreationTimestamp": 1.5, "EnhancedMonitoring": [], "OpenShardCount": 2,
        } }),
        "DescribeTable" => json!({ "Table": { "WarmThroughput": { "WriteUnitsPerSecond": 4000 } } }),
        other => panic!("{other}"),
    };
    (200, body)
}

async fn on_aws(answer: fn(&str, &Value) -> aws::Answer) -> Run {
    let mut run = Run { config: aws::config(answer).0, ..run() };
    run.deployed.deployment.endpoint = None;
    run.account = Account::read(run.context(), Pipeline::QUOTAS).await;
    run
}

async fn limits(run: &Run, line: &str) -> Vec<Limit> {
    let scenario = Pipeline::new(&parsed(line).unwrap()).unwrap();
    forecast(&scenario, run, &[]).await.unwrap().limits
}

#[tokio::test]
async fn a_load_that_functions_send_is_compared_with_what_the_account_says() {
    let run = on_aws(account).await;
    let scenario = Pipeline::new(&parsed("--from functions --rate 1500 --duration 20s").unwrap()).unwrap();
    let text = forecast(&scenario, &run, &[]).await.unwrap().render();
    let limits = text.split_once("\nlimits:\n").unwrap().1;
    insta::assert_snapshot!(limits);
}

#[tokio::test]
async fn an_account_that_may_not_be_asked_is_compared_with_what_is_documented() {
    let denied = |_: &str, _: &Value| aws::error("AccessDeniedException", json!({ "Message": "no" }));
    let run = on_aws(denied).await;
    let limits = limits(&run, "--rate 900 --duration 10s").await;
    let first = meets_first(&limits).unwrap();
    insta::assert_snapshot!(format!("{first}\n{}", warnings(&limits).join("\n")));
}

#[tokio::test]
async fn more_shards_or_a_higher_rate_of_the_api_make_another_limit_the_first() {
    let mut run = Run { config: aws::config(account).0, ..run() };
    let first = async |run: &Run, line: &str| {
        let line = meets_first(&limits(run, line).await).unwrap();
        line.trim_start_matches("meets first: ").split(": ").next().unwrap().to_owned()
    };
    assert_eq!(
        first(&run, "--rate 800 --duration 10s").await,
        "requests per second (the API's setting apiRate)"
    );
    run.deployed.deployment.settings.insert("apiRate".to_owned(), 5000.into());
    assert_eq!(first(&run, "--rate 800 --duration 10s").await, "records per second (Kinesis, 2 shards)");
    assert_eq!(
        first(&run, "--rate 800 --duration 10s --size 9000").await,
        "bytes per second (Kinesis, 2 shards)"
    );
}

#[test]
fn functions_have_the_time_until_the_load_starts_and_upstream_the_ramp() {
    let environments = |line: &str| new_environments(&parsed::<Options>(line).unwrap());
    let close = |line: &str, expected: f64| {
        let got = environments(line);
        assert!((got - expected).abs() < 0.5, "{line}: {got} is not {expected}");
    };
    close("--rate 5000 --connections 1000", 500.0);
    close("--rate 5000 --connections 1000 --ramp 50s", 100.0);
    close("--rate 5000 --connections 60", 60.0);
    // 1,600 of them start in 37 s.
    close("--from functions --rate 1600 --workers 1600 --connections 1 --ramp 10m", 432.4);
}

#[test]
fn evenly_spaced_requests_take_one_token_and_random_ones_some() {
    let of = |line: &str, refill: f64| bursts(&parsed(line).unwrap(), [refill])[0];
    assert!((of("--rate 200 --duration 10s --ramp 3s", 200.0) - 1.0).abs() < f64::EPSILON);
    assert!(
        (of("--rate 300 --duration 10s", 100.0) - 1.0).abs() < f64::EPSILON,
        "its rate is too high, not its bursts"
    );
    let random = "--rate 200 --duration 10s --arrivals poisson --seed 3";
    let [tight, wide] = [200.0, 2000.0].map(|refill| of(random, refill));
    assert!(wide > 1.0 && tight > 2.0 * wide && tight < 200.0, "{tight} and {wide}");
}

proptest! {
    #[test]
    fn a_burst_is_the_most_that_requests_of_any_time_are_ahead_of_the_refill(
        seed in 0..1000_u32, rate in 1..50_u64, refill in 1.0..100.0_f64,
    ) {
        let schedule = Schedule {
            ramp: std::time::Duration::from_secs(1),
            stages: vec![Stage { rate, duration: std::time::Duration::from_secs(3) }],
            arrivals: Arrivals::Poisson,
            seed,
            workers: 1,
        };
        let plan = schedule.plan(0);
        let due: Vec<f64> = (0..plan.total()).map(|index| plan.due(index).as_secs_f64()).collect();
        let ahead = |from: usize, to: usize| real((to - from + 1) as u64) - refill * (due[to] - due[from]);
        let all = (0..due.len()).flat_map(|from| (from..due.len()).map(move |to| (from, to)));
        let most = all.map(|(from, to)| ahead(from, to)).fold(0.0, f64::max);
        prop_assert!((burst(&due, refill) - (most - 0.01).ceil().max(1.0)).abs() < f64::EPSILON);
    }
}
