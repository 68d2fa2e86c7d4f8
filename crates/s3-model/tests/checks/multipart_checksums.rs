//! Checksums of multipart uploads: of each part, of the parts' checksums, of the full object.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>; codes are as recorded from
//! S3 (<https://github.com/localstack/localstack>, `tests/aws/services/s3/`).

use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ChecksumType};
use sha1::{Digest, Sha1};

use crate::support::{
    CONTENT, CRC32, CRC64NVME, PART, S3, SHA256, Upload, crc32, encoded, in_bucket, joined, refused, sha256,
};

/// Starts an upload with an algorithm, and a type other than the algorithm's own.
async fn upload(s3: &S3, algorithm: ChecksumAlgorithm, kind: Option<ChecksumType>) -> Upload<'_> {
    s3.upload_with("key", |create| create.checksum_algorithm(algorithm).set_checksum_type(kind)).await
}

/// Checks the type of an object's checksum, and its CRC32 if it has one.
async fn assert_checksum(s3: &S3, kind: ChecksumType, crc32: Option<&str>) {
    let head = s3.head("key").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!((head.checksum_type(), head.checksum_crc32()), (Some(&kind), crc32));
}

#[tokio::test]
async fn parts_make_a_composite_checksum() {
    in_bucket(async |s3| {
        for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Sha1, ChecksumAlgorithm::Sha256] {
            let upload = upload(s3, algorithm.clone(), None).await;
            assert_eq!(upload.created.checksum_algorithm(), Some(&algorithm));
            assert_eq!(upload.created.checksum_type(), Some(&ChecksumType::Composite));
            let parts = [upload.add(1, PART.clone()).await, upload.add(2, CONTENT).await];
            let result = upload.complete(&parts).send().await.unwrap();
            assert_eq!(result.checksum_type(), Some(&ChecksumType::Composite));
            let digest = |data: &[u8]| match algorithm {
                ChecksumAlgorithm::Crc32 => crc32fast::hash(data).to_be_bytes().to_vec(),
                ChecksumAlgorithm::Sha1 => Sha1::digest(data).to_vec(),
                _ => sha256(data).to_vec(),
            };
            let parts = [digest(&PART), digest(CONTENT.as_bytes())].concat();
            let expected = format!("{}-2", encoded(&digest(&parts)));
            let found = [result.checksum_crc32(), result.checksum_sha1(), result.checksum_sha256()];
            assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), [&expected]);
            let crc32 = (algorithm == ChecksumAlgorithm::Crc32).then_some(expected.as_str());
            assert_checksum(s3, ChecksumType::Composite, crc32).await;
        }
    })
    .await;
}

#[tokio::test]
async fn parts_make_a_checksum_of_the_full_object() {
    in_bucket(async |s3| {
        let upload = upload(s3, ChecksumAlgorithm::Crc32, Some(ChecksumType::FullObject)).await;
        assert_eq!(upload.created.checksum_type(), Some(&ChecksumType::FullObject));
        let parts = [upload.add(1, PART.clone()).await, upload.add(2, CONTENT).await];
        let result = upload.complete(&parts).send().await.unwrap();
        let expected = crc32(&[&PART, CONTENT.as_bytes()]);
        assert_eq!(result.checksum_crc32(), Some(expected.as_str()));
        assert_eq!(result.checksum_type(), Some(&ChecksumType::FullObject));
        assert_checksum(s3, ChecksumType::FullObject, Some(&expected)).await;
    })
    .await;
}

#[tokio::test]
async fn crc64nvme_is_of_the_full_object() {
    in_bucket(async |s3| {
        let upload = upload(s3, ChecksumAlgorithm::Crc64Nvme, None).await;
        assert_eq!(upload.created.checksum_type(), Some(&ChecksumType::FullObject));
        let result = upload.complete(&[upload.add(1, CONTENT).await]).send().await.unwrap();
        assert_eq!(result.checksum_crc64_nvme(), Some(CRC64NVME));
        assert_eq!(result.checksum_type(), Some(&ChecksumType::FullObject));
    })
    .await;
}

