//! What a writer says about an object, in and out.

use std::collections::BTreeMap;

use s3s::{S3Result, s3_error};

use crate::rules;
use crate::store::Headers;

/// Takes the headers of an object out of the input of a write.
macro_rules! taken {
    ($input:expr) => {
        $crate::ops::headers::checked($crate::store::Headers {
            content_type: $input.content_type.take().map(|value| value.to_string()),
            content_encoding: $input
                .content_encoding
                .take()
                .and_then(|value| $crate::ops::headers::encoding(&value)),
            content_disposition: $input.content_disposition.take(),
            content_language: $input.content_language.take(),
            cache_control: $input.cache_control.take(),
            expires: $input.expires.take(),
            redirect: $input.website_redirect_location.take(),
            storage_class: $input
                .storage_class
                .take()
                .map(|class| class.as_str().to_owned())
                .filter(|class| class != s3s::dto::StorageClass::STANDARD),
            metadata: $input.metadata.take().unwrap_or_default().into_iter().collect(),
        })
    };
}
pub(super) use taken;

/// The content type of an object that was written without one.
pub const DEFAULT_TYPE: &str = "binary/octet-stream";

/// The encoding that the object has, without that of the request.
pub fn encoding(header: &str) -> Option<String> {
    let kept: Vec<_> = header.split(',').map(str::trim).filter(|part| *part != "aws-chunked").collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// The headers, unless S3 would refuse them.
///
/// # Errors
/// When the metadata is too large.
pub fn checked(headers: Headers) -> S3Result<Headers> {
    let size: usize = headers.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > rules::MAX_METADATA {
        return Err(s3_error!(
            MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size"
        ));
    }
    Ok(headers)
}

/// Shows the headers of an object in a response.
macro_rules! shown {
    ($output:expr, $headers:expr) => {
        let headers: &$crate::store::Headers = $headers;
        let content_type = headers.content_type.as_deref().unwrap_or($crate::ops::headers::DEFAULT_TYPE);
        $output.content_type = Some(content_type.to_owned());
        $output.content_encoding = headers.content_encoding.clone();
        $output.content_disposition = headers.content_disposition.clone();
        $output.content_language = headers.content_language.clone();
        $output.cache_control = headers.cache_control.clone();
        $output.expires = headers.expires.clone();
        $output.website_redirect_location = headers.redirect.clone();
        $output.storage_class = headers.storage_class.clone().map(s3s::dto::StorageClass::from);
        $output.metadata = $crate::ops::headers::metadata(&headers.metadata);
    };
}
pub(super) use shown;

/// An object's own metadata in a response.
pub fn metadata(metadata: &BTreeMap<String, String>) -> Option<s3s::dto::Metadata> {
    (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect())
}
