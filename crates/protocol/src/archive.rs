//! The archive contest: what its stack says of itself, what its functions take and answer, and what the state machine returns.

use serde::{Deserialize, Serialize};

use crate::deployment::Deployment;

/// The output `environment.archive`, as `stacks/archive/index.ts` writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    /// What every scenario's part has.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// The state machine's ARN.
    pub state_machine: String,
    /// The contenders' ARNs.
    pub contenders: Vec<String>,
    /// The smallest and the largest number of warm-up runs; none if the state machine takes neither those nor a number of runs, as
    /// that of an earlier version.
    #[serde(default)]
    pub warmup_range: Option<(u64, u64)>,
    /// Whether the state machine pauses around the runs if it is told to; that of an earlier version does not.
    #[serde(default)]
    pub can_pause: bool,
    /// Those of the contenders that may invoke themselves, ARNs.
    #[serde(default)]
    pub self_invoking: Vec<String>,
    /// The bucket; none in the output of an earlier version.
    #[serde(default)]
    pub bucket: Option<String>,
    /// The contenders that are not deployed, since their settings cannot be followed.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// The functions that are not contenders.
    pub functions: Functions,
    /// How archives are verified.
    pub verification: Verification,
    /// A command line that fills the bucket again.
    pub fill_command: String,
    /// Where the source objects are, without a slash at the end.
    pub source_prefix: String,
    /// Where contenders write archives.
    pub archive_prefix: String,
    /// Where contenders put what they need on the way.
    pub scratch_prefix: String,
}

/// A contender that is not deployed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LeftOut {
    /// Its folder below `contenders/`.
    pub contender: String,
    /// What is wrong with its settings, with the file's name.
    pub reason: String,
}

/// The functions that are not contenders, by name.
#[derive(Debug, Clone, Deserialize)]
pub struct Functions {
    /// Checks the source bucket.
    pub preflight: String,
    /// Verifies an archive.
    pub verify: String,
    /// Deletes what contenders wrote.
    pub cleanup: String,
}

/// How archives are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Memory of the function that verifies, MB.
    pub memory: u64,
    /// Archives of a contender that are verified at once.
    pub at_once: u64,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

impl AsMut<Deployment> for Deployed {
    fn as_mut(&mut self) -> &mut Deployment {
        &mut self.deployment
    }
}

/// What an execution of the state machine takes; each part may be missing, and is then as the stack's settings say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExecutionInput {
    /// The contenders' ARNs.
    pub contenders: Vec<String>,
    /// Counted runs of each contender.
    pub runs_per_contender: u64,
    /// Runs of each contender before those, which do not count.
    pub warmup_runs: u64,
    /// Seconds in which nothing happens before the runs, and between them and the verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_seconds: Option<u64>,
}

/// What the execution of the state machine returns.
#[derive(Debug, Clone, Deserialize)]
pub struct Execution {
    /// The contenders in the order in which they were given.
    pub contenders: Vec<Contender>,
    /// What went wrong besides.
    pub warnings: Vec<String>,
}

/// A contender's runs.
#[derive(Debug, Clone, Deserialize)]
pub struct Contender {
    /// The function's ARN.
    pub arn: String,
    /// Whether these are its warm-up runs: one of them failed, so that no run that counts was started.
    #[serde(default)]
    pub is_warmup: bool,
    /// When its runs started, ms since 1970.
    pub started_ms: i64,
    /// When the last of them had ended, ms since 1970.
    pub ended_ms: i64,
    /// Its runs.
    pub runs: Vec<Run>,
}

/// One run of a contender.
#[derive(Debug, Clone, Deserialize)]
pub struct Run {
    /// Its number, from 0.
    pub run: u64,
    /// The invocation's request id; none if it failed.
    pub request_id: Option<String>,
    /// Its time as the state machine saw it, ms.
    pub elapsed_ms: f64,
    /// The error's name, if it failed.
    pub error: Option<String>,
    /// The error's message; of the contender's first run that failed.
    pub cause: Option<String>,
    /// What was said of its archive; none if a run of the contender failed.
    pub verdict: Option<Verdict>,
}

/// Which archive to verify.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyRequest {
    /// The archive's key.
    pub archive_key: String,
}

/// How the reason begins where there is no archive.
pub const NO_ARCHIVE: &str = "invalid: no archive at";

/// Whether an archive holds exactly the source objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Verdict {
    /// It does.
    Valid {
        /// Always true.
        valid: bool,
        /// Entries in the archive.
        entries: u64,
        /// Size of the archive, bytes.
        archive_bytes: u64,
    },
    /// It doesn't.
    Invalid {
        /// Always false.
        valid: bool,
        /// What is wrong, such as `invalid: …`.
        reason: String,
    },
}

/// What to remove.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CleanupRequest {
    /// What the keys start with.
    pub prefix: String,
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Objects deleted.
    pub deleted: u64,
    /// Multipart uploads aborted.
    pub aborted: u64,
}

/// The function's name in `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`.
#[must_use]
pub fn function_name(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_name_is_read_with_and_without_a_qualifier() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:lambench-dev-rust-stream";
        assert_eq!(function_name(arn), "lambench-dev-rust-stream");
        assert_eq!(function_name(&format!("{arn}:live")), "lambench-dev-rust-stream");
    }

    #[test]
    fn what_the_state_machine_returns_is_understood() {
        let execution: Execution = serde_json::from_str(
            r#"{"contenders": [{"arn": "a", "started_ms": 1000, "ended_ms": 2000, "runs": [
                {"run": 0, "request_id": "3897a7c2", "elapsed_ms": 1234, "verdict": {"valid": true, "entries": 3, "archive_bytes": 99}},
                {"run": 1, "elapsed_ms": 5.5, "verdict": {"valid": false, "reason": "invalid: x"}},
                {"run": 2, "elapsed_ms": 5.5, "error": "Sandbox.Timedout", "cause": ""}]}], "warnings": []}"#,
        )
        .unwrap();
        let runs = &execution.contenders[0].runs;
        assert_eq!(runs[0].request_id.as_deref(), Some("3897a7c2"));
        assert_eq!(runs[0].verdict, Some(Verdict::Valid { valid: true, entries: 3, archive_bytes: 99 }));
        let invalid = Verdict::Invalid { valid: false, reason: "invalid: x".to_owned() };
        assert_eq!(runs[1].verdict, Some(invalid));
        assert_eq!((runs[2].error.as_deref(), &runs[2].verdict), (Some("Sandbox.Timedout"), &None));
    }
}
