//! One run of a scenario on a stack at a time, from whatever machine: two at once would count each other's work.
//!
//! The lock is an item of a table of the stack's, which its run renews. One whose run was killed ends by itself; the process that
//! finds out that the run was one of this machine's need not wait for that.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use protocol::deployment::Deployment;
use serde::{Deserialize, Serialize};

use super::run::Run;
use super::run_file::RunFile;
use crate::aws::failed;

/// A lock that isn't renewed for so long is none any more. Clocks of machines that run the same stack may differ by as much.
const LEASE: Duration = Duration::from_mins(1);
/// Between two renewals: several are tried while the lock is good.
const RENEWAL: Duration = Duration::from_secs(15);
/// The table's key: the scenario's name.
const SCENARIO: &str = "scenario";
/// The name of the run that has the lock.
const HOLDER: &str = "holder";
/// When that was triggered.
const TRIGGERED: &str = "triggered";
/// Until when it has the lock, ms since 1970.
const GOOD_UNTIL_MS: &str = "good_until_ms";
/// When the item may go, s since 1970: the table's time to live.
const EXPIRES: &str = "expires";

/// The run of this machine that has the lock.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    holder: String,
}

struct Lock<'a> {
    client: Client,
    deployment: &'a Deployment,
    scenario: &'a str,
    holder: &'a str,
}

/// Does the work of a run while no other one is under way.
///
/// # Errors
/// If one is; and the work's.
pub async fn alone<D: AsRef<Deployment>, T>(
    run: &Run<D>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let file = RunFile::of(run, "lock")?;
    let killed = file.left_behind::<Held>()?;
    let lock = Lock {
        client: Client::new(&run.config),
        deployment: run.deployment(),
        scenario: run.scenario,
        holder: &run.name,
    };
    lock.acquire(run.started_at, killed.as_ref()).await?;
    file.write(&Held { holder: run.name.clone() })?;
    // In a box: what a scenario keeps while it waits is large.
    let work = Box::pin(work);
    let result = tokio::select! {
        result = work => result,
        error = lock.keep() => Err(error),
    };
    lock.release().await;
    file.remove();
    result
}

impl Lock<'_> {
    /// Takes the lock, unless another run has it that is not one of this machine's that were killed.
    async fn acquire(&self, triggered: Timestamp, killed: Option<&Held>) -> Result<()> {
        let now = Timestamp::now();
        let mut item = HashMap::from([
            (SCENARIO.to_owned(), text(self.scenario)),
            (HOLDER.to_owned(), text(self.holder)),
            (TRIGGERED.to_owned(), text(&triggered.to_string())),
        ]);
        item.extend(good_from(now));
        let free = "attribute_not_exists(#scenario) OR #good_until_ms < :now OR #holder = :killed";
        let put = self
            .client
            .put_item()
            .table_name(&self.deployment.run_locks)
            .set_item(Some(item))
            .condition_expression(free)
            .expression_attribute_names("#scenario", SCENARIO)
            .expression_attribute_names("#good_until_ms", GOOD_UNTIL_MS)
            .expression_attribute_names("#holder", HOLDER)
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":killed", text(killed.map_or("", |killed| &killed.holder)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else { return Ok(()) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(taken)) => {
                bail!(refused(self.scenario, taken.item().unwrap_or(&HashMap::new())))
            }
            _ => Err(failed("PutItem", self.deployment)(&error)),
        }
    }

    /// Renews the lock for ever; returns why not.
    async fn keep(&self) -> anyhow::Error {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let Err(error) = self.renew().await else { continue };
            // Whatever else it is, it may pass before the lock ends; if it doesn't, the next one finds out.
            if let Some(UpdateItemError::ConditionalCheckFailedException(_)) = error.as_service_error() {
                return anyhow!(
                    "another run of {} on this stack started because this run could not renew its lock for \
                     {LEASE:?}: run it again when that one is over",
                    self.scenario
                );
            }
        }
    }

    async fn renew(&self) -> Result<UpdateItemOutput, SdkError<UpdateItemError>> {
        let update = self
            .client
            .update_item()
            .table_name(&self.deployment.run_locks)
            .key(SCENARIO, text(self.scenario));
        let [(until, until_ms), (expires, seconds)] = good_from(Timestamp::now());
        update
            .update_expression("SET #until = :until, #expires = :expires")
            .condition_expression("#holder = :holder")
            .expression_attribute_names("#until", until)
            .expression_attribute_names("#expires", expires)
            .expression_attribute_names("#holder", HOLDER)
            .expression_attribute_values(":until", until_ms)
            .expression_attribute_values(":expires", seconds)
            .expression_attribute_values(":holder", text(self.holder))
            .send()
            .await
    }

    /// Gives the lock back. One that stays ends by itself.
    async fn release(&self) {
        let delete = self.client.delete_item().table_name(&self.deployment.run_locks);
        let _ = delete
            .key(SCENARIO, text(self.scenario))
            .condition_expression("#holder = :holder")
            .expression_attribute_names("#holder", HOLDER)
            .expression_attribute_values(":holder", text(self.holder))
            .send()
            .await;
    }
}

/// What says until when a lock is good that is taken or renewed now.
fn good_from(now: Timestamp) -> [(String, AttributeValue); 2] {
    let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
    [
        (GOOD_UNTIL_MS.to_owned(), number(until.as_millisecond())),
        (EXPIRES.to_owned(), number(until.as_second())),
    ]
}

