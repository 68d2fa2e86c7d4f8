//! Listing and deleting objects, as every function of a bucket needs it.

mod delete;
mod source;

use aws_sdk_s3::Client;

use crate::Failure;

pub use delete::delete_objects;
pub use source::SourceObjects;

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

    /// Whether this only stands for a folder: consoles write empty objects whose key ends in `/`.
    #[must_use]
    pub fn is_folder_marker(&self) -> bool {
        self.key.ends_with('/')
    }
}

/// Every object whose key starts with `prefix`, in the order of the keys' bytes; reads all pages.
///
/// # Errors
/// S3's, once the retries are used up.
pub async fn list_objects(client: &Client, bucket: &str, prefix: &str) -> Result<Vec<Object>, Failure> {
    let failed = |error| Failure::aws(format_args!("list s3://{bucket}/{prefix}"), &error);
    let mut pages = client.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
    let mut objects = Vec::new();
    while let Some(page) = pages.try_next().await.map_err(failed)? {
        objects.extend(page.contents.unwrap_or_default().into_iter().map(|object| Object {
            size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            key: object.key.unwrap_or_default(),
            etag: object.e_tag.unwrap_or_default(),
        }));
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str) -> Object {
        Object { key: key.to_owned(), size: 0, etag: String::new() }
    }

    #[test]
    fn an_entry_is_named_by_the_last_part_of_the_key() {
        assert_eq!(object("files/a b+%20é").base_name(), "a b+%20é");
        assert_eq!(object("files/deep/x").base_name(), "x");
    }

    #[test]
    fn a_folder_marker_is_no_file() {
        assert!(object("files/").is_folder_marker());
        assert!(!object("files/a").is_folder_marker());
    }
}
