//! The archive's multipart upload.

use std::io;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use lambda_kit::Failure;

use crate::sink::PartStore;

/// Where the archive goes.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The S3 client.
    pub client: Client,
    /// The bucket.
    pub bucket: String,
    /// The archive's key.
    pub key: String,
}

impl Destination {
    /// Writes a small archive in one request.
    ///
    /// # Errors
    /// S3's errors once the retries are used up.
    pub async fn put(&self, archive: Vec<u8>) -> Result<(), Failure> {
        let request = self.client.put_object().bucket(&self.bucket).key(&self.key);
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32).body(ByteStream::from(archive));
        request.send().await.map_err(|error| Failure::aws(format_args!("write '{}'", self.key), &error))?;
        Ok(())
    }

    /// Starts an upload in parts.
    ///
    /// # Errors
    /// S3's errors once the retries are used up.
    pub async fn start(self) -> Result<Upload, Failure> {
        let request = self.client.create_multipart_upload().bucket(&self.bucket).key(&self.key);
        let created = request.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await;
        let created = created
            .map_err(|error| Failure::aws(format_args!("start the upload of '{}'", self.key), &error))?;
        Ok(Upload { id: created.upload_id.unwrap_or_default(), destination: self })
    }
}

/// An upload under way. It must be completed or aborted: its parts cost storage until then.
#[derive(Debug, Clone)]
pub struct Upload {
    destination: Destination,
    id: String,
}

impl Upload {
    /// Makes the archive of its parts.
    ///
    /// # Errors
    /// S3's errors once the retries are used up.
    pub async fn complete(&self, mut parts: Vec<CompletedPart>) -> Result<(), Failure> {
        parts.sort_unstable_by_key(|part| part.part_number);
        let Destination { client, bucket, key } = &self.destination;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = client.complete_multipart_upload().bucket(bucket).key(key).upload_id(&self.id);
        let completed = request.multipart_upload(parts).send().await;
        completed.map_err(|error| Failure::aws(format_args!("complete the upload of '{key}'"), &error))?;
        Ok(())
    }

    /// Removes the parts. A failure is logged only: the error that led here says more.
    pub async fn abort(&self) {
        let Destination { client, bucket, key } = &self.destination;
        let request = client.abort_multipart_upload().bucket(bucket).key(key).upload_id(&self.id);
        if let Err(error) = request.send().await {
            let failure = Failure::aws(format_args!("abort the upload of '{key}'"), &error);
            tracing::error!(%failure, upload = self.id, "the upload's parts stay");
        }
    }
}

impl PartStore for Upload {
    type Part = CompletedPart;

    fn upload(
        &self,
        number: i32,
        body: Bytes,
    ) -> impl Future<Output = io::Result<CompletedPart>> + Send + 'static {
        let Destination { client, bucket, key } = &self.destination;
        let request = client.upload_part().bucket(bucket).key(key).upload_id(&self.id).part_number(number);
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32).body(ByteStream::from(body));
        async move {
            // TLS protects the body on its way, the CRC what arrives: hashing it for the signature would only
            // cost time.
            let sent = request.customize().disable_payload_signing().send().await;
            let part = sent.map_err(|error| {
                io::Error::other(Failure::aws(format_args!("upload part {number}"), &error).to_string())
            })?;
            Ok(CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .set_checksum_crc32(part.checksum_crc32)
                .build())
        }
    }
}
