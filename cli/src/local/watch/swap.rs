//! Swapping what was built in the functions that run something else.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::join_all;
use tokio::task::JoinSet;

use super::archive::{Content, pack};
use super::functions::{Function, Lambda};
use super::say;
use super::workspace::Workspace;

/// A function, and what it ran before the build.
pub type Running = (Function, Option<Content>);

/// What became of a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Functions that have other code now.
    pub swapped: usize,
    /// Functions that should have, but haven't.
    pub failed: usize,
}

/// Swaps each function that runs something else than what was built, and says so. A failure, said as well, holds up
/// no other function.
///
/// # Errors
///
/// When what was built can't be read, or nobody reads what this says.
pub async fn swap(
    lambda: &Lambda,
    workspace: &Workspace,
    functions: Vec<Running>,
    build_time: Duration,
) -> Result<Outcome> {
    let begun = Instant::now();
    let mut by_binary: BTreeMap<String, Vec<Running>> = BTreeMap::new();
    for running in functions {
        by_binary.entry(running.0.binary.clone()).or_default().push(running);
    }
    let mut swaps = JoinSet::new();
    for (binary, functions) in by_binary {
        swaps.spawn(swap_binary(lambda.clone(), workspace.artefact(&binary), functions, begun));
    }
    let mut outcome = Outcome::default();
    while let Some(ended) = swaps.join_next().await {
        for Swapped { function, result, after } in ended?? {
            let Function { name, binary, .. } = &function;
            if let Err(error) = result {
                outcome.failed += 1;
                eprintln!("error: {binary}: not swapped in {name}: {error:#}");
                continue;
            }
            outcome.swapped += 1;
            let [build, swap] = [build_time, after].map(|time| time.as_secs_f64());
            say(&format!("{binary}: swapped in {name} (built in {build:.1} s, swapped in {swap:.1} s)"))?;
        }
    }
    Ok(outcome)
}

/// What became of one function, and how long after the build.
struct Swapped {
    function: Function,
    result: Result<()>,
    after: Duration,
}

/// Swaps the functions made of one binary that run something else.
async fn swap_binary(
    lambda: Lambda,
    artefact: PathBuf,
    functions: Vec<Running>,
    begun: Instant,
) -> Result<Vec<Swapped>> {
    let bootstrap = fs::read(&artefact).with_context(|| format!("can't read '{}'", artefact.display()))?;
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
        Swapped { function, result, after: begun.elapsed() }
    });
    Ok(join_all(swaps).await)
}
