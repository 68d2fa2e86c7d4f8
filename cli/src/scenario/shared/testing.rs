//! What tests of several scenarios have in common.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::types::{Message, MessageAttributeValue};
use clap::{Args, Parser};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::run::Run;
use crate::progress::Mode;
use crate::project::Project;

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
    });
    let Value::Object(environment) = environment else { panic!("{environment} is no object") };
    deployed.as_object_mut().expect("it is one").extend(environment);
    Run {
        scenario,
        project: Project { root: "/nowhere".into(), state: "/nowhere/.lambench".into() },
        deployed: serde_json::from_value(deployed).expect("the output of a stack"),
        config: SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build(),
        progress: Mode::None,
        name: "lambench-20261121T100000000Z".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
    }
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
