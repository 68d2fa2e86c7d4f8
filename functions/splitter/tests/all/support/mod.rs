//! A queue, a dead-letter queue and a run log that a test can look into and break.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use lambda_kit::Failure;
use lambda_kit::run_log::RunLog;
use lambda_kit::sqs::{DeadLetters, Queue};
use protocol::run_log;
use protocol::splitter::{SPLIT_ID, entry_id};
use serde_json::{Value, json};
use splitter::event::{Parsed, parse};
use splitter::sender::Sender;
use splitter::worker::{Settings, Worker};
use test_kit::aws::{self, Answer};

/// The longest message that the queue takes.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The environment that the worker runs in.
pub const ENVIRONMENT: &str = "2026/11/30/[$LATEST]1a2b";

/// What AWS holds.
#[derive(Default)]
pub struct State {
    /// Messages of the queue, as `SendMessageBatch` had them.
    pub queue: Vec<Value>,
    /// Requests of `SendMessage`: what has gone to the dead-letter queue.
    pub dead: Vec<Value>,
    /// The run log's entries by their run and item.
    pub log: BTreeMap<(String, String), Value>,
    /// Whether the dead-letter queue cannot be reached.
    pub dead_is_away: bool,
    /// Items that the queue doesn't take for now: how often yet, and whether it calls that the sender's fault.
    pub failing: BTreeMap<&'static str, (usize, bool)>,
}

/// A worker whose items take no time, and AWS as it sees it.
pub struct World {
    state: Arc<Mutex<State>>,
    worker: Worker,
    sender: Sender,
}

impl World {
    pub fn new() -> Self {
        let (config, state) = aws::stateful(|state: &mut State, operation, request| match operation {
            "SendMessageBatch" => send_batch(state, request),
            "SendMessage" if state.dead_is_away => aws::error("QueueDoesNotExist", json!({})),
            "SendMessage" => {
                state.dead.push(request.clone());
                aws::message_sent()
            }
            "UpdateItem" => update(state, request),
            "BatchExecuteStatement" => insert(state, request),
            "Query" => {
                let run = request["ExpressionAttributeValues"][":run"]["S"].as_str().unwrap();
                let is_queued = |((of, _), entry): &(&(String, String), &Value)| {
                    of == run && entry.get("queued_us").is_some()
                };
                let queued = state.log.iter().filter(is_queued);
                let items: Vec<_> = queued.map(|((_, item), _)| json!({ "item": { "S": item } })).collect();
                (200, json!({ "Items": items }))
            }
            _ => panic!("{operation} is not for this function"),
        });
        let worker = Worker::new(
            RunLog::new(&config, "runs".to_owned()),
            Queue::new(&config, "https://sqs/queue".to_owned()),
            DeadLetters::new(&config, "https://sqs/dead".to_owned()),
            Settings {
                item_time: Duration::ZERO,
                item_reserve: Duration::from_millis(250),
                event_source: "lambench.splitter".to_owned(),
                max_message_bytes: MAX_MESSAGE_BYTES,
                environment: Some(ENVIRONMENT.to_owned()),
            },
        );
        let queue = Queue::new(&config, "https://sqs/queue".to_owned());
        let sender = Sender::new(queue, "lambench.splitter".to_owned());
        Self { state, worker, sender }
    }

    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Invokes the function; returns what it answers.
    pub async fn invoke(&self, payload: &str, request_id: &str) -> Result<Value, Failure> {
        let answer = self.worker.handle(payload, request_id, Duration::from_secs(30)).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// Invokes it with less time.
    pub async fn invoke_for(&self, payload: &str, remaining: Duration) -> Result<Value, Failure> {
        let answer = self.worker.handle(payload, "short", remaining).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// Hands messages to the function as the queue does; returns the ids of those that come again.
    pub async fn deliver(&self, messages: &[Value], request_id: &str) -> Vec<String> {
        let payload = json!({ "Records": messages }).to_string();
        let answer = self.invoke(&payload, request_id).await.unwrap();
        let failures = answer["batchItemFailures"].as_array().unwrap();
        failures.iter().map(|one| one["itemIdentifier"].as_str().unwrap().to_owned()).collect()
    }
}

impl State {
    /// The only entry with this id.
    pub fn entry(&self, id: &str) -> &Value {
        let found: Vec<_> = self.log.iter().filter(|((_, item), _)| entry_id(item) == id).collect();
        let [(_, entry)] = found.as_slice() else { panic!("{id}: {found:?}") };
        entry
    }

    /// How many items were worked on to their end.
    pub fn worked(&self) -> usize {
        let is_done = |((_, item), entry): &(&(String, String), &Value)| {
            entry_id(item) != SPLIT_ID && entry.get("ended_us").is_some()
        };
        self.log.iter().filter(is_done).count()
    }
}

/// The entry of an event of one tag.
pub fn entry_of(event: &str) -> (String, String) {
    let Ok(Parsed::Tags(event)) = parse(event, "lambench.splitter") else { panic!("it is of interest") };
    let item = event.item_entry(0);
    (run_log::partition(&event.run, &item), item)
}

/// A message of the queue as Lambda hands it over.
pub fn delivered(sent: &Value, message_id: &str) -> Value {
    let attributes = sent["MessageAttributes"].as_object().into_iter().flatten();
    let attributes: serde_json::Map<_, _> = attributes
        .map(|(name, value)| {
            let value = json!({ "stringValue": value["StringValue"], "dataType": value["DataType"] });
            (name.clone(), value)
        })
        .collect();
    json!({
        "messageId": message_id, "eventSource": "aws:sqs", "body": sent["MessageBody"], "messageAttributes": attributes,
    })
}

fn send_batch(state: &mut State, request: &Value) -> Answer {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in request["Entries"].as_array().unwrap() {
        let id = &entry["Id"];
        if let Some((times @ 1.., fault)) = state.failing.get_mut(id.as_str().unwrap()) {
            *times -= 1;
            failed.push(json!({ "Id": id, "Code": "Broken", "Message": "not now", "SenderFault": fault }));
        } else {
            state.queue.push(entry.clone());
            successful.push(json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "" }));
        }
    }
    (200, json!({ "Successful": successful, "Failed": failed }))
}

