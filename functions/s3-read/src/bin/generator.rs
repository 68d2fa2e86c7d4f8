//! Lists a bucket into a queue: `{"run", "prefix", "modifiedWithinHours", "maxObjects", "continuation"}`, each of which may be
//! left out → how many messages were sent, and where to go on. With `slices`, it divides the listing instead; as a worker of a load,
//! `{load: {run, slices, …}, worker, start_at_ms}`, it sends a slice.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, aws, remaining};
use lambda_runtime::LambdaEvent;
use s3_read::event::{Answer, Event};
use s3_read::generator::Generator;
use s3_read::runtime::run;

fn main() -> ExitCode {
    run(async { Generator::from_env(&aws::config().await).await }, handle)
}

async fn handle(generator: Arc<Generator>, event: LambdaEvent<Event>) -> Result<Answer, Failure> {
    let (remaining, id) = (remaining(&event.context), event.context.request_id);
    generator.answer(event.payload, id, remaining).await
}
