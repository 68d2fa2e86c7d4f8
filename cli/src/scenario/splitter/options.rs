//! What `lambench run splitter` takes, and what to do about it.

use std::path::PathBuf;

/// The end of `lambench run splitter --help`.
pub const EXAMPLES: &str = "\
One event with many items is split into messages of one item each, which as many invocations at once handle as the queue is \
allowed. The run ends when each item is done or in the dead-letter queue; what is neither is lost, and ends the run with \
exit code 1.

Examples:
  50 items in one event, at the stack's concurrency:
    lambench run splitter
  What concurrency brings, with items of 1 s:
    lambench run splitter --items 50 --item-seconds 1 --concurrency 1,5,10,50
  An event of one's own:
    lambench run splitter --event functions/splitter/fixtures/five-tags.json";

/// What to have split.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct Options {
    /// Items of the event
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    items: u64,
    /// How long an item takes, seconds [default: what the event says, or the stack's itemSeconds]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    item_seconds: Option<f64>,
    /// Invocations at once that the queue is allowed, one run for each; 1 hands the function one item after the other
    /// without the queue [default: the stack's concurrency]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=1000))]
    concurrency: Vec<u64>,
    /// A JSON file with the event, as CloudTrail has it, which the function is called with
    #[arg(long, value_name = "FILE", conflicts_with = "items")]
    event: Option<PathBuf>,
}

/// What to have split, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The event.
    pub source: Source,
    /// How long an item takes, s; none if the event or the stack says so.
    pub item_seconds: Option<f64>,
    /// One after the other; none for the stack's own.
    pub concurrencies: Vec<u64>,
}

/// Where the event comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is made, with so many items.
    Made(u64),
    /// It is in a file.
    File(PathBuf),
}

impl Options {
    /// What to have split.
    pub fn plan(&self) -> Plan {
        let source = self.event.clone().map_or(Source::Made(self.items), Source::File);
        Plan { source, item_seconds: self.item_seconds, concurrencies: self.concurrency.clone() }
    }
}

/// As long as the longest invocation leaves for an item.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=899.0).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("an item takes 0 to 899 seconds".to_owned()),
        Err(_) => Err("write a number of seconds, such as 2 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::options_test::parsed;

    fn plan(line: &str) -> Result<Plan, String> {
        parsed::<Options>(line).map(|options| options.plan()).map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_it_is_fifty_items_as_the_stack_has_them() {
        let expected = Plan { source: Source::Made(50), item_seconds: None, concurrencies: Vec::new() };
        assert_eq!(plan(""), Ok(expected));
    }

    #[test]
    fn each_concurrency_is_a_run() {
        let plan = plan("--items 20 --item-seconds 0.5 --concurrency 1,5,10").unwrap();
        assert_eq!(plan.concurrencies, [1, 5, 10]);
        assert_eq!((plan.source, plan.item_seconds), (Source::Made(20), Some(0.5)));
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_what_to_write_instead() {
        for (line, expected) in [
            ("--items 0", "1..=10000"),
            ("--concurrency 0", "1..=1000"),
            ("--concurrency 5,1001", "1..=1000"),
            ("--concurrency five", "invalid digit"),
            ("--item-seconds 900", "0 to 899 seconds"),
            ("--item-seconds=-1", "0 to 899 seconds"),
            ("--item-seconds nan", "0 to 899 seconds"),
            ("--item-seconds 2s", "such as 2 or 0.5"),
            ("--items 5 --event x.json", "cannot be used with"),
        ] {
            let said = plan(line).unwrap_err();
            assert!(said.contains(expected), "'{line}': {said}");
        }
    }
}
