//! The event: made, or read from a file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::options::{Plan, Source};
use super::{Deployed, Test};
use crate::exit::Usage;

/// What EventBridge takes: an entry's source, type, detail and resources together must be smaller (EventBridge User Guide,
/// "Calculating `PutEvents` event entry size"), bytes.
const MAX_ENTRY: usize = 256 * 1024;
/// What Lambda takes when a function is called and its answer waited for, bytes.
const MAX_CALL: usize = 6 * 1024 * 1024;
/// What an invocation must have left besides an item's own time, or the function doesn't begin it, s.
const ITEM_RESERVE: f64 = 0.25;
/// The type of events that CloudTrail makes of calls.
pub const DETAIL_TYPE: &str = "AWS API Call via CloudTrail";

/// An event, and how long its items take.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The file it is from; none if it was made.
    pub file: Option<String>,
    /// As CloudTrail has it, without the name of a run.
    pub value: Value,
    /// How long an item takes, s.
    pub item_seconds: f64,
}

impl Event {
    /// The event that a plan asks for.
    pub fn of(plan: &Plan, splitter: &Deployed) -> Result<Self> {
        let (file, mut value) = match &plan.source {
            Source::Made(items) => (None, made(*items, &splitter.source)),
            Source::File(path) => (Some(path.display().to_string()), read(path)?),
        };
        if let (Some(seconds), Some(detail)) = (plan.item_seconds, detail(&mut value)) {
            detail.insert("itemSeconds".to_owned(), json!(seconds));
        }
        let said = value.pointer("/detail/itemSeconds").and_then(Value::as_f64);
        let setting = || splitter.deployment.settings.get("itemSeconds").and_then(Value::as_f64);
        let item_seconds = said.or_else(setting).with_context(|| {
            let flag = splitter.deployment.stack_option();
            format!("the stack has no setting 'itemSeconds': deploy it again with: pulumi up {flag}")
        })?;
        Ok(Self { file, value, item_seconds })
    }

    /// Its tags: an item each. None if it has no list of them, so that the function can't make items of it either.
    pub fn tags(&self) -> Option<&[Value]> {
        let tags = self.value.pointer("/detail/requestParameters/tagSet/items")?;
        tags.as_array().map(Vec::as_slice)
    }

    /// How many items it has; 0 if they can't be read.
    pub fn items(&self) -> u64 {
        self.tags().map_or(0, |tags| tags.len() as u64)
    }

    /// It, as part of a run. What is no event of CloudTrail's form stays as it is.
    pub fn in_run(&self, run: &str) -> Value {
        let mut value = self.value.clone();
        if let Some(detail) = detail(&mut value) {
            detail.insert("run".to_owned(), json!(run));
        }
        value
    }

    /// It with one of its tags, as part of a run.
    pub fn with_one(&self, tag: &Value, run: &str) -> Value {
        let mut one = self.in_run(run);
        if let Some(tags) = one.pointer_mut("/detail/requestParameters/tagSet/items") {
            *tags = json!([tag]);
        }
        one
    }

    /// The size of the message of an item, bytes.
    pub fn message_bytes(&self, run: &str) -> u64 {
        let tag = self.tags().and_then(|tags| tags.iter().max_by_key(|tag| tag.to_string().len()));
        tag.map_or(0, |tag| self.with_one(tag, run).to_string().len() as u64)
    }
}

impl Test {
    /// Fails if the event, or one of its items, is more than its way or the function can take.
    pub fn check(&self) -> Result<()> {
        let event = self.event.in_run(&self.run(self.concurrencies.len() - 1));
        match &self.event.file {
            None => self.check_entry(&event)?,
            Some(file) => {
                let bytes = event.to_string().len();
                if bytes > MAX_CALL {
                    return wrong(format!(
                        "{file} has {bytes} bytes, and a call of a function takes {MAX_CALL}"
                    ));
                }
            }
        }
        if self.concurrencies.contains(&1) && self.event.items() == 0 {
            let file = self.event.file.as_deref().unwrap_or_default();
            return wrong(format!(
                "{file} has no tags in detail.requestParameters.tagSet.items, so there is nothing to hand over one by one: \
                 leave out --concurrency 1"
            ));
        }
        self.check_time()
    }

    /// What is put to the event bus.
    fn check_entry(&self, event: &Value) -> Result<()> {
        let Deployed { source, function_arn, .. } = &self.splitter;
        let detail = event["detail"].to_string();
        let bytes = [source, function_arn, DETAIL_TYPE, &detail].map(str::len).iter().sum::<usize>();
        if bytes < MAX_ENTRY {
            return Ok(());
        }
        let items = self.event.items();
        let fit = items * (MAX_ENTRY as u64 - 1024) / bytes as u64;
        wrong(format!(
            "an event of {items} items has {bytes} bytes, and EventBridge takes less than {MAX_ENTRY}: use --items {fit} at \
             most"
        ))
    }

    fn check_time(&self) -> Result<()> {
        let deployment = &self.splitter.deployment;
        let (timeout, batch) = (deployment.required("timeoutSeconds")?, self.batch_size());
        let seconds = self.event.item_seconds;
        let needed = protocol::stats::real(batch) * (seconds + ITEM_RESERVE);
        if needed < protocol::stats::real(timeout) {
            return Ok(());
        }
        let advice = match needed.ceil() {
            ample if ample + 5.0 <= 900.0 => {
                format!(
                    "pulumi config set timeoutSeconds {} {}, then pulumi up",
                    ample + 5.0,
                    deployment.stack_option()
                )
            }
            _ => "lower --item-seconds, or batchSize".to_owned(),
        };
        wrong(format!(
            "an invocation is ended after {timeout} s, and {batch} × {seconds} s and what is needed besides don't fit into \
             that: {advice}"
        ))
    }
}

