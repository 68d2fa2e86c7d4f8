//! Batches of a queue: each message on its own, and only those that failed come back.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};

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
