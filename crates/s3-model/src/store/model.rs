//! What the store knows of buckets, objects and uploads beside the bytes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use s3s::dto::Timestamp;
use serde::{Deserialize, Serialize};

use super::rope::Rope;
use crate::checksums::{Algorithm, Checksum, Coverage};

/// A point in time in seconds since 1970, as precise as S3's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seconds(pub u64);

impl Seconds {
    /// This second.
    #[must_use]
    pub fn now() -> Self {
        Self(UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs()))
    }
}

impl From<Seconds> for SystemTime {
    fn from(seconds: Seconds) -> Self {
        UNIX_EPOCH + Duration::from_secs(seconds.0)
    }
}

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    /// When it was made.
    pub created: Seconds,
    /// The region that its maker asked for, none for S3's first one.
    pub region: Option<String>,
    /// Its settings as JSON by name: kept and returned, without effect.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Its objects by key, in the order of the keys' bytes.
    pub objects: BTreeMap<String, Arc<Object>>,
}

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its bytes.
    pub rope: Rope,
    /// All else.
    pub info: ObjectInfo,
    /// The parts it was uploaded in, none if it came in one piece.
    pub parts: Option<Arc<[ObjectPart]>>,
    /// The number of the change that made it.
    pub change: u64,
}

/// What an object has beside its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectInfo {
    /// Without quotes.
    pub etag: String,
    /// When it was written.
    pub modified: Seconds,
    /// None if it needs the bytes to be read, and was not requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
    /// What its writer said about it.
    #[serde(default, skip_serializing_if = "Headers::is_default")]
    pub headers: Headers,
    /// The KMS key that S3 is to encrypt it with; no copy of it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// Its tags in the order in which they were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
}

/// Headers that a writer gives and a reader gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Headers {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Expires`.
    pub expires: Option<Timestamp>,
    /// `x-amz-website-redirect-location`.
    pub redirect: Option<String>,
    /// `x-amz-storage-class`, none for `STANDARD`.
    pub storage_class: Option<String>,
    /// `x-amz-meta-*`, without that beginning.
    pub metadata: BTreeMap<String, String>,
}

impl Headers {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A part of an object that was uploaded in parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectPart {
    /// The number it was uploaded under.
    pub number: u16,
    /// Bytes.
    pub size: u64,
    /// Of its bytes, if its uploader asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

/// An upload in parts that is neither completed nor aborted.
#[derive(Clone, Debug)]
pub struct Upload {
    /// What was said when it was made.
    pub info: UploadInfo,
    /// Its parts by number.
    pub parts: BTreeMap<u16, Part>,
    /// The number of the change that started it.
    pub change: u64,
    /// Whether an object of its key was deleted since.
    pub saw_deletion: bool,
}

/// What was said when an upload was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UploadInfo {
    /// Where the object will be.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// When it was made.
    pub initiated: Seconds,
    /// Of the object.
    pub headers: Headers,
    /// Of the object.
    pub tags: Vec<(String, String)>,
    /// The checksums that the client asked for; without any the object gets S3's default.
    pub checksums: Option<(Algorithm, Coverage)>,
}

/// An uploaded part.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its bytes.
    pub rope: Rope,
    /// All else.
    pub info: PartInfo,
}

/// What a part has beside its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartInfo {
    /// Hexadecimal digits of 16 bytes.
    pub etag: String,
    /// When it was written.
    pub modified: Seconds,
    /// Of its bytes, if the upload asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}
