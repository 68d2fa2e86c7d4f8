//! Objects that S3 is to encrypt with a key of KMS. The model encrypts nothing: what differs is what clients are told.

use md5::{Digest, Md5};
use s3s::dto::ServerSideEncryption;

/// The key of an account that names none (Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys").
const DEFAULT_KEY: &str = "arn:aws:kms:us-east-1:000000000000:alias/aws/s3";

/// The key that a writer asks for, if it asks for one.
pub fn kms_key(asked: Option<ServerSideEncryption>, key: Option<String>) -> Option<String> {
    let is_kms = asked.is_some_and(|asked| asked.as_str() == ServerSideEncryption::AWS_KMS);
    is_kms.then(|| key.unwrap_or_else(|| DEFAULT_KEY.to_owned()))
}

/// An object's etag. That of an encrypted one is not the MD5 of its content (API reference of S3, "Object").
pub fn etag(md5: String, kms_key: Option<&str>) -> String {
    match kms_key {
        Some(key) => super::body::hex(&Md5::digest(format!("{key} {md5}"))),
        None => md5,
    }
}

/// Shows in a response how an object is encrypted.
macro_rules! show {
    ($output:expr, $kms_key:expr) => {
        let kms_key: Option<&str> = $kms_key;
        $output.ssekms_key_id = kms_key.map(str::to_owned);
        $output.server_side_encryption = kms_key
            .map(|_| s3s::dto::ServerSideEncryption::from_static(s3s::dto::ServerSideEncryption::AWS_KMS));
    };
}
pub(super) use show;
