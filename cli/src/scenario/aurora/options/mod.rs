//! What `lambench run aurora` takes, and what to do about it.

use anyhow::Result;
use clap::ValueEnum;
use protocol::aurora::message::MAX_STATEMENTS;
use protocol::aurora::{Action, Driver, Endpoint, MAX_BATCH};
use results::scenario::aurora::{Load, Runs};
use serde_json::{Value, json};

use crate::exit::Usage;
use crate::scenario::shared::tables::distinct;

/// The end of `lambench run aurora --help`.
pub const EXAMPLES: &str = "\
A ramp runs its stages one after the other: --from clients, then --step more, while there are at most --to. Its loop is \
closed, so a client waits for an answer before it asks again; --rate makes it an open one, in which latencies count \
from the time at which a unit was due.

Examples:
  SELECT and INSERT by both drivers, 1, 3, 5 and 7 clients:
    lambench run aurora
  pgbench's transaction over PostgreSQL's own protocol, 1 to 33 clients:
    lambench run aurora --action TPCB --driver sqlx --to 33
  500 reads per second from 4 clients, even if the database cannot keep up:
    lambench run aurora --action SELECT --rate 500 --from 4 --to 4
  Reads to the reader, writes to the writer:
    lambench run aurora --action SELECT,TPCB --split
  1,000 messages of 100 statements to each driver's queue:
    lambench run aurora --mode queue --messages 1000
  100 rows in each INSERT:
    lambench run aurora --action INSERT --batch 100
  What memory buys the workers:
    lambench run aurora --action SELECT --memory 128,512,1769";

/// Clients of all stages together: each is about nine of the 25,000 events that an execution's history holds.
const MAX_WORKERS: u64 = 2500;
/// Stages: what a worker returns has up to 6 KB, and Step Functions passes 256 KiB from one state to the next.
const MAX_STAGES: usize = 30;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// How the load is generated
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// How workers reach the database [default: both; with --split: sqlx]
    #[arg(long, value_enum)]
    driver: Option<Drivers>,
    /// What a unit of load executes, several separated by commas
    #[arg(long, value_enum, ignore_case = true, value_delimiter = ',', default_value = "SELECT,INSERT")]
    action: Vec<ActionName>,
    /// Send reads to the cluster's reader; the Data API only reaches the writer, so only with sqlx
    #[arg(long)]
    split: bool,
    /// Rows in one INSERT statement [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_BATCH)))]
    batch: Option<u32>,
    /// Clients in the first stage [default: 1]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    from: Option<u64>,
    /// Maximum number of clients in the last stage [default: 8, or --from]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    to: Option<u64>,
    /// Clients that each stage adds to the one before [default: as many as make about 5 stages]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    step: Option<u64>,
    /// How long each stage lasts [default: 10]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: Option<u64>,
    /// Units per second that all clients of a stage start together [default: 0, a closed loop]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    rate: Option<u64>,
    /// Messages to send to each driver's queue [default: 100]
    #[arg(long, value_name = "N", help_heading = "Queue", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    messages: Option<u64>,
    /// Units that each message asks for: its attribute DMLS [default: 100]
    #[arg(long, value_name = "N", help_heading = "Queue", value_parser = clap::value_parser!(u64).range(1..=u64::from(MAX_STATEMENTS)))]
    statements: Option<u64>,
}

/// How the load is generated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Stages of more and more clients, started by Step Functions
    #[default]
    Ramp,
    /// Messages that SQS hands to functions
    Queue,
}

/// Drivers to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Drivers {
    /// PostgreSQL's own protocol, from inside the VPC
    Sqlx,
    /// HTTPS requests to the RDS Data API
    DataApi,
    /// One after the other
    Both,
}

/// An action as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ActionName {
    /// One row into a table
    #[value(name = "INSERT")]
    Insert,
    /// One row by its key
    #[value(name = "SELECT")]
    Select,
    /// A join with an aggregation
    #[value(name = "SELECT2")]
    Select2,
    /// pgbench's "TPC-B (sort of)" transaction
    #[value(name = "TPCB")]
    Tpcb,
}

impl From<ActionName> for Action {
    fn from(name: ActionName) -> Self {
        match name {
            ActionName::Insert => Self::Insert,
            ActionName::Select => Self::Select,
            ActionName::Select2 => Self::Select2,
            ActionName::Tpcb => Self::Tpcb,
        }
    }
}

impl Options {
    /// Refuses options that contradict each other.
    ///
    /// # Errors
    /// [`Usage`].
    pub fn check(&self) -> Result<()> {
        self.refuse_foreign()?;
        if self.batch.is_some() && !self.actions().contains(&Action::Insert) {
            return wrong("--batch only applies to INSERT: add that to --action, or leave --batch out");
        }
        if self.split && !matches!(self.driver, Some(Drivers::Sqlx) | None) {
            return wrong(
                "--split needs --driver sqlx: the Data API only reaches the cluster's writer, so it has no reads to split off",
            );
        }
        self.check_ramp()
    }

