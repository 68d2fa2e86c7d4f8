//! S3's limits and errors, with the codes and messages that S3 answers with.
//!
//! Limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>, codes:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.

use std::borrow::Cow;
use std::ops::Range;

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

/// Bytes of a part at least, unless it is the last.
pub const MIN_PART: u64 = 5 << 20;

/// Bytes at most that one request writes or copies.
pub const MAX_BODY: u64 = 5 << 30;

/// The number of parts at most, and the highest part number.
pub const MAX_PARTS: u16 = 10_000;

/// Objects at most that one request deletes, or that a list shows.
pub const MAX_KEYS: usize = 1_000;

/// Bytes of a key at most.
pub const MAX_KEY: usize = 1_024;

/// Bytes of all names and values of an object's own metadata at most.
pub const MAX_METADATA: usize = 2_048;

/// Tags of an object at most.
pub const MAX_TAGS: usize = 10;

/// Tags of a bucket at most.
pub const MAX_BUCKET_TAGS: usize = 50;

/// The id of an object's version in a bucket that never had versioning.
pub const ONLY_VERSION: &str = "null";

/// An error with a code that s3s has no name for.
#[must_use]
pub fn error(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(status);
    error
}

/// An [`error()`] with status 400.
#[must_use]
pub fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> S3Error {
    error(StatusCode::BAD_REQUEST, code, message)
}

/// Refuses `bucket`: there is none.
#[must_use]
pub fn no_such_bucket() -> S3Error {
    s3_error!(NoSuchBucket, "The specified bucket does not exist")
}

/// Refuses a key: there is no object.
#[must_use]
pub fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

/// Refuses an upload id: there is no such upload, not for this bucket and key, or no longer.
#[must_use]
pub fn no_such_upload() -> S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
         completed."
    )
}

/// Refuses a body that is no XML of the operation.
#[must_use]
pub fn malformed_xml() -> S3Error {
    s3_error!(
        MalformedXML,
        "The XML you provided was not well-formed or did not validate against our published schema"
    )
}

/// Refuses a condition that does not hold.
#[must_use]
pub fn precondition_failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

/// Refuses a part of a completion.
#[must_use]
pub fn invalid_part() -> S3Error {
    s3_error!(
        InvalidPart,
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified \
         entity tag may not match the part's entity tag."
    )
}

