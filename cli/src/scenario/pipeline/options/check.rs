//! Options that don't go together.

use std::time::Duration;

use anyhow::Result;
use protocol::pipeline::Arrivals;
use protocol::stats::real;

use super::{Options, Origin, Spacing};
use crate::exit::Usage;
use crate::scenario::pipeline::execute::Schedule;

/// Most rates of a load: a function's report has two histograms of each (`crates/load/src/request_log.rs`), and 256 KiB at most.
const MAX_STEPS: usize = 10;
/// Most messages of a run: their rows are counted each second while it ends.
const MAX_MESSAGES: u64 = 1_000_000;
/// Most messages of a run that functions send.
const MAX_MESSAGES_OF_FUNCTIONS: u64 = 2_000_000;
/// Most messages of one of these functions: its report passes between states, 256 KiB at most (`crates/load/src/statuses.rs`).
const MAX_MESSAGES_OF_FUNCTION: u64 = 200_000;
/// Longest load of a function, the ramp included: it lives for 15 minutes, in which it also starts and waits for answers.
const MAX_TIME_OF_FUNCTIONS: Duration = Duration::from_mins(13);
/// Least time before a spike, and behind it.
const MIN_AROUND_SPIKE: Duration = Duration::from_secs(5);
/// Longest ramp.
const MAX_RAMP: Duration = Duration::from_mins(10);
/// Longest load.
const MAX_DURATION: Duration = Duration::from_hours(1);

impl Options {
    /// Fails if the options don't go together.
    ///
    /// # Errors
    /// [`Usage`].
    pub fn check(&self) -> Result<()> {
        if self.duration < Duration::from_secs(1) || self.duration > MAX_DURATION {
            return usage("--duration has to be from 1s to 1h: shorter ones measure chance");
        }
        if self.ramp > MAX_RAMP {
            return usage("--ramp has to be 10m at most: it only lets the functions start");
        }
        if self.seed.is_some() && self.arrivals == Spacing::Constant {
            return usage("--seed is for random arrivals: add --arrivals poisson, or leave --seed out");
        }
        self.check_profile()?;
        self.loads().iter().try_for_each(Self::check_load)
    }

    /// Whether what describes a rate that changes goes together.
    fn check_profile(&self) -> Result<()> {
        if self.step_duration.is_some() && self.steps.is_empty() && !self.find_limit {
            return usage(
                "--step-duration is for --steps and --find-limit: add one of them, or write --duration",
            );
        }
        if self.spike_duration.is_some() && self.spike.is_none() {
            return usage(
                "--spike-duration is for a spike: add --spike with its rate, or leave --spike-duration out",
            );
        }
        match (self.find_limit, &self.slo) {
            (true, None) => {
                return usage(
                    "--find-limit has to know what is to hold: add --slo, such as --slo 'p99<500ms,errors<0.1%'",
                );
            }
            (false, Some(_)) => {
                return usage("--slo is what --find-limit looks for: add --find-limit, or leave --slo out");
            }
            _ => {}
        }
        let seconds = self.step_duration().as_secs_f64();
        if self.step_duration() < Duration::from_secs(1) || seconds * real(self.steps.len() as u64) > 3600.0 {
            return usage(
                "--step-duration has to be 1s at least, and all steps 1h at most: shorter ones measure chance",
            );
        }
        if self.steps.len() == 1
            || self.steps.len() > MAX_STEPS
            || !self.steps.is_sorted_by(|one, next| one < next)
        {
            return usage(format!(
                "--steps takes 2 to {MAX_STEPS} rates, each higher than the one before it, such as --steps 100,500,1000: for one \
                 that falls again, write --rate and --spike"
            ));
        }
        self.check_spike()
    }

    fn check_spike(&self) -> Result<()> {
        let Some(spike) = self.spike else { return Ok(()) };
        if spike <= self.rate {
            return usage(format!(
                "--spike {spike} has to be higher than --rate {}, which is the rate around it",
                self.rate
            ));
        }
        if self.spike_duration() < Duration::from_secs(1)
            || self.duration < self.spike_duration() + 2 * MIN_AROUND_SPIKE
        {
            return usage(format!(
                "--spike-duration has to be 1s at least and leave {} s of --duration before the spike and as much behind it, to \
                 compare with: raise --duration",
                MIN_AROUND_SPIKE.as_secs()
            ));
        }
        Ok(())
    }

    /// Whether a load can be sent, and followed.
    fn check_load(&self) -> Result<()> {
        let most = self.check_origin()?;
        let schedule = self.schedule();
        // Without generating random arrivals, whose number is about the same.
        let total = Schedule { arrivals: Arrivals::Constant, ..schedule }.total();
        if total > most {
            return usage(format!(
                "{} requests per second at most make {total} messages in that time, more than the {most} that one run can follow: \
                 lower the rate, or shorten the time",
                self.highest_rate()
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
            (Origin::Here, Some(_)) => {
                usage("--workers is for functions: add --from functions, or leave --workers out")
            }
            (Origin::Functions, _) if self.ramp + self.schedule().duration() > MAX_TIME_OF_FUNCTIONS => {
                usage(
                    "--duration and --ramp, or all --steps, have to be 13m together at most with --from functions: a function lives \
                 for 15 minutes",
                )
            }
            (Origin::Functions, Some(workers)) if workers > self.highest_rate() => usage(format!(
                "--workers {workers} is more than --rate {}: each of them sends a request per second at least",
                self.highest_rate()
            )),
            (Origin::Functions, _) => Ok(MAX_MESSAGES_OF_FUNCTIONS),
        }
    }
}

fn usage<T>(message: impl Into<String>) -> Result<T> {
    Err(Usage(message.into()).into())
}
