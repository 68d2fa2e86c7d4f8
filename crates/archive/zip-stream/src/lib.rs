//! Streams S3 objects through a function into the parts of an archive, in bounded memory: all parts, or one function's share of
//! them.

mod archive;
mod checksum;
mod part;
mod reader;
mod transfer;

pub use archive::{Archived, archive, archive_objects};
pub use transfer::{Known, Transfer};
