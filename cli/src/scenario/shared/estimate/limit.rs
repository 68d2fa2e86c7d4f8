//! Limits that a run meets.

use protocol::stats::real;
use serde::Serialize;

use crate::scenario::shared::account_limit;
use crate::scenario::shared::run_context::RunContext;

/// Writes per second that each prefix of a bucket takes at least (S3 User Guide, "Best practices design patterns: optimizing Amazon
/// S3 performance").
pub const S3_WRITES: f64 = 3500.0;
/// Reads per second, from the same page.
pub const S3_READS: f64 = 5500.0;
/// Events that the history of an execution holds ("Step Functions service quotas").
pub const HISTORY_EVENTS: f64 = 25_000.0;
/// Iterations of an inline Map at once (Step Functions Developer Guide, "Using Map state in Inline mode").
pub const MAP_ITERATIONS: f64 = 40.0;

/// A limit of the account, or of a service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// What is limited.
    pub what: String,
    /// How much of it the run needs, at most.
    pub needed: f64,
    /// How much is allowed; none if that cannot be told.
    pub allowed: Option<f64>,
}

impl Limit {
    /// A limit that is known.
    pub fn new(what: impl Into<String>, needed: f64, allowed: f64) -> Self {
        Self { what: what.into(), needed, allowed: Some(allowed) }
    }

    /// Whether the run needs more.
    pub fn is_exceeded(&self) -> bool {
        self.allowed.is_some_and(|allowed| self.needed > allowed)
    }
}

/// How many functions the account runs at once; not known without the permission to ask.
pub async fn concurrency(context: RunContext<'_>, needed: u64) -> Limit {
    let allowed = account_limit::allowed(context).await.ok().map(real);
    Limit { what: "invocations at once (Lambda, of the account)".to_owned(), needed: real(needed), allowed }
}
