//! Shares out the archive: to as many workers at once as Lambda has room for, and to this invocation beside them.
//!
//! This invocation would be paid for while it waits, so it sends shares too. So an archive is also made where Lambda has no room
//! for workers, or where the function may not invoke itself; it only takes longer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contender_kit::Job;
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use lambda_kit::{Backoff, Failure, Object};
use s3_client::{Error, Failed, Upload};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{sleep_until, timeout};
use zip_planner::Share;

use crate::error::FanOutError;
use crate::event::SHARE;
use crate::invoker::{InvokeError, Invoker};
use crate::settings::Division;
use crate::share::{Answer, Message};
use crate::worker;

/// Workers that a share is given to at most, one after the other.
const ATTEMPTS: u32 = 3;
/// The error that no other worker would mend: the archive's, such as an object that has changed.
const FINAL: &str = "ArchiveError";
/// A share takes no longer than this, at this many bytes per second, or its worker is lost. Functions with 128 MB reach three
/// times as much.
const LONGEST: Duration = Duration::from_secs(30);
const LEAST_BYTES_PER_SECOND: f64 = 5e6;
/// Starting a worker, and its answer, take no longer.
const ANSWER: Duration = Duration::from_secs(10);

/// What a worker gets of the time that is left: it has to end before this invocation removes the upload.
const OF_TIME_LEFT: f64 = 0.95;
/// No worker starts when so much of the time is over.
const LATE: f64 = 0.9;

/// What workers have done.
pub struct Done {
    /// One a share.
    pub answers: Vec<Answer>,
    /// Invocations, those that Lambda refused not included.
    pub invoked: u64,
    /// S3 requests that they have told of.
    pub worker_requests: u64,
}

/// Shares on their way.
pub struct Dispatch<'a, I> {
    job: &'a Arc<Job>,
    invoker: &'a I,
    division: Division,
    messages: Vec<Arc<Message>>,
    /// Whether Lambda takes each message.
    fits: Vec<bool>,
    waiting: VecDeque<usize>,
    /// Workers that did not send each share.
    failures: Vec<u32>,
    answers: Vec<Option<Answer>>,
    /// Invocations at once: fewer after Lambda has refused one, one more after each that succeeds.
    limit: usize,
    backoff: Backoff,
    /// When the next invocation may start.
    resume: Instant,
    /// From when on none may.
    late: Instant,
    invoked: u64,
    worker_requests: u64,
}

/// A worker's answer, as it comes.
#[derive(Deserialize)]
struct Answered {
    #[serde(flatten)]
    answer: Answer,
    requests: u64,
}

type Ended = (usize, Result<Vec<u8>, InvokeError>);

impl<'a, I: Invoker> Dispatch<'a, I> {
    /// Prepares the shares of the archive of `objects`.
    pub fn new(
        job: &'a Arc<Job>,
        invoker: &'a I,
        division: Division,
        objects: &[Object],
        shares: &[Share],
        upload: &Upload,
    ) -> Self {
        let message = |share| Arc::new(Message::new(&job.request, upload.id(), objects, share));
        let messages: Vec<_> = shares.iter().map(message).collect();
        let fits = messages.iter().map(|message| payload(message).len() <= division.max_message).collect();
        let count = messages.len();
        let now = Instant::now();
        let late = now + job.end.saturating_duration_since(now).mul_f64(LATE);
        Self {
            job,
            invoker,
            division,
            messages,
            fits,
            waiting: (0..count).collect(),
            failures: vec![0; count],
            answers: vec![None; count],
            limit: division.workers.saturating_sub(1),
            backoff: Backoff::default(),
            resume: now,
            late,
            invoked: 0,
            worker_requests: 0,
        }
    }

    /// Lets all shares be sent.
    ///
    /// # Errors
    /// If the archive cannot be made, or if too many workers fail.
    pub async fn run(mut self) -> Result<Done, Failure> {
        let mut away = FuturesUnordered::new();
        let all = self.send_all(&mut away).await;
        if all.is_err() {
            // Nobody can call them back, and a part that arrives after the upload was aborted would stay.
            let left = self.job.end.saturating_duration_since(Instant::now());
            let _ = timeout(left, async { while away.next().await.is_some() {} }).await;
        }
        all?;
        let answers = self.answers.into_iter().flatten().collect();
        Ok(Done { answers, invoked: self.invoked, worker_requests: self.worker_requests })
    }

