//! What the runs of contenders come to.

use results::price_list::US_EAST_1;
use results::scenario::archive::{ContestOptions, Predicted, RequestsSource};

use super::*;
use crate::scenario::archive::execute::S3Requests;
use crate::scenario::archive::testing::{
    ARN, configuration, counts, observation, observed, options, report, run,
};

#[test]
fn the_figures_are_those_of_the_report_lines() {
    let reports = [
        report(1, 1000.0, 90, Some(80.0)),
        report(0, 2000.0, 113, None),
        report(9, 9000.0, 500, Some(900.0)),
        report(2, 3000.0, 100, Some(100.0)),
    ];
    let observed = observed(&[2100.0, 4100.0, 3100.0], &reports);
    let success = success(&observed, Requests::UNKNOWN, &US_EAST_1).unwrap();
    assert_eq!(missing_reports(&observed), None);
    assert_eq!(success.durations_ms, [2000, 1000, 3000], "by their request ids");
    assert_eq!((success.runs_count, success.archive_bytes), (3, 1000));
    let duration =
        [success.duration_ms, success.duration_ms_stddev, success.duration_ms_min, success.duration_ms_max];
    assert_eq!(duration.to_vec(), [2000, 1000, 1000, 3000]);
    assert_eq!((success.max_memory_mb, success.cold_start_ms), (Some(113), Some(90.0)));
    assert_eq!(success.cold_runs, Some(2));
    assert_eq!((success.requests_price_usd, success.total_price_usd), (None, None));
}

#[test]
fn a_report_line_that_a_contender_prints_about_itself_gains_nothing() {
    let true_one = report(0, 2000.0, 113, Some(80.0));
    for printed in [report(0, 1.0, 1, None), report(0, 2001.0, 1, None)] {
        for reports in [[printed.clone(), true_one.clone()], [true_one.clone(), printed.clone()]] {
            let success = success(&observed(&[2100.0], &reports), Requests::UNKNOWN, &US_EAST_1).unwrap();
            assert!(success.durations_ms[0] >= 2000, "{:?}", success.durations_ms);
            assert_eq!((success.max_memory_mb, success.cold_start_ms), (Some(113), Some(80.0)));
        }
    }
}

#[test]
fn the_example_of_the_public_archive_contest_has_its_price() {
    let observed = observed(&[212_700.0], &[report(0, 212_631.0, 113, None)]);
    let success = success(&observed, Requests::UNKNOWN, &US_EAST_1).unwrap();
    assert!((success.gb_second_compute - 106.3155).abs() < 1e-9);
    assert!((success.run_price_usd - 0.001_417_537).abs() < 2e-8, "{}", success.run_price_usd);
    assert!((success.storage_rate_usd - 0.000_000_030_9).abs() < 1e-15);
    assert!(success.gb_second_storage.abs() < 1e-15 && success.storage_price_usd.abs() < 1e-15);
}

#[test]
fn without_report_lines_the_state_machines_times_count_and_the_user_is_told() {
    let (first, other) = (report(0, 1.0, 2, Some(3.0)), report(7, 1.0, 2, Some(3.0)));
    for (reports, missing) in [(vec![], 2), (vec![first, other], 1)] {
        let observed = observed(&[1000.0, 2000.0], &reports);
        let success = success(&observed, Requests::UNKNOWN, &US_EAST_1).unwrap();
        assert_eq!(success.durations_ms, [1000, 2000]);
        assert_eq!((success.max_memory_mb, success.cold_start_ms, success.cold_runs), (None, None, None));
        let start = format!("lambench-dev-rust-stream: {missing} of its 2 runs have no REPORT line, so");
        assert!(missing_reports(&observed).unwrap().starts_with(&start));
    }
}

#[test]
fn an_architecture_without_a_price_is_an_error_that_names_it() {
    let configuration = Configuration { architecture: "riscv64".to_owned(), ..configuration() };
    let observed = Observed { configuration, ..observed(&[1.0], &[]) };
    let error = success(&observed, Requests::UNKNOWN, &US_EAST_1).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("'{ARN}' runs on 'riscv64', for which no price is known: deploy it on arm64 or x86_64")
    );
}

