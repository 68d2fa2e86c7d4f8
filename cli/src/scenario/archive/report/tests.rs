use std::path::Path;

use protocol::archive::LeftOut;
use results::cpu::InvocationCpu;
use results::price_list::US_EAST_1;
use results::scenario::archive::{Class, Contest, ContestOptions, RequestsSource, S3Use, Success};

use super::*;
use crate::result_file;
use crate::scenario::archive::testing::{observation, observed, options, report, run, success};
use crate::scenario::shared::series::Series;

/// The warnings about a contest with one contender.
fn warned(run: &Run, success: Success) -> Vec<String> {
    warned_of(run, options(), success)
}

/// The same, of a contest with options.
fn warned_of(run: &Run, options: ContestOptions, success: Success) -> Vec<String> {
    let contest = Contest { options: Some(options.clone()), success: vec![success], ..Contest::default() };
    let mut observation = Observation { options, ..observation(vec![]) };
    observation.warnings = vec!["from the state machine".to_owned()];
    let warnings = warnings::warnings(run, &observation, &contest, vec!["no REPORT lines".to_owned()]);
    assert_eq!(warnings[..2], ["from the state machine", "no REPORT lines"]);
    warnings[2..].to_vec()
}

#[test]
fn a_contest_that_was_stopped_is_incomplete_and_ranks_nobody_with_fewer_runs() {
    let missing = vec!["rust-stream: 1 of 2 runs".to_owned()];
    let reports = [report(0, 1000.0, 9, None)];
    let observation = Observation {
        options: ContestOptions { runs_per_contender: 2, ..options() },
        missing: missing.clone(),
        ..observation(vec![observed(&[1000.0], &reports)])
    };
    let measurement = measurement(&run(), &observation).unwrap();
    assert_eq!((measurement.missing, measurement.failed_checks), (missing, vec![]));
    assert!(measurement.series.is_empty() && measurement.cost.is_empty() && measurement.figures.is_empty());
    let Detail::Archive(contest) = measurement.detail else { panic!("a contest") };
    assert_eq!((contest.success.len(), contest.unranked.len()), (0, 1));
}

#[test]
fn where_the_time_went_is_known_of_runs_that_the_local_environment_measured() {
    let of = |request_id: &str| InvocationCpu {
        function: "lambench-dev-rust-stream".to_owned(),
        request_id: request_id.to_owned(),
        share: 0.29,
        duration_ms: 950.0,
        cpu_ms: 200.0,
        throttled_ms: 100.0,
        waited_ms: 50.0,
    };
    let time = |cpu| {
        let contenders = vec![observed(&[1100.0], &[report(0, 1000.0, 9, Some(50.0))])];
        let observation = Observation { cpu, ..observation(contenders) };
        let Detail::Archive(contest) = measurement(&run(), &observation).unwrap().detail else {
            panic!("a contest")
        };
        let time = contest.success[0].time.expect("its REPORT line is there");
        (time.init_ms, time.cpu.map(|cpu| cpu.computing_ms), time.rest_ms)
    };
    assert_eq!(time(vec![of("another"), of("request-0")]), (50.0, Some(200.0), 600.0));
    assert_eq!(time(vec![]), (50.0, None, 950.0), "on AWS");
}

#[test]
fn a_contender_is_named_without_project_and_stack() {
    let name = contender("dev", "arn:aws:lambda:us-east-1:0:function:lambench-dev-rust-stream");
    assert_eq!(name, "rust-stream");
    assert_eq!(contender("a-b", "arn:aws:lambda:us-east-1:0:function:lambench-a-b-go-x-y"), "go-x-y");
}

#[test]
fn noise_and_few_runs_are_warned_of_with_the_command_that_helps() {
    let mut noisy = success("rust-stream", 2000);
    noisy.duration_ms_stddev = 500;
    let warnings = warned(&run(), noisy);
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings[0].contains("S3's requests were not counted"), "{warnings:?}");
    assert!(warnings[1].contains("vary by 25 %"), "{warnings:?}");
    let command = "lambench run archive --runs 20 --stack dev";
    assert!(warnings[2].ends_with(command), "{warnings:?}");
}

#[test]
fn more_runs_than_there_can_be_are_no_advice() {
    let mut noisy = success("rust-stream", 2000);
    (noisy.duration_ms_stddev, noisy.runs_count) = (500, 50);
    let said = |runs_per_contender| {
        let options = ContestOptions { runs_per_contender, ..options() };
        warned_of(&run(), options, noisy.clone())[1].clone()
    };
    assert!(said(30).ends_with("--runs 50 --stack dev"), "{}", said(30));
    assert!(said(50).ends_with("close other programs"), "{}", said(50));
}

#[test]
fn cold_starts_behind_a_warm_up_are_warned_of() {
    let mut cold = success("rust-stream", 2000);
    (cold.runs_count, cold.cold_runs) = (10, Some(4));
    let said = |warmup_runs, runs_at_once: u64| {
        let mut run = run();
        run.deployed.deployment.settings.insert("runsAtOnce".to_owned(), runs_at_once.into());
        let options = ContestOptions { warmup_runs, ..options() };
        warned_of(&run, options, cold.clone()).into_iter().find(|one| one.contains("in spite of the warm-up"))
    };
    let advice = said(1, 5).unwrap();
    assert!(advice.starts_with("rust-stream: 4 of its 10 counted runs were cold starts"), "{advice}");
    assert!(advice.ends_with("with runsAtOnce 5, it takes --warmup 5"), "{advice}");
    assert!(said(5, 5).unwrap().ends_with("run the contest again"));
    assert_eq!(said(0, 5), None);
}

