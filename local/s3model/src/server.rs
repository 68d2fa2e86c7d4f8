//! The listener and its connections.

use anyhow::Context;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;

use crate::ops::Model;
use crate::options::Options;

/// A server that listens and has not answered yet.
pub struct Server {
    listener: TcpListener,
    admin: TcpListener,
    service: S3Service,
}

impl Server {
    /// Listens on the ports of `options`.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn bind(options: &Options) -> anyhow::Result<Self> {
        let listener = listen(options.port, "--port").await?;
        let admin = listen(options.admin_port, "--admin-port").await?;
        Ok(Self { listener, admin, service: S3ServiceBuilder::new(Model).build() })
    }

    /// The line that tells whoever started the server that it listens, and where.
    ///
    /// # Errors
    /// When the operating system doesn't tell the ports.
    pub fn ready_line(&self) -> anyhow::Result<String> {
        Ok(format!("ready http://{} admin http://{}", self.listener.local_addr()?, self.admin.local_addr()?))
    }

    /// Answers until `stop` is done.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                Ok((stream, _)) = self.listener.accept() => {
                    let service = self.service.clone();
                    tokio::spawn(async move {
                        let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                    });
                }
            }
        }
    }
}

async fn listen(port: u16, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).await.with_context(|| {
        format!("can't listen on port {port}: give {option} another one, or 0 for any free one")
    })
}
