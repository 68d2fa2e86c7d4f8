//! Parts copied from objects: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html>

use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::Part;
use bytes::Bytes;

use crate::support::{
    OTHER, OTHER_PART, PART, etag_of_etags, in_bucket, is_model, joined, md5, multipart_etag, refused,
    refused_saying, same, unused_name,
};

/// One byte more than the largest object that has no ranged copies.
fn source() -> Bytes {
    joined(&[&PART, b"x"])
}

#[tokio::test]
async fn a_part_can_be_a_whole_object() {
    in_bucket(async |s3| {
        s3.put("large", PART.clone()).send().await.unwrap();
        s3.put("small", "content").send().await.unwrap();
        let upload = s3.upload("key").await;
        let parts = [upload.add_copy(1, "large").await, upload.add_copy(2, "small").await];
        let etags: Vec<_> = parts.iter().filter_map(|part| part.e_tag()).collect();
        assert_eq!(etags, [md5(&*PART), md5("content")]);
        let listed = upload.parts().send().await.unwrap();
        let sizes: Vec<_> = listed.parts().iter().filter_map(Part::size).collect();
        assert_eq!(sizes, [i64::try_from(PART.len()).unwrap(), 7]);
        upload.complete(&parts).send().await.unwrap();
        same(&s3.content("key").await, &[&PART, b"content"]);
        let etag = multipart_etag(&[&PART, b"content"]);
        assert_eq!(s3.head("key").send().await.unwrap().e_tag(), Some(etag.as_str()));
    })
    .await;
}

/// The model doesn't read the bytes of a range, so its `ETag` of such a part is not their MD5 but of the same form.
#[tokio::test]
async fn a_part_can_be_a_range_of_an_object() {
    in_bucket(async |s3| {
        let source = source();
        s3.put("source", source.clone()).send().await.unwrap();
        let upload = s3.upload("key").await;
        let parts =
            [upload.add_range(1, "source", 1, PART.len()).await, upload.add_range(2, "source", 5, 9).await];
        let etags: Vec<_> = parts.iter().filter_map(|part| part.e_tag()).collect();
        if !is_model() {
            assert_eq!(etags, [md5(&source[1..]), md5(&source[5..10])]);
        }
        upload.complete(&parts).send().await.unwrap();
        same(&s3.content("key").await, &[&source[1..], &source[5..10]]);
        let etag = s3.head("key").send().await.unwrap().e_tag.unwrap();
        assert_eq!(etag, etag_of_etags(&etags));
    })
    .await;
}

#[tokio::test]
async fn a_range_can_cross_the_parts_of_its_source() {
    in_bucket(async |s3| {
        s3.put_in_parts("source", &[PART.clone(), OTHER_PART.clone(), Bytes::from("tail")]).await;
        let size = 2 * PART.len();
        let upload = s3.upload("key").await;
        let parts = [
            upload.add_range(1, "source", PART.len() - 3, size).await,
            upload.add_range(2, "source", size, size + 3).await,
        ];
        upload.complete(&parts).send().await.unwrap();
        same(&s3.content("key").await, &[&PART[PART.len() - 3..], &OTHER_PART, b"t", b"tail"]);
    })
    .await;
}

/// The page's words: "You can copy a range only if the source object is greater than 5 MB." S3 refused smaller sources for
/// years ("not supported as a byte-range copy source"); a recording of 2025 (localstack's `test_s3_api.snapshot.json`,
/// `test_upload_part_copy_range`) has it accept one of 10 bytes. A design must not rely on that, so the model refuses.
#[tokio::test]
async fn a_range_needs_a_source_over_5_mib() {
    in_bucket(async |s3| {
        if !is_model() {
            return eprintln!("not asked: S3 says so, and does not always do so");
        }
        s3.put("source", PART.clone()).send().await.unwrap();
        let upload = s3.upload("key").await;
        let copy = upload.copy(1, "source").copy_source_range("bytes=0-9").send().await;
        refused_saying(copy, 400, "InvalidRequest", "not supported as a byte-range copy source");
        s3.put("source", source()).send().await.unwrap();
        upload.add_range(1, "source", 0, 9).await;
    })
    .await;
}

/// As recorded from S3: `test_upload_part_copy_range` of the same file.
#[tokio::test]
async fn a_range_must_lie_within_the_source() {
    in_bucket(async |s3| {
        s3.put("source", source()).send().await.unwrap();
        let (upload, size) = (s3.upload("key").await, source().len());
        let copy = upload.copy(1, "source").copy_source_range(format!("bytes=0-{size}"));
        refused_saying(copy.send().await, 400, "InvalidArgument", &format!("source object of size: {size}"));
        let copy = upload.copy(1, "source").copy_source_range(format!("bytes={size}-{}", size + 9));
        refused_saying(copy.send().await, 400, "InvalidRequest", "invalid for the source object size");
    })
    .await;
}

#[tokio::test]
async fn a_range_needs_a_first_and_a_last_byte() {
    in_bucket(async |s3| {
        s3.put("source", source()).send().await.unwrap();
        let upload = s3.upload("key").await;
        for range in ["0-8", "bytes=1-0", "bytes=1-", "bytes=-2", "bytes=-", "bytes=0-1,3-4"] {
            let copy = upload.copy(1, "source").copy_source_range(range).send().await;
            refused_saying(copy, 400, "InvalidArgument", "x-amz-copy-source-range");
        }
    })
    .await;
}

#[tokio::test]
async fn a_part_outlives_its_source() {
    in_bucket(async |s3| {
        s3.put("replaced", PART.clone()).send().await.unwrap();
        s3.put("deleted", "old").send().await.unwrap();
        let upload = s3.upload("key").await;
        let parts = [upload.add_copy(1, "replaced").await, upload.add_copy(2, "deleted").await];
        s3.put("replaced", "new").send().await.unwrap();
        s3.delete("deleted").await;
        upload.complete(&parts).send().await.unwrap();
        same(&s3.content("key").await, &[&PART, b"old"]);
    })
    .await;
}

#[tokio::test]
async fn a_missing_source_is_not_found() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        refused(upload.copy(1, "missing").send().await, 404, "NoSuchKey");
        let copy = upload.copy(1, "key").copy_source(format!("{}/key", unused_name()));
        refused(copy.send().await, 404, "NoSuchBucket");
        assert_eq!(upload.numbers().await, [0; 0]);
    })
    .await;
}

#[tokio::test]
async fn conditions_on_the_source_are_kept() {
    in_bucket(async |s3| {
        let etag = s3.put("source", "content").send().await.unwrap().e_tag.unwrap();
        let modified = s3.head("source").send().await.unwrap().last_modified.unwrap();
        let earlier = DateTime::from_secs(modified.secs() - 3600);
        let upload = s3.upload("key").await;
        let copy = || upload.copy(1, "source");
        for broken in [
            copy().copy_source_if_match(OTHER),
            copy().copy_source_if_none_match(&etag),
            copy().copy_source_if_modified_since(modified),
            copy().copy_source_if_unmodified_since(earlier),
        ] {
            refused(broken.send().await, 412, "PreconditionFailed");
        }
        copy().copy_source_if_match(&etag).copy_source_if_unmodified_since(modified).send().await.unwrap();
        assert_eq!(upload.numbers().await, [1]);
    })
    .await;
}