fn refused(scenario: &str, lock: &HashMap<String, AttributeValue>) -> String {
    let says = |name| lock.get(name).and_then(|value| value.as_s().ok()).map_or("?", String::as_str);
    format!(
        "the run {} of {scenario} on this stack has been under way since {}, and two at once would count \
         each other's work: wait for it; if it was killed, try again in {} s",
        says(HOLDER),
        says(TRIGGERED),
        LEASE.as_secs()
    )
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tempfile::TempDir;
    use test_kit::aws::{self, Answer};

    use super::*;
    use crate::project::Project;
    use crate::scenario::shared::testing::{self, Deployed};

    /// A run's name, in a checkout on one machine, with the table of the stack.
    fn run(name: &str, folder: &TempDir, config: &aws_config::SdkConfig) -> Run<Deployed> {
        let root = folder.path().to_owned();
        Run {
            project: Project { state: root.join(".lambench"), root },
            config: config.clone(),
            name: name.to_owned(),
            ..testing::run("x", json!({ "settings": {} }))
        }
    }

    /// The table, as far as its conditions are the lock's.
    fn table(item: &mut Option<Value>, operation: &str, request: &Value) -> Answer {
        let values = &request["ExpressionAttributeValues"];
        let ms = |value: &Value| value["N"].as_str().unwrap().parse::<i64>().unwrap();
        let held = item.as_ref().is_some_and(|item| item["holder"] == values[":holder"]);
        let allowed = match (operation, &item) {
            ("PutItem", Some(item)) => {
                ms(&item["good_until_ms"]) < ms(&values[":now"]) || item["holder"] == values[":killed"]
            }
            ("PutItem", None) => true,
            _ => held,
        };
        if !allowed {
            return aws::error("ConditionalCheckFailedException", json!({ "message": "no", "Item": item }));
        }
        match operation {
            "PutItem" => *item = Some(request["Item"].clone()),
            "UpdateItem" => item.as_mut().unwrap()["good_until_ms"] = values[":until"].clone(),
            _ => *item = None,
        }
        (200, json!({}))
    }

    fn stack() -> (aws_config::SdkConfig, Arc<Mutex<Option<Value>>>) {
        aws::stateful(table)
    }

    #[tokio::test]
    async fn a_second_run_is_refused_from_another_machine_too_and_let_in_afterwards() {
        let (config, item) = stack();
        let [here, there] = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let second = async || alone(&run("second", &there, &config), async { Ok(2) }).await;
        let first = run("first", &here, &config);
        let inner = async { Ok(Box::pin(second()).await.unwrap_err().to_string()) };
        let said = Box::pin(alone(&first, inner)).await.unwrap();
        assert!(
            said.starts_with(
                "the run first of x on this stack has been under way since 1970-01-01T00:00:00Z"
            ),
            "{said}"
        );
        assert!(item.lock().unwrap().is_none(), "the first has given it back");
        assert_eq!(second().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_run_that_fails_gives_the_lock_back() {
        let (config, item) = stack();
        let folder = TempDir::new().unwrap();
        let run = run("first", &folder, &config);
        let failed = alone(&run, async { Err::<(), _>(anyhow!("no queue")) }).await;
        assert_eq!(failed.unwrap_err().to_string(), "no queue");
        assert!(item.lock().unwrap().is_none());
    }

    #[tokio::test]
    async fn the_lock_of_a_run_that_was_killed_is_no_lock_here_at_once_and_elsewhere_after_a_while() {
        let (config, item) = stack();
        let [here, there] = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let until =
            |ms: i64| Some(json!({ "holder": { "S": "killed" }, "good_until_ms": { "N": ms.to_string() } }));
        let soon = Timestamp::now().as_millisecond() + 30_000;
        let again = async |folder: &TempDir| alone(&run("again", folder, &config), async { Ok(()) }).await;
        *item.lock().unwrap() = until(soon);
        assert!(again(&there).await.unwrap_err().to_string().contains("if it was killed, try again in 60 s"));
        RunFile::of(&run("killed", &here, &config), "lock")
            .unwrap()
            .write(&Held { holder: "killed".to_owned() })
            .unwrap();
        testing::disown(here.path(), "lock");
        again(&here).await.unwrap();
        *item.lock().unwrap() = until(Timestamp::now().as_millisecond() - 1);
        again(&there).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_is_renewed_and_a_run_that_has_lost_it_ends() {
        let (config, item) = stack();
        let folder = TempDir::new().unwrap();
        let of = |name: &str| item.lock().unwrap().as_ref().unwrap()[name].clone();
        let run = run("first", &folder, &config);
        let lost = alone(&run, async {
            let taken = of("good_until_ms");
            item.lock().unwrap().as_mut().unwrap()["good_until_ms"] = json!({ "N": "0" });
            tokio::time::sleep(RENEWAL * 2).await;
            assert_ne!(of("good_until_ms"), json!({ "N": "0" }), "it was {taken}");
            item.lock().unwrap().as_mut().unwrap()["holder"] = json!({ "S": "other" });
            std::future::pending::<Result<()>>().await
        });
        let said = lost.await.unwrap_err().to_string();
        assert!(said.starts_with("another run of x on this stack started"), "{said}");
        assert_eq!(of("holder"), json!({ "S": "other" }), "that is the other's");
    }
}
