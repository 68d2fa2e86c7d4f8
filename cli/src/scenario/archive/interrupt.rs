//! Ending a run early without leaving anything behind.

use std::time::Duration;

use anyhow::Result;
use aws_config::SdkConfig;
use jiff::Timestamp;
use tokio::time::Instant;

use super::sweep::sweep;
use super::{Deployed, function_name};
use crate::aws::failed;
use crate::shutdown::requested;

const POLL: Duration = Duration::from_secs(1);

/// Stops an execution and removes what it wrote. A contender that runs already can't be stopped and might still write
/// its archive: so its end is waited for, unless the user presses Ctrl-C again.
pub async fn end(archive: &Deployed, config: &SdkConfig, arn: &str, since: Timestamp) -> Result<()> {
    eprintln!("stopping the execution …");
    archive.machine(config).stop(arn).await?;
    tokio::select! {
        ended = wait_for_invocations(archive, config, arn, since) => ended?,
        () = requested() => eprintln!("not waiting any longer: the next run removes what invocations under way still write"),
    }
    sweep(archive, config).await
}

/// Waits until every invocation that the execution started has logged its end, or could not run any longer.
pub async fn wait_for_invocations(
    archive: &Deployed,
    config: &SdkConfig,
    arn: &str,
    since: Timestamp,
) -> Result<()> {
    let started = archive.machine(config).events(arn).await?.scheduled;
    let deadline = Instant::now() + longest_run(archive);
    let mut said = 0;
    while Instant::now() < deadline {
        let ended = reports(archive, config, since).await?;
        if ended >= started {
            break;
        }
        if said != started - ended {
            said = started - ended;
            eprintln!("waiting for {said} invocations under way (Ctrl-C: don't wait) …");
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

fn longest_run(archive: &Deployed) -> Duration {
    let seconds = archive.deployment.setting("timeoutSeconds").unwrap_or(900);
    Duration::from_secs(seconds)
}

/// How many invocations of the contest's functions have ended since a time: each logs one REPORT line.
async fn reports(archive: &Deployed, config: &SdkConfig, since: Timestamp) -> Result<u64> {
    let harness = &archive.functions;
    let names = [&harness.prepare, &harness.judge, &harness.score].map(String::as_str);
    let contenders = archive.contenders.iter().map(|arn| function_name(arn));
    let client = aws_sdk_cloudwatchlogs::Client::new(config);
    let mut ended = 0;
    for name in contenders.chain(names) {
        let mut pages = client
            .filter_log_events()
            .log_group_name(format!("/aws/lambda/{name}"))
            .filter_pattern("\"REPORT RequestId\"")
            .start_time(since.as_millisecond())
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("FilterLogEvents", &archive.deployment)(&error))?;
            ended += page.events().len() as u64;
        }
    }
    Ok(ended)
}
