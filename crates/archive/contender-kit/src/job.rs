//! One invocation's work, and its end.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use lambda_kit::{Deadline, Failure, Object};
use s3_client::{Error, Failed, S3, Sent, Upload};
use serde::Serialize;
use tokio::sync::SetOnce;
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::serve::Request;
use crate::{ArchiveError, Run, explained, own_count};

/// Kept to clean up before Lambda ends the function; a third of a short time.
const RESERVE: Duration = Duration::from_secs(8);
/// What a clean-up takes at least; half of a very short time.
const LEAST_RESERVE: Duration = Duration::from_millis(700);
/// Requests under way get so long to be answered when all is given up, and no more than half of the reserve.
const GRACE: Duration = Duration::from_secs(2);
/// The search for what earlier runs left goes on for so long after the archive is there.
const SEARCH: Duration = Duration::from_secs(2);

/// An archive to be made.
pub struct Job {
    /// The bucket; no request starts after `stop`.
    pub s3: S3,
    /// The event.
    pub request: Request,
    /// Where temporary objects are.
    pub run: Run,
    /// Cancelled when the archive is given up, which has to end the work.
    pub stop: CancellationToken,
    /// When it is given up.
    pub end: Instant,
    /// Whether only some parts are sent: the archive's upload is another invocation's, and so is the search for what earlier
    /// runs left.
    is_share: bool,
    /// The archive's, once it has started.
    upload: SetOnce<Upload>,
}

/// How long an invocation goes on.
pub struct Invocation {
    /// Its end.
    pub deadline: Deadline,
    /// Cancelled when Lambda ends the environment.
    pub terminated: CancellationToken,
}

/// What an archive took, beside what the contender tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Archived<T> {
    #[serde(flatten)]
    archive: T,
    /// Time, s.
    seconds: f64,
    /// Requests, attempts that S3 refused and the search for what earlier runs left included.
    requests: u64,
    /// Attempts that S3 refused or that broke.
    repeated_requests: u64,
}

/// One invocation of `contender`: does `work` until the archive is there or has to be given up, cleans up what fails, and logs how
/// many requests that took.
///
/// # Errors
/// The work's, or [`ArchiveError`].
pub async fn invoke<T: Debug, Work: Future<Output = Result<T, Failure>>>(
    contender: &'static str,
    s3: &S3,
    request: Request,
    invocation: Invocation,
    work: impl FnOnce(Arc<Job>) -> Work,
) -> Result<Archived<T>, Failure> {
    let job = Arc::new(Job::new(contender, s3, request, &invocation, false));
    job.carry_out_counted(s3, invocation, work(Arc::clone(&job))).await
}

/// One invocation of `contender` that sends some parts of an archive for another one, which has started the archive's upload and
/// ends it: does `work` as [`invoke`] does, and cleans up what it has started itself.
///
/// # Errors
/// The work's, or [`ArchiveError`].
pub async fn invoke_share<T: Debug, Work: Future<Output = Result<T, Failure>>>(
    contender: &'static str,
    s3: &S3,
    request: Request,
    invocation: Invocation,
    work: impl FnOnce(Arc<Job>) -> Work,
) -> Result<Archived<T>, Failure> {
    let job = Arc::new(Job::new(contender, s3, request, &invocation, true));
    job.carry_out_counted(s3, invocation, work(Arc::clone(&job))).await
}

impl Invocation {
    /// What is left when the archive is given up: to clean up, and to answer.
    fn reserve(&self) -> Duration {
        self.deadline.capped(RESERVE, 3).max(self.deadline.capped(LEAST_RESERVE, 2))
    }
}

impl Job {
    /// The work of `contender` for a request.
    fn new(
        contender: &'static str,
        s3: &S3,
        request: Request,
        invocation: &Invocation,
        is_share: bool,
    ) -> Self {
        let stop = CancellationToken::new();
        let run = Run::new(contender, invocation.deadline.remaining());
        let end = invocation.deadline.before(invocation.reserve());
        Self { s3: s3.until(stop.clone()), request, run, stop, end, is_share, upload: SetOnce::new() }
    }

