//! What `lambench run pipeline` takes.

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use protocol::pipeline::{Arrivals, MAX_BODY};
use protocol::stats::real;
use results::scenario::pipeline::Offered;

use super::execute::Schedule;
use crate::duration;
use crate::exit::Usage;

/// The end of `lambench run pipeline --help`.
pub const EXAMPLES: &str = "\
Each request is due at a time that is fixed in advance, and its latency counts from then, however late a connection is \
free for it. Then the run waits until each message that the API accepted is a row in PostgreSQL or in a dead-letter \
queue; what is neither is lost, and ends the run with exit code 1.

Examples:
  50 requests per second for 30 seconds:
    lambench run pipeline
  200 per second for a minute, after 10 seconds in which the functions start:
    lambench run pipeline --rate 200 --duration 60s --ramp 10s
  Messages of 10 KB on few connections:
    lambench run pipeline --size 10000 --connections 10
  5,000 per second, more than one machine can send, by functions in the region of the API:
    lambench run pipeline --from functions --rate 5000 --duration 120s
  As unevenly as many independent users send:
    lambench run pipeline --arrivals poisson
  What memory buys the functions:
    lambench run pipeline --rate 20 --memory 128,512,1769
  Only the figures of the hops:
    lambench run pipeline --json | jq .pipeline.hops";

/// Most messages of a run: their rows are counted each second while it ends.
const MAX_MESSAGES: u64 = 1_000_000;
/// Most messages of a run that functions send.
const MAX_MESSAGES_OF_FUNCTIONS: u64 = 2_000_000;
/// Most messages of one of these functions: its report passes between states, 256 KiB at most (`crates/load/src/statuses.rs`).
const MAX_MESSAGES_OF_FUNCTION: u64 = 200_000;
/// Requests per second of a worker, where nothing else is asked for: some tenth of what it can send.
const RATE_OF_WORKER: u64 = 250;
/// Longest load of a function, the ramp included: it lives for 15 minutes, in which it also starts and waits for answers.
const MAX_TIME_OF_FUNCTIONS: Duration = Duration::from_mins(13);
/// What makes random arrivals the same again, where nothing else is asked for.
const SEED: u32 = 1;
/// Longest ramp.
const MAX_RAMP: Duration = Duration::from_mins(10);
/// Longest load.
const MAX_DURATION: Duration = Duration::from_hours(1);
/// What a request's body may have, without the message's other fields, bytes.
const MAX_SIZE: u64 = MAX_BODY as u64 - 1_144;

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// Requests per second
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub rate: u64,
    /// How long to send at that rate, such as 30s, 2m or 1m30s
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    pub duration: Duration,
    /// Ramp before that, in which the rate grows from 0: its messages count, but not their latencies
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration::parse)]
    pub ramp: Duration,
    /// Where requests come from
    #[arg(long, value_enum, default_value_t)]
    pub from: Origin,
    /// Functions that send the load together [default: one for each 250 requests per second]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1600))]
    pub workers: Option<u64>,
    /// How requests follow each other
    #[arg(long, value_enum, default_value_t)]
    pub arrivals: Spacing,
    /// Random arrivals with the same seed are the same again [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// Keep-alive connections, which limit the requests under way at once; with --from functions, of each function
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub connections: u64,
    /// Bytes of the field 'message'
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(0..=MAX_SIZE))]
    pub size: u64,
}

/// Where requests come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Origin {
    /// This machine: its network, clock and processor are in every figure
    #[default]
    Here,
    /// Functions in the region of the API, which send more than a machine can
    Functions,
}

/// How requests follow each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Spacing {
    /// Evenly spaced
    #[default]
    Constant,
    /// As many independent users send: a Poisson process, in which some gaps are short and some long
    Poisson,
}

