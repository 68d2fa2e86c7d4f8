//! What splitting costs: the CPU time of an item, and, where `AWS_ENDPOINT_URL` or an account is set up, how long 1,000 items
//! take into a queue of this example's own, in batches as the function sends them and by one `SendMessage` after the other.
//!
//! `bench_split [ROUNDS]` prints JSON; the rounds of batches and of single messages alternate.

use std::error::Error;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use lambda_kit::sqs::{MAX_BYTES, Queue, number, string};
use lambda_kit::{Failure, aws, now_us};
use protocol::message_attributes::{RUN, SENT_AT};
use protocol::splitter::{ITEM_ATTRIBUTE, item_id};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use splitter::enqueue::{batches, send};
use splitter::event::{Event, Parsed, parse, sendable};

type AnyError = Box<dyn Error + Send + Sync>;

const ITEMS: usize = 1000;
/// Splits that the CPU time is taken of.
const SPLITS: usize = 200;
const TIMEOUT: Duration = Duration::from_mins(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AnyError> {
    let rounds = std::env::args().nth(1).map_or(Ok(5), |rounds| rounds.parse())?;
    let text = event();
    let cpu = cpu_per_item(&text)?;
    let mut result = json!({ "items": ITEMS, "event_bytes": text.len(), "cpu_us_per_item": cpu });
    if rounds > 0 {
        result["enqueue"] = Box::pin(enqueue(&text, rounds)).await?;
    }
    println!("{result}");
    Ok(())
}

/// As large as `EventBridge` takes: 256 KB.
fn event() -> String {
    let tag = |index| json!({ "key": format!("Project-{index:04}"), "value": "v".repeat(190) });
    let items: Vec<Value> = (0..ITEMS).map(tag).collect();
    let mut event: Value = serde_json::from_str(include_str!("../fixtures/one-tag.json")).expect("JSON");
    event["detail"]["requestParameters"]["tagSet"]["items"] = items.into();
    event.to_string()
}

fn tags(text: &str) -> Result<Event<'_>, AnyError> {
    match parse(text, "lambench.splitter")? {
        Parsed::Tags(event) => Ok(event),
        Parsed::Ignored => Err("the event has no tags".into()),
    }
}

/// Reading the event and making all bodies, µs of this thread's CPU time.
fn cpu_per_item(text: &str) -> Result<f64, AnyError> {
    let (start, mut bytes) = (cpu(), 0);
    for _ in 0..SPLITS {
        let text = sendable(text);
        let event = tags(&text)?;
        for index in batches(&event, 0..event.count(), MAX_BYTES)?.into_iter().flatten() {
            bytes += event.with_one(index).len();
        }
    }
    let time = cpu().saturating_sub(start);
    // So that nothing is left out as unused.
    assert!(bytes > SPLITS * text.len());
    Ok(time.as_secs_f64() * 1e6 / f64::from(u32::try_from(SPLITS * ITEMS)?))
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

async fn enqueue(text: &str, rounds: usize) -> Result<Value, AnyError> {
    let config = aws::config().await;
    let client = Client::new(&config);
    let name = format!("lambench-bench-split-{}", std::process::id());
    let url = client.create_queue().queue_name(name).send().await?.queue_url.ok_or("a queue has a URL")?;
    let measured = compare(&client, &Queue::new(&config, url.clone()), &url, text, rounds).await;
    client.delete_queue().queue_url(&url).send().await?;
    measured
}

async fn compare(
    client: &Client,
    queue: &Queue,
    url: &str,
    text: &str,
    rounds: usize,
) -> Result<Value, AnyError> {
    let event = tags(text)?;
    let (mut in_batches, mut sequential) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for is_batched in [round % 2 == 0, round % 2 != 0] {
            let start = Instant::now();
            if is_batched {
                let note = async |_| Ok::<_, Failure>(());
                let sent = send(queue, &event, batches(&event, 0..ITEMS, MAX_BYTES)?, start + TIMEOUT, note);
                sent.await.map_err(|failure| failure.to_string())?;
                in_batches.push(start.elapsed().as_secs_f64());
            } else {
                for index in 0..ITEMS {
                    send_one(client, url, &event, index).await?;
                }
                sequential.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let ratios: Vec<f64> = sequential.iter().zip(&in_batches).map(|(one, batch)| one / batch).collect();
    Ok(json!({ "in_batches_s": in_batches, "sequential_s": sequential, "times_faster": ratios }))
}

/// The same message as the function's, by a request of its own.
async fn send_one(client: &Client, url: &str, event: &Event<'_>, index: usize) -> Result<(), AnyError> {
    client
        .send_message()
        .queue_url(url)
        .message_attributes(RUN, string(&event.run))
        .message_attributes(ITEM_ATTRIBUTE, string(&item_id(index)))
        .message_attributes(SENT_AT, number(now_us()))
        .message_body(event.with_one(index))
        .send()
        .await?;
    Ok(())
}
