//! Carries a plan out.

use std::ops::Range;
use std::sync::Arc;

use contender_kit::{Crcs, Job, MemoryBudget};
use crc32fast::Hasher;
use futures::future::try_join_all;
use lambda_kit::Object as Source;
use s3_client::{Error, Failed, Sent, Upload};
use tokio::sync::SetOnce;
use tokio::task::JoinSet;
use zip_planner::{CopySource, Object, Part, Piece, Plan, numbers};

use crate::hedging::{Hedging, first};

/// Prefixes that the temporary objects of one run are spread over: S3 splits a busy bucket by prefixes, after some time.
const PREFIXES: usize = 16;

/// Bytes asked for at once: what the bandwidth carries while S3 looks for an object. Were all read at the same time, nothing
/// could be sent until all are there, and nothing read while all are sent.
const READ_AHEAD: u64 = 12 << 20;

/// A plan that is being carried out.
pub struct Execution {
    pub job: Arc<Job>,
    pub plan: Plan,
    /// The entries' source objects.
    pub objects: Vec<Source>,
    pub crcs: Crcs,
    pub memory_budget: MemoryBudget,
    /// For what was asked for and hasn't come: what is sent first is read first.
    pub reading: MemoryBudget,
    done: Vec<SetOnce<()>>,
    /// Copies into temporary objects, and into the archive.
    stages: [Hedging; 2],
}

impl Execution {
    /// Prepares to write the archive of `objects` with so much memory for what is read, bytes.
    pub fn new(job: Arc<Job>, plan: Plan, objects: Vec<Source>, memory_budget: u64) -> Self {
        let crcs = Crcs::new(objects.iter().map(|object| object.size));
        let done = plan.temporaries.iter().map(|_| SetOnce::new()).collect();
        let stages = plan.stages().map(Hedging::new);
        let (memory_budget, reading) = (MemoryBudget::new(memory_budget), MemoryBudget::new(READ_AHEAD));
        Self { job, plan, objects, crcs, memory_budget, reading, done, stages }
    }

    /// The key of a temporary object.
    pub fn key_of(&self, temporary: usize) -> String {
        format!("{}{:x}/{temporary}", self.job.run.prefix(), temporary % PREFIXES)
    }

    /// Writes the archive and deletes what was needed for it. After an error or a stop, requests that are under way are
    /// still waited for, so that nothing appears after a clean-up.
    ///
    /// # Errors
    /// The first; then there is no archive, and temporary objects and uploads are left.
    pub async fn carry_out(self: &Arc<Self>) -> Result<(), Failed> {
        let mut tasks = JoinSet::new();
        for temporary in 0..self.done.len() {
            let execution = Arc::clone(self);
            tasks.spawn(async move { execution.temporary(temporary).await });
        }
        let execution = Arc::clone(self);
        tasks.spawn(async move { execution.archive().await });
        let mut result = Ok(());
        while let Some(ended) = tasks.join_next().await {
            let ended = ended.unwrap_or_else(|panic| {
                Err(Failed { doing: "go on".to_owned(), error: Error::Broken(panic.to_string()) })
            });
            if let Err(failed) = ended {
                self.job.stop.cancel();
                if result.is_ok() {
                    result = Err(failed);
                }
            }
        }
        result
    }

    async fn temporary(self: &Arc<Self>, number: usize) -> Result<(), Failed> {
        let key = self.key_of(number);
        match &self.plan.temporaries[number] {
            Object::Put(pieces) if pieces.iter().any(|piece| matches!(piece, Piece::Filler(_))) => {
                Box::pin(self.send_padded_headers(number, pieces)).await?;
            }
            Object::Put(pieces) => {
                let (bytes, _memory) = Box::pin(self.bytes(pieces)).await?;
                Box::pin(self.job.s3.put(&key, bytes)).await?;
            }
            object @ Object::Parts(parts) => {
                let upload = Box::pin(self.job.s3.create_upload(&key, true)).await?;
                let sent = self.parts(&upload, parts, &self.stages[0]).await?;
                Box::pin(upload.complete(sent, self.plan.object_bytes(object), None)).await?;
            }
        }
        let _ = self.done[number].set(());
        Ok(())
    }

