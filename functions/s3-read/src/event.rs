//! What a generator is asked for, and what it answers.

use protocol::load_generator::Task;
use protocol::s3_read::slices::{Division, DivisionRequest, SharedListing, SliceReport};
use protocol::s3_read::{GeneratorReport, GeneratorRequest};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What a generator is asked for.
#[derive(Debug)]
pub enum Event {
    /// To list a bucket into the queue.
    Generate(GeneratorRequest),
    /// To divide the listing, and send nothing.
    Divide(DivisionRequest),
    /// To send a slice of it.
    SendSlice(Task<SharedListing>),
}

/// What it answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// What it has sent.
    Generated(GeneratorReport),
    /// The slices.
    Divided(Division),
    /// What it has sent of a slice.
    SentSlice(SliceReport),
}

impl<'de> Deserialize<'de> for Event {
    /// By the fields that only one of them has, so that what is wrong with it is said of the right one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        let read = if event.get("worker").is_some() {
            serde_json::from_value(event).map(Self::SendSlice)
        } else if event.get("slices").is_some() {
            serde_json::from_value(event).map(Self::Divide)
        } else {
            serde_json::from_value(event).map(Self::Generate)
        };
        read.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Event, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn each_request_is_known_by_its_fields() {
        let Event::Generate(request) = read(r#"{"maxObjects": 3}"#).unwrap() else { panic!("a request") };
        assert_eq!(request.max_objects, 3);
        let divide = r#"{"slices": 4, "prefix": "a/", "modifiedWithinHours": 0, "maxObjects": 0}"#;
        let Event::Divide(request) = read(divide).unwrap() else { panic!("a division") };
        assert_eq!((request.slices, request.prefix.as_str()), (4, "a/"));
        let task = include_str!("../fixtures/slice-task.json");
        let Event::SendSlice(task) = read(task).unwrap() else { panic!("a slice") };
        let (after, slice) = task.load.slice(task.worker).unwrap();
        assert_eq!((after, slice.until.as_deref(), slice.objects), ("files/0099", None, 20));
    }

    #[test]
    fn a_misspelt_field_is_named() {
        let said = read(r#"{"maxObject": 3}"#).unwrap_err();
        assert!(said.contains("unknown field `maxObject`"), "{said}");
    }
}
