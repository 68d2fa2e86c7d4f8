//! One contender, one input, one behaviour of S3: what comes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::archive::error::VerifyError;
use ::archive::source::S3Source;
use ::archive::verify::{Expected, verify_archive};
use anyhow::{Result, anyhow};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::added;
use super::faults::{Faults, slow_listings, stalled_bytes};
use super::function_clone::FunctionClone;
use super::input::{Input, Object};
use super::sandbox::{Sandbox, failed};
use super::seed;

/// A function's timeout where its time is to run out, s: enough to start, to list and to clean up.
const SHORT: i32 = 9;
const POLL: Duration = Duration::from_millis(50);
/// Of an archive's key that is to be long, bytes; S3's limit are 1,024.
const LONG_KEY: usize = 1_000;

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// The archive is right.
    Valid,
    /// There is no archive, and the contender says so.
    Refused {
        /// In its words.
        why: String,
    },
    /// The archive is wrong, or the contender says that there is one.
    Invalid {
        /// What is wrong.
        why: String,
    },
}

/// Something that a contender has left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its key.
    pub key: String,
    /// Whether it is an open multipart upload; else an object.
    pub is_upload: bool,
}

/// A case and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// The contender, `<lang>-<id>`.
    pub contender: String,
    /// What was in the bucket.
    pub input: Input,
    /// How S3 behaved.
    pub faults: Faults,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What is there besides the archive: temporary objects, open uploads.
    pub left: Vec<Left>,
    /// How long the invocation took, s.
    pub seconds: f64,
}

