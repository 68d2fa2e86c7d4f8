//! An S3 model for one command: empty, without latency and limits, gone when the command is over.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{emulator, lock, process, s3};
use crate::project::Project;

/// In the model's environment: tells whose it is.
const MARK: &str = "LAMBENCH_SPARE_S3";
const FOLDER: &str = "spare-s3";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running model; it ends when this is dropped.
pub struct SpareS3 {
    /// Where S3 is.
    pub s3: String,
    /// Where its counters and faults are.
    pub admin: String,
    process: Child,
    _lock: File,
}

impl SpareS3 {
    /// Starts one that accepts the keys of this environment's functions. What a killed command has left is removed before.
    ///
    /// # Errors
    ///
    /// When the local environment doesn't run, the model isn't built or doesn't start, or another command has one.
    pub async fn start(project: &Project) -> Result<Self> {
        s3::check(project)?;
        let emulator = emulator::address(project)?;
        let lock = lock::claim(project, "spare-s3.lock", "lambench check")?;
        let mark = project.root.display().to_string();
        process::kill_marked(&format!("{MARK}={mark}"));
        let data = project.folder(FOLDER)?;
        fs::remove_dir_all(&data).with_context(|| format!("cannot remove '{}'", data.display()))?;
        // Any free ports.
        let mut child = Command::from(s3::command(project, [0, 0], &data, &emulator))
            .arg("--instant")
            .env(MARK, mark)
            .stdout(Stdio::piped())
            // Ctrl-C is for the command, which cleans up with its help.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot run the S3 model: run `make cli FOR=local` again")?;
        let (s3, admin) = ready(&mut child).await?;
        Ok(Self { s3, admin, process: child, _lock: lock })
    }

    /// Ends it and removes its objects.
    ///
    /// # Errors
    ///
    /// When they can't be removed.
    pub async fn end(mut self, project: &Project) -> Result<()> {
        let data = project.state.join(FOLDER);
        self.process.kill().await.context("cannot end the S3 model")?;
        fs::remove_dir_all(&data).with_context(|| format!("cannot remove '{}'", data.display()))
    }
}

/// Reads where it listens: `ready ADDRESS admin ADDRESS`.
async fn ready(child: &mut Child) -> Result<(String, String)> {
    let output = child.stdout.take().context("the S3 model has no output")?;
    let mut line = String::new();
    timeout(PATIENCE, BufReader::new(output).read_line(&mut line))
        .await
        .map_err(|_| anyhow!("the S3 model did not start within {} s", PATIENCE.as_secs()))??;
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["ready", s3, "admin", admin] => Ok((s3.to_owned(), admin.to_owned())),
        _ => bail!("the S3 model did not start; what it wrote stands above"),
    }
}
