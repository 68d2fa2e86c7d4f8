//! The load generator: an open loop on a thread of its own, so that nothing else of this program delays it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use futures::future::try_join_all;
use http::Uri;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::connection::{Connection, Connector, SendError};
use crate::pacer;
use crate::plan::Plan;
use crate::request::RequestFactory;
use crate::request_log::{RequestLog, Times};
use crate::signer::Signer;

/// After so long API Gateway itself gives a request up (HTTP API quotas: 30 s).
pub const TIMEOUT: Duration = Duration::from_secs(29);
/// Between opening the connections and the first request.
const LEAD: Duration = Duration::from_millis(100);

/// A load to generate.
pub struct Load {
    /// Where to.
    pub url: String,
    /// What the ids of its messages start with.
    pub run: String,
    /// When each request is due.
    pub plan: Plan,
    /// When the load starts; none for as soon as the connections are open.
    pub start_at: Option<SystemTime>,
    /// Keep-alive connections.
    pub connections: u64,
    /// Bytes of each message's text.
    pub message_bytes: u64,
    /// Who sends it; none if the API takes requests from everybody.
    pub signer: Option<Signer>,
}

/// A load that has been generated.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct GeneratedLoad {
    /// When it started, µs since 1970.
    pub start_us: u64,
    /// What became of its requests; of a load that was stopped, those until then.
    pub requests: RequestLog,
    /// CPU time that it took.
    pub cpu: Duration,
    /// How long after its agreed start the connections were open.
    pub late: Duration,
}

/// How far a load is.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests sent.
    pub sent: AtomicU64,
    /// Requests accepted.
    pub accepted: AtomicU64,
    pub(crate) stopped: AtomicBool,
}

/// A load under way; it ends when this is dropped.
pub struct RunningLoad {
    /// How far it is.
    pub counters: Arc<Counters>,
    /// Its end.
    pub end: oneshot::Receiver<Result<GeneratedLoad>>,
}

impl RunningLoad {
    /// Lets no further request become due.
    pub fn stop(&self) {
        self.counters.stopped.store(true, Relaxed);
    }
}

impl Drop for RunningLoad {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts to generate a load.
///
/// # Errors
/// If the machine has no thread for it.
pub fn start(load: Load) -> Result<RunningLoad> {
    let (ended, end) = oneshot::channel();
    let counters = Arc::new(Counters::default());
    let shared = Arc::clone(&counters);
    let generate = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let generated =
            runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(generate(load, shared)));
        // Nobody listens any more if the user has interrupted the run.
        drop(ended.send(generated));
    };
    thread::Builder::new().name("load".to_owned()).spawn(generate).context("cannot start a thread")?;
    Ok(RunningLoad { counters, end })
}

/// What the connections of a load share.
struct Shared {
    plan: Arc<Plan>,
    factory: RequestFactory,
    start: Instant,
    start_us: u64,
    /// How long after the start the connections were open.
    late: Duration,
    /// Has a permit for each request that is due and that no connection has taken yet.
    due: Arc<Semaphore>,
    next: AtomicU64,
    requests: Mutex<RequestLog>,
    counters: Arc<Counters>,
}

