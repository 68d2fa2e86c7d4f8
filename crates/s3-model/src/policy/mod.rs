//! Who may do what: policies of a caller's role, and of buckets.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>, within one account: what is denied
//! anywhere is denied; what a role's policy or the bucket's allows is allowed.

mod actions;
mod caller;
mod condition;
mod statement;

pub use actions::{arn, of_request};
pub use caller::{Caller, Policies};
pub use statement::Statement;

#[cfg(test)]
mod tests;