    async fn archive(&self) -> Result<(), Failed> {
        let (s3, key) = (&self.job.s3, &self.job.request.archive_key);
        match &self.plan.archive {
            Object::Put(pieces) => {
                let (bytes, _memory) = self.bytes(pieces).await?;
                s3.put(key, bytes).await
            }
            Object::Parts(parts) => {
                let all = async |upload| self.parts(&upload, parts, &self.stages[1]).await;
                let (upload, sent) = self.job.upload(true, all).await?;
                let crc = self.archive_crc().await;
                // All bytes are where they belong: what they came from can go meanwhile.
                let complete = upload.complete(sent, self.plan.layout.size(), Some(crc));
                tokio::join!(complete, self.delete_temporaries(self.job.run.mark(&upload))).0
            }
        }
    }

    async fn parts(&self, upload: &Upload, parts: &[Part], stage: &Hedging) -> Result<Vec<Sent>, Failed> {
        let part = |(place, part)| self.part(upload, numbers(place, parts.len()), part, stage);
        try_join_all(parts.iter().enumerate().map(part)).await
    }

    /// Its steps are on the heap while they last: thousands of parts wait for their turn, most of them as long as the run.
    async fn part(
        &self,
        upload: &Upload,
        (number, second): (usize, Option<usize>),
        part: &Part,
        stage: &Hedging,
    ) -> Result<Sent, Failed> {
        match part {
            Part::Copy { source: CopySource::Entry(entry), range } => {
                Box::pin(self.copy_of_entry(upload, number, *entry, range.clone())).await
            }
            Part::Copy { source: CopySource::Temporary(temporary), range } => {
                let key = self.key_of(*temporary);
                let range = self.unless_whole(CopySource::Temporary(*temporary), range.clone());
                self.job.unless_stopped(self.done[*temporary].wait()).await?;
                let copy = |number| upload.copy(number, &key, range.clone(), None);
                match second {
                    Some(second) if self.plan.is_copy_of_parts(part) && stage.should_hedge() => {
                        Box::pin(first(copy(number), copy(second))).await
                    }
                    _ => Box::pin(copy(number)).await,
                }
            }
            Part::Upload(pieces) => {
                let (bytes, _memory) = Box::pin(self.bytes(pieces)).await?;
                Box::pin(upload.send(number, bytes)).await
            }
        }
    }

    async fn copy_of_entry(
        &self,
        upload: &Upload,
        number: usize,
        entry: usize,
        range: Range<u64>,
    ) -> Result<Sent, Failed> {
        let object = &self.objects[entry];
        let some = self.unless_whole(CopySource::Entry(entry), range.clone());
        let sent = upload.copy(number, &object.key, some, Some(&object.etag)).await?;
        self.crcs.tell(entry, range, sent.crc_of_copy(&object.key)?);
        Ok(sent)
    }

    /// A range to copy, or none for the whole object.
    fn unless_whole(&self, source: CopySource, range: Range<u64>) -> Option<Range<u64>> {
        (range != (0..self.plan.copy_source_bytes(source))).then_some(range)
    }

    /// What S3 compares the archive with.
    async fn archive_crc(&self) -> u32 {
        let (layout, crcs) = (&self.plan.layout, self.crcs.all().await);
        let mut archive = Hasher::new();
        for &entry in layout.order() {
            archive.update(&layout.header(entry, crcs[entry]));
            archive.combine(&Hasher::new_with_initial_len(crcs[entry], layout.entries()[entry].size));
        }
        archive.update(&layout.end(&crcs));
        archive.finalize()
    }

    /// Those that stay cost storage until the bucket's lifecycle rule or the next run removes them, so that is no failure.
    async fn delete_temporaries(&self, mark: String) {
        let temporaries = (0..self.done.len()).map(|temporary| self.key_of(temporary));
        let keys: Vec<_> = temporaries.chain([mark]).collect();
        if let Err(failed) = self.job.s3.delete(&keys).await {
            tracing::warn!(%failed, prefix = self.job.run.prefix(), "temporary objects stay");
        }
    }
}
