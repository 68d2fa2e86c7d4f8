//! A share of the archive, as the first invocation describes it to a worker, and the worker's answer.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use contender_kit::{Request, entries};
use lambda_kit::Object;
use serde::{Deserialize, Serialize};
use zip_planner::{Layout, Limits, Piece, PlanError, Share};

use crate::error::FanOutError;

/// Where archives are, and nothing that they are made of.
const ARCHIVES: &str = "archives/";
/// S3's limit on a key, bytes.
const MAX_KEY: usize = 1_024;
/// S3's upload ids are about a hundred characters long.
const MAX_UPLOAD_ID: usize = 1_024;

/// What a worker is asked for. Nothing of it is a host or a URL: those come from the worker's own environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The contest's event.
    pub archive: ContestEvent,
    /// The archive's upload.
    pub upload_id: String,
    /// Time for the share, s.
    pub seconds: f64,
    /// The number of the first part.
    pub first_part: usize,
    /// Source objects: key, size, entity tag.
    pub objects: Vec<(String, u64, String)>,
    /// What each part has: object, and the range of its content. The start of a content follows its header.
    pub parts: Vec<Vec<(usize, u64, u64)>>,
}

/// The contest's event, which says where the archive is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContestEvent {
    /// As [`Request`] has them.
    pub bucket_name: String,
    pub files_prefix: String,
    pub archive_key: String,
}

/// What a worker has sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Each part's entity tag.
    pub etags: Vec<String>,
    /// The CRC in each object's header, if that is in the share.
    pub crcs: Vec<Option<u32>>,
    /// Of objects that are divided: the object, a range of its content, and its CRC.
    pub ranges: Vec<(usize, u64, u64, u32)>,
}

/// Short: it stands in the log of each worker.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} parts, {} objects)", self.etags.len(), self.crcs.len())
    }
}

impl Answer {
    /// Whether it may be one to this message.
    pub fn is_to(&self, message: &Message) -> bool {
        let has = |(object, start, end, _): &(usize, u64, u64, u32)| {
            message.objects.get(*object).is_some_and(|(_, size, _)| start < end && end <= size)
        };
        self.etags.len() == message.parts.len()
            && self.crcs.len() == message.objects.len()
            && self.ranges.iter().all(has)
    }
}

impl Message {
    /// Describes a share of the archive of `objects`.
    pub fn new(request: &Request, upload_id: &str, objects: &[Object], share: &Share) -> Self {
        let all = entries_of(share);
        let first = all.start;
        let piece = |piece: &Piece| match piece {
            Piece::Body { entry, range } => Some((entry - first, range.start, range.end)),
            Piece::Header(entry) if objects[*entry].size == 0 => Some((entry - first, 0, 0)),
            _ => None,
        };
        let object = |object: &Object| (object.key.clone(), object.size, object.etag.clone());
        Self {
            archive: ContestEvent {
                bucket_name: request.bucket_name.clone(),
                files_prefix: request.files_prefix.clone(),
                archive_key: request.archive_key.clone(),
            },
            upload_id: upload_id.to_owned(),
            seconds: 0.0,
            first_part: share.first_part,
            objects: objects[all].iter().map(object).collect(),
            parts: share.parts.iter().map(|part| part.iter().filter_map(piece).collect()).collect(),
        }
    }

    /// Content of all parts, bytes.
    pub fn content_bytes(&self) -> u64 {
        self.parts.iter().flatten().map(|(_, start, end)| end - start).sum()
    }

    /// What is to be archived, and where.
    pub fn request(&self) -> Request {
        let ContestEvent { bucket_name, files_prefix, archive_key } = self.archive.clone();
        Request { bucket_name, files_prefix, archive_key }
    }

