//! What `lambench run pipeline` takes.

use std::time::Duration;

use anyhow::Result;
use protocol::pipeline::MAX_BODY;
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
  What memory buys the functions:
    lambench run pipeline --rate 20 --memory 128,512,1769
  Only the figures of the hops:
    lambench run pipeline --json | jq .pipeline.hops";

/// Most messages of a run: their rows are counted each second while it ends.
const MAX_MESSAGES: u64 = 1_000_000;
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
    /// Keep-alive connections, which limit the requests under way at once
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub connections: u64,
    /// Bytes of the field 'message'
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(0..=MAX_SIZE))]
    pub size: u64,
}

impl Options {
    /// When each request is due.
    pub fn schedule(&self) -> Schedule {
        Schedule { rate: self.rate, ramp: self.ramp, duration: self.duration }
    }

    /// The load as a result file names it.
    pub fn offered(&self) -> Offered {
        Offered {
            rate: self.rate,
            ramp_seconds: self.ramp.as_secs_f64(),
            seconds: self.duration.as_secs_f64(),
            connections: self.connections,
            message_bytes: self.size,
        }
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
        let total = self.schedule().total();
        if total > MAX_MESSAGES {
            return usage(format!(
                "--rate {} makes {total} messages in that time, more than the {MAX_MESSAGES} that one run can follow: lower \
                 --rate, or shorten --duration",
                self.rate
            ));
        }
        Ok(())
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
        let expected = Options { rate: 50, duration, ramp: Duration::ZERO, connections: 50, size: 100 };
        assert_eq!(options(""), expected);
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
            ("--rate 0", "1..=10000"),
            ("--connections 0", "1..=1000"),
            ("--size 300000", "0..=261000"),
        ] {
            let said = refused(line);
            assert!(said.contains(expected), "'{line}': {said}");
        }
    }
}
