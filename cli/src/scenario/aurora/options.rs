//! What `lambench run aurora` takes, and what to do about it.

use anyhow::Result;
use clap::ValueEnum;
use protocol::aurora::{Action, Driver, Endpoint};
use results::scenario::aurora::{Load, Runs};
use serde_json::{Value, json};

use crate::exit::Usage;

/// The end of `lambench run aurora --help`.
pub const EXAMPLES: &str = "\
A ramp runs its stages one after the other: --from clients, then --step more, while there are at most --to. Its loop is \
closed, so a client waits for an answer before it asks again; --rate makes it an open one, in which latencies count \
from the time at which a unit was due.

Examples:
  SELECT and INSERT by both drivers, 1 to 8 clients:
    lambench run aurora
  pgbench's transaction by PostgreSQL's own protocol, 1 to 33 clients:
    lambench run aurora --action TPCB --driver sqlx --to 33
  500 reads a second from 4 clients, whatever the database takes:
    lambench run aurora --action SELECT --rate 500 --from 4 --to 4
  Reads to the reader, writes to the writer:
    lambench run aurora --action SELECT,TPCB --split
  1,000 messages of 100 statements to each driver's queue:
    lambench run aurora --mode queue --messages 1000
  100 rows in each INSERT:
    lambench run aurora --action INSERT --batch 100";

/// Clients of a stage: Step Functions starts them in groups of 20.
const MAX_CLIENTS: u64 = 400;
/// Clients of all stages together: each is about nine of the 25,000 events that an execution's history holds.
const MAX_WORKERS: u64 = 2500;
/// Stages: an outcome has up to 6 KB, and Step Functions passes 256 KiB from one state to the next.
const MAX_STAGES: usize = 30;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// How the load comes about
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// By which road it reaches the database [default: both; with --split: sqlx]
    #[arg(long, value_enum)]
    driver: Option<Drivers>,
    /// What a unit of load executes, several parted by commas
    #[arg(long, value_enum, ignore_case = true, value_delimiter = ',', default_value = "SELECT,INSERT")]
    action: Vec<ActionName>,
    /// Send reads to the cluster's reader; the Data API only reaches the writer, so only with sqlx
    #[arg(long)]
    split: bool,
    /// Rows in one INSERT statement [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    batch: Option<u64>,
    /// Clients in the first stage [default: 1]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(1..=MAX_CLIENTS))]
    from: Option<u64>,
    /// Clients in the last stage at most [default: 8, or --from]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(1..=MAX_CLIENTS))]
    to: Option<u64>,
    /// Clients that each stage has more than the one before [default: what makes about 5 stages]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(1..=MAX_CLIENTS))]
    step: Option<u64>,
    /// How long each stage lasts [default: 10]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: Option<u64>,
    /// Units a second that all clients of a stage are to begin together [default: 0, a closed loop]
    #[arg(long, value_name = "N", help_heading = "Ramp", value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    rate: Option<u64>,
    /// Messages to send to each driver's queue [default: 100]
    #[arg(long, value_name = "N", help_heading = "Queue", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    messages: Option<u64>,
    /// Units that each message asks for: its attribute DMLS [default: 100]
    #[arg(long, value_name = "N", help_heading = "Queue", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    statements: Option<u64>,
}

/// How the load comes about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Mode {
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

/// What to run, complete and consistent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// One after the other.
    pub drivers: Vec<Driver>,
    /// Each once.
    pub actions: Vec<Action>,
    /// Whether reads go to the reader.
    pub split: bool,
    /// Rows in one INSERT statement.
    pub batch: u64,
    /// How the load comes about.
    pub load: LoadPlan,
}

/// How the load comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadPlan {
    /// In stages.
    Ramp(RampPlan),
    /// By messages.
    Queue(QueuePlan),
}

/// The stages of a ramp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RampPlan {
    /// Clients in the first stage.
    pub from: u64,
    /// Clients in the last stage at most.
    pub to: u64,
    /// Clients that each stage has more.
    pub step: u64,
    /// How long each lasts.
    pub seconds: u64,
    /// Units a second of a stage; 0 for a closed loop.
    pub rate: u64,
}

