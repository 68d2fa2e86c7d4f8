//! A bucket that somebody writes to while an archive is made of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::archive::archive::Archive;
use ::archive::source::RangedSource;
use ::archive::verify::Expected;
use anyhow::Result;
use serde_json::Value;
use tokio::time::sleep;

use super::faults::slow_listings;
use super::function_clone::FunctionClone;
use super::input::Object;
use super::sandbox::{Sandbox, failed};
use super::seed;

/// Between two objects: hundreds are added while a listing goes on.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes.
const SIZE: u64 = 1_000;

/// What a contender answers, and the objects that were added meanwhile.
pub type Answered = (Result<(), String>, Expected);

/// Calls the contender, and adds objects to the bucket from before it lists them until it answers.
pub async fn meanwhile(sandbox: &Sandbox, clone: &FunctionClone, event: &Value) -> Result<Answered> {
    sandbox.set_faults(slow_listings()).await?;
    let bucket = event["bucket_name"].as_str().unwrap_or_default();
    let is_answered = AtomicBool::new(false);
    let called = async {
        let answer = clone.invoke(event).await;
        is_answered.store(true, Ordering::Relaxed);
        answer
    };
    let (answer, added) = tokio::join!(called, add(sandbox, bucket, &is_answered));
    let added = added?;
    remove(sandbox, bucket, &added).await?;
    Ok((answer?, added))
}

async fn add(sandbox: &Sandbox, bucket: &str, until: &AtomicBool) -> Result<Expected> {
    let mut added = Expected::new();
    while !until.load(Ordering::Relaxed) {
        // In the order of the keys it is among the others.
        let object = Object { key: format!("{:05}-added", added.len()), size: SIZE };
        let digest = seed::put(&sandbox.client, bucket, &sandbox.source_prefix, 0, &object, false).await?;
        added.insert(object.key, vec![digest]);
        sleep(PAUSE).await;
    }
    Ok(added)
}

/// The next contender gets the bucket as this one did.
async fn remove(sandbox: &Sandbox, bucket: &str, added: &Expected) -> Result<()> {
    sandbox.set_faults(Value::Array(Vec::new())).await?;
    for name in added.keys() {
        let delete = sandbox.client.delete_object().bucket(bucket);
        let delete = delete.key(format!("{}/{name}", sandbox.source_prefix));
        delete.send().await.map_err(failed("DeleteObject"))?;
    }
    Ok(())
}

/// What an archive has to hold if it may hold any of the objects that were added: those of them that it does hold.
pub async fn allowed<S: RangedSource>(
    archive: &Arc<S>,
    size: u64,
    expected: Expected,
    added: Expected,
) -> Expected {
    if added.is_empty() {
        return expected;
    }
    // What is wrong with an archive that cannot be opened is found when it is verified.
    let Ok((_, entries)) = Archive::open(Arc::clone(archive), size).await else { return expected };
    with_named(expected, added, &entries.iter().map(|entry| entry.name.as_str()).collect())
}

fn with_named(mut expected: Expected, added: Expected, names: &HashSet<&str>) -> Expected {
    expected.extend(added.into_iter().filter(|(name, _)| names.contains(name.as_str())));
    expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_was_added_needs_no_entry_but_one_that_was_there_does() {
        let objects = |names: &[&str]| -> Expected {
            names.iter().map(|name| ((*name).to_owned(), vec!["digest".to_owned()])).collect()
        };
        let allowed = |names: &[&str]| {
            with_named(objects(&["a"]), objects(&["b", "c"]), &names.iter().copied().collect())
        };
        assert_eq!(allowed(&["a"]), objects(&["a"]));
        assert_eq!(allowed(&["a", "c"]), objects(&["a", "c"]));
        assert_eq!(allowed(&["b", "x"]), objects(&["a", "b"]), "a is missing, and x is unknown");
    }
}
