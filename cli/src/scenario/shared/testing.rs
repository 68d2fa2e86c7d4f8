//! What tests of several scenarios have in common.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::types::{Message, MessageAttributeValue};
use clap::{Args, Parser};
use jiff::Timestamp;
use protocol::deployment::Deployment;
use results::price_list::PriceList;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_kit::aws::{Answer, error};

use super::limits::Account;
use super::run::Run;
use crate::progress::Mode;
use crate::project::Project;
use crate::shutdown::Stop;

#[derive(Debug, Parser)]
struct Line<T: Args> {
    #[command(flatten)]
    options: T,
}

/// The options of a command line, without the program's name.
///
/// # Errors
/// As clap refuses it.
pub fn parsed<T: Args>(line: &str) -> Result<T, clap::Error> {
    Line::try_parse_from(std::iter::once("run").chain(line.split_whitespace())).map(|line| line.options)
}

/// A run on the local stack `dev`, where nothing answers; `environment` is what only this scenario's output has, and its
/// settings.
pub fn run<Deployed: DeserializeOwned>(scenario: &'static str, environment: Value) -> Run<Deployed> {
    let mut deployed = json!({
        "stack": "dev", "region": "us-east-1", "endpoint": "http://127.0.0.1:1", "architecture": "arm64",
        "settingRanges": { "memory": [128, 10240], "timeoutSeconds": [3, 900] }, "memoryPerVcpu": 1769,
        "runLocks": "locks",
    });
    let Value::Object(environment) = environment else { panic!("{environment} is no object") };
    deployed.as_object_mut().expect("it is one").extend(environment);
    Run {
        scenario,
        project: Project { root: "/nowhere".into(), state: "/nowhere/.lambench".into() },
        deployed: serde_json::from_value(deployed).expect("the output of a stack"),
        config: SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build(),
        prices: PriceList::default(),
        account: Account::default(),
        progress: Mode::None,
        stop: Stop::default(),
        name: "lambench-20261121T100000000Z".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        cpu_limit: None,
    }
}

/// What every scenario's output has, and nothing else.
#[derive(Clone, serde::Deserialize)]
pub struct Deployed(pub Deployment);

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.0
    }
}

impl AsMut<Deployment> for Deployed {
    fn as_mut(&mut self) -> &mut Deployment {
        &mut self.0
    }
}

/// The functions of Lambda.
#[derive(Default)]
pub struct Functions {
    /// By name, MB.
    pub memory: BTreeMap<String, u64>,
    /// Environment variables by name, as Lambda's API has them.
    pub variables: BTreeMap<String, BTreeMap<String, String>>,
    /// The function whose environment variables Lambda cannot decrypt.
    pub undecrypted: Option<String>,
    /// How often a change is asked about before it is made.
    pub polls_per_change: u64,
    /// Such questions that are still to come.
    pub in_progress: u64,
    /// The function that cannot be changed.
    pub refused: Option<String>,
}

/// A stack with 512 MB by its settings, and Lambda answered by the test.
pub struct Stack {
    /// A run on it.
    pub run: Run<Deployed>,
    /// What Lambda has.
    pub lambda: Arc<Mutex<Functions>>,
    /// Where the checkout is.
    folder: TempDir,
}

/// A stack with these functions.
pub fn stack(functions: &[(&str, u64)]) -> Stack {
    let (config, lambda) = test_kit::aws::stateful(lambda);
    lambda.lock().unwrap().memory =
        functions.iter().map(|(name, memory_mb)| ((*name).to_owned(), *memory_mb)).collect();
    let folder = TempDir::new().unwrap();
    let project = Project { root: folder.path().to_owned(), state: folder.path().join(".lambench") };
    let run = Run { project, config, ..run("x", json!({ "settings": { "memory": 512 } })) };
    Stack { run, lambda, folder }
}

impl Stack {
    /// Sets an environment variable of a function's.
    pub fn set_variable(&self, function: &str, name: &str, value: &str) {
        let mut lambda = self.lambda.lock().unwrap();
        let variables = lambda.variables.entry(function.to_owned()).or_default();
        variables.insert(name.to_owned(), value.to_owned());
    }

    /// A function's environment variables, as `NAME=value`.
    pub fn variables(&self, function: &str) -> Vec<String> {
        let lambda = self.lambda.lock().unwrap();
        let all = lambda.variables.get(function).into_iter().flatten();
        all.map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// What this process has written down, as if it was another one that is gone.
    pub fn disown(&self, purpose: &str) {
        disown(self.folder.path(), purpose);
    }
}

/// What this process has written down in a checkout, as if it was another one that is gone.
pub fn disown(checkout: &Path, purpose: &str) {
    let file = checkout.join(format!(".lambench/runs/x-dev-local-{purpose}.json"));
    let mut written: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    written["process"] = json!(u32::MAX);
    fs::write(&file, written.to_string()).unwrap();
}

/// Lambda's answer to `GetFunctionConfiguration` and `UpdateFunctionConfiguration`.
fn lambda(functions: &mut Functions, operation: &str, body: &Value) -> Answer {
    let Some((method, path)) = operation.split_once(' ') else {
        panic!("{operation}: it is another service's")
    };
    let name = path.split('/').nth(3).unwrap_or_default().to_owned();
    let Some(memory_mb) = functions.memory.get_mut(&name) else {
        return error("ResourceNotFoundException", json!({ "Message": "no such function" }));
    };
    if method == "PUT" {
        if functions.refused.as_ref() == Some(&name) {
            return error("InvalidParameterValueException", json!({ "Message": "refused" }));
        }
        *memory_mb = body["MemorySize"].as_u64().unwrap_or(*memory_mb);
        if let Some(variables) = body["Environment"].get("Variables") {
            functions.variables.insert(name.clone(), serde_json::from_value(variables.clone()).unwrap());
        }
        functions.in_progress += functions.polls_per_change;
    }
    let status = if functions.in_progress > 0 && method == "GET" { "InProgress" } else { "Successful" };
    functions.in_progress -= u64::from(status == "InProgress");
    let environment = match &functions.undecrypted {
        Some(undecrypted) if *undecrypted == name => json!({ "Error": { "ErrorCode": "AccessDenied" } }),
        _ => json!({ "Variables": functions.variables.get(&name) }),
    };
    (200, json!({ "MemorySize": memory_mb, "Environment": environment, "LastUpdateStatus": status }))
}

/// A message with attributes that are text.
pub fn message(id: &str, body: &str, attributes: &[(&str, &str)]) -> Message {
    let mut message = Message::builder().message_id(id).body(body);
    for (name, value) in attributes {
        let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build();
        message = message.message_attributes(*name, value.expect("the type is set"));
    }
    message.build()
}