    /// The objects to be archived: all below the prefix that don't only stand for a folder.
    ///
    /// # Errors
    /// If there is no prefix; S3's, once the attempts are used up.
    pub async fn files(&self) -> Result<Vec<Object>, Failure> {
        let prefix = self.request.files_prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return Err(ArchiveError::NoPrefix.into());
        }
        let mut objects = self.s3.list(&format!("{prefix}/"), None).await.map_err(explained)?.objects;
        objects.retain(|object| !object.is_folder_marker());
        Ok(objects)
    }

    /// Starts the archive's upload, does `all_parts`, which sends its parts, and tells later runs of the upload meanwhile.
    ///
    /// # Errors
    /// That of `all_parts`, or S3's, once the attempts are used up.
    pub async fn upload<E, Sending>(
        &self,
        checksums: bool,
        all_parts: impl FnOnce(Upload) -> Sending,
    ) -> Result<(Upload, Vec<Sent>), E>
    where
        E: From<Failed>,
        Sending: Future<Output = Result<Vec<Sent>, E>>,
    {
        let upload = self.s3.create_upload(&self.request.archive_key, checksums).await?;
        // It is started once.
        let _ = self.upload.set(upload.clone());
        let mark = self.run.mark(&upload);
        let key = Bytes::from(upload.key().to_owned());
        let marked = async { self.s3.put(&mark, vec![key]).await.map_err(E::from) };
        let (sent, ()) = tokio::try_join!(all_parts(upload.clone()), marked)?;
        Ok((upload, sent))
    }

    /// Completes the archive's upload, and meanwhile deletes what tells later runs of it.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn complete(&self, upload: &Upload, sent: Vec<Sent>, archive_bytes: u64) -> Result<(), Failed> {
        let marks = [self.run.mark(upload)];
        // All bytes are there: what they needed can go meanwhile.
        let complete = upload.complete(sent, archive_bytes, None);
        let (complete, deleted) = tokio::join!(complete, self.s3.delete(&marks));
        if let Err(failed) = deleted {
            tracing::warn!(%failed, "a temporary object stays");
        }
        complete
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

    /// As [`Self::carry_out`]; logs what it asked of S3, whatever became of it.
    async fn carry_out_counted<T: Debug>(
        &self,
        s3: &S3,
        invocation: Invocation,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Archived<T>, Failure> {
        let before = s3.charged();
        // What a contender keeps while it works is large.
        let done = Box::pin(self.carry_out(s3, invocation, work)).await;
        own_count::log(s3.charged().since(before));
        done
    }

    /// Does `work`, and cleans up after it if it fails; meanwhile what earlier runs left is removed. `s3` goes on after `stop`.
    ///
    /// # Errors
    /// The work's, or [`ArchiveError`].
    async fn carry_out<T: Debug>(
        &self,
        s3: &S3,
        invocation: Invocation,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Archived<T>, Failure> {
        let before = s3.requests();
        let earlier = (!self.is_share).then(|| {
            let earlier = self.run.clone().remove_earlier(s3.clone(), SystemTime::now());
            AbortOnDropHandle::new(tokio::spawn(earlier))
        });
        let (archive, is_given_up) = self.finish(&invocation, self.settled(work)).await;
        let has_failed = archive.is_err() || is_given_up;
        // A request without an answer may have started an upload that nobody knows.
        if has_failed || s3.requests().unanswered > before.unanswered {
            self.clean_up(s3, has_failed).await;
        }
        let archive = archive?;
        if let Some(earlier) = earlier {
            // It has long ended if it found nothing.
            let _ = timeout(SEARCH, earlier).await;
        }
        let requests = s3.requests();
        let archived = Archived {
            archive,
            seconds: invocation.deadline.elapsed().as_secs_f64(),
            requests: requests.sent - before.sent,
            repeated_requests: requests.again - before.again,
        };
        tracing::info!(?archived, "done");
        Ok(archived)
    }

    async fn clean_up(&self, s3: &S3, has_failed: bool) {
        if self.is_share {
            self.run.remove_temporaries(s3).await;
        } else {
            let upload = self.upload.get().filter(|_| has_failed);
            self.run.remove(s3, upload, &self.request.archive_key).await;
        }
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
        invocation: &Invocation,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> (Result<T, Failure>, bool) {
        let reserve = invocation.reserve();
        let mut work = Box::pin(work);
        let error = tokio::select! {
            done = &mut work => return (done, false),
            () = sleep_until(self.end.into()) => ArchiveError::OutOfTime(invocation.deadline.budget(reserve)),
            () = invocation.terminated.cancelled() => ArchiveError::Terminated,
        };
        self.stop.cancel();
        match timeout(GRACE.min(reserve / 2), work).await {
            Ok(Ok(done)) => (Ok(done), true),
            _ => (Err(error.into()), true),
        }
    }
}
