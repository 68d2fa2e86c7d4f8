//! Scores a contest with what AWS knows about the functions: configurations and REPORT lines.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client as Logs;
use aws_sdk_lambda::Client as Lambda;
use futures::future::try_join_all;
use lambda_kit::Failure;
use results::scenario::archive::{self, Contest};
use tokio::time::{Instant, sleep};

use crate::score::{self, Configuration, Contender, Request, function_name};
use results::billing_log::Report;

/// How long to wait for REPORT lines: logs are searchable some time after they are written.
const REPORTS_TIMEOUT: Duration = Duration::from_mins(1);
/// Between two searches.
const REPORTS_INTERVAL: Duration = Duration::from_secs(2);
/// A REPORT line may be written a little after the invocation's answer.
const LATE_MS: i64 = 10_000;

/// The functions' AWS clients and limits.
#[derive(Debug, Clone)]
pub struct Scorer {
    /// Configurations.
    pub lambda: Lambda,
    /// Logs.
    pub logs: Logs,
    /// A longer run puts its contender out, seconds.
    pub max_run_seconds: u64,
}

impl Scorer {
    /// Scores all contenders.
    ///
    /// # Errors
    /// If a configuration or a log cannot be read, or an architecture has no price.
    pub async fn score(&self, request: &Request) -> Result<Contest, Failure> {
        let (mut failure, mut passed) = (Vec::new(), Vec::new());
        for contender in &request.contenders {
            match score::disqualification(contender, self.max_run_seconds) {
                Some(reason) => failure.push(archive::Failure { arn: contender.arn.clone(), reason }),
                None => passed.push(contender),
            }
        }
        let scored = try_join_all(passed.into_iter().map(|contender| self.success(contender))).await?;
        let (success, warnings): (Vec<_>, Vec<_>) = scored.into_iter().unzip();
        Ok(score::rank(success, failure, warnings.into_iter().flatten().collect()))
    }

    async fn success(&self, contender: &Contender) -> Result<(archive::Success, Option<String>), Failure> {
        let configuration = self.configuration(&contender.arn).await?;
        let reports = self.reports(contender).await?;
        Ok(score::success(contender, configuration, &reports)?)
    }

    async fn configuration(&self, arn: &str) -> Result<Configuration, Failure> {
        let found = self.lambda.get_function_configuration().function_name(arn).send().await;
        let found =
            found.map_err(|error| Failure::aws(format_args!("read the settings of {arn}"), &error))?;
        let megabytes = |size: i32| u64::try_from(size).unwrap_or_default();
        Ok(Configuration {
            runtime: found.runtime().map(|runtime| runtime.as_str().to_owned()).unwrap_or_default(),
            architecture: found.architectures().first().map_or("x86_64", |one| one.as_str()).to_owned(),
            memory_mb: found.memory_size().map(megabytes).unwrap_or_default(),
            storage_mb: found.ephemeral_storage().map_or(512, |storage| megabytes(storage.size())),
        })
    }

    /// The REPORT lines of the contender's runs; as many as were there in time, if they were fewer.
    async fn reports(&self, contender: &Contender) -> Result<Vec<Report>, Failure> {
        let deadline = Instant::now() + REPORTS_TIMEOUT;
        loop {
            let reports = self.search(contender).await?;
            if reports.len() >= contender.runs.len() || Instant::now() >= deadline {
                return Ok(reports);
            }
            sleep(REPORTS_INTERVAL).await;
        }
    }

    async fn search(&self, contender: &Contender) -> Result<Vec<Report>, Failure> {
        let log_group = format!("/aws/lambda/{}", function_name(&contender.arn));
        let mut pages = self
            .logs
            .filter_log_events()
            .log_group_name(&log_group)
            .filter_pattern("\"REPORT RequestId\"")
            .start_time(contender.started.as_millisecond())
            .end_time(contender.ended.as_millisecond() + LATE_MS)
            .into_paginator()
            .send();
        let mut reports = Vec::new();
        let failed = |error| Failure::aws(format_args!("search the log group '{log_group}'"), &error);
        while let Some(page) = pages.try_next().await.map_err(failed)? {
            reports.extend(page.events().iter().filter_map(|event| Report::parse(event.message()?)));
        }
        Ok(reports)
    }
}
