//! Valid and invalid bodies: chunked and signed, with trailers, too short, too long.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html> and the pages on streaming
//! below it.

use aws_sdk_s3::types::ChecksumMode;

use crate::support::raw_http::{
    Answer, CHUNKS_AND_TRAILER, SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILER, SignedPut, UNSIGNED,
    unsigned_chunks,
};
use crate::support::{GIB, S3, content, crc32, in_bucket, same};

const TRAILER: &str = "x-amz-checksum-crc32";
/// Two chunks: S3 wants 8 KiB in all but the last.
const CHUNK: usize = 64 * 1024;

fn body() -> Vec<u8> {
    b"0123456789abcdef".repeat(6000)
}

/// The content in signed chunks, without the end of the body.
fn chunks(request: &mut SignedPut) -> Vec<u8> {
    let body = body();
    [request.chunk(&body[..CHUNK]), request.chunk(&body[CHUNK..]), request.chunk(b"")].concat()
}

/// Checks that the answer refuses, and that nothing was stored.
async fn assert_refused(s3: &S3, answer: &Answer, status: u16, code: &str) {
    answer.assert_refused(status, code);
    s3.assert_missing("key").await;
}

/// Checks that the content was stored, with its checksum.
async fn assert_stored(s3: &S3, answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let head = s3.head("key").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(head.checksum_crc32(), Some(crc32(&[&body()]).as_str()));
    same(&s3.content("key").await, &[&body()]);
}

#[tokio::test]
async fn an_unsigned_payload_is_taken() {
    in_bucket(async |s3| {
        let answer = SignedPut::new(s3, "key", UNSIGNED, "", &[]).send(&body());
        assert_eq!(answer.status, 200, "{answer:?}");
        same(&s3.content("key").await, &[&body()]);
    })
    .await;
}

#[tokio::test]
async fn a_body_with_another_sha256_is_refused() {
    in_bucket(async |s3| {
        let answer = SignedPut::new(s3, "key", &"0".repeat(64), "", &[]).send(&body());
        assert_refused(s3, &answer, 400, "XAmzContentSHA256Mismatch").await;
    })
    .await;
}

#[tokio::test]
async fn signed_chunks_are_stored_without_their_frames() {
    in_bucket(async |s3| {
        for (encoding, kept) in [("aws-chunked", ""), ("gzip,aws-chunked", "gzip")] {
            let headers = [("content-encoding", encoding)];
            let mut request = SignedPut::chunked(s3, "key", SIGNED_CHUNKS, body().len(), &headers);
            let framed = [chunks(&mut request), b"\r\n".to_vec()].concat();
            let answer = request.send(&framed);
            assert_eq!(answer.status, 200, "{answer:?}");
            let got = s3.get("key").send().await.unwrap();
            assert_eq!(got.content_encoding().unwrap_or_default(), kept);
            same(&content(got).await, &[&body()]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_chunk_with_a_wrong_signature_is_refused() {
    in_bucket(async |s3| {
        let mut request = SignedPut::chunked(s3, "key", SIGNED_CHUNKS, body().len(), &[]);
        let mut framed = [chunks(&mut request), b"\r\n".to_vec()].concat();
        framed[CHUNK] ^= 1;
        assert_refused(s3, &request.send(&framed), 403, "SignatureDoesNotMatch").await;
    })
    .await;
}

/// A request in signed chunks with a signed trailer, and its body.
fn signed_with_trailer(s3: &S3, value: &str) -> (SignedPut, Vec<u8>) {
    let headers = [("x-amz-trailer", TRAILER)];
    let mut request = SignedPut::chunked(s3, "key", SIGNED_CHUNKS_AND_TRAILER, body().len(), &headers);
    let framed = [chunks(&mut request), request.trailer(TRAILER, value), b"\r\n".to_vec()].concat();
    (request, framed)
}

#[tokio::test]
async fn a_signed_trailer_is_the_checksum() {
    in_bucket(async |s3| {
        let (request, framed) = signed_with_trailer(s3, &crc32(&[&body()]));
        assert_stored(s3, &request.send(&framed)).await;
    })
    .await;
}

#[tokio::test]
async fn a_trailer_with_a_wrong_signature_is_refused() {
    in_bucket(async |s3| {
        let (request, mut framed) = signed_with_trailer(s3, &crc32(&[&body()]));
        let last = framed.len() - 5;
        framed[last] = if framed[last] == b'0' { b'1' } else { b'0' };
        assert_refused(s3, &request.send(&framed), 403, "SignatureDoesNotMatch").await;
    })
    .await;
}

#[tokio::test]
async fn a_signed_trailer_with_a_wrong_checksum_is_refused() {
    in_bucket(async |s3| {
        let (request, framed) = signed_with_trailer(s3, &crc32(&[b"other"]));
        assert_refused(s3, &request.send(&framed), 400, "BadDigest").await;
    })
    .await;
}

/// Puts the content in unsigned chunks.
fn put_with_trailer(s3: &S3, value: &str) -> Answer {
    let headers = [("x-amz-trailer", TRAILER)];
    let request = SignedPut::chunked(s3, "key", CHUNKS_AND_TRAILER, body().len(), &headers);
    request.send(&unsigned_chunks(&body(), TRAILER, value))
}

#[tokio::test]
async fn an_unsigned_trailer_is_the_checksum() {
    in_bucket(async |s3| assert_stored(s3, &put_with_trailer(s3, &crc32(&[&body()]))).await).await;
}

#[tokio::test]
async fn an_unsigned_trailer_with_a_wrong_checksum_is_refused() {
    in_bucket(async |s3| {
        assert_refused(s3, &put_with_trailer(s3, &crc32(&[b"other"])), 400, "BadDigest").await;
    })
    .await;
}

#[tokio::test]
async fn fewer_bytes_in_chunks_than_announced_are_refused() {
    in_bucket(async |s3| {
        let mut request = SignedPut::chunked(s3, "key", SIGNED_CHUNKS, body().len() + 1, &[]);
        let framed = [chunks(&mut request), b"\r\n".to_vec()].concat();
        assert_refused(s3, &request.send(&framed), 400, "IncompleteBody").await;
    })
    .await;
}

#[tokio::test]
async fn chunks_need_the_length_of_the_content() {
    in_bucket(async |s3| {
        let headers = [("content-encoding", "aws-chunked")];
        let mut request = SignedPut::new(s3, "key", SIGNED_CHUNKS, "", &headers);
        let framed = [chunks(&mut request), b"\r\n".to_vec()].concat();
        assert_refused(s3, &request.send(&framed), 411, "MissingContentLength").await;
    })
    .await;
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html>; refused before a byte of the body is sent.
#[tokio::test]
async fn an_object_over_5_gib_is_too_large() {
    in_bucket(async |s3| {
        let answer = SignedPut::new(s3, "key", UNSIGNED, "", &[]).announce(5 * GIB + 1);
        assert_refused(s3, &answer, 400, "EntityTooLarge").await;
    })
    .await;
}

#[tokio::test]
async fn a_part_over_5_gib_is_too_large() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let query = format!("?partNumber=1&uploadId={}", upload.id);
        let answer = SignedPut::new(s3, "key", UNSIGNED, &query, &[]).announce(5 * GIB + 1);
        assert_refused(s3, &answer, 400, "EntityTooLarge").await;
        assert_eq!(upload.numbers().await, [0; 0]);
    })
    .await;
}
