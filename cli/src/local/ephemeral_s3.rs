//! S3 models for one command: empty, without latency or limits, and removed when the command ends.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{emulator, lock, process, s3_model};
use crate::project::Project;

/// In a model's environment: which checkout it belongs to.
const MARK: &str = "LAMBENCH_EPHEMERAL_S3";
const FOLDER: &str = "ephemeral-s3";
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// Running models; they end when this is dropped.
pub struct EphemeralS3 {
    /// Where each of them answers.
    pub addresses: Vec<Addresses>,
    processes: Vec<Child>,
    _lock: File,
}

/// Where a model answers.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// S3.
    pub s3: String,
    /// Its counters and faults.
    pub admin: String,
}

impl EphemeralS3 {
    /// Starts `count` of them, which accept the access keys of this environment's functions and have nothing in common,
    /// and removes what a killed command has left.
    ///
    /// # Errors
    ///
    /// When the local environment does not run, the model is not built or does not start, or another command has some.
    pub async fn start(project: &Project, count: usize) -> Result<Self> {
        s3_model::check(project)?;
        let emulator = emulator::address(project)?;
        let lock = lock::claim(project, "ephemeral-s3.lock", "lambench check")?;
        let mark = project.root.display().to_string();
        process::kill_marked(&format!("{MARK}={mark}"));
        let data = project.folder(FOLDER)?;
        fs::remove_dir_all(&data).with_context(|| format!("cannot remove '{}'", data.display()))?;
        let mut models = Self { addresses: Vec::new(), processes: Vec::new(), _lock: lock };
        for number in 0..count {
            // Any free ports.
            let mut child =
                Command::from(s3_model::command(project, [0, 0], &data.join(number.to_string()), &emulator))
                    // Their buckets are others than the functions' roles are about.
                    .args(["--instant", "--ignore-policies"])
                    .env(MARK, &mark)
                    .stdout(Stdio::piped())
                    // Not ended by Ctrl-C: the command still needs it to clean up.
                    .process_group(0)
                    .kill_on_drop(true)
                    .spawn()
                    .context("cannot run the S3 model: run `make cli FOR=local` again")?;
            models.addresses.push(ready(&mut child).await?);
            models.processes.push(child);
        }
        Ok(models)
    }

    /// Ends them and removes their objects.
    ///
    /// # Errors
    ///
    /// When they cannot be removed.
    pub async fn end(mut self, project: &Project) -> Result<()> {
        let data = project.state.join(FOLDER);
        for process in &mut self.processes {
            process.kill().await.context("cannot stop the S3 model")?;
        }
        fs::remove_dir_all(&data).with_context(|| format!("cannot remove '{}'", data.display()))
    }
}

/// Reads where a model answers: `ready ADDRESS admin ADDRESS`.
async fn ready(child: &mut Child) -> Result<Addresses> {
    let output = child.stdout.take().context("the S3 model has no output")?;
    let mut line = String::new();
    timeout(START_TIMEOUT, BufReader::new(output).read_line(&mut line))
        .await
        .map_err(|_| anyhow!("the S3 model did not start within {} s", START_TIMEOUT.as_secs()))??;
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["ready", s3, "admin", admin] => Ok(Addresses { s3: s3.to_owned(), admin: admin.to_owned() }),
        _ => bail!("the S3 model did not start; see what it wrote above"),
    }
}
