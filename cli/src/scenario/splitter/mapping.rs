//! The event source mapping between queue and function: how many invocations at once it is allowed.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::ScalingConfig;
use tokio::time::{Instant, sleep};

use super::Test;
use crate::aws::failed;

/// Between two looks at a mapping that is being changed.
const POLL: Duration = Duration::from_millis(500);
/// How long a change may take; some seconds are usual.
const TIMEOUT: Duration = Duration::from_mins(5);

/// The mapping of a stack.
pub struct Mapping<'a> {
    test: &'a Test,
    client: Client,
    uuid: String,
    changed: Cell<bool>,
}

/// What Lambda says of it.
struct Found {
    concurrency: Option<i32>,
    state: String,
}

impl<'a> Mapping<'a> {
    /// Finds it by its function and its queue.
    pub async fn find(test: &'a Test) -> Result<Self> {
        let client = Client::new(&test.config);
        let splitter = &test.splitter;
        let found = client
            .list_event_source_mappings()
            .function_name(&splitter.function)
            .event_source_arn(&splitter.queue.arn)
            .send()
            .await
            .map_err(|error| failed("ListEventSourceMappings", &splitter.deployment)(&error))?;
        let uuid = found.event_source_mappings().iter().find_map(|one| one.uuid.clone());
        let uuid = uuid.with_context(|| {
            format!(
                "{} isn't connected with its queue: deploy the stack again with: pulumi up --refresh {}",
                splitter.function,
                splitter.deployment.stack_option()
            )
        })?;
        Ok(Self { test, client, uuid, changed: Cell::new(false) })
    }

    /// Has it invoke the function so many times at once, and waits until it does. Nothing is changed where it does already.
    pub async fn set(&self, concurrency: u64) -> Result<()> {
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
        let deployment = &self.test.splitter.deployment;
        let concurrency = deployment.required("concurrency")?;
        // Without a look at what it is: a change that was interrupted may still be on its way.
        let restored = async {
            self.settled().await?;
            self.update(concurrency).await
        };
        restored.await.map(|()| true).with_context(|| {
            format!(
                "the queue's concurrency is not again what the stack says; set it with: aws lambda \
                 update-event-source-mapping --uuid {} --scaling-config MaximumConcurrency={concurrency}",
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
            .map_err(|error| failed("UpdateEventSourceMapping", &self.test.splitter.deployment)(&error))?;
        self.settled().await.map(|_| ())
    }

    /// Waits until no change is under way.
    async fn settled(&self) -> Result<Found> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let found = self.look().await?;
            match found.state.as_str() {
                "Enabled" => return Ok(found),
                "Disabled" => bail!(
                    "the queue's event source mapping is disabled: enable it with: aws lambda \
                     update-event-source-mapping --uuid {} --enabled",
                    self.uuid
                ),
                state if Instant::now() >= deadline => bail!(
                    "the queue's event source mapping is still {state} after five minutes: see it with: aws lambda \
                     get-event-source-mapping --uuid {}",
                    self.uuid
                ),
                _ => sleep(POLL).await,
            }
        }
    }

    async fn look(&self) -> Result<Found> {
        let found = self.client.get_event_source_mapping().uuid(&self.uuid).send().await;
        let found =
            found.map_err(|error| failed("GetEventSourceMapping", &self.test.splitter.deployment)(&error))?;
        let concurrency = found.scaling_config.and_then(|scaling| scaling.maximum_concurrency);
        Ok(Found { concurrency, state: found.state.unwrap_or_default() })
    }
}
