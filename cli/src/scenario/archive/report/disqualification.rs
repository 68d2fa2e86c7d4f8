//! Why a contender is out.

use protocol::archive::{Contender, Run, Verdict};
use protocol::stats::real;

/// The reason why a contender is out, if it is.
pub fn disqualification(contender: &Contender, max_run_seconds: u64) -> Option<String> {
    let runs = &contender.runs;
    if runs.is_empty() {
        return Some("crash: no run was started: set runsPerContender to 1 or more".to_owned());
    }
    let failed = runs.iter().find_map(failure);
    let invalid = || runs.iter().find_map(invalid_archive);
    failed.or_else(invalid).or_else(|| runs.iter().find_map(|run| too_slow(run, max_run_seconds)))
}

fn failure(run: &Run) -> Option<String> {
    let error = run.error.as_deref()?;
    let cause = run.cause.as_deref().unwrap_or_default();
    let timed_out =
        matches!(error, "Sandbox.Timedout" | "States.Timeout") || cause.contains("Task timed out");
    let kind = if timed_out { "timeout" } else { "crash" };
    Some(format!("{kind}: {error} / {cause}"))
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

fn too_slow(run: &Run, max_run_seconds: u64) -> Option<String> {
    let seconds = run.elapsed_ms / 1000.0;
    (seconds > real(max_run_seconds))
        .then(|| format!("too slow: run {} took {seconds:.1} s, the limit is {max_run_seconds} s", run.run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::runs;

    fn reason(change: impl FnOnce(&mut Contender)) -> Option<String> {
        let mut contender = runs(&[1000.0, 2000.0]);
        change(&mut contender);
        disqualification(&contender, 600)
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
    fn a_run_over_the_limit_is_too_slow() {
        let said = reason(|contender| contender.runs[1].elapsed_ms = 601_250.0);
        assert_eq!(said.unwrap(), "too slow: run 1 took 601.2 s, the limit is 600 s");
        assert_eq!(reason(|contender| contender.runs[1].elapsed_ms = 600_000.0), None);
    }
}
