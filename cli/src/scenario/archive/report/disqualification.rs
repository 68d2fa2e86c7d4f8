//! Why a contender is out.

use protocol::archive::{Run, Verdict};
use protocol::stats::{Spread, real};

use crate::scenario::archive::execute::Observed;
use crate::scenario::shared::state_machine::THROTTLED;

/// The reason why a contender is out, if it is.
pub fn disqualification(observed: &Observed, max_run_seconds: u64) -> Option<String> {
    let runs = &observed.contender.runs;
    if runs.is_empty() {
        return Some("crash: no run was started: set runsPerContender to 1 or more".to_owned());
    }
    let failed = runs.iter().find_map(|run| failure(run, observed.contender.is_warmup));
    let invalid = || runs.iter().find_map(invalid_archive);
    let too_slow = || runs.iter().find_map(|run| too_slow(run, observed, max_run_seconds));
    failed.or_else(invalid).or_else(too_slow)
}

fn failure(run: &Run, is_warmup: bool) -> Option<String> {
    let error = run.error.as_deref()?;
    if error == THROTTLED {
        let which = if is_warmup { "warm-up run" } else { "run" };
        return Some(format!(
            "throttled: {which} {} was never started, since the account allows no more invocations at a time: lower runsAtOnce or \
             contendersAtOnce, or raise the account's quota",
            run.run
        ));
    }
    let cause = run.cause.as_deref().unwrap_or_default();
    let timed_out =
        matches!(error, "Sandbox.Timedout" | "States.Timeout") || cause.contains("Task timed out");
    let kind = if timed_out { "timeout" } else { "crash" };
    let warmup = if is_warmup { "in a warm-up run: " } else { "" };
    Some(format!("{kind}: {warmup}{error} / {cause}"))
}

fn invalid_archive(run: &Run) -> Option<String> {
    match &run.verdict {
        Some(Verdict::Valid { .. }) => None,
        Some(Verdict::Invalid { reason, .. }) => Some(reason.clone()),
        None => Some(format!(
            "invalid: run {} has no verdict: see the log of the function that verifies, and run the contest again",
            run.run
        )),
    }
}

/// By the billed time: the state machine's contains waiting for concurrency.
fn too_slow(run: &Run, observed: &Observed, max_run_seconds: u64) -> Option<String> {
    let seconds = observed.report(run)?.billed_ms / 1000.0;
    (seconds > real(max_run_seconds))
        .then(|| format!("too slow: run {} took {seconds:.1} s, the limit is {max_run_seconds} s", run.run))
}

/// The public contest's gate: the mean run and one standard deviation have to stay below a limit, so that a contender that is
/// fast, but not always, is out. Billed times as in [`too_slow`]; no limit is 0.
pub fn too_slow_or_unsteady(observed: &Observed, max_mean_plus_sigma_seconds: u64) -> Option<String> {
    let limit = real(max_mean_plus_sigma_seconds);
    let seconds: Vec<f64> = observed.reports()?.iter().map(|report| report.billed_ms / 1000.0).collect();
    let Spread { mean, stddev, .. } = Spread::of(&seconds)?;
    (limit > 0.0 && mean + stddev >= limit).then(|| {
        format!(
            "too slow: mean {mean:.3} s + σ {stddev:.3} s = {:.3} s, but must be below {max_mean_plus_sigma_seconds} s \
             (maxMeanPlusSigmaSeconds)",
            mean + stddev
        )
    })
}

#[cfg(test)]
mod tests {
    use protocol::archive::Contender;

    use super::*;
    use crate::scenario::archive::testing::{observed, report};

    fn reason(change: impl FnOnce(&mut Contender)) -> Option<String> {
        let mut observed = observed(&[1000.0, 2000.0], &[]);
        change(&mut observed.contender);
        disqualification(&observed, 600)
    }

    fn error(error: &str, cause: &str) -> Option<String> {
        reason(|contender| {
            contender.runs.iter_mut().for_each(|run| run.verdict = None);
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
    fn a_warm_up_run_that_fails_is_told_as_one() {
        let said = |error: &str| {
            reason(|contender| {
                contender.is_warmup = true;
                contender.runs[1].error = Some(error.to_owned());
            })
        };
        assert_eq!(said("Runtime.ExitError").unwrap(), "crash: in a warm-up run: Runtime.ExitError / ");
        assert_eq!(said("Sandbox.Timedout").unwrap(), "timeout: in a warm-up run: Sandbox.Timedout / ");
        assert!(said(THROTTLED).unwrap().starts_with("throttled: warm-up run 1 was never started"));
    }

    #[test]
    fn the_reason_why_an_archive_is_invalid_is_passed_on_as_it_is() {
        let said = reason(|contender| {
            let reason = "invalid: CRC mismatch for 'a'".to_owned();
            contender.runs[1].verdict = Some(Verdict::Invalid { valid: false, reason });
        });
        assert_eq!(said.unwrap(), "invalid: CRC mismatch for 'a'");
    }

    #[test]
    fn a_run_that_nobody_verified_does_not_pass() {
        let said = reason(|contender| contender.runs[1].verdict = None).unwrap();
        assert!(said.starts_with("invalid: run 1 has no verdict: see the log of "), "{said}");
        assert!(reason(|contender| contender.runs.clear()).unwrap().starts_with("crash: no run was started"));
    }

    #[test]
    fn a_run_that_found_no_concurrency_has_not_crashed() {
        let said = error("Lambda.TooManyRequestsException", "Rate Exceeded.").unwrap();
        assert!(said.starts_with("throttled: run 1 was never started, since the account "), "{said}");
    }

    #[test]
    fn a_run_is_too_slow_by_what_was_billed_and_not_by_what_it_waited() {
        let judge = |billed_ms| {
            let reports = [report(0, 1000.0, 1, None), report(1, billed_ms, 1, None)];
            disqualification(&observed(&[1000.0, 900_000.0], &reports), 600)
        };
        assert_eq!(judge(601_250.0).unwrap(), "too slow: run 1 took 601.2 s, the limit is 600 s");
        assert_eq!(judge(600_000.0), None);
        assert_eq!(disqualification(&observed(&[1000.0, 900_000.0], &[]), 600), None, "nobody knows");
    }

    #[test]
    fn the_mean_run_and_a_standard_deviation_stay_below_the_limit() {
        // 10 s ± 1 s.
        let judge = |limit, reports: &[_]| too_slow_or_unsteady(&observed(&[99_000.0; 3], reports), limit);
        let reports =
            [9_000.0, 10_000.0, 11_000.0].into_iter().zip(0..).map(|(ms, run)| report(run, ms, 1, None));
        let reports: Vec<_> = reports.collect();
        assert_eq!(judge(12, &reports), None);
        assert_eq!(
            judge(11, &reports).unwrap(),
            "too slow: mean 10.000 s + σ 1.000 s = 11.000 s, but must be below 11 s (maxMeanPlusSigmaSeconds)"
        );
        assert_eq!(judge(0, &reports), None, "no limit");
        assert_eq!(judge(1, &reports[1..]), None, "a run of which nobody knows the billed time");
    }
}
