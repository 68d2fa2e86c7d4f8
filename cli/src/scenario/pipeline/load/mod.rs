//! The load generator: an open loop on a thread of its own, so that nothing else of this program delays it.

mod connection;
mod message;
mod pace;
pub mod record;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use futures::future::try_join_all;
use http::Uri;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use connection::{Connection, Failure, Opener};
use message::Messages;
pub use message::Signer;
use record::{Record, Times};

use super::options::Plan;

/// After so long API Gateway itself gives a request up (HTTP API quotas: 30 s).
const TIMEOUT: Duration = Duration::from_secs(29);
/// Between opening the connections and the first request.
const LEAD: Duration = Duration::from_millis(100);

/// A load to generate.
pub struct Load {
    /// Where to.
    pub url: String,
    /// What the ids of its messages begin with.
    pub run: String,
    /// How much, and when.
    pub plan: Plan,
    /// Who sends it; none if the API takes requests from everybody.
    pub signer: Option<Signer>,
}

/// A load that has been generated.
#[derive(Debug)]
pub struct Sent {
    /// When it began, µs since 1970.
    pub start_us: u64,
    /// What became of its requests.
    pub record: Record,
    /// CPU time that it took.
    pub cpu: Duration,
}

/// How far a load is.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests sent.
    pub sent: AtomicU64,
    /// Requests accepted.
    pub accepted: AtomicU64,
    stopped: AtomicBool,
}

/// A load under way; it ends when this is dropped.
pub struct UnderWay {
    /// How far it is.
    pub counters: Arc<Counters>,
    /// Its end.
    pub end: oneshot::Receiver<Result<Sent>>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.counters.stopped.store(true, Relaxed);
    }
}

/// Starts to generate a load.
pub fn start(load: Load) -> Result<UnderWay> {
    let (ended, end) = oneshot::channel();
    let counters = Arc::new(Counters::default());
    let shared = Arc::clone(&counters);
    let generate = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let sent =
            runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(generate(load, shared)));
        // Nobody listens any more if the user has interrupted the run.
        drop(ended.send(sent));
    };
    thread::Builder::new().name("load".to_owned()).spawn(generate).context("can't start a thread")?;
    Ok(UnderWay { counters, end })
}

/// What the connections of a load share.
struct Shared {
    plan: Plan,
    messages: Messages,
    start: Instant,
    start_us: u64,
    /// Has a permit for each request that is due and that no connection has taken yet.
    due: Arc<Semaphore>,
    next: AtomicU64,
    record: Mutex<Record>,
    counters: Arc<Counters>,
}

async fn generate(load: Load, counters: Arc<Counters>) -> Result<Sent> {
    let uri: Uri = load.url.parse().with_context(|| format!("'{}' is no URL", load.url))?;
    let size = usize::try_from(load.plan.size)?;
    let messages = Messages::new(&uri, &load.run, size, load.signer)?;
    // Without credentials nothing is sent at all.
    messages.check().await?;
    let opener = Opener::new(&uri)?;
    let connections = try_join_all((0..load.plan.connections).map(|_| opener.open())).await;
    let connections = connections
        .with_context(|| format!("can't open {} connections to {}", load.plan.connections, load.url))?;
    let start = Instant::now() + LEAD;
    let shared = Arc::new(Shared {
        plan: load.plan,
        messages,
        start,
        start_us: micros(SystemTime::now() + LEAD),
        due: Arc::new(Semaphore::new(0)),
        next: AtomicU64::new(0),
        record: Mutex::new(Record::new(load.plan.schedule.total())),
        counters: Arc::clone(&counters),
    });
    let cpu = pace::cpu();
    let pacer = pace::start(load.plan.schedule, start, Arc::clone(&shared.due), counters)?;
    let workers = connections.into_iter().map(|connection| work(Arc::clone(&shared), connection));
    workers.collect::<JoinSet<()>>().join_all().await;
    let cpu = pace::cpu().saturating_sub(cpu) + pacer.join().unwrap_or_default();
    Ok(Sent { start_us: shared.start_us, record: std::mem::take(&mut *shared.record()), cpu })
}

/// Sends one request after the other on a connection, each when it is due, or as soon as the connection is free.
async fn work(shared: Arc<Shared>, mut connection: Connection) {
    loop {
        let free = shared.start.elapsed();
        let Some(number) = shared.next_due().await else { return };
        shared.send(number, free, &mut connection).await;
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().expect("nothing panics while it takes a note")
    }

    /// The number of the next request, once it is due; none behind the last one.
    async fn next_due(&self) -> Option<u64> {
        self.due.acquire().await.ok()?.forget();
        let number = self.next.fetch_add(1, Relaxed);
        if number + 1 == self.plan.schedule.total() {
            self.due.close();
        }
        Some(number)
    }

    /// Sends a request on a connection that has been free since a time, and notes what becomes of it.
    async fn send(&self, number: u64, free: Duration, connection: &mut Connection) {
        let schedule = &self.plan.schedule;
        let due = schedule.due(number);
        if self.start.elapsed() > due + TIMEOUT {
            self.record().unsent += 1;
            return;
        }
        let is_measured = number >= schedule.measured_from();
        let due_us = self.start_us + u64::try_from(due.as_micros()).unwrap_or_default();
        let request = self.messages.request(number, due_us).await;
        let sent = self.start.elapsed();
        if is_measured {
            self.record().ready(due, free, sent);
        }
        self.counters.sent.fetch_add(1, Relaxed);
        let answer = match request {
            Ok(request) => timeout(TIMEOUT, connection.send(request)).await,
            Err(_) => Ok(Err(Failure::NotSent)),
        };
        let times = Times { due, sent, answered: self.start.elapsed() };
        let mut record = self.record();
        match answer {
            Ok(Ok(answer)) => {
                record.answered(number, times, &answer, is_measured, self.start_us);
                self.counters.accepted.fetch_add(u64::from(answer.status == 200), Relaxed);
            }
            Ok(Err(failure)) => record.failed(number, &failure, times.answered),
            Err(_) => record.timed_out(number, times.answered),
        }
    }
}

fn micros(time: SystemTime) -> u64 {
    let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(time.as_micros()).unwrap_or_default()
}
