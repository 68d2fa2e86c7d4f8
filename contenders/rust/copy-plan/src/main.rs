//! Archive contender: the archive is put together inside S3, by copies.

use std::process::ExitCode;

mod contender;
mod execution;
mod hedging;
mod pieces;
mod settings;

#[cfg(test)]
mod tests;

use settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    contender_kit::serve("copy-plan", Settings::of_environment, |settings| &settings.s3, contender::archive)
        .await
}
