//! What all checks need: an S3 (the model, started here, or another one), and a bucket for each check.
//!
//! Another S3 is asked when `S3_CHECKS_ENDPOINT` is set, with `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
//! `AWS_SESSION_TOKEN` and `AWS_REGION`. `S3_CHECKS_BUCKET` is the prefix of the checks' bucket names.

mod bucket;
mod errors;
mod model;
pub mod raw_http;
mod upload;
mod values;

pub use bucket::{S3, in_bucket, location, unused_name};
pub use errors::{refused, refused_saying, unanswered};
pub use model::is_model;
pub use upload::Upload;
pub use values::{CONTENT, CRC32, CRC32C, CRC64NVME, GIB, KEYS, MIB, OTHER, OTHER_PART, PART, SHA1, SHA256};
pub use values::{content, crc32, encoded, etag_of_etags, joined, md5, multipart_etag, same, sha256};
