//! A listing that many generators send together: one divides it, and each of the others sends a slice.

use serde::{Deserialize, Serialize};

use super::GeneratorReport;
use crate::load_generator::Span;

/// What the generator is to divide instead of sending it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DivisionRequest {
    /// Into how many slices, at most.
    pub slices: u64,
    /// Only keys that start with it.
    pub prefix: String,
    /// Only objects that were modified so many hours ago or later; 0 for all.
    pub modified_within_hours: f64,
    /// No more objects than that; 0 for no limit.
    pub max_objects: u64,
}

/// What it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Division {
    /// In the order of their keys, each from behind the one before it; none if there is nothing to send.
    pub slices: Vec<Slice>,
    /// Only objects that were modified then or later, s since 1970; none for all.
    pub modified_since: Option<i64>,
    /// Objects that the listing had.
    pub listed: u64,
    /// Parts with objects that were listed side by side.
    pub parts: u64,
    /// LIST requests that it took.
    pub lists: u64,
    /// The invocation's request id.
    pub request_id: String,
}

/// A part of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Its last key; none for all that there are.
    pub until: Option<String>,
    /// Objects that it had to send when it was divided.
    pub objects: u64,
}

/// What all generators of a listing are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedListing {
    /// The run's name.
    pub run: String,
    /// Only keys that start with it.
    pub prefix: String,
    /// Only objects that were modified then or later, s since 1970; none for all.
    pub modified_since: Option<i64>,
    /// Whether no slice sends more objects than it had when it was divided.
    pub is_limited: bool,
    /// One for each of them.
    pub slices: Vec<Slice>,
}

/// What one of them answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceReport {
    /// Which slice it was, from 0.
    pub worker: u64,
    /// When it was sent.
    pub span: Span,
    /// What became of it; with a continuation if its time was up.
    pub report: GeneratorReport,
}

impl SharedListing {
    /// A slice: the key that it starts behind, and itself; none if there are not so many.
    #[must_use]
    pub fn slice(&self, worker: u64) -> Option<(&str, &Slice)> {
        let index = usize::try_from(worker).ok()?;
        let before = index.checked_sub(1).and_then(|before| self.slices.get(before)?.until.as_deref());
        Some((before.unwrap_or_default(), self.slices.get(index)?))
    }
}
