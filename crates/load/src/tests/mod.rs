//! The generator against a real HTTP server on this machine.

mod request;
mod request_log;
mod schedule;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use futures::future::try_join_all;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use protocol::pipeline::Arrivals;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::{Event, GeneratedLoad, Load, Plan, RequestLog, RequestStatus, Schedule, Stage, start};

/// A message as it arrives.
#[derive(Debug, Deserialize)]
struct Arrived {
    id: String,
    message: String,
    timestamp: u64,
}

/// How the server treats a connection's requests.
#[derive(Clone, Copy)]
struct Behavior {
    /// Time that each answer takes.
    takes: Duration,
    /// Answers after which a connection is closed, without a word beforehand.
    closes_after: usize,
    /// Whether the connection is then closed in the middle of the next request.
    breaks: bool,
}

const PROMPT: Behavior = Behavior { takes: Duration::ZERO, closes_after: usize::MAX, breaks: false };

#[derive(Default)]
struct Seen {
    messages: Mutex<Vec<Arrived>>,
    connections: AtomicUsize,
}

/// Serves on a free port until the test ends.
async fn serve(behavior: Behavior) -> (String, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/messages", listener.local_addr().unwrap());
    let seen = Arc::new(Seen::default());
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            shared.connections.fetch_add(1, Relaxed);
            tokio::spawn(converse(stream, behavior, Arc::clone(&shared)));
        }
    });
    (url, seen)
}

