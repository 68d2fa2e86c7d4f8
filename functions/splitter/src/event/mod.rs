//! Events of tags as `CloudTrail` tells of them: read in place, so that splitting one is copying its parts.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use protocol::run_name::{self, InvalidName};
use protocol::splitter::{POISON, SPLIT_ID, entry, item_id};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// EC2, by `CloudTrail`.
const AWS_SOURCE: &str = "aws.ec2";
/// The calls that change tags.
const CALLS: [&str; 2] = ["CreateTags", "DeleteTags"];
/// The longest time that an item can take, seconds: no function runs longer.
const MAX_SECONDS: f64 = 900.0;
/// What JSON may have in a string as it is, and SQS refuses.
const NONCHARACTERS: [char; 2] = ['\u{FFFE}', '\u{FFFF}'];

/// Why an event cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// It isn't of the form that events have.
    #[error("it cannot be read: {0}")]
    Form(#[from] serde_json::Error),
    /// Nothing says which run it belongs to.
    #[error("it has neither 'detail.run' nor 'id'")]
    NoRun,
    /// What says so cannot be a name.
    #[error(transparent)]
    Run(#[from] InvalidName),
    /// Its items take impossibly long.
    #[error("'detail.itemSeconds' is {0}, but must be from 0 to {MAX_SECONDS}")]
    ItemSeconds(f64),
}

/// What an event is about.
#[derive(Debug)]
pub enum Parsed<'a> {
    /// Tags, one at least.
    Tags(Event<'a>),
    /// Nothing to do: another call, one that failed, or one without tags.
    Ignored,
}

/// An event of tags.
#[derive(Debug)]
pub struct Event<'a> {
    /// The run it belongs to.
    pub run: String,
    /// How long each item takes, if the event says so.
    pub item_time: Option<Duration>,
    /// The event's text.
    text: &'a str,
    /// Where the list of tags is in it.
    list: Range<usize>,
    /// The place of the first one, where it has a part of a run's items.
    first: usize,
    tags: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Outer<'a> {
    id: Option<String>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    detail: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    event_name: Option<String>,
    error_code: Option<IgnoredAny>,
    run: Option<String>,
    item_seconds: Option<f64>,
    #[serde(borrow)]
    request_parameters: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    #[serde(borrow)]
    tag_set: TagSet<'a>,
}

/// Without items, `DeleteTags` removes all tags.
#[derive(Deserialize)]
struct TagSet<'a> {
    #[serde(borrow)]
    items: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    /// `DeleteTags` may name a tag by its key alone.
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// Parses an event of EC2's, or of another source: only AWS may send in the name of `aws.*`.
///
/// # Errors
/// If it is of interest, but cannot be understood, or is no event at all.
pub fn parse<'a>(text: &'a str, source: &str) -> Result<Parsed<'a>, EventError> {
    let outer: Outer<'_> = serde_json::from_str(text)?;
    let detail: Detail<'_> = serde_json::from_str(outer.detail.get())?;
    let known = detail.event_name.is_some_and(|call| CALLS.contains(&call.as_str()));
    if ![AWS_SOURCE, source].contains(&outer.source.as_ref()) || !known || detail.error_code.is_some() {
        return Ok(Parsed::Ignored);
    }
    let parameters: Parameters<'_> =
        serde_json::from_str(detail.request_parameters.map_or("null", RawValue::get))?;
    let Some(items) = parameters.tag_set.items else { return Ok(Parsed::Ignored) };
    let tags: Vec<&RawValue> = serde_json::from_str(items.get())?;
    for tag in &tags {
        serde_json::from_str::<Tag<'_>>(tag.get())?;
    }
    if tags.is_empty() {
        return Ok(Parsed::Ignored);
    }
    let run = detail.run.or(outer.id).ok_or(EventError::NoRun)?;
    run_name::check(&run)?;
    let item_time = detail.item_seconds.map(item_time).transpose()?;
    let list = range_of(text, items.get());
    Ok(Parsed::Tags(Event { run, item_time, text, list, first: 0, tags }))
}

/// What an event is known by.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Its own id.
    pub id: Option<String>,
    /// The run that it names.
    pub run: Option<String>,
}

/// The names in an event that cannot be understood, as far as it has any.
#[must_use]
pub fn names(text: &str) -> Names {
    let event: Value = serde_json::from_str(text).unwrap_or_default();
    let name = |path| run_name::check(event.pointer(path)?.as_str()?).ok().map(str::to_owned);
    Names { id: name("/id"), run: name("/detail/run") }
}

/// # Errors
/// If nothing can take as long.
pub(crate) fn item_time(seconds: f64) -> Result<Duration, EventError> {
    if !(0.0..=MAX_SECONDS).contains(&seconds) {
        return Err(EventError::ItemSeconds(seconds));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// An event's text as SQS takes it.
#[must_use]
pub fn sendable(text: &str) -> Cow<'_, str> {
    if text.contains(NONCHARACTERS) {
        return text.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff").into();
    }
    text.into()
}

/// Where a part of a text is in it.
fn range_of(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

impl Event<'_> {
    /// It, as one that has the items of a run from this place on.
    #[must_use]
    pub fn with_items_from(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// It, as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text
    }

    /// How many items it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tags.len()
    }

    /// Whether it is an event of one item that cannot be handled.
    #[must_use]
    pub fn is_poison(&self) -> bool {
        let key = |tag: &&RawValue| serde_json::from_str::<Tag<'_>>(tag.get()).map(|tag| tag.key == POISON);
        matches!(self.tags.as_slice(), [tag] if key(tag).unwrap_or(false))
    }

    /// The id of one of its items.
    #[must_use]
    pub fn item_id(&self, index: usize) -> String {
        item_id(self.first + index)
    }

    /// The run log's entry of one of its items.
    #[must_use]
    pub fn item_entry(&self, index: usize) -> String {
        self.entry_of(&self.item_id(index), index)
    }

    /// The run log's entry of one of its items that the event it is from has under another id.
    #[must_use]
    pub fn entry_of(&self, id: &str, index: usize) -> String {
        entry(id, digest(&self.tags[index..=index]))
    }

    /// The run log's entry of the splitting.
    #[must_use]
    pub fn split_entry(&self) -> String {
        entry(SPLIT_ID, digest(&self.tags))
    }

    /// The same event with one of its items.
    #[must_use]
    pub fn with_one(&self, index: usize) -> String {
        let [before, after] = self.around();
        let mut text = String::with_capacity(self.size_with_one(index));
        for part in [before, "[", self.tags[index].get(), "]", after] {
            text.push_str(part);
        }
        text
    }

    /// The size of [`Event::with_one`], bytes.
    #[must_use]
    pub fn size_with_one(&self, index: usize) -> usize {
        let [before, after] = self.around();
        before.len() + self.tags[index].get().len() + after.len() + 2
    }

    fn around(&self) -> [&str; 2] {
        [&self.text[..self.list.start], &self.text[self.list.end..]]
    }
}

/// What tells tags from others: their keys and values, in their order.
fn digest(tags: &[&RawValue]) -> u64 {
    let mut digest = Sha256::new();
    for tag in tags {
        let tag: Tag<'_> = serde_json::from_str(tag.get()).expect("parsing the event has read it");
        // With lengths, so that no two lists of tags are the same bytes.
        for part in [tag.key.as_ref(), tag.value.map_or("", RawValue::get)] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    let digest: [u8; 32] = digest.finalize().into();
    u64::from_be_bytes(*digest.first_chunk().expect("it is longer"))
}

#[cfg(test)]
mod tests;
