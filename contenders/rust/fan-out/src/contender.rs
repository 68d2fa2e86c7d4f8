//! One invocation: a whole archive, or a share of one.

use std::sync::Arc;

use contender_kit::{Archived as Accounted, Crcs, Invocation, Job, entries, explained, invoke, invoke_share};
use lambda_kit::{Failure, Object};
use s3_client::{Error, Failed, S3, Sent, Upload};
use serde::Serialize;
use zip_planner::{Layout, Limits, Share};

use crate::dispatch::{Dispatch, Done};
use crate::event::Event;
use crate::invoker::Invoker;
use crate::settings::{Division, Settings};
use crate::share::{Answer, Message, entries_of, is_contest_s};
use crate::worker;

/// The contender's name.
pub const NAME: &str = "fan-out";

/// What an invocation answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Made {
    Archive(Accounted<Archived>),
    Share(Accounted<Answer>),
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Archived {
    /// Entries in the archive.
    pub entries: usize,
    /// Size of the archive, bytes.
    pub archive_bytes: u64,
    /// Parts it was sent in.
    pub parts: usize,
    /// Shares of the archive that workers had, or this invocation beside them.
    pub shares: usize,
    /// Invocations of the function, this one and those that failed included.
    pub invocations: u64,
    /// S3 requests of workers that answered, beside those of this invocation.
    pub worker_requests: u64,
}

/// Does what an event asks for.
///
/// # Errors
/// If no archive can be made of the objects, if one of them changes meanwhile, or if S3 or too many workers fail.
pub async fn handle(
    settings: Arc<Settings>,
    s3: S3,
    event: Event,
    invocation: Invocation,
) -> Result<Made, Failure> {
    match event {
        Event::Archive(request) => {
            let work = async |job| archive(job, settings.division, &settings.invoker).await;
            invoke(NAME, &s3, request, invocation, work).await.map(Made::Archive)
        }
        Event::Share(message) => {
            send_share(&s3, message, settings.division, invocation).await.map(Made::Share)
        }
    }
}

/// Sends a share of an archive as a worker.
///
/// # Errors
/// As [`worker::send_in_time`].
pub async fn send_share(
    s3: &S3,
    message: Message,
    division: Division,
    invocation: Invocation,
) -> Result<Accounted<Answer>, Failure> {
    let work = |job| worker::send_in_time(job, message.clone(), division.shares.whole);
    invoke_share(NAME, s3, message.request(), invocation, work).await
}

/// Makes the archive, with the help of workers if it is large enough.
///
/// # Errors
/// As [`handle`].
pub async fn archive(job: Arc<Job>, division: Division, invoker: &impl Invoker) -> Result<Archived, Failure> {
    let objects = job.files().await?;
    let layout = Layout::in_order(entries(&objects), &Limits::S3)?;
    let shares = division.shares.divide(&layout, division.workers, &Limits::S3);
    if shares.len() < 2 || !is_contest_s(&job.request) {
        let alone = zip_stream::archive_objects(job, objects, layout, division.alone).await?;
        let (entries, archive_bytes, parts) = (alone.entries, alone.archive_bytes, alone.parts);
        return Ok(Archived { entries, archive_bytes, parts, shares: 1, invocations: 1, worker_requests: 0 });
    }
    let mut archived = Archived {
        entries: objects.len(),
        archive_bytes: layout.size(),
        parts: 0,
        shares: shares.len(),
        invocations: 0,
        worker_requests: 0,
    };
    let whole = Whole { job: &job, objects, layout, shares };
    let (upload, sent) =
        job.upload(false, async |upload| whole.send(&upload, division, invoker, &mut archived).await).await?;
    archived.parts = sent.len();
    job.complete(&upload, sent, archived.archive_bytes).await.map_err(explained)?;
    Ok(archived)
}

/// The archive that is shared out.
struct Whole<'a> {
    job: &'a Arc<Job>,
    objects: Vec<Object>,
    layout: Layout,
    shares: Vec<Share>,
}

impl Whole<'_> {
    /// Lets the shares be sent, and sends the archive's end.
    async fn send(
        &self,
        upload: &Upload,
        division: Division,
        invoker: &impl Invoker,
        archived: &mut Archived,
    ) -> Result<Vec<Sent>, Failure> {
        let dispatch = Dispatch::new(self.job, invoker, division, &self.objects, &self.shares, upload);
        let Done { answers, invoked, worker_requests } = dispatch.run().await?;
        archived.invocations = 1 + invoked;
        archived.worker_requests = worker_requests;
        let crcs = self.crcs(&answers).map_err(explained)?;
        let mut sent = self.sent(answers);
        let end = self.layout.end(&crcs).into();
        sent.push(upload.send(sent.len() + 1, vec![end]).await.map_err(explained)?);
        Ok(sent)
    }

    fn sent(&self, answers: Vec<Answer>) -> Vec<Sent> {
        let parts = self.shares.iter().zip(answers).flat_map(|(share, answer)| {
            let numbers = share.first_part..;
            numbers.zip(answer.etags).map(|(number, etag)| Sent { number, etag, crc: None })
        });
        parts.collect()
    }

    /// The CRCs of all entries. Workers have compared those that they had as a whole.
    fn crcs(&self, answers: &[Answer]) -> Result<Vec<u32>, Failed> {
        let mut headers = vec![None; self.objects.len()];
        let passed = Crcs::new(self.objects.iter().map(|object| object.size));
        for (share, answer) in self.shares.iter().zip(answers) {
            let first = entries_of(share).start;
            for (object, crc) in answer.crcs.iter().enumerate() {
                headers[first + object] = crc.or(headers[first + object]);
            }
            for (object, start, end, crc) in &answer.ranges {
                passed.tell(first + object, *start..*end, *crc);
            }
        }
        let crc = |(entry, header): (usize, Option<u32>)| {
            let object = &self.objects[entry];
            let passed = passed.so_far(entry);
            let is_same = |crc: &u32| passed.is_empty() || passed == [(0..object.size, *crc)];
            header.filter(is_same).ok_or_else(|| {
                let error = Error::Broken("its bytes don't have the CRC32 that its header states".to_owned());
                Failed { doing: format!("archive '{}'", object.key), error }
            })
        };
        headers.into_iter().enumerate().map(crc).collect()
    }
}