async fn generate(load: Load, counters: Arc<Counters>) -> Result<GeneratedLoad> {
    let Load { url, run, plan, start_at, connections, message_bytes, signer } = load;
    let plan = Arc::new(plan);
    let uri: Uri = url.parse().with_context(|| format!("'{url}' is not a URL"))?;
    let factory = RequestFactory::new(&uri, run, usize::try_from(message_bytes)?, signer)?;
    // Without credentials nothing is sent at all.
    factory.check_credentials().await?;
    let connector = Connector::new(&uri)?;
    let opened = try_join_all((0..connections).map(|_| connector.connect())).await;
    let opened = opened.with_context(|| format!("cannot open {connections} connections to {url}"))?;
    let start = Start::of(start_at);
    let shared = Arc::new(Shared {
        plan: Arc::clone(&plan),
        factory,
        start: start.instant,
        start_us: start.us,
        late: start.late,
        due: Arc::new(Semaphore::new(0)),
        next: AtomicU64::new(0),
        requests: Mutex::new(RequestLog::new(plan.total())),
        counters: Arc::clone(&counters),
    });
    let cpu = pacer::cpu();
    let pacer = pacer::start(plan, start.instant, Arc::clone(&shared.due), counters)?;
    let workers = opened.into_iter().map(|connection| work(Arc::clone(&shared), connection));
    workers.collect::<JoinSet<()>>().join_all().await;
    let cpu = pacer::cpu().saturating_sub(cpu) + pacer.join().unwrap_or_default();
    let mut requests = std::mem::take(&mut *shared.requests());
    // Of a load that was stopped, the others never came to their turns.
    let due = shared.next.load(Relaxed);
    requests.statuses.truncate(usize::try_from(due)?);
    requests.seconds.count_due((0..due).map(|index| shared.plan.due(index)));
    Ok(GeneratedLoad { start_us: shared.start_us, requests, cpu, late: start.late })
}

/// Sends one request after the other on a connection, each when it is due, or as soon as the connection is free.
async fn work(shared: Arc<Shared>, mut connection: Connection) {
    loop {
        let free = shared.start.elapsed();
        let Some(index) = shared.next_due().await else { return };
        shared.send(index, free, &mut connection).await;
    }
}

impl Shared {
    fn requests(&self) -> MutexGuard<'_, RequestLog> {
        self.requests.lock().expect("nothing panics while it takes a note")
    }

    /// The next request, once it is due; none behind the last one.
    async fn next_due(&self) -> Option<u64> {
        self.due.acquire().await.ok()?.forget();
        let index = self.next.fetch_add(1, Relaxed);
        if index + 1 == self.plan.total() {
            self.due.close();
        }
        Some(index)
    }

    /// Sends a request on a connection that has been free since a time, and notes what becomes of it.
    async fn send(&self, index: u64, free: Duration, connection: &mut Connection) {
        let due = self.plan.due(index);
        let stage = self.plan.stage(index);
        if self.start.elapsed() > due + TIMEOUT {
            self.requests().give_up(stage);
            return;
        }
        let due_us = self.start_us + u64::try_from(due.as_micros()).unwrap_or_default();
        let request = self.factory.request(self.plan.number(index), due_us).await;
        let sent = self.start.elapsed();
        // Until this generator was ready, no delay is a busy connection's.
        let free = if due < self.late { Duration::ZERO } else { free };
        self.requests().ready(stage, due, free, sent);
        self.counters.sent.fetch_add(1, Relaxed);
        let answer = match request {
            Ok(request) => timeout(TIMEOUT, connection.send(request)).await,
            Err(_) => Ok(Err(SendError::NotSent)),
        };
        let times = Times { due, sent, answered: self.start.elapsed() };
        let mut requests = self.requests();
        match answer {
            Ok(Ok(answer)) => {
                requests.answered(index, times, &answer, stage, self.start_us);
                self.counters.accepted.fetch_add(u64::from(answer.status == 200), Relaxed);
            }
            Ok(Err(error)) => requests.failed(index, error, times.answered),
            Err(_) => requests.timed_out(index, times.answered),
        }
    }
}

/// When a load starts.
struct Start {
    instant: Instant,
    /// The same, µs since 1970.
    us: u64,
    /// How long it has been over when it was to be.
    late: Duration,
}

impl Start {
    /// At a time that was agreed on, or a moment from now.
    fn of(agreed: Option<SystemTime>) -> Self {
        let (now, instant) = (SystemTime::now(), Instant::now());
        let start = agreed.unwrap_or(now + LEAD);
        let late = now.duration_since(start).unwrap_or_default();
        let ahead = start.duration_since(now).unwrap_or_default();
        let instant = (instant + ahead).checked_sub(late).unwrap_or(instant);
        Self { instant, us: micros(start), late }
    }
}

fn micros(time: SystemTime) -> u64 {
    let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(time.as_micros()).unwrap_or_default()
}
