//! The listeners, and what is wired behind them.

use std::sync::Arc;

use anyhow::{Context, ensure};
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::admin;
use crate::credentials::Credentials;
use crate::gate::Gate;
use crate::http_service::{HttpService, LocalHosts};
use crate::ops::Model;
use crate::options::Options;
use crate::profile::Profile;
use crate::store::Store;
use crate::tls;

/// A server that listens and has not answered yet.
pub struct Server {
    listener: TcpListener,
    admin: TcpListener,
    store: Arc<Store>,
    gate: Gate,
    service: HttpService,
    /// None without a certificate.
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Opens the store and listens on the ports of `options`.
    ///
    /// # Errors
    /// When the store cannot be opened, the profile or the certificate cannot be read, or a port is taken.
    pub async fn bind(options: &Options) -> anyhow::Result<Self> {
        let listener = listen(options.port, "--port").await?;
        let admin = listen(options.admin_port, "--admin-port").await?;
        let profile = Profile::load(options.profile.as_deref())?;
        let files = options.tls_certificate.as_deref().zip(options.tls_key.as_deref());
        let tls = files.map(|(certificate, key)| tls::acceptor(certificate, key)).transpose()?;
        let gate = Gate::new(profile, options.instant, options.seed)?;
        let store = Arc::new(Store::open(&options.data)?);
        let service = http_service(options, &gate, &store)?;
        Ok(Self { listener, admin, store, gate, service, tls })
    }

    /// The line that says that the server listens, and where.
    ///
    /// # Errors
    /// When the operating system does not report the ports.
    pub fn ready_line(&self) -> anyhow::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!(
            "ready {scheme}://{} admin http://{}",
            self.listener.local_addr()?,
            self.admin.local_addr()?
        ))
    }

    /// Answers until `stop` is done; then what was written is on the disk.
    ///
    /// # Errors
    /// When it cannot be written, or no connection can be accepted any more.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let routes = admin::router(&self.gate, self.store.clone());
        tokio::select! {
            () = stop => {}
            never = accept(&self.listener, &self.gate, &self.service, self.tls.as_ref()) => match never? {},
            ended = axum::serve(self.admin, routes) => ended.context("the admin endpoint ended")?,
        }
        self.store.sync().context("cannot write the journal to the disk")
    }
}

fn http_service(options: &Options, gate: &Gate, store: &Arc<Store>) -> anyhow::Result<HttpService> {
    let (keys, secrets) = (&options.access_keys, &options.secret_keys);
    ensure!(keys.len() == secrets.len(), "each --access-key needs its --secret-key, and vice versa");
    let pairs = keys.iter().cloned().zip(secrets.iter().cloned());
    let credentials = Credentials::new(pairs, options.credentials_url.clone(), options.ignore_policies);
    let mut service = S3ServiceBuilder::new(Model::new(Arc::clone(store)));
    service.set_host(LocalHosts);
    service.set_access(credentials.access(gate.access(Arc::clone(store))));
    service.set_auth(credentials);
    Ok(HttpService::new(service.build()))
}

async fn accept(
    listener: &TcpListener,
    gate: &Gate,
    service: &HttpService,
    tls: Option<&TlsAcceptor>,
) -> anyhow::Result<std::convert::Infallible> {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // A client that gave up, or no file descriptor left: the next one may do better.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error).context("cannot accept connections"),
        };
        let (gate, service, tls) = (gate.clone(), service.clone(), tls.cloned());
        tokio::spawn(async move { gate.serve(stream, service, tls).await });
    }
}

async fn listen(port: u16, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).await.with_context(|| {
        format!("cannot listen on port {port}: give {option} another one, or 0 for any free one")
    })
}