async fn converse(stream: tokio::net::TcpStream, behavior: Behavior, seen: Arc<Seen>) {
    let answered = AtomicUsize::new(0);
    let service = service_fn(|request: Request<Incoming>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        tokio::time::sleep(behavior.takes).await;
        let before = answered.fetch_add(1, Relaxed);
        if before >= behavior.closes_after {
            return Err("closed");
        }
        seen.messages.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        let mut response = Response::new(Full::new(Bytes::from(r#"{"message":"success"}"#)));
        if before + 1 == behavior.closes_after && !behavior.breaks {
            response.headers_mut().insert("connection", "close".parse().unwrap());
        }
        Ok(response)
    });
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

fn load(url: String, plan: Plan, connections: u64) -> Load {
    let run = "run".to_owned();
    Load { url, run, plan, start_at: None, connections, message_bytes: 20, signer: None }
}

fn schedule(rate: u64, ramp_ms: u64, duration_ms: u64) -> Schedule {
    let [ramp, duration] = [ramp_ms, duration_ms].map(Duration::from_millis);
    let stages = vec![Stage { rate, duration }];
    Schedule { ramp, stages, arrivals: Arrivals::Constant, seed: 1, workers: 1 }
}

fn plan(rate: u64, ramp_ms: u64, duration_ms: u64) -> Plan {
    schedule(rate, ramp_ms, duration_ms).plan(0)
}

/// Generates a load to its end.
async fn generated(load: Load) -> Result<GeneratedLoad> {
    let mut running = start(load)?;
    let sent = (&mut running.end).await?;
    if let Ok(sent) = &sent {
        let accepted = sent.requests.count(RequestStatus::Accepted);
        assert_eq!(running.counters.accepted.load(Relaxed), accepted, "progress says so, too");
        let RequestLog { statuses, refused, unknown, seconds, .. } = &sent.requests;
        let [refused, unknown] = [refused, unknown].map(|kinds| kinds.values().sum::<u64>());
        let sent = running.counters.sent.load(Relaxed);
        let counted = Event::ALL.map(|event| seconds.total(event));
        assert_eq!(counted, [statuses.len() as u64, sent, accepted, refused, unknown], "by second as in all");
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_arrives_once_with_the_time_at_which_it_was_due() {
    let (url, seen) = serve(PROMPT).await;
    let plan = plan(200, 200, 500);
    let sent = generated(load(url, plan.clone(), 5)).await.unwrap();
    let mut messages = std::mem::take(&mut *seen.messages.lock().unwrap());
    messages.sort_by_key(|message| message.timestamp);
    assert_eq!(messages.len(), 120);
    for (number, message) in (0..).zip(&messages) {
        assert_eq!(message.id, format!("run-{number}"));
        assert_eq!(message.message.len(), 20);
        let due = u64::try_from(plan.due(number).as_micros()).unwrap();
        assert_eq!(message.timestamp, sent.start_us + due);
    }
    assert_eq!(sent.requests.count(RequestStatus::Accepted), 120);
    assert_eq!(sent.requests.warm.count(), 100, "the ramp's 20 requests have no latency");
    assert_eq!(seen.connections.load(Relaxed), 5, "connections are kept");
    assert!(sent.cpu > Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stage_has_latencies_of_its_own() {
    let takes = Duration::from_millis(20);
    let (url, _) = serve(Behavior { takes, ..PROMPT }).await;
    let duration = Duration::from_millis(400);
    // One connection takes 50 requests per second at most: the second stage's wait for it.
    let stages = vec![Stage { rate: 20, duration }, Stage { rate: 100, duration }];
    let plan = Schedule { stages, ..schedule(1, 0, 0) }.plan(0);
    let requests = generated(load(url, plan, 1)).await.unwrap().requests;
    let [calm, busy] = &requests.stages[..] else { panic!("{:?}", requests.stages) };
    assert_eq!((calm.warm.count(), busy.warm.count(), requests.warm.count()), (8, 40, 48));
    assert!(busy.waited > 30, "{} waited", busy.waited);
    assert!(busy.warm.quantile_ms(1.0).unwrap() > 350.0, "40 requests take 800 ms at least");
    assert!(busy.last_accepted >= Duration::from_millis(1150), "{:?}", busy.last_accepted);
    assert!(calm.last_accepted < busy.last_accepted);
    assert_eq!(requests.count_in(&(8..100), RequestStatus::Accepted), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn latencies_count_from_when_a_request_was_due_although_the_only_connection_was_busy() {
    let takes = Duration::from_millis(20);
    let (url, _) = serve(Behavior { takes, ..PROMPT }).await;
    // 50 requests within 250 ms, of which the server answers one after the other in 1 s at least.
    let requests = generated(load(url, plan(200, 0, 250), 1)).await.unwrap().requests;
    let quantile = |share| requests.warm.quantile_ms(share).unwrap();
    // The last one is due at 245 ms and answered after 1,000 ms: a closed loop would say 20 ms.
    assert!(quantile(1.0) >= 750.0, "{}", quantile(1.0));
    assert!(quantile(0.5) >= 350.0, "{}", quantile(0.5));
    assert!(requests.waited >= 40, "{} waited for the connection", requests.waited);
    assert!(
        requests.lateness.quantile_ms(0.5).unwrap() < 10.0,
        "and that is not the generator's own lateness"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_closed_between_requests_costs_no_message() {
    let (url, seen) = serve(Behavior { closes_after: 5, ..PROMPT }).await;
    let requests = generated(load(url, plan(100, 0, 500), 1)).await.unwrap().requests;
    assert_eq!(requests.count(RequestStatus::Accepted), 50, "{requests:?}");
    assert_eq!(seen.connections.load(Relaxed), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_the_middle_leaves_a_message_unknown_and_is_not_tried_again() {
    let (url, seen) = serve(Behavior { closes_after: 4, breaks: true, ..PROMPT }).await;
    let requests = generated(load(url, plan(100, 0, 500), 1)).await.unwrap().requests;
    assert_eq!(requests.unknown["connection"], 10, "{requests:?}");
    assert_eq!(requests.count(RequestStatus::Accepted), 40);
    assert_eq!(seen.messages.lock().unwrap().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_start_when_it_was_agreed_and_send_the_load_together() {
    let (url, seen) = serve(PROMPT).await;
    let shared = Schedule { workers: 4, ..schedule(200, 0, 500) };
    let start_at = SystemTime::now() + Duration::from_millis(300);
    let workers = (0..5).map(|worker| {
        // The last one is one too many: nothing is left for it.
        let load = Load { start_at: Some(start_at), ..load(url.clone(), shared.plan(worker), 2) };
        generated(load)
    });
    let sent: Vec<_> = try_join_all(workers).await.unwrap();
    let start_us = u64::try_from(start_at.duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap();
    assert!(sent.iter().all(|one| one.start_us == start_us && one.late.is_zero()));
    let counts: Vec<_> = sent.iter().map(|one| one.requests.count(RequestStatus::Accepted)).collect();
    assert_eq!(counts, [25, 25, 25, 25, 0]);
    let mut messages = std::mem::take(&mut *seen.messages.lock().unwrap());
    messages.sort_by_key(|message| message.timestamp);
    let due: Vec<_> = messages.iter().map(|message| message.timestamp - start_us).collect();
    assert_eq!(due, (0..100).map(|slot| slot * 5000).collect::<Vec<_>>(), "as from one sender");
    let ids: HashSet<_> = messages.into_iter().map(|message| message.id).collect();
    assert_eq!(ids, (0..100).map(|number| format!("run-{number}")).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_ready_late_says_so_and_its_latencies_count_from_when_requests_were_due() {
    let (url, _) = serve(PROMPT).await;
    let start_at = Some(SystemTime::now() - Duration::from_secs(2));
    let sent = generated(Load { start_at, ..load(url, plan(100, 0, 500), 2) }).await.unwrap();
    assert!(sent.late >= Duration::from_secs(2), "{:?}", sent.late);
    assert_eq!(sent.requests.count(RequestStatus::Accepted), 50, "it catches up");
    assert!(sent.requests.warm.quantile_ms(0.0).unwrap() >= 1490.0);
    assert!(sent.requests.lateness.quantile_ms(0.0).unwrap() >= 1490.0, "the delay is the sender's own");
    let seconds = &sent.requests.seconds;
    assert_eq!(seconds.of(Event::Due), [50]);
    assert_eq!(seconds.of(Event::Sent)[..2], [0, 0], "each second has what happened in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted_in_its_second() {
    let takes = Duration::from_millis(1200);
    let (url, _) = serve(Behavior { takes, ..PROMPT }).await;
    let seconds = generated(load(url, plan(20, 0, 1500), 30)).await.unwrap().requests.seconds;
    assert_eq!(seconds.of(Event::Due), [20, 10]);
    assert_eq!(seconds.of(Event::Accepted)[0], 0, "no answer comes sooner than after 1.2 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/messages", listener.local_addr().unwrap());
    drop(listener);
    let error = generated(load(url.clone(), plan(10, 0, 1000), 2)).await.unwrap_err();
    assert!(format!("{error:#}").starts_with(&format!("cannot open 2 connections to {url}")), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_nobody_waits_for_any_more_ends() {
    let (url, seen) = serve(PROMPT).await;
    let running = start(load(url, plan(200, 0, 3_600_000), 2)).unwrap();
    while running.counters.accepted.load(Relaxed) < 5 {
        tokio::task::yield_now().await;
    }
    let counters = Arc::clone(&running.counters);
    let end = {
        let mut running = running;
        let (_, other) = oneshot::channel();
        std::mem::replace(&mut running.end, other)
    };
    let requests = end.await.unwrap().unwrap().requests;
    assert!(requests.statuses.len() < 1000, "those that were never due have no status");
    assert!(!requests.statuses.contains(&RequestStatus::Unsent), "each of the others was sent");
    let arrived = seen.messages.lock().unwrap().len() as u64;
    assert_eq!(requests.count(RequestStatus::Accepted), arrived);
    assert_eq!(counters.accepted.load(Relaxed), arrived);
}