/// A contender whose run took a second, and whose invocations took these times.
fn fanned_out(invocations: u64, billed_ms: f64) -> Observed {
    let run = RunUse { invocations, billed_ms, max_memory_mb: 200, s3: None };
    let fan_out = FanOut::Known(vec![run]);
    Observed { fan_out, ..observed(&[1100.0], &[report(0, 1000.0, 90, None)]) }
}

#[test]
fn a_run_takes_the_time_of_its_first_invocation_and_costs_that_of_all() {
    let success = success(&fanned_out(150, 60_000.0), Requests::UNKNOWN, &US_EAST_1).unwrap();
    assert_eq!((success.class, success.duration_ms, success.max_memory_mb), (Class::FanOut, 1000, Some(200)));
    assert_eq!((success.invocations, success.billed_gb_seconds), (vec![150], vec![30.0]));
    assert!((success.gb_second_compute - 30.0).abs() < 1e-9);
    assert!((success.run_price_usd - 30.0 * success.compute_rate_usd).abs() < 1e-12);
}

#[test]
fn every_invocation_of_a_run_is_a_request_to_lambda() {
    let s3 = S3Use { writes: 0.0, reads: 0.0, sent_bytes: None, received_bytes: None, slow_downs: None };
    let requests = Requests { s3: Some(s3), source: RequestsSource::Counted };
    let success = success(&fanned_out(150, 60_000.0), requests, &US_EAST_1).unwrap();
    assert!((success.requests_price_usd.unwrap() - 150.0 * 0.000_000_2).abs() < 1e-12);
}

#[test]
fn a_contender_whose_runs_cannot_be_told_apart_has_no_rank() {
    let all = RunUse { invocations: 4, billed_ms: 8000.0, max_memory_mb: 9, s3: None };
    let fan_out = FanOut::Untold { reason: "its runs overlapped".to_owned(), all };
    let contenders = vec![Observed { fan_out, ..observed(&[1000.0, 1000.0], &[]) }];
    let (contest, _) = contest(&observation(contenders), &run()).unwrap();
    let [one] = contest.unranked.as_slice() else { panic!("{contest:?}") };
    assert_eq!((one.class, one.no_rank.as_deref()), (Class::FanOut, Some("its runs overlapped")));
    assert!((one.gb_second_compute - 2.0).abs() < 1e-9, "the mean of what is known: {one:?}");
}

#[test]
fn what_was_predicted_before_stands_beside_what_was_measured() {
    let mut observation = observation(vec![observed(&[1000.0], &[report(0, 1000.0, 90, None)])]);
    let predicted = Predicted {
        seconds: 0.9,
        lambda_usd: 6e-6,
        total_usd: 5e-5,
        invocations: 1,
        s3_writes: 6,
        s3_reads: 20,
    };
    observation.predictions.insert(ARN.to_owned(), predicted);
    let (contest, _) = contest(&observation, &run()).unwrap();
    assert_eq!((contest.success[0].predicted, contest.success[0].duration_ms), (Some(predicted), 1000));
}

#[test]
fn the_cheapest_comes_first_even_if_it_is_slower() {
    let made = |architecture: &str, elapsed_ms: f64| {
        let configuration = Configuration { architecture: architecture.to_owned(), ..configuration() };
        Observed { configuration, ..observed(&[elapsed_ms], &[report(0, elapsed_ms, 1, None)]) }
    };
    let fanned_out = Observed { configuration: configuration(), ..fanned_out(2, 1200.0) };
    let contenders = vec![fanned_out, made("x86_64", 2000.0), made("arm64", 2100.0), made("arm64", 1900.0)];
    let (contest, warnings) = contest(&observation(contenders), &run()).unwrap();
    let order: Vec<u64> = contest.success.iter().map(|success| success.duration_ms).collect();
    assert_eq!(
        (order, warnings.len()),
        (vec![1900, 2100, 2000, 1000], 0),
        "one that fans out is another class"
    );
}

#[test]
fn a_contender_whose_runs_the_user_did_not_wait_for_has_no_rank() {
    let contenders =
        vec![observed(&[1000.0], &[report(0, 1000.0, 9, None)]), observed(&[2000.0, 2000.0], &[])];
    let options = ContestOptions { runs_per_contender: 2, ..options() };
    let (contest, _) = contest(&Observation { options, ..observation(contenders) }, &run()).unwrap();
    let runs = |list: &[Success]| list.iter().map(|one| one.runs_count).collect::<Vec<_>>();
    assert_eq!((runs(&contest.success), runs(&contest.unranked)), (vec![2], vec![1]));
}

