//! The event: generated, or read from a file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use protocol::splitter::generated_event;
use serde_json::{Map, Value, json};

use super::Run;
use crate::scenario::splitter::options::Options;

/// An event, or what functions send without one; and how long its items take.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The file it is from; none if it was generated.
    pub file: Option<String>,
    /// As CloudTrail has it, without the name of a run; where functions send the items, that of the last one.
    pub value: Value,
    /// The functions that send the items; none if the event is split.
    pub functions: Option<Functions>,
    /// How long an item takes, s.
    pub item_seconds: f64,
}

/// Items that functions send together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Functions {
    /// How many functions there are.
    pub workers: u64,
    /// How many items all of them send.
    pub items: u64,
    /// How long each takes, s; none for what the stack is set to.
    pub item_seconds: Option<f64>,
}

impl Event {
    /// The event that the options ask for.
    pub fn new(options: &Options, run: &Run) -> Result<Self> {
        let (file, mut value) = match &options.event {
            None => {
                // Functions make the others, each its own: an event of a million items is no use to anybody.
                let first = if options.workers().is_some() { options.items - 1 } else { 0 };
                (None, generated_event(&run.deployed.source, first..options.items, None))
            }
            Some(path) => (Some(path.display().to_string()), read(path)?),
        };
        if let (Some(seconds), Some(detail)) = (options.item_seconds, detail(&mut value)) {
            detail.insert("itemSeconds".to_owned(), json!(seconds));
        }
        let own = value.pointer("/detail/itemSeconds").and_then(Value::as_f64);
        let setting = || run.deployment().settings.get("itemSeconds").and_then(Value::as_f64);
        let item_seconds = own.or_else(setting).with_context(|| {
            let command = run.deployment().pulumi("up");
            format!("the stack has no setting 'itemSeconds': deploy it again with: {command}")
        })?;
        let functions = options.workers().map(|workers| Functions {
            workers,
            items: options.items,
            item_seconds: options.item_seconds,
        });
        Ok(Self { file, value, functions, item_seconds })
    }

    /// Its tags: an item each. None if it has no list of them, so that the function cannot make items of it either.
    pub fn tags(&self) -> Option<&[Value]> {
        let tags = self.value.pointer("/detail/requestParameters/tagSet/items")?;
        tags.as_array().map(Vec::as_slice)
    }

    /// How many items it has; 0 if they cannot be read.
    pub fn items(&self) -> u64 {
        let of_event = || self.tags().map_or(0, |tags| tags.len() as u64);
        self.functions.map_or_else(of_event, |functions| functions.items)
    }

    /// Its size as part of a run, bytes; 0 if there is none.
    pub fn bytes(&self, run: &str) -> u64 {
        if self.functions.is_some() { 0 } else { self.in_run(run).to_string().len() as u64 }
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

fn detail(event: &mut Value) -> Option<&mut Map<String, Value>> {
    event.get_mut("detail")?.as_object_mut()
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read {}: give --event the path of a JSON file", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::testing::{
        FIXTURES, fixture, generated, options, options_of_functions, run,
    };

    #[test]
    fn an_event_that_is_generated_is_one_that_the_rule_lets_through() {
        let options = Options { items: 3, item_seconds: Some(0.5), ..options() };
        let event = Event::new(&options, &run()).unwrap();
        let value = event.in_run("run-1");
        assert_eq!(
            (&value["source"], &value["detail"]["run"]),
            (&json!("lambench.splitter"), &json!("run-1"))
        );
        assert_eq!(value["detail"]["itemSeconds"], json!(0.5));
        assert_eq!((event.items(), event.tags().unwrap()[2]["key"].as_str()), (3, Some("Item-0002")));
    }

    #[test]
    fn items_of_functions_need_no_event_and_have_the_longest_message() {
        let functions = options_of_functions(1_000_000);
        let event = Event::new(&functions, &run()).unwrap();
        assert_eq!((event.items(), event.bytes("r"), event.tags().unwrap().len()), (1_000_000, 0, 1));
        let split = generated(2);
        assert_eq!(event.message_bytes("r"), split.message_bytes("r") + 2, "Item-999999 has two digits more");
        assert_eq!(split.bytes("r"), split.in_run("r").to_string().len() as u64);
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
    fn a_file_that_is_not_there_or_no_json_is_told_by_its_name() {
        for (file, expected) in [("nothing.json", "cannot read"), ("python-body.txt", "is not JSON")] {
            let options = Options { event: Some(Path::new(FIXTURES).join(file)), ..options() };
            let error = Event::new(&options, &run()).unwrap_err().to_string();
            assert!(error.contains(file) && error.contains(expected), "{error}");
        }
    }
}
