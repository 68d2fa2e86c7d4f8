//! What the Rust archive contenders share: the contest's event, an end in time, CRCs that become known in parts.

mod crcs;
mod given_up;
mod job;
mod room;
mod run;
mod serve;
mod source;

pub use crcs::Crcs;
pub use given_up::{GivenUp, explained};
pub use job::{Archived, Invocation, Job, invoke};
pub use room::Room;
pub use run::Run;
pub use serve::{Request, serve};
pub use source::entries;
