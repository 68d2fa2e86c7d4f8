//! Checksums of objects: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
//!
//! Codes are as recorded from S3 where the pages name none (<https://github.com/localstack/localstack>,
//! `tests/aws/services/s3/`).

use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ChecksumType};
use md5::{Digest, Md5};

use crate::support::{CONTENT, CRC32, CRC32C, CRC64NVME, S3, SHA1, SHA256, encoded, in_bucket, refused};

/// The algorithms and the checksums of `CONTENT`.
const ALL: [(&str, &str); 5] =
    [("crc32", CRC32), ("crc32c", CRC32C), ("crc64nvme", CRC64NVME), ("sha1", SHA1), ("sha256", SHA256)];

fn with(put: PutObjectFluentBuilder, algorithm: &str, value: &str) -> PutObjectFluentBuilder {
    match algorithm {
        "crc32" => put.checksum_crc32(value),
        "crc32c" => put.checksum_crc32_c(value),
        "crc64nvme" => put.checksum_crc64_nvme(value),
        "sha1" => put.checksum_sha1(value),
        _ => put.checksum_sha256(value),
    }
}

/// The checksums that the head of an object shows, and their type.
async fn checksums(
    s3: &S3,
    key: &str,
    mode: Option<ChecksumMode>,
) -> (Vec<(&'static str, String)>, Option<ChecksumType>) {
    let head = s3.head(key).set_checksum_mode(mode).send().await.unwrap();
    let found = [
        ("crc32", head.checksum_crc32),
        ("crc32c", head.checksum_crc32_c),
        ("crc64nvme", head.checksum_crc64_nvme),
        ("sha1", head.checksum_sha1),
        ("sha256", head.checksum_sha256),
    ];
    (found.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(), head.checksum_type)
}

/// Checks that an object has this one checksum, of the full object.
async fn assert_full(s3: &S3, key: &str, algorithm: &'static str, value: &str) {
    let found = checksums(s3, key, Some(ChecksumMode::Enabled)).await;
    assert_eq!(found, (vec![(algorithm, value.to_owned())], Some(ChecksumType::FullObject)));
}

#[tokio::test]
async fn each_algorithm_is_verified_and_kept() {
    in_bucket(async |s3| {
        for (name, value) in ALL {
            with(s3.put(name, CONTENT), name, value).send().await.unwrap();
            assert_full(s3, name, name, value).await;
            assert_eq!(checksums(s3, name, None).await.0, []);
            // The SDK compares the content with the checksum of the answer.
            assert_eq!(s3.content(name).await, CONTENT);
        }
    })
    .await;
}

#[tokio::test]
async fn a_wrong_checksum_is_refused() {
    in_bucket(async |s3| {
        for (name, value) in ALL {
            let wrong = encoded(&vec![0; value.trim_end_matches('=').len() * 3 / 4]);
            refused(with(s3.put(name, CONTENT), name, &wrong).send().await, 400, "BadDigest");
        }
        assert_eq!(s3.keys().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_checksum_of_another_length_is_no_checksum() {
    in_bucket(async |s3| {
        for (name, _) in ALL {
            for value in ["no base64!", "YQ=="] {
                refused(with(s3.put(name, CONTENT), name, value).send().await, 400, "InvalidRequest");
            }
        }
        assert_eq!(s3.keys().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn two_checksums_are_one_too_many() {
    in_bucket(async |s3| {
        let put = s3.put("key", CONTENT).checksum_crc32(CRC32).checksum_sha256(SHA256);
        refused(put.send().await, 400, "InvalidRequest");
        s3.assert_missing("key").await;
    })
    .await;
}

#[tokio::test]
async fn content_md5_is_verified() {
    in_bucket(async |s3| {
        let put = |md5: &str| s3.put("key", CONTENT).content_md5(md5).send();
        refused(put(&encoded(&Md5::digest("other"))).await, 400, "BadDigest");
        for value in ["no base64!", "YQ=="] {
            refused(put(value).await, 400, "InvalidDigest");
        }
        s3.assert_missing("key").await;
        put(&encoded(&Md5::digest(CONTENT))).await.unwrap();
        assert_eq!(s3.content("key").await, CONTENT);
    })
    .await;
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Checksum.html>, `ChecksumCRC64NVME`: since December 2024
#[tokio::test]
async fn an_object_without_a_checksum_gets_crc64nvme() {
    in_bucket(async |s3| {
        let plain =
            s3.client_with(|set| set.request_checksum_calculation(RequestChecksumCalculation::WhenRequired));
        let put = plain.put_object().bucket(&s3.bucket).key("put").body(CONTENT.as_bytes().to_vec().into());
        put.send().await.unwrap();
        let upload = s3.upload("parts").await;
        let part = plain.upload_part().bucket(&s3.bucket).key("parts").upload_id(&upload.id).part_number(1);
        let part = part.body(CONTENT.as_bytes().to_vec().into()).send().await.unwrap();
        let part = aws_sdk_s3::types::CompletedPart::builder().part_number(1).set_e_tag(part.e_tag).build();
        upload.complete(&[part]).send().await.unwrap();
        assert_full(s3, "put", "crc64nvme", CRC64NVME).await;
        assert_full(s3, "parts", "crc64nvme", CRC64NVME).await;
    })
    .await;
}

#[tokio::test]
async fn a_range_has_no_checksum() {
    in_bucket(async |s3| {
        s3.put("key", CONTENT).checksum_crc32(CRC32).send().await.unwrap();
        let got = s3.get("key").range("bytes=0-3").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        assert_eq!(got.checksum_crc32(), None);
    })
    .await;
}

#[tokio::test]
async fn a_copy_keeps_its_checksum_or_gets_another() {
    in_bucket(async |s3| {
        s3.put("source", CONTENT).checksum_crc32(CRC32).send().await.unwrap();
        let result = s3.copy("source", "same").send().await.unwrap().copy_object_result.unwrap();
        assert_eq!(result.checksum_crc32(), Some(CRC32));
        assert_full(s3, "same", "crc32", CRC32).await;
        let other = s3.copy("source", "other").checksum_algorithm(ChecksumAlgorithm::Sha256);
        let result = other.send().await.unwrap().copy_object_result.unwrap();
        assert_eq!(result.checksum_sha256(), Some(SHA256));
        assert_full(s3, "other", "sha256", SHA256).await;
    })
    .await;
}
