//! Multipart uploads: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>

use std::collections::HashMap;

use aws_sdk_s3::types::CompletedPart;

use crate::support::{
    OTHER, OTHER_PART, PART, S3, Upload, content, in_bucket, multipart_etag, refused, same,
};

/// Checks that the upload has ended: nothing works on it any more.
async fn assert_no_upload(upload: &Upload<'_>) {
    refused(upload.parts().send().await, 404, "NoSuchUpload");
    refused(upload.abort().send().await, 404, "NoSuchUpload");
    refused(upload.part(1, "late").send().await, 404, "NoSuchUpload");
    refused(upload.copy(1, "source").send().await, 404, "NoSuchUpload");
    let part = CompletedPart::builder().part_number(1).e_tag(OTHER).build();
    refused(upload.complete(&[part]).send().await, 404, "NoSuchUpload");
}

/// Checks that the object was put together from these parts.
async fn assert_parts(s3: &S3, parts: &[&[u8]]) {
    let head = s3.head("key").send().await.unwrap();
    assert_eq!(head.e_tag(), Some(multipart_etag(parts).as_str()));
    let size = parts.iter().map(|part| part.len()).sum::<usize>();
    assert_eq!(head.content_length(), Some(i64::try_from(size).unwrap()));
}

#[tokio::test]
async fn parts_become_one_object() {
    in_bucket(async |s3| {
        let upload =
            s3.upload_with("key", |create| create.content_type("text/plain").metadata("one", "1")).await;
        let parts = [
            upload.add(1, PART.clone()).await,
            upload.add(2, OTHER_PART.clone()).await,
            upload.add(3, "tail").await,
        ];
        let result = upload.complete(&parts).send().await.unwrap();
        let etag = multipart_etag(&[&PART, &OTHER_PART, b"tail"]);
        assert_eq!((result.e_tag(), result.bucket()), (Some(etag.as_str()), Some(s3.bucket.as_str())));
        let got = s3.get("key").send().await.unwrap();
        assert_eq!((got.e_tag(), got.content_type()), (Some(etag.as_str()), Some("text/plain")));
        assert_eq!(got.metadata(), Some(&HashMap::from([("one".into(), "1".into())])));
        same(&content(got).await, &[&PART, &OTHER_PART, b"tail"]);
        let seam = PART.len();
        let asked = s3.get("key").range(format!("bytes={}-{}", seam - 2, seam + 1)).send().await.unwrap();
        same(&content(asked).await, &[&PART[seam - 2..], &OTHER_PART[..2]]);
    })
    .await;
}

#[tokio::test]
async fn a_completed_upload_has_ended() {
    in_bucket(async |s3| {
        s3.put("source", "content").send().await.unwrap();
        let upload = s3.upload("key").await;
        upload.complete(&[upload.add(1, "content").await]).send().await.unwrap();
        assert_eq!(s3.uploads().await, [""; 0]);
        refused(upload.parts().send().await, 404, "NoSuchUpload");
        refused(upload.part(1, "late").send().await, 404, "NoSuchUpload");
        refused(upload.copy(1, "source").send().await, 404, "NoSuchUpload");
        assert_eq!(s3.content("key").await, "content");
    })
    .await;
}

#[tokio::test]
async fn an_aborted_upload_has_ended() {
    in_bucket(async |s3| {
        s3.put("source", "content").send().await.unwrap();
        let upload = s3.upload("key").await;
        upload.add(1, "content").await;
        upload.abort().send().await.unwrap();
        assert_eq!(s3.uploads().await, [""; 0]);
        assert_no_upload(&upload).await;
        s3.assert_missing("key").await;
    })
    .await;
}

#[tokio::test]
async fn an_unknown_upload_id_is_no_upload() {
    in_bucket(async |s3| {
        s3.put("source", "content").send().await.unwrap();
        let mut upload = s3.upload("key").await;
        upload.id = upload.id.chars().rev().collect();
        assert_no_upload(&upload).await;
    })
    .await;
}

/// As recorded from S3: localstack's `test_s3.snapshot.json`, `test_multipart_key_validation`, 2023.
#[tokio::test]
async fn an_upload_belongs_to_its_key() {
    in_bucket(async |s3| {
        s3.put("source", "content").send().await.unwrap();
        let mut upload = s3.upload("key").await;
        upload.key = "other".into();
        assert_no_upload(&upload).await;
        assert_eq!(s3.uploads().await, [upload.id]);
    })
    .await;
}

#[tokio::test]
async fn an_open_upload_is_no_object() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        upload.add(1, "content").await;
        s3.assert_missing("key").await;
        assert_eq!(s3.keys().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn an_object_stays_until_the_upload_over_it_completes() {
    in_bucket(async |s3| {
        s3.put("key", "old").send().await.unwrap();
        let upload = s3.upload("key").await;
        let parts = [upload.add(1, "new").await];
        assert_eq!(s3.content("key").await, "old");
        upload.complete(&parts).send().await.unwrap();
        assert_eq!(s3.content("key").await, "new");
    })
    .await;
}

#[tokio::test]
async fn only_the_last_part_may_be_under_5_mib() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let (small, last) = (upload.add(1, PART.slice(1..)).await, upload.add(2, "tail").await);
        refused(upload.complete(&[small, last.clone()]).send().await, 400, "EntityTooSmall");
        s3.assert_missing("key").await;
        assert_eq!(s3.uploads().await, std::slice::from_ref(&upload.id));
        upload.complete(&[upload.add(1, PART.clone()).await, last]).send().await.unwrap();
        assert_parts(s3, &[&PART, b"tail"]).await;
    })
    .await;
}

