//! Messages that cannot be done, with the reason, for people to look at.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageAttributeValue;
use protocol::message_attributes::{MESSAGE_ID, REASON, RUN};

use super::{MAX_BYTES, string};
use crate::{Failure, env};

/// Attributes that SQS takes with a message.
const MAX_ATTRIBUTES: usize = 10;
/// A reason is to be read by people.
const MAX_REASON: usize = 500;
/// What of an event a message has room for beside its attributes, bytes.
const MAX_EVENT: usize = MAX_BYTES - 8 * 1024;
/// Characters that SQS refuses, besides control characters (Amazon SQS API Reference, `SendMessage`).
const NONCHARACTERS: [char; 2] = ['\u{FFFE}', '\u{FFFF}'];

/// The dead-letter queue.
pub struct DeadLetters {
    client: Client,
    url: String,
}

impl DeadLetters {
    /// The queue that `DEAD_LETTER_URL` names.
    ///
    /// # Errors
    /// If the variable is missing.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        Ok(Self::new(config, env::setting("DEAD_LETTER_URL", "the URL of the dead-letter queue")?))
    }

    /// A queue by its URL.
    #[must_use]
    pub fn new(config: &SdkConfig, url: String) -> Self {
        Self { client: Client::new(config), url }
    }

    /// Sends a message on, with its attributes, why (`Reason`) and its id so far (`MessageId`).
    ///
    /// # Errors
    /// SQS's.
    pub async fn send(&self, message: &SqsMessage, reason: &str) -> Result<(), Failure> {
        let id = message.message_id.as_deref().unwrap_or("unknown");
        let body = message.body.as_deref().unwrap_or_default();
        self.post(id, body, attributes(message, id, &readable(reason))).await
    }

    /// Sends an event that came from elsewhere, with its id (`MessageId`), why (`Reason`) and its run, if it has one.
    ///
    /// # Errors
    /// SQS's.
    pub async fn send_event(
        &self,
        event: &str,
        id: &str,
        run: Option<&str>,
        reason: &str,
    ) -> Result<(), Failure> {
        let (kept, reason) = (event.floor_char_boundary(MAX_EVENT), readable(reason));
        let reason = match event.len() {
            ..=MAX_EVENT => reason,
            whole => format!("{reason} (of the event's {whole} bytes, only the first {kept} bytes are here)"),
        };
        let attributes = [(REASON, Some(&*reason)), (MESSAGE_ID, Some(id)), (RUN, run)];
        let attributes =
            attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), string(value?))));
        self.post(id, &event[..kept], attributes.collect()).await
    }

    async fn post(
        &self,
        id: &str,
        body: &str,
        attributes: HashMap<String, MessageAttributeValue>,
    ) -> Result<(), Failure> {
        let reason = attributes.get(REASON).and_then(MessageAttributeValue::string_value);
        tracing::warn!(message = id, reason, "to the dead-letter queue");
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        let sent = request.set_message_attributes(Some(attributes)).send().await;
        let doing = format_args!("send message {id} to the dead-letter queue {}", self.url);
        sent.map(|_| ()).map_err(|error| Failure::aws(doing, &error))
    }
}

/// A reason as SQS takes it, and people read it.
fn readable(reason: &str) -> String {
    reason.chars().filter(|one| !one.is_control() && !NONCHARACTERS.contains(one)).take(MAX_REASON).collect()
}

fn attributes(message: &SqsMessage, id: &str, reason: &str) -> HashMap<String, MessageAttributeValue> {
    let mut attributes =
        HashMap::from([(REASON.to_owned(), string(reason)), (MESSAGE_ID.to_owned(), string(id))]);
    let mut own: Vec<_> = message.message_attributes.iter().collect();
    own.sort_by_key(|(name, _)| *name);
    for (name, value) in own {
        if attributes.len() < MAX_ATTRIBUTES && !attributes.contains_key(name) {
            attributes.insert(name.clone(), copied(value));
        }
    }
    attributes
}

fn copied(value: &SqsMessageAttribute) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type(value.data_type.as_deref().unwrap_or("String"))
        .set_string_value(value.string_value.clone())
        .set_binary_value(value.binary_value.as_ref().map(|data| Blob::new(data.0.clone())))
        .build()
        .expect("the type is set")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message with this many attributes.
    fn message(count: usize) -> SqsMessage {
        let attribute = |number| {
            let value = serde_json::json!({ "stringValue": "7", "dataType": "Number" });
            (format!("Own{number}"), value)
        };
        let attributes: serde_json::Map<_, _> = (0..count).map(attribute).collect();
        serde_json::from_value(serde_json::json!({ "messageId": "id-1", "messageAttributes": attributes }))
            .unwrap()
    }

    #[test]
    fn a_dead_letter_has_the_messages_attributes_the_reason_and_its_id() {
        let attributes = attributes(&message(2), "id-1", &readable("Action is\n'\u{ffff}x'"));
        let value = |name: &str| attributes[name].string_value().unwrap();
        assert_eq!((value("Reason"), value("MessageId")), ("Action is'x'", "id-1"));
        assert_eq!((value("Own0"), value("Own1")), ("7", "7"));
        assert_eq!(attributes["Own1"].data_type(), "Number");
    }

    #[test]
    fn a_message_with_all_the_attributes_it_may_have_still_gets_through() {
        let attributes = attributes(&message(10), "id-1", &readable(&"long ".repeat(200)));
        assert_eq!(attributes.len(), 10);
        assert_eq!(attributes["Reason"].string_value().unwrap().len(), 500);
    }
}
