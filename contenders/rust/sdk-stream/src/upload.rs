//! The archive's multipart upload.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use lambda_kit::{Failure, Object, list_uploads};
use tokio::task::JoinSet;

use crate::CONCURRENCY;
use crate::buffer::Buffer;
use crate::error::ArchiveError;

/// Bytes. S3 takes parts of 5 MiB and more; ten of them are in memory at once.
const PART_BYTES: u64 = 6 << 20;
/// S3 takes 10,000; the archive is a little larger than its objects.
const MOST_PARTS: u64 = 9000;

/// An upload that has started.
pub struct Upload {
    s3: Client,
    bucket: String,
    key: String,
    id: String,
    part_bytes: usize,
    started: i32,
    under_way: JoinSet<Result<CompletedPart, Failure>>,
    sent: Vec<CompletedPart>,
    sent_bytes: u64,
}

impl Upload {
    /// Starts the upload of an archive of these objects.
    pub async fn start(s3: &Client, bucket: &str, key: &str, objects: &[Object]) -> Result<Self, Failure> {
        let create =
            s3.create_multipart_upload().bucket(bucket).key(key).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let created = create.send().await;
        let created =
            created.map_err(|error| Failure::aws(format_args!("start the upload of {key}"), &error))?;
        let total: u64 = objects.iter().map(|object| object.size).sum();
        let upload = Self {
            s3: s3.clone(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            id: created.upload_id.unwrap_or_default(),
            part_bytes: usize::try_from(PART_BYTES.max(total / MOST_PARTS))?,
            started: 0,
            under_way: JoinSet::new(),
            sent: Vec::new(),
            sent_bytes: 0,
        };
        upload.abort_unknown().await?;
        Ok(upload)
    }

    /// Aborts uploads of this key that S3 has started for requests whose answers were lost: the SDK has repeated them.
    async fn abort_unknown(&self) -> Result<(), Failure> {
        let found = list_uploads(&self.s3, &self.bucket, &self.key).await?;
        for unknown in found.iter().filter(|one| one.key == self.key && one.id != self.id) {
            self.abort_id(&unknown.id).await?;
        }
        Ok(())
    }

    /// Sends what fills parts; waits while too many are under way.
    pub async fn send_full_parts(&mut self, archive: &Buffer) -> Result<(), Failure> {
        while let Some(part) = archive.take_part(self.part_bytes) {
            self.send(part).await?;
        }
        Ok(())
    }

    /// Sends the archive's end, and waits for all parts.
    pub async fn send_rest(&mut self, archive: &Buffer) -> Result<(), Failure> {
        self.send(archive.take()).await?;
        while self.settle_one().await? {}
        Ok(())
    }

    async fn send(&mut self, body: Bytes) -> Result<(), Failure> {
        while self.under_way.len() >= CONCURRENCY {
            self.settle_one().await?;
        }
        self.started += 1;
        self.sent_bytes += body.len() as u64;
        let (number, key) = (self.started, self.key.clone());
        let request =
            self.s3.upload_part().bucket(&self.bucket).key(&key).upload_id(&self.id).part_number(number);
        let request = request.body(body.into());
        self.under_way.spawn(async move {
            let sent = request.send().await;
            let sent =
                sent.map_err(|error| Failure::aws(format_args!("send part {number} of {key}"), &error))?;
            let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
            Ok(part.set_checksum_crc32(sent.checksum_crc32).build())
        });
        Ok(())
    }

    /// Waits for a part; whether there was one.
    async fn settle_one(&mut self) -> Result<bool, Failure> {
        let Some(settled) = self.under_way.join_next().await else { return Ok(false) };
        self.sent.push(settled.map_err(|error| ArchiveError::Upload(error.to_string()))??);
        Ok(true)
    }

    /// Makes an object of the parts; how many these were.
    pub async fn complete(&mut self) -> Result<usize, Failure> {
        self.sent.sort_by_key(CompletedPart::part_number);
        let count = self.sent.len();
        let parts =
            CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.sent))).build();
        let complete =
            self.s3.complete_multipart_upload().bucket(&self.bucket).key(&self.key).upload_id(&self.id);
        match complete.multipart_upload(parts).send().await {
            // The answer to the first attempt was lost: S3 knows no upload that is complete.
            Err(error) if error.code() == Some("NoSuchUpload") && self.is_there().await => Ok(count),
            Err(error) => Err(Failure::aws(format_args!("complete the upload of {}", self.key), &error)),
            Ok(_) => Ok(count),
        }
    }

    /// Whether S3 has the archive: nobody else writes to its key.
    async fn is_there(&self) -> bool {
        let head = self.s3.head_object().bucket(&self.bucket).key(&self.key).send().await;
        head.is_ok_and(|head| {
            head.content_length.and_then(|size| u64::try_from(size).ok()) == Some(self.sent_bytes)
        })
    }

    /// Removes all parts. A failure is only logged: the error that led here says more.
    pub async fn abort(mut self) {
        // A part that arrives after the abort would stay.
        self.under_way.shutdown().await;
        if let Err(failure) = self.abort_id(&self.id).await {
            tracing::error!(%failure, "the upload's parts stay until the bucket's lifecycle rule removes them");
        }
    }

    async fn abort_id(&self, id: &str) -> Result<(), Failure> {
        let abort =
            self.s3.abort_multipart_upload().bucket(&self.bucket).key(&self.key).upload_id(id).send().await;
        abort
            .map(drop)
            .map_err(|error| Failure::aws(format_args!("abort the upload of {}", self.key), &error))
    }
}
