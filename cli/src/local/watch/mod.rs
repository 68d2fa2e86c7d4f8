//! `watch`: functions are rebuilt whenever their sources change, and swapped in what is deployed.

mod build;
mod functions;
mod signals;
mod sources;
mod stack;
mod swap;
mod workspace;
mod zip;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use protocol::deployment::pulumi_command;
use tokio::signal::unix::SignalKind;

use crate::output::{self, Unread};
use crate::project::Project;
use functions::{Function, Lambda};
use sources::Sources;
use swap::{Running, Swaps};
use workspace::Workspace;

/// What `lambench local watch --help` says besides the options.
pub const HELP: &str = "\
It starts with a build, so that the deployed functions match the sources, and goes on until Ctrl-C. It swaps code only: \
changed settings, permissions and resources need `pulumi up`.

Example:
  eval \"$(lambench local env)\"
  pulumi up --stack dev
  lambench local watch --stack dev       # in a second shell; then change functions/, crates/ or sql/

Pulumi does not know the new code yet. To update its state:
  pulumi up --refresh --stack dev

Exit codes:
  1    it cannot watch, or the local environment is not running; the reason is on standard error
  130  stopped with Ctrl-C";

/// Up to this many binaries are listed by name, more are counted.
const MAX_LISTED: usize = 5;

/// Watches the sources until Ctrl-C, and swaps the functions of a stack; without one, those of the selected stack.
///
/// # Errors
///
/// When the local environment does not run, nothing is deployed in it, or sources cannot be watched.
pub fn watch(project: &Project, stack: Option<&str>) -> Result<ExitCode> {
    let stack = stack.map_or_else(|| stack::selected(project), |stack| Ok(stack.to_owned()))?;
    let lambda = Lambda::of(project, stack)?;
    let ended = tokio::runtime::Runtime::new()?.block_on(async {
        tokio::select! {
            // Ends with an error only.
            ended = watch_on(project, &lambda) => ended,
            signal = signals::end() => signal,
        }
    });
    match ended {
        // The reader of our output needs no more of it.
        Err(error) if error.is::<Unread>() => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
        Ok(signal) => {
            if signal == SignalKind::interrupt() {
                output::print_line(format_args!(
                    "\nstopped watching; tell Pulumi about the swapped code with: {}",
                    pulumi_command("up --refresh", lambda.stack())
                ))?;
            }
            // What a shell reports of a program that a signal ended.
            Ok(ExitCode::from(128 + u8::try_from(signal.as_raw_value())?))
        }
    }
}

async fn watch_on(project: &Project, lambda: &Lambda) -> Result<SignalKind> {
    let mut sources = Sources::watch(&project.root)?;
    introduce(lambda).await?;
    // The root, which stands for everything: the deployed functions may not match the sources.
    let mut changed = BTreeSet::from([PathBuf::new()]);
    loop {
        match rebuild(project, lambda, &changed).await {
            Ok(true) => changed.clear(),
            // What has changed is kept: the next change retries it.
            Ok(false) => {}
            Err(error) if error.is::<Unread>() => return Err(error),
            Err(error) => {
                output::print_error(format_args!(
                    "error: {error:#}; still watching, the next change retries"
                ));
            }
        }
        changed.append(&mut sources.changed().await?);
    }
}

async fn introduce(lambda: &Lambda) -> Result<()> {
    let deployed = lambda.deployed().await?;
    if deployed.is_empty() {
        bail!(
            "no function of the stack '{stack}' at {} is built from a binary of this checkout: deploy one \
             with `make build`, then `{up}`, in a shell with the variables of `lambench local env`",
            lambda.address(),
            stack = lambda.stack(),
            up = pulumi_command("up", lambda.stack())
        );
    }
    let folders = sources::FOLDERS.map(|folder| format!("{folder}/, ")).concat();
    output::print_while_read(format_args!(
        "watching {folders}{} for {} deployed function{} at {}, stack {}; press Ctrl-C to stop",
        sources::FILES.join(" and "),
        deployed.len(),
        if deployed.len() == 1 { "" } else { "s" },
        lambda.address(),
        lambda.stack()
    ))
}

/// Builds what a change has touched, and swaps the code that differs. Returns whether nothing is left to swap.
async fn rebuild(project: &Project, lambda: &Lambda, changed: &BTreeSet<PathBuf>) -> Result<bool> {
    let workspace = Workspace::read(project).await?;
    let what = describe(&project.root, changed);
    let mut touched = workspace.touched(&project.root, changed);
    let mut deployed = lambda.deployed().await?;
    deployed.retain(|function| touched.contains(&function.binary));
    touched.retain(|binary| deployed.iter().any(|function| function.binary == *binary));
    if touched.is_empty() {
        output::print_while_read(format_args!("{what}: no deployed function is built from it"))?;
        return Ok(true);
    }
    output::print_while_read(format_args!("{what}: building {}", list(&touched)))?;
    let started = Instant::now();
    let building = build_by_package(project, &workspace, touched);
    let (mut functions, built) = tokio::try_join!(running(lambda, deployed), building)?;
    let build_time = started.elapsed();
    functions.retain(|(function, _)| built.contains(&function.binary));
    if functions.is_empty() {
        output::print_while_read("not built; still watching")?;
        return Ok(true);
    }
    let Swaps { swapped, failed } = swap::swap(lambda, &workspace, functions, build_time).await?;
    if swapped + failed == 0 {
        output::print_while_read(format_args!(
            "nothing to swap: the functions already run this code (built in {:.1} s)",
            build_time.as_secs_f64()
        ))?;
    }
    Ok(failed == 0)
}

/// The functions with the code that they run now.
async fn running(lambda: &Lambda, functions: Vec<Function>) -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for function in functions {
        let content = lambda.running(&function).await?;
        running.push((function, content));
    }
    Ok(running)
}

/// Builds binaries, and returns those that could be built. A package that does not compile holds up no other.
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

/// What has changed, in few words: the first file that still exists, and how many more there are.
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
    if binaries.len() > MAX_LISTED {
        return format!("{} binaries", binaries.len());
    }
    binaries.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_described_in_few_words() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kept.rs"), "").unwrap();
        let described = |paths: &[&str]| describe(folder.path(), &paths.iter().map(PathBuf::from).collect());
        assert_eq!(described(&[""]), "all sources");
        assert_eq!(described(&["removed.rs"]), "removed.rs changed");
        assert_eq!(described(&["a.rs123", "kept.rs", "z.rs"]), "kept.rs and 2 more changed");
    }
}
