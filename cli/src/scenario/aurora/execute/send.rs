//! Sending messages, with the attributes that the public load test's trigger gives them, and ours.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use lambda_kit::sqs::{self, Message, Sending, Sent, batches};
use protocol::aurora::{Action, message};
use protocol::deployment::Queue;

use crate::scenario::aurora::Run;
use crate::scenario::aurora::options::Options;

/// How long to send at most; a million messages take some minutes.
const TIMEOUT: Duration = Duration::from_mins(30);
/// Requests under way at once.
const CONCURRENCY: usize = 8;
/// Requests after which to look whether the user has stopped the run.
const ROUND: usize = 100;
/// What a message has at most, with its attributes: ten of them are one request.
const MAX_BYTES: usize = 1024;

/// Sends a run's messages, their actions mixed evenly, until the user presses Ctrl-C; returns how many requests it took.
pub async fn send(run: &Run, options: &Options, queue: &Queue, name: &str, sent: &Cell<u64>) -> Result<u64> {
    let actions = options.actions();
    let numbers: Vec<usize> = (0..usize::try_from(options.messages())?).collect();
    let requests = Cell::new(0);
    let on_sent = async |of_request: Sent| {
        requests.set(requests.get() + 1);
        sent.set(sent.get() + of_request.numbers.len() as u64);
        Ok(())
    };
    let message = |number: usize, _: u64| {
        let attributes = attributes(run, options, actions[number % actions.len()], name);
        Message { body: "load".to_owned(), attributes }
    };
    let sending = Sending { end: Instant::now() + TIMEOUT, concurrency: CONCURRENCY };
    let queue_client = sqs::Queue::new(&run.config, queue.url.clone());
    let mut unsent = Vec::new();
    for batches in batches(&numbers, |_| MAX_BYTES).chunks(ROUND) {
        if run.stop.is_requested() {
            break;
        }
        let sent = queue_client.send(batches.to_vec(), sending, message, on_sent).await;
        unsent.extend(sent.map_err(|failure| anyhow!("{failure}"))?);
    }
    match unsent.first() {
        None => Ok(requests.get()),
        Some(first) => bail!(
            "SQS refused {} messages ({}): {} were sent, see {}",
            unsent.len(),
            first.reason,
            sent.get(),
            queue.url
        ),
    }
}

type Attributes = HashMap<String, aws_sdk_sqs::types::MessageAttributeValue>;

fn attributes(run: &Run, options: &Options, action: Action, name: &str) -> Attributes {
    let mut values = vec![
        (message::ACTION, action.to_string()),
        (message::STATEMENTS, options.statements().to_string()),
        (message::HOST, run.deployed.host(options.endpoint(action)).to_owned()),
        (message::DATABASE, run.deployed.cluster.database.clone()),
        (message::RUN, name.to_owned()),
    ];
    let batch = action.batch(options.batch());
    if batch > 1 {
        values.push((message::BATCH, batch.to_string()));
    }
    values.into_iter().map(|(name, value)| (name.to_owned(), sqs::string(&value))).collect()
}
