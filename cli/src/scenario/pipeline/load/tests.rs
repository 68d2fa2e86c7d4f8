//! The generator against a real HTTP server on this machine.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;

use super::record::Fate;
use super::*;
use crate::scenario::pipeline::schedule::Schedule;

/// A message as it arrives.
#[derive(Debug, Deserialize)]
struct Arrived {
    id: String,
    message: String,
    timestamp: u64,
}

/// What the server does with a connection's requests.
#[derive(Clone, Copy)]
struct Manners {
    /// Time that each answer takes.
    takes: Duration,
    /// Answers after which a connection is closed, without a word beforehand.
    closes_after: usize,
    /// Whether the connection is then closed in the middle of the next request.
    breaks: bool,
}

const POLITE: Manners = Manners { takes: Duration::ZERO, closes_after: usize::MAX, breaks: false };

#[derive(Default)]
struct Seen {
    messages: Mutex<Vec<Arrived>>,
    connections: AtomicUsize,
}

/// Serves on a free port until the test ends.
async fn serve(manners: Manners) -> (String, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/messages", listener.local_addr().unwrap());
    let seen = Arc::new(Seen::default());
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            shared.connections.fetch_add(1, Relaxed);
            tokio::spawn(converse(stream, manners, Arc::clone(&shared)));
        }
    });
    (url, seen)
}

async fn converse(stream: tokio::net::TcpStream, manners: Manners, seen: Arc<Seen>) {
    let answered = AtomicUsize::new(0);
    let service = service_fn(|request: Request<Incoming>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        tokio::time::sleep(manners.takes).await;
        let before = answered.fetch_add(1, Relaxed);
        if before >= manners.closes_after {
            return Err("closed");
        }
        seen.messages.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        let mut response = Response::new(Full::new(Bytes::from(r#"{"message":"success"}"#)));
        if before + 1 == manners.closes_after && !manners.breaks {
            response.headers_mut().insert("connection", "close".parse().unwrap());
        }
        Ok(response)
    });
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

fn load(url: String, schedule: Schedule, connections: u64) -> Load {
    Load { url, run: "run".to_owned(), plan: Plan { schedule, connections, size: 20 }, signer: None }
}

fn schedule(rate: u64, ramp_ms: u64, duration_ms: u64) -> Schedule {
    let [ramp, duration] = [ramp_ms, duration_ms].map(Duration::from_millis);
    Schedule { rate, ramp, duration }
}

/// Generates a load to its end.
async fn generated(load: Load) -> Result<Sent> {
    let mut under_way = start(load)?;
    let sent = (&mut under_way.end).await?;
    if let Ok(sent) = &sent {
        let accepted = sent.record.count_from(0, Fate::Accepted);
        assert_eq!(under_way.counters.accepted.load(Relaxed), accepted, "progress says so, too");
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_arrives_once_with_the_time_at_which_it_was_due() {
    let (url, seen) = serve(POLITE).await;
    let schedule = schedule(200, 200, 500);
    let sent = generated(load(url, schedule, 5)).await.unwrap();
    let mut messages = std::mem::take(&mut *seen.messages.lock().unwrap());
    messages.sort_by_key(|message| message.timestamp);
    assert_eq!(messages.len(), 120);
    for (number, message) in (0..).zip(&messages) {
        assert_eq!(message.id, format!("run-{number}"));
        assert_eq!(message.message.len(), 20);
        let due = u64::try_from(schedule.due(number).as_micros()).unwrap();
        assert_eq!(message.timestamp, sent.start_us + due);
    }
    assert_eq!(sent.record.count_from(0, Fate::Accepted), 120);
    assert_eq!(sent.record.warm.count(), 100, "the ramp's 20 requests have no latency");
    assert_eq!(seen.connections.load(Relaxed), 5, "connections are kept");
    assert!(sent.cpu > Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn latencies_count_from_when_a_request_was_due_although_the_only_connection_was_busy() {
    let takes = Duration::from_millis(20);
    let (url, _) = serve(Manners { takes, ..POLITE }).await;
    // 50 requests within 250 ms, of which the server answers one after the other in 1 s at least.
    let record = generated(load(url, schedule(200, 0, 250), 1)).await.unwrap().record;
    let quantile = |share| record.warm.quantile_ms(share).unwrap();
    // The last one is due at 245 ms and answered after 1,000 ms: a closed loop would say 20 ms.
    assert!(quantile(1.0) >= 750.0, "{}", quantile(1.0));
    assert!(quantile(0.5) >= 350.0, "{}", quantile(0.5));
    assert!(record.waited >= 40, "{} waited for the connection", record.waited);
    assert!(record.late.quantile_ms(0.5).unwrap() < 10.0, "and that is not the generator's own lateness");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_closed_between_requests_costs_no_message() {
    let (url, seen) = serve(Manners { closes_after: 5, ..POLITE }).await;
    let record = generated(load(url, schedule(100, 0, 500), 1)).await.unwrap().record;
    assert_eq!(record.count_from(0, Fate::Accepted), 50, "{record:?}");
    assert_eq!(seen.connections.load(Relaxed), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_the_middle_leaves_a_message_unknown_and_is_not_tried_again() {
    let (url, seen) = serve(Manners { closes_after: 4, breaks: true, ..POLITE }).await;
    let record = generated(load(url, schedule(100, 0, 500), 1)).await.unwrap().record;
    assert_eq!(record.unknown["connection"], 10, "{record:?}");
    assert_eq!(record.count_from(0, Fate::Accepted), 40);
    assert_eq!(seen.messages.lock().unwrap().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/messages", listener.local_addr().unwrap());
    drop(listener);
    let error = generated(load(url.clone(), schedule(10, 0, 1000), 2)).await.unwrap_err();
    assert!(format!("{error:#}").starts_with(&format!("can't open 2 connections to {url}")), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_nobody_waits_for_any_more_ends() {
    let (url, seen) = serve(POLITE).await;
    let under_way = start(load(url, schedule(200, 0, 3_600_000), 2)).unwrap();
    while under_way.counters.accepted.load(Relaxed) < 5 {
        tokio::task::yield_now().await;
    }
    let counters = Arc::clone(&under_way.counters);
    let end = {
        let mut under_way = under_way;
        let (_, other) = oneshot::channel();
        std::mem::replace(&mut under_way.end, other)
    };
    let record = end.await.unwrap().unwrap().record;
    let arrived = seen.messages.lock().unwrap().len() as u64;
    assert_eq!(record.count_from(0, Fate::Accepted), arrived);
    assert_eq!(counters.accepted.load(Relaxed), arrived);
}
