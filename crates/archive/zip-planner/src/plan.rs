//! The requests that write an archive.

use std::ops::Range;

use crate::assemble;
use crate::estimate::Estimate;
use crate::layout::{Entry, Layout};
use crate::optimizer::{self, Machine, Objective};
use crate::packing::Rules;
use crate::{Limits, PlanError};

/// Where a copy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopySource {
    /// The source object of an entry.
    Entry(usize),
    /// An object of [`Plan::temporaries`].
    Temporary(usize),
}

/// Bytes that the function itself sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes that the archive doesn't contain.
    Filler(u64),
    /// An entry's local header; its CRC has to be known.
    Header(usize),
    /// A range of an entry's content, which has to be read.
    Body {
        /// The entry.
        entry: usize,
        /// Bytes of its content.
        range: Range<u64>,
    },
    /// What follows the last entry; all CRCs have to be known.
    End,
}

/// A part of an upload.
///
/// The CRC of an entry comes from where its whole content passes: S3 tells it of a part that is copied from the source
/// object (several such parts together, if the object is larger than a part), or it is computed of a whole
/// [`Piece::Body`]. Neither waits for anything else, so that headers can wait for CRCs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A range of an object, copied inside S3.
    Copy {
        /// The object.
        source: CopySource,
        /// Its bytes; all of them if the range is the whole object.
        range: Range<u64>,
    },
    /// Sent by the function.
    Upload(Vec<Piece>),
}

/// An object to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// At once.
    Put(Vec<Piece>),
    /// By an upload of these parts, which may be sent in any order.
    Parts(Vec<Part>),
}

/// How an archive is written. What depends on a temporary object waits for it; all else may happen side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The archive's bytes.
    pub layout: Layout,
    /// Objects that are deleted when the archive is written.
    pub temporaries: Vec<Object>,
    /// The archive.
    pub archive: Object,
    /// What it will take.
    pub estimate: Estimate,
}

impl Plan {
    /// The plan that is best for `objective` on a `machine`.
    ///
    /// # Errors
    /// [`PlanError`] if no archive can be made of these entries.
    pub fn new(
        entries: &[Entry],
        objective: Objective,
        machine: &Machine,
        limits: &Limits,
    ) -> Result<Self, PlanError> {
        optimizer::best(entries, objective, machine, limits)
    }

    /// The plan that brings entries together by these rules, whatever it takes on a `machine`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn by_rules(
        entries: &[Entry],
        rules: &Rules,
        machine: &Machine,
        limits: &Limits,
    ) -> Result<Self, PlanError> {
        let mut plan = assemble::plan(entries.to_vec(), rules, limits)?;
        plan.estimate = Estimate::of(&plan, machine);
        Ok(plan)
    }

    /// Size of an object that parts are copied from, bytes.
    #[must_use]
    pub fn copy_source_bytes(&self, source: CopySource) -> u64 {
        match source {
            CopySource::Entry(entry) => self.layout.entries()[entry].size,
            CopySource::Temporary(temporary) => self.object_bytes(&self.temporaries[temporary]),
        }
    }

    /// Size of an object, bytes.
    #[must_use]
    pub fn object_bytes(&self, object: &Object) -> u64 {
        match object {
            Object::Put(pieces) => self.layout.pieces_bytes(pieces),
            Object::Parts(parts) => parts.iter().map(|part| self.layout.part_bytes(part)).sum(),
        }
    }
}

impl Layout {
    /// Size of a part, bytes.
    #[must_use]
    pub fn part_bytes(&self, part: &Part) -> u64 {
        match part {
            Part::Copy { range, .. } => range.end - range.start,
            Part::Upload(pieces) => self.pieces_bytes(pieces),
        }
    }

    /// Size of pieces, bytes.
    #[must_use]
    pub fn pieces_bytes(&self, pieces: &[Piece]) -> u64 {
        pieces.iter().map(|piece| self.piece_bytes(piece)).sum()
    }

    /// Size of a piece, bytes.
    #[must_use]
    pub fn piece_bytes(&self, piece: &Piece) -> u64 {
        match piece {
            Piece::Filler(bytes) => *bytes,
            Piece::Header(entry) => self.header_bytes(*entry),
            Piece::Body { range, .. } => range.end - range.start,
            Piece::End => self.end_bytes(),
        }
    }
}
