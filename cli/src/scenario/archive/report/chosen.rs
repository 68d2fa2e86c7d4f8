//! What a contest was run with, as people, comparisons and the command line read it.

use results::scenario::archive::{Contest, ContestOptions, RequestsSource};

use crate::scenario::shared::verdict::quoted;

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

/// The options of a command that runs it again, but for the number of runs: each with a space before it.
pub fn options(contest: &Contest) -> String {
    let Some(options) = &contest.options else { return String::new() };
    let chosen = options.contenders.iter().map(|one| format!(" --contender {}", quoted(one)));
    let warmup = (options.warmup_runs > 0).then(|| format!(" --warmup {}", options.warmup_runs));
    let cold = options.cold_only.then(|| " --cold-only".to_owned());
    let by_metrics = contest.success.iter().any(|one| one.requests_source == Some(RequestsSource::Metrics));
    let metrics = by_metrics.then(|| " --requests metrics".to_owned());
    chosen.chain(warmup).chain(cold).chain(metrics).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::{options as all, success};

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
    fn the_same_contest_again_keeps_its_options() {
        let expected = " --contender 'rust-*' --contender python-naive --warmup 2";
        assert_eq!(options(&contest(Some(some()))), expected);
        let cold = ContestOptions { cold_only: true, ..all() };
        assert_eq!(options(&contest(Some(cold))), " --cold-only");
        let mut counted = success("rust-stream", 2000);
        counted.requests_source = Some(RequestsSource::Metrics);
        let counted = Contest { success: vec![counted], ..contest(Some(all())) };
        assert_eq!(options(&counted), " --requests metrics");
        assert_eq!(options(&contest(None)), "");
    }
}
