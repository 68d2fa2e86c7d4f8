//! `If-Match` and its kin.

use std::time::SystemTime;

use s3s::dto::{ETagCondition, Timestamp};
use s3s::{S3Result, s3_error};

use crate::rules;
use crate::store::{Object, Upload};

/// The conditions of a read, or of the source of a copy.
#[derive(Default)]
pub struct Conditions {
    /// `If-Match`.
    pub matches: Option<ETagCondition>,
    /// `If-None-Match`.
    pub none_match: Option<ETagCondition>,
    /// `If-Modified-Since`.
    pub modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`.
    pub unmodified_since: Option<Timestamp>,
}

/// Takes the conditions of a source out of the input of a copy.
macro_rules! of_copy_source {
    ($input:expr) => {
        $crate::ops::conditions::Conditions {
            matches: $input.copy_source_if_match.take(),
            none_match: $input.copy_source_if_none_match.take(),
            modified_since: $input.copy_source_if_modified_since.take(),
            unmodified_since: $input.copy_source_if_unmodified_since.take(),
        }
    };
}
pub(super) use of_copy_source;

/// Takes the conditions out of the input of a read.
macro_rules! of_read {
    ($input:expr) => {
        $crate::ops::conditions::Conditions {
            matches: $input.if_match.take(),
            none_match: $input.if_none_match.take(),
            modified_since: $input.if_modified_since.take(),
            unmodified_since: $input.if_unmodified_since.take(),
        }
    };
}
pub(super) use of_read;

impl Conditions {
    /// For a read of `object`.
    ///
    /// # Errors
    /// `PreconditionFailed` or `NotModified`.
    pub fn check_read(&self, object: &Object) -> S3Result<()> {
        if !self.is_still_wanted(object) {
            return Err(rules::precondition_failed());
        }
        if self.is_known_already(object) {
            let mut unchanged = s3_error!(NotModified, "Not Modified");
            unchanged.set_headers(validators(object));
            return Err(unchanged);
        }
        Ok(())
    }

    /// For `object` as the source of a copy.
    ///
    /// # Errors
    /// `PreconditionFailed`.
    pub fn check_source(&self, object: &Object) -> S3Result<()> {
        if !self.is_still_wanted(object) || self.is_known_already(object) {
            return Err(rules::precondition_failed());
        }
        Ok(())
    }

    /// A matching etag outweighs a date.
    fn is_still_wanted(&self, object: &Object) -> bool {
        match (&self.matches, &self.unmodified_since) {
            (Some(etag), _) => is_match(etag, object),
            (None, Some(date)) => not_after(date, object),
            (None, None) => true,
        }
    }

    fn is_known_already(&self, object: &Object) -> bool {
        match (&self.none_match, &self.modified_since) {
            (Some(etag), _) => is_match(etag, object),
            (None, Some(date)) => not_after(date, object),
            (None, None) => false,
        }
    }
}

/// For a deletion of `old`, which takes any object or one with an etag.
///
/// # Errors
/// `PreconditionFailed`, `NoSuchKey` when there is no object to match.
pub fn check_deletion(old: Option<&Object>, matches: Option<&ETagCondition>) -> S3Result<()> {
    match (matches, old) {
        (Some(_), None) => Err(rules::no_such_key()),
        (Some(etag), Some(old)) if !is_match(etag, old) => Err(rules::precondition_failed()),
        _ => Ok(()),
    }
}

/// For a completion over `old`, or where there is nothing yet: as [`check_write`], and no other write may have come in between.
///
/// # Errors
/// Those of [`check_write`], and `ConditionalRequestConflict` when the key was written to or deleted since the upload started.
pub fn check_completion(
    upload: &Upload,
    old: Option<&Object>,
    matches: Option<&ETagCondition>,
    none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    check_write(old, matches, none_match)?;
    let is_newer = old.is_some_and(|old| old.change > upload.change);
    if (none_match.is_some() && upload.saw_deletion) || (matches.is_some() && is_newer) {
        return Err(s3_error!(
            ConditionalRequestConflict,
            "The conditional request cannot succeed due to a conflicting operation against this resource."
        ));
    }
    Ok(())
}

/// For a write over `old`, or where there is nothing yet.
///
/// # Errors
/// `PreconditionFailed`, `NoSuchKey` when an etag is to match and there is no object.
pub fn check_write(
    old: Option<&Object>,
    matches: Option<&ETagCondition>,
    none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let is_unusual = matches.is_some() && none_match.is_some()
        || matches!(matches, Some(ETagCondition::Any))
        || matches!(none_match, Some(ETagCondition::ETag(_)));
    if is_unusual {
        return Err(s3_error!(
            NotImplemented,
            "A header you provided implies functionality that is not implemented: a write takes If-None-Match with * or \
             If-Match with an etag"
        ));
    }
    if none_match.is_some() && old.is_some() {
        return Err(rules::precondition_failed());
    }
    check_deletion(old, matches)
}

fn is_match(condition: &ETagCondition, object: &Object) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.info.etag,
    }
}

fn not_after(date: &Timestamp, object: &Object) -> bool {
    Timestamp::from(SystemTime::from(object.info.modified)) <= *date
}

fn validators(object: &Object) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    if let Ok(etag) = format!("\"{}\"", object.info.etag).parse() {
        headers.insert(http::header::ETAG, etag);
    }
    headers
}

#[cfg(test)]
mod tests {
    use s3s::S3Error;
    use s3s::dto::ETag;

    use super::*;
    use crate::store::{Headers, ObjectInfo, Rope, Seconds};

    fn object(etag: &str, modified: u64) -> Object {
        let (etag, modified) = (etag.into(), Seconds(modified));
        let headers = Headers::default();
        let info = ObjectInfo { etag, modified, checksum: None, headers, kms_key: None, tags: vec![] };
        Object { rope: Rope::new([]), info, parts: None, change: 0 }
    }

    fn etag(value: &str) -> Option<ETagCondition> {
        Some(ETagCondition::ETag(ETag::Strong(value.into())))
    }

    fn at(seconds: u64) -> Option<Timestamp> {
        Some(SystemTime::from(Seconds(seconds)).into())
    }

    fn code(result: S3Result<()>) -> Option<String> {
        result.err().map(|error: S3Error| error.code().as_str().to_owned())
    }

    #[test]
    fn a_reader_learns_that_what_it_has_is_still_right() {
        let stored = object("a", 10);
        let same = Conditions { none_match: etag("a"), ..Conditions::default() };
        assert_eq!(code(same.check_read(&stored)).as_deref(), Some("NotModified"));
        assert_eq!(code(same.check_source(&stored)).as_deref(), Some("PreconditionFailed"));
        let since = Conditions { modified_since: at(10), ..Conditions::default() };
        assert_eq!(code(since.check_read(&stored)).as_deref(), Some("NotModified"));
        let before = Conditions { modified_since: at(9), ..Conditions::default() };
        assert_eq!(code(before.check_read(&stored)), None);
    }

    #[test]
    fn a_matching_etag_outweighs_a_date_that_does_not_hold() {
        let stored = object("a", 10);
        let both = Conditions { matches: etag("a"), unmodified_since: at(5), ..Conditions::default() };
        assert_eq!(code(both.check_read(&stored)), None);
        let date = Conditions { unmodified_since: at(5), ..Conditions::default() };
        assert_eq!(code(date.check_read(&stored)).as_deref(), Some("PreconditionFailed"));
        let other = Conditions { none_match: etag("b"), modified_since: at(10), ..Conditions::default() };
        assert_eq!(code(other.check_read(&stored)), None);
    }

    #[test]
    fn a_write_only_where_nothing_is_spares_what_is_there() {
        let stored = object("a", 10);
        let any = Some(&ETagCondition::Any);
        assert_eq!(code(check_write(Some(&stored), None, any)).as_deref(), Some("PreconditionFailed"));
        assert_eq!(code(check_write(None, None, any)), None);
        assert_eq!(code(check_write(None, etag("a").as_ref(), None)).as_deref(), Some("NoSuchKey"));
        assert_eq!(code(check_write(Some(&stored), etag("a").as_ref(), None)), None);
    }
}