    /// Refuses what this function doesn't ask itself for.
    ///
    /// # Errors
    /// [`FanOutError::Foreign`].
    pub fn check(&self) -> Result<(), FanOutError> {
        let limits = Limits::S3;
        let prefix = self.archive.files_prefix.trim_end_matches('/');
        let is_source = |key: &str| {
            let below = key.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
            below && key.len() <= MAX_KEY
        };
        let last_part = self.first_part.checked_add(self.parts.len());
        let has = |(object, start, end): &(usize, u64, u64)| {
            let size = self.objects.get(*object).map(|(_, size, _)| *size);
            size.is_some_and(|size| start <= end && *end <= size && (start < end || size == 0))
        };
        let is_legal = |part: &Vec<(usize, u64, u64)>| {
            let range_bytes = part.iter().map(|(_, start, end)| end.saturating_sub(*start));
            range_bytes.fold(0_u64, u64::saturating_add) <= limits.max_part
        };
        let ranges: Vec<_> = self.parts.iter().flatten().collect();
        let checks = [
            (
                is_contest_s(&self.request()),
                "its bucket's name is none, or its archive is not below archives/",
            ),
            (is_upload_id(&self.upload_id), "its upload's id is none that S3 has"),
            (self.seconds.is_finite() && self.seconds > 0.0, "it has no time"),
            (!prefix.is_empty(), "it has no prefix of objects"),
            (self.objects.iter().all(|(key, _, _)| is_source(key)), "an object is not below the prefix"),
            (self.first_part >= 1 && !self.parts.is_empty(), "it has no parts"),
            (last_part.is_some_and(|last| last <= limits.max_parts), "S3 has no parts of such numbers"),
            (ranges.iter().all(|range| has(range)), "a range is not one of an object"),
            (self.parts.iter().all(is_legal), "a part is larger than S3 takes"),
            (are_distinct(&ranges), "a part of an object is in it twice"),
        ];
        match checks.iter().find(|(is_met, _)| !is_met) {
            Some((_, reason)) => Err(FanOutError::Foreign(reason)),
            None => Ok(()),
        }
    }

    /// The source objects.
    pub fn sources(&self) -> Vec<Object> {
        let object = |(key, size, etag): &(String, u64, String)| Object {
            key: key.clone(),
            size: *size,
            etag: etag.clone(),
        };
        self.objects.iter().map(object).collect()
    }

    /// The objects' headers, as they are in the archive; their places are others there.
    ///
    /// # Errors
    /// [`PlanError`] if an object cannot be an entry.
    pub fn layout(&self) -> Result<Layout, PlanError> {
        Layout::in_order(entries(&self.sources()), &Limits::S3)
    }

    /// What each part has.
    pub fn pieces(&self) -> Vec<Vec<Piece>> {
        let pieces = |&(entry, start, end): &(usize, u64, u64)| {
            let header = (start == 0).then_some(Piece::Header(entry));
            let body = (start < end).then_some(Piece::Body { entry, range: start..end });
            header.into_iter().chain(body)
        };
        self.parts.iter().map(|part| part.iter().flat_map(pieces).collect()).collect()
    }
}

/// The entries of a share, which follow one another in the archive as in the listing.
pub fn entries_of(share: &Share) -> Range<usize> {
    let entry = |piece: &Piece| match piece {
        Piece::Header(entry) | Piece::Body { entry, .. } => Some(*entry),
        _ => None,
    };
    let mut entries = share.parts.iter().flatten().filter_map(entry);
    let first = entries.next().unwrap_or_default();
    first..entries.next_back().unwrap_or(first) + 1
}

/// Whether an archive can be shared: workers refuse other buckets and keys than those of the contest.
pub fn is_contest_s(request: &Request) -> bool {
    is_bucket(&request.bucket_name) && is_archive(&request.archive_key)
}

/// Whether a name is a bucket's: it becomes part of a host's name.
fn is_bucket(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let has_ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| is_inner(*byte))
        && has_ends(bytes.first())
        && has_ends(bytes.last())
}

fn is_archive(key: &str) -> bool {
    key.len() <= MAX_KEY && key.strip_prefix(ARCHIVES).is_some_and(|name| !name.is_empty())
}

fn is_upload_id(id: &str) -> bool {
    let is_meant = |byte: u8| byte.is_ascii_alphanumeric() || b"._-~+/=".contains(&byte);
    (1..=MAX_UPLOAD_ID).contains(&id.len()) && id.bytes().all(is_meant)
}

fn are_distinct(ranges: &[&(usize, u64, u64)]) -> bool {
    let mut starts = HashSet::new();
    ranges.iter().all(|(object, start, _)| starts.insert((object, start)))
}

#[cfg(test)]
mod tests;