#[tokio::test]
async fn part_numbers_are_1_to_10000() {
    in_bucket(async |s3| {
        s3.put("source", "content").send().await.unwrap();
        let upload = s3.upload("key").await;
        for number in [0, 10001] {
            refused(upload.part(number, "content").send().await, 400, "InvalidArgument");
            refused(upload.copy(number, "source").send().await, 400, "InvalidArgument");
        }
        let parts = [upload.add(1, PART.clone()).await, upload.add(10000, "tail").await];
        upload.complete(&parts).send().await.unwrap();
        assert_parts(s3, &[&PART, b"tail"]).await;
    })
    .await;
}

#[tokio::test]
async fn parts_may_come_in_any_order() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let (last, first) = (upload.add(7, "tail").await, upload.add(3, PART.clone()).await);
        upload.complete(&[first, last]).send().await.unwrap();
        assert_parts(s3, &[&PART, b"tail"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_part_again_replaces_the_first() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let (old, new) = (upload.add(1, "old").await, upload.add(1, "new").await);
        refused(upload.complete(&[old]).send().await, 400, "InvalidPart");
        upload.complete(&[new]).send().await.unwrap();
        assert_eq!(s3.content("key").await, "new");
    })
    .await;
}

#[tokio::test]
async fn parts_that_are_not_listed_are_dropped() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let first = upload.add(1, PART.clone()).await;
        upload.add(2, "dropped").await;
        let last = upload.add(3, "tail").await;
        upload.complete(&[first, last]).send().await.unwrap();
        assert_parts(s3, &[&PART, b"tail"]).await;
    })
    .await;
}

#[tokio::test]
async fn the_list_of_parts_must_be_right() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let (first, second) = (upload.add(1, PART.clone()).await, upload.add(2, "tail").await);
        let mut missing = second.clone();
        missing.part_number = Some(3);
        let mut other = second.clone();
        other.e_tag.clone_from(&first.e_tag);
        for (parts, code) in [
            ([first.clone(), missing], "InvalidPart"),
            ([first.clone(), other], "InvalidPart"),
            ([second.clone(), first.clone()], "InvalidPartOrder"),
            ([first.clone(), first.clone()], "InvalidPartOrder"),
        ] {
            refused(upload.complete(&parts).send().await, 400, code);
        }
        s3.assert_missing("key").await;
        upload.complete(&[first, second]).send().await.unwrap();
    })
    .await;
}

/// S3's message, which its imitations repeat: "You must specify at least one part".
#[tokio::test]
async fn an_upload_without_parts_cannot_be_completed() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        refused(upload.complete(&[]).send().await, 400, "InvalidRequest");
        assert_eq!(s3.uploads().await, [upload.id]);
    })
    .await;
}

#[tokio::test]
async fn etags_of_parts_need_no_quotes() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let mut part = upload.add(1, "content").await;
        part.e_tag = part.e_tag.map(|etag| etag.trim_matches('"').to_owned());
        upload.complete(&[part]).send().await.unwrap();
        assert_eq!(s3.content("key").await, "content");
    })
    .await;
}

#[tokio::test]
async fn parts_are_listed_in_pages() {
    in_bucket(async |s3| {
        let upload = s3.upload("key").await;
        let fifth = upload.add(5, "5").await;
        upload.add(1, "1").await;
        upload.add(3, "3").await;
        assert_eq!(upload.numbers().await, [1, 3, 5]);
        let page = upload.parts().max_parts(2).send().await.unwrap();
        assert_eq!((page.is_truncated(), page.max_parts()), (Some(true), Some(2)));
        assert_eq!(page.next_part_number_marker(), Some("3"));
        let rest = upload.parts().part_number_marker("3").send().await.unwrap();
        assert_eq!((rest.is_truncated(), rest.part_number_marker()), (Some(false), Some("3")));
        let [part] = rest.parts() else { panic!("{rest:?}") };
        assert_eq!((part.part_number(), part.size(), part.e_tag()), (Some(5), Some(1), fifth.e_tag()));
    })
    .await;
}

#[tokio::test]
async fn uploads_are_listed_in_pages() {
    in_bucket(async |s3| {
        let mut ids = Vec::new();
        for key in ["b", "a", "b", "folder/c", "folder/d"] {
            ids.push(s3.upload(key).await.id);
        }
        ids.swap(0, 1);
        let list = || s3.client.list_multipart_uploads().bucket(&s3.bucket);
        assert_eq!(s3.uploads().await, ids);
        let folder = list().prefix("folder/").send().await.unwrap();
        assert_eq!(
            folder.uploads().iter().filter_map(|upload| upload.upload_id()).collect::<Vec<_>>(),
            ids[3..]
        );
        let folders = list().delimiter("/").send().await.unwrap();
        assert_eq!(folders.uploads().len(), 3);
        assert_eq!(folders.common_prefixes()[0].prefix(), Some("folder/"));
        let (mut pages, mut marker) = (Vec::new(), (None, None));
        loop {
            let page = list().max_uploads(2).set_key_marker(marker.0).set_upload_id_marker(marker.1);
            let page = page.send().await.unwrap();
            pages.push(
                page.uploads().iter().filter_map(|upload| upload.upload_id.clone()).collect::<Vec<_>>(),
            );
            if page.is_truncated() != Some(true) {
                break;
            }
            marker = (page.next_key_marker, page.next_upload_id_marker);
        }
        assert_eq!(pages, [&ids[..2], &ids[2..4], &ids[4..]]);
    })
    .await;
}
