//! What `lambench run archive` takes; the stack's settings say everything else.

use glob::Pattern;
use results::scenario::archive::Contest;
use serde_json::{Value, json};

use super::report::contender;
use crate::scenario::shared::tables::distinct;

use super::rank_by::RankBy;

/// The end of `lambench run archive --help`.
pub const EXAMPLES: &str = "\
Each contender makes an archive of the whole bucket, several times; every archive is checked byte for byte, and then removed. \
A contender that fails is in the result with the reason. To change the number of objects: pulumi config set, pulumi up.

Examples:
  All contenders of the selected stack:
    lambench run archive
  Another stack, with a line per change instead of a bar:
    lambench run archive --stack dev --progress counter
  Some contenders, by their names in the ranking, with more runs than the stack's settings say:
    lambench run archive --contender 'rust-*' --contender python-naive --runs 20
  Warm environments only (as many warm-up runs as runsAtOnce), cold starts only:
    lambench run archive --warmup 3
    lambench run archive --cold-only --runs 5
  What memory buys; the memory in a contender.yaml is ignored then:
    lambench run archive --memory 128,256,512,1024,1769
  The cheapest first, with what S3 charges for requests:
    lambench run archive --rank-by total-price
  On AWS, with S3's requests by the bucket's request metrics, of one contender:
    lambench run archive --contender rust-stream --requests metrics
  Who won:
    lambench run archive --json | jq -r .archive.success[0].arn";

/// What to run of a contest.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct Options {
    /// Contenders that take part, by their names in the ranking, such as 'rust-*' or python-naive; may be given several
    /// times [default: all of the stack]
    #[arg(long = "contender", value_name = "GLOB")]
    pub contenders: Vec<Pattern>,
    /// Runs of each contender that count [default: the stack's runsPerContender]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub runs: Option<u64>,
    /// Warm-up runs of each contender, which come before the runs that count; at most 50. To warm all environments,
    /// give as many as runsAtOnce
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub warmup: u64,
    /// Give each contender a new environment for every run, by a change of its function's environment variables; its
    /// runs follow one another then
    #[arg(long, conflicts_with = "warmup")]
    pub cold_only: bool,
    /// Where the number of S3 requests is from on AWS, which counts none by function [default: the contender's own count, if it
    /// logs one]
    ///
    /// metrics: S3's request metrics of the bucket, which cost money and half an hour; for one contender at a time.
    #[arg(long, value_enum, value_name = "SOURCE", conflicts_with_all = ["warmup", "cold_only"])]
    pub requests: Option<RequestsFrom>,
    /// What to rank contenders by; the result file is the same
    #[arg(long, value_enum, default_value_t)]
    pub rank_by: RankBy,
}

/// Where the number of S3 requests is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RequestsFrom {
    /// S3's request metrics of the bucket
    Metrics,
}

/// What a contest was asked to do: who took part, and how often.
pub fn of_result(contest: &Contest, stack: &str) -> Value {
    let arns = contest.success.iter().map(|one| &one.arn).chain(contest.failure.iter().map(|one| &one.arn));
    let mut contenders: Vec<_> = arns.map(|arn| contender(stack, arn)).collect();
    contenders.sort_unstable();
    let runs = distinct(contest.success.iter().map(|one| &one.runs_count)).into_iter().map(u64::to_string);
    // A result without them is from a version that had none.
    let options = contest.options.as_ref();
    json!({
        "contenders": contenders.join(", "),
        "runs": runs.collect::<Vec<_>>().join(", "),
        "warmup_runs": options.map_or(0, |options| options.warmup_runs),
        "cold_only": options.is_some_and(|options| options.cold_only),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::parsed;

    fn options(line: &str) -> Result<Options, String> {
        parsed::<Options>(line).map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_it_is_the_contest_that_the_stack_has() {
        let rank_by = RankBy::LambdaPrice;
        let expected = Options {
            contenders: Vec::new(),
            runs: None,
            warmup: 0,
            cold_only: false,
            requests: None,
            rank_by,
        };
        assert_eq!(options(""), Ok(expected));
    }

    #[test]
    fn contenders_runs_and_warm_up_runs_are_chosen() {
        let chosen = options("--contender rust-* --contender python-naive --runs 20 --warmup 2").unwrap();
        let patterns: Vec<_> = chosen.contenders.iter().map(Pattern::as_str).collect();
        assert_eq!(patterns, ["rust-*", "python-naive"]);
        assert_eq!((chosen.runs, chosen.warmup, chosen.cold_only), (Some(20), 2, false));
        assert!(options("--cold-only --runs 5").unwrap().cold_only);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (line, expected) in [
            ("--runs 0", "0 is not in 1.."),
            ("--warmup -1", "unexpected argument '-1'"),
            ("--cold-only --warmup 1", "cannot be used with"),
            ("--requests metrics --cold-only", "cannot be used with"),
            ("--requests metrics --warmup 1", "cannot be used with"),
            ("--requests logs", "possible values: metrics"),
            ("--contender [", "Pattern syntax error"),
        ] {
            let said = options(line).unwrap_err();
            assert!(said.contains(expected), "{line}: {said}");
        }
    }
}
