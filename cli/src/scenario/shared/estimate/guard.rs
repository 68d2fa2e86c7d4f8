//! `--max-usd` and `--yes`: a run on AWS that may cost more than its user expects asks first.

use std::io::{IsTerminal, stderr, stdin};
use std::thread;

use anyhow::{Result, bail};
use clap::Args;
use tokio::sync::oneshot;

use super::forecast::Forecast;
use super::render::usd;
use crate::exit::Usage;
use crate::output;
use crate::scenario::shared::tables::digits;

/// What a run on AWS may cost without a question, USD.
const MAX_USD: f64 = 1.0;

/// What a run may cost.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Guard {
    /// Ask before a run that may cost more, by the estimate's upper end; without a terminal it is refused
    /// [default: 1 on AWS, no limit locally]
    #[arg(long, global = true, value_name = "USD", value_parser = amount)]
    max_usd: Option<f64>,
    /// Run whatever it costs: answers the question of --max-usd
    #[arg(long, global = true)]
    yes: bool,
}

/// What to do with a run.
#[derive(Debug, PartialEq)]
enum Decision {
    Run,
    /// Ask, or refuse, with the limit that it may exceed, USD.
    Ask(f64),
}

impl Guard {
    /// Lets a run begin, or asks.
    ///
    /// # Errors
    /// [`Usage`] if it may cost too much and there is nobody to ask; another error if the user says no.
    pub async fn pass(&self, forecast: &Forecast) -> Result<()> {
        let Decision::Ask(limit) = self.decision(forecast) else { return Ok(()) };
        let costs = format!("this run may cost {}, more than {} USD", usd(forecast.total_usd), limit);
        if !(stdin().is_terminal() && stderr().is_terminal()) {
            return Err(refused(&costs, forecast.total_usd.high).into());
        }
        output::print_error(format_args!("{costs}. Run it? [y/N]"));
        if is_yes(&answer().await?) {
            return Ok(());
        }
        bail!("nothing was run")
    }

    /// Whether an estimate has to be there: a limit that somebody gave is kept.
    pub fn needs_estimate(&self, is_on_aws: bool) -> bool {
        self.limit(is_on_aws).is_some()
    }

    fn decision(&self, forecast: &Forecast) -> Decision {
        match self.limit(forecast.is_on_aws) {
            Some(limit) if forecast.total_usd.high > limit => Decision::Ask(limit),
            _ => Decision::Run,
        }
    }

    fn limit(&self, is_on_aws: bool) -> Option<f64> {
        self.max_usd.or(is_on_aws.then_some(MAX_USD)).filter(|_| !self.yes)
    }
}

fn refused(costs: &str, high: f64) -> Usage {
    // A little more, so that rounding makes it no less.
    let high = high * 1.01;
    Usage(format!(
        "{costs}, and there is no terminal to ask: give --yes, or --max-usd {} or more",
        digits(high)
    ))
}

/// A line from the terminal. The thread that reads it isn't waited for when the user presses Ctrl-C instead.
async fn answer() -> Result<String> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = stdin().read_line(&mut line).map(|_| line);
        // Nobody waits for it any more after Ctrl-C.
        let _ = sender.send(read);
    });
    Ok(receiver.await??)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn amount(text: &str) -> Result<f64, String> {
    let amount = text.parse().ok().filter(|usd: &f64| usd.is_finite() && *usd >= 0.0);
    amount.ok_or_else(|| "write an amount of USD, like 2 or 0.5".to_owned())
}

#[cfg(test)]
mod tests {
    use results::estimate::Estimate;

    use super::super::range::Range;
    use super::*;

    fn forecast(is_on_aws: bool, high: f64) -> Forecast {
        Forecast {
            scenario: "x",
            stack: "dev".to_owned(),
            region: "us-east-1".to_owned(),
            architecture: "arm64".to_owned(),
            is_on_aws,
            standing: Vec::new(),
            run: Estimate {
                usd: 0.0,
                low_usd: 0.0,
                high_usd: 0.0,
                items: Vec::new(),
                measured: Vec::new(),
                assumptions: Vec::new(),
            },
            besides: Vec::new(),
            total_usd: Range::new(0.0, high / 2.0, high),
            seconds: Range::default(),
            limits: Vec::new(),
            not_counted: "",
            warnings: Vec::new(),
        }
    }

    fn guard(max_usd: Option<f64>, yes: bool) -> Guard {
        Guard { max_usd, yes }
    }

    #[test]
    fn a_run_on_aws_that_may_cost_more_than_a_dollar_is_asked_about() {
        let decision = |guard: Guard, is_on_aws, high| guard.decision(&forecast(is_on_aws, high));
        assert_eq!(decision(guard(None, false), true, 1.0), Decision::Run);
        assert_eq!(decision(guard(None, false), true, 1.01), Decision::Ask(1.0));
        assert_eq!(decision(guard(Some(2.0), false), true, 1.5), Decision::Run);
        assert_eq!(decision(guard(None, true), true, 50.0), Decision::Run);
        assert_eq!(decision(guard(Some(2.0), true), true, 50.0), Decision::Run);
    }

    #[test]
    fn locally_only_a_limit_that_was_given_holds() {
        let decision = |guard: Guard| guard.decision(&forecast(false, 50.0));
        assert_eq!(decision(guard(None, false)), Decision::Run);
        assert_eq!(decision(guard(Some(2.0), false)), Decision::Ask(2.0));
        assert!(!guard(None, false).needs_estimate(false) && guard(None, false).needs_estimate(true));
    }

    #[test]
    fn without_a_terminal_it_says_which_option_lets_the_run_begin() {
        let Usage(said) = refused("this run may cost 3.000 USD, more than 1 USD", 3.0);
        assert!(said.ends_with("no terminal to ask: give --yes, or --max-usd 3.030 or more"), "{said}");
    }

    #[test]
    fn only_a_yes_is_one() {
        for (answer, is) in
            [("y\n", true), (" YES \n", true), ("\n", false), ("n\n", false), ("yeah\n", false)]
        {
            assert_eq!(is_yes(answer), is, "{answer}");
        }
        assert_eq!(amount("0.5"), Ok(0.5));
        assert!(amount("-1").is_err() && amount("nan").is_err() && amount("1 USD").is_err());
    }
}
