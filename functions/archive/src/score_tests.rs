use super::*;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:lambench-dev-rust-stream";

fn contender(elapsed_ms: &[f64]) -> Contender {
    let verdict = |run| Verdict { run, valid: true, reason: None, archive_bytes: Some(1000 + run) };
    let run = |(run, elapsed_ms)| Run { run, elapsed_ms, error: None, cause: None };
    Contender {
        arn: ARN.to_owned(),
        started: "2026-11-21T03:00:00Z".parse().unwrap(),
        ended: "2026-11-21T03:04:00Z".parse().unwrap(),
        runs: (0..).zip(elapsed_ms.iter().copied()).map(run).collect(),
        verdicts: (0..elapsed_ms.len() as u64).map(verdict).collect(),
    }
}

fn report(billed_ms: f64, max_memory_mb: u64, init_ms: Option<f64>) -> Report {
    Report { billed_ms, max_memory_mb, init_ms }
}

fn configuration() -> Configuration {
    let (runtime, architecture) = ("provided.al2023".to_owned(), "arm64".to_owned());
    Configuration { runtime, architecture, memory_mb: 512, storage_mb: 512 }
}

fn reason(change: impl FnOnce(&mut Contender)) -> Option<String> {
    let mut contender = contender(&[1000.0, 2000.0]);
    change(&mut contender);
    disqualification(&contender, 600)
}

fn error(error: &str, cause: &str) -> Option<String> {
    reason(|contender| {
        contender.verdicts.clear();
        contender.runs[1].error = Some(error.to_owned());
        contender.runs[1].cause = Some(cause.to_owned());
    })
}

#[test]
fn a_contender_without_a_fault_is_not_out() {
    assert_eq!(reason(|_| {}), None);
}

#[test]
fn a_crash_is_reported_with_error_and_cause() {
    let said = error("Runtime.ExitError", "RequestId: 1 Error: Runtime exited");
    assert_eq!(said.unwrap(), "crash: Runtime.ExitError / RequestId: 1 Error: Runtime exited");
}

#[test]
fn every_way_to_run_out_of_time_is_a_timeout() {
    assert_eq!(error("Sandbox.Timedout", "x").unwrap(), "timeout: Sandbox.Timedout / x");
    assert_eq!(error("States.Timeout", "").unwrap(), "timeout: States.Timeout / ");
    let cause = "2026 1 Task timed out after 3.00 seconds";
    assert_eq!(error("Unhandled", cause).unwrap(), format!("timeout: Unhandled / {cause}"));
}

#[test]
fn an_error_without_a_cause_is_reported_too() {
    let said = reason(|contender| contender.runs[0].error = Some("Lambda.Unknown".to_owned()));
    assert_eq!(said.unwrap(), "crash: Lambda.Unknown / ");
}

#[test]
fn the_judges_reason_is_passed_on_as_it_is() {
    let said = reason(|contender| {
        contender.verdicts[1].valid = false;
        contender.verdicts[1].reason = Some("invalid: CRC mismatch for 'a'".to_owned());
    });
    assert_eq!(said.unwrap(), "invalid: CRC mismatch for 'a'");
}

#[test]
fn a_run_that_nobody_judged_does_not_pass() {
    let said = reason(|contender| contender.verdicts.truncate(1)).unwrap();
    assert_eq!(said, "invalid: run 1 has no verdict: see the judge's log, and run the contest again");
    assert!(reason(|contender| contender.runs.clear()).unwrap().starts_with("crash: no run was started"));
}

#[test]
fn a_run_over_the_limit_is_too_slow() {
    let said = reason(|contender| contender.runs[1].elapsed_ms = 601_250.0);
    assert_eq!(said.unwrap(), "too slow: run 1 took 601.2 s, the limit is 600 s");
    assert_eq!(reason(|contender| contender.runs[1].elapsed_ms = 600_000.0), None);
}