#[test]
fn a_contender_that_may_invoke_itself_has_no_rank_if_nobody_knows_how_often_it_did() {
    let of = |self_invoking: &[&str]| {
        let mut run = run();
        run.deployed.self_invoking = self_invoking.iter().map(|&arn| arn.to_owned()).collect();
        let unknown = Observed { fan_out: FanOut::Unknown, ..observed(&[2000.0], &[]) };
        let options = ContestOptions { runs_per_contender: 1, ..options() };
        let (contest, _) = contest(&Observation { options, ..observation(vec![unknown]) }, &run).unwrap();
        (contest.success.len(), contest.unranked.into_iter().find_map(|one| one.no_rank))
    };
    assert_eq!(of(&[]), (1, None));
    let (ranked, reason) = of(&[ARN]);
    assert_eq!(ranked, 0);
    assert!(reason.unwrap().starts_with("it may invoke itself, and its log does not say"));
}

#[test]
fn a_contender_is_out_by_its_mean_and_deviation_once_it_has_had_all_its_runs() {
    let steady = || observed(&[2000.0, 2000.0], &[report(0, 2000.0, 9, None), report(1, 2000.0, 9, None)]);
    let unsteady = || observed(&[1.0, 1.0], &[report(0, 1000.0, 9, None), report(1, 3000.0, 9, None)]);
    let judge = |runs_per_contender, limit: Option<u64>| {
        let mut run = run();
        let settings = &mut run.deployed.deployment.settings;
        settings.extend(limit.map(|limit| ("maxMeanPlusSigmaSeconds".to_owned(), limit.into())));
        let options = ContestOptions { runs_per_contender, ..options() };
        let observation = Observation { options, ..observation(vec![steady(), unsteady()]) };
        let (contest, _) = contest(&observation, &run).unwrap();
        let reasons: Vec<_> = contest.failure.into_iter().map(|failure| failure.reason).collect();
        (contest.success.len(), contest.unranked.len(), reasons)
    };
    let (success, _, reasons) = judge(2, Some(3));
    assert_eq!(success, 1);
    assert!(reasons[0].starts_with("too slow: mean 2.000 s + σ 1.414 s = 3.414 s"), "{reasons:?}");
    assert_eq!(judge(3, Some(3)), (0, 2, vec![]), "more runs may be steadier");
    assert_eq!(judge(2, Some(4)), (2, 0, vec![]));
    assert_eq!(judge(2, None), (2, 0, vec![]), "a stack without the setting");
}

#[test]
fn the_requests_of_the_mean_run_and_its_invocation_are_priced() {
    let (before, after) = (Some(counts(1000, 500)), Some(counts(1000 + 400, 500 + 3000)));
    let mut observation = observation(vec![observed(&[1000.0, 2000.0], &[])]);
    observation.s3_requests = S3Requests { before, after, by_metrics: None };
    let (contest, _) = contest(&observation, &run()).unwrap();
    // Two runs: 200 writes and 1,500 reads each, and an invocation.
    let expected = 200.0 * 0.000_005 + 1500.0 * 0.000_000_4 + 0.000_000_2;
    let one = &contest.success[0];
    assert!((one.requests_price_usd.unwrap() - expected).abs() < 1e-12);
    assert!((one.total_price_usd.unwrap() - one.run_price_usd - expected).abs() < 1e-12);
}

#[test]
fn the_requests_of_warm_up_runs_are_no_other_runs() {
    let mut observation = observation(vec![observed(&[1000.0, 2000.0], &[])]);
    observation.options.warmup_runs = 3;
    observation.s3_requests =
        S3Requests { before: Some(counts(0, 0)), after: Some(counts(50, 100)), by_metrics: None };
    let (contest, _) = contest(&observation, &run()).unwrap();
    let used = contest.success[0].s3.unwrap();
    assert_eq!((used.writes, used.reads), (10.0, 20.0), "of each of the five runs");
    assert_eq!(contest.options.unwrap().warmup_runs, 3);
}

#[test]
fn requests_that_nobody_counted_have_no_price() {
    let (contest, _) = contest(&observation(vec![observed(&[1000.0], &[])]), &run()).unwrap();
    assert_eq!((contest.success[0].requests_price_usd, contest.success[0].total_price_usd), (None, None));
}
