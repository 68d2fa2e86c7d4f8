//! What `lambench run s3-read` takes, and what to do about it.

use anyhow::Result;
use results::scenario::s3_read::Variant;

use crate::exit::Usage;

/// The end of `lambench run s3-read --help`.
pub const EXAMPLES: &str = "\
Every object is one message; a variant is over when each object has been read or is in the dead-letter queue. An object \
that is neither is lost, and ends the run with exit code 1.

Examples:
  Both variants, one after the other:
    lambench run s3-read
  Only the SDK, the first 500 objects whose keys begin with logs/:
    lambench run s3-read --variant sdk --prefix logs/ --max-objects 500
  What memory buys; each size is deployed, and the stack's own in the end:
    lambench run s3-read --memory 128,512,1024,1769
  Only the throughput:
    lambench run s3-read --json | jq '.[\"s3-read\"].runs[] | {variant, memory_mb, mb_per_second}'";

/// What to read.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct Options {
    /// By which road, one or several [default: signed,sdk]
    #[arg(long, value_name = "VARIANT", value_delimiter = ',', value_parser = variant)]
    variant: Vec<Variant>,
    /// Memory sizes of the readers to try, MB, such as 128,512,1024 [default: the stack's]
    #[arg(long, value_name = "MB", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(128..=10_240))]
    memory: Vec<u64>,
    /// Only objects whose keys begin so
    #[arg(long, default_value = "")]
    prefix: String,
    /// Only objects that were modified so many hours ago or later; 0 for all
    #[arg(long, value_name = "HOURS", default_value_t = 0.0)]
    modified_within: f64,
    /// Objects at most; 0 for no limit [default: the stack's objectCount]
    #[arg(long, value_name = "N")]
    max_objects: Option<u64>,
}

/// What to read, complete and consistent.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The roads, each once.
    pub variants: Vec<Variant>,
    /// Memory sizes to deploy, each once; none: as it is.
    pub memories: Vec<u64>,
    /// What keys begin with.
    pub prefix: String,
    /// Hours since the last change; 0 for all.
    pub modified_within_hours: f64,
    /// Objects at most, 0 for no limit; none: what the stack says.
    pub max_objects: Option<u64>,
}

impl Options {
    /// What to read.
    ///
    /// # Errors
    /// [`Usage`] if an option makes no sense.
    pub fn plan(&self) -> Result<Plan> {
        let hours = self.modified_within;
        if !hours.is_finite() || hours < 0.0 {
            let text = format!("--modified-within is {hours}, but has to be a number of hours, or 0 for all");
            return Err(Usage(text).into());
        }
        let variants = if self.variant.is_empty() { &Variant::ALL[..] } else { &self.variant };
        Ok(Plan {
            variants: each_once(variants),
            memories: each_once(&self.memory),
            prefix: self.prefix.clone(),
            modified_within_hours: hours,
            max_objects: self.max_objects,
        })
    }
}

fn each_once<T: Copy + PartialEq>(values: &[T]) -> Vec<T> {
    let mut once = Vec::new();
    for value in values {
        if !once.contains(value) {
            once.push(*value);
        }
    }
    once
}

fn variant(name: &str) -> Result<Variant, String> {
    let found = Variant::ALL.into_iter().find(|variant| variant.to_string() == name);
    found.ok_or_else(|| "there are signed (presigned URLs) and sdk (GetObject)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::parsed;

    fn plan(line: &str) -> Result<Plan> {
        parsed::<Options>(line)?.plan()
    }

    #[test]
    fn without_options_both_variants_are_read_as_they_are_deployed() {
        let plan = plan("").unwrap();
        assert_eq!((plan.variants, plan.memories), (vec![Variant::Signed, Variant::Sdk], vec![]));
        assert_eq!((plan.max_objects, plan.prefix.as_str()), (None, ""));
    }

    #[test]
    fn lists_keep_their_order_and_name_nothing_twice() {
        let plan = plan("--variant sdk,sdk,signed --memory 1024,128 --memory 1024").unwrap();
        assert_eq!(plan.variants, [Variant::Sdk, Variant::Signed]);
        assert_eq!(plan.memories, [1024, 128]);
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_what_is_possible() {
        for (line, expected) in [
            ("--variant url", "signed (presigned URLs) and sdk"),
            ("--memory 64", "128..=10240"),
            ("--memory 512,", "invalid value ''"),
            ("--modified-within=-1", "a number of hours, or 0"),
            ("--modified-within nan", "a number of hours, or 0"),
            ("--max-objects=-1", "--max-objects"),
        ] {
            let said = plan(line).unwrap_err().to_string();
            assert!(said.contains(expected), "'{line}': {said}");
        }
    }
}
