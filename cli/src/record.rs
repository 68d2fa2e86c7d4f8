//! What a result file says of every run.

use std::process::Command;

use jiff::Timestamp;
use results::file::Run;

use crate::project::Project;

/// The record of a run that has just ended.
pub fn run(project: &Project, scenario: &str, id: &str, started_at: Timestamp) -> Run {
    Run {
        id: id.to_owned(),
        scenario: scenario.to_owned(),
        started_at,
        ended_at: Timestamp::now(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_commit: git_commit(project),
    }
}

/// The name of a run that starts at a time.
pub fn name(now: Timestamp) -> String {
    now.strftime("lambench-%Y%m%dT%H%M%S%3fZ").to_string().replace('.', "")
}

/// The checkout's commit, with `-dirty` behind it if it has changes.
fn git_commit(project: &Project) -> Option<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])
        .current_dir(&project.root)
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
