//! What makes the figures unfit for use.

use protocol::archive::function_name;
use results::scenario::archive::{Contest, Success};

/// A contest in which nobody passes has measured nothing, and one of cold starts nothing but those.
pub fn failed_checks(contest: &Contest) -> Vec<String> {
    if contest.success.is_empty() {
        return vec!["no contender passed".to_owned()];
    }
    let cold_only = contest.options.as_ref().is_some_and(|options| options.cold_only);
    let all_cold = |one: &&Success| one.cold_runs == Some(one.runs_count);
    let others = contest.success.iter().filter(|one| cold_only && !all_cold(one));
    others.map(not_only_cold).collect()
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
        failed_checks(&Contest { success, options, ..Contest::default() })
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
}
