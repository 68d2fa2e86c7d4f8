//! One contender, one input, one behaviour of S3: what comes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::archive::flaw::Problem;
use ::archive::judge::{Expected, check};
use ::archive::source::S3Source;
use anyhow::{Result, anyhow};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::copy::Copy;
use super::faults::{Faults, slow_listings, stalled_bytes};
use super::fill;
use super::input::{Input, Object};
use super::world::{PREFIX, World, failed};

/// A function's timeout where its time is to run out, s: enough to start, to list and to clean up.
const SHORT: i32 = 9;
const POLL: Duration = Duration::from_millis(50);

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

/// Has a contender make an archive, and judges it.
pub async fn run(
    world: &mut World,
    copy: &Copy<'_>,
    contender: &str,
    input: Input,
    faults: Faults,
) -> Result<Checked> {
    let source = world.source(input).await?;
    let (bucket, mut expected) = (source.bucket.clone(), source.expected.clone());
    let archive = format!("archives/check/{contender}.zip");
    let event = json!({ "bucket_name": bucket, "files_prefix": PREFIX, "archive_key": archive });
    let begun = Instant::now();
    let answer = match input {
        Input::Overwritten | Input::Deleted => {
            world.forget(input);
            meanwhile(world, copy, &event, input, &mut expected).await
        }
        Input::TimeOut => out_of_time(world, copy, &event).await,
        _ => {
            world.set_faults(faults.rules()).await?;
            copy.invoke(&event).await
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    world.set_faults(json!([])).await?;
    let found = judged(world, &bucket, &archive, expected).await?;
    let left = world.sweep(&bucket, &archive).await?;
    let verdict = verdict(answer?, found, &archive);
    Ok(Checked { contender: contender.to_owned(), input, faults, verdict, left, seconds })
}

/// Calls the contender and changes an object that it has been told of, before it can read it.
async fn meanwhile(
    world: &World,
    copy: &Copy<'_>,
    event: &Value,
    input: Input,
    expected: &mut Option<Expected>,
) -> Result<Result<(), String>> {
    let before = world.listings().await?;
    world.set_faults(slow_listings()).await?;
    let change = async {
        listed(world, before).await?;
        let Some(object) = input.objects().into_iter().next() else { return anyhow::Ok(None) };
        let bucket = event["bucket_name"].as_str().unwrap_or_default();
        if input == Input::Deleted {
            let delete = world.client.delete_object().bucket(bucket).key(format!("{PREFIX}/{}", object.key));
            delete.send().await.map_err(failed("DeleteObject"))?;
            return Ok(None);
        }
        let other = Object { size: object.size / 2, ..object };
        let digest = fill::put(&world.client, bucket, 0, &other).await?;
        Ok(Some((other.key, digest)))
    };
    let (answer, changed) = tokio::join!(copy.invoke(event), change);
    if let (Some((name, digest)), Some(expected)) = (changed?, expected) {
        // An archive that holds the object as it is now is right, too.
        expected.entry(name).or_default().push(digest);
    }
    answer
}

/// Waits until somebody has asked for a listing, and nobody asks for another.
async fn listed(world: &World, before: u64) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut last = before;
    loop {
        let now = world.listings().await?;
        if now > before && now == last {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(anyhow!("the contender has not listed the objects within 20 s"));
        }
        last = now;
        sleep(POLL).await;
    }
}

/// Calls the contender with too little time.
async fn out_of_time(world: &World, copy: &Copy<'_>, event: &Value) -> Result<Result<(), String>> {
    copy.set_timeout(Some(SHORT)).await?;
    world.set_faults(stalled_bytes()).await?;
    let answer = copy.invoke(event).await;
    copy.set_timeout(None).await?;
    answer
}

/// What the judge says of an archive; none if there is none.
async fn judged(
    world: &World,
    bucket: &str,
    archive: &str,
    expected: Option<Expected>,
) -> Result<Option<Result<(), String>>> {
    let found =
        S3Source::find(&world.client, bucket, archive).await.map_err(|failure| anyhow!("{failure}"))?;
    let Some((source, size)) = found else { return Ok(None) };
    let Some(expected) = expected else {
        return Ok(Some(Err(
            "two objects share a name, and a flat archive can hold only one of them".to_owned()
        )));
    };
    match check(Arc::new(source), size, expected).await {
        Ok(_) => Ok(Some(Ok(()))),
        Err(Problem::Flaw(flaw)) => {
            Ok(Some(Err(flaw.to_string().trim_start_matches("invalid: ").to_owned())))
        }
        Err(Problem::Source(error)) => Err(error.into()),
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
            Verdict::Refused { why: format!("{why} (though its archive is there, and right)") }
        }
        (Err(why), Some(Err(flaw))) => Verdict::Invalid {
            why: format!("it failed ({why}), but left an archive, which is wrong: {flaw}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