fn detail(event: &mut Value) -> Option<&mut Map<String, Value>> {
    event.get_mut("detail")?.as_object_mut()
}

fn made(items: u64, source: &str) -> Value {
    let tag = |index| json!({ "key": format!("Item-{index:04}"), "value": "lambench" });
    json!({
        "source": source,
        "detail-type": DETAIL_TYPE,
        "detail": {
            "eventName": "CreateTags",
            "requestParameters": {
                "resourcesSet": { "items": [{ "resourceId": "i-0123456789abcdef0" }] },
                "tagSet": { "items": (0..items).map(tag).collect::<Vec<_>>() },
            },
        },
    })
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("can't read {}: give --event the path of a JSON file", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

fn wrong<T>(message: String) -> Result<T> {
    Err(Usage(message).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::testing::{splitter, test};

    const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/splitter/fixtures");

    fn plan(source: Source, item_seconds: Option<f64>) -> Plan {
        Plan { source, item_seconds, concurrencies: Vec::new() }
    }

    fn fixture(name: &str, item_seconds: Option<f64>) -> Event {
        let source = Source::File(Path::new(FIXTURES).join(name));
        Event::of(&plan(source, item_seconds), &splitter()).unwrap()
    }

    fn refused(change: impl FnOnce(&mut Test)) -> String {
        let mut test = test();
        change(&mut test);
        let error = test.check().unwrap_err();
        assert!(error.is::<Usage>(), "{error}");
        error.to_string()
    }

    #[test]
    fn an_event_that_is_made_is_one_that_the_rule_lets_through() {
        let event = Event::of(&plan(Source::Made(3), Some(0.5)), &splitter()).unwrap();
        let value = event.in_run("run-1");
        assert_eq!(
            (&value["source"], &value["detail"]["run"]),
            (&json!("lambench.splitter"), &json!("run-1"))
        );
        assert_eq!(value["detail"]["itemSeconds"], json!(0.5));
        assert_eq!((event.items(), event.tags().unwrap()[2]["key"].as_str()), (3, Some("Item-0002")));
    }

    #[test]
    fn an_items_time_is_what_the_user_says_then_the_event_then_the_stack() {
        assert_eq!(fixture("five-tags.json", None).item_seconds.to_bits(), 0.2_f64.to_bits());
        let event = fixture("five-tags.json", Some(1.5));
        assert_eq!(event.in_run("r")["detail"]["itemSeconds"], json!(1.5));
    }

    #[test]
    fn each_fixture_has_as_many_items_as_it_has_tags() {
        for (file, items) in
            [("one-tag.json", 1), ("five-tags.json", 5), ("ignored.json", 0), ("malformed.json", 0)]
        {
            assert_eq!(fixture(file, None).items(), items, "{file}");
        }
    }

    #[test]
    fn a_message_is_the_same_event_with_one_tag() {
        let event = fixture("five-tags.json", None);
        let one = event.with_one(&event.tags().unwrap()[1], "r");
        assert_eq!(one["detail"]["requestParameters"]["tagSet"]["items"].as_array().unwrap().len(), 1);
        assert_eq!(one["id"], event.value["id"]);
        assert!(event.message_bytes("r") < event.in_run("r").to_string().len() as u64);
    }

    #[test]
    fn an_event_that_eventbridge_does_not_take_is_refused_with_how_many_items_fit() {
        let said = refused(|test| test.event.value = made(8000, "lambench.splitter"));
        let (_, fit) = said.split_once("--items ").unwrap();
        let fit: u64 = fit.trim_end_matches(" at most").parse().unwrap();
        let mut test = test();
        test.event.value = made(fit, "lambench.splitter");
        test.check().unwrap();
        assert!(fit > 6000, "{said}");
    }

    #[test]
    fn items_that_take_longer_than_an_invocation_may_are_refused_with_the_setting_that_helps() {
        let said = refused(|test| test.event.item_seconds = 29.8);
        assert!(said.contains("pulumi config set timeoutSeconds 36 --stack dev"), "{said}");
        let said = refused(|test| test.event.item_seconds = 899.0);
        assert!(said.ends_with("lower --item-seconds, or batchSize"), "{said}");
    }

    #[test]
    fn what_has_no_tags_cannot_be_handed_over_one_by_one() {
        let said = refused(|test| {
            test.event = fixture("malformed.json", None);
            test.concurrencies = vec![5, 1];
        });
        assert!(said.contains("malformed.json has no tags"), "{said}");
    }

    #[test]
    fn a_file_that_is_not_there_or_no_json_is_told_by_its_name() {
        for (file, expected) in [("nothing.json", "can't read"), ("repr-body.txt", "is not JSON")] {
            let source = Source::File(Path::new(FIXTURES).join(file));
            let error = Event::of(&plan(source, None), &splitter()).unwrap_err().to_string();
            assert!(error.contains(file) && error.contains(expected), "{error}");
        }
    }
}
