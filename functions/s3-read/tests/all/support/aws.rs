//! A table, a queue and a dead-letter queue that a test can look into and break.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use aws_config::SdkConfig;
use serde_json::{Value, json};
use test_kit::aws::{self, Answer};

/// What AWS holds.
#[derive(Default)]
pub struct State {
    /// The table's items by their keys.
    pub items: BTreeMap<(String, String), Value>,
    /// Requests to the table.
    pub writes: usize,
    /// How many of the next requests the table leaves items out of.
    pub left_out: usize,
    /// Whether the table refuses everything.
    pub table_is_away: bool,
    /// Objects whose items the table never takes.
    pub never_stored: BTreeSet<String>,
    /// What has gone to the dead-letter queue.
    pub dead: Vec<Value>,
    /// Whether it cannot be reached.
    pub dead_is_away: bool,
    /// The entries in the queue.
    pub queue: Vec<Value>,
    /// Sizes of the batches that were sent.
    pub batches: Vec<usize>,
    /// Bodies that the queue doesn't take, and whether that is the sender's fault.
    pub refused: BTreeSet<String>,
    pub is_senders_fault: bool,
}

pub struct Aws {
    state: Arc<Mutex<State>>,
    config: SdkConfig,
}

impl Aws {
    pub fn new() -> Self {
        let (config, state) = aws::stateful(|state: &mut State, operation, request| match operation {
            "BatchWriteItem" => write(state, request),
            "SendMessage" if state.dead_is_away => aws::error("QueueDoesNotExist", json!({})),
            "SendMessage" => {
                state.dead.push(request.clone());
                aws::message_sent()
            }
            "SendMessageBatch" => send(state, request),
            _ => panic!("{operation} is not for these functions"),
        });
        Self { state, config }
    }

    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The item of an object.
    pub fn item(&self, run: &str, key: &str) -> Value {
        self.state().items[&(run.to_owned(), key.to_owned())].clone()
    }

    /// The reasons in the dead-letter queue.
    pub fn reasons(&self) -> Vec<String> {
        let reason =
            |dead: &Value| dead["MessageAttributes"]["Reason"]["StringValue"].as_str().unwrap().to_owned();
        self.state().dead.iter().map(reason).collect()
    }
}

fn write(state: &mut State, request: &Value) -> Answer {
    state.writes += 1;
    if state.table_is_away {
        return aws::error("InternalServerError", json!({ "message": "away" }));
    }
    let requests = request["RequestItems"]["read"].as_array().unwrap();
    let object = |request: &Value| text(&request["PutRequest"]["Item"]["Fileurl"]);
    if requests.iter().any(|request| state.never_stored.contains(&object(request))) {
        return aws::error("ValidationException", json!({ "message": "not valid" }));
    }
    let mut unprocessed = Vec::new();
    let mut keys = BTreeSet::new();
    for (number, request) in requests.iter().enumerate() {
        let item = &request["PutRequest"]["Item"];
        let key = (text(&item["Run"]), text(&item["Fileurl"]));
        assert!(keys.insert(key.clone()), "DynamoDB refuses a request that has an item twice");
        if state.left_out > 0 && number > 0 {
            unprocessed.push(request.clone());
        } else {
            state.items.insert(key, item.clone());
        }
    }
    state.left_out = state.left_out.saturating_sub(1);
    let unprocessed = if unprocessed.is_empty() { json!({}) } else { json!({ "read": unprocessed }) };
    (200, json!({ "UnprocessedItems": unprocessed }))
}

fn text(value: &Value) -> String {
    value["S"].as_str().unwrap().to_owned()
}

fn send(state: &mut State, request: &Value) -> Answer {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    let entries = request["Entries"].as_array().unwrap();
    state.batches.push(entries.len());
    for entry in entries {
        let id = &entry["Id"];
        if state.refused.contains(entry["MessageBody"].as_str().unwrap()) {
            let fault = state.is_senders_fault;
            failed.push(json!({ "Id": id, "Code": "Broken", "Message": "not now", "SenderFault": fault }));
        } else {
            state.queue.push(entry.clone());
            successful.push(json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "" }));
        }
    }
    (200, json!({ "Successful": successful, "Failed": failed }))
}
