//! What the Rust archive contenders share: the contest's event, an end in time, CRCs that become known in parts.

mod crcs;
mod entries;
mod error;
mod job;
mod memory_budget;
mod own_count;
mod run;
mod serve;

pub use crcs::Crcs;
pub use entries::entries;
pub use error::{ArchiveError, explained};
pub use job::{Archived, Invocation, Job, invoke, invoke_share};
pub use memory_budget::MemoryBudget;
pub use run::Run;
pub use serve::{Request, serve, serve_events};
