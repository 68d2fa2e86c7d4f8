//! Starts the S3 model and ends it at SIGTERM or Ctrl-C.

use clap::Parser;
use s3_model::options::Options;
use s3_model::server::Server;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = Server::bind(&Options::parse()).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    println!("{}", server.ready_line()?);
    server
        .serve(async {
            tokio::select! { _ = terminate.recv() => {}, _ = tokio::signal::ctrl_c() => {} }
        })
        .await
}
