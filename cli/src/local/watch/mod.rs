//! `watch`: functions are rebuilt whenever their sources change, and swapped in what is deployed.

mod archive;
mod build;
mod functions;
mod sources;
mod swap;
mod workspace;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures::future::select_all;
use tokio::signal::unix::{SignalKind, signal};

use crate::project::Project;
use functions::{Function, Lambda};
use sources::Sources;
use swap::{Outcome, Running};
use workspace::Workspace;

/// What `lambench local watch --help` says besides the options.
pub const HELP: &str = "\
It begins with a build, so that everything deployed is what the sources say, and goes on until Ctrl-C. Only code is \
swapped: a change of settings, permissions or resources is for `pulumi up`.

Example:
  eval \"$(lambench local env)\"
  pulumi up --stack dev
  lambench local watch                   # in a second shell; then change functions/, crates/ or sql/

Afterwards Pulumi doesn't know the new code yet. This brings its state in line:
  pulumi up --refresh --stack dev

Exit codes:
  1    it can't watch, or the local environment isn't there; the reason is on standard error
  130  ended with Ctrl-C";

/// So many binaries are named, more are counted.
const NAMED: usize = 5;

/// Watch the sources until Ctrl-C.
///
/// # Errors
///
/// When the local environment does not run, nothing is deployed in it, or sources can't be watched.
pub fn watch(project: &Project) -> Result<ExitCode> {
    let ended = tokio::runtime::Runtime::new()?.block_on(async {
        tokio::select! {
            // Ends with an error only.
            ended = watch_on(project) => ended,
            signal = ended_by() => signal,
        }
    });
    match ended {
        // Whoever has read our output has read enough.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
        Ok(signal) => {
            if signal == SignalKind::interrupt() {
                say(
                    "\nstopped watching; Pulumi learns of swapped code with: pulumi up --refresh --stack <stack>",
                )?;
            }
            // What a shell reports of a program that a signal ended.
            Ok(ExitCode::from(128 + u8::try_from(signal.as_raw_value())?))
        }
    }
}

/// The signal that asks us to end; a build that is under way has to end as well.
async fn ended_by() -> Result<SignalKind> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals = Vec::new();
    for kind in kinds {
        signals.push((kind, signal(kind).context("can't wait for signals")?));
    }
    let asked = signals.iter_mut().map(|(kind, signal)| {
        Box::pin(async {
            signal.recv().await;
            *kind
        })
    });
    Ok(select_all(asked).await.0)
}

async fn watch_on(project: &Project) -> Result<SignalKind> {
    let lambda = Lambda::of(project)?;
    let mut sources = Sources::watch(&project.root)?;
    introduce(&lambda).await?;
    // The root: it isn't known yet whether what is deployed is what the sources say.
    let mut changed = BTreeSet::from([PathBuf::new()]);
    loop {
        match round(project, &lambda, &changed).await {
            Ok(true) => changed.clear(),
            // What has changed is not forgotten, but tried again with the next change.
            Ok(false) => {}
            Err(error) if is_broken_pipe(&error) => return Err(error),
            Err(error) => eprintln!("error: {error:#}; still watching, the next change tries again"),
        }
        changed.append(&mut sources.changed().await?);
    }
}

async fn introduce(lambda: &Lambda) -> Result<()> {
    let deployed = lambda.deployed().await?;
    if deployed.is_empty() {
        bail!(
            "no function at {} is made of a binary of this checkout: deploy one with `make build`, then \
             `pulumi up --stack dev`, in a shell with the variables of `lambench local env`",
            lambda.address()
        );
    }
    let folders = sources::FOLDERS.map(|folder| format!("{folder}/, ")).concat();
    say(&format!(
        "watching {folders}{} for {} deployed function{} at {}; Ctrl-C ends it",
        sources::FILES.join(" and "),
        deployed.len(),
        if deployed.len() == 1 { "" } else { "s" },
        lambda.address()
    ))
}

/// Builds what a change has touched, and swaps what came out differently. Returns whether nothing is left to be swapped.
async fn round(project: &Project, lambda: &Lambda, changed: &BTreeSet<PathBuf>) -> Result<bool> {
    let workspace = Workspace::read(project).await?;
    let what = describe(&project.root, changed);
    let mut touched = workspace.touched(&project.root, changed);
    let mut deployed = lambda.deployed().await?;
    deployed.retain(|function| touched.contains(&function.binary));
    touched.retain(|binary| deployed.iter().any(|function| function.binary == *binary));
    if touched.is_empty() {
        say(&format!("{what}: no deployed function is made of it"))?;
        return Ok(true);
    }
    say(&format!("{what}: building {}", list(&touched)))?;
    let begun = Instant::now();
    let building = build_by_package(project, &workspace, touched);
    let (mut functions, built) = tokio::try_join!(running(lambda, deployed), building)?;
    let took = begun.elapsed();
    functions.retain(|(function, _)| built.contains(&function.binary));
    if functions.is_empty() {
        say("not built; still watching")?;
        return Ok(true);
    }
    let Outcome { swapped, failed } = swap::swap(lambda, &workspace, functions, took).await?;
    if swapped + failed == 0 {
        say(&format!("nothing to swap: the functions run this code (built in {:.1} s)", took.as_secs_f64()))?;
    }
    Ok(failed == 0)
}

/// What the functions run now.
async fn running(lambda: &Lambda, functions: Vec<Function>) -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for function in functions {
        let content = lambda.running(&function).await?;
        running.push((function, content));
    }
    Ok(running)
}

/// Builds binaries; returns those that could be built. A package that doesn't compile holds up no other one.
async fn build_by_package(
    project: &Project,
    workspace: &Workspace,
    binaries: BTreeSet<String>,
) -> Result<BTreeSet<String>> {
    if build::build(project, workspace, &binaries).await? {
        return Ok(binaries);
    }
    let packages = workspace.by_package(&binaries);
    let mut built = BTreeSet::new();
    if packages.len() > 1 {
        for mut package in packages {
            if build::build(project, workspace, &package).await? {
                built.append(&mut package);
            }
        }
    }
    Ok(built)
}

/// What has changed, in few words; what an editor has removed again isn't named if something else can be.
fn describe(root: &Path, changed: &BTreeSet<PathBuf>) -> String {
    if changed.iter().any(|path| path.as_os_str().is_empty()) {
        return "all sources".to_owned();
    }
    let there = changed.iter().find(|path| root.join(path).exists());
    let Some(named) = there.or(changed.first()) else { return String::new() };
    match changed.len() - 1 {
        0 => format!("{} changed", named.display()),
        more => format!("{} and {more} more changed", named.display()),
    }
}

fn list(binaries: &BTreeSet<String>) -> String {
    if binaries.len() > NAMED {
        return format!("{} binaries", binaries.len());
    }
    binaries.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Prints a line at once, also where it goes to a file or a program.
fn say(line: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_in_few_words() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kept.rs"), "").unwrap();
        let told = |paths: &[&str]| describe(folder.path(), &paths.iter().map(PathBuf::from).collect());
        assert_eq!(told(&[""]), "all sources");
        assert_eq!(told(&["removed.rs"]), "removed.rs changed");
        assert_eq!(told(&["a.rs123", "kept.rs", "z.rs"]), "kept.rs and 2 more changed");
    }
}