impl Options {
    /// When each request is due.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            rate: self.rate,
            ramp: self.ramp,
            duration: self.duration,
            arrivals: self.arrivals(),
            seed: self.seed.unwrap_or(SEED),
            workers: self.workers().unwrap_or(1),
        }
    }

    /// How many functions send it; none if this machine does.
    pub fn workers(&self) -> Option<u64> {
        let workers = || self.workers.unwrap_or_else(|| self.rate.div_ceil(RATE_OF_WORKER));
        (self.from == Origin::Functions).then(workers)
    }

    fn arrivals(&self) -> Arrivals {
        match self.arrivals {
            Spacing::Constant => Arrivals::Constant,
            Spacing::Poisson => Arrivals::Poisson,
        }
    }

    /// The load as a result file names it.
    pub fn offered(&self) -> Offered {
        let is_random = self.arrivals == Spacing::Poisson;
        let due_per_second = || {
            let schedule = self.schedule();
            real(schedule.total() - schedule.measured_from()) / self.duration.as_secs_f64()
        };
        Offered {
            rate: self.rate,
            ramp_seconds: self.ramp.as_secs_f64(),
            seconds: self.duration.as_secs_f64(),
            connections: self.connections,
            message_bytes: self.size,
            workers: self.workers(),
            arrivals: self.arrivals(),
            seed: is_random.then(|| self.seed.unwrap_or(SEED)),
            due_per_second: is_random.then(due_per_second),
        }
    }

    /// Requests under way at once, at most: a connection has one at a time, and an invocation of upstream takes less than 100 ms.
    pub fn requests_at_once(&self) -> u64 {
        (self.connections * self.workers().unwrap_or(1)).min(self.rate.div_ceil(10).max(1))
    }

    /// Fails if the options don't go together.
    ///
    /// # Errors
    /// [`Usage`].
    pub fn check(&self) -> Result<()> {
        if self.duration < Duration::from_secs(1) || self.duration > MAX_DURATION {
            return usage("--duration has to be from 1s to 1h: shorter ones measure chance".to_owned());
        }
        if self.ramp > MAX_RAMP {
            return usage("--ramp has to be 10m at most: it only lets the functions start".to_owned());
        }
        if self.seed.is_some() && self.arrivals == Spacing::Constant {
            return usage(
                "--seed is for random arrivals: add --arrivals poisson, or leave --seed out".to_owned(),
            );
        }
        let most = self.check_origin()?;
        // Without generating random arrivals, whose number is about the same.
        let total = Schedule { arrivals: Arrivals::Constant, ..self.schedule() }.total();
        if total > most {
            return usage(format!(
                "--rate {} makes {total} messages in that time, more than the {most} that one run can follow: lower \
                 --rate, or shorten --duration",
                self.rate
            ));
        }
        match self.workers() {
            Some(workers) if total.div_ceil(workers) > MAX_MESSAGES_OF_FUNCTION => usage(format!(
                "--workers {workers} makes {} messages for each, more than the {MAX_MESSAGES_OF_FUNCTION} that a function can \
                 report: raise --workers",
                total.div_ceil(workers)
            )),
            _ => Ok(()),
        }
    }

    /// How many messages can be sent from there at most.
    fn check_origin(&self) -> Result<u64> {
        match (self.from, self.workers) {
            (Origin::Here, None) => Ok(MAX_MESSAGES),
            (Origin::Here, Some(_)) => usage(
                "--workers is for functions: add --from functions, or leave --workers out".to_owned(),
            ),
            (Origin::Functions, _) if self.ramp + self.duration > MAX_TIME_OF_FUNCTIONS => usage(
                "--duration and --ramp have to be 13m together at most with --from functions: a function lives for 15 minutes"
                    .to_owned(),
            ),
            (Origin::Functions, Some(workers)) if workers > self.rate => usage(format!(
                "--workers {workers} is more than --rate {}: each of them sends a request per second at least",
                self.rate
            )),
            (Origin::Functions, _) => Ok(MAX_MESSAGES_OF_FUNCTIONS),
        }
    }
}

fn usage<T>(message: String) -> Result<T> {
    Err(Usage(message).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::testing::parsed;

    fn options(line: &str) -> Options {
        let options = parsed::<Options>(line).unwrap();
        options.check().unwrap();
        options
    }

    fn refused(line: &str) -> String {
        match parsed::<Options>(line) {
            Err(error) => error.to_string(),
            Ok(options) => {
                let error = options.check().unwrap_err();
                assert!(error.is::<Usage>(), "'{line}' is a wrong command line, exit code 2");
                error.to_string()
            }
        }
    }

    #[test]
    fn without_options_it_sends_fifty_per_second_for_half_a_minute() {
        let duration = Duration::from_secs(30);
        let expected = Options {
            rate: 50,
            duration,
            ramp: Duration::ZERO,
            from: Origin::Here,
            workers: None,
            arrivals: Spacing::Constant,
            seed: None,
            connections: 50,
            size: 100,
        };
        assert_eq!(options(""), expected);
        assert_eq!(expected.workers(), None);
    }

    #[test]
    fn of_random_arrivals_a_result_says_how_many_they_came_to() {
        assert_eq!(options("--rate 100").offered().due_per_second, None);
        let random = options("--rate 100 --duration 10s --arrivals poisson --seed 3");
        let due = real(random.schedule().total());
        assert!((random.offered().per_second() - due / 10.0).abs() < 1e-9);
        assert!((due - 1000.0).abs() > 0.0 && (due - 1000.0).abs() < 160.0, "{due}: by chance, not far off");
    }

    #[test]
    fn functions_are_as_many_as_the_rate_needs_or_as_asked_for() {
        let workers = |line: &str| options(line).workers();
        assert_eq!(workers("--from functions --rate 5000 --duration 120s"), Some(20));
        assert_eq!(workers("--from functions --rate 251"), Some(2));
        assert_eq!(workers("--from functions --rate 1000 --workers 40"), Some(40));
        assert_eq!(options("--from functions --rate 1000 --workers 40").schedule().workers, 40);
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_what_to_write_instead() {
        for (line, expected) in [
            ("--duration 30", "write 30s for seconds"),
            ("--duration soon", "write it like 30s"),
            ("--ramp=-5s", "cannot be negative"),
            ("--duration 100ms", "from 1s to 1h"),
            ("--duration 2h", "from 1s to 1h"),
            ("--ramp 11m", "10m at most"),
            ("--rate 1000 --duration 1h", "3600000 messages in that time, more than the 1000000"),
            (
                "--rate 10000 --duration 10m --from functions",
                "6000000 messages in that time, more than the 2000000",
            ),
            ("--duration 14m --from functions", "13m together at most"),
            ("--workers 3", "add --from functions"),
            ("--rate 5 --workers 6 --from functions", "more than --rate 5"),
            ("--seed 3", "add --arrivals poisson"),
            ("--rate 0", "1..=10000"),
            ("--connections 0", "1..=1000"),
            ("--size 300000", "0..=261000"),
        ] {
            let said = refused(line);
            assert!(said.contains(expected), "'{line}': {said}");
        }
    }
}
