//! What an account allows in a region: asked once, before a run.

use std::collections::BTreeMap;

use aws_sdk_servicequotas::Client;
use futures::future::join_all;
use protocol::deployment::Deployment;
use protocol::stats::real;
use tokio::join;

use super::quota::{CONCURRENCY, Quota};
use super::{Allowed, ask, unread};
use crate::scenario::shared::run_context::RunContext;

/// What the account has said of its quotas, by code, or why it has not; of those that it wasn't asked about, nothing.
#[derive(Debug, Clone, Default)]
pub struct Account(BTreeMap<&'static str, Result<f64, String>>);

impl Account {
    /// Asks how many functions the account runs at once (`lambda:GetAccountSettings`) and, on AWS, about further quotas
    /// (`servicequotas:GetServiceQuota`); the emulator has no Service Quotas. Not everybody who runs a scenario has these permissions:
    /// without them, what is documented stands for the answer.
    pub async fn read(context: RunContext<'_>, quotas: &'static [Quota]) -> Self {
        let asked = if context.deployment.is_on_aws() { quotas } else { &[] };
        let client = Client::new(context.config);
        let answers = join_all(asked.iter().map(|quota| quota.read(&client)));
        let (concurrency, answers) = join!(concurrency(context), answers);
        let answers = asked.iter().map(|quota| quota.code).zip(answers);
        Self(answers.chain([(CONCURRENCY.code, concurrency)]).collect())
    }

    /// What a quota allows, as far as that is known.
    pub fn allows(&self, quota: &Quota, deployment: &Deployment) -> Allowed {
        let documented = Allowed::documented(quota.documented(&deployment.region));
        match self.0.get(quota.code) {
            Some(Ok(value)) => Allowed::account(*value),
            Some(Err(reason)) => documented.unread(reason.clone()),
            None => documented,
        }
    }
}

/// Invocations at once that no function has reserved.
async fn concurrency(context: RunContext<'_>) -> Result<f64, String> {
    let client = aws_sdk_lambda::Client::new(context.config);
    let settings = ask("GetAccountSettings", client.get_account_settings().send()).await?;
    let limit = settings.account_limit.and_then(|limit| limit.unreserved_concurrent_executions);
    let limit = limit.and_then(|limit| u64::try_from(limit).ok());
    limit.map(real).ok_or_else(|| unread("GetAccountSettings", "it has no limit"))
}
