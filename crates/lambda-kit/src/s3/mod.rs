//! Listing and deleting objects, as every function of a bucket needs it.

mod delete;
mod key;
mod source;
mod uploads;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;

use crate::Failure;

pub use delete::delete_objects;
pub use key::{decode_key, decode_url, is_xml_text};
pub use source::SourceObjects;
pub use uploads::{OpenUpload, list_uploads};

/// An object as a listing describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The whole key.
    pub key: String,
    /// Size, bytes.
    pub size: u64,
    /// Entity tag, quotes included, as `If-Match` takes it.
    pub etag: String,
}

impl Object {
    /// The key's last part: the name of the object's entry in an archive.
    #[must_use]
    pub fn base_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }

    /// Whether this only stands for a folder: consoles write empty objects whose key ends in `/`. One with content is an object
    /// as any other.
    #[must_use]
    pub fn is_folder_marker(&self) -> bool {
        self.size == 0 && self.key.ends_with('/')
    }
}

/// Every object whose key starts with `prefix`, in the order of the keys' bytes; reads all pages.
///
/// # Errors
/// S3's, once the retries are used up.
pub async fn list_objects(client: &Client, bucket: &str, prefix: &str) -> Result<Vec<Object>, Failure> {
    let failed = |error| Failure::aws(format_args!("list s3://{bucket}/{prefix}"), &error);
    let request = client.list_objects_v2().bucket(bucket).prefix(prefix).encoding_type(EncodingType::Url);
    let mut pages = request.into_paginator().send();
    let mut objects = Vec::new();
    while let Some(page) = pages.try_next().await.map_err(failed)? {
        let encoding = page.encoding_type;
        objects.extend(page.contents.unwrap_or_default().into_iter().map(|object| Object {
            size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            key: decode_key(object.key.unwrap_or_default(), encoding.as_ref()),
            etag: object.e_tag.unwrap_or_default(),
        }));
    }
    Ok(objects)
}

#[cfg(test)]
mod tests;
