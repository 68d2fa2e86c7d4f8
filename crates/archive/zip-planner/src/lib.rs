//! Plans how S3 objects become one ZIP archive inside S3. Nothing is read, sent or waited for here.
//!
//! Everything about an archive of *stored* entries but the entries' CRCs follows from a listing: [`Layout`] has each
//! byte's place. [`Plan`] says by which requests its bytes get there. Most of them are copied inside S3, which costs a
//! function no bandwidth; but every part of an upload except the last has to have 5 MiB, and an entry's header has about
//! a hundred bytes.
//!
//! **Padded headers.** One object holds 5 MiB of filler and, behind it, local headers. A range that ends at a header and starts
//! 5 MiB before it is large enough for a part. So an entry is put together in an upload of its own: that range, then the
//! whole source object. The archive takes from there the range behind the filler: header and content, large enough if
//! the object is. All of this happens side by side, there is no chain from entry to entry. Objects below 5 MiB travel with
//! others; [`Group`](packing::Group) says how.
//!
//! **Rows.** With thousands of objects it isn't the longest chain of requests that decides, but how many of them S3 takes in a
//! second. Then large objects stand side by side in a few temporary objects, each between its header and that of the entry behind it:
//! ranges that end with a header, or begin with one, are parts between them. That takes 3.5 requests for an object of the contest
//! instead of 5, and a step more.
//!
//! S3 tells a copied part's CRC32, so that no object has to be read for its header: see [`Part`].

mod assemble;
mod error;
mod estimate;
mod hedging;
mod layout;
mod limits;
mod optimizer;
pub mod packing;
mod padded_headers;
mod parts;
mod plan;
mod prediction;
mod rows;
mod shares;
mod zip_records;

pub use error::PlanError;
pub use estimate::{Estimate, Requests};
pub use hedging::{Stage, numbers};
pub use layout::{Entry, Layout, check};
pub use limits::Limits;
pub use optimizer::{Machine, Objective};
pub use parts::{AT_ONCE, PartSizes, cut};
pub use plan::{CopySource, Object, Part, Piece, Plan};
pub use prediction::{Prediction, Site};
pub use shares::{Share, ShareSizes, WORKERS};
