//! How many functions an account runs at once: what is beyond that waits, and the figures with it.

use anyhow::{Context, Result};
use aws_sdk_lambda::Client;

use super::run_context::RunContext;
use crate::aws::failed;

/// How many invocations the account allows at once.
///
/// # Errors
/// If Lambda doesn't say it, such as without permission.
pub async fn allowed(context: RunContext<'_>) -> Result<u64> {
    let settings = Client::new(context.config).get_account_settings().send().await;
    let settings = settings.map_err(|error| failed("GetAccountSettings", context.deployment)(&error))?;
    let limit = settings.account_limit.and_then(|limit| limit.unreserved_concurrent_executions);
    u64::try_from(limit.context("GetAccountSettings has no limit")?).context("the limit is below 0")
}

/// What to know of the account before a run that has so many invocations under way at once; none if it allows them.
///
/// `GetAccountSettings` needs a permission that not everybody who runs a scenario has: without it the run goes on.
pub async fn warning(context: RunContext<'_>, needed: u64) -> Option<String> {
    let allowed = match allowed(context).await {
        Ok(allowed) => allowed,
        Err(error) => {
            return Some(format!("cannot tell whether invocations will wait for concurrency: {error:#}"));
        }
    };
    (needed > allowed).then(|| {
        format!(
            "this run has {needed} invocations under way at once, and the account allows {allowed} in {}: \
             the others are throttled and retried, which the figures include: ask for a higher quota \
             \"Concurrent executions\" (Service Quotas, L-B99A9384), or lower the concurrency",
            context.deployment.region
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use test_kit::aws::{self, Answer};

    use super::*;
    use crate::scenario::shared::run::Run;
    use crate::scenario::shared::testing::{self, Deployed};

    async fn said(needed: u64, answer: Answer) -> Option<String> {
        let (config, _) = aws::config(move |operation, _: &Value| {
            assert_eq!(operation, "GET /2016-08-19/account-settings");
            answer.clone()
        });
        let run = Run { config, ..testing::run::<Deployed>("x", json!({ "settings": {} })) };
        warning(run.context(), needed).await
    }

    #[tokio::test]
    async fn what_a_small_account_makes_wait_is_said() {
        let limit = || {
            (
                200,
                json!({ "AccountLimit": { "ConcurrentExecutions": 15, "UnreservedConcurrentExecutions": 10 } }),
            )
        };
        assert_eq!(said(10, limit()).await, None);
        let said = said(11, limit()).await.unwrap();
        assert!(
            said.starts_with("this run has 11 invocations under way at once, and the account allows 10 in "),
            "{said}"
        );
    }

    #[tokio::test]
    async fn who_may_not_read_the_limit_is_told_and_not_stopped() {
        let said = said(1, aws::error("AccessDeniedException", json!({ "Message": "no" }))).await.unwrap();
        assert!(
            said.starts_with(
                "cannot tell whether invocations will wait for concurrency: GetAccountSettings failed"
            ),
            "{said}"
        );
    }
}
