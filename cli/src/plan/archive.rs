//! `lambench plan archive`: which design of an archive takes how long and costs how much on a stack's bucket.

use std::process::ExitCode;

use anyhow::Result;
use protocol::archive::Deployed;
use zip_planner::WORKERS;

use super::prediction::{self, Circumstances, Objective};
use super::table;
use crate::cli::Global;
use crate::layout::{Fit, lay_out};
use crate::output;
use crate::price_list;
use crate::progress::Spinner;
use crate::project::Project;
use crate::scenario::Scenario;
use crate::scenario::archive::Archive;
use crate::scenario::archive::prediction::concurrency as account_s_limit;
use crate::scenario::shared::deployment::{LOOKING, deployed};
use crate::scenario::shared::limits::Account;
use crate::scenario::shared::run_context::RunContext;
use crate::shutdown::Stop;

/// The end of `lambench plan archive --help`.
pub const EXAMPLES: &str = "\
Nothing runs and nothing is charged: times and prices are computed from the stack's settings. docs/scenarios/archive.md says how, \
and how far such figures were from measured ones.

Examples:
  What each design should take, the fastest first:
    lambench plan archive --stack dev
  The cheapest first, S3's requests included, with several memory sizes:
    lambench plan archive --objective total-price --memory 128,512,1024 --stack dev
  With 50 and with 150 functions, in an account that runs 100 at once:
    lambench plan archive --workers 50,150 --concurrency 100 --stack dev";

/// What `lambench plan archive` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to have least of: the best comes first
    #[arg(long, value_enum, default_value_t)]
    objective: Objective,
    /// Memory sizes of a function, MB [default: the stack's]
    #[arg(long, value_name = "MB", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(128..=10_240))]
    memory: Vec<u64>,
    /// Functions of rust-fan-out, its variable WORKERS
    #[arg(
        long, value_name = "N", value_delimiter = ',', default_values_t = [WORKERS as u64],
        value_parser = clap::value_parser!(u64).range(1..=10_000),
    )]
    workers: Vec<u64>,
    /// Functions that the account runs at once [default: the account's limit, or 1000 where it cannot be read]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    concurrency: Option<u64>,
    #[command(flatten)]
    fit: Fit,
}

/// Prints what each design of an archive should take on a stack's bucket.
///
/// # Errors
/// If the stack has no archive contest, or no archive can be made of its objects.
pub fn plan(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    let project = Project::find()?;
    let spinner = Spinner::new(global.progress, LOOKING);
    let stack: Deployed = deployed(Archive::NAME, global.stack.as_deref())?;
    let (prices, concurrency) = tokio::runtime::Runtime::new()?.block_on(async {
        let (config, stop) = (crate::aws::config(&stack.deployment).await, Stop::default());
        let (deployment, progress) = (&stack.deployment, global.progress);
        let context =
            RunContext { scenario: Archive::NAME, deployment, config: &config, progress, stop: &stop };
        let prices = price_list::of(deployment, &config, &project).await;
        let concurrency = match arguments.concurrency {
            Some(concurrency) => concurrency,
            None => account_s_limit(&Account::read(context, &[]).await, deployment),
        };
        (prices, concurrency)
    });
    drop(spinner);
    let memory = match &arguments.memory[..] {
        [] => vec![stack.deployment.required("memory")?],
        sizes => sizes.to_vec(),
    };
    let circumstances = Circumstances {
        deployment: &stack.deployment,
        prices: &prices,
        memory,
        workers: arguments
            .workers
            .iter()
            .map(|&workers| usize::try_from(workers))
            .collect::<Result<_, _>>()?,
        concurrency,
    };
    let planned = prediction::plan(&circumstances, arguments.objective)?;
    if global.json {
        output::print_line(serde_json::to_string_pretty(&planned)?)?;
    } else {
        arguments.fit.apply();
        output::print(lay_out(&table::render(&planned)))?;
    }
    Ok(ExitCode::SUCCESS)
}
