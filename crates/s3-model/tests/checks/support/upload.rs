//! An open multipart upload.

use aws_sdk_s3::operation::abort_multipart_upload::builders::AbortMultipartUploadFluentBuilder;
use aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder;
use aws_sdk_s3::operation::create_multipart_upload::CreateMultipartUploadOutput;
use aws_sdk_s3::operation::create_multipart_upload::builders::CreateMultipartUploadFluentBuilder;
use aws_sdk_s3::operation::list_parts::builders::ListPartsFluentBuilder;
use aws_sdk_s3::operation::upload_part::builders::UploadPartFluentBuilder;
use aws_sdk_s3::operation::upload_part_copy::builders::UploadPartCopyFluentBuilder;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Part};
use bytes::Bytes;

use super::S3;

/// An upload of one check.
pub struct Upload<'a> {
    s3: &'a S3,
    pub key: String,
    pub id: String,
    pub created: CreateMultipartUploadOutput,
}

impl S3 {
    /// Starts an upload.
    pub async fn upload(&self, key: &str) -> Upload<'_> {
        self.upload_with(key, |create| create).await
    }

    /// Starts an upload with settings.
    pub async fn upload_with(
        &self,
        key: &str,
        settings: impl FnOnce(CreateMultipartUploadFluentBuilder) -> CreateMultipartUploadFluentBuilder,
    ) -> Upload<'_> {
        let created = settings(self.new_upload(key)).send().await.unwrap();
        Upload { s3: self, key: key.to_owned(), id: created.upload_id().unwrap().to_owned(), created }
    }

    /// A request to start an upload.
    pub fn new_upload(&self, key: &str) -> CreateMultipartUploadFluentBuilder {
        self.client.create_multipart_upload().bucket(&self.bucket).key(key)
    }

    /// Puts an object of these parts.
    pub async fn put_in_parts(&self, key: &str, parts: &[Bytes]) {
        let upload = self.upload(key).await;
        let mut uploaded = Vec::new();
        for (part, number) in parts.iter().zip(1..) {
            uploaded.push(upload.add(number, part.clone()).await);
        }
        upload.complete(&uploaded).send().await.unwrap();
    }
}

impl Upload<'_> {
    /// A request to upload a part, with the upload's checksum algorithm.
    pub fn part(&self, number: i32, body: impl Into<Bytes>) -> UploadPartFluentBuilder {
        let part = self.s3.client.upload_part().bucket(&self.s3.bucket).key(&self.key).upload_id(&self.id);
        let algorithm = self.created.checksum_algorithm().cloned();
        part.part_number(number).body(body.into().into()).set_checksum_algorithm(algorithm)
    }

    /// Uploads a part; returns what completing needs to know of it.
    pub async fn add(&self, number: i32, body: impl Into<Bytes>) -> CompletedPart {
        let part = self.part(number, body).send().await.unwrap();
        CompletedPart::builder()
            .part_number(number)
            .set_e_tag(part.e_tag)
            .set_checksum_crc32(self.if_asked(&ChecksumAlgorithm::Crc32, part.checksum_crc32))
            .set_checksum_crc64_nvme(self.if_asked(&ChecksumAlgorithm::Crc64Nvme, part.checksum_crc64_nvme))
            .set_checksum_sha1(self.if_asked(&ChecksumAlgorithm::Sha1, part.checksum_sha1))
            .set_checksum_sha256(self.if_asked(&ChecksumAlgorithm::Sha256, part.checksum_sha256))
            .build()
    }

    /// A request to copy a part from an object of the same bucket.
    pub fn copy(&self, number: i32, source: &str) -> UploadPartCopyFluentBuilder {
        let copy =
            self.s3.client.upload_part_copy().bucket(&self.s3.bucket).key(&self.key).upload_id(&self.id);
        copy.part_number(number).copy_source(self.s3.copy_source(source))
    }

    /// Copies a part; returns what completing needs to know of it.
    pub async fn add_copy(&self, number: i32, source: &str) -> CompletedPart {
        self.sent(number, self.copy(number, source)).await
    }

    /// Copies the bytes from `first` to `last` as a part; returns what completing needs to know of it.
    pub async fn add_range(&self, number: i32, source: &str, first: usize, last: usize) -> CompletedPart {
        self.sent(number, self.copy(number, source).copy_source_range(format!("bytes={first}-{last}"))).await
    }

    async fn sent(&self, number: i32, copy: UploadPartCopyFluentBuilder) -> CompletedPart {
        let result = copy.send().await.unwrap().copy_part_result.unwrap();
        CompletedPart::builder()
            .part_number(number)
            .set_e_tag(result.e_tag)
            .set_checksum_crc32(self.if_asked(&ChecksumAlgorithm::Crc32, result.checksum_crc32))
            .build()
    }

    fn if_asked(&self, algorithm: &ChecksumAlgorithm, value: Option<String>) -> Option<String> {
        value.filter(|_| self.created.checksum_algorithm() == Some(algorithm))
    }

    /// A request to put the object together.
    pub fn complete(&self, parts: &[CompletedPart]) -> CompleteMultipartUploadFluentBuilder {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.to_vec())).build();
        let complete = self.s3.client.complete_multipart_upload().bucket(&self.s3.bucket).key(&self.key);
        complete.upload_id(&self.id).multipart_upload(parts)
    }

    /// A request to discard the parts.
    pub fn abort(&self) -> AbortMultipartUploadFluentBuilder {
        self.s3.client.abort_multipart_upload().bucket(&self.s3.bucket).key(&self.key).upload_id(&self.id)
    }

    /// A request for the parts.
    pub fn parts(&self) -> ListPartsFluentBuilder {
        self.s3.client.list_parts().bucket(&self.s3.bucket).key(&self.key).upload_id(&self.id)
    }

    /// The numbers of the parts, as listed.
    pub async fn numbers(&self) -> Vec<i32> {
        let listed = self.parts().send().await.unwrap();
        listed.parts().iter().filter_map(Part::part_number).collect()
    }
}
