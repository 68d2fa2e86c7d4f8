//! One invocation's work, and its end.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

use lambda_kit::{Failure, Object};
use s3_client::{Error, Failed, S3, Sent, Upload};
use serde::Serialize;
use tokio::sync::SetOnce;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::serve::Request;
use crate::{GivenUp, Run, explained};

/// Kept to clean up before Lambda ends the function; of a short time a third.
const RESERVE: Duration = Duration::from_secs(8);
/// What a clean-up takes at least; of a very short time half is kept.
const LEAST_RESERVE: Duration = Duration::from_millis(700);
/// Requests under way get so long to be answered when all is given up, and no more than half of the reserve.
const GRACE: Duration = Duration::from_secs(2);
/// The search for what earlier runs left goes on for so long after the archive is there.
const SEARCH: Duration = Duration::from_secs(2);

/// An archive to be made.
pub struct Job {
    /// The bucket; no request begins after `stop`.
    pub s3: S3,
    /// The event.
    pub request: Request,
    /// Where temporary objects are.
    pub run: Run,
    /// Cancelled when the archive is given up, which has to end the work.
    pub stop: CancellationToken,
    /// The archive's, once it has begun.
    upload: SetOnce<Upload>,
}

/// How much time an archive may take.
pub(crate) struct Time {
    /// When the invocation began.
    pub start: Instant,
    /// What was left to it then.
    pub remaining: Duration,
    /// Cancelled when Lambda ends the environment.
    pub terminated: CancellationToken,
}

/// What an archive took, beside what the contender tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Archived<T> {
    #[serde(flatten)]
    archive: T,
    /// Time, s.
    seconds: f64,
    /// Requests, attempts that S3 refused and the search for what earlier runs left included.
    requests: u64,
    /// Attempts that S3 refused or that broke.
    repeated_requests: u64,
}

impl Job {
    /// The work of `contender` for a request, with so much time.
    pub(crate) fn new(contender: &'static str, s3: &S3, request: Request, time: &Time) -> Self {
        let stop = CancellationToken::new();
        let run = Run::new(contender, time.remaining);
        Self { s3: s3.until(stop.clone()), request, run, stop, upload: SetOnce::new() }
    }

    /// The objects to be archived: all below the prefix that don't only stand for a folder.
    ///
    /// # Errors
    /// If there is no prefix; S3's, once the attempts are used up.
    pub async fn files(&self) -> Result<Vec<Object>, Failure> {
        let prefix = self.request.files_prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return Err(GivenUp::NoPrefix.into());
        }
        let mut objects = self.s3.list(&format!("{prefix}/"), None).await.map_err(explained)?.objects;
        objects.retain(|object| !object.is_folder_marker());
        Ok(objects)
    }

    /// Begins the archive's upload, does `all_parts`, which sends its parts, and tells later runs of the upload meanwhile.
    ///
    /// # Errors
    /// That of `all_parts`, or S3's, once the attempts are used up.
    pub async fn upload<Sending>(
        &self,
        checksums: bool,
        all_parts: impl FnOnce(Upload) -> Sending,
    ) -> Result<(Upload, Vec<Sent>), Failed>
    where
        Sending: Future<Output = Result<Vec<Sent>, Failed>>,
    {
        let upload = self.s3.create_upload(&self.request.archive_key, checksums).await?;
        // It is begun once.
        let _ = self.upload.set(upload.clone());
        let mark = self.run.mark(&upload);
        let (sent, ()) = tokio::try_join!(all_parts(upload.clone()), self.s3.put(&mark, Vec::new()))?;
        Ok((upload, sent))
    }

    /// Waits for something, but no longer than the archive is wanted.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn unless_stopped<T>(&self, wanted: impl Future<Output = T>) -> Result<T, Failed> {
        tokio::select! {
            done = wanted => Ok(done),
            () = self.stop.cancelled() => Err(Failed { doing: "go on".to_owned(), error: Error::Stopped }),
        }
    }

    /// Does `work`, and cleans up after it if it fails; meanwhile what earlier runs left is removed. `s3` goes on after `stop`.
    ///
    /// # Errors
    /// The work's, or [`GivenUp`].
    pub(crate) async fn carry_out<T: Debug>(
        &self,
        s3: &S3,
        time: Time,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Archived<T>, Failure> {
        let before = s3.requests();
        let earlier = self.run.clone().remove_earlier(s3.clone(), SystemTime::now());
        let earlier = AbortOnDropHandle::new(tokio::spawn(earlier));
        let (archive, is_given_up) = self.finish(&time, self.settled(work)).await;
        let has_failed = archive.is_err() || is_given_up;
        // A request without an answer may have begun an upload that nobody knows.
        if has_failed || s3.requests().unanswered > before.unanswered {
            let upload = self.upload.get().filter(|_| has_failed);
            self.run.remove(s3, upload, &self.request.archive_key).await;
        }
        let archive = archive?;
        // It has long ended if it found nothing.
        let _ = timeout(SEARCH, earlier).await;
        let requests = s3.requests();
        let archived = Archived {
            archive,
            seconds: time.start.elapsed().as_secs_f64(),
            requests: requests.sent - before.sent,
            repeated_requests: requests.again - before.again,
        };
        tracing::info!(?archived, "done");
        Ok(archived)
    }

    /// Does `work`; if it fails, its requests under way are waited for, so that nothing appears after a clean-up.
    async fn settled<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let done = work.await;
        if done.is_err() {
            self.stop.cancel();
            // S3 may take longer, but rarely does.
            let _ = timeout(GRACE, self.s3.settled()).await;
        }
        done
    }

    /// Waits for `work`, unless the time runs out or the environment ends: then it has some time to stop. Also says whether it
    /// was given up, which it may be too late for.
    async fn finish<T>(
        &self,
        time: &Time,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> (Result<T, Failure>, bool) {
        let reserve = RESERVE.min(time.remaining / 3).max(LEAST_RESERVE.min(time.remaining / 2));
        let limit = time.remaining.saturating_sub(reserve);
        let mut work = Box::pin(work);
        let given_up = tokio::select! {
            done = &mut work => return (done, false),
            () = sleep(limit.saturating_sub(time.start.elapsed())) => GivenUp::OutOfTime(limit),
            () = time.terminated.cancelled() => GivenUp::Terminated,
        };
        self.stop.cancel();
        match timeout(GRACE.min(reserve / 2), work).await {
            Ok(Ok(done)) => (Ok(done), true),
            _ => (Err(given_up.into()), true),
        }
    }
}
