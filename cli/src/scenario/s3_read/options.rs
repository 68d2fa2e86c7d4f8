//! What `lambench run s3-read` takes.

use protocol::s3_read::{Deployed, Variant};
use results::scenario::s3_read::{Reading, Request};
use serde_json::{Value, json};

use crate::scenario::shared::tables::distinct;

/// The end of `lambench run s3-read --help`.
pub const EXAMPLES: &str = "\
Every object is one message; a variant is over when each object has been read or is in the dead-letter queue. An object \
that is neither is lost, and ends the run with exit code 1.

Examples:
  Both variants, one after the other:
    lambench run s3-read
  Only the SDK, the first 500 objects whose keys start with logs/:
    lambench run s3-read --variant sdk --prefix logs/ --max-objects 500
  What memory buys the readers:
    lambench run s3-read --memory 128,512,1024,1769
  Only the throughput:
    lambench run s3-read --json | jq '.[\"s3-read\"].runs[] | {variant, memory_mb, mb_per_second}'";

/// What to read.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct Options {
    /// How objects are read: one variant or several
    #[arg(
        long = "variant",
        value_name = "VARIANT",
        value_delimiter = ',',
        default_value = "signed,sdk",
        value_parser = variant
    )]
    variants: Vec<Variant>,
    /// Only objects whose keys start with this prefix
    #[arg(long, default_value = "")]
    prefix: String,
    /// Only objects modified within the last HOURS hours; 0 for all
    #[arg(long, value_name = "HOURS", default_value_t = 0.0, value_parser = hours)]
    modified_within: f64,
    /// Maximum number of objects to read; 0 for no limit [default: the stack's objectCount]
    #[arg(long, value_name = "N")]
    max_objects: Option<u64>,
}

impl Options {
    /// The variants, each once.
    pub fn variants(&self) -> Vec<Variant> {
        distinct(self.variants.iter()).into_iter().copied().collect()
    }

    /// What is to be read: of a bucket that the stack has filled, all of it.
    pub fn request(&self, deployed: &Deployed) -> Request {
        let deployment = &deployed.deployment;
        let most = self.max_objects.or_else(|| deployment.setting("objectCount"));
        Request {
            bucket: deployed.bucket.clone(),
            prefix: self.prefix.clone(),
            modified_within_hours: self.modified_within,
            max_objects: most.unwrap_or_default(),
            hash: deployment.text_setting("hash").to_owned(),
        }
    }
}

/// What a run was asked to read, and by which variants.
pub fn of_result(reading: &Reading) -> Value {
    let mut options = json!(reading.request);
    let variants = distinct(reading.runs.iter().map(|run| &run.variant)).into_iter().map(ToString::to_string);
    options["variants"] = variants.collect::<Vec<_>>().join(", ").into();
    options
}

fn variant(name: &str) -> Result<Variant, String> {
    name.parse().map_err(|_| "choose signed (presigned URLs) or sdk (GetObject)".to_owned())
}

fn hours(text: &str) -> Result<f64, String> {
    let hours = text.parse().ok().filter(|hours: &f64| hours.is_finite() && *hours >= 0.0);
    hours.ok_or_else(|| "it has to be a number of hours, or 0 for all".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::parsed;

    #[test]
    fn without_options_both_variants_are_read_as_they_are_deployed() {
        let options: Options = parsed("").unwrap();
        assert_eq!(options.variants(), [Variant::Signed, Variant::Sdk]);
        assert_eq!((options.max_objects, options.prefix.as_str()), (None, ""));
    }

    #[test]
    fn lists_keep_their_order_and_name_nothing_twice() {
        let options: Options = parsed("--variant sdk,sdk,signed").unwrap();
        assert_eq!(options.variants(), [Variant::Sdk, Variant::Signed]);
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_what_is_possible() {
        for (line, expected) in [
            ("--variant url", "signed (presigned URLs) or sdk"),
            ("--modified-within=-1", "a number of hours, or 0"),
            ("--modified-within nan", "a number of hours, or 0"),
            ("--max-objects=-1", "--max-objects"),
        ] {
            let said = parsed::<Options>(line).unwrap_err().to_string();
            assert!(said.contains(expected), "'{line}': {said}");
        }
    }
}
