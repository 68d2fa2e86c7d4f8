//! The bucket's objects, page by page, from any key on.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;
use lambda_kit::{Failure, decode_key};

/// A bucket's objects, or those of them whose keys start with a prefix.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// The bucket.
    pub bucket: &'a str,
    /// What the keys start with.
    pub prefix: &'a str,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The whole key.
    pub key: String,
    /// Size, bytes.
    pub size: u64,
    /// When it was written, seconds since 1970.
    pub modified: i64,
}

/// Objects in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Listed>,
    /// Whether there are others behind them.
    pub has_more: bool,
}

impl Listing<'_> {
    /// The next objects behind a key. A key, unlike S3's own token, is good for places within a page, too.
    ///
    /// # Errors
    /// S3's, once the retries are used up.
    pub async fn page(&self, after: &str) -> Result<Page, Failure> {
        let Self { client, bucket, prefix } = self;
        let after = Some(after.to_owned()).filter(|after| !after.is_empty());
        // Keys may hold what XML cannot.
        let request =
            client.list_objects_v2().bucket(*bucket).prefix(*prefix).encoding_type(EncodingType::Url);
        let answer = request.set_start_after(after).send().await;
        let answer =
            answer.map_err(|error| Failure::aws(format_args!("list s3://{bucket}/{prefix}"), &error))?;
        let (encoding, has_more) = (answer.encoding_type, answer.is_truncated.unwrap_or_default());
        let objects = answer.contents.unwrap_or_default().into_iter().map(|object| Listed {
            key: decode_key(object.key.unwrap_or_default(), encoding.as_ref()),
            size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            modified: object.last_modified.map_or(i64::MAX, |modified| modified.secs()),
        });
        Ok(Page { objects: objects.collect(), has_more })
    }
}
