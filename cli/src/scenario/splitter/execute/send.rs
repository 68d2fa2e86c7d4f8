//! Sending the event: by the event bus, or by invoking the function.

use anyhow::{Context, Result, bail};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use protocol::splitter::{DETAIL_TYPE, Reply};

use super::Split;
use crate::aws::failed;
use crate::scenario::shared::invoke;

/// Puts the event on the bus.
pub async fn put_event(Split { run, event, name, .. }: Split<'_>) -> Result<()> {
    let deployed = &run.deployed;
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&deployed.event_bus)
        .source(&deployed.source)
        .resources(&deployed.function_arn)
        .detail_type(DETAIL_TYPE)
        .detail(event.in_run(name)["detail"].to_string());
    let answer = Client::new(&run.config)
        .put_events()
        .entries(entry.build())
        .send()
        .await
        .map_err(|error| failed("PutEvents", run.deployment())(&error))?;
    if let Some(code) = answer.entries().iter().find_map(|entry| entry.error_code()) {
        let message = answer.entries().iter().find_map(|entry| entry.error_message()).unwrap_or_default();
        bail!("EventBridge has refused the event: {code}: {message}");
    }
    Ok(())
}

/// Invokes the function with the event.
pub async fn invoke(Split { run, event, name, .. }: Split<'_>) -> Result<Reply> {
    invoke::invoke(&run.config, run.deployment(), &run.deployed.functions.worker, &event.in_run(name))
        .await
        .context("the function could not handle the event")
}
