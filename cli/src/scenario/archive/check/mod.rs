//! `lambench check contender`: a contender against everything that it may meet.

mod added;
mod faults;
mod function_clone;
mod input;
mod sandbox;
mod seed;
mod table;
mod test_case;
mod workers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use protocol::archive::Deployed;

use super::report::contender;
use crate::cli::Global;
use crate::layout::{Fit, lay_out};
use crate::local::ephemeral_s3::EphemeralS3;
use crate::output;
use crate::progress::{Progress, Spinner};
use crate::project::Project;
use crate::scenario::shared::deployment::{LOOKING, deployed};
use input::Input;
use test_case::{Checked, Verdict};
use workers::Work;

/// For `lambench check contender --help`.
pub const EXAMPLES: &str = "Each contender makes an archive of each input, with S3 as it is, with 30 % of its answers 503, and with broken \
    answers and connections. An archive is valid, or the contender refuses and says why; a wrong archive, or none after a success, is \
    INVALID. What is deployed is checked: run `pulumi up` first.

Examples:
  lambench check contender                                 all contenders of the stack
  lambench check contender contenders/rust/stream          one of them
  lambench check contender contenders/python/mine --input many --input huge
  lambench check contender --json | jq '.[] | select(.verdict == \"invalid\")'

Exit codes:
  0  every archive is right, or was refused
  1  one is INVALID, or the check failed";

/// What `lambench check contender` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Folders of contenders, such as contenders/rust/stream [default: all that the stack has]
    folders: Vec<PathBuf>,
    /// Only this input; may be given several times [default: all]
    #[arg(long = "input", value_name = "INPUT")]
    inputs: Vec<Input>,
    #[command(flatten)]
    fit: Fit,
}

/// A deployed contender.
#[derive(Clone, Debug, PartialEq)]
struct Contender {
    /// `<lang>-<id>`.
    name: String,
    function: String,
}

/// Checks contenders and prints what was found.
///
/// # Errors
/// If the check cannot be made; [`Interrupted`] if the user ended it.
pub fn run(options: &Options, global: &Global) -> Result<ExitCode> {
    let project = Project::find()?;
    let checked = tokio::runtime::Runtime::new()?.block_on(check(&project, options, global))?;
    if global.json {
        output::print_line(serde_json::to_string_pretty(&checked)?)?;
    } else {
        options.fit.apply();
        output::print(lay_out(&table::render(&checked)))?;
    }
    let is_wrong = checked.iter().any(|case| matches!(case.verdict, Verdict::Invalid { .. }));
    Ok(if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn check(project: &Project, options: &Options, global: &Global) -> Result<Vec<Checked>> {
    let spinner = Spinner::new(global.progress, LOOKING);
    let archive: Deployed = deployed("archive", global.stack.as_deref())?;
    drop(spinner);
    if archive.deployment.is_on_aws() {
        bail!(
            "the stack '{}' is on AWS, where nobody can make S3 fail: check contenders on a stack in the \
             local environment (lambench local start)",
            archive.deployment.stack
        );
    }
    let contenders = chosen(&archive, &options.folders)?;
    let inputs: Vec<Input> =
        Input::all().filter(|input| options.inputs.is_empty() || options.inputs.contains(input)).collect();
    let work = workers::divide(&inputs, &contenders);
    let config = crate::aws::config(&archive.deployment).await;
    let spinner = Spinner::new(global.progress, "starting an S3 for the checks");
    let s3 = EphemeralS3::start(project, work.len().min(workers::MOST)).await?;
    function_clone::remove_all(&config, &archive.deployment).await?;
    drop(spinner);
    let progress = Progress::new(global.progress, work.iter().map(Work::cases).sum::<usize>() as u64);
    let checked = workers::check(&archive, &config, &s3, work, progress).await;
    let _spinner = Spinner::new(global.progress, "removing what the checks made");
    function_clone::remove_all(&config, &archive.deployment).await?;
    s3.end(project).await?;
    let mut checked = checked?;
    let place = |name: &str| contenders.iter().position(|contender| contender.name == name);
    checked.sort_by_key(|case| (place(&case.contender), case.input, case.faults));
    Ok(checked)
}

/// The contenders of some folders; without any, all.
fn chosen(archive: &Deployed, folders: &[PathBuf]) -> Result<Vec<Contender>> {
    let deployed = archive.contenders.iter().map(|arn| Contender {
        name: contender(&archive.deployment.stack, arn).to_owned(),
        function: arn.clone(),
    });
    let mut deployed: Vec<_> = deployed.collect();
    if folders.is_empty() {
        return Ok(deployed);
    }
    let names = folders.iter().map(|folder| name(folder)).collect::<Result<Vec<_>>>()?;
    for (name, folder) in names.iter().zip(folders) {
        if !deployed.iter().any(|contender| contender.name == *name) {
            let has: Vec<_> = deployed.iter().map(|contender| contender.name.as_str()).collect();
            bail!(
                "{} is not deployed on the stack '{}' (it has: {}): deploy it with: {}",
                folder.display(),
                archive.deployment.stack,
                has.join(", "),
                archive.deployment.pulumi("up")
            );
        }
    }
    deployed.retain(|contender| names.contains(&contender.name));
    Ok(deployed)
}

/// A contender's name by its folder: `contenders/<lang>/<id>` is `<lang>-<id>`.
fn name(folder: &Path) -> Result<String> {
    let Ok(whole) = folder.canonicalize() else {
        bail!("there is no folder {}: a contender is a folder contenders/<lang>/<id>", folder.display());
    };
    let mut parts = whole.iter().rev().map(|part| part.to_string_lossy());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(id), Some(lang), Some(all)) if all == "contenders" => Ok(format!("{lang}-{id}")),
        _ => bail!("{} is not a contender: a contender is a folder contenders/<lang>/<id>", folder.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::run;

    #[test]
    fn a_contender_is_known_by_its_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("contenders/rust/stream");
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(name(&folder).unwrap(), "rust-stream");
        let chosen = chosen(&run().deployed, std::slice::from_ref(&folder)).unwrap();
        assert_eq!(chosen.len(), 1);
        assert!(chosen[0].function.ends_with("lambench-dev-rust-stream"));
        let error = name(folder.parent().unwrap()).unwrap_err().to_string();
        assert!(error.contains("contenders/<lang>/<id>"), "{error}");
    }

    #[test]
    fn a_folder_that_is_missing_or_not_deployed_is_named_with_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("contenders/go/fast");
        let error = chosen(&run().deployed, std::slice::from_ref(&folder)).err().unwrap().to_string();
        assert!(error.contains("there is no folder"), "{error}");
        std::fs::create_dir_all(&folder).unwrap();
        let error = chosen(&run().deployed, &[folder]).err().unwrap().to_string();
        assert!(error.contains("it has: rust-stream") && error.ends_with("pulumi up --stack dev"), "{error}");
    }
}
