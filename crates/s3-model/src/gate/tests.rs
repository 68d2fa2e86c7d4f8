use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use tokio::time::Instant;

use super::request_body::RequestBody;
use super::response_body::{ResponseBody, Spoiler};
use super::ticket::{Admitted, Ticket};
use super::*;
use crate::faults::{Fault, Kind};

const MB: u64 = 1_000_000;
const GB: u64 = 1_000_000_000;
const SEED: u64 = 11;

fn gate() -> Gate {
    Gate::with_clock(Profile::default(), false, SEED, Clock::of_tokio())
}

/// A body in chunks as a store reads them.
fn body(bytes: u64) -> s3s::Body {
    const CHUNK: &[u8] = &[0; 262_144];
    let chunk = |left: u64| usize::try_from(left).unwrap().min(CHUNK.len());
    let chunks = std::iter::successors(Some(bytes), move |left| Some(left - chunk(*left) as u64))
        .take_while(|left| *left > 0)
        .map(move |left| {
            Ok::<_, s3s::StdError>(http_body::Frame::data(Bytes::from_static(&CHUNK[..chunk(left)])))
        });
    s3s::Body::http_body(StreamBody::new(Chunks(Box::new(chunks))))
}

struct Chunks(Box<dyn Iterator<Item = Result<http_body::Frame<Bytes>, s3s::StdError>> + Send + Sync>);

impl futures::Stream for Chunks {
    type Item = Result<http_body::Frame<Bytes>, s3s::StdError>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

async fn receive(body: impl http_body::Body<Data = Bytes, Error = s3s::StdError>) -> Vec<u8> {
    let mut body = std::pin::pin!(body);
    let mut last = Vec::new();
    while let Some(frame) = body.frame().await {
        last = frame.unwrap().into_data().unwrap().to_vec();
    }
    last
}

/// A request as the gate times it: the body up, the latency, the body down.
async fn request(gate: &Gate, key: &str, operation: &str, up: u64, down: u64) {
    let start = Instant::now();
    let (link, ticket) = (gate.link(key).unwrap(), Arc::new(Ticket::default()));
    let row = gate.0.counters.row(operation, key);
    let latency = gate.0.timing.as_ref().map(|timing| timing.latencies.next(operation));
    ticket.admit(Admitted { row: Arc::clone(&row), key: None, latency, refused: false });
    if up > 0 {
        receive(RequestBody::new(body(up), Some(link.up.transfer(Some(up), start)), Arc::clone(&ticket)))
            .await;
    }
    let due = gate.hold(start, &ticket).await;
    receive(ResponseBody::new(body(down), Some(link.down.transfer(Some(down), due)), row, None)).await;
}

/// The latencies that the requests of an operation get.
fn latencies(operation: &str, count: usize) -> Vec<f64> {
    let latencies = Latencies::new(&Profile::default(), SEED);
    (0..count).map(|_| latencies.next(operation).as_secs_f64()).collect()
}

fn on_link(bytes: u64) -> f64 {
    crate::random::real(bytes) / Profile::default().link.bytes_per_second
}

fn assert_takes(start: Instant, formula: f64) {
    let measured = start.elapsed().as_secs_f64();
    assert!((measured / formula - 1.0).abs() <= 0.03, "took {measured} s, the formula says {formula} s");
}

#[tokio::test(start_paused = true)]
async fn two_hundred_gets_one_after_the_other_take_their_latencies_and_their_bytes() {
    let (gate, start) = (gate(), Instant::now());
    for _ in 0..200 {
        // tokio's own timers, which these tests go by, are a millisecond late for each request.
        request(&gate, "key", "GetObject", 0, MB).await;
    }
    assert_takes(start, latencies("GetObject", 200).iter().sum::<f64>() + on_link(200 * MB));
}

#[tokio::test(start_paused = true)]
async fn sixty_four_copies_at_once_take_the_slowest_ones_latency() {
    let (gate, start) = (gate(), Instant::now());
    futures::future::join_all((0..64).map(|_| request(&gate, "key", "UploadPartCopy", 0, 0))).await;
    assert_takes(start, latencies("UploadPartCopy", 64).into_iter().fold(0.0, f64::max));
}

#[tokio::test(start_paused = true)]
async fn a_gigabyte_up_takes_the_links_time_and_then_the_latency() {
    let (gate, start) = (gate(), Instant::now());
    request(&gate, "key", "PutObject", GB, 0).await;
    assert_takes(start, on_link(GB) + latencies("PutObject", 1)[0]);
    assert_eq!(gate.counters().counts().requests[0].bytes_in, GB);
}

#[tokio::test(start_paused = true)]
async fn a_gigabyte_down_takes_the_latency_and_then_the_links_time() {
    let (gate, start) = (gate(), Instant::now());
    request(&gate, "key", "GetObject", 0, GB).await;
    assert_takes(start, latencies("GetObject", 1)[0] + on_link(GB));
    assert_eq!(gate.counters().counts().requests[0].bytes_out, GB);
}

#[tokio::test(start_paused = true)]
async fn parallel_transfers_of_a_key_share_its_link_and_other_keys_and_directions_have_their_own() {
    let (gate, start) = (gate(), Instant::now());
    let down = (0..8).map(|_| request(&gate, "a", "GetObject", 0, GB / 8));
    let others = async {
        tokio::join!(request(&gate, "b", "GetObject", 0, GB), request(&gate, "a", "PutObject", GB, 0))
    };
    tokio::join!(futures::future::join_all(down), others);
    assert_takes(start, on_link(GB));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pauses_leaves_the_link_to_its_other_transfers() {
    let (gate, start) = (gate(), Instant::now());
    let (link, row) = (gate.link("key").unwrap(), gate.0.counters.row("GetObject", "key"));
    let mut paused = ResponseBody::new(body(GB), Some(link.down.transfer(Some(GB), start)), row, None);
    paused.frame().await.unwrap().unwrap();
    request(&gate, "key", "GetObject", 0, GB).await;
    assert_takes(start, on_link(GB));
    drop(paused);
}

#[tokio::test(start_paused = true)]
async fn an_instant_gate_takes_no_time() {
    let gate = Gate::with_clock(Profile::default(), true, SEED, Clock::of_tokio());
    let start = Instant::now();
    assert!(gate.link("key").is_none());
    gate.hold(start, &Ticket::default()).await;
    receive(ResponseBody::new(body(GB), None, gate.0.counters.row("GetObject", "key"), None)).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

fn spoilt(kind: Kind, content: &[u8], draw: u64) -> ResponseBody {
    let gate = gate();
    let fault = Fault { kind, pause: Duration::from_secs(7), draw };
    let spoiler = Spoiler::new(&fault, content.len() as u64, &Arc::default(), &gate.0.clock);
    let row = gate.0.counters.row("GetObject", "key");
    ResponseBody::new(Bytes::copy_from_slice(content).into(), None, row, Some(spoiler))
}

#[tokio::test(start_paused = true)]
async fn a_stall_pauses_after_half_of_the_body_and_loses_nothing() {
    let mut body = spoilt(Kind::Stall, b"abcdef", 0);
    let start = Instant::now();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "abc");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "def");
    assert!(start.elapsed() >= Duration::from_secs(7));
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_wrong_byte_is_one_byte_wherever_it_falls() {
    for draw in 0..6 {
        let got = spoilt(Kind::WrongByte, b"abcdef", draw).collect().await.unwrap().to_bytes();
        let differ = got.iter().zip(b"abcdef").filter(|(got, sent)| got != sent).count();
        assert_eq!((got.len(), differ), (6, 1), "draw {draw}");
    }
}
