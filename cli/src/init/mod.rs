//! `lambench init contender`: a contender of the archive contest that works already, to be changed.

mod name;
mod rust;
mod templates;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cli::Global;
use crate::output;
use crate::project::Project;
use name::Name;
use templates::{File, Language};

/// What `lambench init contender --help` shows.
pub const EXAMPLES: &str = "\
It makes the folder contenders/<lang>/<id>/ with a program that archives one object after the other, a contender.yaml, and what \
builds it. A comment at the top of the program says what to change. The languages:

  rust        a package of the workspace, made of contender-kit
  python      index.py, with boto3
  node        index.mjs, with the AWS SDK, which 'make build' installs
  go          main.go, with the AWS SDK, which build.sh compiles
  bootstrap   any other: build.sh, and a runtime that makes no archive yet and says so

Examples:
  lambench init contender rust/mine
  make build && pulumi up --stack dev
  lambench check contender contenders/rust/mine";

/// What `lambench init contender` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Language and id of the contender, such as rust/mine
    #[arg(value_name = "LANG/ID")]
    contender: Name,
}

/// Makes a contender.
///
/// # Errors
/// If it is there already, or cannot be written.
pub fn contender(arguments: &Arguments, global: &Global) -> Result<ExitCode> {
    global.refuse("init contender", true, true)?;
    let root = Project::find()?.root;
    let name = &arguments.contender;
    let folder = root.join("contenders").join(name.to_string());
    if folder.exists() {
        bail!("contenders/{name} is there already: choose another id, or remove that folder");
    }
    let files = templates::files(name);
    if name.language == Language::Rust {
        rust::refuse_taken(&root, &name.id)?;
        rust::with_package(&root, &name.id, &folder, || write(&folder, &files))?;
    } else {
        write(&folder, &files)?;
    }
    output::print(report(name, &files))?;
    Ok(ExitCode::SUCCESS)
}

fn write(folder: &Path, files: &[File]) -> Result<()> {
    for File { path, content } in files {
        let file = folder.join(path);
        let written = fs::create_dir_all(file.parent().unwrap_or(folder)).and_then(|()| {
            fs::write(&file, content)?;
            // Scripts can be run as they are.
            let mode = if content.starts_with("#!") { 0o755 } else { 0o644 };
            fs::set_permissions(&file, fs::Permissions::from_mode(mode))
        });
        written.with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// What was made, and what comes next.
fn report(name: &Name, files: &[File]) -> String {
    let files: Vec<_> = files.iter().map(|file| file.path).collect();
    let build = if name.language == Language::Python { "" } else { "  make build\n" };
    format!(
        "made contenders/{name}: {}\nnext: change {}, whose comment says what, and then:\n{build}  pulumi up\n  \
         lambench check contender contenders/{name}\n  lambench run archive\n",
        files.join(", "),
        name.language.program(),
    )
}
