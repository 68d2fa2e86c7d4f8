//! A load test from the first request to the last row, and what it was charged for.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result};
use protocol::stats::{real, whole};
use tokio::time::{Instant, interval};

use super::load::record::Fate;
use super::load::{self, Counters, Load, Sent, Signer};
use super::tally::tally;
use super::wait::{self, Arrived};
use super::{Auth, Test};
use crate::exit::Interrupted;
use crate::progress::Progress;
use crate::scenario::shared::aurora_capacity::{self, Used};
use crate::scenario::shared::billing_log::{self, Billed, Span};
use crate::shutdown::requested;

/// Between two looks at the load.
const LOOK: Duration = Duration::from_secs(1);

/// What a load test has found out.
pub struct Findings {
    /// What the sender knows.
    pub sent: Sent,
    /// What arrived.
    pub arrived: Arrived,
    /// The functions on the way by their parts, in its order; none where REPORT lines are missing.
    pub functions: Vec<(&'static str, Option<Billed>)>,
    /// Aurora's capacity × time.
    pub acu_hours: Option<f64>,
    /// What went wrong in finding out.
    pub warnings: Vec<String>,
}

impl Findings {
    /// From the first request to the last row or answer, s.
    pub fn seconds(&self) -> f64 {
        let answers = self.sent.start_us + micros(self.sent.record.last_answer);
        let end = self.arrived.tally.last_stored_us.unwrap_or_default().max(answers);
        real(end.saturating_sub(self.sent.start_us)) / 1e6
    }

    /// The same, from and to ms since 1970.
    fn span_ms(&self) -> (i64, i64) {
        let start = self.sent.start_us / 1000;
        let end = start + whole(self.seconds() * 1000.0) + 1;
        (i64::try_from(start).unwrap_or_default(), i64::try_from(end).unwrap_or(i64::MAX))
    }
}

/// A time, µs.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Runs a load test, until it is over or the user presses Ctrl-C.
pub async fn run(test: &Test) -> Result<Findings> {
    let counters = RefCell::new(None);
    tokio::select! {
        found = find(test, &counters) => found,
        () = requested() => Err(Interrupted(under_way(test, counters.take().as_deref())).into()),
    }
}

/// What an interrupted run leaves on its way: nobody can call it back.
fn under_way(test: &Test, counters: Option<&Counters>) -> String {
    let [sent, accepted] = counters
        .map_or([0; 2], |counters| [&counters.sent, &counters.accepted].map(|count| count.load(Relaxed)));
    if sent == 0 {
        return "no message was sent".to_owned();
    }
    let left = accepted.saturating_sub(test.arrived.get());
    format!(
        "{sent} messages were sent and {accepted} of them accepted; {left} may still be on their way, and go on to the \
         database; to see what is there: eval \"$(pulumi stack output pipelineResults {})\"",
        test.pipeline.deployment.stack_option()
    )
}

async fn find(test: &Test, counters: &RefCell<Option<Arc<Counters>>>) -> Result<Findings> {
    // A database that is paused wakes up, and one that is away is noticed before anything is sent.
    tally(test).await.context("the database isn't ready")?;
    let sent = send(test, counters).await?;
    let arrived = wait::until_arrived(test, &sent.record).await?;
    let findings = Findings { sent, arrived, functions: Vec::new(), acu_hours: None, warnings: Vec::new() };
    charge(test, findings).await
}

/// Sends all messages.
async fn send(test: &Test, counters: &RefCell<Option<Arc<Counters>>>) -> Result<Sent> {
    let deployment = &test.pipeline.deployment;
    let signer = match (test.pipeline.api.auth, test.config.credentials_provider()) {
        (Auth::Iam, Some(provider)) => Some(Signer::new(provider, &deployment.region)),
        _ => None,
    };
    let url = test.pipeline.api.url.clone();
    let mut load = load::start(Load { url, run: test.name.clone(), plan: test.plan, signer })?;
    counters.replace(Some(Arc::clone(&load.counters)));
    let mut progress = Progress::new(test.progress, test.plan.schedule.total());
    let mut looks = interval(LOOK);
    let sent = loop {
        tokio::select! {
            sent = &mut load.end => break sent.context("the load generator has crashed")?,
            _ = looks.tick() => {
                let accepted = load.counters.accepted.load(Relaxed);
                progress.set(load.counters.sent.load(Relaxed), &format!("requests sent, {accepted} accepted"));
            }
        }
    };
    progress.end();
    sent
}

/// Looks up what Lambda and Aurora charge for.
async fn charge(test: &Test, mut findings: Findings) -> Result<Findings> {
    let now = Instant::now();
    let functions = &test.pipeline.functions;
    let rows = findings.arrived.account.stored;
    let batches = rows.div_ceil(test.pipeline.deployment.required("batchSize")?);
    let accepted = findings.sent.record.count_from(0, Fate::Accepted);
    let (from_ms, to_ms) = findings.span_ms();
    for (part, function, invocations) in [
        ("upstream", &functions.upstream, accepted),
        ("midstream", &functions.midstream, batches),
        ("downstream", &functions.downstream, batches),
    ] {
        let span = Span { function, from_ms, to_ms, invocations: invocations..=u64::MAX };
        let billed = billing_log::billed(test.context(), &span, now, &mut findings.warnings).await?;
        findings.functions.push((part, billed));
    }
    let used = Used {
        cluster: &test.pipeline.cluster.identifier,
        instances: 1,
        span_ms: (from_ms, to_ms),
        seconds: findings.seconds(),
    };
    findings.acu_hours =
        aurora_capacity::acu_hours(test.context(), &used, now, &mut findings.warnings).await?;
    Ok(findings)
}