/// Has a contender make an archive, and verifies it.
pub async fn run(
    sandbox: &mut Sandbox,
    clone: &FunctionClone,
    contender: &str,
    input: Input,
    faults: Faults,
) -> Result<Checked> {
    let source = sandbox.source(input).await?;
    let (bucket, mut expected) = (source.bucket.clone(), source.expected.clone());
    let archive = archive_key(&sandbox.archive_prefix, contender, input);
    let event =
        json!({ "bucket_name": bucket, "files_prefix": sandbox.source_prefix, "archive_key": archive });
    let started = Instant::now();
    let mut added = Expected::new();
    let answer = match input {
        Input::Added => added::meanwhile(sandbox, clone, &event).await.map(|(answer, meanwhile)| {
            added = meanwhile;
            answer
        }),
        Input::Overwritten | Input::Deleted => {
            sandbox.forget(input);
            meanwhile(sandbox, clone, &event, input, &mut expected).await
        }
        Input::TimeOut => out_of_time(sandbox, clone, &event).await,
        _ => {
            sandbox.set_faults(faults.rules()).await?;
            clone.invoke(&event).await
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    sandbox.set_faults(json!([])).await?;
    let found = verified(sandbox, &bucket, &archive, expected, added).await?;
    let left = sandbox.clean_up(&bucket, &archive).await?;
    let verdict = verdict(answer?, found, &archive);
    Ok(Checked { contender: contender.to_owned(), input, faults, verdict, left, seconds })
}

fn archive_key(prefix: &str, contender: &str, input: Input) -> String {
    let key = |name: &str| format!("{prefix}check/{name}.zip");
    key(&input.archive_name(contender, LONG_KEY.saturating_sub(key("").len())))
}

/// Calls the contender and changes an object that it has been told of, before it can read it.
async fn meanwhile(
    sandbox: &Sandbox,
    clone: &FunctionClone,
    event: &Value,
    input: Input,
    expected: &mut Option<Expected>,
) -> Result<Result<(), String>> {
    let before = sandbox.listings().await?;
    sandbox.set_faults(slow_listings()).await?;
    let change = async {
        listed(sandbox, before).await?;
        let Some(object) = input.objects().into_iter().next() else { return anyhow::Ok(None) };
        let bucket = event["bucket_name"].as_str().unwrap_or_default();
        if input == Input::Deleted {
            let delete = sandbox
                .client
                .delete_object()
                .bucket(bucket)
                .key(format!("{}/{}", sandbox.source_prefix, object.key));
            delete.send().await.map_err(failed("DeleteObject"))?;
            return Ok(None);
        }
        let other = Object { size: object.size / 2, ..object };
        let digest = seed::put(&sandbox.client, bucket, &sandbox.source_prefix, 0, &other, false).await?;
        Ok(Some((other.key, digest)))
    };
    let (answer, changed) = tokio::join!(clone.invoke(event), change);
    if let (Some((name, digest)), Some(expected)) = (changed?, expected) {
        // An archive that holds the object as it is now is right, too.
        expected.entry(name).or_default().push(digest);
    }
    answer
}

/// Waits until somebody has asked for a listing, and nobody asks for another.
async fn listed(sandbox: &Sandbox, before: u64) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut last = before;
    loop {
        let now = sandbox.listings().await?;
        if now > before && now == last {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(anyhow!("the contender did not list the objects within 20 s"));
        }
        last = now;
        sleep(POLL).await;
    }
}

/// Calls the contender with too little time.
async fn out_of_time(sandbox: &Sandbox, clone: &FunctionClone, event: &Value) -> Result<Result<(), String>> {
    clone.set_timeout(Some(SHORT)).await?;
    sandbox.set_faults(stalled_bytes()).await?;
    let answer = clone.invoke(event).await;
    clone.set_timeout(None).await?;
    answer
}

/// What is right or wrong with an archive, which may hold what was `added`; none if there is none.
async fn verified(
    sandbox: &Sandbox,
    bucket: &str,
    archive: &str,
    expected: Option<Expected>,
    added: Expected,
) -> Result<Option<Result<(), String>>> {
    let found =
        S3Source::find(&sandbox.client, bucket, archive).await.map_err(|failure| anyhow!("{failure}"))?;
    let Some((source, size)) = found else { return Ok(None) };
    let Some(expected) = expected else {
        return Ok(Some(Err(
            "two objects share a name, and a flat archive can hold only one of them".to_owned()
        )));
    };
    let source = Arc::new(source);
    let expected = added::allowed(&source, size, expected, added).await;
    match verify_archive(source, size, expected).await {
        Ok(_) => Ok(Some(Ok(()))),
        Err(VerifyError::Invalid(error)) => {
            Ok(Some(Err(error.to_string().trim_start_matches("invalid: ").to_owned())))
        }
        Err(VerifyError::Source(error)) => Err(error.into()),
    }
}

fn verdict(answer: Result<(), String>, found: Option<Result<(), String>>, archive: &str) -> Verdict {
    match (answer, found) {
        (Ok(()), Some(Ok(()))) => Verdict::Valid,
        (Ok(()), Some(Err(why))) => Verdict::Invalid { why },
        (Ok(()), None) => {
            Verdict::Invalid { why: format!("it reports success, but there is no archive at '{archive}'") }
        }
        (Err(why), None) => Verdict::Refused { why },
        (Err(why), Some(Ok(()))) => {
            Verdict::Refused { why: format!("{why} (although its archive exists and is correct)") }
        }
        (Err(why), Some(Err(error))) => {
            Verdict::Invalid { why: format!("it failed ({why}), but left a wrong archive: {error}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_a_key_of_1_000_bytes_where_it_is_to_be_long() {
        assert_eq!(archive_key("archives/", "rust-mine", Input::One), "archives/check/rust-mine.zip");
        let long = archive_key("archives/", "rust-mine", Input::LongArchiveKey);
        assert!(long.len() == 1_000 && long.ends_with("nnn.zip"), "{long}");
    }

    #[test]
    fn only_an_archive_that_is_right_is_valid_and_no_wrong_one_is_excused() {
        let (success, failure) = (|| Ok(()), || Err("no room".to_owned()));
        let (right, wrong) = (|| Some(Ok(())), || Some(Err("no end".to_owned())));
        let name =
            |verdict: Verdict| serde_json::to_value(verdict).unwrap()["verdict"].as_str().unwrap().to_owned();
        let told = |answer, found| name(verdict(answer, found, "archives/a.zip"));
        assert_eq!(told(success(), right()), "valid");
        assert_eq!(told(success(), wrong()), "invalid");
        assert_eq!(told(success(), None), "invalid");
        assert_eq!(told(failure(), None), "refused");
        assert_eq!(told(failure(), right()), "refused");
        assert_eq!(told(failure(), wrong()), "invalid");
    }
}
