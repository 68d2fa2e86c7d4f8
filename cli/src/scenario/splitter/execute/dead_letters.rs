//! A run's items in the dead-letter queue, and the event itself, if it is there.

use anyhow::Result;
use aws_sdk_sqs::types::Message;
use protocol::message_attributes::{REASON, RUN};
use protocol::splitter::ITEM_ATTRIBUTE;
use serde::Deserialize;
use serde_json::Value;

use super::Run;
use crate::scenario::shared::dead_letters;
use crate::scenario::shared::queue::attribute;
use crate::scenario::shared::state_machine::message;

/// An item that SQS has moved there: the function says why in its log.
const UNEXPLAINED: &str = "failed at each attempt: the function's log says why";

/// What was given up.
#[derive(Debug)]
pub struct DeadLetters {
    /// Items.
    pub items: dead_letters::DeadLetters,
    /// Why the event was given up.
    pub event: Option<String>,
}

impl Default for DeadLetters {
    fn default() -> Self {
        Self { items: dead_letters::DeadLetters::new(UNEXPLAINED), event: None }
    }
}

/// What Lambda says of an event that it gives up (Lambda Developer Guide, "Adding a destination").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedInvocation {
    request_context: RequestContext,
    request_payload: Value,
    response_payload: Option<Value>,
}

#[derive(Deserialize)]
struct RequestContext {
    condition: String,
}

impl DeadLetters {
    /// Adds what has come into the queue since the last time.
    pub async fn collect(&mut self, run: &Run, name: &str) -> Result<()> {
        for message in self.items.receive(run.context(), &run.deployed.queue.dead_letter_url).await? {
            self.add(name, &message);
        }
        Ok(())
    }

    fn add(&mut self, run: &str, message: &Message) {
        if attribute(message, RUN) == Some(run) {
            let reason = attribute(message, REASON);
            match attribute(message, ITEM_ATTRIBUTE) {
                Some(item) => self.items.add(item, reason),
                None => self.event = reason.map(str::to_owned).or(self.event.take()),
            }
        } else if let Ok(failed) =
            serde_json::from_str::<FailedInvocation>(message.body().unwrap_or_default())
            && failed.request_payload.pointer("/detail/run").and_then(Value::as_str) == Some(run)
        {
            self.event = Some(failed.reason());
        }
    }
}

impl FailedInvocation {
    fn reason(&self) -> String {
        let error = self.response_payload.as_ref().map(|payload| message(&payload.to_string()));
        let error = error.map_or_else(String::new, |error| format!(": {error}"));
        format!("the event was given up by Lambda ({}){error}", self.request_context.condition)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::shared::testing::message;

    #[test]
    fn items_are_told_by_their_attributes_and_those_of_other_runs_stay_out() {
        let mut dead_letters = DeadLetters::default();
        dead_letters.add("r", &message("1", "{}", &[("Run", "r"), ("Item", "0003")]));
        let explained = [("Run", "r"), ("Item", "0004"), ("Reason", "too many")];
        dead_letters.add("r", &message("2", "{}", &explained));
        dead_letters.add("r", &message("3", "{}", &[("Run", "other"), ("Item", "0005")]));
        let expected =
            [("0003", UNEXPLAINED), ("0004", "too many")].map(|(id, why)| (id.to_owned(), why.to_owned()));
        assert_eq!((dead_letters.items.reasons(), dead_letters.event), (&expected.into(), None));
    }

    #[test]
    fn an_event_that_the_function_put_aside_is_told_in_its_words() {
        let mut dead_letters = DeadLetters::default();
        let reason = "invalid event argument: the message of item 0004 would have 1048700 bytes";
        dead_letters.add("other", &message("1", "{}", &[("Run", "r"), ("Reason", reason)]));
        assert_eq!(dead_letters.event, None);
        dead_letters.add("r", &message("1", "{}", &[("Run", "r"), ("Reason", reason)]));
        assert_eq!((dead_letters.event.as_deref(), dead_letters.items.count()), (Some(reason), 0));
    }

    #[test]
    fn an_event_that_lambda_gave_up_is_told_in_the_functions_words() {
        let failed = |run: &str| {
            let body = json!({
                "version": "1.0",
                "requestContext": { "condition": "RetriesExhausted" },
                "requestPayload": { "detail": { "run": run } },
                "responsePayload": { "errorMessage": "no time", "errorType": "OutOfTime" },
            });
            message("1", &body.to_string(), &[])
        };
        let mut dead_letters = DeadLetters::default();
        dead_letters.add("r", &failed("other"));
        assert_eq!(dead_letters.event, None);
        dead_letters.add("r", &failed("r"));
        assert_eq!(
            dead_letters.event.unwrap(),
            "the event was given up by Lambda (RetriesExhausted): no time"
        );
    }
}
