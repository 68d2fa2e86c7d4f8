//! `lambench run --live`: a page on this machine that shows what a run does, and at its end what has come out.

mod events;
mod readers;
mod server;
mod site;
mod view;

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::body::Bytes;
use maud::Markup;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::interval;

use crate::html;
use crate::local::secret::random_hex;
use crate::output;
use crate::progress::{Course, record, recorded};
use events::State;
use readers::Readers;
use site::Site;
use view::Document;

/// Between two looks at what the run does.
const TICK: Duration = Duration::from_secs(1);

/// The page of a run, served by a thread of its own: neither can hold up the other.
pub struct Live {
    run: String,
    address: String,
    states: watch::Sender<State>,
    /// The server ends soon after this is dropped.
    open: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Live {
    /// Serves the page of a run of a scenario from now on, and tells the user where.
    ///
    /// # Errors
    /// If the system has no port or no random numbers left.
    pub fn start(scenario: &str) -> Result<Self> {
        record();
        let live = Self::serve(format!("lambench run {scenario}"), random_hex()?)
            .context("cannot serve the live page; run without --live")?;
        output::print_progress(format_args!("live page: {}", live.address));
        Ok(live)
    }

    fn serve(run: String, token: String) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let port = listener.local_addr()?.port();
        let address = format!("http://127.0.0.1:{port}/{token}");
        let (states, receiver) = watch::channel(State::UnderWay(progress()));
        let site = Site { run: run.clone(), token, port, states: receiver, readers: Readers::default() };
        let (open, closing) = oneshot::channel();
        let ticks = states.clone();
        let server = thread::Builder::new().name("live page".to_owned()).spawn(move || {
            runtime.block_on(async {
                let closing = async { drop(closing.await) };
                tokio::select! {
                    () = server::serve(listener, Arc::new(site), closing) => {}
                    () = follow(&ticks) => {}
                }
            });
        })?;
        Ok(Self { run, address, states, open, server })
    }

    /// Shows the page of the run's result from now on.
    ///
    /// # Errors
    /// If its file cannot be read.
    pub fn show(&self, page: &Path) -> Result<()> {
        let html = fs::read(page).with_context(|| format!("cannot read {}", page.display()))?;
        self.end_with(Document::new(Bytes::from(html), &html::policy()));
        Ok(())
    }

    /// Ends once open pages have what is left of the run, or after some seconds; without a result, that is the error.
    pub fn end(self, error: Option<&anyhow::Error>) {
        if let Some(error) = error {
            let error = format!("{error:#}");
            let failed = |course: &Course, now| view::failed(&self.run, &error, course, now);
            let document = recorded(|course, now| failed(course, now));
            self.end_with(document.unwrap_or_else(|| failed(&Course::default(), Duration::ZERO)));
        }
        drop(self.open);
        let _ = self.server.join();
    }

    fn end_with(&self, document: Document) {
        show_instead(&self.states, State::Ended(Arc::new(document)));
    }
}

/// Shows something else, unless there is a final page already.
fn show_instead(states: &watch::Sender<State>, next: State) {
    states.send_if_modified(|state| {
        let is_under_way = matches!(state, State::UnderWay(_));
        if is_under_way {
            *state = next;
        }
        is_under_way
    });
}

/// Shows once per second what the run has done, as long as it is under way.
async fn follow(states: &watch::Sender<State>) {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        show_instead(states, State::UnderWay(progress()));
    }
}

fn progress() -> Arc<str> {
    let markup = recorded(|course, now| view::progress(course, now));
    markup.map(Markup::into_string).unwrap_or_default().into()
}

#[cfg(test)]
mod tests;
