//! Removes what failed runs leave.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use s3_wire::{Failed, OpenUpload, S3, Upload};

/// Where temporary objects of all runs are.
const RUNS: &str = "seg-temps/copy-plan-";
/// Lambda's clock and S3's may differ.
const CLOCKS: Duration = Duration::from_mins(1);
/// No function runs longer than Lambda's 15 minutes.
const LONGEST_RUN: Duration = Duration::from_mins(15);
/// Uploads aborted at once.
const ABORTS: usize = 64;

/// The prefix of a run's temporary objects. It tells when the run is over at the latest, so that later ones know what
/// nobody needs.
pub fn prefix(now: SystemTime, remaining: Duration) -> String {
    let end = (now + remaining).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("{RUNS}{end}-{:016x}/", fastrand::u64(..))
}

/// Whether the run of a key or prefix is over.
fn is_over(key: &str, now: SystemTime) -> bool {
    let end = key.strip_prefix(RUNS).and_then(|rest| rest.split_once('-')?.0.parse().ok());
    end.is_some_and(|end| UNIX_EPOCH + Duration::from_secs(end) + CLOCKS < now)
}

/// Whether an upload is older than any run.
fn is_abandoned(upload: &OpenUpload, now: SystemTime) -> bool {
    let initiated = upload.initiated.parse::<Timestamp>().map(SystemTime::from);
    initiated.is_ok_and(|initiated| initiated + LONGEST_RUN + CLOCKS < now)
}

/// Removes what runs left that were ended without warning: temporary objects and uploads of runs that are over, and
/// uploads to the folder of `archive_key` that are older than any function. A failure is logged only.
pub async fn earlier_runs(s3: S3, archive_key: String) {
    if let Err(failed) = try_earlier_runs(&s3, &archive_key).await {
        tracing::warn!(%failed, "what earlier runs may have left stays");
    }
}

async fn try_earlier_runs(s3: &S3, archive_key: &str) -> Result<(), Failed> {
    let now = SystemTime::now();
    let archives = archive_key.split_once('/').map_or("", |(folder, _)| folder);
    let (runs, temporary, archives) =
        tokio::try_join!(s3.list(RUNS, Some('/')), s3.list_uploads(RUNS), s3.list_uploads(archives),)?;
    let temporary = temporary.into_iter().filter(|upload| is_over(&upload.key, now));
    let archives = archives.into_iter().filter(|upload| is_abandoned(upload, now));
    let uploads: Vec<_> = temporary.chain(archives).collect();
    let runs: Vec<_> = runs.folders.into_iter().filter(|run| is_over(run, now)).collect();
    if !(runs.is_empty() && uploads.is_empty()) {
        tracing::info!(?runs, uploads = uploads.len(), "removing what earlier runs left");
    }
    abort(s3, uploads).await?;
    for run in runs {
        delete(s3, &run).await?;
    }
    Ok(())
}

/// Removes what this run has left: the archive's upload, and all below `prefix`. A failure is logged only: the error
/// that led here says more.
pub async fn this_run(s3: &S3, upload: Option<&Upload>, prefix: &str) {
    let removed = async {
        if let Some(upload) = upload {
            upload.abort(s3).await?;
        }
        abort(s3, s3.list_uploads(prefix).await?).await?;
        delete(s3, prefix).await
    };
    if let Err(failed) = removed.await {
        tracing::error!(%failed, prefix, "temporary objects or uploads stay");
    }
}

async fn abort(s3: &S3, uploads: Vec<OpenUpload>) -> Result<(), Failed> {
    let abort = |upload: OpenUpload| async move { s3.abort_upload(&upload.key, &upload.id).await };
    stream::iter(uploads).map(Ok).try_for_each_concurrent(ABORTS, abort).await
}

async fn delete(s3: &S3, prefix: &str) -> Result<(), Failed> {
    let found = s3.list(prefix, None).await?;
    s3.delete(&found.objects.into_iter().map(|object| object.key).collect::<Vec<_>>()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_over_when_its_function_must_have_ended_and_not_before() {
        let now = SystemTime::now();
        let key = format!("{}a/7", prefix(now, Duration::from_mins(15)));
        assert!(!is_over(&key, now + Duration::from_mins(15)));
        assert!(is_over(&key, now + Duration::from_secs(962)));
        for other in ["seg-temps/x", "seg-temps/copy-plan-", "seg-temps/copy-plan-x-1/a"] {
            assert!(!is_over(other, now + Duration::from_secs(1 << 32)), "{other}");
        }
    }

    #[test]
    fn an_upload_is_abandoned_when_no_function_can_be_at_it() {
        let upload = |initiated: &str| OpenUpload {
            key: String::new(),
            id: String::new(),
            initiated: initiated.to_owned(),
        };
        let at = |text: &str| SystemTime::from(text.parse::<Timestamp>().unwrap());
        let now = at("2026-11-21T12:20:00Z");
        assert!(is_abandoned(&upload("2026-11-21T12:03:59.000Z"), now));
        assert!(!is_abandoned(&upload("2026-11-21T12:04:01.000Z"), now));
        assert!(!is_abandoned(&upload("yesterday"), now));
    }
}
