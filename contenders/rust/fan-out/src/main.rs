//! Archive contender: the first invocation divides the archive among others of the same function, each of which streams its
//! share of the parts; then it sends the central directory and completes the upload.

use std::process::ExitCode;

mod contender;
mod dispatch;
mod error;
mod event;
mod invoker;
mod settings;
mod share;
mod worker;

#[cfg(test)]
mod tests;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let settings = settings::Settings::of_environment;
    contender_kit::serve_events(settings, |settings| &settings.s3, event::bucket, contender::handle).await
}