    fn check_ramp(&self) -> Result<()> {
        let (from, to, step) = (self.from(), self.to(), self.step());
        if to < from {
            return wrong(&format!(
                "--to {to} is less than --from {from}: a ramp has more clients at its end"
            ));
        }
        let stages = self.stages();
        if stages.len() > MAX_STAGES {
            return wrong(&format!(
                "--from {from} --to {to} --step {step} makes {} stages, more than the {MAX_STAGES} that fit into one \
                 execution: raise --step",
                stages.len()
            ));
        }
        let workers: u64 = stages.iter().sum();
        if workers > MAX_WORKERS {
            return wrong(&format!(
                "--from {from} --to {to} --step {step} makes {workers} workers in all, more than the {MAX_WORKERS} that fit \
                 into one execution: raise --step",
            ));
        }
        Ok(())
    }

    /// Refuses more clients than a stage of the deployed state machine can have.
    ///
    /// # Errors
    /// [`Usage`].
    pub fn check_clients(&self, max: u64) -> Result<()> {
        match self.stages().last() {
            Some(clients) if *clients > max => {
                wrong(&format!("{clients} clients are more than the {max} that a stage can have: lower --to"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses options that the mode has no use for: whoever gives one expects an effect.
    fn refuse_foreign(&self) -> Result<()> {
        let ramp = [
            ("--from", self.from),
            ("--to", self.to),
            ("--step", self.step),
            ("--seconds", self.seconds),
            ("--rate", self.rate),
        ];
        let queue = [("--messages", self.messages), ("--statements", self.statements)];
        let (foreign, mode, other) = match self.mode {
            Mode::Ramp => (&queue[..], "ramp", "queue"),
            Mode::Queue => (&ramp[..], "queue", "ramp"),
        };
        match foreign.iter().find(|(_, value)| value.is_some()) {
            Some((option, _)) => wrong(&format!(
                "{option} doesn't belong to --mode {mode}: leave it out, or use --mode {other}"
            )),
            None => Ok(()),
        }
    }

    /// The drivers, one after the other.
    pub fn drivers(&self) -> &'static [Driver] {
        match self.driver {
            Some(Drivers::Sqlx) => &[Driver::Sqlx],
            Some(Drivers::DataApi) => &[Driver::DataApi],
            None if self.split => &[Driver::Sqlx],
            Some(Drivers::Both) | None => &[Driver::Sqlx, Driver::DataApi],
        }
    }

    /// The actions, each once.
    pub fn actions(&self) -> Vec<Action> {
        distinct(self.action.iter()).into_iter().map(|name| (*name).into()).collect()
    }

    /// Where an action is sent.
    pub fn endpoint(&self, action: Action) -> Endpoint {
        if self.split && action.reads() { Endpoint::Reader } else { Endpoint::Writer }
    }

    /// Rows in one INSERT statement.
    pub fn batch(&self) -> u32 {
        self.batch.unwrap_or(1)
    }

    /// The clients of each stage.
    pub fn stages(&self) -> Vec<u64> {
        (self.from()..=self.to()).step_by(usize::try_from(self.step()).unwrap_or(usize::MAX)).collect()
    }

    /// Clients of the first stage.
    pub fn from(&self) -> u64 {
        self.from.unwrap_or(1)
    }

    /// Clients of the last stage at most.
    pub fn to(&self) -> u64 {
        self.to.unwrap_or(self.from().max(8))
    }

    /// Clients that each stage has more than the one before.
    pub fn step(&self) -> u64 {
        let about_five_stages = (self.to().saturating_sub(self.from()) + 2) / 4;
        self.step.unwrap_or(about_five_stages.max(1))
    }

    /// How long each stage lasts.
    pub fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(10)
    }

    /// Units per second of a stage; 0 for a closed loop.
    pub fn rate(&self) -> u64 {
        self.rate.unwrap_or(0)
    }

    /// Messages to each driver's queue.
    pub fn messages(&self) -> u64 {
        self.messages.unwrap_or(100)
    }

    /// Units that each message asks for.
    pub fn statements(&self) -> u64 {
        self.statements.unwrap_or(100)
    }
}

fn wrong<T>(message: &str) -> Result<T> {
    Err(Usage(message.to_owned()).into())
}

/// What a run was asked to do.
pub fn of_result(load: &Load) -> Value {
    match &load.runs {
        Runs::Ramp(runs) => json!({
            "mode": "ramp",
            "drivers": each(runs.iter().map(|run| run.driver)),
            "actions": each(runs.iter().map(|run| run.action)),
            "hosts": each(runs.iter().map(|run| run.host)),
            "batch": each(runs.iter().map(|run| run.batch)),
            "seconds": each(runs.iter().map(|run| run.seconds)),
            "clients": each(runs.iter().flat_map(|run| &run.stages).map(|stage| stage.clients)),
            "rate": each(runs.iter().flat_map(|run| &run.stages).map(|stage| match stage.offered_tps {
                Some(rate) => rate.to_string(),
                None => "closed loop".to_owned(),
            })),
        }),
        Runs::Queue(runs) => json!({
            "mode": "queue",
            "drivers": each(runs.iter().map(|run| run.driver)),
            "actions": each(runs.iter().flat_map(|run| &run.actions).map(|one| one.action)),
            "hosts": each(runs.iter().flat_map(|run| &run.actions).map(|one| one.host)),
            "batch": each(runs.iter().map(|run| run.batch)),
            "statements": each(runs.iter().map(|run| run.statements)),
            "messages": each(runs.iter().map(|run| run.sent)),
        }),
    }
}

/// Values, each once.
fn each(values: impl Iterator<Item = impl ToString>) -> String {
    let values: Vec<_> = values.map(|value| value.to_string()).collect();
    distinct(values.iter()).into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