    /// Sends all shares; `away` are those that workers send.
    async fn send_all(
        &mut self,
        away: &mut FuturesUnordered<LocalBoxFuture<'a, Ended>>,
    ) -> Result<(), Failure> {
        let mut here = FuturesUnordered::new();
        while self.answers.iter().any(Option::is_none) {
            // First its own, or nothing would be left for it where Lambda has room for all.
            if here.is_empty()
                && let Some(share) = self.waiting.pop_front()
            {
                here.push(self.send(share));
            }
            while let Some(share) = self.next_for_worker(away.len()) {
                away.push(Box::pin(self.invoke(share)));
            }
            let is_pausing = !self.waiting.is_empty() && Instant::now() < self.resume;
            tokio::select! {
                Some((share, answer)) = away.next() => self.answered(share, answer, away.len())?,
                Some((share, sent)) = here.next() => self.answers[share] = Some(sent?),
                () = sleep_until(self.resume.into()), if is_pausing => {}
                () = self.job.stop.cancelled() => {
                    // What it ends with says more, if it has caused the stop.
                    if let Some((_, sent)) = here.next().await {
                        sent?;
                    }
                    return Err(Failed { doing: "go on".to_owned(), error: Error::Stopped }.into());
                }
            }
        }
        Ok(())
    }

    /// The next share for a worker, while so many are at work.
    fn next_for_worker(&mut self, at_work: usize) -> Option<usize> {
        let now = Instant::now();
        if at_work >= self.limit || now < self.resume || now > self.late {
            return None;
        }
        let place = self.waiting.iter().position(|share| self.fits[*share])?;
        self.waiting.remove(place)
    }

    fn invoke(&mut self, share: usize) -> impl Future<Output = Ended> + use<'a, I> {
        let mut message = Message::clone(&self.messages[share]);
        let limit = self.time_for(&message);
        message.seconds = limit.as_secs_f64();
        let invoker = self.invoker;
        self.invoked += 1;
        async move {
            let limit = limit + ANSWER;
            let answer = timeout(limit, invoker.invoke(payload(&message))).await;
            let lost = || InvokeError::Lost(format!("it has not answered for {:.1} s", limit.as_secs_f64()));
            (share, answer.unwrap_or_else(|_| Err(lost())))
        }
    }

    fn time_for(&self, message: &Message) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a share has less than 2^52 bytes")]
        let sending = message.content_bytes() as f64 / LEAST_BYTES_PER_SECOND;
        let left = self.job.end.saturating_duration_since(Instant::now()).mul_f64(OF_TIME_LEFT);
        left.min(LONGEST + Duration::from_secs_f64(sending)).max(Duration::from_millis(1))
    }

    fn send(&self, share: usize) -> impl Future<Output = (usize, Result<Answer, Failure>)> + use<I> {
        let (job, message) = (Arc::clone(self.job), Arc::clone(&self.messages[share]));
        let whole = self.division.shares.whole;
        async move { (share, worker::send(job, &message, whole).await) }
    }

    /// Takes a worker's answer, or puts its share back; so many others are still at work.
    fn answered(
        &mut self,
        share: usize,
        answer: Result<Vec<u8>, InvokeError>,
        at_work: usize,
    ) -> Result<(), Failure> {
        let error = match answer.and_then(|answer| self.read(share, &answer)) {
            Ok(Answered { answer, requests }) => {
                self.answers[share] = Some(answer);
                self.worker_requests += requests;
                // What Lambda has refused once it will refuse again.
                if self.limit > 0 {
                    self.limit = (self.limit + 1).min(self.division.workers.saturating_sub(1));
                }
                self.backoff = Backoff::default();
                return Ok(());
            }
            Err(error) => error,
        };
        tracing::warn!(share, at_work, ?error, "a worker has not sent its share");
        self.waiting.push_back(share);
        self.resume = Instant::now() + self.backoff.next_pause();
        self.failed(share, error, at_work)
    }

    /// Learns from a failure.
    fn failed(&mut self, share: usize, error: InvokeError, at_work: usize) -> Result<(), Failure> {
        match error {
            InvokeError::Throttled(_) => {
                self.invoked -= 1;
                self.limit = at_work.max(1);
            }
            InvokeError::Refused(_) => {
                self.invoked -= 1;
                self.limit = 0;
            }
            InvokeError::Failed { kind, message } if kind == FINAL => {
                return Err(FanOutError::Archive(message).into());
            }
            // Time is what it lacked, and this invocation soon says so.
            _ if Instant::now() > self.late => {}
            InvokeError::Failed { message: reason, .. } | InvokeError::Lost(reason) => {
                self.failures[share] += 1;
                if self.failures[share] == ATTEMPTS {
                    return Err(FanOutError::Workers { workers: ATTEMPTS, reason }.into());
                }
            }
        }
        Ok(())
    }

    /// A worker's answer, if it is one to this share.
    fn read(&self, share: usize, answer: &[u8]) -> Result<Answered, InvokeError> {
        let unreadable = |reason: &str| InvokeError::Lost(format!("its answer cannot be read: {reason}"));
        let answered: Answered =
            serde_json::from_slice(answer).map_err(|error| unreadable(&error.to_string()))?;
        let message = &self.messages[share];
        if answered.answer.is_to(message) {
            Ok(answered)
        } else {
            Err(unreadable("it is one to another share"))
        }
    }
}

/// A share's event.
fn payload(message: &Message) -> Vec<u8> {
    json!({ SHARE: message }).to_string().into_bytes()
}
