//! The event source mapping between queue and function: how many concurrent invocations it is allowed.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::ScalingConfig;
use tokio::time::{Instant, sleep};

use super::Run;
use crate::aws::failed;

/// Between two polls of a mapping that is being changed.
const POLL: Duration = Duration::from_millis(500);
/// How long a change may take; some seconds are usual.
const TIMEOUT: Duration = Duration::from_mins(5);

/// The mapping of a stack.
pub struct EventSourceMapping<'a> {
    run: &'a Run,
    client: Client,
    uuid: String,
    changed: Cell<bool>,
}

/// What Lambda says of it.
struct State {
    concurrency: Option<i32>,
    state: String,
}

impl<'a> EventSourceMapping<'a> {
    /// Finds it by its function and its queue.
    pub async fn find(run: &'a Run) -> Result<Self> {
        let client = Client::new(&run.config);
        let deployed = &run.deployed;
        let found = client
            .list_event_source_mappings()
            .function_name(&deployed.functions.worker)
            .event_source_arn(&deployed.queue.arn)
            .send()
            .await
            .map_err(|error| failed("ListEventSourceMappings", run.deployment())(&error))?;
        let uuid = found.event_source_mappings().iter().find_map(|one| one.uuid.clone());
        let uuid = uuid.with_context(|| {
            format!(
                "{} isn't connected to its queue: deploy the stack again with: {}",
                deployed.functions.worker,
                deployed.deployment.pulumi("up --refresh")
            )
        })?;
        Ok(Self { run, client, uuid, changed: Cell::new(false) })
    }

    /// Allows it so many concurrent invocations, and waits until it does. Nothing is changed where it does already.
    pub async fn set_concurrency(&self, concurrency: u64) -> Result<()> {
        let found = self.settled().await?;
        if found.concurrency == Some(i32::try_from(concurrency)?) {
            return Ok(());
        }
        self.update(concurrency).await
    }

    /// Gives it back what the stack's settings say, if anything has been changed; returns whether it was.
    pub async fn restore(&self) -> Result<bool> {
        if !self.changed.get() {
            return Ok(false);
        }
        let deployment = self.run.deployment();
        let concurrency = deployment.required("concurrency")?;
        // Without asking what it is: a change that was interrupted may still be on its way.
        let restored = async {
            self.settled().await?;
            self.update(concurrency).await
        };
        restored.await.map(|()| true).with_context(|| {
            format!(
                "the queue's concurrency was not restored; restore it with: {} --uuid {} --scaling-config \
                 MaximumConcurrency={concurrency}",
                deployment.aws("lambda update-event-source-mapping"),
                self.uuid
            )
        })
    }

    async fn update(&self, concurrency: u64) -> Result<()> {
        self.changed.set(true);
        let scaling = ScalingConfig::builder().maximum_concurrency(i32::try_from(concurrency)?).build();
        let update = self.client.update_event_source_mapping().uuid(&self.uuid).scaling_config(scaling);
        update
            .send()
            .await
            .map_err(|error| failed("UpdateEventSourceMapping", self.run.deployment())(&error))?;
        self.settled().await.map(|_| ())
    }

    /// Waits until no change is under way.
    async fn settled(&self) -> Result<State> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let found = self.poll().await?;
            match found.state.as_str() {
                "Enabled" => return Ok(found),
                "Disabled" => bail!(
                    "the queue's event source mapping is disabled: enable it with: {} --uuid {} --enabled",
                    self.run.deployment().aws("lambda update-event-source-mapping"),
                    self.uuid
                ),
                state if Instant::now() >= deadline => bail!(
                    "the queue's event source mapping is still {state} after five minutes: see it with: {} --uuid {}",
                    self.run.deployment().aws("lambda get-event-source-mapping"),
                    self.uuid
                ),
                _ => sleep(POLL).await,
            }
        }
    }

    async fn poll(&self) -> Result<State> {
        let found = self.client.get_event_source_mapping().uuid(&self.uuid).send().await;
        let found = found.map_err(|error| failed("GetEventSourceMapping", self.run.deployment())(&error))?;
        let concurrency = found.scaling_config.and_then(|scaling| scaling.maximum_concurrency);
        Ok(State { concurrency, state: found.state.unwrap_or_default() })
    }
}
