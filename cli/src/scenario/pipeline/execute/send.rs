//! Sending all messages, with progress for the user.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result};
use load::{Counters, GeneratedLoad, Load, Signer};
use protocol::pipeline::Auth;
use tokio::time::interval;

use super::Run;
use crate::progress::Progress;
use crate::scenario::pipeline::options::Options;

/// Between two reports of progress.
const INTERVAL: Duration = Duration::from_secs(1);

/// Generates the load to its end, or until the user presses Ctrl-C; `counters` are its own from its start on.
pub async fn send(
    run: &Run,
    options: &Options,
    counters: &RefCell<Option<Arc<Counters>>>,
) -> Result<GeneratedLoad> {
    let schedule = options.schedule();
    let mut load = load::start(Load {
        url: run.deployed.api.url.clone(),
        run: run.name.clone(),
        plan: schedule.plan(0),
        start_at: None,
        connections: options.connections,
        message_bytes: options.size,
        signer: signer(run),
    })?;
    counters.replace(Some(Arc::clone(&load.counters)));
    let mut progress = Progress::new(run.progress, schedule.total());
    let mut ticks = interval(INTERVAL);
    let mut is_stopped = false;
    let generated = loop {
        tokio::select! {
            () = run.stop.requested(), if !is_stopped => {
                is_stopped = true;
                load.stop();
            }
            generated = &mut load.end => break generated.context("the load generator has crashed")?,
            _ = ticks.tick() => {
                progress.set(load.counters.sent.load(Relaxed), &requests_sent(&load.counters));
            }
        }
    };
    progress.set(load.counters.sent.load(Relaxed), &requests_sent(&load.counters));
    progress.end();
    generated
}

fn requests_sent(counters: &Counters) -> String {
    format!("requests sent, {} accepted", counters.accepted.load(Relaxed))
}

/// None if the API takes requests from everybody.
fn signer(run: &Run) -> Option<Signer> {
    let provider = run.config.credentials_provider().filter(|_| run.deployed.api.auth == Auth::Iam);
    provider.map(|provider| Signer::new(provider, &run.deployment().region))
}
