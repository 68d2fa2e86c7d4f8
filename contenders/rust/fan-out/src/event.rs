//! What the function is invoked with: the contest's event, or a share of an archive, from itself.

use contender_kit::Request;
use lambda_kit::Failure;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::share::Message;

/// What marks a share's event.
pub const SHARE: &str = "fan_out_share";

/// An event.
#[derive(Debug)]
pub enum Event {
    /// An archive is to be made.
    Archive(Request),
    /// Some of an archive's parts are to be sent.
    Share(Message),
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut event = Value::deserialize(deserializer)?;
        let share = event.get_mut(SHARE).map(Value::take);
        let event = match share {
            Some(share) => serde_json::from_value(share).map(Self::Share),
            None => serde_json::from_value(event).map(Self::Archive),
        };
        event.map_err(D::Error::custom)
    }
}

/// The bucket of an event that something can be done for.
pub fn bucket(event: &Event) -> Result<&str, Failure> {
    match event {
        Event::Archive(request) => Ok(&request.bucket_name),
        Event::Share(message) => {
            message.check()?;
            Ok(&message.archive.bucket_name)
        }
    }
}