#[test]
fn slow_downs_are_warned_of() {
    let mut slowed = success("rust-stream", 2000);
    slowed.runs_count = 10;
    let (sent_bytes, received_bytes) = (Some(1.0), Some(1.0));
    slowed.s3 = Some(S3Use { writes: 9.0, reads: 1.0, sent_bytes, received_bytes, slow_downs: Some(7.0) });
    assert!(warned(&run(), slowed)[1].contains("S3 answered 7 of its requests per run with 503 SlowDown"));
}

#[test]
fn on_aws_the_uncounted_requests_are_warned_of() {
    let mut run = run();
    run.deployed.deployment.endpoint = None;
    let mut steady = success("rust-stream", 2000);
    (steady.runs_count, steady.requests_source) = (10, Some(RequestsSource::Unknown));
    assert!(warned(&run, steady.clone())[0].contains("nobody knows those of rust-stream: "));
    steady.requests_source = Some(RequestsSource::Contender);
    assert!(
        warned(&run, steady)[0].starts_with("the S3 requests of rust-stream are what the contender says")
    );
}

#[test]
fn a_contest_in_which_nobody_passes_fails_and_costs_nothing() {
    let mut crashed = observed(&[1000.0], &[]);
    crashed.contender.runs[0].error = Some("Runtime.ExitError".to_owned());
    let measurement = measurement(&run(), &observation(vec![crashed])).unwrap();
    assert_eq!(measurement.failed_checks, ["no contender passed"]);
    assert!(measurement.cost.is_empty() && measurement.series.is_empty());
}

#[test]
fn a_contender_that_is_not_deployed_is_told_first_with_what_to_do() {
    let mut run = run();
    let reason =
        "contenders/python/odd/contender.yaml: memory is 64, but must be 128 to 10240 (MB)".to_owned();
    run.deployed.left_out = vec![LeftOut { contender: "python/odd".to_owned(), reason: reason.clone() }];
    let measurement = measurement(&run, &observation(vec![observed(&[1100.0], &[])])).unwrap();
    assert_eq!(
        measurement.warnings[0],
        format!("python/odd took no part: {reason}: correct it, then: pulumi up --stack dev")
    );
}

#[test]
fn a_contest_with_one_that_passes_does_not_fail() {
    let passed = observed(&[1100.0, 1200.0], &[report(0, 1000.0, 90, None), report(1, 1100.0, 90, None)]);
    let measurement = measurement(&run(), &observation(vec![passed])).unwrap();
    assert!(measurement.failed_checks.is_empty());
    assert_eq!(measurement.series[0].name, "rust-stream billed duration");
}

#[test]
fn a_runs_cost_is_the_price_of_its_time_and_where_they_are_counted_of_its_requests() {
    let mut success = success("rust-stream", 2000);
    let without = cost::cost(&US_EAST_1, "dev", &success);
    assert_eq!(without.item, "rust-stream run");
    assert!((without.usd.unwrap() - success.run_price_usd).abs() < 1e-12, "{without:?}");
    success.s3 = Some(S3Use {
        writes: 200.0,
        reads: 1500.0,
        sent_bytes: None,
        received_bytes: None,
        slow_downs: None,
    });
    let requests = 200.0 * 0.000_005 + 1500.0 * 0.000_000_4 + 0.000_000_2;
    let with = cost::cost(&US_EAST_1, "dev", &success);
    assert!((with.usd.unwrap() - success.run_price_usd - requests).abs() < 1e-12, "{with:?}");
}

#[test]
fn a_price_varies_by_the_time_of_all_invocations_of_a_run() {
    let mut one = success("rust-fan-out", 2000);
    (one.class, one.billed_gb_seconds) = (Class::FanOut, vec![10.0, 20.0]);
    let [time, all] = series::of_contender("dev", &one).try_into().ok().expect("two series");
    let mut result = result_file::read(Path::new("tests/v1/archive.json")).unwrap();
    result.summary = [&time, &all].iter().filter_map(|series| series.summary()).collect();
    result.samples = [time, all].map(Series::samples).to_vec();
    let cost = cost::cost(&US_EAST_1, "dev", &one);
    let price = price_over_runs(&result, &cost).unwrap();
    // 15 GB-seconds and their deviation, 7.07: as much of the price.
    assert!((price.stddev / price.mean - 0.4714).abs() < 1e-3, "{price:?}");
}

#[test]
fn a_result_of_schema_version_1_is_shown_with_all_its_figures() {
    let result = result_file::read(Path::new("tests/v1/archive.json")).unwrap();
    insta::assert_snapshot!(crate::show::render(&result));
}

#[test]
fn memory_sizes_are_compared_by_the_rankings_figures() {
    let figure = figure("dev", &success("rust-stream", 2000));
    assert_eq!((figure.name.as_str(), figure.speed), ("rust-stream", Some(2.0)));
    assert!((figure.usd.unwrap() - 0.016_666_7).abs() < 1e-9, "{figure:?}");
}
