//! Batches of messages: received (each is handled on its own, only those that failed come back), and sent.

pub mod attributes;
mod dead_letters;
mod queue;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};

pub use dead_letters::DeadLetters;
pub use queue::{MAX_BYTES, Message, Queue, Sending, Sent, Unsent, batches, number, string};

use crate::Failure;

/// Handles the messages of a batch one after the other; those whose handling failed stay in the queue.
///
/// The event source must have `ReportBatchItemFailures`: without it, Lambda deletes the failed ones, too.
pub async fn each<Handle>(event: SqsEvent, mut handle: Handle) -> SqsBatchResponse
where
    Handle: AsyncFnMut(SqsMessage) -> Result<(), Failure>,
{
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        if let Err(failure) = handle(message).await {
            tracing::warn!(message = id, %failure, "the message goes back to the queue");
            let mut failed = BatchItemFailure::default();
            failed.item_identifier = id;
            response.batch_item_failures.push(failed);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_that_failed_come_back() {
        let event = serde_json::json!({ "Records": [{ "messageId": "a" }, { "messageId": "b" }, { "messageId": "c" }] });
        let event: SqsEvent = serde_json::from_value(event).unwrap();
        let mut handled = Vec::new();
        let response = futures::executor::block_on(each(event, async |message| {
            handled.extend(message.message_id.clone());
            if message.message_id.as_deref() == Some("b") {
                return Err(std::io::Error::other("not today").into());
            }
            Ok(())
        }));
        assert_eq!(handled, ["a", "b", "c"], "a failed message stops no other");
        let failed: Vec<_> =
            response.batch_item_failures.iter().map(|one| one.item_identifier.as_str()).collect();
        assert_eq!(failed, ["b"]);
    }
}
