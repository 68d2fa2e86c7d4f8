//! Temporary objects of a run, and how what failed runs leave is removed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::try_join_all;
use lambda_kit::{Object, OpenUpload};
use s3_client::{Failed, S3, Upload};

/// Where temporary objects of all contenders are.
const FOLDER: &str = "seg-temps/";
/// Lambda's clock and S3's may differ.
const CLOCKS: Duration = Duration::from_mins(1);
/// Where a run tells of its archive's upload.
const MARK: &str = "upload/";

/// One run of a contender, as its temporary objects' keys tell of it: which contender's, and when it is over at the latest, so
/// that later runs know what nobody needs.
#[derive(Debug, Clone)]
pub struct Run {
    contender: &'static str,
    prefix: String,
}

impl Run {
    /// A run of `contender` that starts now and has so much time.
    #[must_use]
    pub fn new(contender: &'static str, remaining: Duration) -> Self {
        let end = (SystemTime::now() + remaining).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { contender, prefix: format!("{}{end}-{:016x}/", all_runs(contender), fastrand::u64(..)) }
    }

    /// What its temporary objects' keys start with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of an object that tells later runs of the archive's upload, whose own key says nothing of the run: it is the
    /// object's content, as there may be no room for it in another key.
    #[must_use]
    pub fn mark(&self, upload: &Upload) -> String {
        format!("{}{MARK}{}", self.prefix, upload.id())
    }

    /// Removes what earlier runs of the contender left that were ended without warning: uploads and temporary objects of those
    /// that are over at the time `now`. A failure is logged only.
    pub async fn remove_earlier(self, s3: S3, now: SystemTime) {
        if let Err(failed) = remove_earlier(&s3, &all_runs(self.contender), now).await {
            tracing::warn!(%failed, "what earlier runs may have left stays");
        }
    }

    /// Removes what this run has left: the archive's upload, all below the prefix, and uploads of `archive_key` that S3 began
    /// without an answer. A failure is logged only: the error that led here says more.
    pub async fn remove(&self, s3: &S3, upload: Option<&Upload>, archive_key: &str) {
        let archive = async {
            match upload {
                Some(upload) => upload.abort(s3).await,
                None => Ok(()),
            }
        };
        let unknown = async { s3.abort_uploads(without_parts(s3, archive_key).await?).await };
        if let Err(failed) = tokio::try_join!(archive, unknown, self.remove_all(s3)) {
            tracing::error!(%failed, self.prefix, "temporary objects or uploads stay");
        }
    }

    /// Removes what a run has left that only sends parts of an archive: the archive's upload is another run's. A failure is
    /// logged only.
    pub async fn remove_temporaries(&self, s3: &S3) {
        if let Err(failed) = self.remove_all(s3).await {
            tracing::error!(%failed, self.prefix, "temporary objects or uploads stay");
        }
    }

    /// Removes all below the prefix.
    async fn remove_all(&self, s3: &S3) -> Result<(), Failed> {
        let uploads = async { s3.abort_uploads(s3.list_uploads(&self.prefix).await?).await };
        // Without reading its mark: this run knows its upload, and S3 may have stopped answering reads.
        let objects = async { delete(s3, s3.list(&self.prefix, None).await?.objects).await };
        tokio::try_join!(uploads, objects).map(drop)
    }
}

/// What the keys of all runs of a contender start with.
fn all_runs(contender: &str) -> String {
    format!("{FOLDER}{contender}-")
}

/// Whether the run of a key or prefix is over.
fn is_over(key: &str, runs: &str, now: SystemTime) -> bool {
    let end = key.strip_prefix(runs).and_then(|rest| rest.split_once('-')?.0.parse().ok());
    end.is_some_and(|end| UNIX_EPOCH + Duration::from_secs(end) + CLOCKS < now)
}

/// The id of the upload that a temporary object tells of, if it is such a mark.
fn marked(key: &str) -> Option<&str> {
    key.strip_prefix(FOLDER)?.split_once('/')?.1.strip_prefix(MARK)
}

/// The upload that a mark tells of; none if it tells of none, or if somebody else has deleted it meanwhile.
async fn read_mark(s3: &S3, mark: &Object, id: &str) -> Result<Option<OpenUpload>, Failed> {
    match s3.read(mark, 0..mark.size).await {
        Ok(key) => {
            let upload = OpenUpload { key: String::from_utf8_lossy(&key).into_owned(), id: id.to_owned() };
            Ok((!upload.key.is_empty()).then_some(upload))
        }
        Err(failed) if failed.error.status() == 404 => Ok(None),
        Err(failed) => Err(failed),
    }
}

async fn remove_earlier(s3: &S3, all: &str, now: SystemTime) -> Result<(), Failed> {
    let (runs, uploads) = tokio::try_join!(s3.list(all, Some('/')), s3.list_uploads(all))?;
    let uploads: Vec<_> = uploads.into_iter().filter(|upload| is_over(&upload.key, all, now)).collect();
    let runs: Vec<_> = runs.folders.into_iter().filter(|run| is_over(run, all, now)).collect();
    if !(runs.is_empty() && uploads.is_empty()) {
        tracing::info!(?runs, uploads = uploads.len(), "removing what earlier runs left");
    }
    s3.abort_uploads(uploads).await?;
    for run in runs {
        remove(s3, &run).await?;
    }
    Ok(())
}

/// Uploads of a key that have no part: nobody knows their ids, or hardly anything is lost with them.
async fn without_parts(s3: &S3, key: &str) -> Result<Vec<OpenUpload>, Failed> {
    let mut found = s3.list_uploads(key).await?;
    found.retain(|upload| upload.key == key);
    let used = try_join_all(found.iter().map(|upload| s3.has_parts(upload))).await?;
    Ok(found.into_iter().zip(used).filter_map(|(upload, is_used)| (!is_used).then_some(upload)).collect())
}

/// Deletes an earlier run's objects, and first aborts the upload that they tell of.
async fn remove(s3: &S3, prefix: &str) -> Result<(), Failed> {
    let found = s3.list(prefix, None).await?.objects;
    let marks = found.iter().filter_map(|object| Some((object, marked(&object.key)?)));
    let uploads = try_join_all(marks.map(|(mark, id)| read_mark(s3, mark, id))).await?;
    s3.abort_uploads(uploads.into_iter().flatten().collect()).await?;
    delete(s3, found).await
}

async fn delete(s3: &S3, objects: Vec<Object>) -> Result<(), Failed> {
    s3.delete(&objects.into_iter().map(|object| object.key).collect::<Vec<_>>()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_over_when_its_function_must_have_ended_and_not_before() {
        let (now, lambda) = (SystemTime::now(), Duration::from_mins(15));
        let key = format!("{}a/7", Run::new("copy-plan", lambda).prefix());
        let is_over = |key: &str, now| is_over(key, "seg-temps/copy-plan-", now);
        assert!(!is_over(&key, now + lambda));
        assert!(is_over(&key, now + lambda + CLOCKS + Duration::from_secs(2)));
        for other in
            ["seg-temps/x", "seg-temps/copy-plan-", "seg-temps/copy-plan-x-1/a", "seg-temps/stream-1-1/a"]
        {
            assert!(!is_over(other, now + Duration::from_secs(1 << 32)), "{other}");
        }
    }

    #[test]
    fn a_mark_tells_of_the_archive_s_upload() {
        assert_eq!(marked("seg-temps/stream-1795270507-35c8ee372aa532ea/upload/id._-1"), Some("id._-1"));
        assert_eq!(marked("seg-temps/stream-1795270507-35c8ee372aa532ea/0/16"), None);
    }
}
