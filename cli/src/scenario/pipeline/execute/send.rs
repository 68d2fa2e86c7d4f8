//! Sending all messages, with progress for the user.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result};
use protocol::pipeline::Auth;
use tokio::time::interval;

use super::Run;
use super::load::{self, Counters, GeneratedLoad, Load, Signer};
use crate::progress::Progress;
use crate::scenario::pipeline::options::Options;

/// Between two reports of progress.
const INTERVAL: Duration = Duration::from_secs(1);

/// Generates the load to its end; `counters` are its own from its start on.
pub async fn send(
    run: &Run,
    options: &Options,
    counters: &RefCell<Option<Arc<Counters>>>,
) -> Result<GeneratedLoad> {
    let schedule = options.schedule();
    let mut load = load::start(Load {
        url: run.deployed.api.url.clone(),
        run: run.name.clone(),
        schedule,
        connections: options.connections,
        message_bytes: options.size,
        signer: signer(run),
    })?;
    counters.replace(Some(Arc::clone(&load.counters)));
    let mut progress = Progress::new(run.progress, schedule.total());
    let mut ticks = interval(INTERVAL);
    let generated = loop {
        tokio::select! {
            generated = &mut load.end => break generated.context("the load generator has crashed")?,
            _ = ticks.tick() => {
                let accepted = load.counters.accepted.load(Relaxed);
                progress.set(load.counters.sent.load(Relaxed), &format!("requests sent, {accepted} accepted"));
            }
        }
    };
    progress.end();
    generated
}

/// None if the API takes requests from everybody.
fn signer(run: &Run) -> Option<Signer> {
    let provider = run.config.credentials_provider().filter(|_| run.deployed.api.auth == Auth::Iam);
    provider.map(|provider| Signer::new(provider, &run.deployment().region))
}
