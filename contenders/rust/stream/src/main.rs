//! Archive contender: every object streamed through the function into one multipart upload, in bounded memory.

use std::process::ExitCode;

use zip_planner::PartSizes;

#[cfg(test)]
mod tests;

/// Requests under way at once, streams apart: each has a connection, whose buffers take memory.
const CONCURRENCY: usize = 128;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let settings = || Ok(s3_client::Settings::of_environment(CONCURRENCY)?);
    contender_kit::serve(
        "stream",
        settings,
        |settings| settings,
        |_, job| zip_stream::archive(job, PartSizes::S3),
    )
    .await
}
