//! Archive contender: one object after the other, through the function into the parts of one upload.
//!
//! `contender.rs` makes the archive, and is what to change. All around it is contender-kit's: the event, retries, an end in
//! time, and the removal of what a failed run leaves.

use std::process::ExitCode;

mod contender;

/// Requests under way at once.
const CONCURRENCY: usize = 16;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let settings = || Ok(s3_client::Settings::of_environment(CONCURRENCY)?);
    contender_kit::serve(
        env!("CARGO_PKG_NAME"),
        settings,
        |settings| settings,
        |_, job| contender::archive(job),
    )
    .await
}
