//! What makes the figures unfit for use.

use protocol::archive::function_name;
use results::scenario::archive::{Contest, Success};

/// A contest in which nobody passes has measured nothing; one that lacks runs may only have been too short for that. And one of cold
/// starts has measured nothing but those.
pub fn failed_checks(contest: &Contest, missing: &[String]) -> Vec<String> {
    if contest.success.is_empty() && missing.is_empty() {
        let unranked = contest.unranked.iter().any(|one| one.no_rank.is_some());
        return vec![if unranked { "no contender has a rank" } else { "no contender passed" }.to_owned()];
    }
    let cold_only = contest.options.as_ref().is_some_and(|options| options.cold_only);
    let all_cold = |one: &&Success| one.cold_runs == Some(one.runs_count);
    let measured = contest.success.iter().chain(&contest.unranked);
    measured.filter(|one| cold_only && !all_cold(one)).map(not_only_cold).collect()
}

fn not_only_cold(success: &Success) -> String {
    let Success { arn, runs_count, cold_runs, .. } = success;
    let function = function_name(arn);
    match cold_runs {
        Some(cold) => format!(
            "{function}: {cold} of its {runs_count} runs were cold starts, so its figures aren't those of cold starts: run the \
             contest again, or leave --cold-only out"
        ),
        None => format!(
            "{function}: nobody knows which of its {runs_count} runs were cold starts, since REPORT lines are missing: run the \
             contest again, or leave --cold-only out"
        ),
    }
}

#[cfg(test)]
mod tests {
    use results::scenario::archive::ContestOptions;

    use super::*;
    use crate::scenario::archive::testing::{options, success};

    /// The checks of a contest with one contender, which has two runs.
    fn failed(cold_only: bool, cold_runs: Option<u64>) -> Vec<String> {
        let success = vec![Success { cold_runs, ..success("rust-stream", 2000) }];
        let options = Some(ContestOptions { cold_only, ..options() });
        failed_checks(&Contest { success, options, ..Contest::default() }, &[])
    }

    #[test]
    fn figures_of_cold_starts_are_not_those_of_other_runs() {
        assert!(failed(true, Some(2)).is_empty());
        assert!(
            failed(true, Some(1))[0]
                .starts_with("lambench-dev-rust-stream: 1 of its 2 runs were cold starts")
        );
        assert!(failed(true, None)[0].contains("nobody knows which of its 2 runs were cold starts"));
    }

    #[test]
    fn a_contest_that_did_not_ask_for_cold_starts_has_any() {
        assert!(failed(false, Some(1)).is_empty() && failed(false, None).is_empty());
    }

    #[test]
    fn a_contest_that_was_stopped_may_have_no_winner_yet() {
        let nobody = Contest::default();
        assert_eq!(failed_checks(&nobody, &[]), ["no contender passed"]);
        assert_eq!(failed_checks(&nobody, &["rust-stream: 1 of 2 runs".to_owned()]), [""; 0]);
    }
}
