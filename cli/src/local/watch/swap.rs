//! Gives new code to the functions that run something else than what was built.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::join_all;
use tokio::task::JoinSet;

use super::functions::{Function, Lambda};
use super::workspace::Workspace;
use super::zip::{Content, pack};

use crate::output;

/// A function, and the code that it ran before the build.
pub type Running = (Function, Option<Content>);

/// How many functions were swapped after a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swaps {
    /// Functions that have new code now.
    pub swapped: usize,
    /// Functions that should have it, but do not.
    pub failed: usize,
}

/// Swaps each function that runs something else than what was built, and prints that. A failure, printed too, holds
/// up no other function.
///
/// # Errors
///
/// When what was built cannot be read, or the output cannot be written.
pub async fn swap(
    lambda: &Lambda,
    workspace: &Workspace,
    functions: Vec<Running>,
    build_time: Duration,
) -> Result<Swaps> {
    let started = Instant::now();
    let mut by_binary: BTreeMap<String, Vec<Running>> = BTreeMap::new();
    for running in functions {
        by_binary.entry(running.0.binary.clone()).or_default().push(running);
    }
    let mut swaps = JoinSet::new();
    for (binary, functions) in by_binary {
        swaps.spawn(swap_binary(lambda.clone(), workspace.artefact(&binary), functions, started));
    }
    let mut count = Swaps::default();
    while let Some(ended) = swaps.join_next().await {
        for Swapped { function, result, after } in ended?? {
            let Function { name, binary, .. } = &function;
            if let Err(error) = result {
                count.failed += 1;
                output::print_error(format_args!("error: {binary}: not swapped in {name}: {error:#}"));
                continue;
            }
            count.swapped += 1;
            let [build, swap] = [build_time, after].map(|time| time.as_secs_f64());
            output::print_while_read(format_args!(
                "{binary}: swapped in {name} (built in {build:.1} s, swapped in {swap:.1} s)"
            ))?;
        }
    }
    Ok(count)
}

/// The result of one swap, and how long after the build it came.
struct Swapped {
    function: Function,
    result: Result<()>,
    after: Duration,
}

/// Swaps the functions of one binary that run something else.
async fn swap_binary(
    lambda: Lambda,
    artefact: PathBuf,
    functions: Vec<Running>,
    started: Instant,
) -> Result<Vec<Swapped>> {
    let bootstrap = fs::read(&artefact).with_context(|| format!("cannot read '{}'", artefact.display()))?;
    let content = Some(Content::of(&bootstrap));
    let outdated: Vec<Function> = functions
        .into_iter()
        .filter(|(_, running)| *running != content)
        .map(|(function, _)| function)
        .collect();
    if outdated.is_empty() {
        return Ok(Vec::new());
    }
    let archive = pack(&bootstrap).await?;
    let swaps = outdated.into_iter().map(async |function| {
        let result = lambda.swap(&function.name, archive.clone()).await;
        Swapped { function, result, after: started.elapsed() }
    });
    Ok(join_all(swaps).await)
}
