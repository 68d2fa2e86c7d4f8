//! A run's items in the dead-letter queue, and the event itself, if it is there. Nothing is taken out: they are the user's.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use aws_sdk_sqs::types::Message;
use serde::Deserialize;
use serde_json::Value;

use super::Test;
use super::one_by_one::FAILED;
use crate::scenario::shared::queue::{attribute, fresh};
use crate::scenario::shared::state_machine::message;

/// What was given up.
#[derive(Debug, Default)]
pub struct DeadLetters {
    /// Reasons by item.
    pub items: BTreeMap<String, String>,
    /// Why the event was given up.
    pub event: Option<String>,
    seen: HashSet<String>,
}

/// What Lambda says of an event that it gives up (Lambda Developer Guide, "Adding a destination").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp {
    request_context: RequestContext,
    request_payload: Value,
    response_payload: Option<Value>,
}

#[derive(Deserialize)]
struct RequestContext {
    condition: String,
}

impl DeadLetters {
    /// Items that were given up.
    pub fn of(items: BTreeMap<String, String>) -> Self {
        Self { items, ..Self::default() }
    }

    /// Looks at what has come into the queue since the last look.
    pub async fn collect(&mut self, test: &Test, run: &str) -> Result<()> {
        for message in fresh(test.context(), &test.splitter.queue.dead_letter_url, &self.seen).await? {
            self.seen.insert(message.message_id().unwrap_or_default().to_owned());
            self.add(run, &message);
        }
        Ok(())
    }

    fn add(&mut self, run: &str, message: &Message) {
        if attribute(message, "Run") == Some(run)
            && let Some(item) = attribute(message, "Item")
        {
            let reason = attribute(message, "Reason").unwrap_or(FAILED);
            self.items.insert(item.to_owned(), reason.to_owned());
        } else if let Ok(given_up) = serde_json::from_str::<GivenUp>(message.body().unwrap_or_default())
            && given_up.request_payload.pointer("/detail/run").and_then(Value::as_str) == Some(run)
        {
            self.event = Some(given_up.reason());
        }
    }
}

impl GivenUp {
    fn reason(&self) -> String {
        let said = self.response_payload.as_ref().map(|payload| message(&payload.to_string()));
        let said = said.map_or_else(String::new, |said| format!(": {said}"));
        format!("the event was given up by Lambda ({}){said}", self.request_context.condition)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;
    use serde_json::json;

    use super::*;

    fn letter(attributes: &[(&str, &str)], body: &Value) -> Message {
        let mut message = Message::builder().body(body.to_string());
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build();
            message = message.message_attributes(*name, value.unwrap());
        }
        message.build()
    }

    #[test]
    fn items_are_told_by_their_attributes_and_those_of_other_runs_stay_out() {
        let mut dead = DeadLetters::default();
        dead.add("r", &letter(&[("Run", "r"), ("Item", "0003")], &json!({})));
        dead.add("r", &letter(&[("Run", "r"), ("Item", "0004"), ("Reason", "too many")], &json!({})));
        dead.add("r", &letter(&[("Run", "other"), ("Item", "0005")], &json!({})));
        let expected =
            [("0003", FAILED), ("0004", "too many")].map(|(id, why)| (id.to_owned(), why.to_owned()));
        assert_eq!((dead.items, dead.event), (expected.into(), None));
    }

    #[test]
    fn an_event_that_lambda_gave_up_is_told_in_the_functions_words() {
        let given_up = |run: &str| {
            json!({
                "version": "1.0",
                "requestContext": { "condition": "RetriesExhausted" },
                "requestPayload": { "detail": { "run": run } },
                "responsePayload": { "errorMessage": "no time", "errorType": "OutOfTime" },
            })
        };
        let mut dead = DeadLetters::default();
        dead.add("r", &letter(&[], &given_up("other")));
        assert_eq!(dead.event, None);
        dead.add("r", &letter(&[], &given_up("r")));
        assert_eq!(dead.event.unwrap(), "the event was given up by Lambda (RetriesExhausted): no time");
    }
}
