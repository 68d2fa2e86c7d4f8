//! Buckets with the inputs in them.

use ::archive::verify::Expected;
use anyhow::Result;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use fill_bucket::content;
use futures::{StreamExt, TryStreamExt, stream};
use lambda_kit::Object as Listed;
use sha2::{Digest, Sha256};

use super::input::{Input, Object};
use super::sandbox::{Source, failed};

/// Objects put at once.
const PUTS: usize = 32;
/// Larger objects are put together from copies of one of this size, bytes.
const BLOCK: u64 = 64 << 20;

/// Makes a bucket for an input and fills it.
pub async fn seed(client: &Client, prefix: &str, input: Input) -> Result<Source> {
    let bucket = format!("check-{}", input.name());
    // After an event it is there already.
    let made = client.create_bucket().bucket(&bucket).send().await;
    if let Err(error) = made
        && !error.as_service_error().is_some_and(CreateBucketError::is_bucket_already_owned_by_you)
    {
        return Err(failed("CreateBucket")(error));
    }
    let objects = input.objects();
    let name = bucket.as_str();
    let put = (0..).zip(objects.clone()).map(|(number, object)| async move {
        put(client, name, prefix, number, &object, input.is_encrypted()).await // owns its object, as what runs on any thread has to
    });
    let digests: Vec<String> = stream::iter(put).buffered(PUTS).try_collect().await?;
    Ok(Source { expected: expected(prefix, &objects, digests), bucket })
}

/// What an archive of the objects holds; none if two of them share a name.
fn expected(prefix: &str, objects: &[Object], digests: Vec<String>) -> Option<Expected> {
    let listed = objects.iter().map(|object| Listed {
        key: format!("{prefix}/{}", object.key),
        size: object.size,
        etag: String::new(),
    });
    let mut expected = Expected::new();
    for (object, digest) in listed.zip(digests).filter(|(object, _)| !object.is_folder_marker()) {
        if expected.insert(object.base_name().to_owned(), vec![digest]).is_some() {
            return None;
        }
    }
    Some(expected)
}

/// Puts an object and returns its SHA-256.
pub async fn put(
    client: &Client,
    bucket: &str,
    prefix: &str,
    number: u64,
    object: &Object,
    is_encrypted: bool,
) -> Result<String> {
    let key = format!("{prefix}/{}", object.key);
    if object.size > BLOCK {
        return compose(client, bucket, &key, object.size / BLOCK).await;
    }
    let size = usize::try_from(object.size)?;
    let content =
        tokio::task::spawn_blocking(move || content::exact(object_seed(size), number, size)).await?;
    let put = client.put_object().bucket(bucket).key(key).body(content.bytes.into());
    let put = put.set_server_side_encryption(is_encrypted.then_some(ServerSideEncryption::AwsKms));
    put.send().await.map_err(failed("PutObject"))?;
    Ok(content.name)
}

/// Objects of different sizes never start alike.
fn object_seed(size: usize) -> u64 {
    size as u64
}

/// Puts one block together so many times; the model's copies take no time and no space.
async fn compose(client: &Client, bucket: &str, key: &str, blocks: u64) -> Result<String> {
    let block = content::exact(BLOCK, 0, usize::try_from(BLOCK)?);
    let mut digest = Sha256::new();
    (0..blocks).for_each(|_| digest.update(&block.bytes));
    let temporary = "block";
    let put = client.put_object().bucket(bucket).key(temporary).body(block.bytes.into());
    put.send().await.map_err(failed("PutObject"))?;
    let upload = client.create_multipart_upload().bucket(bucket).key(key).send().await;
    let id = upload.map_err(failed("CreateMultipartUpload"))?.upload_id.unwrap_or_default();
    let copies = (1..=i32::try_from(blocks)?).map(|number| {
        let copy = client.upload_part_copy().bucket(bucket).key(key).upload_id(&id).part_number(number);
        let copy = copy.copy_source(format!("{bucket}/{temporary}")).send();
        async move {
            let etag = copy
                .await
                .map_err(failed("UploadPartCopy"))?
                .copy_part_result
                .and_then(|result| result.e_tag);
            anyhow::Ok(CompletedPart::builder().part_number(number).set_e_tag(etag).build())
        }
    });
    let parts = stream::iter(copies).buffered(PUTS).try_collect().await?;
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete =
        client.complete_multipart_upload().bucket(bucket).key(key).upload_id(id).multipart_upload(parts);
    complete.send().await.map_err(failed("CompleteMultipartUpload"))?;
    client.delete_object().bucket(bucket).key(temporary).send().await.map_err(failed("DeleteObject"))?;
    Ok(hex::encode(digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str) -> Object {
        Object { key: key.to_owned(), size: 1 }
    }

    #[test]
    fn an_archive_holds_files_without_their_folders_and_no_folder_markers() {
        let marker = |key| Object { size: 0, ..object(key) };
        let expected = expected(
            "files",
            &[marker("a/"), marker(""), object("a/one")],
            ["x", "y", "z"].map(str::to_owned).into(),
        );
        assert_eq!(expected, Some(Expected::from([("one".to_owned(), vec!["z".to_owned()])])));
    }

    #[test]
    fn no_archive_holds_two_objects_of_one_name() {
        assert_eq!(
            expected("files", &[object("a/x"), object("b/x")], vec![String::new(), String::new()]),
            None
        );
    }
}
