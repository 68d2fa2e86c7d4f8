//! What `lambench run archive` takes: the stack's settings say everything else.

use results::scenario::archive::Contest;
use serde_json::{Value, json};

use super::report::contender;
use crate::scenario::shared::tables::distinct;

/// The end of `lambench run archive --help`.
pub const EXAMPLES: &str = "\
Each contender makes an archive of the whole bucket, as often as the stack's runsPerContender says; all are checked byte for \
byte, and then removed. A contender that fails is in the result with the reason. To change the number of objects or \
runs, or the memory: pulumi config set, pulumi up.

Examples:
  All contenders of the selected stack:
    lambench run archive
  Another stack, with a line per change instead of a bar:
    lambench run archive --stack dev --progress counter
  What memory buys; the memory in a contender.yaml is ignored then:
    lambench run archive --memory 128,256,512,1024,1769
  Who won:
    lambench run archive --json | jq -r .archive.success[0].arn";

/// The contest has no options of its own.
#[derive(Debug, clap::Args)]
pub struct Options;

/// What a contest was asked to do: who took part, and how often.
pub fn of_result(contest: &Contest, stack: &str) -> Value {
    let arns = contest.success.iter().map(|one| &one.arn).chain(contest.failure.iter().map(|one| &one.arn));
    let mut contenders: Vec<_> = arns.map(|arn| contender(stack, arn)).collect();
    contenders.sort_unstable();
    let runs = distinct(contest.success.iter().map(|one| &one.runs_count)).into_iter().map(u64::to_string);
    json!({ "contenders": contenders.join(", "), "runs": runs.collect::<Vec<_>>().join(", ") })
}