/// Refuses a part that is too small to be followed by another.
#[must_use]
pub fn entity_too_small() -> S3Error {
    s3_error!(EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size")
}

/// Refuses a body of more than [`MAX_BODY`].
#[must_use]
pub fn entity_too_large() -> S3Error {
    s3_error!(EntityTooLarge, "Your proposed upload exceeds the maximum allowed size")
}

/// Refuses a body that is not as long as it said.
#[must_use]
pub fn incomplete_body() -> S3Error {
    s3_error!(
        IncompleteBody,
        "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )
}

/// Refuses a body that the client's checksum is not of.
#[must_use]
pub fn bad_digest(name: &str) -> S3Error {
    S3Error::with_message(
        S3ErrorCode::BadDigest,
        format!("The {name} you specified did not match the calculated checksum."),
    )
}

/// Refuses a part number.
///
/// # Errors
/// When it is not between 1 and [`MAX_PARTS`].
pub fn part_number(number: i32) -> S3Result<u16> {
    u16::try_from(number).ok().filter(|number| (1..=MAX_PARTS).contains(number)).ok_or_else(|| {
        s3_error!(InvalidArgument, "Part number must be an integer between 1 and {MAX_PARTS}, inclusive")
    })
}

/// What S3 says to a code: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
#[must_use]
pub fn message(code: &str) -> &'static str {
    match code {
        "AccessDenied" => "Access Denied",
        "BadDigest" => {
            "The Content-MD5 or checksum value that you specified did not match what the server received."
        }
        "EntityTooLarge" => "Your proposed upload exceeds the maximum allowed object size.",
        "IncompleteBody" => {
            "You did not provide the number of bytes specified by the Content-Length HTTP header."
        }
        "InternalError" => "An internal error occurred. Try again.",
        "InvalidAccessKeyId" => "The AWS access key ID that you provided does not exist in our records.",
        "InvalidBucketName" => "The specified bucket is not valid.",
        "InvalidURI" => "The specified URI couldn't be parsed.",
        "KeyTooLongError" => "Your key is too long",
        "MalformedXML" => {
            "The XML you provided was not well-formed or did not validate against our published schema"
        }
        "MaxMessageLengthExceeded" => "Your request was too large.",
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "MissingRequestBodyError" => "You sent an empty XML document as a request.",
        "NotImplemented" => "A header that you provided implies functionality that is not implemented.",
        "RequestTimeTooSkewed" => {
            "The difference between the request time and the server's time is too large."
        }
        "SignatureDoesNotMatch" => {
            "The request signature that the server calculated does not match the signature that you provided."
        }
        _ => "The request is not valid.",
    }
}

/// Whether a key has no more parts `..` than others before them; S3 refuses all requests for others.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
#[must_use]
pub fn stays_in_bucket(key: &str) -> bool {
    let mut depth = 0_usize;
    key.split('/').all(|part| {
        let next = match part {
            ".." => depth.checked_sub(1),
            "" | "." => Some(depth),
            _ => Some(depth + 1),
        };
        depth = next.unwrap_or_default();
        next.is_some()
    })
}

/// Refuses a key that is too long.
///
/// # Errors
/// When it has more than [`MAX_KEY`] bytes.
pub fn key(key: &str) -> S3Result<()> {
    if key.len() > MAX_KEY {
        return Err(s3_error!(KeyTooLongError, "Your key is too long"));
    }
    Ok(())
}

/// Refuses versions that no object has here.
///
/// # Errors
/// For any but [`ONLY_VERSION`].
pub fn version(asked: Option<&str>) -> S3Result<()> {
    match asked {
        None | Some(ONLY_VERSION) => Ok(()),
        Some(_) => Err(bad_request("InvalidArgument", "Invalid version id specified")),
    }
}

/// A limit of a list: S3 shows [`MAX_KEYS`] at most however many are asked for.
///
/// # Errors
/// When it is negative.
pub fn list_limit(asked: Option<i32>, name: &str) -> S3Result<usize> {
    let asked = asked.map_or(Ok(MAX_KEYS), usize::try_from);
    asked.map(|limit| limit.min(MAX_KEYS)).map_err(|_| {
        s3_error!(InvalidArgument, "Argument {name} must be an integer between 0 and 2147483647")
    })
}

/// The range of `x-amz-copy-source-range` in a source of `size` bytes.
///
/// # Errors
/// When it isn't `bytes=first-last`, reaches beyond the end, or the source is too small for ranges.
pub fn copy_range(header: &str, size: u64) -> S3Result<Range<u64>> {
    let malformed = || {
        s3_error!(
            InvalidArgument,
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the \
             zero-based offsets of the first and last bytes to copy"
        )
    };
    let (first, last) =
        header.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(malformed)?;
    let (first, last): (u64, u64) = first
        .parse()
        .ok()
        .zip(last.parse().ok())
        .filter(|(first, last)| first <= last)
        .ok_or_else(malformed)?;
    if first >= size {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy range is invalid for the source object size: {size}"
        ));
    }
    if last >= size {
        return Err(s3_error!(
            InvalidArgument,
            "Range specified is not valid for source object of size: {size}"
        ));
    }
    if size <= MIN_PART {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy source is not supported as a byte-range copy source"
        ));
    }
    Ok(first..last + 1)
}

/// Refuses to copy this much in one request.
///
/// # Errors
/// When it is more than [`MAX_BODY`].
pub fn copy_size(size: u64) -> S3Result<()> {
    if size > MAX_BODY {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy source is larger than the maximum allowable size for a copy source: {MAX_BODY}"
        ));
    }
    Ok(())
}

/// What S3 answers when the model itself could not do what it was asked for.
#[must_use]
pub fn internal(error: &std::io::Error) -> S3Error {
    s3_error!(InternalError, "The S3 model cannot read or write its files: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_have_as_many_relative_parts_as_others_before_them() {
        for key in test_kit::awkward_keys::taken("")
            .iter()
            .map(String::as_str)
            .chain(["videos/2014/../../video1.wmv"])
        {
            assert!(stays_in_bucket(key), "{key:?}");
        }
        for key in
            test_kit::awkward_keys::refused().iter().map(String::as_str).chain(["videos/../../video1.wmv"])
        {
            assert!(!stays_in_bucket(key), "{key:?}");
        }
    }
}
