//! Everything that can happen to the store. A change is journalled and then made, and made again from the journal at the
//! next start: both go through [`State::apply`](super::state::State::apply).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::{ObjectInfo, ObjectPart, PartInfo, Seconds, UploadInfo};

/// One change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Change {
    /// A new bucket.
    CreateBucket {
        /// Its name.
        bucket: String,
        /// When.
        created: Seconds,
        /// The region asked for.
        region: Option<String>,
        /// Its first bytes, by name.
        settings: BTreeMap<String, serde_json::Value>,
    },
    /// An empty bucket goes.
    DeleteBucket {
        /// Its name.
        bucket: String,
    },
    /// A setting of a bucket.
    SetBucket {
        /// Whose.
        bucket: String,
        /// Which.
        setting: String,
        /// None takes it away.
        value: Option<serde_json::Value>,
    },
    /// A new object, or a new one in the place of another.
    Put {
        /// Where.
        bucket: String,
        /// Its key.
        key: String,
        /// What it has beside its bytes.
        info: ObjectInfo,
        /// Only when the journal is rewritten: of an object that was uploaded in parts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parts: Option<Vec<ObjectPart>>,
        /// Its bytes.
        bytes: Bytes,
    },
    /// New tags of an object.
    SetTags {
        /// Where.
        bucket: String,
        /// Its key.
        key: String,
        /// All of them.
        tags: Vec<(String, String)>,
    },
    /// Objects go, as far as there are any.
    Delete {
        /// Where.
        bucket: String,
        /// Their keys.
        keys: Vec<String>,
    },
    /// A multipart upload starts.
    CreateUpload {
        /// Its id.
        upload: String,
        /// What was said about it.
        info: UploadInfo,
    },
    /// A part, or a new one in the place of another.
    PutPart {
        /// Of this upload.
        upload: String,
        /// Its number.
        number: u16,
        /// What it has beside its bytes.
        info: PartInfo,
        /// Its bytes.
        bytes: Bytes,
    },
    /// An upload becomes an object.
    Complete {
        /// Its id.
        upload: String,
        /// The parts to take, in order.
        parts: Vec<u16>,
        /// What the object has beside its bytes.
        info: ObjectInfo,
    },
    /// An upload goes, and its parts.
    Abort {
        /// Its id.
        upload: String,
    },
}

/// Where the bytes of an object or part come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Bytes {
    /// From the body that goes with the change.
    Body,
    /// From an object, as it is at this point of the journal: so a copy takes one short line, however many ranges the
    /// object is made of.
    CopyOf {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
        /// First byte.
        start: u64,
        /// First byte after the range.
        end: u64,
    },
}
