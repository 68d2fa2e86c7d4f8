//! Uploads under way.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;

use super::decode_key;
use crate::Failure;

/// An upload that S3 holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUpload {
    /// The key it is for.
    pub key: String,
    /// S3's name for it.
    pub id: String,
}

/// The uploads under way whose keys start with `prefix`; reads all pages.
///
/// # Errors
/// S3's, once the retries are used up.
pub async fn list_uploads(client: &Client, bucket: &str, prefix: &str) -> Result<Vec<OpenUpload>, Failure> {
    let mut found = Vec::new();
    let (mut key_marker, mut id_marker) = (None, None);
    loop {
        let request = client.list_multipart_uploads().bucket(bucket).prefix(prefix);
        let request = request.encoding_type(EncodingType::Url);
        let page = request.set_key_marker(key_marker).set_upload_id_marker(id_marker).send().await;
        let page = page
            .map_err(|error| Failure::aws(format_args!("list uploads to s3://{bucket}/{prefix}"), &error))?;
        let decoded = |key| decode_key(key, page.encoding_type.as_ref());
        found.extend(page.uploads.unwrap_or_default().into_iter().map(|upload| OpenUpload {
            key: decoded(upload.key.unwrap_or_default()),
            id: upload.upload_id.unwrap_or_default(),
        }));
        if !page.is_truncated.unwrap_or_default() {
            return Ok(found);
        }
        (key_marker, id_marker) = (page.next_key_marker.map(decoded), page.next_upload_id_marker);
    }
}