/// The messages to each driver's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuePlan {
    /// How many.
    pub messages: u64,
    /// Units that each asks for.
    pub statements: u64,
}

impl Plan {
    /// Where an action is sent.
    pub fn host(&self, action: Action) -> Endpoint {
        if self.split && action.reads() { Endpoint::Reader } else { Endpoint::Writer }
    }

    /// Rows in one statement of an action.
    pub fn batch_of(&self, action: Action) -> u64 {
        if action == Action::Insert { self.batch } else { 1 }
    }
}

impl RampPlan {
    /// The clients of each stage.
    pub fn stages(&self) -> Vec<u64> {
        (self.from..=self.to).step_by(usize::try_from(self.step).unwrap_or(usize::MAX)).collect()
    }
}

impl Options {
    /// What to run.
    ///
    /// # Errors
    /// [`Usage`] if options don't go together.
    pub fn plan(&self) -> Result<Plan> {
        let mut actions: Vec<Action> = Vec::new();
        for action in self.action.iter().copied().map(Action::from) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        self.refuse_foreign()?;
        if self.batch.is_some() && !actions.contains(&Action::Insert) {
            return wrong("--batch is about INSERT: add it to --action, or leave --batch out");
        }
        Ok(Plan {
            drivers: self.drivers()?,
            actions,
            split: self.split,
            batch: self.batch.unwrap_or(1),
            load: match self.mode {
                Mode::Ramp => LoadPlan::Ramp(self.ramp()?),
                Mode::Queue => LoadPlan::Queue(QueuePlan {
                    messages: self.messages.unwrap_or(100),
                    statements: self.statements.unwrap_or(100),
                }),
            },
        })
    }

    fn drivers(&self) -> Result<Vec<Driver>> {
        match (self.driver, self.split) {
            (Some(Drivers::DataApi | Drivers::Both), true) => wrong(
                "--split needs --driver sqlx: the Data API only reaches the cluster's writer, so it has no reads to split off",
            ),
            (Some(Drivers::Sqlx), _) | (None, true) => Ok(vec![Driver::Sqlx]),
            (Some(Drivers::DataApi), false) => Ok(vec![Driver::DataApi]),
            (Some(Drivers::Both) | None, false) => Ok(vec![Driver::Sqlx, Driver::DataApi]),
        }
    }

    fn ramp(&self) -> Result<RampPlan> {
        let from = self.from.unwrap_or(1);
        let to = self.to.unwrap_or(from.max(8));
        if to < from {
            return wrong(&format!(
                "--to {to} is less than --from {from}: a ramp has more clients at its end"
            ));
        }
        let about_five = ((to - from + 2) / 4).max(1);
        let plan = RampPlan {
            from,
            to,
            step: self.step.unwrap_or(about_five),
            seconds: self.seconds.unwrap_or(10),
            rate: self.rate.unwrap_or(0),
        };
        let stages = plan.stages().len();
        if stages > MAX_STAGES {
            return wrong(&format!(
                "--from {from} --to {to} --step {} makes {stages} stages, more than the {MAX_STAGES} that fit into one \
                 execution: raise --step",
                plan.step
            ));
        }
        let workers: u64 = plan.stages().iter().sum();
        if workers > MAX_WORKERS {
            return wrong(&format!(
                "--from {from} --to {to} --step {} makes {workers} workers in all, more than the {MAX_WORKERS} that fit \
                 into one execution: raise --step",
                plan.step
            ));
        }
        Ok(plan)
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
}

fn wrong<T>(message: &str) -> Result<T> {
    Err(Usage(message.to_owned()).into())
}

/// The options of a run, as far as its result has them.
pub fn of_result(load: &Load) -> Value {
    match &load.runs {
        Runs::Ramp(runs) => runs.first().map_or(Value::Null, |run| {
            json!({"mode": "ramp", "batch": run.batch, "seconds": run.seconds})
        }),
        Runs::Queue(runs) => runs.first().map_or(Value::Null, |run| {
            json!({"mode": "queue", "batch": run.batch, "statements": run.statements, "sent": run.sent})
        }),
    }
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
