//! What an account says of its limits, what stands for it where it says nothing, and which limit is met first.

use aws_config::SdkConfig;
use proptest::prelude::*;
use serde_json::{Value, json};
use test_kit::aws::{self, Answer, Requests, requests};

use super::*;
use crate::scenario::shared::run::Run;
use crate::scenario::shared::testing::{self, Deployed};

const ASKED: &[Quota] = &[THROTTLE_RATE, STATE_TRANSITIONS];

/// An account with a small concurrency, a raised quota, and one that it may not read.
fn answer(operation: &str, request: &Value) -> Answer {
    match operation {
        "GET /2016-08-19/account-settings" => (
            200,
            json!({ "AccountLimit": { "ConcurrentExecutions": 15, "UnreservedConcurrentExecutions": 10 } }),
        ),
        "GetServiceQuota" if request["QuotaCode"] == "L-8A5B8E43" => {
            assert_eq!(request["ServiceCode"], "apigateway");
            (200, json!({ "Quota": { "QuotaCode": "L-8A5B8E43", "Value": 25_000.0 } }))
        }
        "GetServiceQuota" => denied(),
        _ => panic!("{operation}"),
    }
}

fn denied() -> Answer {
    aws::error("AccessDeniedException", json!({ "Message": "User x is not authorized" }))
}

async fn run(endpoint: Value, answer: fn(&str, &Value) -> Answer) -> (Run<Deployed>, Requests) {
    let (config, log): (SdkConfig, _) = aws::config(answer);
    let environment = json!({ "endpoint": endpoint, "region": "eu-central-1", "settings": {} });
    let mut run = Run { config, ..testing::run::<Deployed>("x", environment) };
    run.account = Account::read(run.context(), ASKED).await;
    (run, log)
}

fn of_run(limit: Limit) -> limits::Limit {
    limit.of_run
}

#[tokio::test]
async fn an_account_is_asked_for_its_quotas_and_has_less_or_more_than_is_documented() {
    let (run, log) = run(Value::Null, answer).await;
    assert_eq!(requests(&log, "GetServiceQuota").len(), 2);
    assert_eq!(run.account.allows(&THROTTLE_RATE, run.deployment()), Allowed::account(25_000.0));
    let concurrency = of_run(concurrency(&run, 11));
    assert_eq!((concurrency.allowed, concurrency.source), (10.0, Source::Account));
    assert!(concurrency.is_exceeded(), "what no function has reserved, not all there is");
    let never_asked = run.account.allows(&THROTTLE_BURST, run.deployment());
    assert_eq!(never_asked, Allowed::documented(5000.0));
}

#[tokio::test]
async fn a_quota_that_cannot_be_read_is_the_documented_one_and_says_why() {
    let (run, _) = run(Value::Null, answer).await;
    let limit = state_transitions(&run, 900.0, "lower --workers");
    assert_eq!((limit.of_run.allowed, limit.of_run.source), (800.0, Source::Documented));
    let first = meets_first(std::slice::from_ref(&limit)).unwrap();
    insta::assert_snapshot!(format!("{first}\n{}", warnings(&[limit]).join("\n")));
}

#[tokio::test]
async fn the_emulator_is_asked_for_what_it_has_and_not_for_service_quotas() {
    let (run, log) = run(json!("http://127.0.0.1:1"), answer).await;
    assert_eq!(requests(&log, "GetServiceQuota").len(), 0);
    assert_eq!(of_run(concurrency(&run, 1)).source, Source::Account);
    let limit = state_transitions(&run, 1.0, "");
    assert_eq!(
        (limit.of_run.source, warnings(std::slice::from_ref(&limit))),
        (Source::Documented, Vec::new())
    );
}