#[tokio::test]
async fn not_every_algorithm_has_both_types() {
    in_bucket(async |s3| {
        for (algorithm, kind) in [
            (ChecksumAlgorithm::Sha1, ChecksumType::FullObject),
            (ChecksumAlgorithm::Sha256, ChecksumType::FullObject),
            (ChecksumAlgorithm::Crc64Nvme, ChecksumType::Composite),
        ] {
            let create = s3.new_upload("key").checksum_algorithm(algorithm).checksum_type(kind);
            refused(create.send().await, 400, "InvalidRequest");
        }
        assert_eq!(s3.uploads().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn completing_verifies_the_checksum_of_the_object() {
    in_bucket(async |s3| {
        let upload = upload(s3, ChecksumAlgorithm::Crc32, Some(ChecksumType::FullObject)).await;
        let parts = [upload.add(1, PART.clone()).await, upload.add(2, CONTENT).await];
        let complete = |value: &str| {
            upload.complete(&parts).checksum_crc32(value).checksum_type(ChecksumType::FullObject).send()
        };
        refused(complete(CRC32).await, 400, "BadDigest");
        s3.assert_missing("key").await;
        let right = crc32(&[&PART, CONTENT.as_bytes()]);
        complete(&right).await.unwrap();
        assert_checksum(s3, ChecksumType::FullObject, Some(&right)).await;
    })
    .await;
}

#[tokio::test]
async fn completing_verifies_the_checksums_of_parts() {
    in_bucket(async |s3| {
        let upload = upload(s3, ChecksumAlgorithm::Sha256, None).await;
        let part = upload.add(1, CONTENT).await;
        let mut wrong = part.clone();
        wrong.checksum_sha256 = Some(encoded(&sha256(b"other")));
        refused(upload.complete(&[wrong]).send().await, 400, "InvalidPart");
        let mut without = part.clone();
        without.checksum_sha256 = None;
        refused(upload.complete(&[without]).send().await, 400, "InvalidRequest");
        s3.assert_missing("key").await;
        upload.complete(&[part]).send().await.unwrap();
        assert_eq!(s3.content("key").await, CONTENT);
    })
    .await;
}

#[tokio::test]
async fn an_upload_without_an_algorithm_knows_no_checksums_of_parts() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let part = upload.add(1, CONTENT).await;
        let mut with = part.clone();
        with.checksum_crc32 = Some(CRC32.to_owned());
        refused(upload.complete(&[with]).send().await, 400, "InvalidPart");
        upload.complete(&[part]).send().await.unwrap();
        assert_eq!(s3.content("key").await, CONTENT);
    })
    .await;
}

#[tokio::test]
async fn completing_must_name_the_type_of_the_upload() {
    in_bucket(async |s3| {
        let upload = upload(s3, ChecksumAlgorithm::Crc32, Some(ChecksumType::FullObject)).await;
        let part = upload.add(1, CONTENT).await;
        let complete = upload.complete(&[part]).checksum_type(ChecksumType::Composite);
        refused(complete.send().await, 400, "InvalidRequest");
        s3.assert_missing("key").await;
    })
    .await;
}

#[tokio::test]
async fn completing_verifies_the_announced_size() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let part = [upload.add(1, CONTENT).await];
        refused(upload.complete(&part).mpu_object_size(10).send().await, 400, "InvalidRequest");
        s3.assert_missing("key").await;
        upload.complete(&part).mpu_object_size(9).send().await.unwrap();
        assert_eq!(s3.content("key").await, CONTENT);
    })
    .await;
}

#[tokio::test]
async fn a_part_has_the_algorithm_of_its_upload() {
    in_bucket(async |s3| {
        let upload = upload(s3, ChecksumAlgorithm::Sha256, None).await;
        let part = upload.part(1, CONTENT).set_checksum_algorithm(None).checksum_crc32(CRC32);
        refused(part.send().await, 400, "InvalidRequest");
        assert_eq!(upload.numbers().await, [0; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_part_with_a_wrong_checksum_is_refused() {
    in_bucket(async |s3| {
        let upload = upload(s3, ChecksumAlgorithm::Sha256, None).await;
        refused(upload.part(1, "other").checksum_sha256(SHA256).send().await, 400, "BadDigest");
        assert_eq!(upload.numbers().await, [0; 0]);
    })
    .await;
}

#[tokio::test]
async fn lists_show_checksums() {
    in_bucket(async |s3| {
        let upload = upload(s3, ChecksumAlgorithm::Crc32, None).await;
        upload.add(1, CONTENT).await;
        let listed = upload.parts().send().await.unwrap();
        let expected = (Some(&ChecksumAlgorithm::Crc32), Some(&ChecksumType::Composite));
        assert_eq!((listed.checksum_algorithm(), listed.checksum_type()), expected);
        assert_eq!(listed.parts()[0].checksum_crc32(), Some(CRC32));
        let listed = s3.client.list_multipart_uploads().bucket(&s3.bucket).send().await.unwrap();
        let [entry] = listed.uploads() else { panic!("{listed:?}") };
        assert_eq!((entry.checksum_algorithm(), entry.checksum_type()), expected);
    })
    .await;
}

#[tokio::test]
async fn copied_parts_have_checksums() {
    in_bucket(async |s3| {
        let source = joined(&[&PART, CONTENT.as_bytes()]);
        s3.put("source", source.clone()).send().await.unwrap();
        let upload = upload(s3, ChecksumAlgorithm::Crc32, Some(ChecksumType::FullObject)).await;
        let whole = upload.add_copy(1, "source").await;
        let range = upload.add_range(2, "source", 7, PART.len() + 2).await;
        let bytes = &source[7..PART.len() + 3];
        assert_eq!(whole.checksum_crc32(), Some(crc32(&[&source]).as_str()));
        assert_eq!(range.checksum_crc32(), Some(crc32(&[bytes]).as_str()));
        upload.complete(&[whole, range]).send().await.unwrap();
        assert_checksum(s3, ChecksumType::FullObject, Some(&crc32(&[&source, bytes]))).await;
    })
    .await;
}