fn insert(state: &mut State, request: &Value) -> Answer {
    let statements = request["Statements"].as_array().unwrap();
    let insert = |statement: &Value| {
        let key = [0, 1].map(|index| statement["Parameters"][index]["S"].as_str().unwrap().to_owned()).into();
        if state.log.contains_key(&key) {
            return json!({ "Error": { "Code": "DuplicateItem" } });
        }
        state.log.insert(key, json!({ "queued_us": statement["Parameters"][2] }));
        json!({})
    };
    (200, json!({ "Responses": statements.iter().map(insert).collect::<Vec<_>>() }))
}

/// What the conditions of the log mean, where no claim's time is ever over.
fn update(state: &mut State, request: &Value) -> Answer {
    let item = ["run", "item"].map(|name| request["Key"][name]["S"].as_str().unwrap().to_owned()).into();
    let (expression, values) =
        (request["UpdateExpression"].as_str().unwrap(), &request["ExpressionAttributeValues"]);
    let mut entry = state.log.get(&item).cloned().unwrap_or_else(|| json!({}));
    let attempts = |entry: &Value| entry["attempts"]["N"].as_str().map_or(0, |n| n.parse::<u64>().unwrap());
    let allowed = if expression.contains("ADD attempts") {
        let mine = entry["worker"] == values[":worker"];
        entry.get("ended_us").is_none() && (entry.get("claimed_until_us").is_none() || mine)
    } else {
        values[":attempt"] == entry["attempts"]
    };
    if !allowed {
        return aws::error("ConditionalCheckFailedException", json!({ "message": "no", "Item": entry }));
    }
    if expression.contains("ADD attempts") {
        entry["attempts"] = json!({ "N": (attempts(&entry) + 1).to_string() });
        for (name, value) in [
            ("worker", ":worker"),
            ("claimed_until_us", ":until"),
            ("cold", ":cold"),
            ("environment", ":environment"),
            ("count", ":count"),
        ] {
            if let Some(value) = values.get(value) {
                entry[name] = value.clone();
            }
        }
        if let (None, Some(queued)) = (entry.get("queued_us"), values.get(":queued")) {
            entry["queued_us"] = queued.clone();
        }
    } else if expression.starts_with("SET ended_us") {
        entry["ended_us"] = values[":now"].clone();
    } else {
        entry.as_object_mut().unwrap().remove("claimed_until_us");
    }
    let answer = json!({ "Attributes": { "attempts": entry["attempts"] } });
    state.log.insert(item, entry);
    (200, answer)
}
