//! What a contest was run with, as people and comparisons read it.

use results::scenario::archive::{Contest, ContestOptions};
use serde_json::{Value, json};

/// The options of a contest; how often each contender ran is among the settings.
pub fn options(contest: &Contest) -> Value {
    // A result without them is from a version that had none.
    let options = contest.options.as_ref();
    let contenders = options.map(|options| &options.contenders).filter(|patterns| !patterns.is_empty());
    json!({
        "contenders": contenders.map_or_else(|| "all".to_owned(), |patterns| patterns.join(", ")),
        "warmup_runs": options.map_or(0, |options| options.warmup_runs),
        "cold_only": options.is_some_and(|options| options.cold_only),
    })
}

/// What was chosen besides the number of runs; none if nothing was.
pub fn line(contest: &Contest) -> Option<String> {
    let ContestOptions { contenders, warmup_runs, cold_only, .. } = contest.options.as_ref()?;
    let mut chosen = Vec::new();
    if !contenders.is_empty() {
        chosen.push(format!("contenders {}", contenders.join(", ")));
    }
    match warmup_runs {
        0 => {}
        1 => chosen.push("1 warm-up run of each, not counted".to_owned()),
        runs => chosen.push(format!("{runs} warm-up runs of each, not counted")),
    }
    if *cold_only {
        chosen.push("cold starts only".to_owned());
    }
    (!chosen.is_empty()).then(|| format!("chosen: {}", chosen.join("; ")))
}

/// The command that runs the same contest with another number of runs.
pub fn command(options: &ContestOptions, runs: u64, stack: &str) -> String {
    let mut words = vec!["lambench run archive".to_owned()];
    words.extend(options.contenders.iter().map(|pattern| format!("--contender '{pattern}'")));
    words.push(format!("--runs {runs}"));
    if options.warmup_runs > 0 {
        words.push(format!("--warmup {}", options.warmup_runs));
    }
    if options.cold_only {
        words.push("--cold-only".to_owned());
    }
    words.push(format!("--stack {stack}"));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::options as all;

    fn contest(options: Option<ContestOptions>) -> Contest {
        Contest { options, ..Contest::default() }
    }

    fn some() -> ContestOptions {
        let contenders = ["rust-*", "python-naive"].map(ToOwned::to_owned).to_vec();
        ContestOptions { contenders, runs_per_contender: 3, warmup_runs: 2, cold_only: false }
    }

    #[test]
    fn what_was_chosen_is_told_and_what_was_not_is_not() {
        assert_eq!((line(&contest(None)), line(&contest(Some(all())))), (None, None));
        assert_eq!(
            line(&contest(Some(some()))).unwrap(),
            "chosen: contenders rust-*, python-naive; 2 warm-up runs of each, not counted"
        );
        let cold = ContestOptions { cold_only: true, ..all() };
        assert_eq!(line(&contest(Some(cold))).unwrap(), "chosen: cold starts only");
    }

    #[test]
    fn an_earlier_result_and_one_of_all_contenders_have_the_same_options() {
        let expected = json!({ "contenders": "all", "warmup_runs": 0, "cold_only": false });
        assert_eq!(options(&contest(None)), expected);
        assert_eq!(options(&contest(Some(all()))), expected);
        let expected = json!({ "contenders": "rust-*, python-naive", "warmup_runs": 2, "cold_only": false });
        assert_eq!(options(&contest(Some(some()))), expected);
    }

    #[test]
    fn the_same_contest_with_more_runs_keeps_its_other_options() {
        let expected = "lambench run archive --contender 'rust-*' --contender 'python-naive' --runs 20 --warmup 2 --stack dev";
        assert_eq!(command(&some(), 20, "dev"), expected);
        let cold = ContestOptions { cold_only: true, ..all() };
        assert_eq!(command(&cold, 20, "dev"), "lambench run archive --runs 20 --cold-only --stack dev");
    }
}