#[test]
fn the_figures_are_those_of_the_report_lines() {
    let contender = contender(&[2100.0, 1100.0, 3100.0]);
    let reports =
        [report(1000.0, 90, Some(80.0)), report(2000.0, 113, None), report(3000.0, 100, Some(100.0))];
    let (success, warning) = success(&contender, configuration(), &reports).unwrap();
    assert_eq!(warning, None);
    assert_eq!(success.durations_ms, [2000, 1000, 3000], "in order of run");
    assert_eq!((success.runs_count, success.archive_bytes), (3, 1000));
    let duration =
        [success.duration_ms, success.duration_ms_stddev, success.duration_ms_min, success.duration_ms_max];
    assert_eq!(duration.to_vec(), [2000, 1000, 1000, 3000]);
    assert_eq!((success.max_memory_mb, success.cold_start_ms), (Some(113), Some(90.0)));
    assert_eq!((success.requests_price_usd, success.total_price_usd), (None, None));
}

#[test]
fn the_public_contest_example_has_its_price() {
    let contender = contender(&[212_700.0]);
    let (success, _) = success(&contender, configuration(), &[report(212_631.0, 113, None)]).unwrap();
    assert!((success.gb_second_compute - 106.3155).abs() < 1e-9);
    assert!((success.run_price_usd - 0.001_417_537).abs() < 2e-8, "{}", success.run_price_usd);
    assert!((success.storage_rate_usd - 0.000_000_030_9).abs() < 1e-15);
    assert!(success.gb_second_storage.abs() < 1e-15 && success.storage_price_usd.abs() < 1e-15);
}

#[test]
fn without_report_lines_the_state_machines_times_count_and_the_user_is_told() {
    for reports in [vec![], vec![report(1.0, 2, Some(3.0)); 3]] {
        let (success, warning) = success(&contender(&[1000.0, 2000.0]), configuration(), &reports).unwrap();
        assert_eq!(success.durations_ms, [1000, 2000]);
        assert_eq!((success.max_memory_mb, success.cold_start_ms), (None, None));
        let start = format!("lambench-dev-rust-stream: found {} REPORT lines for 2 runs, so", reports.len());
        assert!(warning.unwrap().starts_with(&start));
    }
}

#[test]
fn an_architecture_without_a_price_is_an_error_that_names_it() {
    let configuration = Configuration { architecture: "riscv64".to_owned(), ..configuration() };
    let error = success(&contender(&[1.0]), configuration, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("'{ARN}' runs on 'riscv64', for which no price is known: deploy it on arm64 or x86_64")
    );
}

#[test]
fn the_cheapest_comes_first_even_if_it_is_slower() {
    let made = |architecture: &str, elapsed_ms: f64| {
        let configuration = Configuration { architecture: architecture.to_owned(), ..configuration() };
        success(&contender(&[elapsed_ms]), configuration, &[report(elapsed_ms, 1, None)]).unwrap().0
    };
    let contest =
        rank(vec![made("x86_64", 1000.0), made("arm64", 1100.0), made("arm64", 900.0)], vec![], vec![]);
    let order: Vec<u64> = contest.success.iter().map(|success| success.duration_ms).collect();
    assert_eq!(order, [900, 1100, 1000]);
}

#[test]
fn a_functions_name_is_read_with_and_without_a_qualifier() {
    assert_eq!(function_name(ARN), "lambench-dev-rust-stream");
    assert_eq!(function_name(&format!("{ARN}:live")), "lambench-dev-rust-stream");
}

#[test]
fn what_the_state_machine_sends_is_understood() {
    let request: Request = serde_json::from_str(
        r#"{"contenders": [{"arn": "a", "started": "2026-11-21T03:00:00.123Z", "ended": "2026-11-21T03:01:00+00:00",
            "runs": [{"run": 0, "elapsed_ms": 1234, "error": null, "cause": null}, {"run": 1, "elapsed_ms": 5.5}],
            "verdicts": [{"run": 0, "valid": true, "entries": 3, "archive_bytes": 99},
                         {"run": 1, "valid": false, "reason": "invalid: x"}]}]}"#,
    )
    .unwrap();
    assert_eq!(disqualification(&request.contenders[0], 600).unwrap(), "invalid: x");
}