#[tokio::test]
async fn who_may_not_read_the_concurrency_is_told_and_not_stopped() {
    let (run, _) = run(Value::Null, |_, _| denied()).await;
    let limit = concurrency(&run, 1);
    assert!((limit.of_run.allowed - 1000.0).abs() < f64::EPSILON);
    insta::assert_snapshot!(warnings(&[limit]).join("\n"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let never = std::future::pending::<Result<(), aws_sdk_lambda::Error>>();
    let said = ask("service-quotas", never).await.unwrap_err();
    assert_eq!(said, "service-quotas could not be read: no answer within 3 s");
}

#[tokio::test]
async fn a_stream_has_the_shards_that_kinesis_counts_and_else_those_of_its_setting() {
    let counted = |_: &str, _: &Value| -> Answer {
        let summary = json!({
            "StreamName": "s", "StreamARN": "a", "StreamStatus": "ACTIVE", "RetentionPeriodHours": 24,
            "StreamCreationTimestamp": 1.5, "EnhancedMonitoring": [], "OpenShardCount": 3,
        });
        (200, json!({ "StreamDescriptionSummary": summary }))
    };
    let shards = async |answer: fn(&str, &Value) -> Answer, setting| {
        let run =
            Run { config: aws::config(answer).0, ..testing::run::<Deployed>("x", json!({ "settings": {} })) };
        open_shards(run.context(), "s", setting, 4).await
    };
    let open = shards(counted, Some(2)).await;
    assert_eq!((open.count, open.times(1000.0)), (3, Allowed::account(3000.0)));
    let reason = "DescribeStreamSummary could not be read: AccessDeniedException".to_owned();
    let of_setting = shards(|_, _| denied(), Some(2)).await;
    assert_eq!(of_setting.times(1000.0), Allowed::stack(2000.0).unread(reason.clone()));
    let on_demand = shards(|_, _| denied(), None).await;
    assert_eq!(on_demand.times(1000.0), Allowed::documented(4000.0).unread(reason));
}

#[tokio::test]
async fn a_table_takes_what_it_has_grown_to() {
    let writes = async |answer: fn(&str, &Value) -> Answer| {
        let run =
            Run { config: aws::config(answer).0, ..testing::run::<Deployed>("x", json!({ "settings": {} })) };
        of_run(table_writes(run.context(), "t", 100.0).await)
    };
    let grown = writes(|operation, request| {
        assert_eq!((operation, &request["TableName"]), ("DescribeTable", &json!("t")));
        let warm = json!({ "ReadUnitsPerSecond": 24_000, "WriteUnitsPerSecond": 9000, "Status": "ACTIVE" });
        (200, json!({ "Table": { "WarmThroughput": warm } }))
    })
    .await;
    assert_eq!((grown.allowed, grown.source), (9000.0, Source::Account));
    let of_emulator = writes(|_, _| (200, json!({ "Table": { "TableName": "t" } }))).await;
    assert_eq!(
        (of_emulator.allowed, of_emulator.source, of_emulator.unread),
        (4000.0, Source::Documented, None)
    );
    let unread = writes(|_, _| denied()).await.unread;
    assert_eq!(unread.as_deref(), Some("DescribeTable could not be read: AccessDeniedException"));
}

proptest! {
    #[test]
    fn a_larger_run_meets_no_other_limit_before_the_first(
        numbers in proptest::collection::vec((0.0..1e6_f64, 1e-3..1e6_f64), 1..12),
    ) {
        let limits: Vec<_> = numbers
            .iter()
            .enumerate()
            .map(|(index, (needed, allowed))| {
                Limit::new(format!("limit {index}"), *needed, Allowed::documented(*allowed), "")
            })
            .collect();
        let first = limits::first(limits.iter().map(|limit| &limit.of_run)).unwrap();
        let line = format!("meets first: {}: ", first.what);
        prop_assert!(meets_first(&limits).unwrap().starts_with(&line));
        // As much larger as is needed to meet it exactly, a run meets no other.
        if first.needed > 0.0 {
            let larger = first.allowed / first.needed;
            for limit in &limits {
                let needed = limit.of_run.needed * larger;
                prop_assert!(needed <= limit.of_run.allowed * (1.0 + 1e-9), "{limit:?}");
            }
        }
        let exceeded = limits.iter().filter(|limit| limit.of_run.needed > limit.of_run.allowed).count();
        prop_assert_eq!(warnings(&limits).len(), exceeded);
    }
}
