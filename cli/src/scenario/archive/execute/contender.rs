//! What AWS knows of a contender: its function's configuration, and the REPORT lines of its runs.

use anyhow::Result;
use aws_sdk_lambda::Client;
use protocol::archive::{Contender, Run as ContenderRun, Verdict, function_name};
use results::billing_log::Report;
use tokio::time::Instant;

use super::Run;
use crate::aws::failed;
use crate::scenario::shared::billing_log::{Invocations, Span, reports};

/// A contender and its runs.
pub struct Observed {
    /// As the state machine saw them.
    pub contender: Contender,
    /// What its function is configured to.
    pub configuration: Configuration,
    /// The REPORT lines of its runs, in no order; none if one of its archives is wrong.
    pub reports: Vec<Report>,
}

impl Observed {
    /// The REPORT line of a run. A contender may print a line of the same form about itself, but Lambda writes the true one as
    /// well: of several, the worst of each value counts.
    pub fn report(&self, run: &ContenderRun) -> Option<Report> {
        let id = run.request_id.as_ref()?;
        let own = self.reports.iter().filter(|report| report.request_id == *id);
        own.cloned().reduce(|one, other| Report {
            billed_ms: one.billed_ms.max(other.billed_ms),
            max_memory_mb: one.max_memory_mb.max(other.max_memory_mb),
            init_ms: one.init_ms.into_iter().chain(other.init_ms).reduce(f64::max),
            request_id: one.request_id,
        })
    }

    /// The REPORT lines in order of run; none if one is missing.
    pub fn reports(&self) -> Option<Vec<Report>> {
        self.contender.runs.iter().map(|run| self.report(run)).collect()
    }
}

/// What a function is configured to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Such as `provided.al2023`.
    pub runtime: String,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Memory, MB.
    pub memory_mb: u64,
    /// Ephemeral storage, MB.
    pub storage_mb: u64,
}

/// Reads the configuration, and the REPORT lines of a contender whose archives are all right; as many as there are a minute
/// after the contest has ended, if some are missing.
pub async fn observe(run: &Run, contender: Contender, ended: Instant) -> Result<Observed> {
    let configuration = configuration(run, &contender.arn).await?;
    let is_valid = |one: &ContenderRun| matches!(one.verdict, Some(Verdict::Valid { .. }));
    let reports = if contender.runs.iter().all(is_valid) {
        let span = Span {
            function: function_name(&contender.arn),
            from_ms: contender.started_ms,
            to_ms: contender.ended_ms,
            invocations: Invocations::Known {
                ids: contender.runs.iter().filter_map(|one| one.request_id.clone()).collect(),
                least: contender.runs.len() as u64,
            },
        };
        reports(run.context(), &span, ended).await?
    } else {
        Vec::new()
    };
    Ok(Observed { contender, configuration, reports })
}

/// What a contender's function is configured to.
///
/// # Errors
/// If Lambda doesn't say it.
pub async fn configuration(run: &Run, arn: &str) -> Result<Configuration> {
    let found = Client::new(&run.config).get_function_configuration().function_name(arn).send().await;
    let found = found.map_err(|error| failed("GetFunctionConfiguration", run.deployment())(&error))?;
    let megabytes = |size: i32| u64::try_from(size).unwrap_or_default();
    Ok(Configuration {
        runtime: found.runtime().map(|runtime| runtime.as_str().to_owned()).unwrap_or_default(),
        architecture: found.architectures().first().map_or("x86_64", |one| one.as_str()).to_owned(),
        memory_mb: found.memory_size().map(megabytes).unwrap_or_default(),
        storage_mb: found.ephemeral_storage().map_or(512, |storage| megabytes(storage.size())),
    })
}
