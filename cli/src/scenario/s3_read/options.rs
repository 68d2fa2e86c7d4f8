//! What `lambench run s3-read` takes.

use anyhow::Result;
use clap::ValueEnum;
use protocol::s3_read::{Deployed, Variant};
use results::scenario::s3_read::{Reading, Request};
use serde_json::{Value, json};

use crate::exit::Usage;
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
  A million objects of your own bucket, sent by 40 functions at once:
    lambench run s3-read --from functions --workers 40 --max-objects 1000000
  What memory buys the readers:
    lambench run s3-read --memory 128,512,1024,1769
  Only the throughput:
    lambench run s3-read --json | jq '.[\"s3-read\"].runs[] | {variant, memory_mb, mb_per_second}'";

/// Functions that send the messages, where nothing else is asked for.
const WORKERS: u64 = 10;
/// The most that there can be: each is told where all slices end, and 256 KiB pass between states.
const MAX_WORKERS: u64 = 200;

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
    /// Who sends the messages
    #[arg(long, value_enum, default_value_t)]
    from: Origin,
    /// Functions that send the messages together, at most [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_WORKERS))]
    workers: Option<u64>,
}

/// Who sends the messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Origin {
    /// One function, which lists the bucket
    #[default]
    Generator,
    /// Many functions, each a slice of the bucket, which one has listed folder by folder side by side
    Functions,
}

impl Options {
    /// The variants, each once.
    pub fn variants(&self) -> Vec<Variant> {
        distinct(self.variants.iter()).into_iter().copied().collect()
    }

    /// How many functions send the messages together, at most; none if one does alone.
    pub fn workers(&self) -> Option<u64> {
        (self.from == Origin::Functions).then(|| self.workers.unwrap_or(WORKERS))
    }

    /// Fails if the options don't go together.
    ///
    /// # Errors
    /// [`Usage`].
    pub fn check(&self) -> Result<()> {
        if self.workers.is_some() && self.from == Origin::Generator {
            let message = "--workers is for functions: add --from functions, or leave --workers out";
            return Err(Usage(message.to_owned()).into());
        }
        Ok(())
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
            workers: self.workers(),
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

fn variant(name: &str) -> std::result::Result<Variant, String> {
    name.parse().map_err(|_| "choose signed (presigned URLs) or sdk (GetObject)".to_owned())
}

fn hours(text: &str) -> std::result::Result<f64, String> {
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
    fn functions_send_together_if_they_are_asked_for() {
        let workers = |line: &str| parsed::<Options>(line).unwrap().workers();
        assert_eq!(workers(""), None);
        assert_eq!(workers("--from functions"), Some(10));
        assert_eq!(workers("--from functions --workers 40"), Some(40));
        let alone: Options = parsed("--workers 3").unwrap();
        assert!(alone.check().unwrap_err().to_string().contains("add --from functions"));
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
            ("--from functions --workers 201", "1..=200"),
        ] {
            let said = parsed::<Options>(line).unwrap_err().to_string();
            assert!(said.contains(expected), "'{line}': {said}");
        }
    }
}
