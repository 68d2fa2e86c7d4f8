//! What `lambench run archive` takes: the stack's settings say everything else.

use super::rank_by::RankBy;

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
  The cheapest first, with what S3 charges for requests:
    lambench run archive --rank-by total-price
  Who won:
    lambench run archive --json | jq -r .archive.success[0].arn";

/// How to show the contest.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// What to rank contenders by; the result file is the same
    #[arg(long, value_enum, default_value_t)]
    pub rank_by: RankBy,
}
