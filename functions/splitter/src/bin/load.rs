//! Sends the messages of items: `{load: {run, items, workers, item_seconds}, worker, start_at_ms}` → which of them are in the queue.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, aws, remaining, run};
use lambda_runtime::LambdaEvent;
use protocol::load_generator::Task;
use protocol::splitter::{ItemsReport, SharedItems};
use splitter::sender::Sender;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(async { Sender::from_env(&aws::config().await) }, handle).await
}

async fn handle(sender: Arc<Sender>, event: LambdaEvent<Task<SharedItems>>) -> Result<ItemsReport, Failure> {
    let LambdaEvent { payload, context } = event;
    sender.send(payload, remaining(&context)).await
}
