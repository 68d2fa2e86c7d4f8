//! What `lambench run archive` takes: the stack's settings say everything else.

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
