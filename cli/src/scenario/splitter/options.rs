//! What `lambench run splitter` takes.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use results::scenario::splitter::Splitting;
use serde_json::{Value, json};

use crate::exit::Usage;

/// The end of `lambench run splitter --help`.
pub const EXAMPLES: &str = "\
One event with many items is split into messages of one item each, which are handled by as many concurrent invocations as the \
queue allows. The run ends when each item is done or in the dead-letter queue; items that are neither are lost, and the exit \
code is then 1.

Examples:
  50 items in one event, at the stack's concurrency:
    lambench run splitter
  What concurrency brings, with items of 1 s:
    lambench run splitter --items 50 --item-seconds 1 --concurrency 1,5,10,50
  A million items, whose messages 40 functions put into the queue at once, without an event:
    lambench run splitter --from functions --workers 40 --items 1000000 --item-seconds 0.1 --concurrency 1000
  What memory buys the function:
    lambench run splitter --concurrency 10 --memory 128,512,1769
  Your own event:
    lambench run splitter --event functions/splitter/fixtures/five-tags.json";

/// Functions that send the items, where nothing else is asked for.
const WORKERS: u64 = 10;

/// What to have split.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct Options {
    /// Items of the event
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub items: u64,
    /// How long an item takes, seconds [default: what the event says, or the stack's itemSeconds]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub item_seconds: Option<f64>,
    /// Concurrent invocations that the queue is allowed, one run for each; 1 hands the function one item after the other,
    /// without the queue [default: the stack's concurrency]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub concurrency: Vec<u64>,
    /// A JSON file with the event, as CloudTrail writes it, with which the function is invoked
    #[arg(long, value_name = "FILE", conflicts_with = "items")]
    pub event: Option<PathBuf>,
    /// Where the items' messages come from
    #[arg(long, value_enum, default_value_t)]
    pub from: Origin,
    /// Functions that send the items together [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1600))]
    pub workers: Option<u64>,
}

/// Where the items' messages come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Origin {
    /// One event, which the function splits
    #[default]
    Event,
    /// Many functions, each with a part of the items: there is no event, and so no limit to its size
    Functions,
}

impl Options {
    /// How many functions send the items' messages; none if an event is split.
    pub fn workers(&self) -> Option<u64> {
        (self.from == Origin::Functions).then(|| self.workers.unwrap_or(WORKERS).min(self.items))
    }

    /// Fails if the options don't go together.
    ///
    /// # Errors
    /// [`Usage`].
    pub fn check(&self) -> Result<()> {
        let is_event = self.from == Origin::Event;
        let message = if is_event && self.workers.is_some() {
            "--workers is for functions: add --from functions, or leave --workers out"
        } else if !is_event && self.event.is_some() {
            "--event is an event to split, and with --from functions there is none: leave one of them out"
        } else if !is_event && self.concurrency.contains(&1) {
            "--concurrency 1 hands over one item after the other, without the queue that functions send to: leave out the 1, or \
             --from functions"
        } else {
            return Ok(());
        };
        Err(Usage(message.to_owned()).into())
    }
}

/// What a run was asked to split, and at which concurrencies.
pub fn of_result(splitting: &Splitting) -> Value {
    let mut options = json!(splitting.task);
    let concurrencies = splitting.runs.iter().map(|run| run.concurrency.to_string());
    options["concurrency"] = concurrencies.collect::<Vec<_>>().join(", ").into();
    options
}

/// As long as the longest invocation leaves for an item.
fn seconds(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=899.0).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("an item takes 0 to 899 seconds".to_owned()),
        Err(_) => Err("write a number of seconds, like 2 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::parsed;

    fn options(line: &str) -> std::result::Result<Options, String> {
        let options: Options = parsed(line).map_err(|error| error.to_string())?;
        options.check().map_err(|error| error.to_string())?;
        Ok(options)
    }

    #[test]
    fn without_options_it_is_fifty_items_as_the_stack_has_them() {
        let expected = Options {
            items: 50,
            item_seconds: None,
            concurrency: Vec::new(),
            event: None,
            from: Origin::Event,
            workers: None,
        };
        assert_eq!(expected.workers(), None);
        assert_eq!(options(""), Ok(expected));
    }

    #[test]
    fn each_concurrency_is_a_run() {
        let options = options("--items 20 --item-seconds 0.5 --concurrency 1,5,10").unwrap();
        assert_eq!(options.concurrency, [1, 5, 10]);
        assert_eq!((options.items, options.item_seconds), (20, Some(0.5)));
    }

    #[test]
    fn functions_are_as_many_as_asked_for_and_no_more_than_items() {
        let workers = |line: &str| options(line).unwrap().workers();
        assert_eq!(workers("--from functions"), Some(10));
        assert_eq!(workers("--from functions --items 3"), Some(3));
        assert_eq!(workers("--from functions --items 1000000 --workers 40"), Some(40));
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_what_to_write_instead() {
        for (line, expected) in [
            ("--items 0", "1..=1000000"),
            ("--concurrency 0", "1..=1000"),
            ("--concurrency 5,1001", "1..=1000"),
            ("--concurrency five", "invalid digit"),
            ("--item-seconds 900", "0 to 899 seconds"),
            ("--item-seconds=-1", "0 to 899 seconds"),
            ("--item-seconds nan", "0 to 899 seconds"),
            ("--item-seconds 2s", "like 2 or 0.5"),
            ("--items 5 --event x.json", "cannot be used with"),
            ("--workers 3", "add --from functions"),
            ("--from functions --event x.json", "leave one of them out"),
            ("--from functions --concurrency 5,1", "leave out the 1"),
        ] {
            let said = options(line).unwrap_err();
            assert!(said.contains(expected), "'{line}': {said}");
        }
    }
}
