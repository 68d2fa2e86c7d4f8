//! The server: every connection is for one request, and none of them can keep the run or other readers waiting.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::site::{Kind, Site};

/// For a request, and for reading an answer that ends.
const PATIENCE: Duration = Duration::from_secs(10);
/// For open pages to get the final one, at the run's end.
const GRACE: Duration = Duration::from_secs(2);
/// Connections at once, apart from those of open pages; with more, the oldest one is closed.
const MOST_CONNECTIONS: usize = 32;
/// A request with all its headers, bytes. Browsers send all cookies of 127.0.0.1, whatever the port.
const MOST_BYTES: usize = 64 * 1024;
/// After no connection could be accepted, since no file descriptor was left.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers until `closing` is done and open pages have got the final one, or no longer than [`GRACE`] for the latter.
pub async fn serve(listener: TcpListener, site: Arc<Site>, closing: impl Future<Output = ()>) {
    let readers = site.readers.clone();
    let closed = async {
        closing.await;
        let _ = timeout(GRACE, readers.all_served()).await;
    };
    tokio::select! {
        () = closed => {}
        never = accept(&listener, &site) => match never {},
    }
}

/// A connection that may be closed for a newer one.
struct Connection {
    task: AbortHandle,
    /// What was asked for, once that is known.
    answered: Arc<OnceLock<Kind>>,
}

impl Connection {
    fn is_brief(&self) -> bool {
        !self.task.is_finished() && self.answered.get() != Some(&Kind::Events)
    }
}

async fn accept(listener: &TcpListener, site: &Arc<Site>) -> Infallible {
    let mut connections: VecDeque<Connection> = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        connections.retain(Connection::is_brief);
        if connections.len() >= MOST_CONNECTIONS
            && let Some(oldest) = connections.pop_front()
        {
            oldest.task.abort();
        }
        let answered = Arc::new(OnceLock::new());
        let task = tokio::spawn(converse(stream, Arc::clone(site), Arc::clone(&answered))).abort_handle();
        connections.push_back(Connection { task, answered });
    }
}

async fn converse(stream: TcpStream, site: Arc<Site>, answered: Arc<OnceLock<Kind>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let answer = site.answer(&request);
        let _ = answered.set(answer.kind);
        ready(Ok::<_, Infallible>(answer.response))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_header_size(MOST_BYTES)
        .max_buf_size(MOST_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = match timeout(PATIENCE, &mut connection).await {
        Ok(ended) => ended,
        Err(_) if answered.get() == Some(&Kind::Events) => connection.await,
        Err(_) => return,
    };
    if ended.is_ok() && answered.get() == Some(&Kind::Final) {
        site.readers.is_served();
    }
}
