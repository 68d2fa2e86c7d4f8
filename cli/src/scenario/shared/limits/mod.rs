//! The limits that a run meets: what it needs of each, what is allowed, who says so, and what helps.

mod account;
mod capacity;
mod quota;
mod services;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::Duration;

use aws_sdk_lambda::error::ProvideErrorMetadata;
use lambda_kit::error_chain;
use results::limits::{self, Source};
use serde::Serialize;
use tokio::time::timeout;

use super::tables::{amount, distinct};
pub use account::Account;
pub use capacity::{open_shards, table_writes};
pub use quota::{CONCURRENCY, Quota, STATE_TRANSITIONS, THROTTLE_BURST, THROTTLE_RATE};
pub use services::{
    S3_READS, S3_WRITES, SCALING_SECONDS, concurrency, environments, history_events, map_iterations,
    nested_map_iterations, state_transitions,
};

/// How long to wait for an answer about a limit, which a run can do without.
const PATIENCE: Duration = Duration::from_secs(3);

/// A limit that a run meets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// As a result keeps it.
    #[serde(flatten)]
    pub of_run: limits::Limit,
    /// What helps a run that needs more.
    #[serde(skip)]
    advice: String,
}

/// What a limit allows, and who says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    /// How much.
    pub value: f64,
    source: Source,
    /// Why it isn't the account that says so, where it was asked.
    unread: Option<String>,
}

impl Allowed {
    /// AWS has answered.
    pub fn account(value: f64) -> Self {
        Self { value, source: Source::Account, unread: None }
    }

    /// AWS's documentation says so.
    pub fn documented(value: f64) -> Self {
        Self { value, source: Source::Documented, unread: None }
    }

    /// It is a setting of the stack.
    pub fn stack(value: f64) -> Self {
        Self { value, source: Source::Stack, unread: None }
    }

    /// The account was asked in vain: why.
    pub fn unread(self, reason: String) -> Self {
        Self { unread: Some(reason), ..self }
    }
}

impl Limit {
    /// A limit by what is limited, such as `invocations at once (Lambda, of the account)`, how much of it the run needs at most, and
    /// what helps if that is too much.
    pub fn new(
        what: impl Into<String>,
        needed: f64,
        Allowed { value, source, unread }: Allowed,
        advice: impl Into<String>,
    ) -> Self {
        let of_run = limits::Limit { what: what.into(), needed, allowed: value, source, unread };
        Self { of_run, advice: advice.into() }
    }

    /// Such as `requests per second (the API's setting apiRate): 50 of 1000 (5.0 %, stack)`.
    fn says(&self) -> String {
        let limits::Limit { what, needed, allowed, unread, .. } = &self.of_run;
        let reason = unread.as_ref().map(|reason| format!(", as {reason}")).unwrap_or_default();
        let [needed, allowed] = [needed, allowed].map(|value| amount(*value));
        format!("{what}: {needed} of {allowed} ({}, {}{reason})", self.share(), self.source())
    }

    /// Such as `5.0 %`.
    pub fn share(&self) -> String {
        let percent = self.of_run.share() * 100.0;
        if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
    }

    /// Who says what is allowed, in a word.
    pub fn source(&self) -> &'static str {
        match self.of_run.source {
            Source::Account => "account",
            Source::Documented => "documented",
            Source::Stack => "stack",
        }
    }
}

/// Which limit a larger run would meet first, as a line; none of no limits.
pub fn meets_first(all: &[Limit]) -> Option<String> {
    let first = limits::first(all.iter().map(|limit| &limit.of_run))?;
    let limit = all.iter().find(|limit| limit.of_run == *first)?;
    Some(format!("meets first: {}", limit.says()))
}

/// What the reader of the figures should know: limits of which a run needs more than is allowed, and those that the account was asked
/// about in vain.
pub fn warnings(all: &[Limit]) -> Vec<String> {
    let exceeded = all.iter().filter(|limit| limit.of_run.is_exceeded());
    let exceeded = exceeded
        .map(|limit| format!("the run needs more than a limit allows: {}: {}", limit.says(), limit.advice));
    let reasons = distinct(all.iter().filter_map(|limit| limit.of_run.unread.as_deref()));
    let unread = reasons.into_iter().map(|reason| {
        let of_reason = all.iter().filter(|limit| limit.of_run.unread.as_deref() == Some(reason));
        let names: Vec<_> = of_reason.map(|limit| limit.of_run.what.as_str()).collect();
        format!(
            "{reason}: what is documented or set stands in its place, and the account may have less: {}",
            names.join("; ")
        )
    });
    exceeded.chain(unread).collect()
}

/// What a request answers, or why there is no answer: a limit can be compared with what is documented.
async fn ask<T, E: ProvideErrorMetadata + Error>(
    what: &str,
    request: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    let said = match timeout(PATIENCE, request).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => error.code().map_or_else(|| error_chain(&error), ToOwned::to_owned),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    Err(unread(what, &said))
}

fn unread(what: &str, reason: &str) -> String {
    format!("{what} could not be read: {reason}")
}
