//! Where an archive's bytes come from: a thing that can be read from any offset.

use std::ops::Range;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use lambda_kit::Failure;

/// The bytes of a range, in order; it may end early with an error.
pub type Chunks = BoxStream<'static, Result<Bytes, SourceError>>;

/// Reading failed, which says nothing about the archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Bytes that can be read from any offset.
pub trait RangedSource: Send + Sync + 'static {
    /// Starts to read `range`, which is not empty and within the source.
    fn open(&self, range: Range<u64>) -> BoxFuture<'static, Result<Chunks, SourceError>>;
}

/// One version of an S3 object.
#[derive(Debug, Clone)]
pub struct S3Source {
    client: Client,
    bucket: String,
    key: String,
    etag: String,
}

impl S3Source {
    /// The object as it is now, and its size in bytes; none if there is no such object.
    ///
    /// # Errors
    /// S3's errors once the retries are used up.
    pub async fn find(client: &Client, bucket: &str, key: &str) -> Result<Option<(Self, u64)>, Failure> {
        let head = match client.head_object().bucket(bucket).key(key).send().await {
            Ok(head) => head,
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => {
                return Ok(None);
            }
            Err(error) => return Err(Failure::aws(format_args!("read s3://{bucket}/{key}"), &error)),
        };
        let size = head.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
        let etag = head.e_tag.unwrap_or_default();
        Ok(Some((
            Self { client: client.clone(), bucket: bucket.to_owned(), key: key.to_owned(), etag },
            size,
        )))
    }
}

impl RangedSource for S3Source {
    fn open(&self, range: Range<u64>) -> BoxFuture<'static, Result<Chunks, SourceError>> {
        let request = self.client.get_object().bucket(&self.bucket).key(&self.key).if_match(&self.etag);
        let request = request.range(format!("bytes={}-{}", range.start, range.end - 1));
        let name = format!("s3://{}/{}", self.bucket, self.key);
        async move {
            let response = request.send().await;
            let response = response.map_err(|error| {
                SourceError(Failure::aws(format_args!("read {name}"), &error).to_string())
            })?;
            let chunks = stream::unfold((response.body, name), |(mut body, name)| async {
                let chunk = body
                    .next()
                    .await?
                    .map_err(|error| SourceError(format!("cannot read {name}: {}", Failure::from(error))));
                Some((chunk, (body, name)))
            });
            Ok(chunks.boxed())
        }
        .boxed()
    }
}
